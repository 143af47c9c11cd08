// SPDX-License-Identifier: Apache-2.0
//! Pages of lists: a cursor comes in, some items and the next cursor go out.

use async_graphql::{OutputType, SimpleObject};
use taleproof_chain::{
    digest::Digest,
    nft::Nft,
    refusal::{require, Refusal},
    requests::Request,
    stories::Story,
};

use crate::objects::{ChangeOutput, ModelOutput, Version};

const MOST: i32 = 100;
const USUAL: i32 = 50;
/// Bytes of a page's items, in BCS, beyond which it takes no further one.
const WEIGHT: usize = 1_000_000;

/// Some items of a list; `next`, passed as `after`, leads to those that follow, and is null at the end.
#[derive(SimpleObject)]
#[graphql(concrete(name = "ModelPage", params(ModelOutput, String)))]
#[graphql(concrete(name = "VersionPage", params(Version, u32)))]
#[graphql(concrete(name = "ChangePage", params(ChangeOutput, u32)))]
#[graphql(concrete(name = "RequestPage", params(Request, u32)))]
#[graphql(concrete(name = "StoryPage", params(Story, u32)))]
#[graphql(concrete(name = "NftPage", params(Nft, Digest)))]
#[graphql(concrete(name = "TokenIdPage", params(Digest, Digest)))]
pub struct Page<Item: OutputType, Cursor: OutputType> {
    pub items: Vec<Item>,
    pub next: Option<Cursor>,
}

/// Checks how many items are asked for.
pub fn size(first: Option<i32>) -> Result<usize, Refusal> {
    let first = first.unwrap_or(USUAL);
    require((1..=MOST).contains(&first), "page-size", || {
        format!("A page has 1 to {MOST} items; {first} were asked for.")
    })?;
    Ok(first as usize)
}

/// How much room a page has left. Its first item is taken whatever it weighs.
pub struct Room(usize);

impl Room {
    pub fn new() -> Self {
        Self(WEIGHT)
    }

    /// Takes an item of so many bytes; says whether another may follow.
    pub fn take(&mut self, bytes: usize) -> bool {
        self.0 = self.0.saturating_sub(bytes);
        self.0 > 0
    }
}

/// How many of a list's `count` items were passed when a page that began at `start` has so many; null at the list's end.
pub fn next(start: usize, items: usize, count: usize) -> Option<u32> {
    let end = start + items;
    (end < count).then_some(end as u32)
}

/// The range of a list that follows its `after` first items, and whether more follows it.
pub fn range(after: Option<u32>, first: Option<i32>, count: usize) -> Result<(std::ops::Range<usize>, bool), Refusal> {
    let start = (after.unwrap_or(0) as usize).min(count);
    let end = start.saturating_add(size(first)?).min(count);
    Ok((start..end, end < count))
}

/// The page of a sorted list that follows the item `after`.
pub fn after(ids: Vec<Digest>, after: Option<Digest>, first: Option<i32>) -> Result<Page<Digest, Digest>, Refusal> {
    let size = size(first)?;
    let start = after.map_or(0, |after| ids.partition_point(|id| *id <= after));
    let items: Vec<_> = ids[start..].iter().copied().take(size).collect();
    let next = if start + items.len() < ids.len() { items.last().copied() } else { None };
    Ok(Page { items, next })
}
