// SPDX-License-Identifier: Apache-2.0
//! Queries. What they read is this chain's state; nothing is asked of another chain.

use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject};
use base64::{engine::general_purpose::STANDARD, Engine as _};
use linera_sdk::linera_base_types::{AccountOwner, BlockHeight, ChainId, DataBlobHash};
use taleproof_chain::{
    digest::Digest,
    models::{Block, FoundingModel},
    nft::Nft,
    refusal::{Error, Refusal},
    requests::Request,
    state::State,
    stories::Story,
};

use crate::{
    objects::{ChangeOutput, ModelOutput, Source, Version, Watched},
    page::{self, Page, Room},
    Runtime,
};

/// What this chain knows of the registry.
#[derive(SimpleObject)]
pub struct Registry {
    application: String,
    chain: ChainId,
    home_chain: ChainId,
    is_home: bool,
    following: bool,
    /// Changes that are known here.
    copied: u32,
    /// Changes that this chain was told of. If they are more, catch up.
    announced: u32,
    /// Names that are known here.
    models: u32,
    /// The home chain's block of the last change that is known here.
    latest: Option<Block>,
    /// Of this chain.
    next_height: BlockHeight,
}

pub struct QueryRoot {
    pub state: Arc<State>,
    pub runtime: Runtime,
}

#[Object(name = "Query")]
impl QueryRoot {
    /// What this chain knows of the registry.
    async fn registry(&self) -> Result<Registry> {
        let registry = &self.state.registry;
        let (chain, home_chain) = (self.runtime.chain_id(), self.runtime.application_parameters().home);
        let copied = registry.count();
        let latest = match copied.checked_sub(1) {
            Some(index) => Some(registry.change(index).await?.at),
            None => None,
        };
        Ok(Registry {
            application: self.runtime.application_id().forget_abi().to_string(),
            chain,
            home_chain,
            is_home: chain == home_chain,
            following: *registry.following.get(),
            copied,
            announced: *registry.announced.get(),
            models: registry.names.count() as u32,
            latest,
            next_height: self.runtime.next_block_height(),
        })
    }

    /// The models that stand in the application's parameters, the same on every chain.
    async fn founding(&self) -> Vec<FoundingModel> {
        self.runtime.application_parameters().founding
    }

    /// The model of this name; null if this chain doesn't know it.
    async fn model(&self, name: String) -> Result<Option<ModelOutput>> {
        Ok(Source::Whole(self.state.clone()).model(name).await?)
    }

    /// The same from the changes of this model alone, which a chain has that watches it; the home chain has those of all.
    async fn watched(&self, name: String) -> Result<Watched> {
        let home = self.runtime.application_parameters().home == self.runtime.chain_id();
        let source = if home {
            Some(Source::Whole(self.state.clone()))
        } else {
            let registry = self.state.watched.try_load_entry(&name).await?;
            registry.map(|registry| Source::Watched(Arc::new(registry)))
        };
        let Some(source) = source else {
            return Ok(Watched { following: false, copied: 0, announced: 0, model: None });
        };
        let (copied, announced) = (source.count(), *source.announced.get());
        Ok(Watched { following: true, copied, announced, model: source.model(name).await? })
    }

    /// All models in the order of their first publication, those that follow the name `after`.
    async fn models(&self, after: Option<String>, first: Option<i32>) -> Result<Page<ModelOutput, String>> {
        let registry = &self.state.registry;
        let start = match after {
            Some(name) => Some(registry.position(&name).await? + 1),
            None => None,
        };
        let count = registry.names.count();
        let range = page::range(start, first, count).map_err(Error::from)?.0;
        let (start, mut room, mut items) = (range.start, Room::new(), Vec::new());
        for name in registry.names.read(range).await? {
            let model = registry.models.try_load_entry(&name).await?.expect("a listed model is in the state");
            // A model is asked for two of its versions as a rule: the latest, and the latest usable one.
            let fits = room.take(2 * *model.heaviest.get() as usize);
            items.push(ModelOutput { source: Source::Whole(self.state.clone()), name });
            if !fits {
                break;
            }
        }
        let next = page::next(start, items.len(), count).and(items.last()).map(|model| model.name.clone());
        Ok(Page { items, next })
    }

    /// Every version with a file of this SHA-256 or SHA3-256, the first registered first.
    async fn version(&self, digest: Digest, after: Option<u32>, first: Option<i32>) -> Result<Page<Version, u32>> {
        let registry = &self.state.registry;
        let Some(known) = registry.digests.try_load_entry(&digest).await? else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let count = known.count();
        let range = page::range(after, first, count).map_err(Error::from)?.0;
        let (start, mut room, mut items) = (range.start, Room::new(), Vec::new());
        for id in known.read(range).await? {
            let model = registry.models.try_load_entry(&id.name).await?.expect("an indexed model is in the state");
            let version =
                Version::load(registry, &model, id.number).await?.expect("an indexed version is in the state");
            let fits = room.take(version.weight());
            items.push(version);
            if !fits {
                break;
            }
        }
        let next = page::next(start, items.len(), count);
        Ok(Page { items, next })
    }

