//! Error texts as each tool writes them.
//!
//! Must not know: files.

use super::{ErrorText, Fields};

fn parts(text: &str) -> (String, String, Vec<String>) {
    let ErrorText { code, message, fields } = ErrorText::parse(text);
    (code, message, fields)
}

fn is(code: &str, message: &str, fields: &[&str]) -> (String, String, Vec<String>) {
    (code.to_owned(), message.to_owned(), fields.iter().map(ToString::to_string).collect())
}

#[test]
fn bulk_api_writes_code_message_and_fields() {
    let text = "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --";
    assert_eq!(parts(text), is("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", &["LastName"]));
    assert_eq!(parts("DACO-11:the request timed out:--"), is("DACO-11", "the request timed out", &[]));
    assert_eq!(parts("CODE_X:two:A__c, B__c --"), is("CODE_X", "two", &["A__c", "B__c"]));
    assert_eq!(parts("CODE_X:it is 10:30 --"), is("CODE_X", "it is 10:30", &[]));
}

#[test]
fn data_loader_writes_code_and_message() {
    assert_eq!(parts("UNABLE_TO_LOCK_ROW: unable to lock"), is("UNABLE_TO_LOCK_ROW", "unable to lock", &[]));
    let own = "Error converting value to correct data type: Failed to parse date: 31.12.2026";
    assert_eq!(parts(own), is("INVALID_TYPE_ON_FIELD_IN_RECORD", own, &[]));
}

#[test]
fn inspector_writes_fields_in_brackets_and_several_errors_with_commas() {
    let read = |text: &str| {
        let ErrorText { code, message, fields } = ErrorText::read(text, Fields::Bracketed);
        (code, message, fields)
    };
    let missing = "REQUIRED_FIELD_MISSING: Required fields are missing: [LastName] [LastName]";
    assert_eq!(read(missing), is("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", &["LastName"]));
    assert_eq!(
        read("DUPLICATES_DETECTED: Use one of these records? []"),
        is("DUPLICATES_DETECTED", "Use one of these records?", &[])
    );
    let both = "FIELD_CUSTOM_VALIDATION_EXCEPTION: no, never [Phone, Fax], STRING_TOO_LONG: too long [Name]";
    let message = "no, never\nSTRING_TOO_LONG: too long";
    assert_eq!(read(both), is("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, &["Phone", "Fax"]));
    assert_eq!(read("sf:INVALID_SESSION_ID: expired"), is("INVALID_SESSION_ID", "expired", &[]));
}

#[test]
fn of_several_errors_the_first_decides_and_the_message_keeps_all() {
    let jetstream = "INVALID_EMAIL_ADDRESS: Email: invalid\nSTRING_TOO_LONG: Name: too long";
    assert_eq!(parts(jetstream), is("INVALID_EMAIL_ADDRESS", "Email: invalid\nSTRING_TOO_LONG: Name: too long", &[]));
    let bulk = "CODE_A:first:Name --CODE_B:second:Phone --";
    assert_eq!(parts(bulk), is("CODE_A", "first\nCODE_B: second", &["Name"]));
    let apart = "CODE_A:first:Name --; CODE_B:second:--";
    assert_eq!(parts(apart), is("CODE_A", "first\nCODE_B: second", &["Name"]));
}

#[test]
fn a_line_break_or_dashes_in_a_message_begin_no_other_error() {
    let trigger = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: Trg: a\n\nClass.Trg.run: line 3, column 1 -- see: log";
    let message = "Trg: a\n\nClass.Trg.run: line 3, column 1 -- see: log";
    assert_eq!(parts(trigger), is("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, &[]));
}

#[test]
fn json_is_read_by_either_of_salesforce_s_forms() {
    let list =
        r#"[{"statusCode":"CODE_A","message":"first","fields":["Name"]},{"statusCode":"CODE_B","message":"second"}]"#;
    assert_eq!(parts(list), is("CODE_A", "first\nCODE_B: second", &["Name"]));
    assert_eq!(parts(r#"{"errorCode":"CODE_A","message":null}"#), is("CODE_A", "", &[]));
    assert_eq!(parts("[not json]"), is("UNKNOWN", "[not json]", &[]));
    assert_eq!(parts("[]"), is("UNKNOWN", "", &[]));
}

#[test]
fn a_message_keeps_its_colons() {
    assert_eq!(parts("CODE_X: a: b: c"), is("CODE_X", "a: b: c", &[]));
    assert_eq!(parts("Error in row 3: time 10:30"), is("UNKNOWN", "Error in row 3: time 10:30", &[]));
}

#[test]
fn a_message_alone_has_the_code_that_salesforce_gives_with_it_or_none() {
    let locked = "unable to obtain exclusive access to this record or 1 records: 003x";
    assert_eq!(parts(locked), is("UNABLE_TO_LOCK_ROW", locked, &[]));
    assert_eq!(parts("something went wrong"), is("UNKNOWN", "something went wrong", &[]));
    assert_eq!(parts(""), is("UNKNOWN", "", &[]));
}

#[test]
fn a_code_alone_has_no_message() {
    assert_eq!(parts("INVALIDJOBSTATE"), is("INVALIDJOBSTATE", "", &[]));
    assert_eq!(parts("SERVER_UNAVAILABLE:--"), is("SERVER_UNAVAILABLE", "", &[]));
}

#[test]
fn words_in_capitals_are_no_code_when_they_are_not_written_like_one() {
    assert_eq!(parts("OK: fine"), is("UNKNOWN", "OK: fine", &[]));
    assert_eq!(parts("Not Found: it is gone"), is("UNKNOWN", "Not Found: it is gone", &[]));
}

#[test]
fn a_code_and_a_message_may_have_a_column_each() {
    let of = |code: &str, message: &str| {
        let ErrorText { code, message, .. } = ErrorText::of_parts(code, message);
        (code, message)
    };
    let text = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    assert_eq!(of("DACO-02", "the CRM ID is missing"), text("DACO-02", "the CRM ID is missing"));
    assert_eq!(of("CODE_A", "CODE_A: twice"), text("CODE_A", "twice"));
    assert_eq!(of("DACO-01", "STRING_TOO_LONG: x"), text("DACO-01", "STRING_TOO_LONG: x"));
    assert_eq!(of("", "STRING_TOO_LONG: x"), text("STRING_TOO_LONG", "x"));
    assert_eq!(of("Not found", "gone"), text("UNKNOWN", "Not found gone"));
}
