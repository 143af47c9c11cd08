// SPDX-License-Identifier: Apache-2.0
//! candle's quantised llama in WebAssembly, behind plain exports: no bindings, one model, greedy tokens.
//!
//! In: a GGUF file's bytes at an address that `room` gave, then token ids. Out: the likeliest next token. A file that
//! candle refuses is -1; anything else that goes wrong is a trap.

use std::io::Cursor;
use std::sync::Mutex;

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Result, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;

static MODEL: Mutex<Option<ModelWeights>> = Mutex::new(None);

/// Nothing random is asked of candle here; its dependencies only want to know that something would answer.
#[no_mangle]
unsafe extern "Rust" fn __getrandom_v03_custom(_: *mut u8, _: usize) -> std::result::Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

/// Bytes of memory for the caller to fill; they stay, unless `open` is given them.
#[no_mangle]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    Vec::leak(vec![0u8; bytes]).as_mut_ptr()
}

/// Open the model in `bytes` bytes of room, and free them.
#[no_mangle]
pub unsafe extern "C" fn open(file: *mut u8, bytes: usize) -> i32 {
    let file = Vec::from_raw_parts(file, bytes, bytes);
    match read(file) {
        Ok(model) => {
            *MODEL.lock().unwrap() = Some(model);
            0
        }
        Err(_) => -1,
    }
}

fn read(file: Vec<u8>) -> Result<ModelWeights> {
    let mut reader = Cursor::new(file);
    let content = Content::read(&mut reader)?;
    ModelWeights::from_gguf(content, &mut reader, &Device::Cpu)
}

/// Run `count` ids in room after `position` others; position 0 begins anew.
#[no_mangle]
pub unsafe extern "C" fn step(ids: *const u32, count: usize, position: usize) -> u32 {
    let ids = std::slice::from_raw_parts(ids, count);
    let mut model = MODEL.lock().unwrap();
    likeliest(model.as_mut().expect("a model"), ids, position).expect("a step")
}

fn likeliest(model: &mut ModelWeights, ids: &[u32], position: usize) -> Result<u32> {
    let input = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
    model.forward(&input, position)?.squeeze(0)?.argmax(0)?.to_scalar()
}
