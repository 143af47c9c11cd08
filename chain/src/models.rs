// SPDX-License-Identifier: Apache-2.0
//! What the registry holds: releases of models, and the changes that brought them there.

use std::collections::BTreeSet;

use async_graphql::{Enum, InputObject, SimpleObject};
use linera_sdk::linera_base_types::{AccountOwner, BlockHeight, DataBlobHash, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A block of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct Block {
    pub height: BlockHeight,
    /// Microseconds since 1970.
    pub timestamp: Timestamp,
}

/// What a file of a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    Weights,
    Tokenizer,
    Config,
}

/// A part of a file that is stored as a data blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "ChunkInput")]
pub struct Chunk {
    pub hash: DataBlobHash,
    /// In bytes.
    pub size: u64,
}

/// One file of a release. A reader takes it from its URLs or its chunks, and believes only its digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[serde(rename_all = "camelCase")]
#[graphql(input_name = "FileInput")]
pub struct File {
    pub role: Role,
    pub name: String,
    /// In bytes.
    pub size: u64,
    pub sha256: Digest,
    #[serde(rename = "sha3_256")]
    #[graphql(name = "sha3_256")]
    pub sha3_256: Digest,
    /// Each begins with https://, or is relative to the page.
    pub urls: Vec<String>,
    /// In order; empty for a file that is not on chain.
    pub chunks: Vec<Chunk>,
}

/// What a publisher says of one version of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[serde(rename_all = "camelCase")]
#[graphql(input_name = "ReleaseInput")]
pub struct Release {
    pub description: String,
    pub licence: String,
    pub architecture: String,
    pub format: String,
    /// In tokens.
    pub context_length: u32,
    pub files: Vec<File>,
}

/// A model that stands in the application's parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct FoundingModel {
    pub name: String,
    pub owner: AccountOwner,
    pub release: Release,
}

/// What an account asks to be done with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub name: String,
    pub deed: Deed,
}

impl Action {
    /// The digests of the files that are published with it, of both kinds, each once.
    pub fn digests(&self) -> BTreeSet<Digest> {
        match &self.deed {
            Deed::Publish(release) => release.files.iter().flat_map(|file| [file.sha256, file.sha3_256]).collect(),
            Deed::Revoke { .. } | Deed::Transfer { .. } => BTreeSet::new(),
        }
    }
}

/// The deed of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// Publish a new name, or the next version of one's own.
    Publish(Release),
    /// Withdraw a version; versions count from 1.
    Revoke { version: u32, reason: String },
    /// Give the name to another account.
    Transfer { new_owner: AccountOwner },
}

/// An action that the home chain carried out. The registry is the list of its changes; each is an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub action: Action,
    pub by: AccountOwner,
    /// The home chain's block.
    pub at: Block,
}

/// A version of a model, wherever a digest leads to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionId {
    pub name: String,
    pub number: u32,
}
