//! What a request asks for, read but not yet judged by the org. It must not know the org's objects or records.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::log::{CallKind, Outcome, RecordLog};
use crate::names::{ExternalId, FieldName, Fields, ObjectName, SalesforceId, external_id_of};
use crate::org::errors::ApiError;
use crate::org::sessions::{LoginError, TokenForm};
use crate::org::versions::ApiVersion;

/// The most records of a collections call.
const COLLECTION_LIMIT: usize = 200;

/// The fields of one record as they were sent, and its key.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) external_id: Option<ExternalId>,
    /// Without `attributes`.
    pub(crate) fields: Arc<Fields>,
}

/// A collections upsert.
#[derive(Clone, Debug)]
pub(crate) struct Collections {
    pub(crate) object: ObjectName,
    pub(crate) field: FieldName,
    pub(crate) all_or_none: bool,
    pub(crate) rows: Vec<Sent>,
}

/// A write of one record by its Salesforce id, or of a new one.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) object: ObjectName,
    pub(crate) sent: Sent,
}

/// A read of one record.
#[derive(Clone, Debug)]
pub(crate) struct Get {
    pub(crate) object: ObjectName,
    pub(crate) key: Key,
    /// The fields asked for; `None` for all.
    pub(crate) fields: Option<Vec<FieldName>>,
    pub(crate) version: ApiVersion,
}

/// How a record is named.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Id(SalesforceId),
    External(FieldName, ExternalId),
}

/// What a request asks for.
pub(crate) enum Operation {
    Token(Result<TokenForm, LoginError>),
    Versions,
    Resources(ApiVersion),
    Collections(Collections),
    Upsert { write: Write, field: FieldName, version: ApiVersion },
    Create(Write),
    Update { write: Write, id: SalesforceId },
    Delete { object: ObjectName, id: SalesforceId },
    Get(Get),
    Query { soql: String, version: ApiVersion },
    Limits,
    Invalid { kind: CallKind, error: ApiError },
}

impl Operation {
    pub(crate) fn kind(&self) -> CallKind {
        match self {
            Self::Token(_) => CallKind::Token,
            Self::Versions => CallKind::Versions,
            Self::Resources(_) => CallKind::Resources,
            Self::Collections(_) => CallKind::Collections,
            Self::Upsert { .. } => CallKind::Upsert,
            Self::Create(_) => CallKind::Create,
            Self::Update { .. } => CallKind::Update,
            Self::Delete { .. } => CallKind::Delete,
            Self::Get(_) => CallKind::Get,
            Self::Query { .. } => CallKind::Query,
            Self::Limits => CallKind::Limits,
            Self::Invalid { kind, .. } => *kind,
        }
    }

    /// How many records a collections call has; nothing for any other.
    pub(crate) fn rows(&self) -> Option<usize> {
        match self {
            Self::Collections(call) => Some(call.rows.len()),
            Self::Token(_)
            | Self::Versions
            | Self::Resources(_)
            | Self::Upsert { .. }
            | Self::Create(_)
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::Get(_)
            | Self::Query { .. }
            | Self::Limits
            | Self::Invalid { .. } => None,
        }
    }

    /// The records it asks to write, all with the same outcome.
    pub(crate) fn records(&self, outcome: &Outcome) -> Vec<RecordLog> {
        match self {
            Self::Collections(call) => {
                call.rows.iter().map(|sent| sent.logged(&call.object, Some(&call.field), outcome.clone())).collect()
            }
            Self::Upsert { write, field, .. } => {
                vec![write.sent.logged(&write.object, Some(field), outcome.clone())]
            }
            Self::Create(write) | Self::Update { write, .. } => {
                vec![write.sent.logged(&write.object, None, outcome.clone())]
            }
            Self::Token(_)
            | Self::Versions
            | Self::Resources(_)
            | Self::Delete { .. }
            | Self::Get(_)
            | Self::Query { .. }
            | Self::Limits
            | Self::Invalid { .. } => Vec::new(),
        }
    }
}

impl Sent {
    pub(crate) fn logged(&self, object: &ObjectName, field: Option<&FieldName>, outcome: Outcome) -> RecordLog {
        RecordLog {
            object: object.clone(),
            field: field.cloned(),
            external_id: self.external_id.clone(),
            fields: Arc::clone(&self.fields),
            outcome,
        }
    }
}

#[derive(Deserialize)]
struct CollectionsBody {
    #[serde(rename = "allOrNone", default)]
    all_or_none: bool,
    records: Vec<Fields>,
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request("JSON_PARSER_ERROR", error.to_string()))
}

impl Collections {
    /// Reads the body of a collections upsert.
    ///
    /// # Errors
    /// 400 for what Salesforce refuses as a whole: unreadable JSON, over 200 records, another type, a record with an id.
    pub(crate) fn read(object: ObjectName, field: FieldName, body: &[u8]) -> Result<Self, ApiError> {
        let body: CollectionsBody = read(body)?;
        if body.records.len() > COLLECTION_LIMIT {
            let text = "record limit reached. cannot submit more than 200 records into this call";
            return Err(ApiError::bad_request("EXCEEDED_ID_LIMIT", text));
        }
        let rows = body.records.into_iter().map(|fields| row(&object, &field, fields)).collect::<Result<_, _>>()?;
        Ok(Self { object, field, all_or_none: body.all_or_none, rows })
    }
}

fn row(object: &ObjectName, field: &FieldName, mut fields: Fields) -> Result<Sent, ApiError> {
    let attributes = fields.shift_remove("attributes");
    let named = attributes.as_ref().and_then(|attributes| attributes.get("type")).and_then(Value::as_str);
    if named != Some(object.as_str()) {
        let text = format!("all records must have attributes with the type {object} of the URI");
        return Err(ApiError::bad_request("INVALID_TYPE", text));
    }
    refuse_field(&fields, "id")?;
    refuse_field(&fields, "Id")?;
    let external_id = fields.get(field.as_str()).and_then(external_id_of);
    Ok(Sent { external_id, fields: Arc::new(fields) })
}

fn refuse_field(fields: &Fields, name: &str) -> Result<(), ApiError> {
    if !fields.contains_key(name) {
        return Ok(());
    }
    let text = format!("The {name} field should not be specified in the sobject data.");
    Err(ApiError::bad_request("INVALID_FIELD", text))
}

impl Write {
    /// Reads the body of a write of one record.
    ///
    /// # Errors
    /// 400 when it is no JSON object, or names the record's id.
    pub(crate) fn read(object: ObjectName, body: &[u8]) -> Result<Self, ApiError> {
        let mut fields: Fields = read(body)?;
        fields.shift_remove("attributes");
        refuse_field(&fields, "id")?;
        refuse_field(&fields, "Id")?;
        Ok(Self { object, sent: Sent { external_id: None, fields: Arc::new(fields) } })
    }

    /// Reads the body of an upsert whose key is in the URI.
    ///
    /// # Errors
    /// As [`Write::read`], and 400 when the body names the key too.
    pub(crate) fn read_upsert(
        object: ObjectName,
        field: &FieldName,
        external_id: ExternalId,
        body: &[u8],
    ) -> Result<Self, ApiError> {
        let mut write = Self::read(object, body)?;
        refuse_field(&write.sent.fields, field.as_str())?;
        let key = Value::from(external_id.as_str());
        Arc::make_mut(&mut write.sent.fields).insert(field.to_string(), key);
        write.sent.external_id = Some(external_id);
        Ok(write)
    }
}
