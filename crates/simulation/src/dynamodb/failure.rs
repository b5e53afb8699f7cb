//! Refusals, as `DynamoDB` writes them.
//!
//! Must not know: requests.

use serde_json::{Map, Value, json};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The request makes no sense, or is of a form that is not known here.
    #[error("{0}")]
    Validation(String),
    /// A condition does not hold; with the item that is there, when that was asked for.
    #[error("The conditional request failed")]
    Condition(Option<Map<String, Value>>),
    /// A transaction is cancelled: for each of its parts why, or nothing.
    #[error("Transaction cancelled")]
    Cancelled(Vec<Option<Box<Failure>>>),
    /// There is no such table.
    #[error("Requested resource not found")]
    NoTable,
}

impl Failure {
    /// A validation failure.
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::Validation(text.into())
    }

    /// Its name, as an answer's `__type` ends.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Validation(_) => "ValidationException",
            Self::Condition(_) => "ConditionalCheckFailedException",
            Self::Cancelled(_) => "TransactionCanceledException",
            Self::NoTable => "ResourceNotFoundException",
        }
    }

    /// The body of the answer. Its status is 400.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("__type".to_owned(), json!(format!("com.amazonaws.dynamodb.v20120810#{}", self.code())));
        body.insert("message".to_owned(), json!(self.to_string()));
        match self {
            Self::Condition(Some(item)) => drop(body.insert("Item".to_owned(), json!(item))),
            Self::Cancelled(reasons) => {
                let reasons: Vec<Value> = reasons.iter().map(|reason| Self::reason(reason.as_deref())).collect();
                drop(body.insert("CancellationReasons".to_owned(), json!(reasons)));
            }
            Self::Validation(_) | Self::Condition(None) | Self::NoTable => {}
        }
        Value::Object(body)
    }

    fn reason(failure: Option<&Self>) -> Value {
        match failure {
            None => json!({ "Code": "None" }),
            Some(Self::Condition(Some(item))) => {
                json!({ "Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": item })
            }
            Some(Self::Condition(None)) => {
                json!({ "Code": "ConditionalCheckFailed", "Message": "The conditional request failed" })
            }
            Some(other) => json!({ "Code": "ValidationError", "Message": other.to_string() }),
        }
    }
}
