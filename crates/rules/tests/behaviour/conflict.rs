//! The conflict table: every outcome of ours × everything that the record may have become meanwhile.
//! It must not know how a conflict is noticed.

use rules::conflict::{Settlement, settle};
use rules::counts::TryKind;
use rules::ids::Fence;
use rules::policy::Policy;
use rules::record::{HoldReason, LastSend, Next, Record, Resolution, State, Stored, SuccessMark};
use rules::tries::TryOutcome;
use rules::verdict::{Attempt, Reading};
use rules::version::SourceVersion;

use crate::support::{at, attempt, batch, failure, interval, key, scheduled, tried};

/// What the record is by the time we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The same payload; only its error was brought up to date.
    Same,
    /// A newer payload that fails.
    Newer,
    /// Resolved by its source, in the version that we sent.
    SucceededSame,
    /// Resolved by its source, in a newer version.
    SucceededNewer,
    /// Expired, and made anew by a newer success.
    MarkNewer,
    /// Expired, and made anew by a success of the version that we sent.
    MarkSame,
    /// Resolved as gone.
    Gone,
    /// Deleted by a person.
    Deleted,
    /// Not in the table any more.
    Missing,
    /// Written by our own batch.
    Own,
    /// Written by another batch.
    Other,
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// Count the try and move the record by its verdict.
    Apply,
    /// Count the try; the newer payload stays due.
    Merge,
    /// Publish the verdict that is stored.
    Stored,
    /// Publish Possible Overwrite.
    Overwrite,
    /// Nothing.
    Nothing,
}

use Cell::{Apply, Merge, Nothing, Overwrite, Stored as Publish};

/// The table, by hand: what was found, then the cells for Saved, Gone, Refused and Unknown.
const TABLE: [(Found, [Cell; 4]); 11] = [
    (Found::Same, [Apply, Apply, Apply, Apply]),
    (Found::Newer, [Merge, Merge, Merge, Merge]),
    (Found::SucceededSame, [Nothing, Nothing, Nothing, Nothing]),
    (Found::SucceededNewer, [Overwrite, Nothing, Nothing, Overwrite]),
    (Found::MarkNewer, [Overwrite, Nothing, Nothing, Overwrite]),
    (Found::MarkSame, [Nothing, Nothing, Nothing, Nothing]),
    (Found::Gone, [Nothing, Nothing, Nothing, Nothing]),
    (Found::Deleted, [Nothing, Nothing, Nothing, Nothing]),
    (Found::Missing, [Nothing, Nothing, Nothing, Nothing]),
    (Found::Own, [Publish, Publish, Publish, Publish]),
    (Found::Other, [Nothing, Nothing, Nothing, Nothing]),
];

fn readings() -> [Reading; 4] {
    let refused = || failure("duplicate-value");
    [Reading::Saved, Reading::Gone(refused()), Reading::Refused(refused()), Reading::Unknown]
}

fn ours() -> Attempt {
    attempt(TryKind::Interval, at("2026-03-01T10:20:00Z"))
}

fn moved() -> Record {
    scheduled().advance().fail(failure("other"), at("2026-03-01T10:21:00Z"))
}

fn newer() -> Record {
    let state = State::Scheduled(Next::At(at("2026-03-01T10:40:00Z")));
    Record { source_version: SourceVersion::Number(2), state, ..moved() }
}

fn resolved(how: Resolution, version: i64) -> Record {
    let record = moved().resolve(how, at("2026-03-01T10:21:00Z"));
    Record { source_version: SourceVersion::Number(version), ..record }
}

fn mark(version: i64) -> Stored {
    let source_version = SourceVersion::Number(version);
    Stored::Success(SuccessMark { key: key(), fence: Fence(9), source_version, at: at("2026-03-01T10:21:00Z") })
}

fn current(found: Found) -> Option<Stored> {
    let record = match found {
        Found::Missing => return None,
        Found::MarkNewer => return Some(mark(2)),
        Found::MarkSame => return Some(mark(1)),
        Found::Same => moved(),
        Found::Newer => newer(),
        Found::SucceededSame => resolved(Resolution::SucceededElsewhere, 1),
        Found::SucceededNewer => resolved(Resolution::SucceededElsewhere, 2),
        Found::Gone => resolved(Resolution::Gone, 1),
        Found::Deleted => resolved(Resolution::Deleted, 1),
        Found::Own => moved().count(tried(ours().batch, TryOutcome::TimedOut)),
        Found::Other => moved().count(tried(batch(6, 1), TryOutcome::Failed)),
    };
    Some(Stored::Record(Box::new(record)))
}

