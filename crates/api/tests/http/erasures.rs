//! Erasing a record: everything of it goes, unless a send of it may still be committed.

use std::time::Duration;

use engine::fakes::sample;
use engine::memory::{Fails, Operation};
use engine::ports::{Controls, Journal, Reply, UpsertAnswer};
use rules::control::Control;
use rules::ids::{Epoch, RequestId, RunId};
use rules::lease::Lease;
use rules::owed::Selection;
use serde_json::{Value, json};

use crate::support::{Answer, Api};

const ERASURES: &str = "/v1/connections/acme/erasures";

async fn erase(api: &Api, id: &str) -> Answer {
    api.post(ERASURES, &json!({ "object": "Contact", "external_id": id })).await
}

async fn journal(api: &Api) -> String {
    let entries = api.parts.store.entries(&sample::connection_id("acme")).await.expect("the store in memory answers");
    serde_json::to_string(&entries).expect("entries are JSON")
}

/// A run in which the batch's outcome stays unknown, and which records stay quarantined.
async fn run_into_the_unknown(api: &Api) {
    api.salesforce().answer_next(Reply { answer: UpsertAnswer::Unknown, org: None });
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
}

#[tokio::test(start_paused = true)]
async fn an_erased_record_leaves_nothing_but_a_fingerprint_in_the_audit() {
    let api = Api::acme().await;
    let large = json!({ "Description": "Canary".repeat(200) });
    api.report_with("person@example.org", sample::CODE, &large).await;
    assert_eq!(api.parts.store.payloads_apart(), 1);
    let erased = erase(&api, "person@example.org").await.ok();
    assert_eq!(erased["erased"], true);
    assert!(api.record("person@example.org").is_none());
    assert_eq!(api.parts.store.payloads_apart(), 0);
    api.get("/v1/connections/acme/records/Contact/person@example.org").await.problem(404, "unknown-record");
    let audit = api.get("/v1/audit").await.ok();
    let subject = audit["audit"][0]["subject"].as_str().expect("a subject");
    assert!(subject.starts_with("Contact sha256:") && subject.len() == 15 + 64, "{subject}");
    assert!(!audit.to_string().contains("person"), "{audit}");
}

