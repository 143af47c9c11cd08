//! Mutations: each checks the limits, so that what is wrong is said before a block is made, and schedules an operation.

use async_graphql::{Object, Result};
use linera_sdk::linera_base_types::{Account, AccountOwner};
use taleproof_chain::{
    digest::Digest,
    limits,
    models::{Action, Deed, Release},
    nft::StoryReceipt,
    refusal::Error,
    Operation,
};

use crate::Runtime;

pub struct MutationRoot {
    pub runtime: Runtime,
}

#[Object(name = "Mutation")]
impl MutationRoot {
    /// Publish a new name, or the next version of one's own.
    async fn publish(&self, name: String, release: Release) -> Result<bool> {
        self.act(name, Deed::Publish(release))
    }

    /// Withdraw a version of one's own model.
    async fn revoke(&self, name: String, version: u32, reason: String) -> Result<bool> {
        self.act(name, Deed::Revoke { version, reason })
    }

    /// Give one's name to another account.
    async fn transfer_name(&self, name: String, new_owner: AccountOwner) -> Result<bool> {
        self.act(name, Deed::Transfer { new_owner })
    }

    /// Copy the home chain's changes to this chain from now on.
    async fn follow(&self) -> bool {
        self.schedule(&Operation::Follow)
    }

    /// Copy the next of the changes that this chain was told of.
    async fn catch_up(&self) -> bool {
        self.schedule(&Operation::CatchUp)
    }

    /// Keep the digest of a story's record on this chain.
    async fn record_story(&self, model: Digest, receipt: Digest) -> bool {
        self.schedule(&Operation::RecordStory { model, receipt })
    }

    /// Mint a token of a story.
    async fn mint(&self, minter: AccountOwner, receipt: StoryReceipt) -> Result<bool> {
        limits::receipt(&receipt).map_err(Error::from)?;
        Ok(self.schedule(&Operation::Mint { minter, receipt: Box::new(receipt) }))
    }

    /// Give a token that is on this chain to another account, here or on another chain.
    async fn transfer(&self, source_owner: AccountOwner, token_id: Digest, target_account: Account) -> bool {
        self.schedule(&Operation::Transfer { source_owner, token_id, target_account })
    }

    /// The same for a token that may be on another chain.
    async fn claim(&self, source_account: Account, token_id: Digest, target_account: Account) -> bool {
        self.schedule(&Operation::Claim { source_account, token_id, target_account })
    }
}

impl MutationRoot {
    fn act(&self, name: String, deed: Deed) -> Result<bool> {
        let action = Action { name, deed };
        limits::action(&action).map_err(Error::from)?;
        Ok(self.schedule(&Operation::Act(action)))
    }

    fn schedule(&self, operation: &Operation) -> bool {
        self.runtime.schedule_operation(operation);
        true
    }
}
