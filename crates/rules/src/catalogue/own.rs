//! A connection's own rules, as a person writes them.
//! It must not know: whether they are right, and how rules are matched.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A rule as written: the shape of the built-in data, not yet checked.
///
/// A missing field is empty here, and is reported by the check together with all other mistakes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnRule {
    /// The error type it defines, in kebab-case.
    pub id: String,
    /// The codes it is for, or `*` for every code (then a message is needed).
    pub code: OwnCode,
    /// A regular expression to find in the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The name of a [`Group`](super::Group).
    pub group: String,
    /// The name of a [`Class`](super::Class).
    pub class: String,
    /// What an administrator can do about it.
    pub advice: String,
    /// Fields that rules do not have: kept so that a misspelt one is reported instead of widening the rule.
    #[serde(flatten)]
    pub unexpected: BTreeMap<String, serde_json::Value>,
}

/// The codes of a rule as written: one text, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OwnCode {
    /// One code, or `*`.
    One(String),
    /// Several codes.
    Many(Vec<String>),
}

impl Default for OwnCode {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OwnCode {
    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

impl OwnRule {
    /// The most own rules a connection may have.
    pub const MAX_RULES: usize = 200;
    /// The most codes one rule may name.
    pub const MAX_CODES: usize = 50;
    /// The most characters of a code.
    pub const MAX_CODE: usize = 100;
    /// The most characters of a message pattern.
    pub const MAX_MESSAGE: usize = 500;
    /// The most characters of the advice.
    pub const MAX_ADVICE: usize = 500;
}
