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
