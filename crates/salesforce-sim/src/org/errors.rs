//! Salesforce's error texts, for a record and for a whole request. It must not know when they are due.

use serde::Serialize;
use serde_json::Value;

use crate::names::{ExternalId, FieldName, Fields, ObjectName, SalesforceId, StatusCode};
use crate::org::rules::Failure;

/// The error of one record, with the key `statusCode`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RowError {
    #[serde(rename = "statusCode")]
    pub(crate) code: StatusCode,
    pub(crate) message: String,
    pub(crate) fields: Vec<FieldName>,
}

impl RowError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), fields: Vec::new() }
    }

    fn at(mut self, fields: impl IntoIterator<Item = FieldName>) -> Self {
        self.fields.extend(fields);
        self
    }

    pub(crate) fn no_such_column(object: &ObjectName, field: &str) -> Self {
        Self::new("INVALID_FIELD", format!("No such column '{field}' on sobject of type {object}"))
    }

    pub(crate) fn external_id_missing(field: &FieldName) -> Self {
        Self::new("MISSING_ARGUMENT", format!("{field} not specified")).at([field.clone()])
    }

    pub(crate) fn twice_in_request(external_id: &ExternalId) -> Self {
        Self::new("DUPLICATE_VALUE", format!("Duplicate external id specified: {external_id}"))
    }

    pub(crate) fn parent_missing(parent: &ObjectName, field: &FieldName, external_id: &ExternalId) -> Self {
        let text = format!("Foreign key external ID: {external_id} not found for field {field} in entity {parent}");
        Self::new("INVALID_FIELD", text)
    }

    pub(crate) fn several_matches(field: &FieldName, ids: &[SalesforceId]) -> Self {
        let ids = ids.iter().map(SalesforceId::as_str).collect::<Vec<_>>().join(", ");
        let text = format!("{field}: more than one record found for external id field: [{ids}]");
        Self::new("DUPLICATE_EXTERNAL_ID", text)
    }

    pub(crate) fn rolled_back() -> Self {
        Self::new(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using AllOrNone header",
        )
    }

    pub(crate) fn deleted() -> Self {
        Self::new("ENTITY_IS_DELETED", "entity is deleted")
    }

    /// The error of a rule's failure; `None` for a poison, which is no error of a record.
    pub(crate) fn of(failure: &Failure, sent: &Fields) -> Option<Self> {
        Some(match failure {
            Failure::RequiredFieldMissing(fields) => {
                let names = fields.iter().map(FieldName::as_str).collect::<Vec<_>>().join(", ");
                let text = format!("Required fields are missing: [{names}]");
                Self::new("REQUIRED_FIELD_MISSING", text).at(fields.clone())
            }
            Failure::BadPicklist(field) => {
                let value = sent.get(field.as_str()).map_or_else(String::new, plain_text);
                let text = format!("{field}: bad value for restricted picklist field: {value}");
                Self::new("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text).at([field.clone()])
            }
            Failure::DuplicatesDetected => Self::new("DUPLICATES_DETECTED", "Use one of these records?"),
            Failure::DuplicateValue { field, other } => {
                let text = format!("duplicate value found: {field} duplicates value on record with id: {other}");
                Self::new("DUPLICATE_VALUE", text)
            }
            Failure::RowLock => {
                Self::new("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records")
            }
            Failure::ParentMissing { parent, field, external_id } => Self::parent_missing(parent, field, external_id),
            Failure::Trigger { trigger, cause } => {
                let text = format!("{trigger}: execution of BeforeInsert\n\ncaused by: {cause}\n\nTrigger.{trigger}");
                Self::new("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)
            }
            Failure::Validation { message, fields } => {
                Self::new("FIELD_CUSTOM_VALIDATION_EXCEPTION", message).at(fields.clone())
            }
            Failure::StorageFull => Self::new("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded"),
            Failure::EntityDeleted => Self::deleted(),
            Failure::Other { code, message, fields } => Self::new(code.as_str(), message).at(fields.clone()),
            Failure::Poison { .. } => return None,
        })
    }
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The error of a whole request, with the key `errorCode`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: StatusCode,
    pub(crate) message: String,
    pub(crate) fields: Vec<FieldName>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), fields: Vec::new() }
    }

    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    pub(crate) fn method_not_allowed() -> Self {
        let text = "HTTP Method not allowed on this resource";
        Self::new(405, "METHOD_NOT_ALLOWED", text)
    }

    pub(crate) fn no_external_id_field(field: &FieldName) -> Self {
        let text = format!("Provided external ID field does not exist or is not accessible: {field}");
        Self::new(404, "NOT_FOUND", text)
    }

    pub(crate) fn session_expired() -> Self {
        Self::new(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    pub(crate) fn total_limit() -> Self {
        Self::new(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    }

    pub(crate) fn concurrent_limit() -> Self {
        let text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
        Self::new(403, "REQUEST_LIMIT_EXCEEDED", text)
    }

    pub(crate) fn api_disabled() -> Self {
        Self::new(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
    }

    pub(crate) fn server_unavailable() -> Self {
        Self::new(503, "SERVER_UNAVAILABLE", "Server temporarily unavailable.")
    }
}

/// A record's error as the answer to a request about that one record.
impl From<RowError> for ApiError {
    fn from(error: RowError) -> Self {
        let status = if error.code.as_str() == "ENTITY_IS_DELETED" { 404 } else { 400 };
        Self { status, code: error.code, message: error.message, fields: error.fields }
    }
}
