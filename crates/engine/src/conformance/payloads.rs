//! Payloads: inline and apart, kept, replaced, dropped, and gone with the record's end.
//!
//! Must not know: index listings.

use rules::ids::Fence;
use rules::record::{PayloadPlace, Record, Resolution};
use rules::version::SourceVersion;
use serde_json::{Map, Value, json};

use super::given::{ANSWERS, keeping, new, payload_apart, put_new, read, replace, settle, stored};
use crate::fakes::sample;
use crate::payload::Payload;
use crate::ports::{PayloadChange, Put, Store, Written};

fn apart(record: Record, bytes: usize) -> Record {
    let bytes = u32::try_from(bytes).expect("a check's payload is small enough to be measured");
    Record { payload: PayloadPlace::Apart { bytes }, ..record }
}

fn small_apart(id: &str) -> Record {
    apart(sample::failing("acme", id), sample::payload(1).bytes())
}

fn payload_of(fields: Value) -> Payload {
    match fields {
        Value::Object(fields) => Payload::new(&fields),
        _ => panic!("a check's payload is an object"),
    }
}

async fn inline<S: Store>(store: &S, record: &Record) -> Option<Payload> {
    read(store, &record.key).await.expect("the record is there").payload
}

/// One read gives both.
pub async fn an_inline_payload_comes_with_its_record<S: Store>(store: &S) {
    let record = sample::failing("acme", "c-1");
    put_new(store, &record, 1).await;
    assert_eq!(inline(store, &record).await, Some(sample::payload(1)));
    assert_eq!(payload_apart(store, &record).await, None);
}

/// It is not read with its record.
pub async fn a_payload_apart_comes_by_itself<S: Store>(store: &S) {
    let record = small_apart("c-1");
    put_new(store, &record, 1).await;
    assert_eq!(inline(store, &record).await, None);
    assert_eq!(payload_apart(store, &record).await, Some(sample::payload(1)));
}

/// Nearly the largest payload that is taken.
pub async fn a_payload_of_300_kilobytes_comes_back_whole<S: Store>(store: &S) {
    let large = payload_of(json!({ "Description": "ß".repeat(150 * 1024) }));
    let record = apart(sample::failing("acme", "c-1"), large.bytes());
    assert_eq!(store.put(&new(&record, large.clone()), &keeping(1)).await.expect(ANSWERS), Written::Done);
    let found = payload_apart(store, &record).await.expect("the payload is there");
    assert!(found == large, "all {} bytes come back, not {}", large.bytes(), found.bytes());
}

/// A report of the same version brings the error up to date and leaves the payload.
pub async fn a_payload_that_is_kept_stays_where_it_is<S: Store>(store: &S) {
    for first in [sample::failing("acme", "inline"), small_apart("apart")] {
        let second =
            first.clone().fail(sample::failure("REQUIRED_FIELD_MISSING", "LastName"), first.last_failed).advance();
        put_new(store, &first, 1).await;
        replace(store, &first, &second, PayloadChange::Keep).await;
        let found = (inline(store, &second).await, payload_apart(store, &second).await);
        let expected = match second.payload {
            PayloadPlace::Inline => (Some(sample::payload(1)), None),
            PayloadPlace::Apart { .. } => (None, Some(sample::payload(1))),
        };
        assert_eq!(found, expected, "{}", second.key);
    }
}

/// A newer version's payload may be of another size.
pub async fn a_payload_that_is_set_takes_the_place_of_the_one_at_the_other_place<S: Store>(store: &S) {
    let first = sample::failing("acme", "c-1");
    let second = Record { source_version: SourceVersion::Number(2), ..small_apart("c-1").advance() };
    let third =
        Record { source_version: SourceVersion::Number(3), payload: PayloadPlace::Inline, ..second.clone().advance() };
    put_new(store, &first, 1).await;

    replace(store, &first, &second, PayloadChange::Set(sample::payload(2))).await;
    assert_eq!(inline(store, &second).await, None);
    assert_eq!(payload_apart(store, &second).await, Some(sample::payload(2)));

    replace(store, &second, &third, PayloadChange::Set(sample::payload(3))).await;
    assert_eq!(inline(store, &third).await, Some(sample::payload(3)));
    assert_eq!(payload_apart(store, &second).await, None, "the payload apart is not left behind");
}

/// A success needs no payload any more.
pub async fn a_payload_that_is_dropped_is_gone_from_either_place<S: Store>(store: &S) {
    for first in [sample::failing("acme", "inline"), small_apart("apart")] {
        let second = first.clone().resolve(Resolution::SucceededElsewhere, first.last_failed).advance();
        put_new(store, &first, 1).await;
        replace(store, &first, &second, PayloadChange::Drop).await;
        let found = (inline(store, &second).await, payload_apart(store, &first).await);
        assert_eq!(found, (None, None), "{}", second.key);
    }
}

