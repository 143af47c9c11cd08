// SPDX-License-Identifier: Apache-2.0
//! Who may do what to a name, and that a refusal changes nothing.

use linera_sdk::{
    linera_base_types::{CryptoHash, DataBlobHash},
    util::BlockingWait as _,
    Contract as _,
};
use taleproof_chain::{
    limits::{ACCOUNT, VERSIONS},
    models::{Chunk, Deed, FoundingModel},
};

use super::*;

fn revoke(version: u32) -> Deed {
    Deed::Revoke { version, reason: "It was the wrong file.".into() }
}

#[test]
fn a_name_belongs_to_the_account_that_published_it_first() {
    let mut contract = contract_on(home());
    contract.operate_as(ALICE, publish("toy", 1)).unwrap();
    contract.operate_as(ALICE, publish("toy", 2)).unwrap();

    assert_eq!(code(contract.operate_as(BOB, publish("toy", 3))), "not-owner");
    assert_eq!(code(contract.operate_as(BOB, act("toy", revoke(1)))), "not-owner");
    assert_eq!(code(contract.operate_as(BOB, act("toy", Deed::Transfer { new_owner: BOB }))), "not-owner");

    let deeds: Vec<_> = contract.changes().into_iter().map(|change| (change.by, change.action.deed)).collect();
    assert_eq!(deeds, [(ALICE, Deed::Publish(release(1))), (ALICE, Deed::Publish(release(2)))]);
}

#[test]
fn a_transferred_name_is_the_new_owners_alone() {
    let mut contract = contract_on(home());
    contract.operate_as(ALICE, publish("toy", 1)).unwrap();
    contract.operate_as(ALICE, act("toy", Deed::Transfer { new_owner: BOB })).unwrap();
    assert_eq!(code(contract.operate_as(ALICE, publish("toy", 2))), "not-owner");
    assert_eq!(code(contract.operate_as(BOB, act("toy", Deed::Transfer { new_owner: BOB }))), "same-owner");
    contract.operate_as(BOB, act("toy", revoke(1))).unwrap();
    assert_eq!(contract.changes().len(), 3);
}

#[test]
fn what_is_revoked_has_to_be_there_and_not_be_revoked() {
    let mut contract = contract_on(home());
    assert_eq!(code(contract.operate_as(ALICE, act("toy", revoke(1)))), "unknown-name");
    assert_eq!(code(contract.operate_as(ALICE, act("toy", Deed::Transfer { new_owner: BOB }))), "unknown-name");
    contract.operate_as(ALICE, publish("toy", 1)).unwrap();
    assert_eq!(code(contract.operate_as(ALICE, act("toy", revoke(0)))), "unknown-version");
    assert_eq!(code(contract.operate_as(ALICE, act("toy", revoke(2)))), "unknown-version");
    contract.operate_as(ALICE, act("toy", revoke(1))).unwrap();
    assert_eq!(code(contract.operate_as(ALICE, act("toy", revoke(1)))), "already-revoked");
    assert_eq!(contract.changes().len(), 2);
}

#[test]
fn an_account_publishes_so_many_bytes_and_revokes_what_it_likes() {
    let mut contract = contract_on(home());
    let (mut taken, per_name) = (0u64, 32);
    let refused = loop {
        let name = format!("toy-{}", taken / per_name);
        match contract.operate_as(ALICE, act(&name, Deed::Publish(largest(1)))) {
            Ok(()) => taken += 1,
            refused => break code(refused),
        }
    };
    assert_eq!((refused.as_str(), taken), ("account-full", ACCOUNT / RELEASE as u64 - 1));
    let transfer = act("toy-0", Deed::Transfer { new_owner: BOB });
    contract.state.published.insert(&ALICE, ACCOUNT).unwrap();
    assert_eq!(code(contract.operate_as(ALICE, transfer)), "account-full");
    contract.operate_as(ALICE, act("toy-0", revoke(1))).unwrap();
    contract.operate_as(BOB, publish("another-account", 1)).unwrap();
}

