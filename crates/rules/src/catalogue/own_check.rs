//! The check that turns own rules, as written, into rules of the catalogue, and tells every mistake at once.
//! It must not know: how rules are matched, and where they are kept.

use super::{
    Class, Code, CodePattern, ErrorRule, ErrorType, Group, MessagePattern, OwnCode, OwnRule, RuleField, RuleIndex,
    RuleProblem,
};
use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;

/// Checks all rules; `is_taken` says whether the built-in catalogue has an id.
pub(super) fn check(
    own: Vec<OwnRule>,
    is_taken: impl Fn(&ErrorType) -> bool,
) -> Result<Vec<ErrorRule>, Vec<RuleProblem>> {
    if own.len() > OwnRule::MAX_RULES {
        return Err(vec![too_many(own.len())]);
    }
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    let mut rules = Vec::with_capacity(own.len());
    for (at, rule) in own.into_iter().enumerate() {
        let mut report = Report { rule: RuleIndex(at), problems: &mut problems };
        let id = checked_id(&rule.id, &mut report, |id| is_taken(id), |id| seen.insert(id.clone()));
        rules.extend(checked(rule, id, &mut report));
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

fn too_many(count: usize) -> RuleProblem {
    RuleProblem {
        rule: RuleIndex(OwnRule::MAX_RULES),
        field: RuleField::Rule,
        problem: format!("{count} rules are too many"),
        mend: format!("keep at most {}", OwnRule::MAX_RULES),
    }
}

/// Collects the problems of one rule.
struct Report<'a> {
    rule: RuleIndex,
    problems: &'a mut Vec<RuleProblem>,
}

impl Report<'_> {
    /// Notes a problem; its value is none, so that a check can end with it.
    fn note<T>(&mut self, field: RuleField, problem: impl Into<String>, mend: impl Into<String>) -> Option<T> {
        self.problems.push(RuleProblem { rule: self.rule, field, problem: problem.into(), mend: mend.into() });
        None
    }
}

/// The rule, if no field had a problem. Every field is checked even so.
fn checked(rule: OwnRule, id: Option<ErrorType>, report: &mut Report<'_>) -> Option<ErrorRule> {
    for name in rule.unexpected.into_keys() {
        let mend = "use only id, code, message, group, class and advice";
        report.note::<()>(RuleField::Unexpected(name), "a rule has no such field", mend);
    }
    let code = checked_codes(&rule.code, report);
    if code == Some(CodePattern::Any) && rule.message.is_none() {
        report.note::<()>(RuleField::Message, "a rule for every code needs a message", "name codes, or add a message");
    }
    let message = checked_message(rule.message.as_deref(), report);
    let group = checked_name(&rule.group, RuleField::Group, &Group::ALL, report);
    let class = checked_name(&rule.class, RuleField::Class, &Class::ALL, report);
    let advice = checked_advice(rule.advice, report);
    Some(ErrorRule { id: id?, code: code?, message: message?, group: group?, class: class?, advice: advice? })
}

fn checked_id(
    text: &str,
    report: &mut Report<'_>,
    is_taken: impl Fn(&ErrorType) -> bool,
    mut is_new: impl FnMut(&ErrorType) -> bool,
) -> Option<ErrorType> {
    let id = match ErrorType::parse(text) {
        Ok(id) => id,
        Err(error) => {
            return report.note(
                RuleField::Id,
                error.to_string(),
                "write words in lower case joined by hyphens, as in `tax-rule`",
            );
        }
    };
    if id.is_unknown() {
        return report.note(RuleField::Id, "`unknown` is kept for codes that no rule knows", "choose another id");
    }
    if is_taken(&id) {
        return report.note(RuleField::Id, format!("`{id}` is a rule of the built-in catalogue"), "choose another id");
    }
    if !is_new(&id) {
        return report.note(RuleField::Id, format!("`{id}` is the id of an earlier rule"), "give each rule its own id");
    }
    Some(id)
}

fn checked_codes(code: &OwnCode, report: &mut Report<'_>) -> Option<CodePattern> {
    let texts = code.texts();
    if texts.is_empty() {
        return report.note(RuleField::Code, "no code is given", "give an error code, a list of them, or `*`");
    }
    if texts.len() > OwnRule::MAX_CODES {
        let mend = format!("name at most {}, or make two rules", OwnRule::MAX_CODES);
        return report.note(RuleField::Code, format!("{} codes are too many", texts.len()), mend);
    }
    if texts.iter().any(|text| text.trim() == "*") {
        return match code {
            OwnCode::One(_) => Some(CodePattern::Any),
            OwnCode::Many(_) => {
                report.note(RuleField::Code, "`*` stands in a list", "write `*` alone, or name the codes")
            }
        };
    }
    let codes: Option<Vec<Code>> = texts.iter().map(|text| Code::new(text).filter(is_short)).collect();
    let mend = format!("give codes of 1 to {} characters, as in `INVALID_FIELD`", OwnRule::MAX_CODE);
    codes.map_or_else(
        || report.note(RuleField::Code, "a code is blank or too long", mend),
        |codes| Some(CodePattern::OneOf(codes)),
    )
}

fn is_short(code: &Code) -> bool {
    code.as_str().chars().count() <= OwnRule::MAX_CODE
}

/// The outer option says whether the field is right; the inner one, whether there is a pattern.
#[expect(clippy::option_option, reason = "a message may rightly be absent, and a check may fail")]
fn checked_message(source: Option<&str>, report: &mut Report<'_>) -> Option<Option<MessagePattern>> {
    let Some(source) = source else {
        return Some(None);
    };
    if source.trim().is_empty() {
        return report.note(
            RuleField::Message,
            "the pattern is blank",
            "leave the field out, or write what to look for",
        );
    }
    if source.chars().count() > OwnRule::MAX_MESSAGE {
        let mend = format!("use at most {} characters", OwnRule::MAX_MESSAGE);
        return report.note(RuleField::Message, "the pattern is too long", mend);
    }
    match MessagePattern::new(source) {
        Ok(pattern) => Some(Some(pattern)),
        Err(regex::Error::CompiledTooBig(_)) => {
            report.note(RuleField::Message, "the pattern is too complex", "use smaller repetition counts")
        }
        Err(error) => {
            let mend =
                "correct the regular expression; put a backslash before . ( ) [ ] { } + * ? | ^ $ meant as they are";
            report.note(RuleField::Message, last_line(&error), mend)
        }
    }
}

/// The regex crate draws the pattern over several lines; its last line says what is wrong.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default();
    format!("the pattern is no regular expression: {}", reason.trim_start_matches("error: "))
}

fn checked_name<T: FromStr + Display>(text: &str, field: RuleField, all: &[T], report: &mut Report<'_>) -> Option<T> {
    text.parse().ok().or_else(|| {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        let problem =
            if text.is_empty() { "nothing is given".to_owned() } else { format!("there is no {field} of this name") };
        report.note(field, problem, format!("use one of {}", names.join(", ")))
    })
}

fn checked_advice(advice: String, report: &mut Report<'_>) -> Option<String> {
    if advice.trim().is_empty() {
        return report.note(
            RuleField::Advice,
            "nothing is given",
            "say in one or two sentences what to do about the error",
        );
    }
    if advice.chars().count() > OwnRule::MAX_ADVICE {
        let mend = format!("use at most {} characters", OwnRule::MAX_ADVICE);
        return report.note(RuleField::Advice, "the advice is too long", mend);
    }
    Some(advice)
}
