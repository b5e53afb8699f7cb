//! Plans over HTTP, and the resyncs and deletions that carry them out.

use axum::body::Body;
use axum::http::{Method, Request, header};
use engine::fakes::sample;
use rules::owed::Selection;
use rules::record::{Resolution, State};
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{Answer, Api};

const PLANS: &str = "/v1/connections/acme/plans";
const RESYNCS: &str = "/v1/connections/acme/resyncs";
const DELETIONS: &str = "/v1/connections/acme/deletions";

async fn plan(api: &Api, body: &Value) -> Value {
    api.post(PLANS, body).await.ok()["plan"].clone()
}

async fn carry_out(api: &Api, route: &str, key: Option<&str>, plan: &Value) -> Answer {
    let mut request =
        Request::builder().method(Method::POST).uri(route).header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    let body = json!({ "plan": plan["id"] });
    api.call(request.body(Body::from(body.to_string())).expect("a request")).await
}

async fn run_of(api: &Api, asked: &Value) {
    let id = asked["request"]["id"].as_str().expect("an id").to_owned();
    let request = rules::ids::RequestId::new(id).expect("a request's id");
    api.run(Selection::Forced { request, tick: sample::time(sample::TICK) }).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_has_numbers_times_and_an_id_and_changes_nothing() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    let plan = plan(&api, &json!({ "all": true })).await;
    assert_eq!(plan["connection"], "acme");
    assert_eq!(plan["action"], "resync");
    assert_eq!(plan["wanted"], json!({ "matching": {} }));
    assert_eq!(plan["records"], json!({ "number": 2, "exact": false }));
    assert_eq!((&plan["calls"], &plan["left"], &plan["share_percent"]), (&json!(2), &json!(5000), &json!(1)));
    assert_eq!((&plan["exclusions"], &plan["waits_for"], &plan["at_most"]), (&json!([]), &json!([]), &json!(false)));
    assert_eq!(plan["starts"], plan["as_of"]);
    assert!(plan["id"].as_str().is_some_and(|id| id.len() > 16));
    assert!(api.audit().await.is_empty());
    assert_eq!(api.get(RESYNCS).await.ok()["resyncs"], json!([]));
}

