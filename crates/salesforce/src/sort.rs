//! Sorts a status and a body into the engine's answers. Pure; the only place that decides what a refusal of a whole request
//! means.
//!
//! Must not know: how the answer arrived, attempts, what happens next.

use engine::ports::{LoginAnswer, NotProcessed, ProbeAnswer, UpsertAnswer};

use crate::body::{self, Grant, Said};

/// The answer to a request that needs a token, before it matters what was asked.
enum Sorted {
    Fine,
    SessionExpired,
    NotProcessed(NotProcessed),
    Unknown,
    Refused(Option<Said>),
}

/// The answer to a login, its token not yet checked.
pub(crate) enum Login {
    /// A token.
    Granted(Grant),
    /// None.
    Answer(LoginAnswer),
}

/// What the answer to a batch of `records` means.
pub(crate) fn upsert(status: u16, body: &[u8], records: usize) -> UpsertAnswer {
    match sort(status, body) {
        Sorted::Fine => body::results(body, records).map_or(UpsertAnswer::Unknown, UpsertAnswer::Processed),
        Sorted::SessionExpired => UpsertAnswer::SessionExpired,
        Sorted::NotProcessed(why) => UpsertAnswer::NotProcessed(why),
        Sorted::Unknown => UpsertAnswer::Unknown,
        Sorted::Refused(said) => refused_batch(status, said),
    }
}

/// What the answer to a probe means. A refusal of another kind than the known ones is taken for one of access: the probe
/// has nothing in it that could be wrong but the API's version.
pub(crate) fn probe(status: u16, body: &[u8]) -> ProbeAnswer {
    match sort(status, body) {
        Sorted::Fine if body::is_object(body) => ProbeAnswer::Up,
        Sorted::Fine | Sorted::Unknown => ProbeAnswer::Unknown,
        Sorted::SessionExpired => ProbeAnswer::SessionExpired,
        Sorted::NotProcessed(why) => ProbeAnswer::NotProcessed(why),
        Sorted::Refused(_) => ProbeAnswer::NotProcessed(NotProcessed::AccessRefused),
    }
}

/// What the answer to a login means.
pub(crate) fn login(status: u16, body: &[u8]) -> Login {
    let not_processed = |why| Login::Answer(LoginAnswer::NotProcessed(why));
    match status {
        200..=299 => body::grant(body).map_or(Login::Answer(LoginAnswer::Unknown), Login::Granted),
        300..=399 => not_processed(NotProcessed::Unreachable),
        400..=499 => not_processed(refused_login(status, body)),
        503 => not_processed(NotProcessed::Down),
        _ => Login::Answer(LoginAnswer::Unknown),
    }
}

fn sort(status: u16, body: &[u8]) -> Sorted {
    match status {
        200..=299 => Sorted::Fine,
        300..=399 => Sorted::NotProcessed(NotProcessed::Unreachable),
        400..=499 => refused(status, body::said(body)),
        503 if body::said(body).is_some_and(|said| said.is("SERVER_UNAVAILABLE")) => {
            Sorted::NotProcessed(NotProcessed::Down)
        }
        _ => Sorted::Unknown,
    }
}

fn refused(status: u16, said: Option<Said>) -> Sorted {
    if let Some(limit) = said.as_ref().and_then(limit) {
        return Sorted::NotProcessed(limit);
    }
    let expired = said.as_ref().is_some_and(|said| said.is("INVALID_SESSION_ID"));
    match status {
        _ if expired => Sorted::SessionExpired,
        401 => Sorted::SessionExpired,
        403 => Sorted::NotProcessed(NotProcessed::AccessRefused),
        429 => Sorted::NotProcessed(NotProcessed::Busy),
        _ => Sorted::Refused(said),
    }
}

/// The limit that a refusal speaks of. One code stands for two; a message that names neither is taken for the graver.
fn limit(said: &Said) -> Option<NotProcessed> {
    if !said.is("REQUEST_LIMIT_EXCEEDED") {
        return None;
    }
    Some(if said.mentions("concurrent") { NotProcessed::Busy } else { NotProcessed::OrgLimit })
}

fn refused_batch(status: u16, said: Option<Said>) -> UpsertAnswer {
    let of_the_url = matches!(status, 404 | 405 | 410) || said.as_ref().is_some_and(names_the_url);
    let (code, message) = said.map_or_else(Default::default, |said| (said.code, said.message));
    let code = code.unwrap_or_else(|| format!("HTTP_{status}"));
    if of_the_url { UpsertAnswer::ObjectRejected { code, message } } else { UpsertAnswer::Rejected { code, message } }
}

/// Whether a refusal is about the object or the external-id field, which stand in the address, and not about a record.
fn names_the_url(said: &Said) -> bool {
    said.is("INVALID_TYPE") || said.is("NOT_FOUND") || said.mentions("Provided external ID field does not exist")
}

/// Why a login was refused. A page instead of an error comes from something in front of the login.
fn refused_login(status: u16, body: &[u8]) -> NotProcessed {
    let said = body::said(body);
    if let Some(limit) = said.as_ref().and_then(limit) {
        return limit;
    }
    let too_often = said.as_ref().is_some_and(logs_in_too_often);
    match status {
        _ if too_often => NotProcessed::Busy,
        429 => NotProcessed::Busy,
        _ if body::oauth_error(body).is_some() => NotProcessed::LoginRefused,
        400 | 401 => NotProcessed::LoginRefused,
        403 => NotProcessed::AccessRefused,
        _ => NotProcessed::Unreachable,
    }
}

/// Salesforce refuses more than 3,600 logins of a user in an hour with `invalid_grant`, like wrong credentials; only the
/// description differs (seen by users of restforce, issues 412 and 744).
fn logs_in_too_often(said: &Said) -> bool {
    said.mentions("login rate exceeded") || said.mentions("login_rate_exceeded")
}

#[cfg(test)]
#[path = "sort_tests.rs"]
mod tests;
