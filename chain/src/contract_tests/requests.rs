// SPDX-License-Identifier: Apache-2.0
//! Publishing from another chain: the message there, the answer back, and what the sender keeps.

use linera_sdk::{linera_base_types::BlockHeight, util::BlockingWait as _};
use taleproof_chain::{
    models::{Block, Deed},
    requests::{Outcome, Request, RequestKind, RequestStatus},
};

use super::*;

fn request(contract: &TaleproofContract, number: u32) -> Request {
    contract.state.requests.requests.get(&number).blocking_wait().unwrap().expect("the request is kept")
}

/// Lets the home chain answer what another chain asked, signed by an account there.
fn answer_of(home_chain: &mut TaleproofContract, signer: Option<AccountOwner>, message: Message) -> Message {
    home_chain.receive_from(elsewhere(), signer, message);
    let [answer] = home_chain.sent().try_into().expect("one answer");
    assert_eq!(answer.destination, elsewhere());
    answer.message
}

#[test]
fn an_accepted_publication_is_known_to_both_chains() {
    let (mut sender, mut home_chain) = (contract_on(elsewhere()), contract_on(home()));
    sender.operate_as(BOB, publish("toy", 1)).unwrap();
    let kept = request(&sender, 1);
    assert_eq!((kept.kind, kept.status, kept.by), (RequestKind::Publish, RequestStatus::Pending, BOB));
    assert!(sender.changes().is_empty(), "the sender's copy changes by the event alone");

    let [asked] = sender.sent().try_into().expect("one message");
    assert!(asked.authenticated && asked.is_tracked && asked.destination == home());
    home_chain.runtime.set_block_height(BlockHeight(9));
    let answer = answer_of(&mut home_chain, Some(BOB), asked.message);
    assert_eq!(home_chain.changes()[0].by, BOB);

    sender.receive_from(home(), None, answer);
    let settled = request(&sender, 1);
    assert_eq!(settled.status, RequestStatus::Accepted);
    assert_eq!(settled.answered.map(|block| block.height), Some(BlockHeight(9)));
}

#[test]
fn a_refused_publication_comes_back_with_its_reason() {
    let (mut sender, mut home_chain) = (contract_on(elsewhere()), contract_on(home()));
    home_chain.operate_as(ALICE, publish("toy", 1)).unwrap();
    sender.operate_as(BOB, publish("toy", 2)).unwrap();
    let asked = sender.sent().remove(0).message;
    let answer = answer_of(&mut home_chain, Some(BOB), asked);
    assert_eq!(home_chain.changes().len(), 1);
    sender.receive_from(home(), None, answer);
    let settled = request(&sender, 1);
    assert_eq!(settled.status, RequestStatus::Refused);
    assert!(settled.reason.unwrap().ends_with("[not-owner]"));
}

#[test]
fn a_message_without_a_signer_or_beyond_a_limit_is_refused() {
    let mut home_chain = contract_on(home());
    let action = |name: &str| Action { name: name.into(), deed: Deed::Publish(release(1)) };
    for (signer, name, code) in [(None, "toy", "[not-signed]"), (Some(BOB), "Toy", "[name-pattern]")] {
        let message = Message::Act { request: 1, action: action(name) };
        let Message::Answer { outcome, .. } = answer_of(&mut home_chain, signer, message) else { panic!("an answer") };
        assert!(outcome.refused.unwrap().ends_with(code));
    }
    assert!(home_chain.changes().is_empty());
}

#[test]
fn only_the_home_chain_changes_the_registry() {
    let mut other = contract_on(elsewhere());
    let action = Action { name: "toy".into(), deed: Deed::Publish(release(1)) };
    other.receive_from(home(), Some(BOB), Message::Act { request: 1, action });
    let Message::Answer { outcome, .. } = other.sent().remove(0).message else { panic!("an answer") };
    assert!(outcome.refused.unwrap().ends_with("[not-home]"));
    assert!(other.changes().is_empty());
}

#[test]
fn a_publication_that_bounces_is_refused() {
    let mut sender = contract_on(elsewhere());
    sender.operate_as(BOB, publish("toy", 1)).unwrap();
    let message = sender.sent().remove(0).message;
    sender.bounce_from(home(), message);
    let settled = request(&sender, 1);
    assert_eq!((settled.status, settled.answered), (RequestStatus::Refused, None));
    assert!(settled.reason.unwrap().ends_with("[bounced]"));
}

#[test]
fn only_the_chain_that_was_asked_answers_and_only_once() {
    let mut sender = contract_on(elsewhere());
    sender.operate_as(BOB, publish("toy", 1)).unwrap();
    let at = Block { height: BlockHeight(9), timestamp: Timestamp::from(2_000_000) };
    let accepted = Outcome { at, refused: None };
    let stranger = ChainId(CryptoHash::test_hash("stranger"));
    sender.receive_from(stranger, None, Message::Answer { request: 1, outcome: accepted.clone() });
    assert_eq!(request(&sender, 1).status, RequestStatus::Pending);

    sender.receive_from(home(), None, Message::Answer { request: 1, outcome: accepted });
    let refused = Outcome { at, refused: Some("Too late.".into()) };
    sender.receive_from(home(), None, Message::Answer { request: 1, outcome: refused.clone() });
    assert_eq!(request(&sender, 1).status, RequestStatus::Accepted);

    sender.receive_from(home(), None, Message::Answer { request: 2, outcome: refused });
    assert_eq!(*sender.state.requests.count.get(), 1);
}
