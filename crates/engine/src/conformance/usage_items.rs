//! Usage reports: written on condition of their revision.
//!
//! Must not know: what reports add up to.

use std::collections::BTreeMap;

use rules::budget::{Bucket, Ledger};
use rules::control::Control;
use rules::counts::ApiCalls;
use rules::ids::{ConnectionId, SourceName};
use rules::usage::{MOST_SOURCES, Usage};

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{Facts, Saved, Store};

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

/// One that has neither control item nor usage has the empty ones; a hundred connections take more than one request.
pub async fn the_facts_of_many_connections_come_in_their_order<S: Store>(store: &S) {
    let ids: Vec<ConnectionId> = (0..100).map(|number| sample::connection_id(&format!("c-{number}"))).collect();
    for (number, id) in ids.iter().enumerate().filter(|(number, _)| number % 3 > 0) {
        let control = Control { revision: 1 + number as u64, ..Control::default() };
        assert_eq!(store.save_control(id, &control, 0).await.expect(ANSWERS), Saved::Done);
        if number % 3 == 2 {
            assert_eq!(store.save_usage(id, &empty(1_000 + number as u64), 0).await.expect(ANSWERS), Saved::Done);
        }
    }
    let facts = store.facts_of_each(&ids).await.expect(ANSWERS);
    let facts: Vec<Facts> = facts.into_iter().map(|facts| facts.expect("nothing is damaged")).collect();
    assert_eq!(facts.len(), ids.len());
    for (number, facts) in facts.iter().enumerate() {
        let (number, kind) = (number as u64, number % 3);
        let expected = (if kind > 0 { 1 + number } else { 0 }, if kind == 2 { 1_000 + number } else { 0 });
        assert_eq!((facts.control.revision, facts.usage.revision), expected, "connection {number}");
    }
    assert_eq!(store.facts(&ids[5]).await.expect(ANSWERS), facts[5]);
    assert!(store.facts_of_each(&[]).await.expect(ANSWERS).is_empty());
}
