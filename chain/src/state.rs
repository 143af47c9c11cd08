// SPDX-License-Identifier: Apache-2.0
//! All that the application keeps on one chain.

use linera_sdk::{
    bcs,
    linera_base_types::AccountOwner,
    views::{linera_views, MapView, RootView, ViewError, ViewStorageContext},
};

use crate::{
    limits::ACCOUNT,
    models::{Action, Deed},
    nft::NftsView,
    refusal::{require, Error},
    registry::{CollectionView, RegistryView},
    requests::RequestsView,
    stories::StoriesView,
};

/// A part of the state. The derive macro takes a field's type only with arguments, and a part has none of its own.
type Part<View> = View;

#[derive(RootView)]
#[view(context = ViewStorageContext)]
pub struct State {
    pub registry: Part<RegistryView>,
    /// By name: a registry of this one model, for which nothing else has to be copied.
    pub watched: CollectionView<String, RegistryView>,
    pub requests: Part<RequestsView>,
    pub stories: Part<StoriesView>,
    pub nfts: Part<NftsView>,
    /// On the home chain, the bytes that each account published and gave away.
    pub published: MapView<AccountOwner, u64>,
}

impl State {
    /// Refuses an action that is not the account's to do, or for which it has no room left.
    pub async fn permit(&self, action: &Action, by: AccountOwner) -> Result<(), Error> {
        self.registry.permit(action, by).await?;
        let published = self.published(by).await?;
        require(published + weight(action) <= ACCOUNT, "account-full", || {
            format!(
                "An account publishes at most {ACCOUNT} bytes in this registry, and {by} has published {published}."
            )
        })?;
        Ok(())
    }

    /// Counts what a permitted action adds to what its account has published.
    pub async fn charge(&mut self, action: &Action, by: AccountOwner) -> Result<(), ViewError> {
        let published = self.published(by).await?;
        self.published.insert(&by, published + weight(action))
    }

    async fn published(&self, by: AccountOwner) -> Result<u64, ViewError> {
        Ok(self.published.get(&by).await?.unwrap_or_default())
    }
}

/// The bytes of an action that count; a revocation has none, so that it is taken whatever was published before.
fn weight(action: &Action) -> u64 {
    match action.deed {
        Deed::Revoke { .. } => 0,
        Deed::Publish(_) | Deed::Transfer { .. } => {
            bcs::serialized_size(action).expect("an action can be written in BCS") as u64
        }
    }
}
