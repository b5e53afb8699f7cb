//! The budget, the limit, and what runs did.

use engine::fakes::sample;
use rules::owed::Selection;
use serde_json::json;

use crate::support::Api;

#[tokio::test(start_paused = true)]
async fn usage_tells_own_and_reported_calls_by_bucket_with_the_cap_and_the_limit() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
    let usage = api.get("/v1/connections/acme/usage").await.ok();
    let expected = json!({
        "buckets": [{ "start": "2026-03-02T09:20:00Z", "own": 2, "reported": 0 }],
        "own": 2, "reported": 0, "reserved_at_most": 0, "used": 2, "cap": 5000, "api_limit": null, "resumes": null, "org": null,
    });
    let forecast = json!({
        "resumes": null, "clears": null, "endless": null, "because": null, "waiting_records": 0,
        "timed_out_records": 0, "calls_needed": 0,
        "assumes": rules::forecast::ASSUMPTIONS,
    });
    let mut told = usage.clone();
    let fields = told.as_object_mut().expect("an object");
    assert_eq!(fields.remove("forecast"), Some(forecast));
    assert!(fields.remove("at").is_some_and(|at| at.as_str().is_some_and(|at| at.starts_with("2026-03-02T09:30:0"))));
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn the_forecast_says_when_what_waits_will_have_been_tried_or_why_nobody_can_tell() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    let forecast = |usage: serde_json::Value| {
        let told = &usage["forecast"];
        (told["waiting_records"].clone(), told["calls_needed"].clone(), told["clears"].clone(), told["because"].clone())
    };
    let told = forecast(api.get("/v1/connections/acme/usage").await.ok());
    assert_eq!(told, (json!(2), json!(1), json!("2026-03-02T09:40:00Z"), json!(null)));
    api.patch("/v1/connections/acme", &json!({ "paused": true })).await.ok();
    let told = forecast(api.get("/v1/connections/acme/usage").await.ok());
    assert_eq!(told, (json!(2), json!(1), json!(null), json!("a person paused the connection")));
}

#[tokio::test(start_paused = true)]
async fn records_that_no_schedule_tries_do_not_wait_for_the_budget() {
    let api = Api::with([sample::recent("acme")]).await;
    api.report(&["a"]).await;
    api.report_with("b", "DACO-02", &json!({})).await;
    let usage = api.get("/v1/connections/acme/usage").await.ok();
    assert_eq!(usage["forecast"]["waiting_records"], 1);
    assert_eq!(usage["forecast"]["clears"], "2026-03-02T11:30:00Z", "the next sweep");
}

#[tokio::test(start_paused = true)]
async fn a_limit_moves_the_cap_at_once_and_null_takes_it_off() {
    let api = Api::acme().await;
    let usage = api.put("/v1/connections/acme/limit", &json!({ "api_limit": 1000 })).await.ok();
    assert_eq!((&usage["cap"], &usage["api_limit"]), (&json!(750), &json!(1000)));
    let usage = api.put("/v1/connections/acme/limit", &json!({ "api_limit": null })).await.ok();
    assert_eq!((&usage["cap"], &usage["api_limit"]), (&json!(5000), &json!(null)));
    let audit = api.audit().await;
    let expected =
        ["ada limit_changed budget.api_limit = 1000 [0]", "ada limit_changed budget.api_limit taken off [0]"];
    assert_eq!(audit, expected);
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_a_limit_off_by_leaving_a_word_out() {
    let api = Api::acme().await;
    for (body, mistake) in [
        (json!({}), "api_limit is missing"),
        (json!({ "api_limit": "many" }), "api_limit is not a number that fits here"),
        (json!({ "api_limit": 0 }), "api_limit is not a number that fits here"),
        (json!({ "api_limit": -1 }), "api_limit is not a number that fits here"),
        (json!(7), "(input) is a number, not an object"),
    ] {
        assert_eq!(api.put("/v1/connections/acme/limit", &body).await.mistakes(), [mistake], "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_says_when_calls_come_back() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.put("/v1/connections/acme/limit", &json!({ "api_limit": 3 })).await.ok();
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
    let usage = api.get("/v1/connections/acme/usage").await.ok();
    assert_eq!((&usage["used"], &usage["cap"]), (&json!(2), &json!(2)));
    assert_eq!(usage["resumes"], "2026-03-03T09:42:10Z", "24 hours after the bucket's end, the time-out and the skew");
}

#[tokio::test(start_paused = true)]
async fn runs_tell_what_they_did_newest_first() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
    let runs = api.get("/v1/connections/acme/runs").await.ok();
    let run = &runs["runs"][0];
    assert_eq!((&run["tried"], &run["resolved"], &run["stopped"]), (&json!(2), &json!(2), &json!("done")));
    assert_eq!(api.get("/v1/connections/acme/runs?limit=0").await.mistakes(), ["limit is not a number that fits here"]);
    api.get("/v1/connections/globex/runs").await.problem(404, "unknown-connection");
}

#[tokio::test(start_paused = true)]
async fn a_cap_of_nothing_blames_no_source_and_promises_no_time() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.put("/v1/connections/acme/limit", &json!({ "api_limit": 1 })).await.ok();
    let usage = api.get("/v1/connections/acme/usage").await.ok();
    assert_eq!(
        (&usage["cap"], &usage["resumes"], &usage["forecast"]["resumes"]),
        (&json!(0), &json!(null), &json!(null))
    );
    assert_eq!(usage["forecast"]["endless"], "no_cap");
    let because = usage["forecast"]["because"].as_str().expect("a text");
    assert!(because.contains("only a higher limit helps"), "{because}");
    let why = api.get("/v1/connections/acme/records/Contact/a").await.ok();
    let gates = why["gates"].as_array().expect("a list");
    let budget = gates.iter().find(|gate| gate["gate"] == "budget").expect("the budget is a gate");
    let sooner = budget["sooner"].as_str().expect("a text");
    assert!(sooner.contains("no call ever comes back") && !sooner.contains("wait"), "{sooner}");
}
