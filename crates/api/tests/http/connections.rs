//! Connections: created, listed, changed, paused and deleted, each change audited.

use engine::fakes::{reply, sample};
use engine::memory::{Fails, Operation};
use engine::ports::ProbeAnswer;
use serde_json::{Value, json};

use crate::support::Api;

fn settings(id: &str) -> Value {
    json!({
        "id": id,
        "policy": { "kind": "interval" },
        "target": {
            "login_url": "https://acme.my.salesforce.com", "flow": "client_credentials", "secret": "resync/acme",
        },
    })
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_created_is_listed_and_shown_with_all_its_defaults() {
    let api = Api::with([]).await;
    let created = api.post("/v1/connections", &settings("acme")).await;
    assert_eq!(created.0, 201);
    assert_eq!(created.1["connection"]["policy"]["tries"], 10);
    let shown = api.get("/v1/connections/acme").await.ok();
    assert_eq!(shown["connection"], created.1["connection"]);
    let listed = api.get("/v1/connections").await.ok();
    let line = json!({
        "id": "acme", "policy": "interval", "paused": false, "suspension": null,
        "budget": { "used": 0, "cap": 5000, "api_limit": null, "resumes": null }, "open_requests": 0,
    });
    assert_eq!(listed, json!({ "connections": [line], "unreadable": 0 }));
    assert_eq!(api.audit().await, ["ada connection_created policy interval, https://acme.my.salesforce.com [0]"]);
}

#[tokio::test(start_paused = true)]
async fn connections_are_listed_in_the_order_of_their_names() {
    let api = Api::with(["globex", "acme", "initech"].map(sample::recent)).await;
    let listed = api.get("/v1/connections").await.ok();
    let names: Vec<_> = listed["connections"].as_array().expect("a list").iter().map(|line| &line["id"]).collect();
    assert_eq!(names, ["acme", "globex", "initech"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_of_the_same_name_is_refused_and_changes_nothing() {
    let api = Api::acme().await;
    let before = api.get("/v1/connections/acme").await.ok();
    let detail = api.post("/v1/connections", &settings("acme")).await.problem(409, "conflict");
    assert_eq!(detail, "acme exists; change it, or take another name");
    assert_eq!(api.get("/v1/connections/acme").await.ok(), before);
    assert!(api.audit().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn settings_with_mistakes_are_told_all_of_them_together() {
    let api = Api::with([]).await;
    let wrong = json!({ "id": "No!", "policy": { "kind": "often" }, "target": {}, "colour": "red" });
    let mistakes = api.post("/v1/connections", &wrong).await.mistakes();
    assert!(mistakes.len() >= 5, "{mistakes:?}");
    assert!(mistakes.contains(&"colour is not a known field".to_owned()), "{mistakes:?}");
    assert!(mistakes.contains(&"policy.kind is not a policy".to_owned()), "{mistakes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_merge_patch_changes_what_it_names_and_null_restores_the_default() {
    let api = Api::acme().await;
    let patch = json!({ "budget": { "api_limit": 8000 }, "calls_in_flight": 2, "external_ids": { "Account": null } });
    let set = api.patch("/v1/connections/acme", &patch).await.ok();
    assert_eq!(set["changed"], true);
    assert_eq!(set["connection"]["budget"]["api_limit"], 8000);
    assert_eq!(set["connection"]["calls_in_flight"], 2);
    assert_eq!(set["connection"]["external_ids"], json!({ "Contact": "Ext_Id__c" }));
    let set = api.patch("/v1/connections/acme", &json!({ "calls_in_flight": null })).await.ok();
    assert_eq!(set["connection"]["calls_in_flight"], 4);
    let audit = api.audit().await;
    assert_eq!(audit.last().expect("an entry"), "ada connection_changed calls_in_flight taken off [0]");
}

#[tokio::test(start_paused = true)]
async fn a_patch_that_changes_nothing_says_so_and_leaves_no_entry_in_the_audit() {
    let api = Api::acme().await;
    let set = api.patch("/v1/connections/acme", &json!({ "paused": false, "id": "acme" })).await.ok();
    assert_eq!(set["changed"], false);
    assert!(api.audit().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_name_and_the_shards_cannot_be_changed_and_all_mistakes_come_together() {
    let api = Api::acme().await;
    let patch = json!({ "id": "globex", "shards": 8, "calls_in_flight": 99 });
    let mistakes = api.patch("/v1/connections/acme", &patch).await.mistakes();
    let expected =
        ["id cannot be changed", "shards cannot be changed", "calls_in_flight is not a number that fits here"];
    assert_eq!(mistakes, expected);
    assert_eq!(api.patch("/v1/connections/acme", &json!({ "id": null })).await.mistakes(), ["id cannot be changed"]);
    assert_eq!(api.patch("/v1/connections/acme", &json!([])).await.mistakes(), ["(input) is a list, not an object"]);
}

/// As far as Salesforce has told it to another connection into the same org.
#[tokio::test(start_paused = true)]
async fn a_new_connection_may_not_have_a_limit_above_its_org_s_own() {
    let api = Api::acme().await;
    api.salesforce().probe_next(reply::with_org(reply::of(ProbeAnswer::Up), 10, 15_000));
    api.post("/v1/connections/acme/test", &json!({})).await.ok();
    let settings = |limit: u32, host: &str| {
        json!({
            "id": "second", "policy": { "kind": "recent" }, "budget": { "api_limit": limit },
            "target": { "login_url": host, "flow": "client_credentials", "secret": "resync/second" },
        })
    };
    let acme = api.get("/v1/connections/acme").await.ok()["connection"]["target"]["login_url"].clone();
    let acme = acme.as_str().expect("an address");
    let refused = api.post("/v1/connections", &settings(15_001, acme)).await;
    assert_eq!(refused.mistakes(), ["budget.api_limit is above the org's own limit of 15000 calls in 24 hours"]);
    api.post("/v1/connections", &settings(15_000, acme)).await.ok();
    api.delete("/v1/connections/second").await;
    api.post("/v1/connections", &settings(15_001, "https://other.my.salesforce.com")).await.ok();
}

#[tokio::test(start_paused = true)]
async fn another_policy_takes_the_place_of_the_old_one_with_its_own_defaults() {
    let api = Api::acme().await;
    let set =
        api.patch("/v1/connections/acme", &json!({ "policy": { "kind": "recent", "window_days": 3 } })).await.ok();
    assert_eq!(set["connection"]["policy"]["window_days"], 3);
    assert_eq!(set["connection"]["policy"]["tries"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn the_policy_stays_while_failing_records_wait_for_it() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let answer = api.patch("/v1/connections/acme", &json!({ "policy": { "kind": "recent" } })).await;
    answer.problem(409, "conflict");
    let set = api.patch("/v1/connections/acme", &json!({ "policy": { "tries": 5 } })).await.ok();
    assert_eq!(set["connection"]["policy"]["tries"], 5, "the policy's own settings may be changed");
}

#[tokio::test(start_paused = true)]
async fn a_token_may_not_be_sent_to_the_old_host_after_the_address_changed() {
    let api = Api::acme().await;
    let patch = json!({ "target": { "login_url": "https://new.my.salesforce.com" } });
    let set = api.patch("/v1/connections/acme", &patch).await.ok();
    assert_eq!(set["connection"]["target"]["allowed_hosts"], json!(["new.my.salesforce.com"]));
}

#[tokio::test(start_paused = true)]
async fn a_patch_that_meets_another_change_is_laid_over_that_one() {
    let api = Api::acme().await;
    api.parts.store.fail_next(Operation::ChangeConnection, 1, Fails::AfterEffect);
    api.post("/v1/connections/acme/pause", &json!({})).await.problem(503, "unavailable");
    let set = api.patch("/v1/connections/acme", &json!({ "calls_in_flight": 2 })).await.ok();
    assert_eq!((&set["connection"]["paused"], &set["connection"]["calls_in_flight"]), (&json!(true), &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn pausing_and_resuming_say_whether_they_changed_anything() {
    let api = Api::acme().await;
    for (verb, paused, changed) in
        [("pause", true, true), ("pause", true, false), ("resume", false, true), ("resume", false, false)]
    {
        let set = api.post(&format!("/v1/connections/acme/{verb}"), &json!({})).await.ok();
        assert_eq!((&set["connection"]["paused"], &set["changed"]), (&json!(paused), &json!(changed)), "{verb}");
    }
    assert_eq!(api.audit().await, ["ada paused paused = true [0]", "ada resumed paused = false [0]"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_deleted_only_when_nothing_is_left_to_do_for_it() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let detail = api.delete("/v1/connections/acme").await.problem(409, "conflict");
    assert_eq!(detail, "it has failing records, which nobody would try again");
    api.post("/v1/connections/acme/erasures", &json!({ "object": "Contact", "external_id": "a" })).await.ok();
    api.post("/v1/connections/acme/resyncs", &json!({ "all": true })).await.ok();
    let detail = api.delete("/v1/connections/acme").await.problem(409, "conflict");
    assert_eq!(detail, "it has resyncs that are not done; cancel them first");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_connection_is_unknown_and_its_audit_stays() {
    let api = Api::acme().await;
    assert_eq!(api.delete("/v1/connections/acme").await.0, 204);
    api.get("/v1/connections/acme").await.problem(404, "unknown-connection");
    api.delete("/v1/connections/acme").await.problem(404, "unknown-connection");
    let audit = api.get("/v1/audit?connection=acme").await.ok();
    assert_eq!(audit["audit"][0]["action"], "connection_deleted");
    assert_eq!(audit["audit"][0]["who"], "ada");
}

#[tokio::test(start_paused = true)]
async fn the_audit_is_newest_first_and_of_one_connection_when_asked() {
    let api = Api::with([sample::interval("acme"), sample::interval("globex")]).await;
    for connection in ["acme", "globex"] {
        api.post(&format!("/v1/connections/{connection}/pause"), &json!({})).await.ok();
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
    }
    let all = api.get("/v1/audit").await.ok();
    let of = |entry: &Value| entry["connection"].as_str().expect("a name").to_owned();
    assert_eq!(all["audit"].as_array().expect("a list").iter().map(of).collect::<Vec<_>>(), ["globex", "acme"]);
    let one = api.get("/v1/audit?connection=acme&limit=5").await.ok();
    assert_eq!(one["audit"].as_array().expect("a list").iter().map(of).collect::<Vec<_>>(), ["acme"]);
}
