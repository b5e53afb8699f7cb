//! The shapes of answers, each as Salesforce writes it and as it may arrive.
//!
//! Must not know: HTTP.

use super::*;

fn pair(body: &str) -> Option<(Option<String>, String)> {
    said(body.as_bytes()).map(|said| (said.code, said.message))
}

fn known(code: &str, message: &str) -> (Option<String>, String) {
    (Some(code.to_owned()), message.to_owned())
}

fn refused(code: &str, message: &str) -> Answer {
    Answer::Refused { code: code.to_owned(), message: message.to_owned() }
}

fn one_result(result: &str) -> Option<Vec<Answer>> {
    results(format!("[{result}]").as_bytes(), 1)
}

#[test]
fn an_error_is_read_from_a_list_from_an_object_and_from_the_form_of_oauth() {
    let read = Some(known("MALFORMED_ID", "no such id"));
    assert_eq!(pair(r#"[{"message":"no such id","errorCode":"MALFORMED_ID","fields":["Id"]}]"#), read);
    assert_eq!(pair(r#"{"message":"no such id","errorCode":"MALFORMED_ID"}"#), read);
    assert_eq!(pair(r#"{"message":"no such id","statusCode":"MALFORMED_ID"}"#), read);
    let oauth = Some(known("invalid_grant", "expired"));
    assert_eq!(pair(r#"{"error":"invalid_grant","error_description":"expired"}"#), oauth);
}

#[test]
fn a_body_of_no_known_shape_says_nothing() {
    for body in ["", "<html>", "null", "7", "\"text\"", "[]", "{}", "[{}]", "[[]]", r#"{"error":{"code":7}}"#, "{"] {
        assert_eq!(pair(body), None, "{body}");
    }
}

#[test]
fn of_several_errors_the_first_that_says_most_is_kept() {
    let errors = r#"[{"message":"only a message"},{"errorCode":"ONLY_CODE"},
        {"errorCode":"FIRST","message":"whole"},{"errorCode":"SECOND","message":"whole too"}]"#;
    assert_eq!(pair(errors), Some(known("FIRST", "whole")));
    assert_eq!(pair(r#"[{"message":"only a message"},{"errorCode":"ONLY_CODE"}]"#), Some(known("ONLY_CODE", "")));
}

#[test]
fn a_saved_record_needs_neither_id_nor_created() {
    assert_eq!(one_result(r#"{"success":true}"#), Some(vec![Answer::Saved]));
    assert_eq!(one_result(r#"{"id":"003","success":true,"created":false,"errors":[]}"#), Some(vec![Answer::Saved]));
}

#[test]
fn a_refused_record_keeps_code_and_message_whichever_key_holds_the_code() {
    for key in ["statusCode", "errorCode"] {
        let result = format!(r#"{{"success":false,"errors":[{{"{key}":"DUPLICATES_DETECTED","message":"m"}}]}}"#);
        assert_eq!(one_result(&result), Some(vec![refused("DUPLICATES_DETECTED", "m")]), "{key}");
    }
}

#[test]
fn a_refused_record_without_a_readable_error_is_refused_as_unknown() {
    for errors in ["[]", "null", "7", "[7]", "[{}]"] {
        let result = format!(r#"{{"success":false,"errors":{errors}}}"#);
        assert_eq!(one_result(&result), Some(vec![refused("UNKNOWN", "")]), "{errors}");
    }
    assert_eq!(one_result(r#"{"success":false}"#), Some(vec![refused("UNKNOWN", "")]));
    let only_message = r#"{"success":false,"errors":{"message":"m"}}"#;
    assert_eq!(one_result(only_message), Some(vec![refused("UNKNOWN", "m")]));
}

#[test]
fn a_result_that_says_neither_yes_nor_no_leaves_only_its_own_record_unknown() {
    let body = br#"[{"success":true},{"success":"yes"},null]"#;
    assert_eq!(results(body, 3), Some(vec![Answer::Saved, Answer::Unknown, Answer::Unknown]));
}

#[test]
fn a_usual_result_is_read_as_any_other_is() {
    let errors = ["", "null", "7", "[]", "{}", "[{}]", "[[\"C\",\"m\"]]"].map(str::to_owned);
    let codes = ["", r#""statusCode":"C","#, r#""statusCode":" ","#, r#""statusCode":7,"#, r#""errorCode":"E","#];
    let messages = ["", r#""message":" m\u00fc\"","#, r#""message":"","#, r#""message":null,"#];
    let one = codes.iter().flat_map(|code| messages.map(|message| format!(r#"{{{code}{message}"fields":[]}}"#)));
    let of_one = one.map(|error| format!(r#"[{error},{{"statusCode":"D","message":"n"}}]"#));
    let errors: Vec<String> = errors.into_iter().chain(of_one).collect();
    for success in ["", "true", "false", "null", "\"yes\"", "true,\"success\":false", "false,\"success\":true"] {
        for errors in &errors {
            let success = if success.is_empty() { String::new() } else { format!(r#""success":{success},"#) };
            let errors = if errors.is_empty() { String::new() } else { format!(r#""errors":{errors},"#) };
            for result in
                [format!(r#"{{{success}{errors}"id":null}}"#), format!("[{errors:?},true]"), "[true]".to_owned()]
            {
                let value = serde_json::from_str(&result).expect("it is JSON");
                assert_eq!(one_result(&result), Some(vec![any_result(&value)]), "{result}");
            }
        }
    }
}

#[test]
fn a_result_that_no_text_can_hold_leaves_only_its_own_record_unknown() {
    let body = br#"[{"success":true},{"success":false,"errors":[{"statusCode":"C","message":"\ud800"}]}]"#;
    assert_eq!(results(body, 2), Some(vec![Answer::Saved, Answer::Unknown]));
}

#[test]
fn results_are_nothing_unless_there_is_one_per_record() {
    let two = br#"[{"success":true},{"success":true}]"#;
    assert_eq!(results(two, 1), None);
    assert_eq!(results(two, 3), None);
    assert_eq!(results(br#"{"hasErrors":false}"#, 1), None);
    assert_eq!(results(b"", 0), None);
}

#[test]
fn a_grant_needs_a_token_and_an_address() {
    assert!(grant(br#"{"access_token":"t","instance_url":"https://a.my.salesforce.com"}"#).is_some());
    for body in
        [r#"{"access_token":"t"}"#, r#"{"instance_url":"https://a"}"#, r#"{"access_token":"","instance_url":"u"}"#, "["]
    {
        assert!(grant(body.as_bytes()).is_none(), "{body}");
    }
}

#[test]
fn only_a_code_that_looks_like_one_is_logged() {
    let with = |code: &str| Said { code: Some(code.to_owned()), message: String::new() };
    assert_eq!(with("invalid_grant").loggable_code(), Some("invalid_grant"));
    assert_eq!(with("a sentence with ann@example.com").loggable_code(), None);
    assert_eq!(with(&"A".repeat(65)).loggable_code(), None);
}
