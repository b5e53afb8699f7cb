//! The three kinds of event that a source sends, read from the envelope of an event bus and checked field by field.
//!
//! Must not know: which connections exist; an unknown one is the engine's to refuse.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::budget::Bucket;
use crate::counts::ApiCalls;
use crate::fields::{Fields, Mistake, Mistakes, kind};
use crate::ids::{ConnectionId, FieldName, ObjectName, ParentKey, RecordId, RecordKey};
use crate::time::Timestamp;
use crate::usage::UsageReport;
use crate::version::SourceVersion;

/// The largest event that is read, in bytes: the largest payload, its error and the envelope around them.
pub const LARGEST_EVENT: usize = 512 * 1024;

/// The largest payload that is taken, in bytes of JSON: with its keys it fits into an item of `DynamoDB`, which holds 400 KB.
pub const LARGEST_PAYLOAD: usize = 350 * 1024;

/// How far ahead of the clock a source's time may be.
pub const FAR_FUTURE: Duration = Duration::from_mins(5);

/// How old a failure may be. The mark of a success lives 30 days; an older failure might have been settled before it.
pub const OLDEST: Duration = Duration::from_hours(24 * 29);

/// An event as it was delivered. Its `Debug` form does not show its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The kind of event.
    pub detail_type: String,
    /// When it was put on the bus.
    pub time: Timestamp,
    /// Its content.
    pub detail: Value,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("detail_type", &self.detail_type)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// What a source reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// A record failed to sync.
    Failed(Box<ReportedFailure>),
    /// A record was synced.
    Succeeded(ReportedSuccess),
    /// API calls were used.
    Used(ReportedUsage),
}

impl Inbound {
    /// The connection that it concerns.
    #[must_use]
    pub fn connection(&self) -> &ConnectionId {
        match self {
            Self::Failed(failure) => &failure.key.connection,
            Self::Succeeded(success) => &success.key.connection,
            Self::Used(usage) => &usage.connection,
        }
    }
}

/// A record that failed to sync. Its `Debug` form shows neither the message nor the payload's values.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportedFailure {
    /// The record.
    pub key: RecordKey,
    /// The field that its id is a value of; the connection's own setting when absent.
    pub external_id_field: Option<FieldName>,
    /// The version of the payload.
    pub source_version: SourceVersion,
    /// The error's code; may be one that nobody knows.
    pub code: String,
    /// The error's message.
    pub message: String,
    /// When it failed.
    pub failed: Timestamp,
    /// The record that it needs.
    pub parent: Option<ParentKey>,
    /// The fields to write.
    pub payload: Map<String, Value>,
}

impl fmt::Debug for ReportedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportedFailure")
            .field("key", &self.key)
            .field("source_version", &self.source_version)
            .field("code", &self.code)
            .field("failed", &self.failed)
            .field("fields", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// A record that was synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedSuccess {
    /// The record.
    pub key: RecordKey,
    /// The version that was synced.
    pub source_version: SourceVersion,
    /// When.
    pub at: Timestamp,
}

/// API calls that a source used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedUsage {
    /// The connection.
    pub connection: ConnectionId,
    /// The report.
    pub report: UsageReport,
}

/// Reads an event's text.
///
/// # Errors
/// All its mistakes together.
pub fn read(text: &str, now: Timestamp) -> Result<Inbound, Mistakes> {
    if text.len() > LARGEST_EVENT {
        let problem = format!("has {} bytes", text.len());
        return Err(one("(event)", problem, format!("send at most {LARGEST_EVENT} bytes")));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let problem = format!("is not JSON (line {}, column {})", error.line(), error.column());
        one("(event)", problem, "send one EventBridge event as JSON")
    })?;
    let envelope = envelope(&value)?;
    if envelope.time > now + FAR_FUTURE {
        return Err(one("time", "is in the future", "check the sender's clock; at most 5 minutes ahead are taken"));
    }
    inbound(&envelope, now)
}

fn one(field: &str, problem: impl Into<String>, mend: impl Into<String>) -> Mistakes {
    Mistakes(vec![Mistake { field: field.to_owned(), problem: problem.into(), mend: mend.into() }])
}

fn envelope(value: &Value) -> Result<Envelope, Mistakes> {
    let mut fields = Fields::of("", value);
    let detail_type = fields.text::<String>("detail-type");
    let time = fields.required("time").and_then(|_| fields.time("time"));
    let detail = fields.required("detail").cloned();
    match (detail_type, time, detail) {
        (Some(detail_type), Some(time), Some(detail)) => Ok(Envelope { detail_type, time, detail }),
        (_, _, _) => Err(Mistakes(fields.lenient())),
    }
}

fn inbound(envelope: &Envelope, now: Timestamp) -> Result<Inbound, Mistakes> {
    let mut fields = Fields::of("detail", &envelope.detail);
    let read = match envelope.detail_type.as_str() {
        "Sync Failed" => failure(&mut fields, envelope, now).map(|failure| Inbound::Failed(Box::new(failure))),
        "Sync Succeeded" => success(&mut fields, envelope, now).map(Inbound::Succeeded),
        "API Calls Used" => usage(&mut fields, envelope, now).map(Inbound::Used),
        _ => {
            let known = "send Sync Failed, Sync Succeeded or API Calls Used";
            return Err(one("detail-type", "is not a kind of event that is known", known));
        }
    };
    let mistakes = fields.lenient();
    match read {
        Some(inbound) if mistakes.is_empty() => Ok(inbound),
        Some(_) | None => Err(Mistakes(mistakes)),
    }
}

