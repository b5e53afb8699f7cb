//! Whether a record that an index named is really to be tried now: the strong read decides.
//!
//! Must not know: how it was read, what persons ask for.

use rules::connection::Connection;
use rules::counts::TryKind;
use rules::owed::Selection;
use rules::policy::Policy;
use rules::record::{Next, Record, State};

/// The kind of try that `selection` makes of the record now, if it makes any.
pub(crate) fn kind_of_try(connection: &Connection, record: &Record, selection: &Selection) -> Option<TryKind> {
    if connection.policy.excludes(&record.failure.error_type) {
        return None;
    }
    match (selection, &connection.policy, record.state) {
        (Selection::Due { tick }, Policy::Interval(_), State::Scheduled(Next::At(next))) => {
            (next <= *tick).then_some(TryKind::Interval)
        }
        (Selection::TimedOut { tick }, Policy::Interval(_), State::TimedOut { next }) => {
            (next <= *tick).then_some(TryKind::Nightly)
        }
        (Selection::Recent { tick }, Policy::Recent(policy), State::Scheduled(Next::Sweep)) => {
            let inside = record.first_failed >= policy.horizon(*tick);
            let tried = record.tries.last().is_some_and(|tried| tried.at >= *tick);
            (inside && !tried).then_some(TryKind::Recent)
        }
        (
            Selection::Due { .. }
            | Selection::TimedOut { .. }
            | Selection::Recent { .. }
            | Selection::Forced { .. }
            | Selection::Owed { .. },
            _,
            _,
        ) => None,
    }
}
