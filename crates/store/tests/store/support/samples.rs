//! Records, outcomes and puts to test with.
//!
//! Must not know: what is tested with them.

use std::time::Duration;

use engine::payload::Payload;
use engine::ports::{AuditAction, AuditEntry, Keeping, OutcomeWrite, PayloadChange, Put};
use rules::catalogue::ErrorType;
use rules::counts::{Attempts, TryKind};
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, FieldName, ObjectName, ParentKey, RecordId, RecordKey};
use rules::record::{Failure, Next, PayloadPlace, Record, Resolution, State, Stored};
use rules::resync::Request;
use rules::time::Timestamp;
use rules::tries::{Tries, Try, TryOutcome};
use rules::version::SourceVersion;

/// 2026-03-01T09:20:00Z, a tick, and so many minutes more.
pub(crate) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_772_356_800_000 + minutes * 60_000)
}

/// The connection `acme`.
pub(crate) fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}

/// An error type.
pub(crate) fn error_type(name: &str) -> ErrorType {
    ErrorType::parse(name).unwrap()
}

/// A contact of `acme`.
pub(crate) fn contact(id: &str) -> RecordKey {
    RecordKey { connection: acme(), object: ObjectName::new("Contact").unwrap(), id: RecordId::new(id).unwrap() }
}

/// A contact that failed at `at(0)` and is due at `at(20)`.
pub(crate) fn failing(id: &str) -> Record {
    Record {
        key: contact(id),
        external_id_field: FieldName::new("Ext_Id__c").unwrap(),
        fence: Fence(u64::MAX - 1_000),
        source_version: SourceVersion::Number(42),
        state: State::Scheduled(Next::At(at(20))),
        failure: Failure::new(error_type("required-field-missing"), "REQUIRED_FIELD_MISSING", "LastName"),
        attempts: Attempts::default(),
        tries: Tries::default(),
        first_failed: at(0),
        last_failed: at(0),
        parent: None,
        payload: PayloadPlace::Inline,
        type_since: None,
        last_send: None,
    }
}

/// The same, with its payload apart.
pub(crate) fn apart(id: &str) -> Record {
    Record { payload: PayloadPlace::Apart { bytes: 5_000 }, ..failing(id) }
}

/// The same, waiting for the account `parent`.
pub(crate) fn waiting(id: &str, parent: &str) -> Record {
    let parent = ParentKey { object: ObjectName::new("Account").unwrap(), id: RecordId::new(parent).unwrap() };
    Record { parent: Some(parent), ..failing(id) }
}

/// A payload with this last name.
pub(crate) fn named(name: &str) -> Payload {
    Payload::new(serde_json::json!({ "LastName": name }).as_object().unwrap())
}

/// As it is stored.
pub(crate) fn stored(record: &Record) -> Stored {
    Stored::Record(Box::new(record.clone()))
}

/// Spread over `shards`, and kept for 30 days when resolved.
pub(crate) fn keeping(shards: u16) -> Keeping {
    Keeping { shards, resolved_for: Duration::from_hours(24 * 30) }
}

/// The first put of a record, with a payload.
pub(crate) fn first(record: &Record) -> Put {
    Put { stored: stored(record), payload: PayloadChange::Set(named("Meier")), expected: None }
}

/// A put of `record` in the place of the version before it.
pub(crate) fn next(record: &Record, payload: PayloadChange) -> Put {
    let expected = Some(Fence(record.fence.0 - 1));
    Put { stored: stored(record), payload, expected }
}

/// A try in the batch (`epoch`, 1).
pub(crate) fn a_try(epoch: u32, outcome: TryOutcome) -> Try {
    Try { batch: BatchId { epoch: Epoch(epoch), sequence: 1 }, at: at(20), kind: TryKind::Interval, outcome }
}

/// The outcome that `before` failed again and is due at `at(40)`.
pub(crate) fn failed_again(before: &Record) -> OutcomeWrite {
    let after = before.clone().count(a_try(1, TryOutcome::Failed)).schedule(Next::At(at(40))).advance();
    OutcomeWrite { before: before.clone(), after }
}

/// The outcome that `before` was saved.
pub(crate) fn saved(before: &Record) -> OutcomeWrite {
    let resolved = before.clone().count(a_try(1, TryOutcome::Saved)).resolve(Resolution::Retried, at(20));
    OutcomeWrite { before: before.clone(), after: resolved.advance() }
}

/// The audit's entry of a request.
pub(crate) fn told(request: &Request) -> AuditEntry {
    AuditEntry {
        id: 7,
        at: request.as_of,
        who: "ann".to_owned(),
        action: AuditAction::ResyncRequested,
        connection: Some(acme()),
        subject: request.id.to_string(),
        records: 0,
        expires: at(60),
    }
}
