//! Answers in parts, however they fall: each key is read once, each outcome written once, each due key listed once.
//!
//! Must not know: how often a store asks again.

use std::collections::BTreeSet;

use engine::ports::{DueRecords, Queue, Records, Written};
use proptest::prelude::*;
use rules::ids::RecordKey;
use rules::record::Record;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{acme, at, contact, failed_again, failing, first, keeping, stored};

/// How many systems are tried; each has a table of its own.
const CASES: u32 = 24;

fn seeded() -> ProptestConfig {
    ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

async fn with_records(count: usize) -> (Bench, Vec<Record>) {
    let bench = Bench::new().await;
    let records: Vec<Record> = (0..count).map(|number| failing(&format!("c-{number:02}"))).collect();
    for record in &records {
        bench.store.put(&first(record), &keeping(1)).await.expect("it is put");
    }
    (bench, records)
}

/// How many of what is left each answer in turn processes, so that something is left for the next one; never more than the store
/// has patience for.
fn parts(shares: &[u8], mut left: usize) -> Vec<usize> {
    let mut parts = Vec::new();
    for share in shares {
        let part = usize::from(*share) * left / 256;
        parts.push(part);
        left -= part;
    }
    parts
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn every_key_is_read_once_in_whatever_parts_the_answers_come(
        count in 1_usize..60, shares in prop::collection::vec(any::<u8>(), 0..5),
    ) {
        let found = run(async {
            let (bench, records) = with_records(count).await;
            bench.break_next("BatchGetItem", parts(&shares, count).into_iter().map(Fault::OnlyKeys));
            let keys: Vec<RecordKey> = records.into_iter().map(|record| record.key).chain([contact("nobody")]).collect();
            let read = bench.store.read(&keys[..count]).await.expect("it is patient enough");
            read.into_iter().map(|read| read.stored.key().id.to_string()).collect::<Vec<_>>()
        });
        let distinct: BTreeSet<&String> = found.iter().collect();
        prop_assert_eq!((found.len(), distinct.len()), (count, count));
    }

    #[test]
    fn every_outcome_is_written_once_in_whatever_parts_the_statements_are_taken(
        count in 1_usize..=25, shares in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        run(async {
            let (bench, records) = with_records(count).await;
            let throttled = |part| Fault::OnlyStatements(part, "ThrottlingError");
            bench.break_next("BatchExecuteStatement", parts(&shares, count).into_iter().map(throttled));
            let writes: Vec<_> = records.iter().map(failed_again).collect();
            let written = bench.store.write_outcomes(&writes, &keeping(1)).await.expect("it is patient enough");
            assert_eq!(written, vec![Written::Done; count]);
            for write in &writes {
                let read = bench.store.read(std::slice::from_ref(&write.after.key)).await.expect("it is read");
                assert_eq!(read[0].stored, stored(&write.after));
            }
        });
    }

    #[test]
    fn every_due_key_is_listed_once_however_short_the_pages_are(
        count in 1_usize..40, pages in prop::collection::vec(1_usize..12, 0..8), limit in 1_usize..50,
    ) {
        let found = run(async {
            let (bench, _) = with_records(count).await;
            bench.break_next("Query", pages.into_iter().map(Fault::ShortPage));
            let (mut found, mut from) = (Vec::new(), None);
            loop {
                let page = bench.store.due(&acme(), Queue::Interval, at(60), 1, from.as_ref(), limit).await.expect("it is listed");
                found.extend(page.keys.into_iter().map(|key| format!("{key:?}")));
                from = page.next;
                if from.is_none() {
                    return found;
                }
            }
        });
        let distinct: BTreeSet<&String> = found.iter().collect();
        prop_assert_eq!((found.len(), distinct.len()), (count, count));
    }
}
