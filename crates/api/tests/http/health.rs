//! Whether all is there that a connection's retries rest on.

use engine::fakes::sample;
use engine::memory::{Fails, Operation};
use engine::ports::Clock;
use rules::owed::Selection;
use serde_json::{Value, json};

use crate::support::Api;

const HEALTH: &str = "/v1/connections/acme/health";

/// Each finding as `check state`.
async fn states(api: &Api) -> Vec<String> {
    let told = api.get(HEALTH).await.ok();
    let findings = told["findings"].as_array().expect("a list");
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("a text").to_owned();
    findings.iter().map(|finding| format!("{} {}", text(finding, "check"), text(finding, "state"))).collect()
}

/// What is said of one check, and the mend.
async fn told(api: &Api, check: &str) -> String {
    let told = api.get(HEALTH).await.ok();
    let findings = told["findings"].as_array().expect("a list");
    let found = findings.iter().find(|finding| finding["check"] == check).expect("it is looked at");
    format!("{} | {}", found["said"].as_str().expect("a text"), found["mend"].as_str().unwrap_or("-"))
}

async fn until(api: &Api, instant: &str) {
    tokio::time::advance(sample::time(instant).since(api.parts.clock.now())).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_lacks_nothing_is_fine_in_all_that_is_looked_at_and_salesforce_is_not_asked() {
    let api = Api::acme().await;
    let all = ["secret fine", "indexes fine", "ticks fine", "gates fine"];
    assert_eq!(states(&api).await, all);
    assert!(told(&api, "ticks").await.contains("no run has made a call or changed a record"));
    api.report(&["a"]).await;
    assert_eq!(states(&api).await, all);
    assert_eq!(api.parts.targets.target(&sample::connection_id("acme")).calls(), []);
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
    assert!(told(&api, "ticks").await.starts_with("nothing is overdue; the last run began 2026-03-02 09:30 UTC"));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_read_are_told_with_their_name_and_the_mend() {
    let api = Api::acme().await;
    api.parts.targets.target(&sample::connection_id("acme")).fail_secret(1);
    let said = told(&api, "secret").await;
    assert!(said.contains("cannot be read") && said.contains("may read it"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_index_that_does_not_answer_is_told_and_hides_nothing_else() {
    let api = Api::acme().await;
    for index in [Operation::Due, Operation::Look] {
        api.parts.store.fail_next(index, 1, Fails::BeforeEffect);
        assert_eq!(states(&api).await, ["secret fine", "indexes wrong", "gates fine"], "{index:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_no_tick_came_for_are_told_unless_a_gate_says_why() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    until(&api, "2026-03-02T09:55:00Z").await;
    assert!(states(&api).await.contains(&"ticks fine".to_owned()), "two ticks are patience");
    until(&api, "2026-03-02T10:20:01Z").await;
    let said = told(&api, "ticks").await;
    assert!(said.contains("were due more than 40 minutes ago and were not tried"), "{said}");
    assert!(said.contains("check that the schedules are enabled"), "{said}");
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    assert_eq!(states(&api).await[2..], ["ticks fine", "gates waits"]);
    assert_eq!(told(&api, "gates").await, "a person paused the connection | resume the connection");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_none_has_no_health() {
    let api = Api::acme().await;
    api.get("/v1/connections/nobody/health").await.problem(404, "unknown-connection");
}
