// SPDX-License-Identifier: Apache-2.0
//! The digests of stories that accounts recorded on this chain, with the time at which they did.

use async_graphql::SimpleObject;
use linera_sdk::{
    linera_base_types::AccountOwner,
    views::{linera_views, CollectionView, LogView, SetView, View, ViewStorageContext},
};
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    models::Block,
    refusal::{require, Error},
};

/// That a story's record existed when this block was made, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct Story {
    /// Counts from 1, for each owner.
    pub number: u32,
    pub owner: AccountOwner,
    /// The SHA-256 of the model's file.
    pub model: Digest,
    /// The SHA-256 of the story's canonical record.
    pub receipt: Digest,
    /// This chain's block.
    pub recorded: Block,
}

/// One account's stories.
#[derive(View)]
#[view(context = ViewStorageContext)]
pub struct ShelfView {
    pub stories: LogView<Story>,
    pub receipts: SetView<Digest>,
}

#[derive(View)]
#[view(context = ViewStorageContext)]
pub struct StoriesView {
    pub by_owner: CollectionView<AccountOwner, ShelfView>,
}

impl StoriesView {
    /// Refuses a story that this account recorded here before.
    pub async fn permit(&self, owner: AccountOwner, receipt: Digest) -> Result<(), Error> {
        let known = match self.by_owner.try_load_entry(&owner).await? {
            Some(shelf) => shelf.receipts.contains(&receipt).await?,
            None => false,
        };
        require(!known, "already-recorded", || format!("The story {receipt} is recorded on this chain already."))?;
        Ok(())
    }

    /// Records a story.
    pub async fn record(
        &mut self,
        owner: AccountOwner,
        model: Digest,
        receipt: Digest,
        recorded: Block,
    ) -> Result<(), Error> {
        self.permit(owner, receipt).await?;
        let shelf = self.by_owner.load_entry_mut(&owner).await?;
        shelf.receipts.insert(&receipt)?;
        let number = u32::try_from(shelf.stories.count()).expect("fewer stories than blocks") + 1;
        shelf.stories.push(Story { number, owner, model, receipt, recorded });
        Ok(())
    }
}
