//! What the SDK says went wrong, without the request or the answer: those may hold secrets.
//!
//! Must not know: which service was asked, what the caller does about it.

use aws_sdk_eventbridge::config::http::HttpResponse;
use aws_sdk_eventbridge::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// Why a request to a service failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// It answered with an error. The text of a validation error is left out: services quote in it what they were sent.
    #[error("the service answered {code}{message}")]
    Answered {
        /// The error's code.
        code: String,
        /// `: ` and its text, or nothing.
        message: String,
    },
    /// It was not reached, or the connection broke.
    #[error("the service was not reached: {problem}")]
    NotReached {
        /// What the connector says.
        problem: String,
    },
    /// No answer came in time.
    #[error("the service did not answer in time")]
    TimedOut,
    /// An answer came that is none of its own.
    #[error("the answer could not be understood")]
    NotUnderstood,
    /// The request was never sent.
    #[error("the request could not be built")]
    NotBuilt,
}

impl<E: ProvideErrorMetadata> From<SdkError<E, HttpResponse>> for Refusal {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match error {
            SdkError::ServiceError(answer) => Self::answered(answer.err().code(), answer.err().message()),
            SdkError::DispatchFailure(failure) => Self::NotReached {
                problem: failure
                    .as_connector_error()
                    .map_or_else(|| "no cause is known".to_owned(), |cause| DisplayErrorContext(cause).to_string()),
            },
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::ConstructionFailure(_) => Self::NotBuilt,
            _ => Self::NotUnderstood,
        }
    }
}

impl Refusal {
    fn answered(code: Option<&str>, message: Option<&str>) -> Self {
        let code = code.unwrap_or("an error without a code").to_owned();
        let shown = message.filter(|_| !code.contains("Validation"));
        Self::Answered { message: shown.map_or_else(String::new, |text| format!(": {text}")), code }
    }
}

/// An error's text with those of its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_validation_error_is_not_repeated_because_it_quotes_what_was_sent() {
        let quoted =
            "1 validation error detected: Value '[PutEventsRequestEntry(detail={hunter2})]' at 'entries' failed";
        let shown = Refusal::answered(Some("ValidationException"), Some(quoted)).to_string();
        assert_eq!(shown, "the service answered ValidationException");
    }

    #[test]
    fn the_text_of_a_refused_permission_is_repeated() {
        let shown =
            Refusal::answered(Some("AccessDeniedException"), Some("not authorized to perform events:PutEvents"));
        assert_eq!(
            shown.to_string(),
            "the service answered AccessDeniedException: not authorized to perform events:PutEvents"
        );
    }
}
