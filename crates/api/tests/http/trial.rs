//! Trying a connection out, its suspension, and the limit.

use engine::fakes::reply;
use engine::fakes::sample;
use engine::ports::{Controls, LoginAnswer, NotProcessed, OrgFigure, ProbeAnswer, Reply};
use rules::counts::ApiCalls;
use rules::owed::Selection;
use serde_json::json;

use crate::support::Api;

const TEST: &str = "/v1/connections/acme/test";

#[tokio::test(start_paused = true)]
async fn a_test_is_one_login_and_one_probe_and_costs_two_calls_of_the_budget() {
    let api = Api::acme().await;
    let figure = OrgFigure { used: ApiCalls(70), limit: ApiCalls(15_000) };
    api.salesforce().probe_next(Reply { answer: ProbeAnswer::Up, org: Some(figure) });
    let answer = api.post(TEST, &json!({})).await.ok();
    let expected = json!({
        "ok": true, "answer": "up", "words": "Salesforce took the login and answered", "api_calls": 2,
        "org": { "used": 70, "limit": 15000 },
    });
    assert_eq!(answer, expected);
    let requests = api.salesforce().requests();
    assert_eq!((requests.logins, requests.probes), (1, 1));
    let usage = api.get("/v1/connections/acme/usage").await.ok();
    assert_eq!((&usage["own"], &usage["org"]["limit"]), (&json!(2), &json!(15000)));
    assert_eq!(api.audit().await, ["ada tested  [0]"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_the_answer_sends_no_probe_and_gives_its_call_back() {
    let api = Api::acme().await;
    api.salesforce().login_next(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    let answer = api.post(TEST, &json!({})).await.ok();
    assert_eq!(
        (&answer["ok"], &answer["answer"], &answer["api_calls"]),
        (&json!(false), &json!("login_refused"), &json!(1))
    );
    assert_eq!(api.get("/v1/connections/acme/usage").await.ok()["used"], 1);
    assert_eq!(api.salesforce().requests().probes, 0);
}

#[tokio::test(start_paused = true)]
async fn every_answer_of_salesforce_has_a_name_and_words() {
    for (answer, name) in [
        (ProbeAnswer::SessionExpired, "session_refused"),
        (ProbeAnswer::NotProcessed(NotProcessed::AccessRefused), "access_refused"),
        (ProbeAnswer::NotProcessed(NotProcessed::OrgLimit), "org_limit"),
        (ProbeAnswer::NotProcessed(NotProcessed::Busy), "busy"),
        (ProbeAnswer::NotProcessed(NotProcessed::Down), "down"),
        (ProbeAnswer::NotProcessed(NotProcessed::Unreachable), "unreachable"),
        (ProbeAnswer::Unknown, "not_understood"),
    ] {
        let api = Api::acme().await;
        api.salesforce().probe_next(reply::of(answer));
        let said = api.post(TEST, &json!({})).await.ok();
        assert_eq!((&said["ok"], &said["answer"]), (&json!(false), &json!(name)));
        assert!(said["words"].as_str().is_some_and(|words| words.len() > 20), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_read_cost_no_call() {
    let api = Api::acme().await;
    api.salesforce().fail_secret(1);
    let answer = api.post(TEST, &json!({})).await.ok();
    assert_eq!((&answer["answer"], &answer["api_calls"]), (&json!("secret_unreadable"), &json!(0)));
    assert_eq!(api.get("/v1/connections/acme/usage").await.ok()["used"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_test_is_not_made_when_the_budget_has_one_call_left() {
    let api = Api::acme().await;
    api.put("/v1/connections/acme/limit", &json!({ "api_limit": 2 })).await.ok();
    let answer = api.post(TEST, &json!({})).await;
    let detail = answer.problem(409, "gate-closed");
    assert!(detail.starts_with("a test takes two calls, and 0 of 1 API calls used or reserved in 24 h"), "{detail}");
    assert_eq!(answer.1["gates"][0]["gate"], "budget");
    let requests = api.salesforce().requests();
    assert_eq!((requests.logins, requests.probes), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_outlasts_its_bucket_reserves_the_probe_in_the_next_one() {
    let api = Api::acme().await;
    api.salesforce().set_latency(std::time::Duration::from_mins(11));
    api.post(TEST, &json!({})).await.ok();
    let usage = api.get("/v1/connections/acme/usage").await.ok();
    let buckets = json!([
        { "start": "2026-03-02T09:20:00Z", "own": 1, "reported": 0 },
        { "start": "2026-03-02T09:40:00Z", "own": 1, "reported": 0 },
    ]);
    assert_eq!(usage["buckets"], buckets);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_is_shown_without_the_secrets_version_and_cleared_once() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.salesforce().set_secret_version("version-of-the-secret");
    api.salesforce().login_next(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
    let shown = api.get("/v1/connections/acme/suspension").await.ok();
    assert_eq!(
        (&shown["suspension"]["cause"], &shown["suspension"]["next_probe"]),
        (&json!("login_refused"), &json!(null))
    );
    assert!(!shown.to_string().contains("version-of-the-secret"));
    assert_eq!(api.delete("/v1/connections/acme/suspension").await.ok(), json!({ "cleared": true }));
    assert_eq!(api.delete("/v1/connections/acme/suspension").await.ok(), json!({ "cleared": false }));
    assert_eq!(api.get("/v1/connections/acme/suspension").await.ok(), json!({ "suspension": null }));
    let audit = api.audit().await;
    assert_eq!(audit.len(), 1, "{audit:?}");
    assert!(audit[0].starts_with("ada suspension_cleared Salesforce refused the login"), "{audit:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_made_anew_is_not_suspended_by_what_the_old_one_left() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.salesforce().login_next(reply::of(LoginAnswer::NotProcessed(NotProcessed::AccessRefused)));
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
    api.post("/v1/connections/acme/erasures", &json!({ "object": "Contact", "external_id": "a" })).await.ok();
    let settings = api.get("/v1/connections/acme").await.ok()["connection"].clone();
    assert_eq!(api.delete("/v1/connections/acme").await.0, 204);
    api.post("/v1/connections", &settings).await.ok();
    assert_eq!(api.get("/v1/connections/acme").await.ok()["suspension"], json!(null));
    let control = api.parts.store.control(&sample::connection_id("acme")).await.expect("a control item");
    assert!(control.epoch.0 >= 1, "epochs only grow");
}