#[tokio::test(start_paused = true)]
async fn erasing_what_is_not_there_says_so_and_leaves_no_entry() {
    let api = Api::acme().await;
    assert_eq!(erase(&api, "a").await.ok()["erased"], false);
    assert!(api.audit().await.is_empty());
    api.post("/v1/connections/globex/erasures", &json!({ "object": "Contact", "external_id": "a" }))
        .await
        .problem(404, "unknown-connection");
    let wrong = api.post(ERASURES, &json!({ "object": "1", "id": "a" })).await.mistakes();
    assert_eq!(wrong, ["object is not an object's API name", "external_id is missing", "id is not a known field"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_send_may_still_be_committed_is_erased_only_after_that() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    run_into_the_unknown(&api).await;
    let refused = erase(&api, "a").await;
    let detail = refused.problem(409, "conflict");
    let until = refused.1["until"].as_str().expect("an instant").to_owned();
    assert_eq!(detail, format!("an earlier send of it may still be committed; erase it after {until}"));
    assert!(api.record("a").is_some());
    assert!(api.audit().await.is_empty());

    tokio::time::advance(Duration::from_mins(30)).await;
    assert!(journal(&api).await.contains("\"a\""), "the finished entry names it until somebody overwrites it");
    assert_eq!(erase(&api, "a").await.ok()["erased"], true);
    let journal = journal(&api).await;
    assert!(!journal.contains("\"a\"") && journal.contains("\"b\""), "{journal}");
}

#[tokio::test(start_paused = true)]
async fn the_next_run_goes_on_over_a_journal_that_was_cleared() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    run_into_the_unknown(&api).await;
    tokio::time::advance(Duration::from_mins(30)).await;
    erase(&api, "a").await.ok();
    erase(&api, "b").await.ok();
    api.report(&["c"]).await;
    api.run(Selection::Due { tick: sample::time("2026-03-02T10:00:00Z") }).await;
    assert!(!api.record("c").expect("it is kept").is_failing());
    api.salesforce().never_overlapping();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_erased_while_a_run_holds_the_connection_or_died_holding_it() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let id = sample::connection_id("acme");
    let lease = Lease { holder: RunId(7), epoch: Epoch(1), until: sample::time("2026-03-02T09:45:00Z") };
    let control = Control { revision: 9, epoch: Epoch(1), lease: Some(lease), ..Control::default() };
    api.parts.store.save_control(&id, &control, 0).await.expect("the store in memory keeps it");
    let refused = erase(&api, "a").await;
    refused.problem(409, "conflict");
    assert_eq!(refused.1["until"], "2026-03-02T09:45:00Z");
    tokio::time::advance(Duration::from_mins(20)).await;
    let refused = erase(&api, "a").await;
    refused.problem(409, "conflict");
    assert_eq!(refused.1["until"], "2026-03-02T10:00:00Z", "the next tick recovers what the dead run left");
    assert!(api.record("a").is_some());
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_given_back_and_work_noted_meanwhile_stays_owed() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    erase(&api, "a").await.ok();
    let control = api.parts.store.control(&sample::connection_id("acme")).await.expect("a control item");
    assert_eq!((control.lease, control.epoch), (None, Epoch(1)));
    api.run(Selection::Due { tick: sample::time(sample::TICK) }).await;
    assert!(!api.record("b").expect("it is kept").is_failing());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_named_it_forgets_it_and_tries_the_others() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    let resyncs = "/v1/connections/acme/resyncs";
    let asked = api.post(resyncs, &json!({ "records": ["Contact/a", "Contact/b"] })).await.ok();
    erase(&api, "a").await.ok();
    let id = asked["request"]["id"].as_str().expect("an id");
    let known = api.get(&format!("{resyncs}/{id}")).await.ok();
    assert_eq!(known["request"]["wanted"], json!({ "records": [["Contact", "b"]] }));
    let (request, tick) = (RequestId::new(id).expect("an id"), sample::time(crate::support::NOW));
    api.run(Selection::Forced { request, tick }).await;
    let done = api.get(&format!("{resyncs}/{id}")).await.ok();
    assert_eq!((&done["request"]["state"], &done["request"]["progress"]["tried"]), (&json!("done"), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_request_for_it_alone_ends_by_itself() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let asked = api.post("/v1/connections/acme/resyncs", &json!({ "records": ["Contact/a"] })).await.ok();
    erase(&api, "a").await.ok();
    let id = asked["request"]["id"].as_str().expect("an id");
    let (request, tick) = (RequestId::new(id).expect("an id"), sample::time(crate::support::NOW));
    api.run(Selection::Forced { request, tick }).await;
    let done = api.get(&format!("/v1/connections/acme/resyncs/{id}")).await.ok();
    assert_eq!(done["request"]["state"], "done");
    assert_eq!(api.salesforce().requests().upserts, 0);
}

#[tokio::test(start_paused = true)]
async fn an_erasure_that_broke_off_anywhere_is_finished_by_the_same_again() {
    let steps = [
        Operation::Standing,
        Operation::SaveControl,
        Operation::Entries,
        Operation::Requests,
        Operation::Read,
        Operation::Erase,
    ];
    for (step, fails) in steps.into_iter().flat_map(|step| [(step, Fails::BeforeEffect), (step, Fails::AfterEffect)]) {
        let api = Api::acme().await;
        api.report(&["a", "b"]).await;
        run_into_the_unknown(&api).await;
        api.post("/v1/connections/acme/resyncs", &json!({ "records": ["Contact/a"] })).await.ok();
        tokio::time::advance(Duration::from_mins(30)).await;
        api.parts.store.fail_next(step, 1, fails);
        let first = erase(&api, "a").await;
        let second = erase(&api, "a").await;
        let done = |answer: &Answer| answer.0 == 200;
        assert!(done(&first) || done(&second), "{step:?} {fails:?}: {first:?} {second:?}");
        assert!(api.record("a").is_none(), "{step:?} {fails:?}");
        assert!(!journal(&api).await.contains("\"a\""), "{step:?} {fails:?}");
        let resyncs = api.get("/v1/connections/acme/resyncs").await.ok();
        assert_eq!(resyncs["resyncs"][0]["wanted"], json!({ "records": [] }), "{step:?} {fails:?}");
        let entries = api.audit().await;
        let told = entries.iter().filter(|entry| entry.starts_with("ada record_erased")).count();
        assert_eq!(told, 1, "{step:?} {fails:?}: {entries:?}");
        let control = api.parts.store.control(&sample::connection_id("acme")).await.expect("a control item");
        assert_eq!(control.lease, None, "{step:?} {fails:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_erasure_whose_only_write_lost_its_reply_is_known_to_be_done() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.parts.store.fail_next(Operation::Erase, 1, Fails::AfterEffect);
    assert_eq!(erase(&api, "a").await.ok()["erased"], true);
    assert_eq!(api.audit().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_more_requests_name_than_one_write_takes_is_erased_from_all_of_them_and_told_once() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    let resyncs = "/v1/connections/acme/resyncs";
    for _ in 0..12 {
        api.post(resyncs, &json!({ "records": ["Contact/a", "Contact/b"] })).await.ok();
    }
    assert_eq!(erase(&api, "a").await.ok()["erased"], true);
    let requests = api.get(&format!("{resyncs}?limit=100")).await.ok()["resyncs"].clone();
    let requests = requests.as_array().expect("a list");
    assert_eq!(requests.len(), 12);
    assert!(requests.iter().all(|one| one["wanted"] == json!({ "records": [["Contact", "b"]] })), "{requests:?}");
    let entries = api.audit().await;
    assert_eq!(entries.iter().filter(|entry| entry.starts_with("ada record_erased")).count(), 1, "{entries:?}");
    assert!(api.record("a").is_none());
    let control = api.parts.store.control(&sample::connection_id("acme")).await.expect("a control item");
    assert_eq!((control.lease, control.owed.forced.len()), (None, 12));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_reports_it_anew_meanwhile_does_not_keep_it_alive() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    erase(&api, "a").await.ok();
    api.report(&["a"]).await;
    assert!(api.record("a").is_some(), "nothing marks that it was here, as the note says");
    let note: Value = erase(&api, "a").await.ok()["note"].clone();
    assert!(note.as_str().is_some_and(|note| note.starts_with("Nothing marks that it was here")), "{note}");
    assert!(api.record("a").is_none());
}
