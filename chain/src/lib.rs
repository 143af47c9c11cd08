// SPDX-License-Identifier: Apache-2.0
//! Which model is the right one, agreed by the validators of a chain; and the stories written with it.
//!
//! One application, the same on every chain. On the home chain it keeps the registry of models, and emits an event
//! for each change. On a chain that follows, it copies those events; on one that watches a model, those of this model
//! alone. On any chain, it keeps the digests of the stories and the tokens of those who own it. In come operations (signed blocks) and messages (from itself, on
//! another chain); what breaks a limit or a permission is refused, with a code and a sentence, and changes nothing.

pub mod digest;
pub mod limits;
pub mod models;
pub mod nft;
pub mod refusal;
pub mod registry;
pub mod requests;
pub mod state;
pub mod stories;

use async_graphql::{Request, Response};
use linera_sdk::linera_base_types::{Account, AccountOwner, ChainId, ContractAbi, ServiceAbi};
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    models::{Action, FoundingModel},
    nft::{Nft, StoryReceipt},
    requests::Outcome,
};

/// The stream on which the home chain emits each change. Each model's own are also on a stream that is called like the
/// model, which no model can be.
pub const CHANGES: &[u8] = b"*";

/// Events copied by one operation at most; `CatchUp` copies what is left, and may ask for fewer.
pub const EVENTS_PER_COPY: u32 = 256;

/// Bytes of events copied by one operation at most. What a block reads stands in the block, and a block has at most
/// 1,000,000 bytes on the public testnet: the rest is for messages that come in with it.
pub const BYTES_PER_COPY: usize = 250_000;

/// Fixed by the application's id, and so readable on every chain without asking another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// The chain that keeps the registry.
    pub home: ChainId,
    /// Published as the first changes when the application is created.
    pub founding: Vec<FoundingModel>,
}

pub struct TaleproofAbi;

impl ContractAbi for TaleproofAbi {
    type Operation = Operation;
    type Response = ();
}

impl ServiceAbi for TaleproofAbi {
    type Query = Request;
    type QueryResponse = Response;
}

/// What a block of one's own chain may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Change the registry: here on the home chain, by message from elsewhere.
    Act(Action),
    /// Copy the home chain's changes to this chain from now on.
    Follow,
    /// Copy the next of the changes that this chain was told of, so many at most.
    CatchUp { most: u32 },
    /// Copy the changes of one model from now on; once more, the next of those that this chain was told of, so many at most.
    Watch { name: String, most: u32 },
    /// Keep the digest of a story's record.
    RecordStory { model: Digest, receipt: Digest },
    /// Mint a token of a story.
    Mint { minter: AccountOwner, receipt: Box<StoryReceipt> },
    /// Give a token that is on this chain to another account, here or on another chain.
    Transfer { source_owner: AccountOwner, token_id: Digest, target_account: Account },
    /// The same for a token that may be on another chain.
    Claim { source_account: Account, token_id: Digest, target_account: Account },
}

/// What the application says to itself on another chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// To the home chain: carry this out for the account that signed the sender's block.
    Act { request: u32, action: Action },
    /// To the chain that the token's owner named.
    Claim { request: u32, source_owner: AccountOwner, token_id: Digest, target_account: Account },
    /// Back to the chain that asked.
    Answer { request: u32, outcome: Outcome },
    /// A token on its way; until it arrives its owner is the sender, who has it back if it bounces.
    Token { nft: Box<Nft>, new_owner: AccountOwner },
}
