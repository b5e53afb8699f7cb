//! The error texts that the tools write, taken apart: `CODE:message:fields --`, `CODE: message`, `CODE: message [fields]`, JSON,
//! several of these in one cell, or a message alone.
//!
//! Must not know: what a code means, or which tool wrote the text.

use rules::ids::FieldName;
use serde::Deserialize;

use crate::wordings;

/// What a message without a code is given.
const UNKNOWN: &str = "UNKNOWN";

/// An error's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorText {
    /// The code; `UNKNOWN` when the text gives none and the message is none that is known.
    pub code: String,
    /// The message without the code. Where a cell holds several errors the first decides, and the message has all.
    pub message: String,
    /// The fields that the first error names.
    pub fields: Vec<String>,
}

/// Whether a text ends with its fields in brackets, as Salesforce Inspector writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fields {
    Bracketed,
    BeforeDashes,
}

/// One error as JSON, by the names of either of Salesforce's forms.
#[derive(Debug, Deserialize)]
struct InJson {
    #[serde(alias = "errorCode", alias = "code")]
    #[serde(rename = "statusCode")]
    code: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    fields: Option<Vec<String>>,
}

impl ErrorText {
    /// Takes a text apart.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::read(text, Fields::BeforeDashes)
    }

    /// Takes a text apart that is known to end with its fields in one of the two ways.
    pub(crate) fn read(text: &str, style: Fields) -> Self {
        let errors = in_json(text).unwrap_or_else(|| pieces(text).map(|piece| one(piece, style)).collect());
        Self::first_of(errors)
    }

    /// A code and a message from a cell each; a code that is none is part of the message.
    pub(crate) fn of_parts(code: &str, message: &str) -> Self {
        let code = code.trim();
        if is_code(code) {
            let message = Self::parse(message);
            let kept = if message.code == code { message.message } else { text_of(&message) };
            return Self { code: code.to_owned(), message: kept, fields: message.fields };
        }
        Self::parse(format!("{code} {message}").trim())
    }

    fn first_of(errors: Vec<Self>) -> Self {
        let mut errors = errors.into_iter();
        let Some(mut first) = errors.next() else {
            return Self { code: UNKNOWN.to_owned(), message: String::new(), fields: Vec::new() };
        };
        for other in errors {
            first.message.push('\n');
            first.message.push_str(&text_of(&other));
        }
        first
    }
}

/// An error as one text again.
fn text_of(error: &ErrorText) -> String {
    if error.code == UNKNOWN { error.message.clone() } else { format!("{}: {}", error.code, error.message) }
}

/// The errors of a text that is a list of them in JSON, or a single one.
fn in_json(text: &str) -> Option<Vec<ErrorText>> {
    let text = text.trim();
    let list: Vec<InJson> = match text.bytes().next()? {
        b'[' => serde_json::from_str(text).ok()?,
        b'{' => vec![serde_json::from_str(text).ok()?],
        _ => return None,
    };
    let error = |error: InJson| ErrorText {
        code: error.code,
        message: error.message.unwrap_or_default(),
        fields: error.fields.unwrap_or_default(),
    };
    Some(list.into_iter().map(error).collect())
}

/// Splits a text where another error begins: at a line, after dashes or after a bracket, with a code.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text.trim());
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(end) = next_error(text) else {
            return Some(text);
        };
        let (piece, after) = text.split_at(end);
        rest = Some(after);
        Some(piece.trim_end_matches([',', ';', ' ', '\r', '\n']))
    })
}

/// Where the second error of a text begins.
fn next_error(text: &str) -> Option<usize> {
    let ends = text.match_indices('\n').chain(text.match_indices("--")).chain(text.match_indices("],"));
    let begins = |(at, end): (usize, &str)| {
        let after = &text[at + end.len()..];
        let start = text.len() - after.trim_start_matches([',', ';', ' ', '\r', '\n']).len();
        let (code, _) = leading_code(&text[start..])?;
        code.contains(['_', '-']).then_some(start)
    };
    ends.filter_map(begins).min()
}

/// One error: its code, its message, its fields.
fn one(text: &str, style: Fields) -> ErrorText {
    let text = text.trim();
    let dashed = text.ends_with("--");
    let text = text.trim_end_matches("--").trim();
    let (code, message) = match leading_code(text) {
        Some(parts) => parts,
        None if is_code(text) => (text, ""),
        None => (wordings::code(text).unwrap_or(UNKNOWN), text),
    };
    let (message, fields) = match style {
        Fields::Bracketed => bracketed(message),
        Fields::BeforeDashes if dashed => message.rsplit_once(':').and_then(|(message, list)| named(message, list)),
        Fields::BeforeDashes => None,
    }
    .unwrap_or((message, Vec::new()));
    ErrorText { code: code.to_owned(), message: message.trim().trim_end_matches(':').trim().to_owned(), fields }
}

/// The fields of `message [Field, Field]`.
fn bracketed(message: &str) -> Option<(&str, Vec<String>)> {
    let (message, list) = message.trim_end().strip_suffix(']')?.rsplit_once('[')?;
    named(message, list)
}

/// A list of fields' names, or of nothing.
fn named<'a>(message: &'a str, list: &str) -> Option<(&'a str, Vec<String>)> {
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let all = names.iter().all(|name| FieldName::new(*name).is_ok());
    all.then(|| (message, names.into_iter().map(str::to_owned).collect()))
}

/// The code that a text begins with and what follows its colon. A fault of SOAP has a prefix before its code.
fn leading_code(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("sf:").unwrap_or(text);
    text.split_once(':').filter(|(code, _)| is_code(code))
}

/// `REQUIRED_FIELD_MISSING`, `DACO-02`, `INVALIDJOBSTATE`.
fn is_code(text: &str) -> bool {
    (3..=80).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests;
