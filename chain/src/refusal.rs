// SPDX-License-Identifier: Apache-2.0
//! Why something is refused: a stable code and a sentence for the person, and the storage's own errors beside it.

use std::fmt;

use async_graphql::ErrorExtensions;
use linera_sdk::views::ViewError;
use serde::{Deserialize, Serialize};

/// Something was asked that may not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable, kebab-case.
    pub code: String,
    /// What is wrong, and what would be right.
    pub sentence: String,
}

impl Refusal {
    pub fn new(code: &str, sentence: impl Into<String>) -> Self {
        Self { code: code.into(), sentence: sentence.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} [{}]", self.sentence, self.code)
    }
}

impl std::error::Error for Refusal {}

/// A refusal, which is answered, or a state that can't be read, which nothing can answer.
#[derive(Debug)]
pub enum Error {
    Refused(Refusal),
    State(ViewError),
}

impl Error {
    /// What is said to the person.
    pub fn refusal(self) -> Refusal {
        match self {
            Error::Refused(refusal) => refusal,
            Error::State(error) => Refusal::new("state", format!("The application's state can't be read: {error}")),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}

impl From<ViewError> for Error {
    fn from(error: ViewError) -> Self {
        Error::State(error)
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let Refusal { code, sentence } = error.refusal();
        Self::new(sentence).extend_with(|_, extensions| extensions.set("code", code))
    }
}

/// Refuses unless the condition holds.
pub fn require(condition: bool, code: &str, sentence: impl FnOnce() -> String) -> Result<(), Refusal> {
    if condition {
        Ok(())
    } else {
        Err(Refusal::new(code, sentence()))
    }
}
