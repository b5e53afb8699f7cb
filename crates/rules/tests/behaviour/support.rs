//! Short ways to write the values that tests are about.
//! It must not decide anything: no rule may hide in here.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rules::catalogue::ErrorType;
use rules::counts::{Attempts, TryKind};
use rules::fields::Mistakes;
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, FieldName, ObjectName, RecordId, RecordKey};
use rules::policy::{IntervalPolicy, Policy, RecentPolicy};
use rules::record::{Failure, Next, PayloadPlace, Record, State};
use rules::time::Timestamp;
use rules::tries::{Tries, Try, TryOutcome};
use rules::verdict::Attempt;
use rules::version::SourceVersion;

/// Generated cases follow from one seed, so that a test says the same today and tomorrow.
pub(crate) fn seeded(cases: u32) -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(2_610), failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a test's own time is RFC 3339")
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Any millisecond from 2020 to 2036.
pub(crate) fn any_instant() -> impl Strategy<Value = Timestamp> {
    (1_577_836_800_000_i64..2_082_758_400_000).prop_map(Timestamp::from_millis)
}

pub(crate) fn connection_id() -> ConnectionId {
    ConnectionId::new("acme").expect("a connection id")
}

pub(crate) fn object() -> ObjectName {
    ObjectName::new("Invoice__c").expect("an object name")
}

pub(crate) fn field() -> FieldName {
    FieldName::new("Ext_Id__c").expect("a field name")
}

pub(crate) fn record_id(text: &str) -> RecordId {
    RecordId::new(text).expect("a record id")
}

pub(crate) fn key() -> RecordKey {
    RecordKey { connection: connection_id(), object: object(), id: record_id("INV-1") }
}

pub(crate) fn error_type(text: &str) -> ErrorType {
    ErrorType::parse(text).expect("an error type")
}

pub(crate) fn failure(error: &str) -> Failure {
    Failure::new(error_type(error), "SOME_CODE", "some message")
}

pub(crate) fn interval() -> Policy {
    Policy::Interval(IntervalPolicy::default())
}

pub(crate) fn recent() -> Policy {
    Policy::Recent(RecentPolicy::default())
}

pub(crate) fn interval_without(error: &str) -> Policy {
    Policy::Interval(IntervalPolicy { excluded: [error_type(error)].into(), ..IntervalPolicy::default() })
}

pub(crate) const FIRST_FAILED: &str = "2026-03-01T10:07:00Z";

/// Version 1 of a record that failed once and was never tried, in `state`.
pub(crate) fn record_in(state: State) -> Record {
    Record {
        key: key(),
        external_id_field: field(),
        fence: Fence(1_000),
        source_version: SourceVersion::Number(1),
        state,
        failure: failure("missing-argument"),
        attempts: Attempts::default(),
        tries: Tries::default(),
        first_failed: at(FIRST_FAILED),
        last_failed: at(FIRST_FAILED),
        parent: None,
        payload: PayloadPlace::Inline,
        type_since: None,
        last_send: None,
    }
}

/// As [`record_in`], due at the first tick after its failure.
pub(crate) fn scheduled() -> Record {
    record_in(State::Scheduled(Next::At(at("2026-03-01T10:20:00Z"))))
}

/// As [`record_in`], in the queue for the next midnight.
pub(crate) fn timed_out() -> Record {
    record_in(State::TimedOut { next: at("2026-03-02T00:00:00Z") })
}

pub(crate) fn batch(epoch: u32, sequence: u32) -> BatchId {
    BatchId { epoch: Epoch(epoch), sequence }
}

/// A try at `tick` in batch 5-1, answered three seconds later, that Salesforce may commit for 13 minutes.
pub(crate) fn attempt(kind: TryKind, tick: Timestamp) -> Attempt {
    let answered = tick + Duration::from_secs(3);
    Attempt { batch: batch(5, 1), kind, tick, at: answered, commits_until: answered + minutes(13) }
}

pub(crate) fn tried(batch: BatchId, outcome: TryOutcome) -> Try {
    Try { batch, at: at("2026-03-01T10:20:00Z"), kind: TryKind::Interval, outcome }
}

/// The fields that the mistakes are about, in their order.
pub(crate) fn fields_of(mistakes: &Mistakes) -> Vec<&str> {
    mistakes.0.iter().map(|mistake| mistake.field.as_str()).collect()
}
