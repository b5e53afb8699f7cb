//! The error catalogue: turns a code and a message into an error type, a group, a class and advice.
//!
//! The built-in rules are data (`data/errors.json`, `data/codes.tsv`); a connection's own rules are laid over them.
//! It must not know: attempts, policies, budgets, or what anyone does about a class.

mod builtin;
mod class;
mod error_type;
mod group;
mod inner;
mod own;
mod own_check;
mod pattern;
mod problem;
mod rule;
mod rule_set;

pub use class::{Class, UnknownName};
pub use error_type::{ErrorType, ErrorTypeError};
pub use group::Group;
pub use own::{OwnCode, OwnRule};
pub use pattern::{BlankCode, Code, CodePattern, MessagePattern};
pub use problem::{RuleField, RuleIndex, RuleProblem};
pub use rule::ErrorRule;

use builtin::Builtin;
use rule_set::RuleSet;
use std::sync::LazyLock;

static BUILTIN: LazyLock<Builtin> =
    LazyLock::new(|| Builtin::load().expect("the embedded data is valid: a test holds that it loads"));
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::over_builtin(RuleSet::default()));

/// The built-in rules with, possibly, a connection's own rules over them.
///
/// Small to build and to clone: the built-in part is shared by the whole process.
#[derive(Debug, Clone)]
pub struct Catalogue {
    own: RuleSet,
    builtin: &'static Builtin,
}

/// What the catalogue says about one failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified<'a> {
    /// The kind of failure, under which records are listed, counted and selected.
    pub error_type: ErrorType,
    /// The card on which an operator looks for it.
    pub group: Group,
    /// What kind of cause it has.
    pub class: Class,
    /// What an administrator can do about it, in one or two sentences.
    pub advice: &'a str,
}

impl Catalogue {
    /// The catalogue without own rules, loaded once per process.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &CATALOGUE
    }

    /// The catalogue with `own` rules, which are tried before the built-in ones, in their order.
    ///
    /// # Errors
    /// Every mistake in every rule, together, so that a person mends them in one go.
    pub fn with_own_rules(own: Vec<OwnRule>) -> Result<Self, Vec<RuleProblem>> {
        let taken = |id: &ErrorType| BUILTIN.rules.get(id).is_some();
        own_check::check(own, taken).map(|rules| Self::over_builtin(RuleSet::new(rules)))
    }

    /// The version of the built-in data; it rises with every change of them.
    #[must_use]
    pub fn version() -> u32 {
        BUILTIN.version
    }

    /// Classifies a failure. Never fails: what no rule fits is of type `unknown:CODE`, or `unknown` without a code.
    ///
    /// Codes compare trimmed and in any case, with or without underscores where they carry none (as in the Bulk API).
    #[must_use]
    pub fn classify(&self, code: &str, message: &str) -> Classified<'_> {
        self.classify_failure(code, message, None)
    }

    /// As [`classify`](Self::classify), for a failed upsert whose key field is known: a duplicate of that very
    /// field is a race with another writer, while a duplicate of any other field is a mistake in the data.
    #[must_use]
    pub fn classify_upsert(&self, code: &str, message: &str, key_field: &str) -> Classified<'_> {
        self.classify_failure(code, message, Some(key_field))
    }

    /// The rule that defines `error_type`; none for the `unknown` types.
    #[must_use]
    pub fn rule(&self, error_type: &ErrorType) -> Option<&ErrorRule> {
        self.own.get(error_type).or_else(|| self.builtin.rules.get(error_type))
    }

    /// What an administrator can do about an error of this type.
    #[must_use]
    pub fn advice(&self, error_type: &ErrorType) -> &str {
        self.rule(error_type).map_or(&self.builtin.unknown_advice, |rule| &rule.advice)
    }

    /// All rules in the order in which they are tried: own ones first.
    pub fn rules(&self) -> impl Iterator<Item = &ErrorRule> {
        self.own.iter().chain(self.builtin.rules.iter())
    }

    /// The codes that say only that Salesforce failed, so that the code inside the message decides.
    pub fn wrappers(&self) -> impl Iterator<Item = &Code> {
        self.builtin.wrappers.iter()
    }

    fn over_builtin(own: RuleSet) -> Self {
        Self { own, builtin: &BUILTIN }
    }

    fn classify_failure(&self, code: &str, message: &str, key_field: Option<&str>) -> Classified<'_> {
        let Some(code) = Code::new(code) else {
            return self.unknown(ErrorType::unknown());
        };
        let message = pattern::examined(message);
        let inner = self.inner_code(&code, message);
        let own = |code| self.own.find(code, message, key_field);
        let builtin = |code| self.builtin.rules.find(code, message, key_field);
        own(&code)
            .or_else(|| inner.as_ref().and_then(own))
            .or_else(|| inner.as_ref().and_then(builtin))
            .or_else(|| builtin(&code))
            .map_or_else(|| self.unknown(ErrorType::unknown_code(&code)), ErrorRule::classified)
    }

    /// The code that a wrapper's message names, if this is a wrapper and some rule names that code.
    fn inner_code(&self, code: &Code, message: &str) -> Option<Code> {
        let is_known = |code: &Code| self.own.names(code) || self.builtin.rules.names(code);
        self.builtin.wrappers.contains(code).then(|| inner::find(message, is_known)).flatten()
    }

    fn unknown(&self, error_type: ErrorType) -> Classified<'_> {
        Classified { error_type, group: Group::Unknown, class: Class::Unreviewed, advice: &self.builtin.unknown_advice }
    }
}
