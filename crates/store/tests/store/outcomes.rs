//! Outcomes of batches: written each by itself, settled each by itself.
//!
//! Must not know: what an outcome means.

use engine::ports::{DueRecords, OutcomeWrite, PayloadChange, Queue, Records, Written};
use rules::record::{Next, Record};
use rules::tries::TryOutcome;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{
    a_try, acme, apart, at, contact, failed_again, failing, first, keeping, next, saved, stored, waiting,
};

async fn put_all(bench: &Bench, records: &[Record]) {
    for record in records {
        assert_eq!(bench.store.put(&first(record), &keeping(4)).await.unwrap(), Written::Done);
    }
}

fn many(count: usize) -> Vec<Record> {
    (0..count).map(|number| failing(&format!("c-{number:03}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_outcomes_are_written_in_eight_calls_and_read_as_written() {
    let bench = Bench::new().await;
    let records = many(200);
    put_all(&bench, &records).await;
    let writes: Vec<OutcomeWrite> = records.iter().map(failed_again).collect();
    assert_eq!(bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap(), vec![Written::Done; 200]);
    assert_eq!(bench.faults.seen("BatchExecuteStatement"), 8);
    for write in &writes {
        let read = bench.store.read(std::slice::from_ref(&write.after.key)).await.unwrap();
        assert_eq!(read[0].stored, stored(&write.after));
        assert!(read[0].payload.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_record_leaves_the_indexes_its_payload_and_its_pointer() {
    let bench = Bench::new().await;
    let records = [failing("c-1"), apart("c-2"), waiting("c-3", "a-1")];
    put_all(&bench, &records).await;
    let writes = records.each_ref().map(saved);
    assert_eq!(bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap(), vec![Written::Done; 3]);
    let left = bench.keys().await;
    assert!(left.len() == 3 && left.iter().all(|(_, sk)| sk == "r"), "{left:?}");
    assert_eq!(bench.store.read(&[contact("c-1")]).await.unwrap()[0].payload, None);
    let due = bench.store.due(&acme(), Queue::Interval, at(60), 4, None, 10).await.unwrap();
    assert_eq!(due.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_on_another_version_is_a_conflict_with_what_is_there_and_disturbs_no_other() {
    let bench = Bench::new().await;
    let records = many(3);
    put_all(&bench, &records).await;
    let moved = records[1].clone().schedule(Next::At(at(80))).advance();
    bench.store.put(&next(&moved, PayloadChange::Keep), &keeping(4)).await.unwrap();
    let writes: Vec<_> = records.iter().chain([&failing("gone")]).map(failed_again).collect();
    for fault in [vec![], vec![Fault::ItemsLeftOut]] {
        bench.break_next("BatchExecuteStatement", fault);
        let written = bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap();
        let lost = Written::Conflict(Some(Box::new(stored(&moved))));
        assert_eq!(written, [Written::Done, lost, Written::Done, Written::Conflict(None)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_whose_reply_was_lost_are_recognised_as_done() {
    let bench = Bench::new().await;
    let records = many(30);
    put_all(&bench, &records).await;
    bench.break_next("BatchExecuteStatement", [Fault::ReplyLost]);
    let writes: Vec<_> = records.iter().map(failed_again).collect();
    assert_eq!(bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap(), vec![Written::Done; 30]);
    assert_eq!(bench.faults.seen("BatchExecuteStatement"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_run_s_outcome_with_the_same_version_is_not_taken_for_our_own() {
    let bench = Bench::new().await;
    let record = failing("c-1");
    put_all(&bench, std::slice::from_ref(&record)).await;
    let theirs = record.clone().count(a_try(2, TryOutcome::Failed)).schedule(Next::At(at(40))).advance();
    let written = bench
        .store
        .write_outcomes(&[OutcomeWrite { before: record.clone(), after: theirs.clone() }], &keeping(4))
        .await;
    assert_eq!(written.unwrap(), [Written::Done]);
    let ours = bench.store.write_outcomes(&[failed_again(&record)], &keeping(4)).await.unwrap();
    assert_eq!(ours, [Written::Conflict(Some(Box::new(stored(&theirs))))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_are_throttled_are_sent_again_and_no_others() {
    let bench = Bench::new().await;
    let records = many(20);
    put_all(&bench, &records).await;
    let some = [Fault::OnlyStatements(5, "ThrottlingError"), Fault::OnlyStatements(0, "ProvisionedThroughputExceeded")];
    bench.break_next("BatchExecuteStatement", some);
    let writes: Vec<_> = records.iter().map(failed_again).collect();
    assert_eq!(bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap(), vec![Written::Done; 20]);
    assert_eq!((bench.faults.seen("BatchExecuteStatement"), bench.clock.waits()), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_that_are_throttled_lastingly_are_said_to_be_and_the_others_are_done() {
    let bench = Bench::new().await;
    let records = many(3);
    put_all(&bench, &records).await;
    let first = Fault::OnlyStatements(1, "ThrottlingError");
    let never = vec![Fault::OnlyStatements(0, "ThrottlingError"); 50];
    bench.break_next("BatchExecuteStatement", std::iter::once(first).chain(never));
    let writes: Vec<_> = records.iter().map(saved).collect();
    let written = bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap();
    assert_eq!(written, [Written::Done, Written::Throttled, Written::Throttled]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_whose_payload_could_not_be_deleted_is_throttled_and_writing_it_again_deletes_it() {
    let bench = Bench::new().await;
    let records = [apart("c-1"), failing("c-2")];
    put_all(&bench, &records).await;
    let writes = records.each_ref().map(saved);
    let never = vec![Fault::OnlyStatements(0, "ThrottlingError"); 8];
    bench.break_next("BatchExecuteStatement", std::iter::once(Fault::OnlyStatements(2, "")).chain(never));
    assert_eq!(bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap(), [Written::Throttled, Written::Done]);
    assert_eq!(bench.store.write_outcomes(&writes, &keeping(4)).await.unwrap(), [Written::Done, Written::Done]);
    assert!(bench.keys().await.iter().all(|(_, sk)| sk == "r"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_refused_for_good_fails_the_call_and_the_error_says_why() {
    let bench = Bench::new().await;
    let record = failing("c-1");
    put_all(&bench, std::slice::from_ref(&record)).await;
    bench.break_next("BatchExecuteStatement", [Fault::OnlyStatements(0, "AccessDenied")]);
    let error = bench.store.write_outcomes(&[failed_again(&record)], &keeping(4)).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        (error.to_string().as_str(), cause.as_str()),
        ("writing outcomes failed", "DynamoDB answered AccessDenied")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_outcomes_make_no_call() {
    let bench = Bench::new().await;
    assert_eq!(bench.store.write_outcomes(&[], &keeping(4)).await.unwrap(), []);
    assert_eq!(bench.faults.seen("BatchExecuteStatement"), 0);
}
