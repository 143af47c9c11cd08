// SPDX-License-Identifier: Apache-2.0
//! The service in process: what it answers, what it schedules, and the schema that clients are written against.

use std::{env, fs, path::Path, sync::Arc};

use async_graphql::{value, Request, Value, Variables};
use linera_sdk::{
    bcs,
    linera_base_types::{AccountOwner, ApplicationId, BlockHeight, ChainId, CryptoHash, DataBlobHash, Timestamp},
    serde_json::json,
    util::BlockingWait as _,
    views::View as _,
    Service as _, ServiceRuntime,
};
use taleproof_chain::{
    digest::Digest,
    models::{Action, Block, Change, Deed, File, Release, Role},
    registry::RegistryView,
    state::State,
    Operation, Parameters,
};

use crate::TaleproofService;

const ALICE: AccountOwner = AccountOwner::Address20([1; 20]);
const BOB: AccountOwner = AccountOwner::Address20([2; 20]);

fn release(byte: u8) -> Release {
    Release {
        description: String::new(),
        licence: "MIT".into(),
        architecture: "llama".into(),
        format: "gguf".into(),
        context_length: 512,
        files: vec![File {
            role: Role::Weights,
            name: "toy.gguf".into(),
            size: 3,
            sha256: Digest([byte; 32]),
            sha3_256: Digest([byte ^ 0xff; 32]),
            urls: vec!["toy.gguf".into()],
            chunks: Vec::new(),
        }],
    }
}

fn home() -> ChainId {
    ChainId(CryptoHash::test_hash("home"))
}

/// The service on the home chain, whose registry has these changes by Alice.
fn service(changes: Vec<(&str, Deed)>) -> (TaleproofService, crate::Runtime) {
    service_on(home(), |state| copy(&mut state.registry, changes))
}

fn copy(registry: &mut RegistryView, changes: Vec<(&str, Deed)>) {
    for (height, (name, deed)) in changes.into_iter().enumerate() {
        let at = Block { height: BlockHeight(height as u64), timestamp: Timestamp::from(1) };
        let change = Change { action: Action { name: name.into(), deed }, by: ALICE, at };
        registry.append(vec![change]).blocking_wait().unwrap();
    }
}

fn service_on(chain: ChainId, prepare: impl FnOnce(&mut State)) -> (TaleproofService, crate::Runtime) {
    let runtime = ServiceRuntime::<TaleproofService>::new()
        .with_application_parameters(Parameters { home: home(), founding: Vec::new() })
        .with_application_id(ApplicationId::new(CryptoHash::test_hash("application")).with_abi())
        .with_chain_id(chain)
        .with_next_block_height(BlockHeight(9))
        .with_blob(blob(), vec![0, 1, 254, 255]);
    let mut state = State::load(runtime.root_view_storage_context()).blocking_wait().unwrap();
    prepare(&mut state);
    let runtime = Arc::new(runtime);
    (TaleproofService { schema: crate::schema(Arc::new(state), runtime.clone()) }, runtime)
}

fn blob() -> DataBlobHash {
    DataBlobHash(CryptoHash::test_hash("blob"))
}

fn ask(service: &TaleproofService, query: &str, variables: linera_sdk::serde_json::Value) -> Value {
    let request = Request::new(query).variables(Variables::from_json(variables));
    let response = service.handle_query(request).blocking_wait();
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data
}

/// The sentence and the code of the error that a query ends with.
fn refused(
    service: &TaleproofService,
    query: &str,
    variables: linera_sdk::serde_json::Value,
) -> (String, Option<Value>) {
    let request = Request::new(query).variables(Variables::from_json(variables));
    let mut response = service.handle_query(request).blocking_wait();
    let error = response.errors.pop().expect("an error");
    (error.message, error.extensions.and_then(|extensions| extensions.get("code").cloned()))
}

fn publish(byte: u8) -> Deed {
    Deed::Publish(release(byte))
}

fn revoke(version: u32) -> Deed {
    Deed::Revoke { version, reason: "Wrong.".into() }
}

#[test]
fn the_schema_is_frozen() {
    let sdl = service(Vec::new()).0.schema.sdl();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/schema.graphql");
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &sdl).unwrap();
    }
    assert_eq!(sdl, fs::read_to_string(&path).unwrap(), "clients are written against the schema");
}

