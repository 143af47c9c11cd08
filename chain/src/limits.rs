// SPDX-License-Identifier: Apache-2.0
//! What a well-formed operation keeps to. Each limit has its own code and sentence; the service says them before a
//! block is made, the contract says them again and is the one that counts.

use std::{collections::BTreeSet, ops::RangeInclusive};

use linera_sdk::{bcs, linera_base_types::AccountOwner};

use crate::{
    models::{Action, Chunk, Deed, File, Release, Role},
    nft::{Mode, Sampler, StoryLimits, StoryReceipt},
    refusal::{require, Refusal},
};

pub const NAME: usize = 64;
pub const DESCRIPTION: usize = 2_000;
pub const LABEL: usize = 100;
pub const REASON: usize = 500;
pub const FILE_NAME: usize = 200;
pub const URL: usize = 2_048;
pub const CONTEXT_LENGTH: u32 = 1 << 24;
pub const FILES: usize = 64;
pub const FILE_SIZE: u64 = 1 << 36;
pub const URLS: usize = 8;
pub const CHUNKS: usize = 64;
/// A data blob is no larger on any network that we know of.
pub const CHUNK_SIZE: u64 = 1_000_000;
/// Bytes of a release in BCS. Its home chain's block has it three times, as a message and on two streams; a follower's
/// block has some of them.
pub const RELEASE: usize = 32_768;
/// Bytes of any change in BCS: a release, and what stands around it; or a reason.
pub const CHANGE: usize = RELEASE + 512;
/// Versions of one name.
pub const VERSIONS: usize = 1_000;
/// Bytes of all that one account publishes and gives away, in BCS. Revocations don't count: they are always taken.
pub const ACCOUNT: u64 = 1 << 24;
pub const PROMPT: usize = 16_384;
pub const STOPS: usize = 16;
pub const STOP: usize = 256;
pub const TOKENS: u32 = 1 << 20;
/// Digits of a decimal that count; a double has no more.
pub const DECIMAL: usize = 17;
pub const COUNT: u32 = i32::MAX as u32;

/// Checks what an account asks of the registry.
pub fn action(action: &Action) -> Result<(), Refusal> {
    name(&action.name)?;
    match &action.deed {
        Deed::Publish(published) => release(published),
        Deed::Revoke { reason, .. } => text("reason", "The reason", reason, 1..=REASON),
        Deed::Transfer { new_owner } => recipient(*new_owner),
    }
}

/// Checks an account that is given something: somebody has to be able to sign for it.
pub fn recipient(owner: AccountOwner) -> Result<(), Refusal> {
    require(!matches!(owner, AccountOwner::Reserved(_)), "reserved-owner", || {
        format!("Nobody can sign for {owner}, an address of the protocol's own.")
    })
}

/// Checks a model's name: what stands in addresses, file names and command lines alike.
pub fn name(name: &str) -> Result<(), Refusal> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    require((1..=NAME).contains(&bytes.len()), "name-length", || {
        format!("A name has 1 to {NAME} characters; this one has {}.", name.chars().count())
    })?;
    let fits = bytes.iter().copied().all(inner) && outer(bytes.first()) && outer(bytes.last());
    require(fits, "name-pattern", || {
        format!("A name has the letters a to z, digits, and between them . _ and -; this is none: {name}")
    })
}

/// Checks one version of a model.
pub fn release(release: &Release) -> Result<(), Refusal> {
    text("description", "The description", &release.description, 0..=DESCRIPTION)?;
    text("licence", "The licence", &release.licence, 1..=LABEL)?;
    text("architecture", "The architecture", &release.architecture, 1..=LABEL)?;
    text("format", "The format", &release.format, 1..=LABEL)?;
    require((1..=CONTEXT_LENGTH).contains(&release.context_length), "context-length", || {
        format!("A context has 1 to {CONTEXT_LENGTH} tokens, not {}.", release.context_length)
    })?;
    let count = release.files.len();
    require((1..=FILES).contains(&count), "file-count", || format!("A version has 1 to {FILES} files, not {count}."))?;
    let weights = release.files.iter().any(|file| file.role == Role::Weights);
    require(weights, "no-weights", || "One file of a version has to be its weights.".into())?;
    let mut names = BTreeSet::new();
    for each in &release.files {
        file(each)?;
        require(names.insert(&each.name), "file-name-twice", || format!("Two files are called {}.", each.name))?;
    }
    let size = bcs::serialized_size(release).expect("a release can be written in BCS");
    require(size <= RELEASE, "release-size", || {
        format!(
            "A version has at most {RELEASE} bytes with all its files' names, URLs and chunks; this one has {size}."
        )
    })
}