    /// All that was done with a name, the oldest first.
    async fn history(&self, name: String, after: Option<u32>, first: Option<i32>) -> Result<Page<ChangeOutput, u32>> {
        let registry = &self.state.registry;
        let Some(model) = registry.models.try_load_entry(&name).await? else {
            return Err(Error::from(Refusal::new("unknown-name", format!("No model is called {name}."))).into());
        };
        let (range, more) = page::range(after, first, model.changes.count()).map_err(Error::from)?;
        let next = more.then_some(range.end as u32);
        let mut items = Vec::new();
        for index in model.changes.read(range).await? {
            items.push(ChangeOutput::load(registry, &model, index).await?);
        }
        Ok(Page { items, next })
    }

    /// All that was done in the registry, the oldest first; `registry` says how many changes there are.
    async fn changes(&self, after: Option<u32>, first: Option<i32>) -> Result<Page<ChangeOutput, u32>> {
        let registry = &self.state.registry;
        let (range, more) = page::range(after, first, registry.changes.count()).map_err(Error::from)?;
        let next = more.then_some(range.end as u32);
        let mut items = Vec::new();
        for index in range.start as u32..range.end as u32 {
            let name = registry.change(index).await?.action.name;
            let model = registry.models.try_load_entry(&name).await?.expect("a changed model is in the state");
            items.push(ChangeOutput::load(registry, &model, index).await?);
        }
        Ok(Page { items, next })
    }

    /// What this chain asked of another, by its number.
    async fn request(&self, number: u32) -> Result<Option<Request>> {
        Ok(self.state.requests.requests.get(&number).await?)
    }

    /// All that this chain asked of others, the oldest first.
    async fn requests(&self, after: Option<u32>, first: Option<i32>) -> Result<Page<Request, u32>> {
        let requests = &self.state.requests;
        let (range, more) = page::range(after, first, *requests.count.get() as usize).map_err(Error::from)?;
        let next = more.then_some(range.end as u32);
        let mut items = Vec::new();
        for place in range {
            items.extend(requests.requests.get(&(place as u32 + 1)).await?);
        }
        Ok(Page { items, next })
    }

    /// The stories that an account recorded on this chain, the oldest first.
    async fn stories(&self, owner: AccountOwner, after: Option<u32>, first: Option<i32>) -> Result<Page<Story, u32>> {
        let Some(shelf) = self.state.stories.by_owner.try_load_entry(&owner).await? else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let (range, more) = page::range(after, first, shelf.stories.count()).map_err(Error::from)?;
        let next = more.then_some(range.end as u32);
        Ok(Page { items: shelf.stories.read(range).await?, next })
    }

    /// The bytes of a data blob in base64.
    async fn chunk(&self, hash: DataBlobHash) -> String {
        STANDARD.encode(self.runtime.read_data_blob(hash))
    }

    /// The token, if it is on this chain.
    async fn nft(&self, token_id: Digest) -> Result<Option<Nft>> {
        Ok(self.state.nfts.nfts.get(&token_id).await?)
    }

    /// The tokens on this chain, by their ids.
    async fn nfts(&self, after: Option<Digest>, first: Option<i32>) -> Result<Page<Nft, Digest>> {
        let ids = page::after(self.state.nfts.nfts.indices().await?, after, first).map_err(Error::from)?;
        self.load(ids).await
    }

    /// An account's tokens on this chain, by their ids.
    async fn owned_nfts(
        &self,
        owner: AccountOwner,
        after: Option<Digest>,
        first: Option<i32>,
    ) -> Result<Page<Nft, Digest>> {
        self.load(self.owned(owner, after, first).await?).await
    }

    /// The ids of an account's tokens on this chain.
    async fn owned_token_ids(
        &self,
        owner: AccountOwner,
        after: Option<Digest>,
        first: Option<i32>,
    ) -> Result<Page<Digest, Digest>> {
        self.owned(owner, after, first).await
    }
}

impl QueryRoot {
    async fn owned(
        &self,
        owner: AccountOwner,
        after: Option<Digest>,
        first: Option<i32>,
    ) -> Result<Page<Digest, Digest>> {
        let ids = match self.state.nfts.owned.try_load_entry(&owner).await? {
            Some(owned) => owned.indices().await?,
            None => Vec::new(),
        };
        Ok(page::after(ids, after, first).map_err(Error::from)?)
    }

    async fn load(&self, ids: Page<Digest, Digest>) -> Result<Page<Nft, Digest>> {
        let (count, mut room, mut items) = (ids.items.len(), Room::new(), Vec::new());
        for nft in self.state.nfts.nfts.multi_get(&ids.items).await?.into_iter().flatten() {
            let fits = room.take(nft.weight());
            items.push(nft);
            if !fits {
                break;
            }
        }
        let next = if items.len() < count { items.last().map(|nft: &Nft| nft.token_id) } else { ids.next };
        Ok(Page { items, next })
    }
}