fn settled(policy: &Policy, found: Found, reading: &Reading) -> Settlement {
    settle(policy, &scheduled(), current(found).as_ref(), &ours(), reading)
}

fn cell(settlement: &Settlement) -> Cell {
    match settlement {
        Settlement::Own(_) => Publish,
        Settlement::Write(record) if record.source_version == scheduled().source_version => Apply,
        Settlement::Write(_) => Merge,
        Settlement::Overtaken { .. } => Overwrite,
        Settlement::Drop => Nothing,
    }
}

/// Invariants 3, Fencing, 4, Attempts, and 5, Order.
#[test]
fn every_cell_of_the_conflict_table_is_as_written() {
    for (found, cells) in TABLE {
        for (reading, expected) in readings().iter().zip(cells) {
            assert_eq!(cell(&settled(&interval(), found, reading)), expected, "{found:?} × {reading:?}");
        }
    }
}

/// Invariant 10, Events: what is published is what is stored, never the verdict that was not written.
#[test]
fn our_own_write_publishes_the_outcome_that_is_stored() {
    for reading in readings() {
        let Settlement::Own(stored) = settled(&interval(), Found::Own, &reading) else { panic!("{reading:?}") };
        assert_eq!((stored.batch, stored.outcome), (ours().batch, TryOutcome::TimedOut));
    }
}

/// Invariant 4, Attempts: the same payload is judged as it is now, and the try is counted once.
#[test]
fn the_same_payload_gets_the_verdict_on_the_version_that_was_found() {
    for reading in readings() {
        let Settlement::Write(record) = settled(&interval(), Found::Same, &reading) else { panic!("{reading:?}") };
        assert_eq!((record.attempts.interval, record.fence), (1, moved().fence.next()));
        assert!(record.tries.of_batch(ours().batch).is_some());
        let at_rest = matches!(reading, Reading::Saved | Reading::Gone(_));
        assert_eq!(record.is_failing(), !at_rest, "{reading:?}");
    }
}

/// Invariants 1, Conservation, and 5, Order: an answer about the old payload never resolves the new one.
#[test]
fn a_newer_payload_stays_due_with_its_own_error_while_our_try_counts() {
    for reading in readings() {
        let Settlement::Write(record) = settled(&interval(), Found::Newer, &reading) else { panic!("{reading:?}") };
        let expected = newer();
        assert_eq!((record.state, record.source_version), (expected.state, expected.source_version));
        assert_eq!((&record.failure, record.last_failed), (&expected.failure, expected.last_failed));
        assert_eq!(record.type_since, expected.type_since, "{reading:?}");
        assert_eq!((record.attempts.interval, record.fence), (1, expected.fence.next()));
    }
}

/// Invariant 5, Order: a later success of the newer payload must find the older send.
#[test]
fn a_newer_payload_remembers_that_the_older_one_may_have_been_committed() {
    let send = |until| Some(LastSend { version: SourceVersion::Number(1), until });
    let remembered = [send(ours().at), None, None, send(ours().commits_until)];
    for (reading, expected) in readings().iter().zip(remembered) {
        let Settlement::Write(record) = settled(&interval(), Found::Newer, reading) else { panic!("{reading:?}") };
        assert_eq!(record.last_send, expected, "{reading:?}");
    }
}

#[test]
fn an_overwrite_names_the_version_sent_and_the_newer_one() {
    for found in [Found::SucceededNewer, Found::MarkNewer] {
        let expected = Settlement::Overtaken { sent: SourceVersion::Number(1), newer: SourceVersion::Number(2) };
        assert_eq!(settled(&interval(), found, &Reading::Saved), expected);
    }
}

#[test]
fn a_held_record_with_the_same_payload_is_written_too() {
    let held = Stored::Record(Box::new(moved().hold(HoldReason::ExcludedType)));
    let settlement = settle(&interval(), &scheduled(), Some(&held), &ours(), &Reading::Saved);
    assert_eq!(cell(&settlement), Apply);
}
