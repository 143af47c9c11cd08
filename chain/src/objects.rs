// SPDX-License-Identifier: Apache-2.0
//! What queries about the registry answer with.

use std::{ops::Deref, sync::Arc};

use async_graphql::{Enum, Object, Result, SimpleObject};
use linera_sdk::{
    bcs,
    linera_base_types::AccountOwner,
    views::{linera_views::reentrant_collection_view::ReadGuardedView, ViewError},
};
use taleproof_chain::{
    models::{Block, Change, Deed, Release},
    refusal::Error,
    registry::{ModelView, RegistryView},
    state::State,
};

use crate::page::{self, Page, Room};

/// Why, when and by whom a version was withdrawn.
#[derive(SimpleObject)]
pub struct Revocation {
    reason: String,
    by: AccountOwner,
    at: Block,
}

/// One version of a model.
#[derive(SimpleObject)]
pub struct Version {
    model: String,
    /// Counts from 1.
    number: u32,
    publisher: AccountOwner,
    /// The home chain's block.
    published: Block,
    release: Release,
    revoked: Option<Revocation>,
}

impl Version {
    pub async fn load(registry: &RegistryView, model: &ModelView, number: u32) -> Result<Option<Self>, ViewError> {
        let Some(place) = number.checked_sub(1) else { return Ok(None) };
        let Some(index) = model.versions.get(place as usize).await? else { return Ok(None) };
        let Change { action, by: publisher, at: published } = registry.change(index).await?;
        let Deed::Publish(release) = action.deed else { unreachable!("a version's change publishes it") };
        let revoked = match model.revocations.get(&number).await? {
            Some(index) => Some(Revocation::from(registry.change(index).await?)),
            None => None,
        };
        Ok(Some(Self { model: action.name, number, publisher, published, release, revoked }))
    }

    /// Its bytes in BCS, but for a few.
    pub fn weight(&self) -> usize {
        bcs::serialized_size(&self.release).expect("a release can be written in BCS")
    }
}

impl From<Change> for Revocation {
    fn from(Change { action, by, at }: Change) -> Self {
        let Deed::Revoke { reason, .. } = action.deed else { unreachable!("a revocation's change revokes") };
        Self { reason, by, at }
    }
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ChangeKind {
    Published,
    Revoked,
    Transferred,
}

/// One change of a model.
#[derive(SimpleObject)]
#[graphql(name = "Change")]
pub struct ChangeOutput {
    /// Of the home chain's event.
    index: u32,
    model: String,
    by: AccountOwner,
    /// The home chain's block.
    at: Block,
    kind: ChangeKind,
    /// What was published or revoked.
    version: Option<u32>,
    /// Why it was revoked.
    reason: Option<String>,
    /// Who has the name now.
    new_owner: Option<AccountOwner>,
}

impl ChangeOutput {
    pub async fn load(registry: &RegistryView, model: &ModelView, index: u32) -> Result<Self, ViewError> {
        let Change { action, by, at } = registry.change(index).await?;
        let (kind, version, reason, new_owner) = match action.deed {
            Deed::Publish(_) => (ChangeKind::Published, Some(model.number(index).await?), None, None),
            Deed::Revoke { version, reason } => (ChangeKind::Revoked, Some(version), Some(reason), None),
            Deed::Transfer { new_owner } => (ChangeKind::Transferred, None, None, Some(new_owner)),
        };
        Ok(Self { index, model: action.name, by, at, kind, version, reason, new_owner })
    }
}

/// Where a model is read: in the copy of the whole registry, or in that of one model that is watched.
#[derive(Clone)]
pub enum Source {
    Whole(Arc<State>),
    Watched(Arc<ReadGuardedView<RegistryView>>),
}

impl Deref for Source {
    type Target = RegistryView;

    fn deref(&self) -> &RegistryView {
        match self {
            Self::Whole(state) => &state.registry,
            Self::Watched(registry) => registry,
        }
    }
}

impl Source {
    /// The model of this name; null if it is not known there.
    pub async fn model(&self, name: String) -> Result<Option<ModelOutput>, ViewError> {
        let known = self.models.try_load_entry(&name).await?.is_some();
        Ok(known.then(|| ModelOutput { source: self.clone(), name }))
    }
}

/// A name and its versions.
pub struct ModelOutput {
    pub source: Source,
    pub name: String,
}

impl ModelOutput {
    async fn load(&self) -> Result<impl Deref<Target = ModelView> + '_, ViewError> {
        Ok(self.source.models.try_load_entry(&self.name).await?.expect("a listed model is in the state"))
    }
}

/// What was copied here of one model.
#[derive(SimpleObject)]
pub struct Watched {
    /// Whether its changes are copied to this chain from now on.
    pub following: bool,
    /// Its changes that are known here.
    pub copied: u32,
    /// Those that this chain was told of. If they are more, watch it once more.
    pub announced: u32,
    /// Null if none of its changes is known here.
    pub model: Option<ModelOutput>,
}

#[Object(name = "Model")]
impl ModelOutput {
    async fn name(&self) -> &str {
        &self.name
    }

    async fn owner(&self) -> Result<AccountOwner> {
        Ok(self.load().await?.owner.get().expect("a model has an owner"))
    }

    /// How many versions it has.
    async fn version_count(&self) -> Result<usize> {
        Ok(self.load().await?.versions.count())
    }

    /// The newest version, revoked or not.
    async fn latest(&self) -> Result<Version> {
        let model = self.load().await?;
        let number = model.versions.count() as u32;
        Ok(Version::load(&self.source, &model, number).await?.expect("a model has a version"))
    }

    /// The newest version that is not revoked.
    async fn latest_usable(&self) -> Result<Option<Version>> {
        let model = self.load().await?;
        for number in (1..=model.versions.count() as u32).rev() {
            if !model.revocations.contains_key(&number).await? {
                return Ok(Version::load(&self.source, &model, number).await?);
            }
        }
        Ok(None)
    }

    async fn version(&self, number: u32) -> Result<Option<Version>> {
        Ok(Version::load(&self.source, &*self.load().await?, number).await?)
    }

    /// The oldest first.
    async fn versions(&self, after: Option<u32>, first: Option<i32>) -> Result<Page<Version, u32>> {
        let model = self.load().await?;
        let count = model.versions.count();
        let range = page::range(after, first, count).map_err(Error::from)?.0;
        let (start, mut room, mut items) = (range.start, Room::new(), Vec::new());
        for place in range {
            let version = Version::load(&self.source, &model, place as u32 + 1).await?.expect("a counted version");
            let fits = room.take(version.weight());
            items.push(version);
            if !fits {
                break;
            }
        }
        let next = page::next(start, items.len(), count);
        Ok(Page { items, next })
    }
}
