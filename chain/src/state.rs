//! All that the application keeps on one chain.

use linera_sdk::views::{linera_views, RootView, ViewStorageContext};

use crate::{
    nft::NftsView,
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
}
