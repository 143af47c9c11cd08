// SPDX-License-Identifier: Apache-2.0
//! The bytes of operations, messages, events and parameters. A change here breaks every deployed application's clients
//! and followers. With UPDATE_SNAPSHOTS=1 the snapshot is written anew.

#![cfg(not(target_arch = "wasm32"))]

mod samples;

use std::{env, fs, path::Path};

use linera_sdk::{
    bcs,
    linera_base_types::{AccountOwner, BlockHeight, ChainId, Timestamp},
    serde_json::{self, json, Value},
};
use samples::{account, chunk, hash, receipt, release};
use serde::{de::DeserializeOwned, Serialize};
use taleproof_chain::{
    digest::Digest,
    models::{Action, Block, Change, Deed, FoundingModel},
    nft::Nft,
    requests::Outcome,
    Message, Operation, Parameters,
};

const OWNER: AccountOwner = AccountOwner::Address20([8; 20]);

fn block() -> Block {
    Block { height: BlockHeight(7), timestamp: Timestamp::from(9) }
}

/// A value in BCS and in JSON, each of which reads back as the same value.
fn sample<T: Serialize + DeserializeOwned>(value: &T) -> Value {
    let (bytes, json) = (bcs::to_bytes(value).unwrap(), serde_json::to_value(value).unwrap());
    let from_bytes: T = bcs::from_bytes(&bytes).unwrap();
    let from_json: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&from_bytes).unwrap(), json);
    assert_eq!(bcs::to_bytes(&from_json).unwrap(), bytes);
    json!({ "bcs": hex::encode(bytes), "json": json })
}

fn deeds() -> [Deed; 3] {
    let mut on_chain = release();
    on_chain.files[0].chunks.push(chunk());
    [Deed::Publish(on_chain), Deed::Revoke { version: 2, reason: "Wrong.".into() }, Deed::Transfer { new_owner: OWNER }]
}

fn actions() -> impl Iterator<Item = Action> {
    deeds().into_iter().map(|deed| Action { name: "toy".into(), deed })
}

fn operations() -> Vec<Operation> {
    let (model, token_id) = (Digest([1; 32]), Digest([2; 32]));
    let rest = [
        Operation::Follow,
        Operation::CatchUp { most: 256 },
        Operation::Watch { name: "toy".into(), most: 7 },
        Operation::RecordStory { model, receipt: Digest([3; 32]) },
        Operation::Mint { minter: OWNER, receipt: Box::new(receipt()) },
        Operation::Transfer { source_owner: OWNER, token_id, target_account: account() },
        Operation::Claim { source_account: account(), token_id, target_account: account() },
    ];
    actions().map(Operation::Act).chain(rest).collect()
}

fn messages() -> Vec<Message> {
    let chain = ChainId(hash("chain"));
    let token_id = Digest([2; 32]);
    let nft = Nft { token_id, owner: OWNER, minter: OWNER, receipt: receipt(), minted: block(), minted_on: chain };
    let rest = [
        Message::Claim { request: 2, source_owner: OWNER, token_id, target_account: account() },
        Message::Answer { request: 3, outcome: Outcome { at: block(), refused: None } },
        Message::Answer { request: 3, outcome: Outcome { at: block(), refused: Some("No. [no]".into()) } },
        Message::Token { nft: Box::new(nft), new_owner: OWNER },
    ];
    actions().map(|action| Message::Act { request: 1, action }).chain(rest).collect()
}

#[test]
fn the_abi_is_frozen() {
    let founding = vec![FoundingModel { name: "toy".into(), owner: OWNER, release: release() }];
    let now = json!({
        "operations": operations().iter().map(sample).collect::<Vec<_>>(),
        "messages": messages().iter().map(sample).collect::<Vec<_>>(),
        "events": actions().map(|action| sample(&Change { action, by: OWNER, at: block() })).collect::<Vec<_>>(),
        "parameters": sample(&Parameters { home: ChainId(hash("chain")), founding }),
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/abi.json");
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, format!("{now:#}\n")).unwrap();
    }
    let frozen: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(now, frozen);
}
