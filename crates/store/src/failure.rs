//! What the SDK says went wrong, without the request or the answer: those may hold payloads.
//!
//! Must not know: what the caller does about it.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use engine::ports::PortError;

/// Why a request to `DynamoDB` failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// It answered with an error. The text of a validation error is left out: it may quote a value.
    #[error("DynamoDB answered {code}{message}")]
    Answered {
        /// The error's code.
        code: String,
        /// `: ` and its text, or nothing.
        message: String,
    },
    /// It was not reached, or the connection broke.
    #[error("DynamoDB was not reached: {problem}")]
    NotReached {
        /// What the connector says.
        problem: String,
    },
    /// No answer came in time.
    #[error("DynamoDB did not answer in time")]
    TimedOut,
    /// An answer came that is none of its own.
    #[error("the answer could not be understood")]
    NotUnderstood,
    /// The request was never sent.
    #[error("the request could not be built")]
    NotBuilt,
    /// The database of this machine has no room, or cannot be written.
    #[cfg(feature = "local")]
    #[error("the disk is full or cannot be written")]
    DiskFull,
    /// The database of this machine could not make sure that something is on the disk, and nobody knows what is.
    #[cfg(feature = "local")]
    #[error("a sync of the disk failed: start resync again")]
    SyncFailed,
    /// It kept refusing for lack of capacity.
    #[error("DynamoDB kept refusing for lack of capacity")]
    Throttled,
}

/// The error of a port for what the SDK reports.
pub(crate) fn failed<E: ProvideErrorMetadata>(doing: &'static str, error: &SdkError<E, HttpResponse>) -> PortError {
    PortError::unavailable(doing, refusal(error))
}

/// Why the SDK failed, without request or answer.
pub(crate) fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Refusal {
    match error {
        SdkError::ServiceError(answer) => answered(answer.err().code(), answer.err().message()),
        SdkError::DispatchFailure(failure) => Refusal::NotReached {
            problem: failure
                .as_connector_error()
                .map_or_else(String::new, |cause| DisplayErrorContext(cause).to_string()),
        },
        SdkError::TimeoutError(_) => Refusal::TimedOut,
        SdkError::ConstructionFailure(_) => Refusal::NotBuilt,
        _ => Refusal::NotUnderstood,
    }
}

fn answered(code: Option<&str>, message: Option<&str>) -> Refusal {
    #[cfg(feature = "local")]
    if code == Some(crate::local::DISK_FULL) {
        return Refusal::DiskFull;
    }
    #[cfg(feature = "local")]
    if code == Some(crate::local::SYNC_FAILED) {
        return Refusal::SyncFailed;
    }
    let code = code.unwrap_or("an error without a code").to_owned();
    let shown = message.filter(|_| !code.contains("Validation") && !code.contains("TransactionCanceled"));
    Refusal::Answered { message: shown.map_or_else(String::new, |text| format!(": {text}")), code }
}

/// Whether the request was refused only for now: for lack of capacity, or because a transaction is under way.
pub(crate) fn is_busy<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    is_busy_code(code)
}

/// Whether a code, of a request, a statement or a part of a transaction, says: not now.
pub(crate) fn is_busy_code(code: &str) -> bool {
    let name = code.strip_suffix("Exception").unwrap_or(code);
    matches!(
        name,
        "ProvisionedThroughputExceeded"
            | "Throttling"
            | "ThrottlingError"
            | "RequestLimitExceeded"
            | "TransactionConflict"
            | "TransactionInProgress"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_validation_error_is_not_repeated_because_it_may_quote_a_value() {
        let shown = answered(Some("ValidationException"), Some("cannot be converted: hunter2")).to_string();
        assert_eq!(shown, "DynamoDB answered ValidationException");
    }

    #[test]
    fn the_text_of_a_refused_permission_is_repeated() {
        let shown =
            answered(Some("AccessDeniedException"), Some("not authorized to perform dynamodb:Query")).to_string();
        assert_eq!(shown, "DynamoDB answered AccessDeniedException: not authorized to perform dynamodb:Query");
    }
}