/// Between the read of a record and the read of its payload a newer version may have come.
pub async fn a_payload_apart_of_another_source_version_is_left_out<S: Store>(store: &S) {
    let first = small_apart("c-1");
    let second = Record { source_version: SourceVersion::Number(2), ..first.clone().advance() };
    put_new(store, &first, 1).await;
    replace(store, &first, &second, PayloadChange::Set(sample::payload(2))).await;
    assert_eq!(payload_apart(store, &first).await, None, "the payload is not the one of version 1");
    assert_eq!(payload_apart(store, &second).await, Some(sample::payload(2)));
    let as_time = Record { source_version: SourceVersion::Time(rules::time::Timestamp::from_millis(2)), ..second };
    assert_eq!(payload_apart(store, &as_time).await, None, "a number is not a time");
}

/// Nothing is kept that is not needed.
pub async fn a_payload_is_gone_when_an_outcome_resolves_its_record<S: Store>(store: &S) {
    for first in [sample::failing("acme", "inline"), small_apart("apart")] {
        let second = first.clone().resolve(Resolution::Retried, first.last_failed).advance();
        put_new(store, &first, 1).await;
        settle(store, &first, &second).await;
        let found = (inline(store, &second).await, payload_apart(store, &first).await);
        assert_eq!(found, (None, None), "{}", second.key);
    }
}

/// The next try needs it.
pub async fn a_payload_stays_when_an_outcome_leaves_its_record_failing<S: Store>(store: &S) {
    let next = sample::time("2026-03-03T00:00:00Z");
    let (first, other) = (sample::failing("acme", "inline"), small_apart("apart"));
    for before in [&first, &other] {
        put_new(store, before, 1).await;
        settle(store, before, &before.clone().time_out(next).advance()).await;
    }
    assert_eq!(inline(store, &first).await, Some(sample::payload(1)));
    assert_eq!(payload_apart(store, &other).await, Some(sample::payload(1)));
}

/// Record and payload are written together or not at all.
pub async fn a_put_that_conflicts_leaves_the_payload_alone<S: Store>(store: &S) {
    let (first, other) = (sample::failing("acme", "inline"), small_apart("apart"));
    for there in [&first, &other] {
        put_new(store, there, 1).await;
        for payload in [PayloadChange::Set(sample::payload(2)), PayloadChange::Drop] {
            let put = Put { stored: stored(there), payload, expected: Some(Fence(1)) };
            let written = store.put(&put, &keeping(1)).await.expect(ANSWERS);
            assert_eq!(written, Written::Conflict(Some(Box::new(stored(there)))), "{put:?}");
        }
    }
    assert_eq!(inline(store, &first).await, Some(sample::payload(1)));
    assert_eq!(payload_apart(store, &other).await, Some(sample::payload(1)));
}

/// Any number of records, some without a payload apart.
pub async fn payloads_of_130_records_come_in_one_request<S: Store>(store: &S) {
    let mut records: Vec<_> = (0..130).map(|number| small_apart(&format!("c-{number:03}"))).collect();
    for (record, v) in records.iter().zip(0..) {
        assert_eq!(store.put(&new(record, sample::payload(v)), &keeping(1)).await.expect(ANSWERS), Written::Done);
    }
    records.push(small_apart("absent"));
    let asked: Vec<_> = records.iter().collect();
    let mut found = store.payloads(&asked).await.expect(ANSWERS);
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let expected: Vec<_> =
        records.iter().take(130).zip(0..).map(|(record, v)| (record.key.clone(), sample::payload(v))).collect();
    assert_eq!(found, expected);
}

/// Salesforce gets exactly what the source sent.
pub async fn a_payload_keeps_every_kind_of_value<S: Store>(store: &S) {
    let fields = json!({
        "Text": "it's \"quoted\" \\ {} ? ; --", "Empty": "", "Unicode": "Zoë 漢字 🦀", "Line": "a\nb\tc",
        "Whole": i64::MAX, "Negative": -1, "Large": u64::MAX, "Fraction": 0.1, "Small": 1e-300,
        "True": true, "False": false, "Null": null,
        "Account": { "Ext_Id__c": "a#1" }, "List": [1, "two", null, {}],
    });
    let payload = payload_of(fields);
    let empty = Payload::new(&Map::new());
    for (id, payload) in [("full", payload), ("empty", empty)] {
        let (within, by_itself) = (sample::failing("acme", id), small_apart(&format!("{id}-apart")));
        for record in [&within, &by_itself] {
            assert_eq!(store.put(&new(record, payload.clone()), &keeping(1)).await.expect(ANSWERS), Written::Done);
        }
        let found = [inline(store, &within).await, payload_apart(store, &by_itself).await];
        for found in found {
            let found = found.expect("the payload is there");
            assert_eq!(found.fields(), payload.fields());
        }
    }
}