#[test]
fn a_model_is_answered_with_its_versions() {
    let (service, _) = service(vec![("toy", publish(1)), ("toy", publish(2)), ("toy", revoke(2))]);
    let query = "query($name: String!) { model(name: $name) { owner versionCount
        latest { number revoked { reason at { height } } }
        latestUsable { number published { height } release { files { role sha256 urls } } } } }";
    assert_eq!(
        ask(&service, query, json!({ "name": "toy" })),
        value!({ "model": {
            "owner": ALICE.to_string(),
            "versionCount": 2,
            "latest": { "number": 2, "revoked": { "reason": "Wrong.", "at": { "height": 2 } } },
            "latestUsable": { "number": 1, "published": { "height": 0 }, "release": { "files": [
                { "role": "WEIGHTS", "sha256": "01".repeat(32), "urls": ["toy.gguf"] }
            ] } },
        } })
    );
    assert_eq!(ask(&service, query, json!({ "name": "nobody's" })), value!({ "model": null }));
}

#[test]
fn a_watched_model_is_answered_from_its_own_copy() {
    let elsewhere = ChainId(CryptoHash::test_hash("elsewhere"));
    let (service, _) = service_on(elsewhere, |state| {
        let mut toy = state.watched.try_load_entry_mut("toy").blocking_wait().unwrap();
        toy.hear(3);
        copy(&mut toy, vec![("toy", publish(1)), ("toy", publish(2)), ("toy", revoke(2))]);
        state.watched.try_load_entry_mut("awaited").blocking_wait().unwrap().hear(2);
    });
    let query = "query($name: String!) { model(name: $name) { name } watched(name: $name) {
        following copied announced model { name versionCount latest { number revoked { reason } } latestUsable { number } } } }";
    let toy = value!({ "name": "toy", "versionCount": 2,
        "latest": { "number": 2, "revoked": { "reason": "Wrong." } }, "latestUsable": { "number": 1 } });
    for (name, watched) in [
        ("toy", value!({ "following": true, "copied": 3, "announced": 3, "model": toy })),
        ("awaited", value!({ "following": true, "copied": 0, "announced": 2, "model": null })),
        ("nobody's", value!({ "following": false, "copied": 0, "announced": 0, "model": null })),
    ] {
        assert_eq!(ask(&service, query, json!({ "name": name })), value!({ "model": null, "watched": watched }));
    }
}

#[test]
fn the_home_chain_answers_as_if_it_watched_every_model() {
    let (service, _) = service(vec![("toy", publish(1))]);
    let query = "{ watched(name: \"toy\") { following copied model { versionCount } } }";
    let watched = value!({ "following": true, "copied": 1, "model": { "versionCount": 1 } });
    assert_eq!(ask(&service, query, json!({})), value!({ "watched": watched }));
}

#[test]
fn a_digest_leads_to_every_version_that_has_it() {
    let (service, _) =
        service(vec![("toy", publish(1)), ("toy", publish(2)), ("copy", publish(1)), ("toy", revoke(1))]);
    let query = "query($digest: Digest!) { version(digest: $digest) { items { model number revoked { reason } } } }";
    let items = value!({ "version": { "items": [
        { "model": "toy", "number": 1, "revoked": { "reason": "Wrong." } },
        { "model": "copy", "number": 1, "revoked": null },
    ] } });
    assert_eq!(ask(&service, query, json!({ "digest": "01".repeat(32) })), items, "by SHA-256");
    assert_eq!(ask(&service, query, json!({ "digest": "fe".repeat(32) })), items, "by SHA3-256");
    assert_eq!(ask(&service, query, json!({ "digest": "00".repeat(32) })), value!({ "version": { "items": [] } }));
    let (sentence, _) = refused(&service, query, json!({ "digest": "00" }));
    assert!(sentence.contains("64 lower-case hexadecimal digits"), "{sentence}");
}

