// SPDX-License-Identifier: Apache-2.0
//! Every limit: the last value that is taken, the first that is not, and the code that says so.

#![cfg(not(target_arch = "wasm32"))]

mod samples;

use linera_sdk::{
    bcs,
    linera_base_types::{AccountOwner, CryptoHash, DataBlobHash},
};
use samples::{receipt, release};
use taleproof_chain::{
    digest::Digest,
    limits::{self, *},
    models::{Action, Chunk, Deed, File, Release, Role},
    nft::{Mode, StoryReceipt},
    refusal::Refusal,
};

type Field = fn(&mut Release) -> &mut String;

fn code(result: Result<(), Refusal>) -> String {
    result.map_or_else(|refusal| refusal.code, |()| "fits".into())
}

fn name(name: &str) -> String {
    code(limits::name(name))
}

fn of_release(change: impl FnOnce(&mut Release)) -> String {
    let mut release = release();
    change(&mut release);
    code(limits::action(&Action { name: "toy".into(), deed: Deed::Publish(release) }))
}

fn of_file(change: impl FnOnce(&mut File)) -> String {
    of_release(|release| change(&mut release.files[0]))
}

fn of_url(url: &str) -> String {
    of_file(|file| file.urls = vec![url.into()])
}

fn of_receipt(change: impl FnOnce(&mut StoryReceipt)) -> String {
    let mut receipt = receipt();
    change(&mut receipt);
    code(limits::receipt(&receipt))
}

fn chunks(sizes: &[u64]) -> Vec<Chunk> {
    let hash = DataBlobHash(CryptoHash::test_hash("chunk"));
    sizes.iter().map(|size| Chunk { hash, size: *size }).collect()
}

#[test]
fn names() {
    for fits in ["a", "7", "smollm2-135m-instruct-q4_1", "a.b", &"x".repeat(NAME)] {
        assert_eq!(name(fits), "fits", "{fits}");
    }
    for (long, expected) in [("", "name-length"), (&*"x".repeat(NAME + 1), "name-length")] {
        assert_eq!(name(long), expected);
    }
    for odd in ["Toy", "-a", "a-", ".a", "a b", "a/b", "история", "故事", "a\u{202e}b", "a\n", "ａ"] {
        assert_eq!(name(odd), "name-pattern", "{odd}");
    }
}

#[test]
fn texts_of_a_release() {
    assert_eq!(of_release(|release| release.description = "故".repeat(DESCRIPTION)), "fits");
    assert_eq!(of_release(|release| release.description = "one\ntwo".into()), "fits");
    assert_eq!(of_release(|release| release.description = "x".repeat(DESCRIPTION + 1)), "description");
    assert_eq!(of_release(|release| release.description = "a\0b".into()), "description");
    let fields: [(&str, Field); 3] = [
        ("licence", |release| &mut release.licence),
        ("architecture", |release| &mut release.architecture),
        ("format", |release| &mut release.format),
    ];
    for (expected, field) in fields {
        assert_eq!(of_release(|release| *field(release) = "x".repeat(LABEL)), "fits");
        assert_eq!(of_release(|release| *field(release) = "x".repeat(LABEL + 1)), expected);
        assert_eq!(of_release(|release| field(release).clear()), expected);
    }
}

#[test]
fn numbers_of_a_release() {
    for (length, expected) in
        [(0, "context-length"), (1, "fits"), (CONTEXT_LENGTH, "fits"), (CONTEXT_LENGTH + 1, "context-length")]
    {
        assert_eq!(of_release(|release| release.context_length = length), expected);
    }
    let many = |count: usize| {
        move |release: &mut Release| {
            let file = release.files.remove(0);
            let named = |number| File { name: format!("{number}.gguf"), ..file.clone() };
            release.files = (0..count).map(named).collect();
        }
    };
    assert_eq!(of_release(many(0)), "file-count");
    assert_eq!(of_release(many(FILES)), "fits");
    assert_eq!(of_release(many(FILES + 1)), "file-count");
    assert_eq!(of_file(|file| file.role = Role::Tokenizer), "no-weights");
    assert_eq!(of_release(|release| release.files.push(release.files[0].clone())), "file-name-twice");
}

#[test]
fn files() {
    assert_eq!(of_file(|file| file.name = "x".repeat(FILE_NAME)), "fits");
    for odd in ["", ".", "..", "a/b", "a\\b", "a\nb", "a\0", &*"x".repeat(FILE_NAME + 1)] {
        assert_eq!(of_file(|file| file.name = odd.into()), "file-name", "{odd}");
    }
    for (size, expected) in [(0, "file-size"), (1, "fits"), (FILE_SIZE, "fits"), (FILE_SIZE + 1, "file-size")] {
        assert_eq!(of_file(|file| file.size = size), expected);
    }
    assert_eq!(of_file(|file| file.urls.clear()), "no-source");
}

