//! Tests of `wanted`.
//!
//! Must not know: the routes that read it.

use rules::time::Timestamp;
use serde_json::json;

use super::*;

fn mistakes(body: &Value) -> Vec<String> {
    let Err(Mistakes(mistakes)) = read(body) else { panic!("{body} was taken") };
    mistakes.into_iter().map(|mistake| format!("{} {}", mistake.field, mistake.problem)).collect()
}

#[test]
fn records_are_named_by_object_and_id_each_once_and_an_id_may_hold_slashes() {
    let body = json!({ "records": ["Contact/b/1", "Contact/a", "Contact/b/1"] });
    let key = |id: &str| (ObjectName::new("Contact").expect("a name"), RecordId::new(id).expect("an id"));
    assert_eq!(read(&body), Ok(Wanted::Records(vec![key("a"), key("b/1")])));
}

#[test]
fn all_may_be_narrowed_by_any_of_five_parts() {
    let object = ObjectName::new("Contact").ok();
    let error_type = ErrorType::parse("daco-10").ok();
    let time = |text: &str| Timestamp::parse(text).ok();
    let (from, to) = ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
    let whole = Matching {
        error_type: error_type.clone(),
        object: object.clone(),
        state: Some(FailingState::TimedOut),
        failed_from: time(from),
        failed_to: time(to),
    };
    let body =
        json!({ "type": "daco-10", "object": "Contact", "state": "timed_out", "failed_from": from, "failed_to": to });
    let none = Matching::default;
    for (body, matching) in [
        (body, whole),
        (json!({ "type": "daco-10", "all": true }), Matching { error_type, ..none() }),
        (json!({ "object": "Contact" }), Matching { object, ..none() }),
        (json!({ "state": "held", "all": false }), Matching { state: Some(FailingState::Held), ..none() }),
        (json!({ "failed_to": to }), Matching { failed_to: time(to), ..none() }),
        (json!({ "all": true }), none()),
    ] {
        assert_eq!(read(&body), Ok(Wanted::Matching(matching)), "{body}");
    }
}

#[test]
fn everything_else_is_told_what_to_write() {
    for (body, problem) in [
        (json!({}), "records is missing"),
        (json!({ "all": false }), "records is missing"),
        (json!([]), "(input) is a list, not an object"),
        (json!({ "records": [] }), "records is not a list of that many records"),
        (json!({ "records": vec!["Contact/a"; 101] }), "records is not a list of that many records"),
        (json!({ "records": ["Contact/a", "Contact"] }), "records[1] is not a record"),
        (json!({ "records": ["Contact/a"], "object": "Contact" }), "object stands beside records"),
        (json!({ "records": ["Contact/a"], "all": true }), "all stands beside records"),
        (json!({ "state": "stuck" }), "state is not a state of a failing record"),
        (json!({ "failed_from": "yesterday" }), "failed_from is not a time"),
        (
            json!({ "failed_from": "2026-03-02T00:00:00Z", "failed_to": "2026-03-01T00:00:00Z" }),
            "failed_to is before failed_from",
        ),
        (
            json!({ "type": "Not A Type" }),
            "type is no error type: one is a rule's id such as `row-lock`, or `unknown:CODE`, or `unknown`",
        ),
        (json!({ "type": "Row-Lock" }), "type is written with capitals"),
        (json!({ "all": true, "colour": "red" }), "colour is not a known field"),
    ] {
        assert_eq!(mistakes(&body), [problem], "{body}");
    }
}
