//! The heavy connection's records, put into the table as ingest and the store would have put them, but past every request: a million of
//! them within a minute.
//!
//! Must not know: what becomes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::payload::Payload;
use engine::ports::{CountChange, Keeping};
use rules::connection::Connection;
use rules::ids::{ConnectionId, Fence, FieldName, RecordKey};
use rules::ingest::{FailureEffect, NewFailure, fail};
use rules::record::{Failure, PayloadPlace, Record};
use rules::time::Timestamp;
use rules::version::SourceVersion;
use serde_json::{Map, Value, json};
use store::local::written;

use super::{Crowd, key};
use crate::cloud::Temper;
use crate::oracle::{Report, Reported, canary};
use crate::world::World;

/// What they fail with.
const CODE: &str = "UNABLE_TO_LOCK_ROW";
const MESSAGE: &str = "unable to obtain exclusive access to this record";

/// They failed within so many milliseconds before the play.
const FAILED_WITHIN: u64 = 240_000;

/// Puts the records in, spread over as many shards as runs and ingest have raised by then, and notes that their sources reported them.
pub(super) fn fill(world: &World, id: &ConnectionId, crowd: &Crowd) {
    if let Some(slow) = crowd.slow {
        world.orgs.of(id, |org| org.works = (slow, slow));
    }
    if crowd.heavy == 0 {
        return;
    }
    world.eyes.raise_shards(id, world.eyes.connection(id).shards_for(crowd.heavy));
    let connection = world.eyes.connection(id);
    let (keeping, now) = (Keeping::of(&connection), world.now());
    let first = record(&connection, key(id, 0), 0, now);
    world.table.fill(
        (0..crowd.heavy).flat_map(|number| {
            let record = record(&connection, key(id, number), number, now);
            written(&record, &payload(&record.key), &keeping).into_iter().map(kept)
        }),
        now,
    );
    let many = i64::try_from(crowd.heavy).unwrap_or(i64::MAX);
    let records = BTreeMap::from([(first.key.object, many)]);
    let error_type = first.failure.error_type;
    let change = CountChange { error_type, records, oldest: Some(now - within(0)), timed_out: 0 };
    world.eyes.count(&connection, change);
    for key in (0..crowd.heavy).map(|number| key(id, number)) {
        let temper = Temper::Refused { times: crowd.refusals, code: CODE };
        world.orgs.of(id, |org| org.tempers.insert(key.clone(), temper));
        let report = Report { key, version: 1, what: Reported::Failed, recorded: Some(now) };
        world.facts(|facts| facts.reports.push(report));
    }
}

/// What ingest makes of the report of one.
fn record(connection: &Connection, key: RecordKey, number: usize, now: Timestamp) -> Record {
    let catalogue = connection.catalogue().expect("the settings of a play are right");
    let failure = Failure::new(catalogue.classify(CODE, MESSAGE).error_type, CODE, MESSAGE);
    let new = NewFailure {
        key,
        external_id_field: FieldName::new("Ext_Id__c").expect("a name of Salesforce's"),
        source_version: SourceVersion::Number(1),
        failure,
        failed: now - within(number as u64),
        parent: None,
        payload: PayloadPlace::Inline,
        closes: false,
    };
    let birth = Fence((number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    match fail(&connection.policy, None, new, birth) {
        Ok(FailureEffect::Replace(record)) => *record,
        Ok(FailureEffect::Refresh(_) | FailureEffect::Ignore(_)) | Err(_) => {
            unreachable!("the first report of a record is written")
        }
    }
}

/// The first failed first.
fn within(number: u64) -> Duration {
    Duration::from_millis(FAILED_WITHIN - number % FAILED_WITHIN)
}

fn payload(key: &RecordKey) -> Payload {
    let mut fields = Map::new();
    fields.insert("v".to_owned(), json!(1));
    fields.insert("Secret__c".to_owned(), json!(canary(key)));
    Payload::new(&fields)
}

/// An item as it stands in requests.
fn kept(item: store::local::Item) -> Map<String, Value> {
    let value = |value: AttributeValue| match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        other => unreachable!("a record that was never tried has no attribute like {other:?}"),
    };
    item.into_iter().map(|(name, of)| (name, value(of))).collect()
}
