//! The contract on a chain that follows: the home chain's events come in, and are applied to the copy here.

use linera_sdk::linera_base_types::{GenericApplicationId, StreamName, StreamUpdate};
use taleproof_chain::{
    refusal::{require, Error},
    registry::RegistryView,
    CHANGES, EVENTS_PER_BLOCK,
};

use crate::TaleproofContract;

impl TaleproofContract {
    pub fn follow(&mut self) -> Result<(), Error> {
        let home = self.home();
        RegistryView::permit_follow(home, self.runtime.chain_id())?;
        if !self.state.registry.following.get() {
            let application = self.runtime.application_id().forget_abi();
            self.runtime.subscribe_to_events(home, application, StreamName::from(CHANGES));
            self.state.registry.following.set(true);
        }
        Ok(())
    }

    /// Hears how long the home chain's stream is now.
    pub async fn announce(&mut self, update: &StreamUpdate) -> Result<(), Error> {
        let application = GenericApplicationId::User(self.runtime.application_id().forget_abi());
        let stream = &update.stream_id;
        let known = stream.application_id == application && stream.stream_name == StreamName::from(CHANGES);
        require(known && update.chain_id == self.home(), "unknown-stream", || {
            format!("No events are taken from the stream {stream} of chain {}.", update.chain_id)
        })?;
        let announced = update.next_index.max(*self.state.registry.announced.get());
        self.state.registry.announced.set(announced);
        self.copy().await
    }

    pub async fn catch_up(&mut self) -> Result<(), Error> {
        self.state.registry.permit_catch_up()?;
        self.copy().await
    }

    /// Copies the next events. Their indices come from this chain's own log, so that an announcement that is
    /// repeated, late or beyond a gap can neither skip an event nor copy one twice.
    async fn copy(&mut self) -> Result<(), Error> {
        let home = self.home();
        let next = self.state.registry.count();
        let end = (*self.state.registry.announced.get()).min(next.saturating_add(EVENTS_PER_BLOCK));
        let read = |index| self.runtime.read_event(home, StreamName::from(CHANGES), index);
        let changes = (next..end).map(read).collect();
        Ok(self.state.registry.append(changes).await?)
    }
}