fn file(file: &File) -> Result<(), Refusal> {
    text("file-name", "A file's name", &file.name, 1..=FILE_NAME)?;
    let plain = !file.name.contains(['/', '\\', '\n']) && file.name != "." && file.name != "..";
    require(plain, "file-name", || format!("A file's name is no path and has one line: {}", file.name))?;
    require((1..=FILE_SIZE).contains(&file.size), "file-size", || {
        format!("A file has 1 to {FILE_SIZE} bytes; {} has {}.", file.name, file.size)
    })?;
    let somewhere = !file.urls.is_empty() || !file.chunks.is_empty();
    require(somewhere, "no-source", || format!("{} has neither a URL nor chunks.", file.name))?;
    require(file.urls.len() <= URLS, "url-count", || {
        format!("A file has at most {URLS} URLs; {} has {}.", file.name, file.urls.len())
    })?;
    file.urls.iter().try_for_each(|each| url(each))?;
    chunks(file)
}

fn chunks(file: &File) -> Result<(), Refusal> {
    require(file.chunks.len() <= CHUNKS, "chunk-count", || {
        format!("A file has at most {CHUNKS} chunks; {} has {}.", file.name, file.chunks.len())
    })?;
    for Chunk { hash, size } in &file.chunks {
        require((1..=CHUNK_SIZE).contains(size), "chunk-size", || {
            format!("A chunk has 1 to {CHUNK_SIZE} bytes; {} has {size}.", hash.0)
        })?;
    }
    let total: u64 = file.chunks.iter().map(|chunk| chunk.size).sum();
    require(file.chunks.is_empty() || total == file.size, "chunk-sum", || {
        format!("The chunks of {} have {total} bytes, and the file has {}.", file.name, file.size)
    })
}

/// Checks a URL: https with a host, or relative to the page and below it.
fn url(url: &str) -> Result<(), Refusal> {
    require((1..=URL).contains(&url.len()), "url-length", || {
        format!("A URL has 1 to {URL} bytes; this one has {}.", url.len())
    })?;
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>".contains(&byte));
    let host = url.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let fits = match host {
        Some(host) => !host.is_empty() && !host.contains('@'),
        // A browser reads %2e as a dot.
        None => {
            let path = path.to_ascii_lowercase().replace("%2e", ".");
            !path.starts_with('/') && !path.contains(':') && !path.split('/').any(|part| part == "..")
        }
    };
    require(printable && fits, "url", || {
        format!("A URL begins with https:// and a host, or is relative to the page and stays below it: {url}")
    })
}

/// Checks what a token of a story holds.
pub fn receipt(receipt: &StoryReceipt) -> Result<(), Refusal> {
    require(receipt.prompt.len() <= PROMPT, "prompt-length", || {
        format!("A prompt has at most {PROMPT} bytes; this one has {}.", receipt.prompt.len())
    })?;
    require(receipt.numerics >= 1, "numerics", || "The versions of the numerics count from 1.".into())?;
    if let Some(text) = &receipt.date {
        date(text)?;
        require(receipt.mode == Mode::Chat, "date", || "Only a chat template is told a date.".into())?;
    }
    sampler(&receipt.sampler)?;
    story_limits(&receipt.limits)?;
    require((1..=TOKENS).contains(&receipt.token_count), "token-count", || {
        format!("A story has 1 to {TOKENS} tokens, not {}.", receipt.token_count)
    })?;
    require(receipt.token_count <= receipt.limits.max_tokens, "token-count", || {
        format!("A story of at most {} tokens can't have {}.", receipt.limits.max_tokens, receipt.token_count)
    })
}

