// SPDX-License-Identifier: Apache-2.0
//! Followers and watchers: each event is copied once, in order, whatever is announced and however often.

use linera_sdk::{
    bcs,
    linera_base_types::{GenericApplicationId, StreamId, StreamName, StreamUpdate},
    util::BlockingWait as _,
    Contract as _,
};
use taleproof_chain::{limits::CHANGE, models::Deed, BYTES_PER_COPY, CHANGES, EVENTS_PER_COPY};

use super::*;

/// The home chain with these versions of one model, all of one block.
fn home_with(versions: u8) -> TaleproofContract {
    let mut contract = contract_on(home());
    for version in 1..=versions {
        contract.operate_as(ALICE, publish("toy", version)).unwrap();
    }
    contract
}

/// A chain that follows, and can read these events.
fn follower_of(home_chain: &TaleproofContract) -> TaleproofContract {
    let mut follower = contract_on(elsewhere());
    for (index, change) in home_chain.changes().iter().enumerate() {
        offer(&mut follower, index as u32, change);
    }
    follower.operate_as(ALICE, Operation::Follow).unwrap();
    follower
}

fn offer(follower: &mut TaleproofContract, index: u32, change: &Change) {
    follower.runtime.add_event(home(), StreamName::from(CHANGES), index, &bcs::to_bytes(change).unwrap());
}

fn update(previous_index: u32, next_index: u32) -> StreamUpdate {
    update_of(CHANGES, previous_index, next_index)
}

fn update_of(stream: &[u8], previous_index: u32, next_index: u32) -> StreamUpdate {
    let application_id = GenericApplicationId::User(application());
    let stream_id = StreamId { application_id, stream_name: StreamName::from(stream) };
    StreamUpdate { chain_id: home(), stream_id, previous_index, next_index }
}

fn watch(name: &str) -> Operation {
    Operation::Watch { name: name.into(), most: EVENTS_PER_COPY }
}

fn catch_up(most: u32) -> Operation {
    Operation::CatchUp { most }
}

/// A chain that watches one model, and can read these events of its stream.
fn watcher_of(name: &str, changes: &[Change]) -> TaleproofContract {
    let mut watcher = contract_on(elsewhere());
    for (index, change) in changes.iter().enumerate() {
        let bytes = bcs::to_bytes(change).unwrap();
        watcher.runtime.add_event(home(), StreamName::from(name.as_bytes()), index as u32, &bytes);
    }
    watcher.operate_as(ALICE, watch(name)).unwrap();
    watcher
}

fn watched(watcher: &TaleproofContract, name: &str) -> Vec<Change> {
    let registry = watcher.state.watched.try_load_entry(name).blocking_wait().unwrap().expect("it is watched");
    registry.changes.read(..).blocking_wait().unwrap()
}

fn process(follower: &mut TaleproofContract, updates: Vec<StreamUpdate>) {
    follower.process_streams(updates).blocking_wait();
}

#[test]
fn a_follower_has_what_the_home_chain_has() {
    let mut home_chain = home_with(2);
    home_chain.operate_as(ALICE, act("toy", Deed::Revoke { version: 1, reason: "Wrong.".into() })).unwrap();
    home_chain.operate_as(ALICE, act("toy", Deed::Transfer { new_owner: BOB })).unwrap();
    let mut follower = follower_of(&home_chain);
    process(&mut follower, vec![update(0, 4)]);

    assert_eq!(follower.changes(), home_chain.changes());
    for contract in [&home_chain, &follower] {
        let model = contract.state.registry.models.try_load_entry("toy").blocking_wait().unwrap().unwrap();
        assert_eq!(*model.owner.get(), Some(BOB));
        assert_eq!(model.versions.read(..).blocking_wait().unwrap(), [0, 1]);
        assert_eq!(model.revocations.get(&1).blocking_wait().unwrap(), Some(2));
    }
}

#[test]
fn two_versions_in_one_block_stay_in_order() {
    let home_chain = home_with(2);
    let changes = home_chain.changes();
    assert_eq!(changes[0].at, changes[1].at);
    let mut follower = follower_of(&home_chain);
    process(&mut follower, vec![update(0, 1), update(1, 2)]);
    assert_eq!(follower.changes(), changes);
}

#[test]
fn a_repeated_announcement_copies_nothing_twice() {
    let home_chain = home_with(3);
    let mut follower = follower_of(&home_chain);
    process(&mut follower, vec![update(0, 2), update(0, 2)]);
    process(&mut follower, vec![update(0, 2), update(1, 3), update(0, 3)]);
    assert_eq!(follower.changes(), home_chain.changes());
}

#[test]
fn announcements_out_of_order_copy_in_order() {
    let home_chain = home_with(4);
    let mut follower = follower_of(&home_chain);
    process(&mut follower, vec![update(2, 4), update(0, 2), update(1, 3)]);
    assert_eq!(follower.changes(), home_chain.changes());
    assert_eq!(*follower.state.registry.announced.get(), 4);
}

