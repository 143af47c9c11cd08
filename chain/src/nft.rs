// SPDX-License-Identifier: Apache-2.0
//! Tokens of stories. A token holds all that writes its story again, to the same bits.

use async_graphql::{Enum, InputObject, SimpleObject};
use linera_sdk::{
    bcs,
    linera_base_types::{AccountOwner, ApplicationId, ChainId},
    views::{linera_views, CollectionView, MapView, RegisterView, SetView, View, ViewError, ViewStorageContext},
};
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    models::Block,
    refusal::{require, Error, Refusal},
};

/// How the prompt was given to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum Mode {
    Raw,
    Chat,
}

/// How tokens were chosen. What is null was off. Decimals are text, as the story's canonical record writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[serde(rename_all = "camelCase")]
#[graphql(input_name = "SamplerInput")]
pub struct Sampler {
    /// 0 to 2^64 - 1, in decimal digits.
    pub seed: String,
    pub temperature: Option<String>,
    pub top_p: Option<String>,
    pub top_k: Option<u32>,
    pub min_p: Option<String>,
    pub repeat_penalty: String,
    pub repeat_last_n: u32,
}

/// Where the story had to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[serde(rename_all = "camelCase")]
#[graphql(input_name = "StoryLimitsInput")]
pub struct StoryLimits {
    pub max_tokens: u32,
    pub stop: Vec<String>,
    /// Positions of the session.
    pub context: u32,
}

/// What a story was written from, and what it has to come out as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[serde(rename_all = "camelCase")]
#[graphql(input_name = "StoryReceiptInput")]
pub struct StoryReceipt {
    /// The SHA-256 of the story's canonical record.
    pub story: Digest,
    /// The SHA-256 of the model's file.
    pub model: Digest,
    /// The SHA-256 of the tokenizer's file, where it is one of its own.
    pub tokenizer: Option<Digest>,
    /// The version of the numerics.
    pub numerics: u32,
    /// The SHA-256 of the kernels' module.
    pub kernels: Option<Digest>,
    pub prompt: String,
    /// The SHA-256 of the ids that the model read, as canonical JSON.
    pub prompt_tokens: Digest,
    pub mode: Mode,
    /// The date that the model's chat template was told, such as 2026-02-03; null where it did not ask.
    pub date: Option<String>,
    pub sampler: Sampler,
    pub limits: StoryLimits,
    /// How many tokens were written.
    pub token_count: u32,
    /// The SHA-256 of their ids as canonical JSON, "[1,2,3]".
    pub tokens: Digest,
}

/// A token of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct Nft {
    pub token_id: Digest,
    pub owner: AccountOwner,
    pub minter: AccountOwner,
    pub receipt: StoryReceipt,
    /// The block of the chain that it was minted on.
    pub minted: Block,
    pub minted_on: ChainId,
}

impl Nft {
    /// Its bytes in BCS.
    pub fn weight(&self) -> usize {
        bcs::serialized_size(self).expect("a token can be written in BCS")
    }
}

/// Where a token is minted.
#[derive(Clone, Copy, Debug)]
pub struct Mint {
    pub chain: ChainId,
    pub application: ApplicationId,
    pub block: Block,
}

#[derive(View)]
#[view(context = ViewStorageContext)]
pub struct NftsView {
    pub nfts: MapView<Digest, Nft>,
    pub owned: CollectionView<AccountOwner, SetView<Digest>>,
    /// Of the receipts that were minted here, wherever their tokens are now.
    pub minted: SetView<Digest>,
    pub count: RegisterView<u64>,
}

impl NftsView {
    /// Refuses a receipt that was minted on this chain before; gives what tells it from others.
    pub async fn permit_mint(&self, receipt: &StoryReceipt) -> Result<Digest, Error> {
        let identity = digest(receipt)?;
        let known = self.minted.contains(&identity).await?;
        require(!known, "already-minted", || format!("The story {} was minted on this chain already.", receipt.story))?;
        Ok(identity)
    }

    /// Mints a token.
    pub async fn mint(&mut self, at: Mint, minter: AccountOwner, receipt: StoryReceipt) -> Result<(), Error> {
        let identity = self.permit_mint(&receipt).await?;
        self.minted.insert(&identity)?;
        let number = *self.count.get();
        self.count.set(number + 1);
        let token_id = digest(&(at.chain, at.application, &receipt, minter, number))?;
        self.add(Nft { token_id, owner: minter, minter, receipt, minted: at.block, minted_on: at.chain }).await?;
        Ok(())
    }

    /// Puts a token on this chain, with its owner.
    pub async fn add(&mut self, nft: Nft) -> Result<(), ViewError> {
        self.owned.load_entry_mut(&nft.owner).await?.insert(&nft.token_id)?;
        self.nfts.insert(&nft.token_id.clone(), nft)
    }

    /// Gives a token that is on this chain; refuses one that is not, or is another account's.
    pub async fn owned_by(&self, token_id: Digest, owner: AccountOwner) -> Result<Nft, Error> {
        let Some(nft) = self.nfts.get(&token_id).await? else {
            return Err(Refusal::new("unknown-token", format!("The token {token_id} is not on this chain.")).into());
        };
        require(nft.owner == owner, "not-token-owner", || {
            format!("The token {token_id} belongs to {}, not to {owner}.", nft.owner)
        })?;
        Ok(nft)
    }

    /// Takes a token of this owner from this chain.
    pub async fn take(&mut self, token_id: Digest, owner: AccountOwner) -> Result<Nft, Error> {
        let nft = self.owned_by(token_id, owner).await?;
        self.nfts.remove(&token_id)?;
        self.owned.load_entry_mut(&owner).await?.remove(&token_id)?;
        Ok(nft)
    }
}

fn digest(value: &impl Serialize) -> Result<Digest, ViewError> {
    Ok(Digest::sha3_256(&bcs::to_bytes(value)?))
}