#[test]
fn urls() {
    for fits in ["https://example.org", "https://example.org/a%20b?c=..#d", "models/toy.gguf", "a?b=c:d"] {
        assert_eq!(of_url(fits), "fits", "{fits}");
    }
    for odd in [
        "http://example.org/a",
        "HTTPS://example.org/a",
        "https://",
        "https:///a",
        "https://user@example.org/a",
        "javascript:alert(1)",
        "data:,a",
        "//example.org/a",
        "/a",
        "../a",
        "a/../../b",
        "a/%2E%2e/b",
        "a b",
        "a\\b",
        "a\n",
        "модель",
    ] {
        assert_eq!(of_url(odd), "url", "{odd}");
    }
    assert_eq!(of_url(""), "url-length");
    assert_eq!(of_url(&"x".repeat(URL)), "fits");
    assert_eq!(of_url(&"x".repeat(URL + 1)), "url-length");
    assert_eq!(of_file(|file| file.urls = vec!["a".into(); URLS]), "fits");
    assert_eq!(of_file(|file| file.urls = vec!["a".into(); URLS + 1]), "url-count");
}

#[test]
fn chunks_of_a_file() {
    let of = |size: u64, sizes: &[u64]| {
        of_file(|file| {
            file.size = size;
            file.chunks = chunks(sizes);
        })
    };
    assert_eq!(of(5, &[3, 2]), "fits");
    assert_eq!(of(5, &[3, 3]), "chunk-sum");
    assert_eq!(of(5, &[3]), "chunk-sum");
    assert_eq!(of(5, &[5, 0]), "chunk-size");
    assert_eq!(of(CHUNK_SIZE, &[CHUNK_SIZE]), "fits");
    assert_eq!(of(CHUNK_SIZE + 1, &[CHUNK_SIZE + 1]), "chunk-size");
    assert_eq!(of(5, &[u64::MAX, 6]), "chunk-size");
    assert_eq!(of(CHUNKS as u64, &[1; CHUNKS]), "fits");
    assert_eq!(of(CHUNKS as u64 + 1, &[1; CHUNKS + 1]), "chunk-count");
}

#[test]
fn reasons() {
    let revoke = |reason: String| {
        code(limits::action(&Action { name: "toy".into(), deed: Deed::Revoke { version: 1, reason } }))
    };
    assert_eq!(revoke("x".repeat(REASON)), "fits");
    assert_eq!(revoke("x".repeat(REASON + 1)), "reason");
    assert_eq!(revoke(String::new()), "reason");
}

#[test]
fn recipients() {
    let transfer = |new_owner| code(limits::action(&Action { name: "toy".into(), deed: Deed::Transfer { new_owner } }));
    assert_eq!(transfer(AccountOwner::Address20([0; 20])), "fits");
    assert_eq!(transfer(AccountOwner::Address32(CryptoHash::test_hash("key"))), "fits");
    assert_eq!(transfer(AccountOwner::CHAIN), "reserved-owner");
    assert_eq!(code(limits::recipient(AccountOwner::Reserved(7))), "reserved-owner");
}

#[test]
fn receipts() {
    assert_eq!(of_receipt(|_| ()), "fits");
    assert_eq!(of_receipt(|receipt| receipt.prompt = "x".repeat(PROMPT)), "fits");
    assert_eq!(of_receipt(|receipt| receipt.prompt = "x".repeat(PROMPT + 1)), "prompt-length");
    assert_eq!(of_receipt(|receipt| receipt.numerics = 0), "numerics");
    assert_eq!(of_receipt(|receipt| receipt.token_count = 0), "token-count");
    assert_eq!(of_receipt(|receipt| receipt.token_count = receipt.limits.max_tokens + 1), "token-count");
    assert_eq!(of_receipt(|receipt| receipt.limits.max_tokens = 0), "max-tokens");
    assert_eq!(of_receipt(|receipt| receipt.limits.max_tokens = TOKENS), "fits");
    assert_eq!(of_receipt(|receipt| receipt.limits.max_tokens = TOKENS + 1), "max-tokens");
    assert_eq!(of_receipt(|receipt| receipt.limits.context = 0), "context-length");
    assert_eq!(of_receipt(|receipt| receipt.limits.stop = vec!["x".repeat(STOP); STOPS]), "fits");
    assert_eq!(of_receipt(|receipt| receipt.limits.stop = vec!["x".repeat(STOP); STOPS + 1]), "stop");
    assert_eq!(of_receipt(|receipt| receipt.limits.stop = vec!["x".repeat(STOP + 1)]), "stop");
    assert_eq!(of_receipt(|receipt| receipt.limits.stop = vec![String::new()]), "stop");
}

