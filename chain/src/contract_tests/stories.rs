// SPDX-License-Identifier: Apache-2.0
//! Receipts of stories.

use linera_sdk::util::BlockingWait as _;

use super::*;

fn record(byte: u8) -> Operation {
    Operation::RecordStory { model: Digest([1; 32]), receipt: Digest([byte; 32]) }
}

#[test]
fn each_account_records_a_story_once_on_a_chain() {
    let mut contract = contract_on(elsewhere());
    contract.operate_as(ALICE, record(1)).unwrap();
    contract.operate_as(ALICE, record(2)).unwrap();
    assert_eq!(code(contract.operate_as(ALICE, record(1))), "already-recorded");
    contract.operate_as(BOB, record(1)).unwrap();

    let shelf = contract.state.stories.by_owner.try_load_entry(&ALICE).blocking_wait().unwrap().unwrap();
    let stories = shelf.stories.read(..).blocking_wait().unwrap();
    let kept: Vec<_> = stories.iter().map(|story| (story.number, story.receipt.0[0], story.recorded.height)).collect();
    assert_eq!(kept, [(1, 1, BlockHeight(7)), (2, 2, BlockHeight(7))]);
}

#[test]
fn a_story_needs_a_signer() {
    let mut contract = contract_on(elsewhere());
    contract.runtime.set_authenticated_signer(None);
    assert_eq!(code(contract.operate(record(1)).blocking_wait()), "not-signed");
}
