//! A record's item: short attribute names, so that a usual one with its payload stays within one write unit of 1 KB.
//!
//! Must not know: how it is written or when it is read.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Keeping, PortError, Read};
use rules::catalogue::ErrorType;
use rules::counts::Attempts;
use rules::ids::{Fence, FieldName, ObjectName, ParentKey, RecordId, RecordKey};
use rules::record::{Failure, LastSend, PayloadPlace, Record, State, Stored, SuccessMark};
use rules::time::Timestamp;
use rules::tries::Tries;

use super::fields::{EXPIRES, FIRST_FORMAT, FORMAT, PK, expires, format, number, text};
use super::index::{FIRST_FAILED, NEXT_ATTEMPT, QUEUE, TYPE};
use super::payload::VERSION;
use super::state::{DONE_AT, STATE, SUCCESS};
use super::{Fields, Item, index, key, payload, state, version};

/// The item's version, on which every write is conditional.
pub(crate) const FENCE: &str = "v";
/// The error type of a resolved record. A failing one has it in its place in `by-age`.
const RESOLVED_TYPE: &str = "e";
const CODE: &str = "c";
const MESSAGE: &str = "m";
/// Interval, nightly, recent and forced tries.
const ATTEMPTS: &str = "at";
const TRIES: &str = "tr";
const LAST_FAILED: &str = "lf";
const FIELD: &str = "xf";
const PARENT_OBJECT: &str = "po";
const PARENT_ID: &str = "pi";
/// The bytes of a payload that is apart.
pub(crate) const APART_BYTES: &str = "pb";
/// Since when it has its error type, when it had another before.
const TYPE_SINCE: &str = "ts";
/// The version of the last send that may have been committed, `@`, and until when.
const LAST_SEND: &str = "ls";

/// All attributes that a record's item may have, but for its key and the payload.
pub(crate) const ALL: [&str; 22] = [
    FORMAT,
    FENCE,
    VERSION,
    STATE,
    NEXT_ATTEMPT,
    DONE_AT,
    EXPIRES,
    QUEUE,
    TYPE,
    FIRST_FAILED,
    RESOLVED_TYPE,
    CODE,
    MESSAGE,
    ATTEMPTS,
    TRIES,
    LAST_FAILED,
    FIELD,
    PARENT_OBJECT,
    PARENT_ID,
    APART_BYTES,
    TYPE_SINCE,
    LAST_SEND,
];

/// The attributes of what is stored of a record, but for its key and the payload.
pub(crate) fn write(stored: &Stored, keeping: &Keeping) -> Item {
    match stored {
        Stored::Record(record) => write_record(record, keeping),
        Stored::Success(mark) => write_success(mark, keeping),
    }
}

/// Whether two make the same item: then the one that is there is the one that was written, and only the reply was lost.
pub(crate) fn are_same(one: &Stored, other: &Stored) -> bool {
    let alike = Keeping { shards: 1, resolved_for: Duration::ZERO };
    write(one, &alike) == write(other, &alike)
}

