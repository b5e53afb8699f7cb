//! An ordered set of rules, found by code first so that only a few patterns are ever tried.
//! It must not know: which set is laid over which.

use super::{Code, CodePattern, ErrorRule, ErrorType};
use std::collections::{HashMap, HashSet};

/// Rules in order, with indexes into them.
#[derive(Debug, Clone, Default)]
pub(super) struct RuleSet {
    rules: Vec<ErrorRule>,
    by_id: HashMap<ErrorType, usize>,
    by_code: Candidates,
    /// For codes written without their underscores.
    by_squashed: Candidates,
    /// The rules to try for a code that no rule names.
    for_any_code: Vec<usize>,
}

/// For each code that a rule names: the rules to try, in order.
type Candidates = HashMap<Code, Vec<usize>>;

impl RuleSet {
    pub(super) fn new(rules: Vec<ErrorRule>) -> Self {
        let by_id = rules.iter().enumerate().map(|(at, rule)| (rule.id.clone(), at)).collect();
        let by_code = candidates(&rules, Code::clone);
        let by_squashed = candidates(&rules, Code::squashed);
        let for_any_code = for_any_code(&rules);
        Self { rules, by_id, by_code, by_squashed, for_any_code }
    }

    /// The first rule that fits.
    pub(super) fn find(&self, code: &Code, message: &str, key_field: Option<&str>) -> Option<&ErrorRule> {
        let candidates = self.naming(code).unwrap_or(&self.for_any_code);
        candidates.iter().map(|&at| &self.rules[at]).find(|rule| rule.fits_message(message, key_field))
    }

    /// Whether a rule names this code.
    pub(super) fn names(&self, code: &Code) -> bool {
        self.naming(code).is_some()
    }

    pub(super) fn get(&self, id: &ErrorType) -> Option<&ErrorRule> {
        self.by_id.get(id).map(|&at| &self.rules[at])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ErrorRule> {
        self.rules.iter()
    }

    fn naming(&self, code: &Code) -> Option<&Vec<usize>> {
        self.by_code.get(code).or_else(|| self.by_squashed.get(code))
    }
}

fn candidates(rules: &[ErrorRule], spelling: impl Fn(&Code) -> Code) -> Candidates {
    let mut found: Candidates = rules.iter().flat_map(codes).map(|code| (spelling(code), Vec::new())).collect();
    for (at, rule) in rules.iter().enumerate() {
        match &rule.code {
            CodePattern::Any => found.values_mut().for_each(|candidates| candidates.push(at)),
            CodePattern::OneOf(codes) => {
                for code in codes.iter().map(&spelling).collect::<HashSet<_>>() {
                    found.entry(code).or_default().push(at);
                }
            }
        }
    }
    found
}

fn codes(rule: &ErrorRule) -> &[Code] {
    match &rule.code {
        CodePattern::Any => &[],
        CodePattern::OneOf(codes) => codes,
    }
}

fn for_any_code(rules: &[ErrorRule]) -> Vec<usize> {
    let positions = rules.iter().enumerate().filter(|(_, rule)| rule.code == CodePattern::Any);
    positions.map(|(at, _)| at).collect()
}
