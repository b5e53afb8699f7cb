//! A mistake in somebody's own rule, told so that they can mend it.
//! It must not know: how rules are checked or matched.

use serde::Serialize;
use std::fmt;

/// The position of a rule in the list given, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RuleIndex(pub usize);

impl fmt::Display for RuleIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The part of a rule that a problem is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleField {
    /// `id`.
    Id,
    /// `code`.
    Code,
    /// `message`.
    Message,
    /// `group`.
    Group,
    /// `class`.
    Class,
    /// `advice`.
    Advice,
    /// A field that rules do not have, by its name.
    Unexpected(String),
    /// The rule as a whole.
    Rule,
}

impl fmt::Display for RuleField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str("id"),
            Self::Code => f.write_str("code"),
            Self::Message => f.write_str("message"),
            Self::Group => f.write_str("group"),
            Self::Class => f.write_str("class"),
            Self::Advice => f.write_str("advice"),
            Self::Unexpected(name) => f.write_str(name),
            Self::Rule => f.write_str("rule"),
        }
    }
}

/// One mistake in one own rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("own rule {rule}, {field}: {problem}; {mend}")]
pub struct RuleProblem {
    /// Which rule, counted from 0.
    pub rule: RuleIndex,
    /// Which of its fields.
    pub field: RuleField,
    /// What is wrong with the value.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}
