//! The journal: quarantine, and what recovery makes of a batch whose runner died.
//! It must not know slots' storage.

use std::time::Duration;

use rules::counts::TryKind;
use rules::ids::{Epoch, Fence};
use rules::journal::{Entry, LATE_COMMIT, Phase, Recovered, Sent, Slot, Stamp, recover};
use rules::record::{HoldReason, Record, Resolution, State, Stored, SuccessMark};
use rules::tries::TryOutcome;
use rules::version::SourceVersion;

use crate::support::{at, batch, field, key, minutes, object, record_id, record_in, scheduled, timed_out, tried};

const SEND_BY: &str = "2026-03-01T10:21:00Z";

fn entry(phase: Phase) -> Entry {
    Entry {
        slot: Slot(3),
        stamp: Stamp { epoch: Epoch(5), write: 7 },
        batch: batch(5, 1),
        object: object(),
        field: field(),
        sent: vec![Sent { id: record_id("INV-1"), fence: Fence(1_000), version: SENT }],
        kind: TryKind::Interval,
        tick: at("2026-03-01T10:20:00Z"),
        send_by: at(SEND_BY),
        quarantined_until: Entry::quarantine(at(SEND_BY), minutes(2)),
        phase,
    }
}

/// The version that was sent: older than any that the records here have.
const SENT: SourceVersion = SourceVersion::Number(-1);

fn recovered(record: Record) -> Recovered {
    recover(batch(5, 1), SENT, Some(&Stored::Record(Box::new(record))))
}

/// Every state, with the answer of recovery when the ring says nothing.
fn states() -> [(State, Recovered); 7] {
    let resolved = |how| State::Resolved { how, at: at(SEND_BY) };
    [
        (scheduled().state, Recovered::Unknown),
        (timed_out().state, Recovered::Unknown),
        (State::Held(HoldReason::ExcludedType), Recovered::Unknown),
        (resolved(Resolution::Retried), Recovered::Over),
        (resolved(Resolution::Gone), Recovered::Over),
        (resolved(Resolution::Deleted), Recovered::Over),
        (resolved(Resolution::SucceededElsewhere), Recovered::Overtaken),
    ]
}

/// Invariant 2, Exclusion: until the send's last instant, the request's time-out and eleven minutes are over.
#[test]
fn a_batch_is_quarantined_until_salesforce_can_commit_it_no_more() {
    assert_eq!(LATE_COMMIT, minutes(11));
    assert_eq!(Entry::quarantine(at(SEND_BY), minutes(2)), at("2026-03-01T10:34:00Z"));
}

/// Invariant 2, Exclusion.
#[test]
fn an_open_entry_quarantines_for_ever_a_settled_one_to_its_end_and_a_closed_one_never() {
    let end = at("2026-03-01T10:34:00Z");
    let instants = [at(SEND_BY), end - Duration::from_millis(1), end, end + minutes(10_000)];
    let quarantined = |phase| instants.map(|now| entry(phase).quarantines(now));
    assert_eq!(quarantined(Phase::Open), [true, true, true, true]);
    assert_eq!(quarantined(Phase::Settled), [true, true, false, false]);
    assert_eq!(quarantined(Phase::Closed), [false, false, false, false]);
}

/// Invariant 10, Events: the stored outcome is published again, whatever became of the record since.
#[test]
fn recovery_finds_its_own_batch_in_the_ring_whatever_the_state() {
    for (state, _) in states() {
        let own = tried(batch(5, 1), TryOutcome::Failed);
        let record = record_in(state).count(own).count(tried(batch(6, 1), TryOutcome::Failed));
        assert_eq!(recovered(record), Recovered::Settled(own), "{state:?}");
    }
}

/// Invariants 3, Fencing, and 4, Attempts.
#[test]
fn recovery_counts_nothing_where_a_later_batch_left_its_outcome() {
    for (state, _) in states() {
        for later in [batch(5, 2), batch(6, 0)] {
            let record = record_in(state).count(tried(later, TryOutcome::Failed));
            assert_eq!(recovered(record), Recovered::Later, "{state:?} after {later}");
        }
    }
}

/// Invariant 4, Attempts: a try whose outcome nobody knows is counted once.
#[test]
fn recovery_without_a_trace_calls_a_failing_record_unknown() {
    for (state, expected) in states() {
        assert_eq!(recovered(record_in(state)), expected, "{state:?}");
        let earlier = record_in(state).count(tried(batch(4, 900), TryOutcome::Failed));
        assert_eq!(recovered(earlier), expected, "{state:?} after an earlier batch");
    }
}

#[test]
fn once_counted_as_unknown_recovery_finds_its_own_outcome() {
    let unknown = tried(batch(5, 1), TryOutcome::Unknown);
    assert_eq!(recovered(scheduled().count(unknown)), Recovered::Settled(unknown));
}

#[test]
fn a_record_that_is_not_there_is_over_and_a_mark_of_success_overtook_it() {
    assert_eq!(recover(batch(5, 1), SENT, None), Recovered::Over);
    let mark = SuccessMark { key: key(), fence: Fence(1), source_version: SourceVersion::Number(2), at: at(SEND_BY) };
    assert_eq!(recover(batch(5, 1), SENT, Some(&Stored::Success(mark))), Recovered::Overtaken);
}

/// Invariant 5, Order: a success of the very version that was sent cannot have been overwritten by it.
#[test]
fn a_success_of_the_version_that_was_sent_is_no_overwrite() {
    let sent = SourceVersion::Number(2);
    let mark = SuccessMark { key: key(), fence: Fence(1), source_version: sent, at: at(SEND_BY) };
    assert_eq!(recover(batch(5, 1), sent, Some(&Stored::Success(mark))), Recovered::Over);
    let record = scheduled();
    let version = record.source_version;
    let resolved = record.resolve(Resolution::SucceededElsewhere, at(SEND_BY));
    assert_eq!(recover(batch(5, 1), version, Some(&Stored::Record(Box::new(resolved)))), Recovered::Over);
}

#[test]
fn an_entry_survives_its_json_form() {
    for phase in [Phase::Open, Phase::Settled, Phase::Closed] {
        let json = serde_json::to_value(entry(phase)).expect("an entry is JSON");
        assert_eq!(serde_json::from_value::<Entry>(json).expect("and is read"), entry(phase));
    }
}

/// Invariant 3, Fencing: a run that slept knows by the stamps that a later one has begun.
#[test]
fn an_entry_that_a_later_run_wrote_or_stamped_is_not_an_older_one_s_to_recover() {
    let stamped = entry(Phase::Open);
    let later = |epoch| stamped.is_of_later_run(Epoch(epoch));
    assert_eq!([4, 5, 6].map(later), [true, false, false]);
}
