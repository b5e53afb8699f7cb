//! Messages that some tools write without their code, and the code that Salesforce gives with each of them.
//!
//! Must not know: how a text is taken apart.

/// How a message reads, and its code. Sources: messages of Salesforce's own replies; Data Loader's message for a value that it
/// could not convert, which says what the named code says.
const WORDINGS: [(&str, &str); 14] = [
    ("error converting value to correct data type", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("required fields are missing", "REQUIRED_FIELD_MISSING"),
    ("unable to obtain exclusive access", "UNABLE_TO_LOCK_ROW"),
    ("foreign key external id:", "INVALID_FIELD"),
    ("duplicate external id specified", "DUPLICATE_VALUE"),
    ("duplicate value found:", "DUPLICATE_VALUE"),
    ("duplicates value on record", "DUPLICATE_VALUE"),
    ("data value too large:", "STRING_TOO_LONG"),
    ("bad value for restricted picklist field", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ("insufficient access rights on cross-reference id", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
    ("invalid cross reference id", "INVALID_CROSS_REFERENCE_KEY"),
    ("entity is deleted", "ENTITY_IS_DELETED"),
    ("storage limit exceeded", "STORAGE_LIMIT_EXCEEDED"),
    ("totalrequests limit exceeded", "REQUEST_LIMIT_EXCEEDED"),
];

/// The code of a message that came without one.
pub(crate) fn code(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    WORDINGS.iter().find(|(wording, _)| message.starts_with(wording)).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use rules::catalogue::{Catalogue, Class};

    use super::{WORDINGS, code};

    #[test]
    fn every_code_is_one_that_the_catalogue_has_judged() {
        for (wording, code) in WORDINGS {
            assert_ne!(Catalogue::builtin().classify(code, wording).class, Class::Unreviewed, "{code}");
        }
    }

    #[test]
    fn a_message_is_known_by_how_it_begins() {
        assert_eq!(code("Required fields are missing: [LastName]"), Some("REQUIRED_FIELD_MISSING"));
        assert_eq!(code("The flow said: required fields are missing"), None);
    }
}
