//! Bad input of every kind: a problem that names the field and the mend, and nothing changed.

use axum::body::Body;
use axum::http::{Method, Request, header};
use engine::fakes::sample;
use engine::ports::{OrgFigure, ProbeAnswer, Reply};
use rules::counts::ApiCalls;
use serde_json::{Value, json};

use crate::support::{Api, with_json};

/// A request, the problem that it gets, and the field and a part of the mend that the problem names, if it is about a field.
struct Case {
    asked: Request<Body>,
    problem: (u16, &'static str),
    field: Option<(&'static str, &'static str)>,
}

fn json_case(method: &Method, path: &str, body: &Value, field: &'static str, mend: &'static str) -> Case {
    Case { asked: with_json(method, path, body), problem: (422, "mistakes"), field: Some((field, mend)) }
}

fn get(path: &str, field: &'static str, mend: &'static str) -> Case {
    let asked = Request::get(path).body(Body::empty()).expect("a request");
    Case { asked, problem: (422, "mistakes"), field: Some((field, mend)) }
}

fn refused(asked: Request<Body>, status: u16, name: &'static str) -> Case {
    Case { asked, problem: (status, name), field: None }
}

const LIMIT: &str = "/v1/connections/acme/limit";
const RESYNCS: &str = "/v1/connections/acme/resyncs";

fn limits() -> Vec<Case> {
    let put = |value: Value, mend| json_case(&Method::PUT, LIMIT, &json!({ "api_limit": value }), "api_limit", mend);
    let patch = json!({ "budget": { "api_limit": 15_001 } });
    vec![
        put(json!(0), "from 1 to 100000000"),
        put(json!(-1), "from 1 to 100000000"),
        put(json!(1.5), "from 1 to 100000000"),
        put(json!("8000"), "from 1 to 100000000"),
        put(json!(15_001), "write at most 15000, or take the limit off"),
        json_case(&Method::PATCH, "/v1/connections/acme", &patch, "budget.api_limit", "write at most 15000, or take"),
        json_case(&Method::PUT, LIMIT, &json!({}), "api_limit", "or null for no limit"),
        json_case(&Method::PUT, LIMIT, &json!([1]), "(input)", ""),
    ]
}

fn selections() -> Vec<Case> {
    let many: Vec<String> = (0..10_000).map(|number| format!("Contact/{number}")).collect();
    let ask = |body: &Value, field, mend| json_case(&Method::POST, RESYNCS, body, field, mend);
    vec![
        ask(&json!({}), "records", "write records"),
        ask(&json!({ "records": [] }), "records", "write 1 to 100 records"),
        ask(&json!({ "records": many }), "records", "write 1 to 100 records"),
        ask(&json!({ "records": ["Contact"] }), "records[0]", "write it as OBJECT/EXTERNAL-ID"),
        ask(&json!({ "type": "<script>" }), "type", ""),
        ask(&json!({ "all": "yes" }), "all", "write true or false"),
        ask(&json!({ "all": true, "<b>": 1 }), "<b>", "remove it"),
        get("/v1/connections/acme/records?cursor=00112233445566778899", "cursor", "take `next` of the page before"),
        get("/v1/connections/acme/records?state=lost", "state", "scheduled, timed_out, held, expired"),
        get("/v1/connections/acme/records?limit=501", "limit", "from 1 to 500"),
        get("/v1/connections/acme/records?limit=1&limit=2", "limit", "give it once"),
        get("/v1/connections/acme/records?colour=red", "colour", "remove it"),
        get("/v1/connections/acme/export?format=xlsx", "format", "write csv or jsonl"),
        get("/v1/audit?connection=ACME", "connection", "use 1 to 64 of a-z"),
    ]
}

fn envelopes() -> Vec<Case> {
    let post = |kind: &str, body: String| {
        Request::post(RESYNCS).header(header::CONTENT_TYPE, kind).body(Body::from(body)).expect("a request")
    };
    let huge = |path: &str| with_json(&Method::POST, path, &json!("x".repeat(1024 * 1024)));
    vec![
        refused(post("application/json", "{\"all\": tru".to_owned()), 400, "bad-request"),
        refused(post("application/json", String::new()), 400, "bad-request"),
        refused(post("application/json", "\u{0}".to_owned()), 400, "bad-request"),
        refused(post("text/plain", "{\"all\": true}".to_owned()), 415, "not-json"),
        refused(post("application/x-www-form-urlencoded", "all=true".to_owned()), 415, "not-json"),
        refused(huge(RESYNCS), 413, "too-large"),
        refused(huge("/v1/connections"), 413, "too-large"),
        refused(huge("/v1/connections/acme/erasures"), 413, "too-large"),
    ]
}

fn unknown() -> Vec<Case> {
    let of = |method: Method, path: &str, name| refused(with_json(&method, path, &json!({})), 404, name);
    vec![
        of(Method::GET, "/v1/connections/nobody", "unknown-connection"),
        of(Method::GET, "/v1/connections/%3Cscript%3E/records", "unknown-connection"),
        of(Method::POST, "/v1/connections/nobody/pause", "unknown-connection"),
        of(Method::DELETE, "/v1/connections/nobody", "unknown-connection"),
        of(Method::GET, "/v1/connections/acme/records/Contact/nobody", "unknown-record"),
        of(Method::GET, "/v1/connections/acme/records/%3Cb%3E/nobody", "unknown-record"),
        of(Method::GET, "/v1/connections/acme/resyncs/nobody", "unknown-request"),
        of(Method::POST, "/v1/connections/acme/resyncs/a%20b/cancel", "unknown-request"),
        of(Method::GET, "/v1/connections/acme/nothing", "no-such-route"),
    ]
}

#[tokio::test(start_paused = true)]
async fn bad_input_is_a_problem_that_names_field_and_mend_and_changes_nothing() {
    let api = Api::acme().await;
    api.report(&["a", "<b>"]).await;
    let figure = OrgFigure { used: ApiCalls(70), limit: ApiCalls(15_000) };
    api.salesforce().probe_next(Reply { answer: ProbeAnswer::Up, org: Some(figure) });
    api.post("/v1/connections/acme/test", &json!({})).await.ok();
    let seen = async || {
        let connection = api.get("/v1/connections/acme").await.ok();
        (api.parts.store.all(), connection, api.audit().await, api.parts.events.take().len())
    };
    let before = seen().await;
    let cases = [limits(), selections(), envelopes(), unknown()];
    for Case { asked, problem: (status, name), field } in cases.into_iter().flatten() {
        let what = format!("{} {}", asked.method(), asked.uri());
        let answer = api.call(asked).await;
        let detail = answer.problem(status, name);
        assert!(!detail.is_empty(), "{what}");
        if let Some((field, mend)) = field {
            let mistakes = answer.1["mistakes"].as_array().unwrap_or_else(|| panic!("{what}: {answer:?}"));
            let told = |mistake: &Value| {
                mistake["field"] == field && mistake["mend"].as_str().is_some_and(|said| said.contains(mend))
            };
            assert!(mistakes.iter().any(told), "{what}: {mistakes:?}");
        }
    }
    assert_eq!(seen().await, before);
}

#[tokio::test(start_paused = true)]
async fn html_in_ids_and_messages_comes_back_as_the_text_that_it_is_in_json_that_no_browser_sniffs() {
    let api = Api::acme().await;
    let html = "<img src=x onerror=alert(1)>";
    api.report_with(html, "<b>CODE</b>", &json!({ "LastName": html })).await;
    let page = api.get("/v1/connections/acme/records").await.ok();
    assert_eq!(page["records"][0]["external_id"], html);
    let path = format!("/v1/connections/acme/records/Contact/{}", percent_encoded(html));
    assert_eq!(api.get(&path).await.ok()["record"]["key"]["id"], html);
    let erased = api.post("/v1/connections/acme/erasures", &json!({ "object": "Contact", "external_id": html })).await;
    assert_eq!(erased.ok()["erased"], true);
    assert!(!api.audit().await.concat().contains("<img"), "no external id is in the audit");
}

fn percent_encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_the_org_has_room_for_is_taken_and_so_is_any_before_salesforce_told_its_own() {
    let api = Api::with([sample::interval("acme"), sample::interval("globex")]).await;
    let figure = OrgFigure { used: ApiCalls(70), limit: ApiCalls(15_000) };
    api.salesforce().probe_next(Reply { answer: ProbeAnswer::Up, org: Some(figure) });
    api.post("/v1/connections/acme/test", &json!({})).await.ok();
    api.put(LIMIT, &json!({ "api_limit": 15_000 })).await.ok();
    let refused = api.put(LIMIT, &json!({ "api_limit": 15_001 })).await;
    assert_eq!(refused.mistakes(), ["api_limit is above the org's own limit of 15000 calls in 24 hours"]);
    api.put("/v1/connections/globex/limit", &json!({ "api_limit": 1_000_000 })).await.ok();
}