/// A command takes what begins with a hyphen for an option.
#[tokio::test(start_paused = true)]
async fn no_id_of_a_plan_begins_with_a_hyphen() {
    let api = Api::acme().await;
    for number in 0..300 {
        let plan = plan(&api, &json!({ "records": [format!("Contact/{number}")] })).await;
        let id = plan["id"].as_str().expect("an id");
        assert!(id.starts_with(|first: char| first.is_ascii_alphanumeric()), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_named_records_tells_each_that_is_left_out() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let plan = plan(&api, &json!({ "records": ["Contact/a", "Contact/<b>"] })).await;
    assert_eq!(plan["records"], json!({ "number": 1, "exact": true }));
    assert_eq!(
        plan["exclusions"],
        json!([{
            "reason": "unknown", "text": "no failure is known; check the object and the external id",
            "records": { "number": 1, "exact": true }, "named": ["Contact/<b>"],
        }])
    );
}

#[tokio::test(start_paused = true)]
async fn a_planned_resync_is_accepted_once_and_tells_what_waits() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    let made = plan(&api, &json!({ "type": "row-lock" })).await;
    let asked = carry_out(&api, RESYNCS, Some("r-1"), &made).await;
    assert_eq!(asked.0, 202);
    let asked = asked.ok();
    assert_eq!(asked["request"]["as_of"], made["as_of"]);
    assert_eq!(asked["waiting"], json!({ "number": 2, "exact": false }));
    assert_eq!(carry_out(&api, RESYNCS, Some("r-1"), &made).await.0, 200);
    tokio::time::advance(Duration::from_secs(1)).await;
    let other = plan(&api, &json!({ "type": "row-lock" })).await;
    carry_out(&api, RESYNCS, Some("r-1"), &other).await.problem(409, "idempotency-conflict");
    run_of(&api, &asked).await;
    let ended = api.get(&format!("{RESYNCS}/r-1")).await.ok();
    assert_eq!((&ended["request"]["state"], &ended["waiting"]), (&json!("done"), &Value::Null));
    assert_eq!(ended["request"]["progress"]["resolved"], 2);
    assert_eq!(api.audit().await, ["ada resync_requested r-1: all with row-lock [2]"]);
}

#[tokio::test(start_paused = true)]
async fn clicks_without_a_key_on_one_plan_are_one_request() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let made = plan(&api, &json!({ "all": true })).await;
    let first = carry_out(&api, RESYNCS, None, &made).await;
    assert_eq!(first.0, 202);
    let id = first.ok()["request"]["id"].clone();
    for _ in 0..3 {
        let again = carry_out(&api, RESYNCS, None, &made).await;
        assert_eq!((again.0.as_u16(), &again.1["request"]["id"]), (200, &id));
    }
    assert_eq!(api.get("/v1/connections/acme").await.ok()["open_requests"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_carries_out_its_plan_and_is_audited_with_how_many() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    let made = plan(&api, &json!({ "records": ["Contact/a"], "action": "delete" })).await;
    assert_eq!((&made["action"], &made["calls"], &made["waits_for"]), (&json!("delete"), &json!(0), &json!([])));
    let asked = carry_out(&api, DELETIONS, Some("d-1"), &made).await.ok();
    assert_eq!((&asked["request"]["action"], &asked["waits_for"]), (&json!("delete"), &json!([])));
    run_of(&api, &asked).await;
    let ended = api.get(&format!("{RESYNCS}/d-1")).await.ok();
    assert_eq!((&ended["request"]["state"], &ended["request"]["progress"]["deleted"]), (&json!("done"), &json!(1)));
    let state = |id: &str| api.record(id).expect("it is stored").state;
    assert!(matches!(state("a"), State::Resolved { how: Resolution::Deleted, .. }));
    assert!(matches!(state("b"), State::Scheduled(_)));
    let audit = api.audit().await;
    assert_eq!(
        audit[1..],
        ["ada deletion_requested d-1: named records [1]", "ada failures_deleted d-1: named records [1]"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_cancelled_like_a_resync() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let made = plan(&api, &json!({ "all": true, "action": "delete" })).await;
    carry_out(&api, DELETIONS, Some("d-1"), &made).await.ok();
    let cancelled = api.post(&format!("{RESYNCS}/d-1/cancel"), &json!({})).await.ok();
    assert_eq!((&cancelled["cancelled"], &cancelled["request"]["state"]), (&json!(true), &json!("cancelled")));
    assert_eq!(api.audit().await, ["ada deletion_requested d-1: all [1]", "ada deletion_cancelled d-1 [0]"]);
}

#[tokio::test(start_paused = true)]
async fn a_stale_plan_is_refused_and_one_that_was_carried_out_in_time_is_still_known() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let made = plan(&api, &json!({ "all": true })).await;
    carry_out(&api, RESYNCS, Some("in-time"), &made).await.ok();
    tokio::time::advance(Duration::from_mins(31)).await;
    assert_eq!(carry_out(&api, RESYNCS, Some("in-time"), &made).await.0, 200);
    let detail = carry_out(&api, RESYNCS, Some("late"), &made).await.problem(409, "stale-plan");
    assert_eq!(detail, "the plan is of 2026-03-02 09:30 UTC, and holds for 30 minutes; make a new one");
    api.get(&format!("{RESYNCS}/late")).await.problem(404, "unknown-request");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_not_meant_is_a_mistake_on_its_field_and_nothing_is_asked() {
    let api = Api::with([sample::interval("acme"), sample::interval("globex")]).await;
    api.report(&["a"]).await;
    let resync = plan(&api, &json!({ "all": true })).await;
    let deletion = plan(&api, &json!({ "all": true, "action": "delete" })).await;
    let nothing = plan(&api, &json!({ "type": "daco-10" })).await;
    let elsewhere = "/v1/connections/globex/resyncs";
    let post = async |route: &str, plan: &Value| api.post(route, &json!({ "plan": plan })).await.mistakes();
    assert_eq!(post(elsewhere, &resync["id"]).await, ["plan is of another connection"]);
    assert_eq!(post(RESYNCS, &deletion["id"]).await, ["plan plans something else"]);
    assert_eq!(post(DELETIONS, &resync["id"]).await, ["plan plans something else"]);
    assert_eq!(post(RESYNCS, &nothing["id"]).await, ["plan means no record"]);
    let (head, tail) = resync["id"].as_str().expect("an id").split_at(40);
    let tampered = format!("{head}{}{}", if tail.starts_with('A') { 'B' } else { 'A' }, &tail[1..]);
    for made_up in [json!("plan"), json!(""), json!("é"), json!(tampered)] {
        assert_eq!(post(RESYNCS, &made_up).await, ["plan is not the id of a plan"], "{made_up}");
    }
    assert_eq!(post(RESYNCS, &json!(7)).await, ["plan is a number, not a text"]);
    assert_eq!(api.post(DELETIONS, &json!({})).await.mistakes(), ["plan is missing"]);
    assert_eq!(api.post(DELETIONS, &json!({ "all": true })).await.mistakes()[0], "plan is missing");
    let both = json!({ "plan": resync["id"], "all": true });
    assert_eq!(api.post(RESYNCS, &both).await.mistakes(), ["all is not a known field"]);
    assert_eq!(
        api.post(PLANS, &json!({ "all": true, "action": "burn" })).await.mistakes(),
        ["action is not an action"]
    );
    assert_eq!(api.post(PLANS, &json!({})).await.mistakes(), ["records is missing"]);
    api.post("/v1/connections/nobody/plans", &json!({ "all": true })).await.problem(404, "unknown-connection");
    assert!(api.audit().await.is_empty());
    assert_eq!(api.get(RESYNCS).await.ok()["resyncs"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn records_that_failed_after_the_plan_are_left_out_of_what_carries_it_out() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let made = plan(&api, &json!({ "all": true })).await;
    tokio::time::advance(Duration::from_mins(5)).await;
    api.report_at("late", "2026-03-02T09:34:00Z").await;
    let asked = carry_out(&api, RESYNCS, Some("r-1"), &made).await.ok();
    run_of(&api, &asked).await;
    let ended = api.get(&format!("{RESYNCS}/r-1")).await.ok();
    assert_eq!(ended["request"]["progress"]["tried"], 1);
    assert!(matches!(api.record("late").expect("it is stored").state, State::Scheduled(_)));
}