#[test]
fn models_come_in_pages() {
    let (service, _) = service(vec![("b", publish(1)), ("a", publish(2)), ("c", publish(3)), ("a", publish(4))]);
    let query = "query($after: String, $first: Int) { models(after: $after, first: $first) { items { name } next } }";
    let page = |variables| ask(&service, query, variables);
    let first = value!({ "models": { "items": [{ "name": "b" }, { "name": "a" }], "next": "a" } });
    assert_eq!(page(json!({ "first": 2 })), first);
    let last = value!({ "models": { "items": [{ "name": "c" }], "next": null } });
    assert_eq!(page(json!({ "first": 2, "after": "a" })), last);
    for first in [-1, 0, 101] {
        assert_eq!(refused(&service, query, json!({ "first": first })).1, Some(value!("page-size")));
    }
    assert_eq!(refused(&service, query, json!({ "after": "d" })).1, Some(value!("unknown-name")));
}

/// A release of some 30 KB, of which a page of 100 would have too many.
fn heavy(byte: u8) -> Deed {
    let mut release = release(byte);
    release.files[0].urls = vec!["x".repeat(2_000); 8];
    let second = File { role: Role::Tokenizer, name: "words".into(), ..release.files[0].clone() };
    release.files.push(second);
    Deed::Publish(release)
}

#[test]
fn a_page_ends_where_it_weighs_enough_and_the_next_goes_on_from_there() {
    let names: Vec<_> = (0..70).map(|number| format!("toy-{number:02}")).collect();
    let changes = names.iter().map(|name| (name.as_str(), heavy(1)));
    let versions = (0..70).map(|_| ("many", heavy(2)));
    let (service, _) = service(changes.chain(versions).collect());
    let weigh = |value: &Value| value.to_string().len();

    let (mut seen, mut after, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let query = "query($after: String) { models(after: $after, first: 100)
            { items { name latest { release { files { urls } } } latestUsable { release { files { urls } } } } next } }";
        let Value::Object(answer) = ask(&service, query, json!({ "after": after })) else { panic!("an object") };
        let models = linera_sdk::serde_json::to_value(&answer["models"]).unwrap();
        assert!(weigh(&answer["models"]) < 1_200_000);
        let items = models["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        pages += 1;
        match models["next"].as_str() {
            Some(next) => after = Some(next.into()),
            None => break,
        }
    }
    assert_eq!(seen[..70], names);
    assert_eq!((seen.len(), seen[70].as_str()), (71, "many"));
    assert!(pages > 3, "{pages}");

    for (query, variables) in [
        ("query($after: Int) { list: model(name: \"many\") { versions(after: $after, first: 100) { items { number } next } } }", json!({})),
        (
            "query($digest: Digest, $after: Int) { list: version(digest: $digest, after: $after, first: 100) { items { number } next } }",
            json!({ "digest": "02".repeat(32) }),
        ),
    ] {
        let (mut numbers, mut after) = (Vec::new(), None::<u64>);
        loop {
            let mut given = variables.clone();
            given["after"] = json!(after);
            let answer = linera_sdk::serde_json::to_value(ask(&service, &query.replace("Digest,", "Digest!,"), given)).unwrap();
            let list = &answer["list"];
            let page = if list["versions"].is_null() { list } else { &list["versions"] };
            let items = page["items"].as_array().unwrap();
            assert!(items.len() < 40);
            numbers.extend(items.iter().map(|item| item["number"].as_u64().unwrap()));
            after = page["next"].as_u64();
            if after.is_none() {
                break;
            }
        }
        assert_eq!(numbers, (1..=70).collect::<Vec<_>>());
    }
}

#[test]
fn history_tells_what_was_done() {
    let transfer = Deed::Transfer { new_owner: BOB };
    let (service, _) = service(vec![("toy", publish(1)), ("other", publish(2)), ("toy", revoke(1)), ("toy", transfer)]);
    let query = "query($name: String!, $after: Int) { history(name: $name, after: $after, first: 2)
        { items { index kind version reason newOwner } next } }";
    let published = value!({ "index": 0, "kind": "PUBLISHED", "version": 1, "reason": null, "newOwner": null });
    let revoked = value!({ "index": 2, "kind": "REVOKED", "version": 1, "reason": "Wrong.", "newOwner": null });
    let moved =
        value!({ "index": 3, "kind": "TRANSFERRED", "version": null, "reason": null, "newOwner": BOB.to_string() });
    let first = ask(&service, query, json!({ "name": "toy" }));
    assert_eq!(first, value!({ "history": { "items": [published, revoked], "next": 2 } }));
    let last = ask(&service, query, json!({ "name": "toy", "after": 2 }));
    assert_eq!(last, value!({ "history": { "items": [moved], "next": null } }));
    assert_eq!(refused(&service, query, json!({ "name": "nobody's" })).1, Some(value!("unknown-name")));
}

