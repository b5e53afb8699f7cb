//! The shapes of Salesforce's answers: results of a batch, and errors as a list, as an object, or in OAuth's form.
//!
//! Must not know: statuses, and what an error leads to.

use std::borrow::Cow;
use std::cmp::Reverse;

use rules::verdict::Answer;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The code of a refusal that carries none.
const NO_CODE: &str = "UNKNOWN";

/// The longest code that is written to a log.
const LOGGED_CODE: usize = 64;

/// One error, as far as it could be read. Not `Debug`: a message may quote a payload.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Its code.
    pub(crate) code: Option<String>,
    /// Its message; empty when there is none.
    pub(crate) message: String,
}

impl Said {
    /// Whether its code is `code`.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether its message holds `phrase`, whatever the case.
    pub(crate) fn mentions(&self, phrase: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&phrase.to_ascii_lowercase())
    }

    /// Its code, if it has the look of one and so may be written to a log.
    pub(crate) fn loggable_code(&self) -> Option<&str> {
        let looks_like_one = |code: &&str| {
            code.len() <= LOGGED_CODE && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        self.code.as_deref().filter(looks_like_one)
    }
}

/// A token, and where the org says that it is used.
pub(crate) struct Grant {
    /// The token.
    pub(crate) token: SecretString,
    /// The address of the org: data from outside, to be checked before a token is sent there.
    pub(crate) instance_url: String,
}

/// The error of a request: of several, the first that says most. Nothing when the body is none of the known shapes.
pub(crate) fn said(body: &[u8]) -> Option<Said> {
    let value: Value = serde_json::from_slice(body).ok()?;
    telling(&value).or_else(|| oauth(&value))
}

/// The error of a login, in OAuth's form.
pub(crate) fn oauth_error(body: &[u8]) -> Option<Said> {
    oauth(&serde_json::from_slice(body).ok()?)
}

/// The token in the answer to a login.
pub(crate) fn grant(body: &[u8]) -> Option<Grant> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let token = SecretString::from(text(&value, &["access_token"])?);
    Some(Grant { token, instance_url: text(&value, &["instance_url"])? })
}

/// The results of a batch, in order; nothing unless there is one per record.
pub(crate) fn results(body: &[u8], records: usize) -> Option<Vec<Answer>> {
    let results: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
    (results.len() == records).then(|| results.into_iter().map(result).collect())
}

/// Whether the body is an object of JSON.
pub(crate) fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| value.is_object())
}

/// A result as Salesforce writes it is read without a table for each of its objects, which is most of what reading takes; whatever
/// differs from that is looked at field by field.
fn result(result: &RawValue) -> Answer {
    let usual = object::<Usual<'_>>(result).and_then(|usual| usual.answer());
    usual.unwrap_or_else(|| serde_json::from_str(result.get()).map_or(Answer::Unknown, |value| any_result(&value)))
}

/// A result with nothing missing.
#[derive(Deserialize)]
struct Usual<'a> {
    success: bool,
    #[serde(borrow, default)]
    errors: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct UsualError<'a> {
    #[serde(borrow, rename = "statusCode")]
    code: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl Usual<'_> {
    /// What it says, unless the first error leaves something out that another may say.
    fn answer(&self) -> Option<Answer> {
        if self.success {
            return Some(Answer::Saved);
        }
        let UsualError { code, message } = object(self.errors.first()?)?;
        let (code, message) = (code.trim().to_owned(), message.trim().to_owned());
        (!code.is_empty() && !message.is_empty()).then_some(Answer::Refused { code, message })
    }
}

/// What an object says; a list would be taken for one whose names are left out.
fn object<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Option<T> {
    value.get().starts_with('{').then(|| serde_json::from_str(value.get()).ok()).flatten()
}

fn any_result(result: &Value) -> Answer {
    match result.get("success").and_then(Value::as_bool) {
        Some(true) => Answer::Saved,
        Some(false) => refusal(result.get("errors").and_then(telling)),
        None => Answer::Unknown,
    }
}

fn refusal(said: Option<Said>) -> Answer {
    let (code, message) = said.map_or_else(Default::default, |said| (said.code, said.message));
    Answer::Refused { code: code.unwrap_or_else(|| NO_CODE.to_owned()), message }
}

/// Of one error or a list of them, the first with a code and a message, else with a code, else with a message.
fn telling(errors: &Value) -> Option<Said> {
    let list = errors.as_array().map_or(std::slice::from_ref(errors), Vec::as_slice);
    list.iter().filter_map(error).min_by_key(|said| Reverse((said.code.is_some(), !said.message.is_empty())))
}

fn error(error: &Value) -> Option<Said> {
    of(text(error, &["statusCode", "errorCode"]), text(error, &["message"]))
}

fn oauth(error: &Value) -> Option<Said> {
    let code = text(error, &["error"])?;
    of(Some(code), text(error, &["error_description"]))
}

fn of(code: Option<String>, message: Option<String>) -> Option<Said> {
    let says_something = code.is_some() || message.is_some();
    says_something.then(|| Said { code, message: message.unwrap_or_default() })
}

/// The first of these fields that holds a text with something in it.
fn text(object: &Value, names: &[&str]) -> Option<String> {
    let texts = names.iter().filter_map(|name| object.get(name)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
