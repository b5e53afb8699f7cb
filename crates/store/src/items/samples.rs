//! Records and sizes for the tests of this crate's modules.
//!
//! Must not know: what is tested with them.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::Keeping;
use proptest::prelude::*;
use rules::catalogue::ErrorType;
use rules::counts::{Attempts, TryKind};
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, FieldName, ObjectName, ParentKey, RecordId, RecordKey};
use rules::record::{Failure, HoldReason, LastSend, Next, PayloadPlace, Record, Resolution, State};
use rules::time::Timestamp;
use rules::tries::{Tries, Try, TryOutcome};
use rules::version::SourceVersion;

use super::Item;

/// 2026-03-01T09:30:00Z and `millis` more.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_772_357_400_000 + millis)
}

/// The connection `acme`.
pub(crate) fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}

/// A contact of `acme`.
pub(crate) fn contact(id: &str) -> RecordKey {
    RecordKey { connection: acme(), object: ObjectName::new("Contact").unwrap(), id: RecordId::new(id).unwrap() }
}

/// An ordinary contact that failed twice: nothing unusual in it.
pub(crate) fn failing(id: &str) -> Record {
    let failure = Failure::new(
        ErrorType::parse("required-field-missing").unwrap(),
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [LastName]",
    );
    Record {
        key: contact(id),
        external_id_field: FieldName::new("Ext_Id__c").unwrap(),
        fence: Fence(9_876_543_210_987_654_321),
        source_version: SourceVersion::Number(42),
        state: State::Scheduled(Next::At(at(600_000))),
        failure,
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

/// Spread over `shards`, and kept for 30 days when resolved.
pub(crate) fn keeping(shards: u16) -> Keeping {
    Keeping { shards, resolved_for: Duration::from_hours(24 * 30) }
}

/// A try of the 20-minute schedule.
pub(crate) fn a_try(epoch: u32) -> Try {
    Try {
        batch: BatchId { epoch: Epoch(epoch), sequence: 3 },
        at: at(i64::from(epoch) * 1_200_000),
        kind: TryKind::Interval,
        outcome: TryOutcome::Failed,
    }
}

/// An item's size as `DynamoDB` counts it ("`DynamoDB` item sizes and formats" in its developer guide).
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => {
            digits.trim_start_matches('-').len().div_ceil(2) + 1 + usize::from(digits.starts_with('-'))
        }
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        other => panic!("no item has {other:?}"),
    }
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_i64).prop_map(Timestamp::from_millis)
}

fn state() -> impl Strategy<Value = State> {
    let how = prop_oneof![
        Just(Resolution::Retried),
        Just(Resolution::SucceededElsewhere),
        Just(Resolution::Gone),
        Just(Resolution::Deleted)
    ];
    prop_oneof![
        instant().prop_map(|next| State::Scheduled(Next::At(next))),
        Just(State::Scheduled(Next::Sweep)),
        instant().prop_map(|next| State::TimedOut { next }),
        Just(State::Held(HoldReason::ExcludedType)),
        Just(State::Held(HoldReason::PayloadMissing)),
        (how, instant()).prop_map(|(how, at)| State::Resolved { how, at }),
    ]
}

/// Any source version.
pub(crate) fn version() -> impl Strategy<Value = SourceVersion> {
    prop_oneof![any::<i64>().prop_map(SourceVersion::Number), instant().prop_map(SourceVersion::Time)]
}

fn id() -> impl Strategy<Value = RecordId> {
    "[^\\p{Cc}]{1,255}".prop_map(|text| RecordId::new(text).unwrap())
}

fn failure() -> impl Strategy<Value = Failure> {
    let error_type = prop_oneof!["[a-z]{1,8}(-[a-z0-9]{1,8}){0,3}", "unknown:[A-Z][A-Z_.-]{0,30}"];
    (error_type, ".{0,90}", ".{0,300}")
        .prop_map(|(name, code, message)| Failure::new(ErrorType::parse(&name).unwrap(), &code, &message))
}

fn tries() -> impl Strategy<Value = Tries> {
    let kind =
        prop_oneof![Just(TryKind::Interval), Just(TryKind::Nightly), Just(TryKind::Recent), Just(TryKind::Forced)];
    let outcome = prop_oneof![Just(TryOutcome::Saved), Just(TryOutcome::Failed), Just(TryOutcome::Unknown)];
    let tried =
        (any::<u32>(), 0..1_u32 << 24, instant(), kind, outcome).prop_map(|(epoch, sequence, at, kind, outcome)| Try {
            batch: BatchId { epoch: Epoch(epoch), sequence },
            at,
            kind,
            outcome,
        });
    prop::collection::vec(tried, 0..12).prop_map(|tries| tries.into_iter().fold(Tries::default(), Tries::with))
}

fn attempts() -> impl Strategy<Value = Attempts> {
    any::<[u32; 4]>().prop_map(|[interval, nightly, recent, forced]| Attempts { interval, nightly, recent, forced })
}

/// Any record that the rules can make.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let parent = prop::option::of(id().prop_map(|id| ParentKey { object: ObjectName::new("Account").unwrap(), id }));
    let place = prop_oneof![Just(PayloadPlace::Inline), any::<u32>().prop_map(|bytes| PayloadPlace::Apart { bytes })];
    let send = prop::option::of((version(), instant()).prop_map(|(version, until)| LastSend { version, until }));
    let history = (attempts(), tries(), instant(), instant(), prop::option::of(instant()));
    let stands = (any::<u64>(), version(), state(), failure());
    (id(), stands, history, parent, place, send).prop_map(|(id, stands, history, parent, payload, last_send)| {
        let (fence, source_version, state, failure) = stands;
        let (attempts, tries, first_failed, last_failed, type_since) = history;
        let key = RecordKey { id, ..contact("1") };
        let external_id_field = FieldName::new("Ext_Id__c").unwrap();
        let fence = Fence(fence);
        Record {
            key,
            external_id_field,
            fence,
            source_version,
            state,
            failure,
            attempts,
            tries,
            first_failed,
            last_failed,
            parent,
            payload,
            type_since,
            last_send,
        }
    })
}
