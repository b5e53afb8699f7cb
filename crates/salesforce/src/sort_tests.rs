//! What every shape of answer leads to, row by row.
//!
//! Must not know: how the answer arrived.

use engine::ports::{LoginAnswer, NotProcessed as Not, ProbeAnswer, UpsertAnswer};
use proptest::prelude::*;
use rules::verdict::Answer;

use super::{Login, login, probe, upsert};

const HTML: &str = "<html><body>Sorry</body></html>";
const TOTAL: &str = r#"[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#;
const CONCURRENT: &str = r#"[{"message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#;
const EXPIRED: &str = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
const DOWN: &str = r#"[{"message":"Too busy","errorCode":"SERVER_UNAVAILABLE"}]"#;
const DOWN_OBJECT: &str = r#"{"message":"Too busy","errorCode":"SERVER_UNAVAILABLE"}"#;
const DISABLED: &str = r#"[{"message":"disabled","errorCode":"API_DISABLED_FOR_ORG"}]"#;
const OAUTH: &str = r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#;
const RATE: &str = r#"{"error":"invalid_grant","error_description":"login rate exceeded"}"#;

fn rejected(code: &str, message: &str) -> UpsertAnswer {
    UpsertAnswer::Rejected { code: code.to_owned(), message: message.to_owned() }
}

fn object_rejected(code: &str, message: &str) -> UpsertAnswer {
    UpsertAnswer::ObjectRejected { code: code.to_owned(), message: message.to_owned() }
}

fn login_answer(status: u16, body: &str) -> LoginAnswer {
    match login(status, body.as_bytes()) {
        Login::Granted(_) => LoginAnswer::SignedIn,
        Login::Answer(answer) => answer,
    }
}

#[test]
fn a_batch_that_was_certainly_not_processed_is_told_from_one_that_may_have_been() {
    let not = UpsertAnswer::NotProcessed;
    for (status, body, expected) in [
        (300, "[]", not(Not::Unreachable)),
        (302, HTML, not(Not::Unreachable)),
        (401, EXPIRED, UpsertAnswer::SessionExpired),
        (401, HTML, UpsertAnswer::SessionExpired),
        (401, "", UpsertAnswer::SessionExpired),
        (400, EXPIRED, UpsertAnswer::SessionExpired),
        (403, TOTAL, not(Not::OrgLimit)),
        (403, CONCURRENT, not(Not::Busy)),
        (403, DISABLED, not(Not::AccessRefused)),
        (403, HTML, not(Not::AccessRefused)),
        (403, "", not(Not::AccessRefused)),
        (429, "", not(Not::Busy)),
        (503, DOWN, not(Not::Down)),
        (503, DOWN_OBJECT, not(Not::Down)),
        (503, HTML, UpsertAnswer::Unknown),
        (503, "", UpsertAnswer::Unknown),
        (500, DOWN, UpsertAnswer::Unknown),
        (500, HTML, UpsertAnswer::Unknown),
        (502, "", UpsertAnswer::Unknown),
        (504, "", UpsertAnswer::Unknown),
        (599, "", UpsertAnswer::Unknown),
        (100, "", UpsertAnswer::Unknown),
        (999, "", UpsertAnswer::Unknown),
    ] {
        assert_eq!(upsert(status, body.as_bytes(), 1), expected, "{status} {body}");
    }
}

