//! Reads under the faults of the cloud, items that cannot be read, and what errors say.
//!
//! Must not know: writes.

use std::error::Error;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Controls, PortError, Records};
use rules::ids::RecordKey;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{acme, apart, contact, failing, first, keeping};

async fn with_records(count: usize) -> (Bench, Vec<RecordKey>) {
    let bench = Bench::new().await;
    let keys: Vec<_> = (0..count).map(|number| contact(&format!("c-{number}"))).collect();
    for key in &keys {
        bench.store.put(&first(&failing(key.id.as_str())), &keeping(1)).await.unwrap();
    }
    (bench, keys)
}

async fn read_all(bench: &Bench, keys: &[RecordKey]) -> Vec<RecordKey> {
    let read = bench.store.read(keys).await.unwrap();
    let mut found: Vec<_> = read.into_iter().map(|read| read.stored.key().clone()).collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_and_fifty_keys_are_read_in_three_calls_each_once_and_missing_ones_are_left_out() {
    let (bench, mut keys) = with_records(250).await;
    let mut sorted = keys.clone();
    sorted.sort();
    keys.extend(keys.clone());
    assert_eq!(read_all(&bench, &keys).await, sorted);
    assert_eq!(bench.faults.seen("BatchGetItem"), 3);
    assert_eq!(read_all(&bench, &[contact("nobody")]).await, []);
    assert_eq!(read_all(&bench, &[]).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_not_processed_are_asked_for_again_and_no_others() {
    let (bench, mut keys) = with_records(10).await;
    keys.sort();
    bench.break_next("BatchGetItem", [Fault::OnlyKeys(4), Fault::OnlyKeys(5)]);
    assert_eq!(read_all(&bench, &keys).await, keys);
    assert_eq!((bench.faults.seen("BatchGetItem"), bench.clock.waits()), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_never_processed_end_in_an_error() {
    let (bench, keys) = with_records(2).await;
    bench.break_next("BatchGetItem", vec![Fault::Refused("ThrottlingException"); 100]);
    let error = bench.store.read(&keys).await.unwrap_err();
    assert_eq!(error.to_string(), "reading records failed");
    assert_eq!(error.source().unwrap().to_string(), "DynamoDB kept refusing for lack of capacity");
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_that_were_not_processed_are_asked_for_again() {
    let bench = Bench::new().await;
    let records = [apart("c-1"), apart("c-2"), failing("c-3")];
    for record in &records {
        bench.store.put(&first(record), &keeping(1)).await.unwrap();
    }
    bench.break_next("BatchGetItem", [Fault::OnlyKeys(1)]);
    let payloads = bench.store.payloads(&records.each_ref()).await.unwrap();
    assert_eq!(payloads.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_newer_format_is_an_error_that_says_so() {
    let (bench, keys) = with_records(1).await;
    bench.tamper("r#acme#Contact#c-0", "r", "f", AttributeValue::N("3".to_owned())).await;
    let error = bench.store.read(&keys).await.unwrap_err();
    assert!(matches!(error, PortError::Unreadable { .. }));
    assert!(error.to_string().ends_with("it was written by a newer version (format 3)"), "{error}");
}

/// A rollback after a deployment leaves such items; they wait for the newer version and stop nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_newer_format_hides_no_other() {
    let (bench, keys) = with_records(3).await;
    bench.tamper("r#acme#Contact#c-1", "r", "f", AttributeValue::N("3".to_owned())).await;
    let read = bench.store.read_each(&keys).await.unwrap();
    let found: Vec<bool> = read.iter().map(Result::is_ok).collect();
    assert_eq!((found.len(), found.iter().filter(|&&found| found).count()), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_apart_that_cannot_be_read_hides_no_other() {
    let bench = Bench::new().await;
    let records = [apart("c-1"), apart("c-2")];
    for record in &records {
        bench.store.put(&first(record), &keeping(1)).await.unwrap();
    }
    bench.tamper("r#acme#Contact#c-1", "p", "p", AttributeValue::S("{\"LastName\":\"hunter2".to_owned())).await;
    let each = bench.store.payloads_each(&records.each_ref()).await.unwrap();
    let read: Vec<_> = each.iter().map(|(key, payload)| (key.id.as_str(), payload.is_ok())).collect();
    assert_eq!(read.len(), 2);
    assert!(read.contains(&("c-1", false)) && read.contains(&("c-2", true)), "{read:?}");
    assert!(!format!("{each:?}").contains("hunter2"), "{each:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_payload_is_an_error_that_does_not_repeat_it() {
    let (bench, keys) = with_records(1).await;
    bench.tamper("r#acme#Contact#c-0", "r", "p", AttributeValue::S("{\"LastName\":\"hunter2".to_owned())).await;
    let error = bench.store.read(&keys).await.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_service_is_told_with_its_code_and_without_the_reply() {
    let bench = Bench::new().await;
    bench.break_next("GetItem", [Fault::Refused("AccessDeniedException")]);
    let error = bench.store.control(&acme()).await.unwrap_err();
    assert_eq!(error.to_string(), "reading the control item failed");
    assert_eq!(error.source().unwrap().to_string(), "DynamoDB answered AccessDeniedException: refused");
    assert!(error.source().unwrap().source().is_none());
}
