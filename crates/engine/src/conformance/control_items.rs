//! Control items: written on condition of their revision.
//!
//! Must not know: leases' and budgets' rules.

use std::time::Duration;

use rules::budget::{Bucket, Ledger};
use rules::control::{Control, OrgUsage};
use rules::counts::ApiCalls;
use rules::ids::{BatchId, ConnectionId, Epoch, RequestId, RunId};
use rules::lease::Lease;
use rules::owed::{Forced, Owed, Sweep};
use rules::resync::{Action, Progress, Skips};
use rules::suspension::{Cause, Suspension};

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{Saved, Store};

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

fn of_revision(revision: u64) -> Control {
    Control { revision, epoch: Epoch(1), ..Control::default() }
}

fn skips() -> Skips {
    Skips { unknown: 1, resolved: 2, payload_missing: 3, failed_anew: 4, changed: 5 }
}

/// As large as it gets: 74 buckets, two sweeps and 16 requests under way, a lease and a suspension.
fn full() -> Control {
    let now = sample::time("2026-03-02T00:00:01.234Z");
    let first = Bucket::of(now).0 - 73;
    let sweep = |cursor: &str| Sweep {
        start: now,
        cursor: Some(cursor.to_owned()),
        again: true,
        not_before: Some(now + Duration::from_mins(13)),
    };
    let forced = |number: u32| Forced {
        request: RequestId::new(format!("request-{number}")).expect("a request id"),
        action: if number.is_multiple_of(2) { Action::Resync } else { Action::Delete },
        sweep: sweep("{\"a\":[2]}"),
        progress: Progress { tried: 9, resolved: 4, failed: 3, unknown: 2, ..Progress::default() }.skipping(skips()),
        after: BatchId { epoch: Epoch(number), sequence: u32::MAX },
        worked_by: number.is_multiple_of(3).then_some(Epoch(number)),
    };
    Control {
        revision: u64::MAX,
        epoch: Epoch(u32::MAX),
        lease: Some(Lease { holder: RunId(u64::MAX), epoch: Epoch(u32::MAX), until: now }),
        owed: Owed {
            due: Some(now),
            timed_out: Some(sweep("{\"a\":[1]}")),
            recent: Some(sweep("it's #2")),
            forced: (0..16).map(forced).collect(),
        },
        suspension: Some(Suspension::begin(Cause::LoginRefused { secret: "v-1 \"x\"".to_owned() }, now)),
        ledger: Ledger::from_buckets((0..74).map(|step| (Bucket(first + step), ApiCalls(u64::from(step) * 1_000)))),
        org: Some(OrgUsage { used: ApiCalls(14_999), limit: ApiCalls(15_000), at: now }),
    }
}

/// Nothing was written yet.
pub async fn a_connection_without_control_item_has_the_empty_one<S: Store>(store: &S) {
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), Control::default());
}

/// Every field comes back.
pub async fn a_full_control_item_is_read_back<S: Store>(store: &S) {
    assert_eq!(store.save_control(&acme(), &full(), 0).await.expect(ANSWERS), Saved::Done);
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), full());
}

/// What was set before and is not any more is not left behind.
pub async fn a_control_item_is_replaced_on_the_expected_revision<S: Store>(store: &S) {
    let second = of_revision(5);
    assert_eq!(store.save_control(&acme(), &full(), 0).await.expect(ANSWERS), Saved::Done);
    assert_eq!(store.save_control(&acme(), &second, full().revision).await.expect(ANSWERS), Saved::Done);
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), second);
}

/// A lost race shows what won it: at the first write, and at a later one.
pub async fn a_control_item_of_another_revision_conflicts_with_what_is_there<S: Store>(store: &S) {
    let absent = store.save_control(&acme(), &of_revision(9), 4).await.expect(ANSWERS);
    assert_eq!(absent, Saved::Conflict(Control::default()), "nothing is there");
    assert_eq!(store.save_control(&acme(), &full(), 0).await.expect(ANSWERS), Saved::Done);
    for expected in [0, 4] {
        let saved = store.save_control(&acme(), &of_revision(9), expected).await.expect(ANSWERS);
        assert_eq!(saved, Saved::Conflict(full()), "expecting {expected}");
    }
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), full());
}

/// The reply was lost, so it is written again: the revision is its own.
pub async fn a_control_item_written_again_is_done<S: Store>(store: &S) {
    for (revision, expected) in [(7, 0), (8, 7)] {
        for time in ["the first", "the second"] {
            let saved = store.save_control(&acme(), &of_revision(revision), expected).await.expect(ANSWERS);
            assert_eq!(saved, Saved::Done, "{time} time, revision {revision} on {expected}");
        }
    }
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), of_revision(8));
}
