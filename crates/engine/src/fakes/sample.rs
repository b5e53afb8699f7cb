//! Samples: connections of both policies, failing records and reports of failures, made from a few plain texts.
//!
//! Must not know: any store. A text that is no valid name or time is the test's own mistake, so it panics.
#![expect(
    clippy::missing_panics_doc,
    reason = "every sample panics on a text that is not what it should be, see above"
)]

use rules::catalogue::{Catalogue, ErrorType};
use rules::connection::Connection;
use rules::counts::Attempts;
use rules::events::ReportedFailure;
use rules::ids::{ConnectionId, Fence, FieldName, ObjectName, RecordId, RecordKey};
use rules::record::{Failure, Next, PayloadPlace, Record, State};
use rules::time::Timestamp;
use rules::tries::Tries;
use rules::version::SourceVersion;
use serde_json::{Value, json};

use crate::payload::Payload;

/// The code that [`failing`] and [`report`] failed with: another user held the row.
pub const CODE: &str = "UNABLE_TO_LOCK_ROW";

/// The message that goes with [`CODE`].
pub const MESSAGE: &str = "unable to obtain exclusive access to this record";

/// When [`failing`] and [`report`] failed: five minutes before the tick of 09:20.
pub const FAILED: &str = "2026-03-02T09:15:00Z";

/// The tick that [`failing`] is due at.
pub const TICK: &str = "2026-03-02T09:20:00Z";

/// The instant of an RFC 3339 text.
#[must_use]
pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a sample's time is written as RFC 3339")
}

/// A connection's name.
#[must_use]
pub fn connection_id(text: &str) -> ConnectionId {
    ConnectionId::new(text).expect("a sample's connection has a valid name")
}

/// An object's name.
#[must_use]
pub fn object(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a sample's object has a valid name")
}

/// A field's name.
#[must_use]
pub fn field(text: &str) -> FieldName {
    FieldName::new(text).expect("a sample's field has a valid name")
}

/// An external id.
#[must_use]
pub fn record_id(text: &str) -> RecordId {
    RecordId::new(text).expect("a sample's record has a valid id")
}

/// An error type.
#[must_use]
pub fn error_type(text: &str) -> ErrorType {
    ErrorType::parse(text).expect("a sample's error type has a valid name")
}

/// The key of a Contact.
#[must_use]
pub fn key(connection: &str, id: &str) -> RecordKey {
    RecordKey { connection: connection_id(connection), object: object("Contact"), id: record_id(id) }
}

/// A connection with the interval policy and all its defaults.
#[must_use]
pub fn interval(id: &str) -> Connection {
    connection(id, &json!({ "kind": "interval" }))
}

/// A connection with the recent policy and all its defaults.
#[must_use]
pub fn recent(id: &str) -> Connection {
    connection(id, &json!({ "kind": "recent" }))
}

/// A connection with this policy; all else is the default.
#[must_use]
pub fn connection(id: &str, policy: &Value) -> Connection {
    let settings = json!({
        "id": id,
        "policy": policy,
        "target": {
            "login_url": format!("https://{id}.my.salesforce.com"),
            "flow": "client_credentials",
            "secret": format!("resync/{id}"),
        },
        "external_ids": { "Contact": "Ext_Id__c", "Account": "Ext_Id__c" },
    });
    Connection::read(&settings).expect("a sample's settings are complete and valid")
}

/// A failure as the built-in catalogue recognises it.
#[must_use]
pub fn failure(code: &str, message: &str) -> Failure {
    let error_type = Catalogue::builtin().classify(code, message).error_type;
    Failure::new(error_type, code, message)
}

/// A Contact that failed at [`FAILED`], was never retried, and is due at [`TICK`]; source version 1, payload inline.
#[must_use]
pub fn failing(connection: &str, id: &str) -> Record {
    Record {
        key: key(connection, id),
        external_id_field: field("Ext_Id__c"),
        fence: Fence(1_000),
        source_version: SourceVersion::Number(1),
        state: State::Scheduled(Next::At(time(TICK))),
        failure: failure(CODE, MESSAGE),
        attempts: Attempts::default(),
        tries: Tries::default(),
        first_failed: time(FAILED),
        last_failed: time(FAILED),
        parent: None,
        payload: PayloadPlace::Inline,
        type_since: None,
        last_send: None,
    }
}

/// A payload whose field `v` tells it apart from others.
#[must_use]
pub fn payload(v: i64) -> Payload {
    match json!({ "v": v, "LastName": "Nguyễn" }) {
        Value::Object(fields) => Payload::new(&fields),
        _ => unreachable!("the literal is an object"),
    }
}

/// What a source reports of a Contact that failed at [`FAILED`]: source version and payload are `v`.
#[must_use]
pub fn report(connection: &str, id: &str, v: i64) -> ReportedFailure {
    ReportedFailure {
        key: key(connection, id),
        external_id_field: Some(field("Ext_Id__c")),
        source_version: SourceVersion::Number(v),
        code: CODE.to_owned(),
        message: MESSAGE.to_owned(),
        failed: time(FAILED),
        parent: None,
        payload: payload(v).fields(),
    }
}
