//! The error texts that the tools write: `CODE:message:fields --`, `CODE: message`, or a message alone.
//!
//! Must not know: what a code means.

/// An error's code and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorText {
    /// The code; `UNKNOWN` when the text begins with none.
    pub(crate) code: String,
    /// The message, without code and trailing dashes.
    pub(crate) message: String,
}

impl ErrorText {
    /// Takes a text apart.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim().trim_end_matches("--").trim();
        match text.split_once(':') {
            Some((code, message)) if is_code(code) => {
                let message = message.trim().trim_end_matches(':').trim();
                Self { code: code.to_owned(), message: message.to_owned() }
            }
            Some(_) | None if is_code(text) => Self { code: text.to_owned(), message: String::new() },
            Some(_) | None => Self { code: "UNKNOWN".to_owned(), message: text.to_owned() },
        }
    }
}

/// `REQUIRED_FIELD_MISSING`, `DACO-02`, `INVALIDJOBSTATE`.
fn is_code(text: &str) -> bool {
    (3..=80).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::ErrorText;

    fn parts(text: &str) -> (String, String) {
        let ErrorText { code, message } = ErrorText::parse(text);
        (code, message)
    }

    fn is(code: &str, message: &str) -> (String, String) {
        (code.to_owned(), message.to_owned())
    }

    #[test]
    fn bulk_api_writes_code_message_and_fields() {
        let text = "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --";
        assert_eq!(parts(text), is("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]:LastName"));
        assert_eq!(parts("DACO-11:the request timed out:--"), is("DACO-11", "the request timed out"));
    }

    #[test]
    fn data_loader_writes_code_and_message() {
        assert_eq!(parts("UNABLE_TO_LOCK_ROW: unable to lock"), is("UNABLE_TO_LOCK_ROW", "unable to lock"));
    }

    #[test]
    fn a_message_keeps_its_colons() {
        assert_eq!(parts("CODE_X: a: b: c"), is("CODE_X", "a: b: c"));
        assert_eq!(parts("Error in row 3: time 10:30"), is("UNKNOWN", "Error in row 3: time 10:30"));
    }

    #[test]
    fn a_message_alone_has_no_code() {
        assert_eq!(parts("something went wrong"), is("UNKNOWN", "something went wrong"));
        assert_eq!(parts(""), is("UNKNOWN", ""));
    }

    #[test]
    fn a_code_alone_has_no_message() {
        assert_eq!(parts("INVALIDJOBSTATE"), is("INVALIDJOBSTATE", ""));
        assert_eq!(parts("SERVER_UNAVAILABLE:--"), is("SERVER_UNAVAILABLE", ""));
    }

    #[test]
    fn words_in_capitals_are_no_code_when_they_are_not_written_like_one() {
        assert_eq!(parts("OK: fine"), is("UNKNOWN", "OK: fine"));
        assert_eq!(parts("Not Found: it is gone"), is("UNKNOWN", "Not Found: it is gone"));
    }
}
