// SPDX-License-Identifier: Apache-2.0
//! Well-formed values, each field different from the others.

use linera_sdk::linera_base_types::{Account, AccountOwner, ChainId, CryptoHash, DataBlobHash};
use taleproof_chain::{
    digest::Digest,
    models::{Chunk, File, Release, Role},
    nft::{Mode, Sampler, StoryLimits, StoryReceipt},
};

pub fn release() -> Release {
    Release {
        description: "A toy of one file.".into(),
        licence: "MIT".into(),
        architecture: "llama".into(),
        format: "gguf".into(),
        context_length: 512,
        files: vec![File {
            role: Role::Weights,
            name: "toy.gguf".into(),
            size: 5,
            sha256: Digest([1; 32]),
            sha3_256: Digest([2; 32]),
            urls: vec!["https://example.org/toy.gguf".into()],
            chunks: Vec::new(),
        }],
    }
}

pub fn receipt() -> StoryReceipt {
    StoryReceipt {
        story: Digest([3; 32]),
        model: Digest([4; 32]),
        tokenizer: Some(Digest([5; 32])),
        numerics: 1,
        kernels: Some(Digest([6; 32])),
        prompt: "Once upon a time".into(),
        prompt_tokens: Digest([8; 32]),
        mode: Mode::Chat,
        date: Some("2026-02-03".into()),
        sampler: Sampler {
            seed: "42".into(),
            temperature: Some("0.8".into()),
            top_p: Some("0.9".into()),
            top_k: Some(40),
            min_p: Some("0.05".into()),
            repeat_penalty: "1.1".into(),
            repeat_last_n: 64,
        },
        limits: StoryLimits { max_tokens: 128, stop: vec!["\n\n".into()], context: 256 },
        token_count: 100,
        tokens: Digest([7; 32]),
    }
}

#[allow(dead_code, reason = "the limits need no chunk")]
pub fn chunk() -> Chunk {
    Chunk { hash: DataBlobHash(hash("chunk")), size: 5 }
}

#[allow(dead_code, reason = "the limits need no account")]
pub fn account() -> Account {
    Account { chain_id: ChainId(hash("chain")), owner: AccountOwner::Address20([8; 20]) }
}

#[allow(dead_code, reason = "the limits need no hash")]
pub fn hash(text: &str) -> CryptoHash {
    CryptoHash::test_hash(text)
}
