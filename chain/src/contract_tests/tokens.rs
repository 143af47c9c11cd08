// SPDX-License-Identifier: Apache-2.0
//! Tokens: minted once, moved only by their owners, never lost and never doubled.

use linera_sdk::{linera_base_types::Account, util::BlockingWait as _};
use taleproof_chain::nft::{Mode, Nft, Sampler, StoryLimits, StoryReceipt};

use super::*;

fn receipt(byte: u8) -> StoryReceipt {
    StoryReceipt {
        story: Digest([byte; 32]),
        model: Digest([1; 32]),
        tokenizer: None,
        numerics: 1,
        kernels: None,
        prompt: "Once upon a time".into(),
        prompt_tokens: Digest([8; 32]),
        mode: Mode::Raw,
        date: None,
        sampler: Sampler {
            seed: "42".into(),
            temperature: Some("0.8".into()),
            top_p: None,
            top_k: None,
            min_p: None,
            repeat_penalty: "1".into(),
            repeat_last_n: 64,
        },
        limits: StoryLimits { max_tokens: 64, stop: Vec::new(), context: 512 },
        token_count: 10,
        tokens: Digest([2; 32]),
    }
}

fn mint(byte: u8) -> Operation {
    Operation::Mint { minter: ALICE, receipt: Box::new(receipt(byte)) }
}

fn tokens(contract: &TaleproofContract) -> Vec<Nft> {
    let tokens = contract.state.nfts.nfts.index_values().blocking_wait().unwrap();
    tokens.into_iter().map(|(_, nft)| nft).collect()
}

fn owned(contract: &TaleproofContract, owner: AccountOwner) -> Vec<Digest> {
    match contract.state.nfts.owned.try_load_entry(&owner).blocking_wait().unwrap() {
        Some(owned) => owned.indices().blocking_wait().unwrap(),
        None => Vec::new(),
    }
}

fn account(chain_id: ChainId, owner: AccountOwner) -> Account {
    Account { chain_id, owner }
}

/// A chain on which Alice has minted one token.
fn minted() -> (TaleproofContract, Digest) {
    let mut contract = contract_on(elsewhere());
    contract.operate_as(ALICE, mint(1)).unwrap();
    let id = tokens(&contract)[0].token_id;
    (contract, id)
}

fn transfer(token_id: Digest, source_owner: AccountOwner, target_account: Account) -> Operation {
    Operation::Transfer { source_owner, token_id, target_account }
}