#[test]
fn a_batch_refused_for_something_in_it_keeps_code_and_message_whatever_the_shape() {
    for (status, body, expected) in [
        (400, r#"[{"message":"m","errorCode":"JSON_PARSER_ERROR"}]"#, rejected("JSON_PARSER_ERROR", "m")),
        (400, r#"{"message":"m","errorCode":"MALFORMED"}"#, rejected("MALFORMED", "m")),
        (400, r#"{"error":"unsupported","error_description":"d"}"#, rejected("unsupported", "d")),
        (400, r#"[{"message":"m"}]"#, rejected("HTTP_400", "m")),
        (400, HTML, rejected("HTTP_400", "")),
        (400, "", rejected("HTTP_400", "")),
        (409, "", rejected("HTTP_409", "")),
        (412, "", rejected("HTTP_412", "")),
        (414, "", rejected("HTTP_414", "")),
        (415, "", rejected("HTTP_415", "")),
        (420, "", rejected("HTTP_420", "")),
        (428, "", rejected("HTTP_428", "")),
        (431, "", rejected("HTTP_431", "")),
    ] {
        assert_eq!(upsert(status, body.as_bytes(), 1), expected, "{status} {body}");
    }
}

#[test]
fn a_batch_refused_for_its_object_or_its_external_id_field_is_told_from_poison() {
    let field = "Provided external ID field does not exist or is not accessible: Ext__c";
    for (status, code) in [(404, "NOT_FOUND"), (400, "NOT_FOUND"), (400, "INVALID_FIELD"), (400, "INVALID_TYPE")] {
        let body = format!(r#"[{{"message":"{field}","errorCode":"{code}"}}]"#);
        assert_eq!(upsert(status, body.as_bytes(), 1), object_rejected(code, field), "{status} {code}");
    }
    for status in [404, 405, 410] {
        let code = format!("HTTP_{status}");
        assert_eq!(upsert(status, b"", 1), object_rejected(&code, ""), "{status}");
    }
    let column = r#"[{"message":"No such column 'Foo__c' on sobject of type Contact","errorCode":"INVALID_FIELD"}]"#;
    let poison = rejected("INVALID_FIELD", "No such column 'Foo__c' on sobject of type Contact");
    assert_eq!(upsert(400, column.as_bytes(), 1), poison);
}

#[test]
fn a_processed_batch_has_one_answer_per_record_and_anything_else_is_unknown() {
    let two = br#"[{"success":true},{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"m"}]}]"#;
    let refused = Answer::Refused { code: "UNABLE_TO_LOCK_ROW".to_owned(), message: "m".to_owned() };
    assert_eq!(upsert(200, two, 2), UpsertAnswer::Processed(vec![Answer::Saved, refused]));
    for (body, records) in [(&two[..], 1), (&two[..], 3), (b"", 1), (HTML.as_bytes(), 1), (b"{}", 1), (b"[", 1)] {
        assert_eq!(upsert(200, body, records), UpsertAnswer::Unknown, "{records}");
    }
    assert_eq!(upsert(204, b"", 1), UpsertAnswer::Unknown);
}

#[test]
fn an_answer_that_is_nested_too_deeply_says_nothing_and_breaks_nothing() {
    for opening in ["[", "{\"errors\":", "[{\"success\":false,\"errors\":["] {
        let deep = opening.repeat(300_000);
        assert_eq!(upsert(200, deep.as_bytes(), 1), UpsertAnswer::Unknown);
        assert_eq!(probe(200, deep.as_bytes()), ProbeAnswer::Unknown);
        assert!(matches!(login(200, deep.as_bytes()), Login::Answer(LoginAnswer::Unknown)));
        assert!(matches!(upsert(400, deep.as_bytes(), 1), UpsertAnswer::Rejected { .. }));
    }
}

#[test]
fn a_login_that_was_refused_for_good_is_told_from_one_to_try_again() {
    let not = LoginAnswer::NotProcessed;
    for (status, body, expected) in [
        (200, r#"{"access_token":"t","instance_url":"https://a.my.salesforce.com"}"#, LoginAnswer::SignedIn),
        (200, r#"{"instance_url":"https://a.my.salesforce.com"}"#, LoginAnswer::Unknown),
        (200, HTML, LoginAnswer::Unknown),
        (200, "", LoginAnswer::Unknown),
        (302, "", not(Not::Unreachable)),
        (400, OAUTH, not(Not::LoginRefused)),
        (401, OAUTH, not(Not::LoginRefused)),
        (403, OAUTH, not(Not::LoginRefused)),
        (404, OAUTH, not(Not::LoginRefused)),
        (400, r#"{"error":"unsupported_grant_type"}"#, not(Not::LoginRefused)),
        (400, r#"{"error":"app_not_found"}"#, not(Not::LoginRefused)),
        (400, HTML, not(Not::LoginRefused)),
        (401, "", not(Not::LoginRefused)),
        (400, RATE, not(Not::Busy)),
        (403, TOTAL, not(Not::OrgLimit)),
        (403, CONCURRENT, not(Not::Busy)),
        (403, HTML, not(Not::AccessRefused)),
        (404, HTML, not(Not::Unreachable)),
        (429, "", not(Not::Busy)),
        (503, HTML, not(Not::Down)),
        (503, DOWN, not(Not::Down)),
        (500, OAUTH, LoginAnswer::Unknown),
        (502, "", LoginAnswer::Unknown),
    ] {
        assert_eq!(login_answer(status, body), expected, "{status} {body}");
    }
}

#[test]
fn a_probe_is_up_only_when_the_org_takes_the_token_and_answers_readably() {
    let not = ProbeAnswer::NotProcessed;
    for (status, body, expected) in [
        (200, r#"{"sobjects":"/services/data/v62.0/sobjects"}"#, ProbeAnswer::Up),
        (200, HTML, ProbeAnswer::Unknown),
        (204, "", ProbeAnswer::Unknown),
        (302, "", not(Not::Unreachable)),
        (401, EXPIRED, ProbeAnswer::SessionExpired),
        (403, TOTAL, not(Not::OrgLimit)),
        (403, CONCURRENT, not(Not::Busy)),
        (403, DISABLED, not(Not::AccessRefused)),
        (404, HTML, not(Not::AccessRefused)),
        (429, "", not(Not::Busy)),
        (503, DOWN, not(Not::Down)),
        (503, HTML, ProbeAnswer::Unknown),
        (500, "", ProbeAnswer::Unknown),
    ] {
        assert_eq!(probe(status, body.as_bytes()), expected, "{status} {body}");
    }
}

proptest! {
    #[test]
    fn no_status_and_no_bytes_whatever_make_the_sorting_panic(
        status in any::<u16>(),
        body in proptest::collection::vec(any::<u8>(), 0..200),
        records in 0_usize..5,
    ) {
        upsert(status, &body, records);
        probe(status, &body);
        login(status, &body);
    }

    #[test]
    fn no_text_between_the_brackets_of_json_makes_a_batch_processed_with_fewer_answers_than_records(
        body in r#"[\[\]{}":,a-z0-9]{0,40}"#,
        records in 0_usize..5,
    ) {
        if let UpsertAnswer::Processed(answers) = upsert(200, body.as_bytes(), records) {
            prop_assert_eq!(answers.len(), records);
        }
    }
}
