// SPDX-License-Identifier: Apache-2.0
//! The registry: a log of changes, and what can be looked up in it.
//!
//! A change comes in, on the home chain because its action was permitted, on a follower because it was the next
//! event; both apply it in the same way, so that both hold the same registry. Nothing is ever taken out.

use std::{collections::BTreeSet, ops::Range};

use linera_sdk::{
    bcs,
    linera_base_types::{AccountOwner, ChainId},
    views::{linera_views, LogView, MapView, RegisterView, View, ViewError, ViewStorageContext},
};

use crate::{
    digest::Digest,
    limits::VERSIONS,
    models::{Action, Change, Deed, VersionId},
    refusal::{require, Error, Refusal},
};

/// A collection of views, many of which can be loaded in one call.
pub type CollectionView<K, V> =
    linera_views::reentrant_collection_view::ReentrantCollectionView<ViewStorageContext, K, V>;

/// What is known of one name. Numbers lead to changes in the registry's log.
#[derive(View)]
#[view(context = ViewStorageContext)]
pub struct ModelView {
    pub owner: RegisterView<Option<AccountOwner>>,
    /// The name's place among all names.
    pub position: RegisterView<u32>,
    pub changes: LogView<u32>,
    /// Version 1 is the first.
    pub versions: LogView<u32>,
    /// By the number of the version.
    pub revocations: MapView<u32, u32>,
    /// Bytes of the largest of its changes, by which a page of models is kept small.
    pub heaviest: RegisterView<u32>,
}

#[derive(View)]
#[view(context = ViewStorageContext)]
pub struct RegistryView {
    /// Change n is event n of the stream that is copied.
    pub changes: LogView<Change>,
    /// In the order of their first publication.
    pub names: LogView<String>,
    pub models: CollectionView<String, ModelView>,
    /// By the SHA-256 and the SHA3-256 of each file.
    pub digests: CollectionView<Digest, LogView<VersionId>>,
    /// How many events this chain was told of.
    pub announced: RegisterView<u32>,
    pub following: RegisterView<bool>,
}

impl ModelView {
    /// The number of the version that a change published.
    pub async fn number(&self, change: u32) -> Result<u32, ViewError> {
        let (mut low, mut high) = (0, self.versions.count());
        while low < high {
            let middle = (low + high) / 2;
            let known = self.versions.get(middle).await?.expect("a version below the count");
            if known <= change {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low as u32)
    }
}

impl RegistryView {
    /// How many changes are known: the index of the next event.
    pub fn count(&self) -> u32 {
        u32::try_from(self.changes.count()).expect("a stream has at most 2^32 events")
    }

    /// Hears how long the stream that is copied is by now. What is repeated or late says nothing new.
    pub fn hear(&mut self, announced: u32) {
        self.announced.set(announced.max(*self.announced.get()));
    }

    /// The events that are still to be copied. They begin where this copy ends, so that an announcement that is repeated,
    /// late or beyond a gap can neither skip an event nor copy one twice.
    pub fn missing(&self) -> Range<u32> {
        self.count()..*self.announced.get()
    }

    /// Refuses an action that is not the account's to do.
    pub async fn permit(&self, action: &Action, by: AccountOwner) -> Result<(), Error> {
        let name = &action.name;
        let Some(model) = self.models.try_load_entry(name).await? else {
            let publishes = matches!(action.deed, Deed::Publish(_));
            require(publishes, "unknown-name", || format!("No model is called {name}."))?;
            return Ok(());
        };
        let owner = model.owner.get().expect("a model has an owner");
        require(owner == by, "not-owner", || {
            format!("The name {name} belongs to {owner}; only that account may change it, and {by} is another.")
        })?;
        match &action.deed {
            Deed::Publish(_) => {
                require(model.versions.count() < VERSIONS, "version-count", || {
                    format!("A name has at most {VERSIONS} versions, and {name} has them; publish under a new name.")
                })?;
            }
            Deed::Revoke { version, .. } => {
                let known = (1..=model.versions.count()).contains(&(*version as usize));
                require(known, "unknown-version", || {
                    format!("{name} has {} versions, and no version {version}.", model.versions.count())
                })?;
                let revoked = model.revocations.contains_key(version).await?;
                require(!revoked, "already-revoked", || format!("Version {version} of {name} is revoked already."))?;
            }
            Deed::Transfer { new_owner } => {
                require(*new_owner != by, "same-owner", || format!("The name {name} belongs to {by} already."))?;
            }
        }
        Ok(())
    }

    /// Refuses to follow or to watch where the registry is anyway.
    pub fn permit_follow(home: ChainId, here: ChainId) -> Result<(), Refusal> {
        require(home != here, "follows-itself", || {
            "This is the home chain; it has the registry without following.".into()
        })
    }

    /// Refuses to catch up where nothing is left.
    pub fn permit_catch_up(&self) -> Result<(), Refusal> {
        require(self.count() < *self.announced.get(), "caught-up", || {
            "Every event that this chain was told of is copied.".into()
        })
    }

    /// Appends changes in their order. On the home chain each action was permitted, and so it is right everywhere.
    pub async fn append(&mut self, changes: Vec<Change>) -> Result<(), ViewError> {
        self.load(&changes).await?;
        for change in changes {
            self.append_one(change).await?;
        }
        Ok(())
    }

    /// Has all entries in memory that changes touch. A browser pays for every byte between contract and client: asked for
    /// together, each key crosses once.
    async fn load(&mut self, changes: &[Change]) -> Result<(), ViewError> {
        let names: BTreeSet<&String> = changes.iter().map(|change| &change.action.name).collect();
        let digests: BTreeSet<Digest> = changes.iter().flat_map(|change| change.action.digests()).collect();
        self.models.try_load_entries_mut(names).await?;
        self.digests.try_load_entries_mut(&digests).await?;
        Ok(())
    }

    async fn append_one(&mut self, change: Change) -> Result<(), ViewError> {
        let index = self.count();
        let name = &change.action.name;
        let mut model = self.models.try_load_entry_mut(name).await?;
        model.changes.push(index);
        let size = bcs::serialized_size(&change)? as u32;
        let heaviest = size.max(*model.heaviest.get());
        model.heaviest.set(heaviest);
        match &change.action.deed {
            Deed::Publish(_) => {
                if model.versions.count() == 0 {
                    model.position.set(u32::try_from(self.names.count()).expect("fewer names than events"));
                    self.names.push(name.clone());
                }
                model.owner.set(Some(change.by));
                model.versions.push(index);
                let number = u32::try_from(model.versions.count()).expect("fewer versions than events");
                for digest in change.action.digests() {
                    let version = VersionId { name: name.clone(), number };
                    self.digests.try_load_entry_mut(&digest).await?.push(version);
                }
            }
            Deed::Revoke { version, .. } => model.revocations.insert(version, index)?,
            Deed::Transfer { new_owner } => model.owner.set(Some(*new_owner)),
        }
        self.changes.push(change);
        Ok(())
    }

    /// The change of this index, which exists because the index was found in the state.
    pub async fn change(&self, index: u32) -> Result<Change, ViewError> {
        Ok(self.changes.get(index as usize).await?.expect("a known change is in the log"))
    }

    /// Refuses a name that this chain doesn't know; gives its place among all names.
    pub async fn position(&self, name: &str) -> Result<u32, Error> {
        match self.models.try_load_entry(name).await? {
            Some(model) => Ok(*model.position.get()),
            None => Err(Refusal::new("unknown-name", format!("No model is called {name}.")).into()),
        }
    }
}
