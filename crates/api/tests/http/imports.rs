//! Taking in rows of a file.

use engine::fakes::sample;
use engine::memory::{Fails, Operation};
use engine::ports::ErrorTypes;
use serde_json::{Value, json};

use crate::support::{Answer, Api};

fn row(id: &str, version: i64) -> Value {
    json!({
        "object": "Contact", "external_id": id, "source_version": version, "failed_at": sample::FAILED,
        "error": { "code": sample::CODE, "message": sample::MESSAGE }, "payload": { "LastName": "Canary" },
    })
}

async fn import(api: &Api, dry_run: bool, rows: &[Value]) -> Answer {
    api.post("/v1/connections/acme/imports", &json!({ "dry_run": dry_run, "rows": rows })).await
}

fn outcomes(answer: Answer) -> Vec<String> {
    let results = answer.ok()["results"].as_array().expect("results").clone();
    results.iter().map(|result| result["outcome"].as_str().expect("an outcome").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn rows_are_answered_in_their_order_each_by_what_it_changed() {
    let api = Api::acme().await;
    let rows = [row("a", 1), row("b", 1), row("a", 2), row("a", 2), json!({ "object": "Contact" }), row("a", 1)];
    let answer = import(&api, false, &rows).await;
    let results = answer.1["results"].clone();
    assert_eq!(outcomes(answer), ["accepted", "accepted", "updated", "unchanged", "refused", "unchanged"]);
    assert_eq!(results[5]["because"], "a newer version of the record is known");
    assert_eq!(results[4]["mistakes"][0]["field"], "source_version");
    assert_eq!(api.record("a").expect("it is kept").external_id_field, sample::field("Ext_Id__c"));
    assert_eq!(api.audit().await, ["ada imported failed rows of a file [3]"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_rows_twice_change_nothing_the_second_time() {
    let api = Api::acme().await;
    let rows: Vec<_> = (0..300).map(|number| row(&format!("r{number}"), 1)).collect();
    assert!(outcomes(import(&api, false, &rows).await).iter().all(|outcome| outcome == "accepted"));
    let before = api.parts.store.all();
    assert!(outcomes(import(&api, false, &rows).await).iter().all(|outcome| outcome == "unchanged"));
    assert_eq!(api.parts.store.all(), before);
    assert_eq!(api.audit().await, ["ada imported failed rows of a file [300]"]);
}

/// A request of an import that began at `started`.
async fn import_part(api: &Api, id: &str, started: &str, changed_before: u64, rows: &[Value]) -> Answer {
    let import = json!({ "id": id, "started": started, "changed_before": changed_before });
    api.post("/v1/connections/acme/imports", &json!({ "import": import, "rows": rows })).await
}

#[tokio::test(start_paused = true)]
async fn all_requests_of_an_import_have_one_entry_in_the_audit_that_counts_what_they_changed() {
    let api = Api::acme().await;
    let one = "00000000000000a1";
    import_part(&api, one, sample::FAILED, 0, &[row("a", 1), row("b", 1)]).await.ok();
    import_part(&api, one, sample::FAILED, 2, &[row("a", 1)]).await.ok();
    assert_eq!(api.audit().await, ["ada imported failed rows of a file [2]"]);
    import_part(&api, one, sample::FAILED, 2, &[row("a", 2), row("c", 1), row("b", 1)]).await.ok();
    assert_eq!(api.audit().await, ["ada imported failed rows of a file [4]"]);
    let another = "00000000000000a2";
    import_part(&api, another, sample::FAILED, 0, &[row("a", 2), row("c", 1)]).await.ok();
    assert_eq!(api.audit().await.len(), 1, "it changed nothing");
    import_part(&api, another, sample::FAILED, 0, &[row("a", 2), row("d", 1)]).await.ok();
    assert_eq!(api.audit().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_an_import_is_changed_when_the_audit_cannot_be_written() {
    let api = Api::acme().await;
    api.parts.store.fail_next(Operation::KeepAudit, 1, Fails::BeforeEffect);
    import(&api, false, &[row("a", 1)]).await.problem(503, "unavailable");
    assert!(api.parts.store.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_entry_counts_what_was_changed_where_less_was_than_could_be() {
    let api = Api::acme().await;
    api.parts.store.fail_next(Operation::Put, 1, Fails::BeforeEffect);
    import(&api, false, &[row("a", 1), row("b", 1)]).await.ok();
    assert_eq!(api.audit().await, ["ada imported failed rows of a file [1]"]);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_is_named_wrongly_is_refused_whole() {
    let api = Api::acme().await;
    let rows = [row("a", 1)];
    let refused = async |id, started| import_part(&api, id, started, 0, &rows).await.mistakes();
    let id = "00000000000000a1";
    assert_eq!(refused("A1", sample::FAILED).await, ["import.id is not 16 hexadecimal digits"]);
    assert_eq!(refused(id, "2026-03-02T09:40:00Z").await, ["import.started is in the future"]);
    assert_eq!(refused(id, "2026-02-23T09:29:00Z").await, ["import.started is more than 7 days ago"]);
    let path = "/v1/connections/acme/imports";
    let mistakes = api.post(path, &json!({ "import": { "changed_before": -1 }, "rows": rows })).await.mistakes();
    let number = "import.changed_before is not a number that fits here";
    assert_eq!(mistakes, ["import.id is missing", "import.started is missing", number]);
    assert!(api.parts.store.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_answers_as_the_import_would_and_writes_nothing() {
    let rows = [row("a", 1), row("b", 1), row("a", 2), row("a", 2), json!("no row"), row("a", 1)];
    let api = Api::acme().await;
    let rehearsed = import(&api, true, &rows).await;
    assert!(api.parts.store.all().is_empty());
    let types = api.parts.store.error_types(&sample::connection_id("acme")).await.expect("the store in memory answers");
    assert!(types.is_empty());
    assert!(api.audit().await.is_empty());
    assert_eq!(import(&api, false, &rows).await, rehearsed);
}

#[tokio::test(start_paused = true)]
async fn a_refused_row_says_what_is_wrong_by_the_names_of_the_row_and_quotes_nothing() {
    let api = Api::acme().await;
    let mut wrong = row("a", 1);
    wrong["payload"] = json!({ "Ext_Id__c": "Canary" });
    let results = import(&api, false, &[wrong]).await.ok()["results"].clone();
    assert_eq!(results[0]["mistakes"][0]["field"], "payload.Ext_Id__c");
    assert!(!results.to_string().contains("Canary"), "{results}");
}

#[tokio::test(start_paused = true)]
async fn rows_that_the_store_did_not_take_fail_by_themselves_and_can_be_sent_again() {
    let api = Api::acme().await;
    api.parts.store.fail_next(Operation::Put, 1, Fails::BeforeEffect);
    let rows = [row("a", 1), row("b", 1)];
    let answer = import(&api, false, &rows).await;
    assert_eq!(outcomes(answer).iter().filter(|outcome| *outcome == "failed").count(), 1);
    let mut again = outcomes(import(&api, false, &rows).await);
    again.sort();
    assert_eq!(again, ["accepted", "unchanged"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_import_is_refused_whole() {
    let api = Api::acme().await;
    let path = "/v1/connections/acme/imports";
    assert_eq!(api.post(path, &json!({})).await.mistakes(), ["rows is missing"]);
    assert_eq!(api.post(path, &json!({ "rows": 7 })).await.mistakes(), ["rows is not a list"]);
    let many = json!({ "rows": vec![json!({}); 1_001], "colour": "red", "dry_run": 1 });
    let mistakes = api.post(path, &many).await.mistakes();
    assert_eq!(mistakes, ["dry_run is a number", "rows has 1001 rows", "colour is not a known field"]);
    api.post("/v1/connections/globex/imports", &json!({ "rows": [] })).await.problem(404, "unknown-connection");
    assert_eq!(import(&api, false, &[]).await.ok(), json!({ "results": [] }));
    assert!(api.audit().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_row_may_name_its_parent_and_its_own_external_id_field() {
    let api = Api::acme().await;
    let mut child = row("a", 1);
    child["external_id_field"] = json!("Other__c");
    child["parent"] = json!({ "object": "Account", "external_id": "acc-1" });
    import(&api, false, &[child]).await.ok();
    let record = api.record("a").expect("it is kept");
    assert_eq!(record.external_id_field, sample::field("Other__c"));
    assert_eq!(record.parent.expect("a parent").id, sample::record_id("acc-1"));
}
