// SPDX-License-Identifier: Apache-2.0
//! Mutations: each checks what can be known before a block is made, and schedules an operation.
//!
//! Why a contract refused its own chain's block does not reach the client. So limits and permissions are looked at
//! here too, with the same functions, and answered with their sentences; it is the contract's word that counts.

use std::sync::Arc;

use async_graphql::{Object, Result};
use linera_sdk::linera_base_types::{Account, AccountOwner};
use taleproof_chain::{
    digest::Digest,
    limits,
    models::{Action, Deed, Release},
    nft::StoryReceipt,
    refusal::Error,
    registry::RegistryView,
    state::State,
    Operation, EVENTS_PER_COPY,
};

use crate::Runtime;

pub struct MutationRoot {
    pub state: Arc<State>,
    pub runtime: Runtime,
}

/// Where an account `by` is asked for, it is the one that will sign: without it, its permission is not looked at here.
#[Object(name = "Mutation")]
impl MutationRoot {
    /// Publish a new name, or the next version of one's own.
    async fn publish(&self, name: String, release: Release, by: Option<AccountOwner>) -> Result<bool> {
        self.act(Action { name, deed: Deed::Publish(release) }, by).await
    }

    /// Withdraw a version of one's own model.
    async fn revoke(&self, name: String, version: u32, reason: String, by: Option<AccountOwner>) -> Result<bool> {
        self.act(Action { name, deed: Deed::Revoke { version, reason } }, by).await
    }

    /// Give one's name to another account.
    async fn transfer_name(&self, name: String, new_owner: AccountOwner, by: Option<AccountOwner>) -> Result<bool> {
        self.act(Action { name, deed: Deed::Transfer { new_owner } }, by).await
    }

    /// Copy the home chain's changes to this chain from now on.
    async fn follow(&self) -> Result<bool> {
        let home = self.runtime.application_parameters().home;
        RegistryView::permit_follow(home, self.runtime.chain_id()).map_err(Error::from)?;
        Ok(self.schedule(&Operation::Follow))
    }

    /// Copy the next of the changes that this chain was told of: as many as one block takes in, or fewer.
    async fn catch_up(&self, most: Option<u32>) -> Result<bool> {
        self.state.registry.permit_catch_up().map_err(Error::from)?;
        Ok(self.schedule(&Operation::CatchUp { most: most.unwrap_or(EVENTS_PER_COPY) }))
    }

    /// Copy the changes of one model to this chain from now on; once more, the next of those that it was told of: as many
    /// as one block takes in, or fewer.
    async fn watch(&self, name: String, most: Option<u32>) -> Result<bool> {
        let home = self.runtime.application_parameters().home;
        RegistryView::permit_follow(home, self.runtime.chain_id()).map_err(Error::from)?;
        limits::name(&name).map_err(Error::from)?;
        Ok(self.schedule(&Operation::Watch { name, most: most.unwrap_or(EVENTS_PER_COPY) }))
    }

    /// Keep the digest of a story's record on this chain.
    async fn record_story(&self, model: Digest, receipt: Digest, by: Option<AccountOwner>) -> Result<bool> {
        if let Some(by) = by {
            self.state.stories.permit(by, receipt).await?;
        }
        Ok(self.schedule(&Operation::RecordStory { model, receipt }))
    }

    /// Mint a token of a story.
    async fn mint(&self, minter: AccountOwner, receipt: StoryReceipt) -> Result<bool> {
        limits::receipt(&receipt).map_err(Error::from)?;
        self.state.nfts.permit_mint(&receipt).await?;
        Ok(self.schedule(&Operation::Mint { minter, receipt: Box::new(receipt) }))
    }

    /// Give a token that is on this chain to another account, here or on another chain.
    async fn transfer(&self, source_owner: AccountOwner, token_id: Digest, target_account: Account) -> Result<bool> {
        limits::recipient(target_account.owner).map_err(Error::from)?;
        self.state.nfts.owned_by(token_id, source_owner).await?;
        Ok(self.schedule(&Operation::Transfer { source_owner, token_id, target_account }))
    }

    /// The same for a token that may be on another chain.
    async fn claim(&self, source_account: Account, token_id: Digest, target_account: Account) -> Result<bool> {
        limits::recipient(target_account.owner).map_err(Error::from)?;
        if source_account.chain_id == self.runtime.chain_id() {
            self.state.nfts.owned_by(token_id, source_account.owner).await?;
        }
        Ok(self.schedule(&Operation::Claim { source_account, token_id, target_account }))
    }
}

impl MutationRoot {
    async fn act(&self, action: Action, by: Option<AccountOwner>) -> Result<bool> {
        limits::action(&action).map_err(Error::from)?;
        let home = self.runtime.application_parameters().home == self.runtime.chain_id();
        if let Some(by) = by.filter(|_| home) {
            self.state.permit(&action, by).await?;
        }
        Ok(self.schedule(&Operation::Act(action)))
    }

    fn schedule(&self, operation: &Operation) -> bool {
        self.runtime.schedule_operation(operation);
        true
    }
}
