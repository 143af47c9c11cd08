// SPDX-License-Identifier: Apache-2.0
//! The contract: what blocks of a chain do to the application's state there.
//!
//! Operations come in from the chain's own blocks, messages and events from other chains. An operation that is
//! refused fails its block, so that nothing changes. A message that is refused is answered with the reason.

#![cfg_attr(target_arch = "wasm32", no_main)]

use linera_sdk::{
    linera_base_types::{Account, AccountOwner, ChainId, StreamName, StreamUpdate, WithContractAbi},
    views::{RootView, View},
    Contract, ContractRuntime,
};
use taleproof_chain::{
    digest::Digest,
    limits,
    models::{Action, Block, Change, Deed, FoundingModel},
    nft::{Mint, Nft},
    refusal::{require, Error, Refusal},
    requests::{Outcome, Request, RequestKind, RequestStatus},
    state::State,
    Message, Operation, Parameters, TaleproofAbi, BYTES_PER_COPY, CHANGES,
};

mod follower;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod contract_tests;

pub struct TaleproofContract {
    state: State,
    runtime: ContractRuntime<Self>,
    /// Bytes of events that may still be copied by this operation.
    room: usize,
}

linera_sdk::contract!(TaleproofContract);

impl WithContractAbi for TaleproofContract {
    type Abi = TaleproofAbi;
}

impl Contract for TaleproofContract {
    type Message = Message;
    type Parameters = Parameters;
    type InstantiationArgument = ();
    type EventValue = Change;

    async fn load(runtime: ContractRuntime<Self>) -> Self {
        let state = State::load(runtime.root_view_storage_context()).await.expect("the state can be loaded");
        Self { state, runtime, room: BYTES_PER_COPY }
    }

    async fn instantiate(&mut self, (): ()) {
        self.found().await.unwrap_or_else(|error| panic!("{}", error.refusal()));
    }

    async fn execute_operation(&mut self, operation: Operation) {
        self.operate(operation).await.unwrap_or_else(|error| panic!("{}", error.refusal()));
    }

    async fn execute_message(&mut self, message: Message) {
        self.receive(message).await.unwrap_or_else(|error| panic!("{}", error.refusal()));
    }

    async fn process_streams(&mut self, updates: Vec<StreamUpdate>) {
        for update in updates {
            self.announce(&update).await.unwrap_or_else(|error| panic!("{}", error.refusal()));
        }
    }

    async fn store(mut self) {
        self.state.save().await.expect("the state can be saved");
    }
}

/// The registry on its home chain.
impl TaleproofContract {
    /// Publishes the founding models, as their owners' first changes.
    async fn found(&mut self) -> Result<(), Error> {
        let Parameters { home, founding } = self.runtime.application_parameters();
        let here = self.runtime.chain_id();
        require(home == here, "not-home", || {
            format!("The application has to be created on its home chain {home}, and this is {here}.")
        })?;
        for FoundingModel { name, owner, release } in founding {
            let action = Action { name, deed: Deed::Publish(release) };
            self.check(&action)?;
            self.carry_out(action, owner).await?;
        }
        Ok(())
    }

    /// Refuses an action that breaks a limit, or whose chunks are not there.
    fn check(&mut self, action: &Action) -> Result<(), Refusal> {
        limits::action(action)?;
        if let Deed::Publish(release) = &action.deed {
            for chunk in release.files.iter().flat_map(|file| &file.chunks) {
                self.runtime.assert_data_blob_exists(chunk.hash);
            }
        }
        Ok(())
    }

    /// Changes the registry, if that is for this account to do, and tells every follower.
    async fn carry_out(&mut self, action: Action, by: AccountOwner) -> Result<(), Error> {
        self.state.permit(&action, by).await?;
        self.state.charge(&action, by).await?;
        let change = Change { action, by, at: self.block() };
        self.runtime.emit(StreamName::from(change.action.name.as_bytes()), &change);
        let index = self.runtime.emit(StreamName::from(CHANGES), &change);
        assert_eq!(index, self.state.registry.count(), "the stream and the log of changes have the same length");
        self.state.registry.append(vec![change]).await?;
        self.state.registry.announced.set(index + 1);
        Ok(())
    }
}

/// Operations.
impl TaleproofContract {
    async fn operate(&mut self, operation: Operation) -> Result<(), Error> {
        match operation {
            Operation::Act(action) => self.act(action).await,
            Operation::Follow => self.follow(),
            Operation::CatchUp { most } => self.catch_up(most).await,
            Operation::Watch { name, most } => self.watch(&name, most).await,
            Operation::RecordStory { model, receipt } => {
                let owner = self.signer()?;
                let block = self.block();
                self.state.stories.record(owner, model, receipt, block).await
            }
            Operation::Mint { minter, receipt } => {
                self.authorize(minter)?;
                limits::receipt(&receipt)?;
                let application = self.runtime.application_id().forget_abi();
                let at = Mint { chain: self.runtime.chain_id(), application, block: self.block() };
                self.state.nfts.mint(at, minter, *receipt).await
            }
            Operation::Transfer { source_owner, token_id, target_account } => {
                self.authorize(source_owner)?;
                limits::recipient(target_account.owner)?;
                self.transfer(source_owner, token_id, target_account).await
            }
            Operation::Claim { source_account, token_id, target_account } => {
                self.authorize(source_account.owner)?;
                limits::recipient(target_account.owner)?;
                self.claim(source_account, token_id, target_account).await
            }
        }
    }