#[test]
fn a_token_holds_its_receipt_and_an_id_of_its_own() {
    let (mut contract, id) = minted();
    let nft = tokens(&contract).remove(0);
    assert_eq!((nft.owner, nft.minter, nft.minted_on, &nft.receipt), (ALICE, ALICE, elsewhere(), &receipt(1)));
    assert_eq!(owned(&contract, ALICE), [id]);

    contract.operate_as(ALICE, mint(2)).unwrap();
    let mut elsewhere = contract_on(home());
    elsewhere.operate_as(ALICE, mint(1)).unwrap();
    let mut ids: Vec<_> = tokens(&contract).iter().chain(&tokens(&elsewhere)).map(|nft| nft.token_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_receipt_is_minted_once_a_chain_wherever_its_token_is() {
    let (mut contract, id) = minted();
    assert_eq!(code(contract.operate_as(ALICE, mint(1))), "already-minted");
    contract.operate_as(ALICE, transfer(id, ALICE, account(home(), BOB))).unwrap();
    assert!(tokens(&contract).is_empty());
    assert_eq!(code(contract.operate_as(ALICE, mint(1))), "already-minted");
}

#[test]
fn nobody_mints_for_another_or_beyond_a_limit() {
    let mut contract = contract_on(elsewhere());
    assert_eq!(code(contract.operate_as(BOB, mint(1))), "not-signed-by-owner");
    let mut long = receipt(1);
    long.prompt = "x".repeat(20_000);
    let operation = Operation::Mint { minter: ALICE, receipt: Box::new(long) };
    assert_eq!(code(contract.operate_as(ALICE, operation)), "prompt-length");
    assert!(tokens(&contract).is_empty());
}

#[test]
fn a_token_is_moved_by_its_owner_only() {
    let (mut contract, id) = minted();
    let to_bob = account(elsewhere(), BOB);
    assert_eq!(code(contract.operate_as(BOB, transfer(id, ALICE, to_bob))), "not-signed-by-owner");
    assert_eq!(code(contract.operate_as(BOB, transfer(id, BOB, to_bob))), "not-token-owner");
    assert_eq!(code(contract.operate_as(ALICE, transfer(Digest([9; 32]), ALICE, to_bob))), "unknown-token");
    let to_nobody = account(elsewhere(), AccountOwner::CHAIN);
    assert_eq!(code(contract.operate_as(ALICE, transfer(id, ALICE, to_nobody))), "reserved-owner");
    assert_eq!(owned(&contract, ALICE), [id]);

    contract.operate_as(ALICE, transfer(id, ALICE, to_bob)).unwrap();
    assert!(contract.sent().is_empty());
    assert_eq!((owned(&contract, ALICE), owned(&contract, BOB)), (vec![], vec![id]));
    assert_eq!(tokens(&contract)[0].minter, ALICE);
}

#[test]
fn a_token_goes_to_another_chain() {
    let (mut contract, id) = minted();
    contract.operate_as(ALICE, transfer(id, ALICE, account(home(), BOB))).unwrap();
    let [message] = contract.sent().try_into().expect("one message");
    assert!(message.is_tracked && message.destination == home());
    assert!(tokens(&contract).is_empty() && owned(&contract, ALICE).is_empty());

    let mut other = contract_on(home());
    other.receive_from(elsewhere(), None, message.message);
    assert_eq!(owned(&other, BOB), [id]);
    assert_eq!(tokens(&other)[0].receipt, receipt(1));
}

#[test]
fn a_token_that_bounces_is_its_senders_again() {
    let (mut contract, id) = minted();
    let before = tokens(&contract);
    contract.operate_as(ALICE, transfer(id, ALICE, account(home(), BOB))).unwrap();
    let message = contract.sent().remove(0).message;
    contract.bounce_from(home(), message);
    assert_eq!(tokens(&contract), before);
    assert_eq!((owned(&contract, ALICE), owned(&contract, BOB)), (vec![id], vec![]));
}

#[test]
fn an_owner_claims_a_token_back_from_another_chain() {
    let (mut source, id) = minted();
    let mut claimer = contract_on(home());
    let claim = Operation::Claim {
        source_account: account(elsewhere(), ALICE),
        token_id: id,
        target_account: account(home(), BOB),
    };
    assert_eq!(code(claimer.operate_as(BOB, claim.clone())), "not-signed-by-owner");
    let to_nobody = Operation::Claim {
        source_account: account(elsewhere(), ALICE),
        token_id: id,
        target_account: account(home(), AccountOwner::CHAIN),
    };
    assert_eq!(code(claimer.operate_as(ALICE, to_nobody)), "reserved-owner");
    claimer.operate_as(ALICE, claim).unwrap();
    let [asked] = claimer.sent().try_into().expect("one message");
    assert!(asked.authenticated && asked.destination == elsewhere());

    source.receive_from(home(), Some(ALICE), asked.message);
    let sent: Vec<_> = source.sent().into_iter().map(|each| each.message).collect();
    assert!(matches!(&sent[0], Message::Token { nft, new_owner } if nft.token_id == id && *new_owner == BOB));
    assert!(matches!(&sent[1], Message::Answer { request: 1, outcome } if outcome.refused.is_none()));
    assert!(tokens(&source).is_empty());
}

#[test]
fn a_claim_by_another_is_answered_and_moves_nothing() {
    let (mut source, id) = minted();
    let claim =
        |source_owner| Message::Claim { request: 1, source_owner, token_id: id, target_account: account(home(), BOB) };
    for (source_owner, code) in [(ALICE, "[not-signed-by-owner]"), (BOB, "[not-token-owner]")] {
        source.receive_from(home(), Some(BOB), claim(source_owner));
        let [answer] = source.sent().try_into().expect("an answer and no token");
        let Message::Answer { outcome, .. } = answer.message else { panic!("an answer") };
        assert!(outcome.refused.unwrap().ends_with(code));
    }
    assert_eq!(owned(&source, ALICE), [id]);
}
