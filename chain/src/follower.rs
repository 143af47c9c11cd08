// SPDX-License-Identifier: Apache-2.0
//! The contract on a chain that follows: the home chain's events come in, and are applied to the copies here.
//!
//! There is a copy of the whole registry where it is followed, and one of each model that is watched.

use std::ops::Range;

use linera_sdk::{
    bcs,
    linera_base_types::{GenericApplicationId, StreamName, StreamUpdate},
};
use taleproof_chain::{
    limits::{self, CHANGE},
    models::Change,
    refusal::{Error, Refusal},
    registry::RegistryView,
    CHANGES, EVENTS_PER_COPY,
};

use crate::TaleproofContract;

impl TaleproofContract {
    pub fn follow(&mut self) -> Result<(), Error> {
        RegistryView::permit_follow(self.home(), self.runtime.chain_id())?;
        if !self.state.registry.following.get() {
            self.subscribe(CHANGES);
            self.state.registry.following.set(true);
        }
        Ok(())
    }

    pub async fn catch_up(&mut self, most: u32) -> Result<(), Error> {
        self.state.registry.permit_catch_up()?;
        self.copy(most).await
    }

    pub async fn watch(&mut self, name: &str, most: u32) -> Result<(), Error> {
        RegistryView::permit_follow(self.home(), self.runtime.chain_id())?;
        limits::name(name)?;
        if self.state.watched.try_load_entry(name).await?.is_some() {
            return self.copy_model(name, 0, most).await;
        }
        self.subscribe(name.as_bytes());
        self.state.watched.try_load_entry_mut(name).await?.following.set(true);
        Ok(())
    }

    fn subscribe(&mut self, stream: &[u8]) {
        let (home, application) = (self.home(), self.runtime.application_id().forget_abi());
        self.runtime.subscribe_to_events(home, application, StreamName::from(stream));
    }

    /// Hears how long a stream of the home chain is now.
    pub async fn announce(&mut self, update: &StreamUpdate) -> Result<(), Error> {
        let application = GenericApplicationId::User(self.runtime.application_id().forget_abi());
        let stream = &update.stream_id;
        let unknown = || {
            let sentence = format!("No events are taken from the stream {stream} of chain {}.", update.chain_id);
            Error::from(Refusal::new("unknown-stream", sentence))
        };
        if stream.application_id != application || update.chain_id != self.home() {
            return Err(unknown());
        }
        if stream.stream_name.0 == CHANGES {
            self.state.registry.hear(update.next_index);
            return self.copy(EVENTS_PER_COPY).await;
        }
        match std::str::from_utf8(&stream.stream_name.0) {
            Ok(name) if self.state.watched.try_load_entry(name).await?.is_some() => {
                self.copy_model(name, update.next_index, EVENTS_PER_COPY).await
            }
            _ => Err(unknown()),
        }
    }

    /// Copies the next events of the whole registry.
    async fn copy(&mut self, most: u32) -> Result<(), Error> {
        let changes = self.read(CHANGES, self.state.registry.missing(), most);
        Ok(self.state.registry.append(changes).await?)
    }

    /// Copies the next events of a model that is watched, and was announced to have had so many.
    async fn copy_model(&mut self, name: &str, announced: u32, most: u32) -> Result<(), Error> {
        let missing = {
            let mut model = self.state.watched.try_load_entry_mut(name).await?;
            model.hear(announced);
            model.missing()
        };
        let changes = self.read(name.as_bytes(), missing, most);
        Ok(self.state.watched.try_load_entry_mut(name).await?.append(changes).await?)
    }

    /// Reads the first events of a range: not more than asked for, and only as long as there is room for any that may come.
    fn read(&mut self, stream: &[u8], range: Range<u32>, most: u32) -> Vec<Change> {
        let home = self.home();
        let mut changes = Vec::new();
        for index in range.take(most.min(EVENTS_PER_COPY) as usize) {
            if self.room < CHANGE {
                break;
            }
            let change: Change = self.runtime.read_event(home, StreamName::from(stream), index);
            self.room -= bcs::serialized_size(&change).expect("what was read can be written");
            changes.push(change);
        }
        changes
    }
}