#[test]
fn changes_tell_what_was_done_with_every_name() {
    let (service, _) = service(vec![("toy", publish(1)), ("other", publish(2)), ("toy", revoke(1))]);
    let query = "query($after: Int) { changes(after: $after, first: 2) { items { index model kind version } next } }";
    let toy = value!({ "index": 0, "model": "toy", "kind": "PUBLISHED", "version": 1 });
    let other = value!({ "index": 1, "model": "other", "kind": "PUBLISHED", "version": 1 });
    let revoked = value!({ "index": 2, "model": "toy", "kind": "REVOKED", "version": 1 });
    assert_eq!(ask(&service, query, json!({})), value!({ "changes": { "items": [toy, other], "next": 2 } }));
    let last = value!({ "changes": { "items": [revoked], "next": null } });
    assert_eq!(ask(&service, query, json!({ "after": 2 })), last);
}

#[test]
fn a_chunk_is_answered_in_base64() {
    let (service, _) = service(Vec::new());
    let query = "query($hash: DataBlobHash!) { chunk(hash: $hash) }";
    assert_eq!(ask(&service, query, json!({ "hash": blob().0.to_string() })), value!({ "chunk": "AAH+/w==" }));
}

#[test]
fn a_mutation_schedules_its_operation() {
    let (service, runtime) = service(vec![("toy", publish(1))]);
    let query = "mutation($by: AccountOwner) { revoke(name: \"toy\", version: 1, reason: \"Wrong.\", by: $by) }";
    ask(&service, query, json!({ "by": ALICE.to_string() }));
    let expected = Operation::Act(Action { name: "toy".into(), deed: revoke(1) });
    assert_eq!(runtime.raw_scheduled_operations(), [bcs::to_bytes(&expected).unwrap()]);
}

#[test]
fn a_mutation_that_would_be_refused_schedules_nothing() {
    let (service, runtime) = service(vec![("toy", publish(1))]);
    let revoke = "mutation($by: AccountOwner, $reason: String!)
        { revoke(name: \"toy\", version: 1, reason: $reason, by: $by) }";
    let bob = refused(&service, revoke, json!({ "by": BOB.to_string(), "reason": "Wrong." }));
    assert_eq!(bob.1, Some(value!("not-owner")));
    assert_eq!(refused(&service, revoke, json!({ "reason": "" })).1, Some(value!("reason")));
    assert_eq!(refused(&service, "mutation { follow }", json!({})).1, Some(value!("follows-itself")));
    assert_eq!(refused(&service, "mutation { catchUp }", json!({})).1, Some(value!("caught-up")));
    assert!(runtime.raw_scheduled_operations().is_empty());
}

#[test]
fn pages_of_ids_follow_one_another_without_gap_or_repetition() {
    let ids: Vec<_> = (0..5).map(|byte| Digest([byte; 32])).collect();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = crate::page::after(ids.clone(), after, Some(2)).unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids);
    let gone = Digest([2; 32]);
    let rest: Vec<_> = ids.into_iter().filter(|id| *id != gone).collect();
    let page = crate::page::after(rest, Some(gone), Some(2)).unwrap();
    assert_eq!(page.items, [Digest([3; 32]), Digest([4; 32])], "a token that has gone is still a place to go on from");
    assert!(page.next.is_none());
}

#[test]
fn numbered_lists_end_where_they_end() {
    use crate::page::range;
    assert_eq!(range(None, None, 3).unwrap(), (0..3, false));
    assert_eq!(range(Some(1), Some(1), 3).unwrap(), (1..2, true));
    assert_eq!(range(Some(2), Some(100), 3).unwrap(), (2..3, false));
    assert_eq!(range(Some(u32::MAX), Some(100), 3).unwrap(), (3..3, false));
}