#[test]
fn numbers_that_are_text() {
    for (seed, expected) in [
        ("0", "fits"),
        ("18446744073709551615", "fits"),
        ("18446744073709551616", "seed"),
        ("007", "seed"),
        ("-1", "seed"),
    ] {
        assert_eq!(of_receipt(|receipt| receipt.sampler.seed = seed.into()), expected, "{seed}");
    }
    for fits in ["0", "0.8", "1e-7", "1.5e-10", "100", "12.5", "0.000001", "0.30000000000000004", "5e-324"] {
        assert_eq!(of_receipt(|receipt| receipt.sampler.temperature = Some(fits.into())), "fits", "{fits}");
    }
    for odd in [
        "",
        " ",
        ".5",
        "5.",
        "-1",
        "+1",
        "1e",
        "e-7",
        "NaN",
        "Infinity",
        "1,5",
        "1e5e5",
        "1e-7e-7",
        "1e-7.5",
        "0x10",
        "00",
        "01",
        "0.80",
        "1.0",
        "0.0000001",
        "10e-8",
        "0e-7",
        "1e-6",
        "1e-07",
        "1e7",
        "1e+21",
        "1000",
        "0.123456789012345678",
    ] {
        assert_eq!(of_receipt(|receipt| receipt.sampler.temperature = Some(odd.into())), "decimal", "{odd}");
        assert_eq!(of_receipt(|receipt| receipt.sampler.top_p = Some(odd.into())), "decimal", "{odd}");
        assert_eq!(of_receipt(|receipt| receipt.sampler.min_p = Some(odd.into())), "decimal", "{odd}");
        assert_eq!(of_receipt(|receipt| receipt.sampler.repeat_penalty = odd.into()), "decimal", "{odd}");
    }
}

#[test]
fn counts_of_a_sampler() {
    assert_eq!(of_receipt(|receipt| receipt.sampler.top_k = Some(COUNT)), "fits");
    assert_eq!(of_receipt(|receipt| receipt.sampler.top_k = Some(COUNT + 1)), "sampler-count");
    assert_eq!(of_receipt(|receipt| receipt.sampler.repeat_last_n = COUNT), "fits");
    assert_eq!(of_receipt(|receipt| receipt.sampler.repeat_last_n = COUNT + 1), "sampler-count");
}

#[test]
fn dates() {
    for (date, expected) in
        [("2026-02-03", "fits"), ("0001-12-31", "fits"), ("2026-13-03", "date"), ("2026-00-03", "date")]
    {
        assert_eq!(of_receipt(|receipt| receipt.date = Some(date.into())), expected, "{date}");
    }
    for odd in [
        "",
        "2026-2-3",
        "2026-02-32",
        "2026-02-03T",
        "3 Feb 2026",
        "2026-02",
        "٢٠٢٦-02-03",
        "-026-02-03",
        "2026-02-03-04",
    ] {
        assert_eq!(of_receipt(|receipt| receipt.date = Some(odd.into())), "date", "{odd}");
    }
    let raw = |date: Option<&str>| {
        of_receipt(|receipt| {
            receipt.mode = Mode::Raw;
            receipt.date = date.map(Into::into);
        })
    };
    assert_eq!((raw(None), raw(Some("2026-02-03"))), ("fits".into(), "date".into()));
}

/// The largest version that keeps to the limit of its bytes, and one byte more.
#[test]
fn bytes_of_a_release() {
    let of = |extra: usize| {
        of_release(|release| {
            let file = release.files.remove(0);
            let named =
                |number: usize| File { name: format!("{number:02}"), urls: vec!["x".repeat(URL)], ..file.clone() };
            release.files = (0..15).map(named).collect();
            let missing = RELEASE - bcs::serialized_size(release).unwrap();
            release.files[0].urls.push("x".repeat(missing - 2 + extra)); // the length of the text takes two bytes
        })
    };
    assert_eq!((of(0), of(1)), ("fits".into(), "release-size".into()));
}

#[test]
fn digests_have_32_bytes() {
    let right = "0123456789abcdef".repeat(4);
    assert_eq!(right.parse::<Digest>().unwrap().to_string(), right);
    for odd in [String::new(), right[1..].into(), format!("{right}00"), right.to_uppercase(), "g".repeat(64)] {
        assert_eq!(code(odd.parse::<Digest>().map(|_| ())), "digest", "{odd}");
    }
}
