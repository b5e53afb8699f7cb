//! The records that a table is filled with: alike but for key, version, age, and what becomes of them.
//!
//! Must not know: where they are put.

use std::time::Duration;

use anyhow::Context;
use engine::ingest::INLINE_PAYLOAD;
use engine::payload::Payload;
use rules::catalogue::{Catalogue, ErrorType};
use rules::counts::{Attempts, TryKind};
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, FieldName, ObjectName, RecordId, RecordKey};
use rules::record::{Failure, Next, PayloadPlace, Record, State};
use rules::time::Timestamp;
use rules::tries::{Tries, Try, TryOutcome};
use rules::version::SourceVersion;
use serde_json::{Map, Value, json};

use crate::plan::{CODE, FATE, FIELD, MESSAGE, OBJECT, Plan, PolicyKind};

/// Between two ticks.
pub const TICK: Duration = Duration::from_mins(20);

/// Tries that each record has behind it.
const TRIED: u32 = 3;

/// The type of the error that all failed with.
#[must_use]
pub fn error_type() -> ErrorType {
    Catalogue::builtin().classify(CODE, MESSAGE).error_type
}

/// When the record of this number failed first: some hours before the tick, each a little earlier than the next.
fn first_failed(plan: &Plan, number: usize) -> Timestamp {
    let before = Duration::from_hours(2) + Duration::from_millis(number as u64 % 10_000_000);
    plan.policy.tick() - before
}

/// The record of this number of a connection, due or not.
///
/// # Errors
/// When a name or a size does not fit.
pub fn record(plan: &Plan, connection: &ConnectionId, number: usize, due: bool) -> anyhow::Result<Record> {
    let first = first_failed(plan, number);
    let payload = payload(plan, number);
    let object = ObjectName::new(OBJECT).context("naming an object")?;
    let id = RecordId::new(key(connection, number)).context("naming a record")?;
    Ok(Record {
        key: RecordKey { connection: connection.clone(), object, id },
        external_id_field: FieldName::new(FIELD).context("naming a field")?,
        fence: Fence(mixed(number as u64)),
        source_version: SourceVersion::Time(first),
        state: State::Scheduled(next(plan, due)),
        failure: Failure::new(error_type(), CODE, MESSAGE),
        attempts: attempts(plan.policy),
        tries: tries(plan.policy, first),
        first_failed: first,
        last_failed: first + TICK,
        parent: None,
        payload: if payload.bytes() > INLINE_PAYLOAD {
            PayloadPlace::Apart { bytes: u32::try_from(payload.bytes()).context("measuring a payload")? }
        } else {
            PayloadPlace::Inline
        },
        type_since: None,
        last_send: None,
    })
}

/// What is due is due at the tick; what is not, a day later. Of the recent policy all that is in the window is.
fn next(plan: &Plan, due: bool) -> Next {
    match plan.policy {
        PolicyKind::Interval if due => Next::At(plan.policy.tick()),
        PolicyKind::Interval => Next::At(plan.policy.tick() + Duration::from_hours(24)),
        PolicyKind::Recent => Next::Sweep,
    }
}

fn attempts(policy: PolicyKind) -> Attempts {
    match policy {
        PolicyKind::Interval => Attempts { interval: TRIED, ..Attempts::default() },
        PolicyKind::Recent => Attempts { recent: TRIED, ..Attempts::default() },
    }
}

fn tries(policy: PolicyKind, first: Timestamp) -> Tries {
    let kind = match policy {
        PolicyKind::Interval => TryKind::Interval,
        PolicyKind::Recent => TryKind::Recent,
    };
    let tried = |epoch| Try {
        batch: BatchId { epoch: Epoch(epoch), sequence: 1 },
        at: first + TICK * epoch,
        kind,
        outcome: TryOutcome::Failed,
    };
    (1..=TRIED).map(tried).fold(Tries::default(), Tries::with)
}

/// A key of 36 bytes, in the form of a UUID.
fn key(connection: &ConnectionId, number: usize) -> String {
    let seed = connection.as_str().bytes().fold(number as u64, |seed, byte| mixed(seed ^ u64::from(byte) << 40));
    let (one, other) = (mixed(seed), mixed(seed ^ 1));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        one >> 32,
        one & 0xffff,
        one >> 16 & 0xfff,
        other >> 52,
        other & 0xffff_ffff_ffff
    )
}

/// The payload of this number: `plan.payload` bytes as JSON.
#[must_use]
pub fn payload(plan: &Plan, number: usize) -> Payload {
    let fate = if plan.outcome.refuses(number) { "refused" } else { "saved" };
    let mut fields = Map::from_iter([
        (FATE.to_owned(), json!(fate)),
        ("FirstName".to_owned(), json!(format!("First {number}"))),
        ("LastName".to_owned(), json!(format!("Last {number}"))),
        ("Email".to_owned(), json!(format!("someone.{number}@example.com"))),
        ("Description".to_owned(), json!("")),
    ]);
    let missing = plan.payload.saturating_sub(Payload::new(&fields).bytes());
    fields.insert("Description".to_owned(), Value::from("d".repeat(missing)));
    Payload::new(&fields)
}

/// A number that looks random and follows from another (`SplitMix64`).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
