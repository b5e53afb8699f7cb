//! Replies for a script: short names for the usual ones.
//!
//! Must not know: who sends them.

use rules::counts::ApiCalls;
use rules::verdict::Answer;

use crate::ports::{OrgFigure, Reply, Upsert, UpsertAnswer, UpsertRequest};

/// A reply without the org's figure.
#[must_use]
pub fn of<A>(answer: A) -> Reply<A> {
    Reply { answer, org: None }
}

/// The same reply with the org's figure.
#[must_use]
pub fn with_org<A>(reply: Reply<A>, used: u64, limit: u64) -> Reply<A> {
    Reply { org: Some(OrgFigure { used: ApiCalls(used), limit: ApiCalls(limit) }), ..reply }
}

/// Every record is saved.
#[must_use]
pub fn all_saved(request: &UpsertRequest) -> Reply<UpsertAnswer> {
    each(request, |_| Answer::Saved)
}

/// Every record is refused for the same reason.
#[must_use]
pub fn all_refused(request: &UpsertRequest, code: &str, message: &str) -> Reply<UpsertAnswer> {
    each(request, |_| refused(code, message))
}

/// Every record gets the answer that `answer` gives.
pub fn each(request: &UpsertRequest, answer: impl Fn(&Upsert) -> Answer) -> Reply<UpsertAnswer> {
    of(UpsertAnswer::Processed(request.records.iter().map(answer).collect()))
}

/// One record is refused.
#[must_use]
pub fn refused(code: &str, message: &str) -> Answer {
    Answer::Refused { code: code.to_owned(), message: message.to_owned() }
}
