// SPDX-License-Identifier: Apache-2.0
//! What this chain asked of another, and what came of it.

use async_graphql::{Enum, SimpleObject};
use linera_sdk::{
    linera_base_types::{AccountOwner, ChainId},
    views::{linera_views, MapView, RegisterView, View, ViewError, ViewStorageContext},
};
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    models::{Block, Deed},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum RequestKind {
    Publish,
    Revoke,
    TransferName,
    Claim,
}

impl From<&Deed> for RequestKind {
    fn from(deed: &Deed) -> Self {
        match deed {
            Deed::Publish(_) => Self::Publish,
            Deed::Revoke { .. } => Self::Revoke,
            Deed::Transfer { .. } => Self::TransferName,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum RequestStatus {
    Pending,
    Accepted,
    Refused,
}

/// The other chain's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The block that carried it out or refused it.
    pub at: Block,
    /// Why it was refused; nothing, if it was not.
    pub refused: Option<String>,
}

/// Something asked of another chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct Request {
    /// Counts from 1.
    pub number: u32,
    pub kind: RequestKind,
    /// Of the model.
    pub name: Option<String>,
    /// Of what is claimed.
    pub token_id: Option<Digest>,
    pub by: AccountOwner,
    pub to: ChainId,
    /// This chain's block.
    pub sent: Block,
    pub status: RequestStatus,
    /// Why it was refused.
    pub reason: Option<String>,
    /// The other chain's block; none if the message came back unread.
    pub answered: Option<Block>,
}

#[derive(View)]
#[view(context = ViewStorageContext)]
pub struct RequestsView {
    pub count: RegisterView<u32>,
    pub requests: MapView<u32, Request>,
}

impl RequestsView {
    /// Keeps a new request as pending, and gives its number.
    pub fn add(&mut self, request: impl FnOnce(u32) -> Request) -> Result<u32, ViewError> {
        let number = self.count.get() + 1;
        self.requests.insert(&number, request(number))?;
        self.count.set(number);
        Ok(number)
    }

    /// Settles a pending request by the word of the chain that it went to. Whatever else comes changes nothing.
    pub async fn answer(&mut self, number: u32, from: ChainId, outcome: Outcome) -> Result<(), ViewError> {
        let status = if outcome.refused.is_none() { RequestStatus::Accepted } else { RequestStatus::Refused };
        self.settle(number, |request| {
            if request.to == from {
                request.status = status;
                request.reason = outcome.refused;
                request.answered = Some(outcome.at);
            }
        })
        .await
    }

    /// Settles a pending request whose message came back.
    pub async fn bounce(&mut self, number: u32) -> Result<(), ViewError> {
        self.settle(number, |request| {
            request.status = RequestStatus::Refused;
            request.reason = Some(format!("The chain {} turned the message away. [bounced]", request.to));
        })
        .await
    }

    async fn settle(&mut self, number: u32, change: impl FnOnce(&mut Request)) -> Result<(), ViewError> {
        match self.requests.get_mut(&number).await? {
            Some(request) if request.status == RequestStatus::Pending => change(request),
            _ => {}
        }
        Ok(())
    }
}