/// An attribute's name and value.
type Attribute = (&'static str, AttributeValue);

/// The attributes of a record, but for its key and the payload.
pub(crate) fn write_record(record: &Record, keeping: &Keeping) -> Item {
    attributes(record, keeping).into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The same in a list, in no order.
fn attributes(record: &Record, keeping: &Keeping) -> Vec<Attribute> {
    listed(Side { record, other: None }, keeping)
}

/// The attributes of `record` that may differ from `other`'s. What comes from the same is not even made: most of a record stays as
/// it is when it is tried.
pub(crate) fn attributes_beside(record: &Record, other: &Record, keeping: &Keeping) -> Vec<Attribute> {
    listed(Side { record, other: Some(other) }, keeping)
}

/// A record, and what it is compared with.
#[derive(Clone, Copy)]
struct Side<'a> {
    record: &'a Record,
    other: Option<&'a Record>,
}

impl<'a> Side<'a> {
    /// What is made of the record, unless both sides are `alike` in all that it is made of.
    fn own<T>(self, alike: impl Fn(&Record, &Record) -> bool, make: impl FnOnce(&'a Record) -> T) -> Option<T> {
        let same = self.other.is_some_and(|other| alike(self.record, other));
        (!same).then(|| make(self.record))
    }
}

fn listed(side: Side<'_>, keeping: &Keeping) -> Vec<Attribute> {
    let mut attributes = Vec::with_capacity(ALL.len());
    attributes.extend(plain(side).into_iter().flatten());
    let state = side.own(|one, other| one.state == other.state, |record| state::write(record.state));
    attributes.extend(state.into_iter().flatten());
    attributes.extend(placed(side, keeping).into_iter().flatten());
    attributes.extend(tried(side).into_iter().flatten());
    attributes.extend(rare(side));
    attributes
}

/// What every record has.
fn plain(side: Side<'_>) -> [Option<Attribute>; 8] {
    [
        side.own(|_, _| true, |_| (FORMAT, number(FIRST_FORMAT))),
        side.own(|one, other| one.fence == other.fence, |record| (FENCE, number(record.fence.0))),
        side.own(
            |one, other| one.source_version == other.source_version,
            |record| (VERSION, text(version::write(record.source_version))),
        ),
        side.own(
            |one, other| one.first_failed == other.first_failed,
            |record| (FIRST_FAILED, number(record.first_failed.as_millis())),
        ),
        side.own(
            |one, other| one.last_failed == other.last_failed,
            |record| (LAST_FAILED, number(record.last_failed.as_millis())),
        ),
        side.own(|one, other| one.failure.code == other.failure.code, |record| (CODE, text(&record.failure.code))),
        side.own(
            |one, other| one.failure.message == other.failure.message,
            |record| (MESSAGE, text(&record.failure.message)),
        ),
        side.own(
            |one, other| one.external_id_field == other.external_id_field,
            |record| (FIELD, text(record.external_id_field.as_str())),
        ),
    ]
}

/// What few records have.
fn rare(side: Side<'_>) -> impl Iterator<Item = Attribute> {
    let parent = side.own(|one, other| one.parent == other.parent, |record| record.parent.as_ref()).flatten();
    let parent =
        parent.map(|parent| [(PARENT_OBJECT, text(parent.object.as_str())), (PARENT_ID, text(parent.id.as_str()))]);
    let since = side.own(|one, other| one.type_since == other.type_since, |record| record.type_since).flatten();
    let bytes = match side.own(|one, other| one.payload == other.payload, |record| record.payload) {
        Some(PayloadPlace::Apart { bytes }) => Some((APART_BYTES, number(bytes))),
        Some(PayloadPlace::Inline) | None => None,
    };
    let since = since.map(|since| (TYPE_SINCE, number(since.as_millis())));
    parent.into_iter().flatten().chain(since).chain(bytes)
}

fn named(name: &str, value: AttributeValue) -> (String, AttributeValue) {
    (name.to_owned(), value)
}

/// A failing record's places in the indexes; a resolved one's error type and end.
fn placed(side: Side<'_>, keeping: &Keeping) -> [Option<Attribute>; 2] {
    let State::Resolved { at, .. } = side.record.state else {
        return [in_queue(side, keeping), by_age(side, keeping)];
    };
    let end = (at + keeping.resolved_for).as_millis() / 1_000;
    [
        side.own(
            |one, other| one.state == other.state && one.failure.error_type == other.failure.error_type,
            |record| (RESOLVED_TYPE, text(record.failure.error_type.as_str())),
        ),
        side.own(|one, other| one.state == other.state, |_| (EXPIRES, number(end))),
    ]
}

fn in_queue(side: Side<'_>, keeping: &Keeping) -> Option<Attribute> {
    let due = side.own(|one, other| one.state == other.state && one.key == other.key, index::due);
    let (queue, _) = due.flatten()?;
    let key = &side.record.key;
    Some((QUEUE, text(index::queue(&key.connection, queue, index::shard(key, keeping.shards)))))
}

fn by_age(side: Side<'_>, keeping: &Keeping) -> Option<Attribute> {
    side.own(
        |one, other| {
            one.is_failing() == other.is_failing()
                && one.failure.error_type == other.failure.error_type
                && one.key == other.key
        },
        |record| {
            let shard = index::shard(&record.key, keeping.shards);
            (TYPE, text(index::error_type(&record.key.connection, &record.failure.error_type, shard)))
        },
    )
}

fn tried(side: Side<'_>) -> [Option<Attribute>; 3] {
    let attempts = side.own(|one, other| one.attempts == other.attempts, |record| attempted(record.attempts)).flatten();
    let tries = side.own(|one, other| one.tries == other.tries, |record| record.tries.pack());
    let tries = tries.filter(|packed| !packed.is_empty()).map(|packed| (TRIES, AttributeValue::B(Blob::new(packed))));
    let send = side.own(|one, other| one.last_send == other.last_send, |record| record.last_send).flatten();
    let send =
        send.map(|send| (LAST_SEND, text(format!("{}@{}", version::write(send.version), send.until.as_millis()))));
    [attempts, tries, send]
}

fn attempted(attempts: Attempts) -> Option<Attribute> {
    let Attempts { interval, nightly, recent, forced } = attempts;
    (attempts != Attempts::default()).then(|| (ATTEMPTS, text(format!("{interval} {nightly} {recent} {forced}"))))
}

fn expiry(since: Timestamp, keeping: &Keeping) -> (String, AttributeValue) {
    expires(since + keeping.resolved_for)
}

fn write_success(mark: &SuccessMark, keeping: &Keeping) -> Item {
    Item::from([
        format(),
        named(FENCE, number(mark.fence.0)),
        named(VERSION, text(version::write(mark.source_version))),
        named(STATE, text(SUCCESS)),
        named(DONE_AT, number(mark.at.as_millis())),
        expiry(mark.at, keeping),
    ])
}

/// Reads a record's item.
pub(crate) fn read(item: &Item) -> Result<Read, PortError> {
    let fields = Fields::of("the record", item)?;
    let key = fields.parsed(PK, key::record_of)?;
    let stored = match fields.text(STATE)? {
        SUCCESS => Stored::Success(read_success(fields, key)?),
        _ => Stored::Record(Box::new(read_record(fields, key)?)),
    };
    Ok(Read { stored, payload: payload::read(fields)? })
}

fn read_success(fields: Fields<'_>, key: RecordKey) -> Result<SuccessMark, PortError> {
    Ok(SuccessMark {
        key,
        fence: Fence(fields.number(FENCE)?),
        source_version: fields.parsed(VERSION, version::read)?,
        at: instant(fields, DONE_AT)?,
    })
}

fn read_record(fields: Fields<'_>, key: RecordKey) -> Result<Record, PortError> {
    Ok(Record {
        key,
        external_id_field: fields.parsed(FIELD, |name| FieldName::new(name).ok())?,
        fence: Fence(fields.number(FENCE)?),
        source_version: fields.parsed(VERSION, version::read)?,
        state: state::read(fields)?,
        failure: Failure {
            error_type: error_type(fields)?,
            code: fields.text(CODE)?.to_owned(),
            message: fields.text(MESSAGE)?.to_owned(),
        },
        attempts: attempts(fields)?,
        tries: Tries::unpack(fields.bytes(TRIES)?).map_err(|problem| fields.unreadable(problem.to_string()))?,
        first_failed: instant(fields, FIRST_FAILED)?,
        last_failed: instant(fields, LAST_FAILED)?,
        parent: parent(fields)?,
        payload: fields
            .optional_number(APART_BYTES)?
            .map_or(PayloadPlace::Inline, |bytes| PayloadPlace::Apart { bytes }),
        type_since: fields.optional_number(TYPE_SINCE)?.map(Timestamp::from_millis),
        last_send: fields.optional_text(LAST_SEND).map(|_| fields.parsed(LAST_SEND, last_send)).transpose()?,
    })
}

fn instant(fields: Fields<'_>, name: &str) -> Result<Timestamp, PortError> {
    fields.number(name).map(Timestamp::from_millis)
}

fn error_type(fields: Fields<'_>) -> Result<ErrorType, PortError> {
    match fields.optional_text(TYPE) {
        Some(_) => fields.parsed(TYPE, index::error_type_of),
        None => fields.parsed(RESOLVED_TYPE, |name| ErrorType::parse(name).ok()),
    }
}

fn attempts(fields: Fields<'_>) -> Result<Attempts, PortError> {
    match fields.optional_text(ATTEMPTS) {
        None => Ok(Attempts::default()),
        Some(_) => fields.parsed(ATTEMPTS, |text| {
            let counts = text.split(' ').map(|count| count.parse().ok()).collect::<Option<Vec<u32>>>()?;
            let [interval, nightly, recent, forced] = counts.try_into().ok()?;
            Some(Attempts { interval, nightly, recent, forced })
        }),
    }
}

fn parent(fields: Fields<'_>) -> Result<Option<ParentKey>, PortError> {
    if fields.optional_text(PARENT_OBJECT).is_none() {
        return Ok(None);
    }
    Ok(Some(ParentKey {
        object: fields.parsed(PARENT_OBJECT, |name| ObjectName::new(name).ok())?,
        id: fields.parsed(PARENT_ID, |id| RecordId::new(id).ok())?,
    }))
}

fn last_send(text: &str) -> Option<LastSend> {
    let (version, until) = text.split_once('@')?;
    Some(LastSend { version: version::read(version)?, until: Timestamp::from_millis(until.parse().ok()?) })
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