#[test]
fn a_name_has_so_many_versions() {
    let mut contract = contract_on(home());
    for _ in 0..VERSIONS {
        contract.operate_as(ALICE, publish("toy", 1)).unwrap();
    }
    assert_eq!(code(contract.operate_as(ALICE, publish("toy", 1))), "version-count");
    contract.operate_as(ALICE, act("toy", revoke(VERSIONS as u32))).unwrap();
    contract.operate_as(ALICE, publish("toy-2", 1)).unwrap();
}

#[test]
fn a_block_that_nobody_signed_publishes_nothing() {
    let mut contract = contract_on(home());
    contract.runtime.set_authenticated_signer(None);
    assert_eq!(code(contract.operate(publish("toy", 1)).blocking_wait()), "not-signed");
    assert!(contract.changes().is_empty());
}

#[test]
fn another_application_publishes_nothing_in_an_accounts_name() {
    let mut contract = contract_on(home());
    contract.runtime.set_authenticated_caller_id(ApplicationId::new(CryptoHash::test_hash("another")));
    assert_eq!(code(contract.operate_as(ALICE, publish("toy", 1))), "called");
    assert!(contract.changes().is_empty());
}

#[test]
fn a_broken_limit_is_refused_before_anything_is_done() {
    for chain in [home(), elsewhere()] {
        let mut contract = contract_on(chain);
        assert_eq!(code(contract.operate_as(ALICE, publish("Toy", 1))), "name-pattern");
        assert!(contract.changes().is_empty());
        assert!(contract.sent().is_empty());
    }
}

#[test]
#[should_panic(expected = "A name has the letters a to z")]
fn a_refused_operation_fails_its_block() {
    contract_on(home()).execute_operation(publish("Toy", 1)).blocking_wait();
}

#[test]
#[should_panic(expected = "Blob does not exist!")]
fn a_chunk_that_is_not_there_fails_the_block() {
    let mut contract = contract_on(home());
    let hash = DataBlobHash(CryptoHash::test_hash("chunk"));
    contract.runtime.add_expected_assert_data_blob_exists_requests(hash, None);
    let mut release = release(1);
    release.files[0].chunks = vec![Chunk { hash, size: 3 }];
    let _ = contract.operate_as(ALICE, act("toy", Deed::Publish(release)));
}

#[test]
fn chunks_that_are_there_are_published() {
    let mut contract = contract_on(home());
    let mut release = release(1);
    for (part, size) in [("first", 2), ("second", 1)] {
        let hash = DataBlobHash(CryptoHash::test_hash(part));
        contract.runtime.add_expected_assert_data_blob_exists_requests(hash, Some(()));
        release.files[0].chunks.push(Chunk { hash, size });
    }
    contract.operate_as(ALICE, act("toy", Deed::Publish(release.clone()))).unwrap();
    assert_eq!(contract.changes()[0].action.deed, Deed::Publish(release));
}

fn founding(name: &str) -> FoundingModel {
    FoundingModel { name: name.into(), owner: BOB, release: release(1) }
}

#[test]
fn founding_models_are_their_owners_first_changes() {
    let mut contract = contract_with(home(), vec![founding("toy"), founding("other")]);
    contract.instantiate(()).blocking_wait();
    let published: Vec<_> = contract.changes().into_iter().map(|change| (change.action.name, change.by)).collect();
    assert_eq!(published, [("toy".into(), BOB), ("other".into(), BOB)]);
    assert_eq!(code(contract.operate_as(ALICE, act("toy", revoke(1)))), "not-owner");
    contract.operate_as(BOB, act("toy", revoke(1))).unwrap();
}

#[test]
#[should_panic(expected = "has to be created on its home chain")]
fn the_application_is_created_on_its_home_chain_only() {
    contract_on(elsewhere()).instantiate(()).blocking_wait();
}

#[test]
#[should_panic(expected = "[name-pattern]")]
fn a_founding_model_keeps_to_the_limits() {
    contract_with(home(), vec![founding("Toy")]).instantiate(()).blocking_wait();
}
