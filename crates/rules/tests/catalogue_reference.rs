//! The fast matcher against a naive one: every rule in order, nothing indexed.
//! It must not know: the catalogue's internals; it reads only the rules and the wrappers.

use proptest::prelude::*;
use proptest::sample::select;
use regex::RegexBuilder;
use rules::catalogue::{Catalogue, CodePattern, ErrorRule, OwnCode, OwnRule};
use std::sync::LazyLock;

static BUILTIN_COUNT: LazyLock<usize> = LazyLock::new(|| Catalogue::builtin().rules().count());
static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::with_own_rules(own_rules()).expect("the own rules are right"));

fn own_rules() -> Vec<OwnRule> {
    let rule = |id: &str, codes: &[&str], message: Option<&str>| OwnRule {
        id: id.into(),
        code: match codes {
            [one] => OwnCode::One((*one).into()),
            many => OwnCode::Many(many.iter().map(ToString::to_string).collect()),
        },
        message: message.map(Into::into),
        group: "other".into(),
        class: "data".into(),
        advice: "Mend it.".into(),
        ..OwnRule::default()
    };
    vec![
        rule("own-lock", &["UNABLE_TO_LOCK_ROW", "DACO-01"], Some("invoice")),
        rule("own-any", &["*"], Some("tax|steuer")),
        rule("own-new", &["BRAND_NEW", "DACO-07"], None),
        rule("own-key", &["DUPLICATE_VALUE"], Some("clash on (?P<key>[a-z]+)")),
    ]
}

fn naive(code: &str, message: &str, key: Option<&str>) -> String {
    let rules: Vec<&ErrorRule> = CATALOGUE.rules().collect();
    let (own, builtin) = rules.split_at(rules.len() - *BUILTIN_COUNT);
    let outer = code.trim().to_ascii_uppercase();
    let is_wrapper = CATALOGUE.wrappers().any(|wrapper| wrapper.as_str() == outer);
    let inner = if is_wrapper { inner(&rules, message) } else { None };
    let tries = [(own, Some(&outer)), (own, inner.as_ref()), (builtin, inner.as_ref()), (builtin, Some(&outer))];
    tries
        .into_iter()
        .filter_map(|(rules, code)| code.map(|code| (rules, code)))
        .find_map(|(rules, code)| rules.iter().find(|rule| fits(rules, rule, code, message, key)))
        .map_or_else(|| unknown(&outer), |rule| rule.id.to_string())
}

fn unknown(code: &str) -> String {
    if code.is_empty() { "unknown".into() } else { format!("unknown:{code}") }
}

fn names(rule: &ErrorRule, code: &str) -> bool {
    match &rule.code {
        CodePattern::Any => false,
        CodePattern::OneOf(codes) => codes.iter().any(|named| named.as_str() == code),
    }
}

fn names_squashed(rule: &ErrorRule, code: &str) -> bool {
    match &rule.code {
        CodePattern::Any => false,
        CodePattern::OneOf(codes) => codes.iter().any(|named| named.as_str().replace('_', "") == code),
    }
}

fn fits(rules: &[&ErrorRule], rule: &ErrorRule, code: &str, message: &str, key: Option<&str>) -> bool {
    let is_spelt_so = rules.iter().any(|rule| names(rule, code));
    let named = names(rule, code) || (!is_spelt_so && names_squashed(rule, code));
    if code.is_empty() || !(named || matches!(rule.code, CodePattern::Any)) {
        return false;
    }
    let Some(pattern) = &rule.message else {
        return true;
    };
    let regex = RegexBuilder::new(pattern.as_str()).case_insensitive(true).dot_matches_new_line(true).build();
    let Some(found) = regex.expect("the pattern compiles").captures(message) else {
        return false;
    };
    let names_key = pattern.as_str().contains("(?P<key>");
    !names_key || key.is_some_and(|key| found["key"].eq_ignore_ascii_case(key))
}

fn inner(rules: &[&ErrorRule], message: &str) -> Option<String> {
    let chars: Vec<char> = message.chars().chain([' ']).collect();
    let mut word = String::new();
    for next in chars {
        if next.is_alphanumeric() || next == '_' {
            word.push(next);
            continue;
        }
        let capitals = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let known = rules.iter().any(|rule| names(rule, &word) || names_squashed(rule, &word));
        if !word.is_empty() && capitals && known && (word.contains('_') || next == ':') {
            return Some(word);
        }
        word.clear();
    }
    None
}

fn codes() -> impl Strategy<Value = String> {
    let known: Vec<String> = CATALOGUE
        .rules()
        .flat_map(|rule| match &rule.code {
            CodePattern::Any => Vec::new(),
            CodePattern::OneOf(codes) => codes.iter().map(ToString::to_string).collect(),
        })
        .collect();
    let decisive = [
        "DACO-01",
        "INVALID_FIELD",
        "DUPLICATE_VALUE",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "BRAND_NEW",
        "TWIN",
        "T_WIN",
    ];
    prop_oneof![
        3 => select(decisive.map(String::from).to_vec()),
        2 => select(known.clone()),
        1 => select(known.clone()).prop_map(|code| format!(" {} ", code.to_lowercase())),
        1 => select(known).prop_map(|code| code.replace('_', "")),
        1 => "[A-Z_]{0,12}",
    ]
}

fn messages() -> impl Strategy<Value = String> {
    let phrases = [
        "Foreign key external ID: x",
        "not found for field",
        "No such column",
        "more than one record found",
        "UNABLE_TO_LOCK_ROW",
        "Too many SOQL queries: 101",
        "Duplicate external id specified",
        "duplicate value found: Key__c duplicates value",
        "TotalRequests",
        "Concurrent",
        "record type",
        "There's a problem with this country",
        "tax",
        "STEUER",
        "invoice",
        "clash on Key",
        "\n",
        "é",
    ];
    let piece = prop_oneof![3 => select(phrases.to_vec()).prop_map(String::from), 2 => codes(), 1 => "\\PC{0,6}"];
    let separator = select(vec![" ", ": ", ":", ", "]);
    proptest::collection::vec((piece, separator), 0..6)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, separator)| piece + separator).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_fast_matcher_agrees_with_a_scan_of_all_rules(
        code in codes(), message in messages(), key in proptest::option::of(select(vec!["Key__c", "key", "Email"])),
    ) {
        let found = match key {
            Some(key) => CATALOGUE.classify_upsert(&code, &message, key),
            None => CATALOGUE.classify(&code, &message),
        };
        // A code of underscores alone is cleaned away, which the naive matcher leaves out.
        prop_assume!(code.trim().is_empty() || code.contains(|c: char| c.is_ascii_alphanumeric()));
        prop_assert_eq!(found.error_type.to_string(), naive(&code, &message, key));
    }
}