    async fn act(&mut self, action: Action) -> Result<(), Error> {
        let by = self.signer()?;
        self.check(&action)?;
        let home = self.home();
        if home == self.runtime.chain_id() {
            return self.carry_out(action, by).await;
        }
        let (kind, name) = (RequestKind::from(&action.deed), Some(action.name.clone()));
        let request = self.request(home, by, kind, name, None)?;
        self.ask(home, Message::Act { request, action });
        Ok(())
    }

    async fn claim(&mut self, source: Account, token_id: Digest, target: Account) -> Result<(), Error> {
        if source.chain_id == self.runtime.chain_id() {
            return self.transfer(source.owner, token_id, target).await;
        }
        let request = self.request(source.chain_id, source.owner, RequestKind::Claim, None, Some(token_id))?;
        let source_owner = source.owner;
        self.ask(source.chain_id, Message::Claim { request, source_owner, token_id, target_account: target });
        Ok(())
    }

    async fn transfer(&mut self, owner: AccountOwner, token_id: Digest, target: Account) -> Result<(), Error> {
        let nft = self.state.nfts.take(token_id, owner).await?;
        if target.chain_id == self.runtime.chain_id() {
            self.state.nfts.add(Nft { owner: target.owner, ..nft }).await?;
        } else {
            let message = Message::Token { nft: Box::new(nft), new_owner: target.owner };
            self.runtime.prepare_message(message).with_tracking().send_to(target.chain_id);
        }
        Ok(())
    }

    fn request(
        &mut self,
        to: ChainId,
        by: AccountOwner,
        kind: RequestKind,
        name: Option<String>,
        token_id: Option<Digest>,
    ) -> Result<u32, Error> {
        let sent = self.block();
        let status = RequestStatus::Pending;
        let request =
            |number| Request { number, kind, name, token_id, by, to, sent, status, reason: None, answered: None };
        Ok(self.state.requests.add(request)?)
    }

    /// Sends a message in the name of the account that signed this block.
    fn ask(&mut self, chain: ChainId, message: Message) {
        self.runtime.prepare_message(message).with_authentication().with_tracking().send_to(chain);
    }
}

/// Messages.
impl TaleproofContract {
    async fn receive(&mut self, message: Message) -> Result<(), Error> {
        let bounced = self.runtime.message_is_bouncing().expect("a message is being executed");
        let origin = self.runtime.message_origin_chain_id().expect("a message is being executed");
        match message {
            Message::Act { request, .. } | Message::Claim { request, .. } if bounced => {
                self.state.requests.bounce(request).await?;
            }
            Message::Act { request, action } => {
                let done = self.act_for(action).await;
                self.answer(origin, request, done)?;
            }
            Message::Claim { request, source_owner, token_id, target_account } => {
                let done = match self.authorize(source_owner) {
                    Ok(()) => self.transfer(source_owner, token_id, target_account).await,
                    Err(refusal) => Err(refusal.into()),
                };
                self.answer(origin, request, done)?;
            }
            Message::Answer { request, outcome } => self.state.requests.answer(request, origin, outcome).await?,
            Message::Token { nft, new_owner } => {
                let owner = if bounced { nft.owner } else { new_owner };
                self.state.nfts.add(Nft { owner, ..*nft }).await?;
            }
        }
        Ok(())
    }

    async fn act_for(&mut self, action: Action) -> Result<(), Error> {
        let (home, here) = (self.home(), self.runtime.chain_id());
        require(home == here, "not-home", || format!("The registry is kept by chain {home}, and this is {here}."))?;
        let by = self.signer()?;
        self.check(&action)?;
        self.carry_out(action, by).await
    }

    /// Tells the chain that asked whether it was done. An unreadable state fails the block instead.
    fn answer(&mut self, origin: ChainId, request: u32, done: Result<(), Error>) -> Result<(), Error> {
        let refused = match done {
            Ok(()) => None,
            Err(Error::Refused(refusal)) => Some(refusal.to_string()),
            Err(error) => return Err(error),
        };
        let outcome = Outcome { at: self.block(), refused };
        self.runtime.send_message(origin, Message::Answer { request, outcome });
        Ok(())
    }
}

/// What the runtime says of this block.
impl TaleproofContract {
    fn home(&mut self) -> ChainId {
        self.runtime.application_parameters().home
    }

    fn block(&mut self) -> Block {
        Block { height: self.runtime.block_height(), timestamp: self.runtime.system_time() }
    }

    /// The account that signed. Another application may not act in its name here.
    fn signer(&mut self) -> Result<AccountOwner, Refusal> {
        let called = self.runtime.authenticated_caller_id().is_some();
        require(!called, "called", || "An application can't do this for an account; the account signs it.".into())?;
        self.runtime
            .authenticated_signer()
            .ok_or_else(|| Refusal::new("not-signed", "The block has to be signed by the account that does this."))
    }

    /// Refuses unless this account signed, or is the application that calls.
    fn authorize(&mut self, owner: AccountOwner) -> Result<(), Refusal> {
        self.runtime.check_account_permission(owner).map_err(|_| {
            Refusal::new("not-signed-by-owner", format!("This has to be signed by {owner}, whose token it is."))
        })
    }
}
