//! Reads the embedded catalogue: `errors.json` (rules written by people) and `codes.tsv` (Salesforce's codes).
//! It must not know: own rules, and how a failure is matched.

use super::{Class, Code, CodePattern, ErrorRule, ErrorType, ErrorTypeError, Group, MessagePattern, OwnCode, RuleSet};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

const ERRORS: &str = include_str!("../../data/errors.json");
const CODES: &str = include_str!("../../data/codes.tsv");
const CODES_HEADER: &str = "code\tclass\tsource";

/// The built-in part of every catalogue.
#[derive(Debug)]
pub(super) struct Builtin {
    pub(super) version: u32,
    pub(super) rules: RuleSet,
    pub(super) wrappers: Vec<Code>,
    pub(super) unknown_advice: String,
}

/// What is wrong with the embedded data.
#[derive(Debug, thiserror::Error)]
pub(super) enum CatalogueError {
    /// `errors.json` is not the JSON expected.
    #[error("errors.json cannot be read")]
    Json(#[source] serde_json::Error),
    /// Two rules have one id.
    #[error("two rules have the id {0}")]
    RepeatedId(ErrorType),
    /// A rule names no usable code.
    #[error("rule {0} must name codes, none of them blank or *")]
    BadCode(ErrorType),
    /// A line of `codes.tsv` is not `code, class, source`.
    #[error("line {line} of codes.tsv is not a code, a known class and a source, separated by tabs")]
    BadLine {
        /// Counted from 1.
        line: usize,
    },
    /// A code of `codes.tsv` cannot be an error type.
    #[error("the code {code} cannot be an error type")]
    CodeAsType {
        /// The code.
        code: Code,
        /// Why.
        #[source]
        source: ErrorTypeError,
    },
    /// No default for a class that some code has.
    #[error("class_defaults lacks the class {0}")]
    NoDefault(Class),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorsFile {
    version: u32,
    #[serde(rename = "about")]
    _about: String,
    wrappers: Vec<Code>,
    unknown_advice: String,
    class_defaults: BTreeMap<Class, ClassDefault>,
    rules: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassDefault {
    group: Group,
    advice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    id: ErrorType,
    code: OwnCode,
    message: Option<String>,
    group: Group,
    class: Class,
    advice: String,
}

impl Builtin {
    pub(super) fn load() -> Result<Self, CatalogueError> {
        Self::parse(ERRORS, CODES)
    }

    fn parse(errors: &str, codes: &str) -> Result<Self, CatalogueError> {
        let file: ErrorsFile = serde_json::from_str(errors).map_err(CatalogueError::Json)?;
        let mut rules = file.rules.into_iter().map(rule).collect::<Result<Vec<_>, _>>()?;
        let decided = decided_by_code(&rules);
        for (code, class) in code_lines(codes)?.into_iter().filter(|(code, _)| !decided.contains(code)) {
            rules.push(default_rule(code, class, &file.class_defaults)?);
        }
        refuse_repeated_ids(&rules)?;
        let rules = RuleSet::new(rules);
        Ok(Self { version: file.version, rules, wrappers: file.wrappers, unknown_advice: file.unknown_advice })
    }
}

fn rule(entry: RuleEntry) -> Result<ErrorRule, CatalogueError> {
    let RuleEntry { id, code, message, group, class, advice } = entry;
    let codes: Option<Vec<Code>> = code.texts().iter().map(|text| Code::new(text)).collect();
    let Some(codes) = codes.filter(|codes| !codes.is_empty() && codes.iter().all(|code| code.as_str() != "*")) else {
        return Err(CatalogueError::BadCode(id));
    };
    let message = message.map(MessagePattern::builtin);
    Ok(ErrorRule { id, code: CodePattern::OneOf(codes), message, group, class, advice })
}

/// The codes for which some rule fits whatever the message is.
fn decided_by_code(rules: &[ErrorRule]) -> HashSet<Code> {
    let without_message = rules.iter().filter(|rule| rule.message.is_none());
    without_message
        .flat_map(|rule| match &rule.code {
            CodePattern::Any => Vec::new(),
            CodePattern::OneOf(codes) => codes.clone(),
        })
        .collect()
}

fn default_rule(
    code: Code,
    class: Class,
    defaults: &BTreeMap<Class, ClassDefault>,
) -> Result<ErrorRule, CatalogueError> {
    let ClassDefault { group, advice } = defaults.get(&class).ok_or(CatalogueError::NoDefault(class))?;
    let id = ErrorType::of_code(&code).map_err(|source| CatalogueError::CodeAsType { code: code.clone(), source })?;
    let code = CodePattern::OneOf(vec![code]);
    Ok(ErrorRule { id, code, message: None, group: *group, class, advice: advice.clone() })
}

fn code_lines(codes: &str) -> Result<Vec<(Code, Class)>, CatalogueError> {
    let lines = codes.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && *line != CODES_HEADER);
    lines.map(|(at, line)| code_line(line).ok_or(CatalogueError::BadLine { line: at + 1 })).collect()
}

fn code_line(line: &str) -> Option<(Code, Class)> {
    let mut columns = line.split('\t');
    let (code, class, source) = (columns.next()?, columns.next()?, columns.next()?);
    if source.is_empty() || columns.next().is_some() {
        return None;
    }
    Some((Code::new(code)?, class.parse().ok()?))
}

fn refuse_repeated_ids(rules: &[ErrorRule]) -> Result<(), CatalogueError> {
    let mut seen = HashSet::new();
    match rules.iter().find(|rule| !seen.insert(&rule.id)) {
        Some(rule) => Err(CatalogueError::RepeatedId(rule.id.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r#"{"id":"a","code":"A","group":"other","class":"data","advice":"Mend it."}"#;

    fn parse(rules: &str, codes: &str) -> Result<Builtin, String> {
        let defaults = r#"{"data":{"group":"other","advice":"Mend."}}"#;
        let errors = format!(
            r#"{{"version":7,"about":"","wrappers":[],"unknown_advice":"?","class_defaults":{defaults},"rules":[{rules}]}}"#
        );
        Builtin::parse(&errors, codes).map_err(|error| error.to_string())
    }

    #[test]
    fn the_embedded_data_loads() {
        assert!(Builtin::load().is_ok());
    }

    #[test]
    fn a_code_without_a_rule_gets_its_class_s_default() {
        let builtin = parse(RULE, "B_C\tdata\tobserved").expect("valid data");
        let id = ErrorType::parse("b-c").expect("valid id");
        assert_eq!(builtin.rules.get(&id).map(|rule| rule.advice.as_str()), Some("Mend."));
    }

    #[test]
    fn a_repeated_id_is_refused() {
        let error = parse(&format!("{RULE},{RULE}"), "").expect_err("repeated");
        assert_eq!(error, "two rules have the id a");
    }

    #[test]
    fn a_bad_line_is_refused_with_its_number() {
        let error = parse(RULE, "# codes\nB\tnonsense\tobserved").expect_err("bad class");
        assert!(error.starts_with("line 2 of codes.tsv"), "{error}");
    }

    #[test]
    fn a_class_without_a_default_is_refused() {
        let error = parse(RULE, "B\tgone\tobserved").expect_err("no default");
        assert_eq!(error, "class_defaults lacks the class gone");
    }

    #[test]
    fn every_pattern_of_the_built_in_data_compiles() {
        let builtin = Builtin::load().expect("the embedded data is valid");
        let patterns = builtin.rules.iter().filter_map(|rule| rule.message.as_ref());
        for pattern in patterns {
            assert!(MessagePattern::new(pattern.as_str()).is_ok(), "{}", pattern.as_str());
        }
    }

    #[test]
    fn a_rule_for_every_code_is_refused_in_the_built_in_data() {
        let rule = RULE.replace(r#""A""#, r#""*""#);
        assert!(parse(&rule, "").is_err());
    }
}