#[test]
fn a_gap_in_the_announcements_is_closed_from_the_stream() {
    let home_chain = home_with(3);
    let mut follower = follower_of(&home_chain);
    process(&mut follower, vec![update(2, 3)]);
    assert_eq!(follower.changes(), home_chain.changes());
}

#[test]
#[should_panic(expected = "Event not found")]
fn a_gap_in_the_stream_fails_the_block() {
    let changes = home_with(3).changes();
    let mut follower = contract_on(elsewhere());
    offer(&mut follower, 0, &changes[0]);
    offer(&mut follower, 2, &changes[2]);
    process(&mut follower, vec![update(0, 3)]);
}

#[test]
#[should_panic(expected = "[unknown-stream]")]
fn events_of_another_chain_are_refused() {
    let mut follower = follower_of(&home_with(1));
    process(&mut follower, vec![StreamUpdate { chain_id: elsewhere(), ..update(0, 1) }]);
}

#[test]
#[should_panic(expected = "[unknown-stream]")]
fn events_of_another_stream_are_refused() {
    let mut follower = follower_of(&home_with(1));
    let stream_id = StreamId { stream_name: StreamName::from(b"others"), ..update(0, 1).stream_id };
    process(&mut follower, vec![StreamUpdate { stream_id, ..update(0, 1) }]);
}

#[test]
fn a_long_stream_is_copied_block_by_block() {
    let mut follower = contract_on(elsewhere());
    let total = EVENTS_PER_COPY + 3;
    let mut change = home_with(1).changes().remove(0);
    for index in 0..total {
        change.action.name = format!("toy-{index}");
        offer(&mut follower, index, &change);
    }
    follower.operate_as(ALICE, Operation::Follow).unwrap();
    process(&mut follower, vec![update(0, total)]);
    assert_eq!(follower.state.registry.count(), EVENTS_PER_COPY);

    follower.operate_as(ALICE, catch_up(EVENTS_PER_COPY)).unwrap();
    assert_eq!(follower.state.registry.count(), total);
    assert_eq!(code(follower.operate_as(ALICE, catch_up(EVENTS_PER_COPY))), "caught-up");
    let names = follower.state.registry.names.read(..).blocking_wait().unwrap();
    assert_eq!(names.last(), Some(&format!("toy-{}", total - 1)));
}

/// Many of the largest changes that there can be.
fn largest_changes(count: u32) -> Vec<Change> {
    let mut contract = contract_on(home());
    let name = "n".repeat(64);
    contract.operate_as(ALICE, act(&name, Deed::Publish(largest(1)))).unwrap();
    vec![contract.changes().remove(0); count as usize]
}

fn bytes(changes: &[Change]) -> usize {
    changes.iter().map(|change| bcs::serialized_size(change).unwrap()).sum()
}

#[test]
fn no_change_is_larger_than_what_there_has_to_be_room_for() {
    assert!(bytes(&largest_changes(1)) <= CHANGE);
    let mut contract = contract_on(home());
    contract.operate_as(ALICE, publish("toy", 1)).unwrap();
    contract.operate_as(ALICE, act("toy", Deed::Revoke { version: 1, reason: "🦊".repeat(500) })).unwrap();
    assert!(bytes(&contract.changes()[1..]) <= CHANGE);
}

#[test]
fn large_events_are_copied_by_their_bytes() {
    let changes = largest_changes(20);
    let mut follower = contract_on(elsewhere());
    for (index, change) in changes.iter().enumerate() {
        offer(&mut follower, index as u32, change);
    }
    follower.operate_as(ALICE, Operation::Follow).unwrap();
    process(&mut follower, vec![update(0, 20)]);
    let first = follower.changes();
    assert!(bytes(&first) <= BYTES_PER_COPY && bytes(&first) + CHANGE > BYTES_PER_COPY, "{}", first.len());
    while follower.state.registry.count() < 20 {
        follower.room = BYTES_PER_COPY; // each operation has a contract of its own
        let before = follower.changes().len();
        follower.operate_as(ALICE, catch_up(EVENTS_PER_COPY)).unwrap();
        assert!(follower.changes().len() > before);
    }
    assert_eq!(follower.changes(), changes);
}

#[test]
fn all_streams_of_one_operation_share_its_room() {
    let changes = largest_changes(20);
    let name = changes[0].action.name.clone();
    let mut chain = watcher_of(&name, &changes);
    for (index, change) in changes.iter().enumerate() {
        offer(&mut chain, index as u32, change);
    }
    chain.operate_as(ALICE, Operation::Follow).unwrap();
    process(&mut chain, vec![update_of(name.as_bytes(), 0, 20), update(0, 20)]);
    let copied = bytes(&watched(&chain, &name)) + bytes(&chain.changes());
    assert!(copied <= BYTES_PER_COPY, "{copied}");
    assert_eq!(*chain.state.registry.announced.get(), 20, "what finds no room is heard of all the same");
}

