//! The admin routes, by which another process drives the simulator.

use reqwest::Method;
use serde_json::json;

use crate::support::Bench;

#[tokio::test]
async fn another_process_adds_lists_and_mends_rules() {
    let bench = Bench::start().await;
    let rule = json!({
        "name": "lock", "object": "Contact", "selector": {"external_ids": ["C-1", "C-2"]},
        "failure": "row_lock", "activity": "until_mended",
    });
    let (status, body) = bench.post("/__sim/rules", &rule).await.parts();
    assert_eq!((status, body), (201, json!({"id": 1})));
    assert_eq!(bench.get("/__sim/rules").await.json()[0]["rule"]["name"], "lock");
    let refused = bench.contacts(&["C-1"]).await.json();
    assert_eq!(refused[0]["errors"][0]["statusCode"], "UNABLE_TO_LOCK_ROW");
    assert_eq!(bench.post("/__sim/rules/1/mend-records", &json!(["C-1"])).await.status, 204);
    assert_eq!(bench.contacts(&["C-1"]).await.json()[0]["success"], true);
    assert_eq!(bench.post("/__sim/rules/1/mend", &json!({})).await.status, 204);
    assert_eq!(bench.contacts(&["C-2"]).await.json()[0]["success"], true);
    assert_eq!(bench.post("/__sim/rules/1/mend", &json!({})).await.status, 404);
}

#[tokio::test]
async fn another_process_queues_lists_and_clears_faults() {
    let bench = Bench::start().await;
    let fault = json!({
        "effect": {"answer": ["server_unavailable", "never"]}, "calls": "data", "window": {"next": 2},
    });
    assert_eq!(bench.post("/__sim/faults", &fault).await.status, 201);
    assert_eq!(bench.contacts(&["C-1"]).await.status, 503);
    assert_eq!(bench.get("/__sim/faults").await.json()[0]["window"], json!({"next": 1}));
    assert_eq!(bench.send(bench.request(Method::DELETE, "/__sim/faults")).await.status, 204);
    assert_eq!(bench.contacts(&["C-1"]).await.status, 200);
}

#[tokio::test]
async fn another_process_changes_secret_limit_calls_tokens_and_records() {
    let mut bench = Bench::start().await;
    let put = |path: &str, body| bench.request(Method::PUT, path).json(&body);
    let record = json!({"object": "Contact", "field": "Ext__c", "external_id": "C-9", "fields": {"LastName": "Other"}});
    assert_eq!(bench.send(put("/__sim/records", record)).await.json(), json!({"id": "003000000000001AAA"}));
    assert_eq!(bench.send(put("/__sim/limit", json!({"limit": 7}))).await.status, 204);
    assert_eq!(bench.post("/__sim/calls", &json!({"calls": 6})).await.status, 204);
    let usage = bench.get("/services/data/v60.0/limits").await.usage;
    assert_eq!(usage.as_deref(), Some("api-usage=7/7"));
    assert_eq!(bench.send(put("/__sim/limit", json!({"limit": 70}))).await.status, 204);
    assert_eq!(bench.post("/__sim/tokens/expire", &json!({})).await.status, 204);
    assert_eq!(bench.get("/services/data/v60.0/limits").await.status, 401);
    bench.log_in().await;
    let secret = bench.request(Method::PUT, "/__sim/secret").json(&json!({"secret": "rotated"}));
    assert_eq!(bench.send(secret).await.status, 204);
    let form = crate::support::client_credentials("sim-client", "rotated");
    assert_eq!(bench.token(&form).await.status, 200);
}

#[tokio::test]
async fn another_process_reads_the_log_from_where_it_left_off() {
    let bench = Bench::start().await;
    bench.contacts(&["C-1"]).await;
    let log = bench.get("/__sim/log").await.json();
    assert_eq!((&log[0]["kind"], &log[1]["kind"]), (&json!("token"), &json!("collections")));
    assert_eq!(log[1]["records"][0]["external_id"], "C-1");
    assert_eq!(log[1]["records"][0]["outcome"]["committed"]["created"], true);
    let rest = bench.get("/__sim/log?after=1").await.json();
    assert_eq!(rest.as_array().unwrap().len(), 1);
    assert_eq!(rest[0]["sequence"], 2);
}