fn sampler(sampler: &Sampler) -> Result<(), Refusal> {
    let seed = sampler.seed.parse::<u64>().is_ok_and(|seed| seed.to_string() == sampler.seed);
    require(seed, "seed", || format!("A seed is 0 to 2^64 - 1 in decimal digits, not {}.", short(&sampler.seed)))?;
    let decimals = [&sampler.temperature, &sampler.top_p, &sampler.min_p];
    decimals.into_iter().flatten().try_for_each(|text| decimal(text))?;
    decimal(&sampler.repeat_penalty)?;
    let counts = sampler.top_k.unwrap_or_default() <= COUNT && sampler.repeat_last_n <= COUNT;
    require(counts, "sampler-count", || format!("top_k and repeat_last_n are at most {COUNT}."))
}

fn story_limits(limits: &StoryLimits) -> Result<(), Refusal> {
    require((1..=TOKENS).contains(&limits.max_tokens), "max-tokens", || {
        format!("The limit of a story is 1 to {TOKENS} tokens, not {}.", limits.max_tokens)
    })?;
    require((1..=CONTEXT_LENGTH).contains(&limits.context), "context-length", || {
        format!("A context has 1 to {CONTEXT_LENGTH} tokens, not {}.", limits.context)
    })?;
    let fits = limits.stop.len() <= STOPS && limits.stop.iter().all(|stop| (1..=STOP).contains(&stop.len()));
    require(fits, "stop", || format!("A story has at most {STOPS} stop strings, each of 1 to {STOP} bytes."))
}

/// Checks a decimal's form, which is the one that ECMAScript writes: 0.8, 100, 1e-7. No number that a sampler takes has
/// more than three digits before its point; whether its value is one, the replay says.
fn decimal(text: &str) -> Result<(), Refusal> {
    require(is_decimal(text), "decimal", || format!("A decimal is written like 0.8 or 1e-7, not {}.", short(text)))
}

fn is_decimal(text: &str) -> bool {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b".e-".contains(&byte)) {
        return false;
    }
    let whole = |part: &str| part == "0" || ((1..=3).contains(&part.len()) && digits(part) && !part.starts_with('0'));
    let fraction = |part: &str| digits(part) && !part.ends_with('0');
    let significant = text.split('e').next().unwrap_or_default().replace('.', "");
    if significant.trim_start_matches('0').len() > DECIMAL {
        return false;
    }
    match (text.split_once("e-"), text.split_once('.')) {
        // Below a millionth: one digit before the point.
        (Some((mantissa, exponent)), _) => {
            let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, "1"));
            let exponent = exponent.parse::<u32>().is_ok_and(|value| value >= 7 && value.to_string() == exponent);
            whole(first) && first.len() == 1 && first != "0" && fraction(rest) && exponent
        }
        (None, Some((before, after))) => {
            let small = before == "0" && after.starts_with("000000");
            whole(before) && fraction(after) && !small
        }
        (None, None) => whole(text),
    }
}

fn digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks a date's form, 2026-02-03; which days a month has is not looked at.
fn date(text: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, length: usize| part.len() == length && digits(part);
    let fits = match parts[..] {
        [year, month, day] => {
            number(year, 4)
                && number(month, 2)
                && ("01"..="12").contains(&month)
                && number(day, 2)
                && ("01"..="31").contains(&day)
        }
        _ => false,
    };
    require(fits, "date", || format!("A date is written like 2026-02-03, not {}.", short(text)))
}

/// Checks a text for people: its length in characters, and no control characters but line breaks.
fn text(code: &str, what: &str, text: &str, length: RangeInclusive<usize>) -> Result<(), Refusal> {
    let count = text.chars().count();
    require(length.contains(&count), code, || {
        format!("{what} has {} to {} characters, not {count}.", length.start(), length.end())
    })?;
    let clean = !text.chars().any(|character| character.is_control() && character != '\n');
    require(clean, code, || format!("{what} has control characters in it."))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