fn failure(fields: &mut Fields<'_>, envelope: &Envelope, now: Timestamp) -> Option<ReportedFailure> {
    let key = key(fields);
    let external_id_field = fields.optional_text("externalIdField");
    let source_version = version(fields, envelope.time, now);
    let failed = past(fields, "failedAt", envelope.time, now);
    let parent = parent(fields);
    let payload = payload(fields);
    let error = error(fields);
    let ((code, message), key, source_version, failed, payload) = (error?, key?, source_version?, failed?, payload?);
    Some(ReportedFailure { key, external_id_field, source_version, code, message, failed, parent, payload })
}

fn success(fields: &mut Fields<'_>, envelope: &Envelope, now: Timestamp) -> Option<ReportedSuccess> {
    let key = key(fields);
    let source_version = version(fields, envelope.time, now);
    let at = past(fields, "succeededAt", envelope.time, now);
    Some(ReportedSuccess { key: key?, source_version: source_version?, at: at? })
}

fn usage(fields: &mut Fields<'_>, envelope: &Envelope, now: Timestamp) -> Option<ReportedUsage> {
    let connection = fields.text("connection");
    let source = fields.text("source");
    let at = past(fields, "bucketStart", envelope.time, now);
    let total = fields.required("calls").and_then(|_| fields.number("calls", 0..=1_000_000_000));
    let report = UsageReport { source: source?, bucket: Bucket::of(at?), total: ApiCalls(total?) };
    Some(ReportedUsage { connection: connection?, report })
}

fn key(fields: &mut Fields<'_>) -> Option<RecordKey> {
    let connection = fields.text("connection");
    let object = fields.text("object");
    let id = fields.text("externalId");
    Some(RecordKey { connection: connection?, object: object?, id: id? })
}

fn version(fields: &mut Fields<'_>, sent: Timestamp, now: Timestamp) -> Option<SourceVersion> {
    let version = match fields.value("sourceVersion") {
        None => SourceVersion::Time(sent),
        Some(Value::Number(number)) if number.is_i64() => SourceVersion::Number(number.as_i64()?),
        Some(Value::String(text)) if Timestamp::parse(text).is_ok() => {
            SourceVersion::Time(Timestamp::parse(text).ok()?)
        }
        Some(_) => {
            let mend = "write a whole number that grows, or an RFC 3339 time such as 2026-03-01T09:30:00Z";
            fields.wrong("sourceVersion", "is not a version", mend);
            return None;
        }
    };
    match version {
        SourceVersion::Time(time) if time > now + FAR_FUTURE => {
            fields.wrong(
                "sourceVersion",
                "is in the future",
                "check the source's clock; at most 5 minutes ahead are taken",
            );
            None
        }
        SourceVersion::Time(_) | SourceVersion::Number(_) => Some(version),
    }
}

fn past(fields: &mut Fields<'_>, name: &'static str, default: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let given = fields.value(name).is_some();
    let time = if given { fields.time(name)? } else { default };
    if time > now + FAR_FUTURE {
        fields.wrong(name, "is in the future", "check the source's clock; at most 5 minutes ahead are taken");
        return None;
    }
    if time + OLDEST < now {
        fields.wrong(name, "is older than 29 days", "sync the record anew; what succeeded since is not known any more");
        return None;
    }
    Some(time)
}

fn error(fields: &mut Fields<'_>) -> Option<(String, String)> {
    let value = fields.required("error")?;
    let mut error = Fields::of("detail.error", value);
    let code = error.text::<String>("code");
    let message = error.optional_text::<String>("message").unwrap_or_default();
    fields.gather(error.lenient());
    Some((code?, message))
}

fn parent(fields: &mut Fields<'_>) -> Option<ParentKey> {
    let value = fields.value("parent")?;
    let mut parent = Fields::of("detail.parent", value);
    let object: Option<ObjectName> = parent.text("object");
    let id: Option<RecordId> = parent.text("externalId");
    fields.gather(parent.lenient());
    Some(ParentKey { object: object?, id: id? })
}

fn payload(fields: &mut Fields<'_>) -> Option<Map<String, Value>> {
    let value = fields.required("payload")?;
    let Value::Object(payload) = value else {
        fields.wrong("payload", format!("is {}, not an object", kind(value)), "send the fields to write as an object");
        return None;
    };
    let bytes = value.to_string().len();
    if bytes > LARGEST_PAYLOAD {
        let mend = format!("send at most {LARGEST_PAYLOAD} bytes of JSON; Salesforce takes large files by other means");
        fields.wrong("payload", format!("has {bytes} bytes"), mend);
        return None;
    }
    for name in payload.keys().filter(|name| name.eq_ignore_ascii_case("id") || *name == "attributes") {
        fields.wrong("payload", format!("has the field {name}"), "leave it out; records are matched by external id");
    }
    Some(payload.clone())
}
