// SPDX-License-Identifier: Apache-2.0
//! The contract in process: one chain each, with what the runtime would say to it.

mod events;
mod permissions;
mod requests;
mod stories;
mod tokens;

use linera_sdk::{
    bcs,
    linera_base_types::{AccountOwner, ApplicationId, BlockHeight, ChainId, CryptoHash, Timestamp},
    util::BlockingWait as _,
    views::View as _,
    Contract as _, ContractRuntime, SendMessageRequest,
};
use taleproof_chain::{
    digest::Digest,
    limits::RELEASE,
    models::{Action, Change, Chunk, Deed, File, FoundingModel, Release, Role},
    refusal::Error,
    state::State,
    Message, Operation, Parameters, BYTES_PER_COPY,
};

use crate::TaleproofContract;

pub const ALICE: AccountOwner = AccountOwner::Address20([1; 20]);
pub const BOB: AccountOwner = AccountOwner::Address20([2; 20]);

pub fn home() -> ChainId {
    ChainId(CryptoHash::test_hash("home"))
}

pub fn elsewhere() -> ChainId {
    ChainId(CryptoHash::test_hash("elsewhere"))
}

pub fn application() -> ApplicationId {
    ApplicationId::new(CryptoHash::test_hash("application"))
}

/// The contract on a chain, in a block at height 7 that Alice signed.
pub fn contract_on(chain: ChainId) -> TaleproofContract {
    contract_with(chain, Vec::new())
}

pub fn contract_with(chain: ChainId, founding: Vec<FoundingModel>) -> TaleproofContract {
    let runtime = ContractRuntime::new()
        .with_application_parameters(Parameters { home: home(), founding })
        .with_application_id(application().with_abi())
        .with_chain_id(chain)
        .with_authenticated_signer(ALICE)
        .with_authenticated_caller_id(None)
        .with_block_height(BlockHeight(7))
        .with_system_time(Timestamp::from(1_000_000));
    let state = State::load(runtime.root_view_storage_context()).blocking_wait().expect("the state can be loaded");
    TaleproofContract { state, runtime, room: BYTES_PER_COPY }
}

impl TaleproofContract {
    /// Executes an operation signed by an account.
    pub fn operate_as(&mut self, signer: AccountOwner, operation: Operation) -> Result<(), Error> {
        self.runtime.set_authenticated_signer(signer);
        self.operate(operation).blocking_wait()
    }

    /// Executes a message from a chain, signed there by an account.
    pub fn receive_from(&mut self, origin: ChainId, signer: Option<AccountOwner>, message: Message) {
        self.runtime.set_message_is_bouncing(Some(false)).set_message_origin_chain_id(Some(origin));
        self.runtime.set_authenticated_signer(signer);
        self.execute_message(message).blocking_wait();
    }

    /// Executes a message that this chain sent and that came back.
    pub fn bounce_from(&mut self, destination: ChainId, message: Message) {
        self.runtime.set_message_is_bouncing(Some(true)).set_message_origin_chain_id(Some(destination));
        self.execute_message(message).blocking_wait();
    }

    /// The messages sent since the last call.
    pub fn sent(&mut self) -> Vec<SendMessageRequest<Message>> {
        std::mem::take(&mut *self.runtime.created_send_message_requests())
    }

    /// Every change that this chain has, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.state.registry.changes.read(..).blocking_wait().expect("the log can be read")
    }
}

/// The code of a refusal.
pub fn code(result: Result<(), Error>) -> String {
    match result {
        Err(error) => error.refusal().code,
        Ok(()) => "accepted".into(),
    }
}

/// A release whose weights have this byte all over their digests.
pub fn release(byte: u8) -> Release {
    Release {
        description: "A toy.".into(),
        licence: "MIT".into(),
        architecture: "llama".into(),
        format: "gguf".into(),
        context_length: 512,
        files: vec![File {
            role: Role::Weights,
            name: "toy.gguf".into(),
            size: 3,
            sha256: Digest([byte; 32]),
            sha3_256: Digest([byte ^ 0xff; 32]),
            urls: vec!["https://example.org/toy.gguf".into()],
            chunks: Vec::<Chunk>::new(),
        }],
    }
}

/// A release of as many bytes as one may have.
pub fn largest(byte: u8) -> Release {
    let mut release = release(byte);
    let file = release.files.remove(0);
    let named = |number: usize| File { name: format!("{number:02}"), urls: vec!["x".repeat(2_000)], ..file.clone() };
    release.files = (0..15).map(named).collect();
    let missing = RELEASE - bcs::serialized_size(&release).unwrap();
    release.files[0].urls.push("x".repeat(missing - 2)); // the length of the text takes two bytes
    release
}

pub fn publish(name: &str, byte: u8) -> Operation {
    act(name, Deed::Publish(release(byte)))
}

pub fn act(name: &str, deed: Deed) -> Operation {
    Operation::Act(Action { name: name.into(), deed })
}
