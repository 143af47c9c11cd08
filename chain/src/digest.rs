// SPDX-License-Identifier: Apache-2.0
//! A digest: 32 bytes. Text comes in as 64 lower-case hexadecimal digits, and nothing else is taken.

use std::{fmt, str::FromStr};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use serde::{de::Error as _, Deserialize, Deserializer, Serialize, Serializer};
use sha3::{Digest as _, Sha3_256};

use crate::refusal::Refusal;

/// Exactly 32 bytes. In BCS they stand alone, in JSON and GraphQL they are hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The SHA3-256 of some bytes.
    pub fn sha3_256(bytes: &[u8]) -> Self {
        Self(Sha3_256::digest(bytes).into())
    }
}

impl FromStr for Digest {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let mut bytes = [0; 32];
        let lower_case = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower_case => Ok(Self(bytes)),
            _ => Err(Refusal::new(
                "digest",
                format!(
                    "A digest is 32 bytes, written as 64 lower-case hexadecimal digits; this has {} characters: {}",
                    text.chars().count(),
                    text.chars().take(80).collect::<String>(),
                ),
            )),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

/// 32 bytes, as 64 lower-case hexadecimal digits.
#[Scalar]
impl ScalarType for Digest {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}
