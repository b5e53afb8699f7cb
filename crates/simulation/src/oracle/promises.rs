//! Invariant 9, Forced: every request that was accepted ends, and for each of its records in a try or in a reason.
//!
//! Must not know: how a request is worked off.

use std::time::Duration;

use rules::counts::TryKind;
use rules::ids::RecordKey;
use rules::record::{HoldReason, Record, State, Stored};
use rules::resync::{Action, Request, RequestState};
use rules::tries::REMEMBERED;
use rules::version::SourceVersion;

use super::Evidence;

pub(super) fn check(evidence: &Evidence<'_>) {
    let requests = evidence.eyes.requests(&evidence.connection.id);
    for request in requests.iter().filter(|request| request.state == RequestState::Open) {
        evidence.violated("forced", None, format!("{} is open yet: {request:?}", request.id));
    }
    let ours = evidence.facts.asked.iter().filter(|asked| asked.request.connection == evidence.connection.id);
    for asked in ours {
        match requests.iter().find(|request| request.id == asked.request.id) {
            None => evidence.violated("forced", None, format!("{} was accepted and is not there", asked.request.id)),
            Some(request) if request.state == RequestState::Done => {
                for (key, version) in &asked.meant {
                    is_kept(evidence, request, key, *version);
                }
            }
            Some(_) => {}
        }
    }
}

fn is_kept(evidence: &Evidence<'_>, request: &Request, key: &RecordKey, version: SourceVersion) {
    let kept = match evidence.stored.get(key) {
        Some(Stored::Record(record)) if request.action == Action::Delete => is_deleted(record, request, version),
        Some(Stored::Record(record)) => is_tried(record, request) || is_excused(record, request),
        Some(Stored::Success(_)) => true,
        None => false,
    };
    if !kept {
        let stored = evidence.stored.get(key);
        evidence.violated("forced", Some(key), format!("it was left out of {}: {stored:?}", request.id));
    }
}

/// A newer version may have failed before the request and been reported after it: that is another failure, which nobody deleted.
fn is_deleted(record: &Record, request: &Request, version: SourceVersion) -> bool {
    !record.is_failing() || record.first_failed > request.as_of || record.source_version.is_newer_than(version)
}

fn is_tried(record: &Record, request: &Request) -> bool {
    let asked = request.as_of.floor(Duration::from_mins(1));
    record.tries.iter().any(|tried| tried.kind == TryKind::Forced && tried.at >= asked)
}

fn is_excused(record: &Record, request: &Request) -> bool {
    !record.is_failing()
        || record.state == State::Held(HoldReason::PayloadMissing)
        || record.first_failed > request.as_of
        || record.tries.iter().count() == REMEMBERED
}