#[test]
fn a_follower_may_ask_for_fewer() {
    let changes = home_with(5).changes();
    let mut follower = follower_of(&home_with(5));
    follower.state.registry.hear(5);
    for most in [1, 3] {
        follower.operate_as(ALICE, catch_up(most)).unwrap();
    }
    assert_eq!(follower.changes(), changes[..4]);

    let mut watcher = watcher_of("toy", &changes);
    watcher.state.watched.try_load_entry_mut("toy").blocking_wait().unwrap().hear(5);
    watcher.operate_as(ALICE, Operation::Watch { name: "toy".into(), most: 2 }).unwrap();
    assert_eq!(watched(&watcher, "toy"), changes[..2]);
}

#[test]
fn the_home_chain_does_not_follow_itself() {
    let mut contract = contract_on(home());
    assert_eq!(code(contract.operate_as(ALICE, Operation::Follow)), "follows-itself");
    assert!(!contract.state.registry.following.get());
}

#[test]
fn following_twice_is_following() {
    let mut follower = follower_of(&home_with(1));
    follower.operate_as(ALICE, Operation::Follow).unwrap();
    assert!(follower.state.registry.following.get());
}

#[test]
fn a_watcher_copies_one_model_and_nothing_else() {
    let mut home_chain = home_with(2);
    home_chain.operate_as(ALICE, publish("other", 9)).unwrap();
    home_chain.operate_as(ALICE, act("toy", Deed::Revoke { version: 2, reason: "Wrong.".into() })).unwrap();
    let changes: Vec<Change> = home_chain.changes().into_iter().filter(|change| change.action.name == "toy").collect();
    let mut watcher = watcher_of("toy", &changes);
    process(&mut watcher, vec![update_of(b"toy", 0, 3)]);

    assert_eq!(watched(&watcher, "toy"), changes);
    assert_eq!(watcher.changes(), []);
    let registry = watcher.state.watched.try_load_entry("toy").blocking_wait().unwrap().unwrap();
    let model = registry.models.try_load_entry("toy").blocking_wait().unwrap().unwrap();
    assert_eq!(model.versions.read(..).blocking_wait().unwrap(), [0, 1]);
    assert_eq!(model.revocations.get(&2).blocking_wait().unwrap(), Some(2));
}

#[test]
fn each_change_is_on_the_stream_of_all_and_on_that_of_its_model() {
    let mut home_chain = contract_on(home());
    home_chain.operate_as(ALICE, publish("toy", 1)).unwrap();
    home_chain.operate_as(ALICE, publish("other", 2)).unwrap();
    let change = home_chain.changes().remove(0);
    for (stream, emitted) in [(CHANGES, 2), (b"toy", 1), (b"other", 1), (b"nobody's", 0)] {
        let next = home_chain.runtime.emit(StreamName::from(stream), &change);
        assert_eq!(next, emitted, "{}", String::from_utf8_lossy(stream));
    }
}

#[test]
fn a_watched_model_is_copied_once_whatever_is_announced() {
    let changes = home_with(4).changes();
    let mut watcher = watcher_of("toy", &changes);
    process(&mut watcher, vec![update_of(b"toy", 1, 2), update_of(b"toy", 0, 1)]);
    process(&mut watcher, vec![update_of(b"toy", 0, 4), update_of(b"toy", 2, 4)]);
    assert_eq!(watched(&watcher, "toy"), changes);
}

#[test]
fn a_long_history_is_copied_by_watching_once_more() {
    let change = home_with(1).changes().remove(0);
    let total = EVENTS_PER_COPY + 3;
    let mut watcher = watcher_of("toy", &vec![change; total as usize]);
    process(&mut watcher, vec![update_of(b"toy", 0, total)]);
    assert_eq!(watched(&watcher, "toy").len(), EVENTS_PER_COPY as usize);

    watcher.operate_as(ALICE, watch("toy")).unwrap();
    assert_eq!(watched(&watcher, "toy").len(), total as usize);
    watcher.operate_as(ALICE, watch("toy")).unwrap();
    assert_eq!(watched(&watcher, "toy").len(), total as usize);
}

#[test]
fn following_and_watching_keep_copies_of_their_own() {
    let home_chain = home_with(2);
    let mut chain = watcher_of("toy", &home_chain.changes());
    for (index, change) in home_chain.changes().iter().enumerate() {
        offer(&mut chain, index as u32, change);
    }
    chain.operate_as(ALICE, Operation::Follow).unwrap();
    process(&mut chain, vec![update_of(b"toy", 0, 1), update(0, 2)]);
    assert_eq!(watched(&chain, "toy").len(), 1);
    assert_eq!(chain.changes().len(), 2);
}

#[test]
#[should_panic(expected = "[unknown-stream]")]
fn events_of_a_model_that_nobody_watches_are_refused() {
    let mut watcher = watcher_of("toy", &home_with(1).changes());
    process(&mut watcher, vec![update_of(b"other", 0, 1)]);
}

#[test]
fn what_is_watched_has_to_be_a_name_and_to_be_elsewhere() {
    assert_eq!(code(contract_on(home()).operate_as(ALICE, watch("toy"))), "follows-itself");
    assert_eq!(code(contract_on(elsewhere()).operate_as(ALICE, watch("*"))), "name-pattern");
}
