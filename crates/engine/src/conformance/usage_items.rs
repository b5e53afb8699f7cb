//! Usage reports: written on condition of their revision.
//!
//! Must not know: what reports add up to.

use std::collections::BTreeMap;

use rules::budget::{Bucket, Ledger};
use rules::counts::ApiCalls;
use rules::ids::{ConnectionId, SourceName};
use rules::usage::{MOST_SOURCES, Usage};

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{Saved, Store};

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

/// As many sources as a connection may have, each with a window full of buckets.
fn full(revision: u64) -> Usage {
    let source = |number| SourceName::new(format!("billing_sync.{number}")).expect("a valid name");
    let first = Bucket::of(sample::time(sample::TICK)).0;
    let ledger = || Ledger::from_buckets((0..74).map(|step| (Bucket(first + step), ApiCalls(u64::from(step)))));
    let sources: BTreeMap<_, _> = (0..MOST_SOURCES).map(|number| (source(number), ledger())).collect();
    Usage { revision, sources }
}

fn empty(revision: u64) -> Usage {
    Usage { revision, ..Usage::default() }
}

/// Nothing was written yet.
pub async fn a_connection_without_usage_has_the_empty_one<S: Store>(store: &S) {
    assert_eq!(store.usage(&acme()).await.expect(ANSWERS), Usage::default());
}

/// Every source and bucket comes back; what is gone is not left behind.
pub async fn usage_is_read_back_and_replaced_on_the_expected_revision<S: Store>(store: &S) {
    let mut expected = 0;
    for usage in [full(u64::MAX), empty(2)] {
        assert_eq!(store.save_usage(&acme(), &usage, expected).await.expect(ANSWERS), Saved::Done);
        assert_eq!(store.usage(&acme()).await.expect(ANSWERS), usage);
        expected = usage.revision;
    }
}

/// A lost race shows what won it: at the first write, and at a later one.
pub async fn usage_of_another_revision_conflicts_with_what_is_there<S: Store>(store: &S) {
    let absent = store.save_usage(&acme(), &empty(9), 4).await.expect(ANSWERS);
    assert_eq!(absent, Saved::Conflict(Usage::default()), "nothing is there");
    assert_eq!(store.save_usage(&acme(), &full(3), 0).await.expect(ANSWERS), Saved::Done);
    for expected in [0, 4] {
        let saved = store.save_usage(&acme(), &empty(9), expected).await.expect(ANSWERS);
        assert_eq!(saved, Saved::Conflict(full(3)), "expecting {expected}");
    }
    assert_eq!(store.usage(&acme()).await.expect(ANSWERS), full(3));
}

/// The reply was lost, so it is written again: the revision is its own.
pub async fn usage_written_again_is_done<S: Store>(store: &S) {
    for (revision, expected) in [(7, 0), (8, 7)] {
        for time in ["the first", "the second"] {
            let saved = store.save_usage(&acme(), &empty(revision), expected).await.expect(ANSWERS);
            assert_eq!(saved, Saved::Done, "{time} time, revision {revision} on {expected}");
        }
    }
    assert_eq!(store.usage(&acme()).await.expect(ANSWERS), empty(8));
}
