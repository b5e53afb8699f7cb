//! States in words, with the colour that goes with them.
//!
//! Must not know: how they came about.

use engine::overview::Standing;
use engine::ports::{AuditAction, StopReason};
use maud::Markup;
use rules::catalogue::ErrorType;
use rules::counts::TryKind;
use rules::owed::Selection;
use rules::record::{HoldReason, Resolution, State};
use rules::resync::{FailingState, RequestState};
use rules::tries::TryOutcome;

use super::parts::{Kind, badge};

/// How a connection is, in the order of what matters most.
pub(super) fn health(standing: &Standing) -> Markup {
    let (kind, words) = if standing.suspension.is_some() {
        (Kind::Bad, "Suspended")
    } else if standing.connection.paused {
        (Kind::Warning, "Paused")
    } else if standing.budget.used >= standing.budget.cap {
        (Kind::Warning, "Budget spent")
    } else {
        (Kind::Good, "Ready")
    };
    badge(kind, words)
}

/// Where a record stands in a listing.
pub(super) fn line_state(state: FailingState) -> Markup {
    let (kind, words) = match state {
        FailingState::Scheduled => (Kind::Info, "Scheduled"),
        FailingState::TimedOut => (Kind::Warning, "Timeout queue"),
        FailingState::Held => (Kind::Bad, "Held"),
        FailingState::Expired => (Kind::Plain, "Expired"),
    };
    badge(kind, words)
}

/// The name of a listing's state, for a choice.
pub(super) fn line_state_name(state: FailingState) -> &'static str {
    match state {
        FailingState::Scheduled => "Scheduled",
        FailingState::TimedOut => "In the timeout queue",
        FailingState::Held => "Held",
        FailingState::Expired => "Past the window",
    }
}

/// Where a record stands.
pub(super) fn state(state: &State, expired: bool) -> Markup {
    let (kind, words) = match state {
        State::Scheduled(_) if expired => (Kind::Plain, "Expired"),
        State::Scheduled(_) => (Kind::Info, "Scheduled"),
        State::TimedOut { .. } => (Kind::Warning, "Timeout queue"),
        State::Held(HoldReason::ExcludedType) => (Kind::Bad, "Held: excluded type"),
        State::Held(HoldReason::PayloadMissing) => (Kind::Bad, "Held: payload missing"),
        State::Resolved { how: Resolution::Retried, .. } => (Kind::Good, "Resolved by a retry"),
        State::Resolved { how: Resolution::SucceededElsewhere, .. } => (Kind::Good, "Synced by its source"),
        State::Resolved { how: Resolution::Gone, .. } => (Kind::Good, "Gone in Salesforce"),
        State::Resolved { how: Resolution::Deleted, .. } => (Kind::Plain, "Failure deleted"),
    };
    badge(kind, words)
}

/// What a try came to.
pub(super) fn outcome(outcome: TryOutcome) -> (Kind, &'static str) {
    match outcome {
        TryOutcome::Saved => (Kind::Good, "Saved"),
        TryOutcome::Gone => (Kind::Good, "Gone in Salesforce, nothing left to do"),
        TryOutcome::Failed => (Kind::Bad, "Failed"),
        TryOutcome::TimedOut => (Kind::Bad, "Failed, to the timeout queue"),
        TryOutcome::Held => (Kind::Bad, "Failed, and held"),
        TryOutcome::Unknown => (Kind::Warning, "Unknown: no answer came"),
    }
}

/// Who asked for a try.
pub(super) fn try_kind(kind: TryKind) -> &'static str {
    match kind {
        TryKind::Interval => "20-minute schedule",
        TryKind::Nightly => "Nightly run",
        TryKind::Recent => "Sweep",
        TryKind::Forced => "A person",
    }
}

/// What a run was to do.
pub(super) fn selection(selection: &Selection) -> &'static str {
    match selection {
        Selection::Due { .. } => "Due records",
        Selection::TimedOut { .. } => "Timeout queue",
        Selection::Recent { .. } => "Sweep",
        Selection::Forced { .. } => "Resync",
        Selection::Owed { .. } => "Work left over",
    }
}

/// Why a run stopped.
pub(super) fn stopped(reason: StopReason) -> Markup {
    let (kind, words) = match reason {
        StopReason::Done => (Kind::Good, "All done"),
        StopReason::BatchDone => (Kind::Good, "Batch done, goes on"),
        StopReason::Deadline => (Kind::Info, "Time was up, goes on"),
        StopReason::Deposed => (Kind::Info, "Another run took over"),
        StopReason::Halted => (Kind::Info, "Process was stopped"),
        StopReason::Paused => (Kind::Warning, "Connection is paused"),
        StopReason::Budget => (Kind::Warning, "Budget is spent"),
        StopReason::OrgLimit => (Kind::Warning, "Org's limit is near"),
        StopReason::Throttled => (Kind::Warning, "Table was throttled"),
        StopReason::Busy => (Kind::Warning, "Salesforce was busy"),
        StopReason::Suspended => (Kind::Bad, "Connection suspended"),
    };
    badge(kind, words)
}

/// Where a request stands.
pub(super) fn request_state(state: RequestState) -> Markup {
    let (kind, words) = match state {
        RequestState::Open => (Kind::Info, "Open"),
        RequestState::Done => (Kind::Good, "Done"),
        RequestState::Cancelled => (Kind::Plain, "Cancelled"),
    };
    badge(kind, words)
}

/// What somebody did.
pub(super) fn action(action: AuditAction) -> &'static str {
    match action {
        AuditAction::ConnectionCreated => "Created the connection",
        AuditAction::ConnectionChanged => "Changed the settings",
        AuditAction::Paused => "Paused the connection",
        AuditAction::Resumed => "Resumed the connection",
        AuditAction::ConnectionDeleted => "Deleted the connection",
        AuditAction::LimitChanged => "Changed the API limit",
        AuditAction::SuspensionCleared => "Cleared the suspension",
        AuditAction::ResyncRequested => "Asked for a resync",
        AuditAction::ResyncCancelled => "Cancelled a request",
        AuditAction::DeletionRequested => "Asked for a deletion",
        AuditAction::DeletionCancelled => "Cancelled a deletion",
        AuditAction::FailuresDeleted => "Deleted failures",
        AuditAction::RecordErased => "Erased a record",
        AuditAction::Imported => "Imported a file",
        AuditAction::Exported => "Exported errors",
        AuditAction::Tested => "Tested the login",
    }
}

/// An error type as a title: `Unable to lock row`, `DACO-10`.
pub(super) fn type_title(error_type: &ErrorType) -> String {
    let text = error_type.as_str();
    if let Some(code) = text.strip_prefix("unknown:") {
        return format!("Unknown code {code}");
    }
    if text.starts_with("daco-") {
        return text.to_uppercase();
    }
    let words = text.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
