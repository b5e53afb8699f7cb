//! The console over 50,000 failing records, over none, and for a viewer: pages of the real router over a store in memory.

use std::sync::Arc;
use std::time::Duration;

use api::{Caller, Role, router};
use axum::Extension;
use engine::fakes::{Around, VirtualClock, around, sample};
use engine::ingest::Ingest;
use engine::memory::{Fails, MemoryStore, Operation};
use engine::ports::{Clock, Connections};
use engine::resync::list;
use engine::run::{Halt, Order, run};
use serde_json::json;
use tokio::net::TcpListener;

use crate::browser::{Browser, Scheme};
use crate::looks::look_at;

const RECORDS: usize = 50_000;

type InMemory = Around<MemoryStore>;

/// The console of a system in memory, for this person: its address.
async fn serve(parts: &Arc<InMemory>, name: &str, role: Role) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
    let address = listener.local_addr().expect("it listens");
    let console = router(Arc::clone(parts)).layer(Extension(Caller::new(name, role)));
    tokio::spawn(async move { axum::serve(listener, console).await });
    format!("http://{address}")
}

/// `acme` with so many failing Contacts, and `quiet` with none.
async fn system(records: usize) -> Arc<InMemory> {
    let clock = VirtualClock::starting(sample::time("2026-03-02T09:30:00Z"));
    let parts = Arc::new(around(MemoryStore::new(), clock));
    for connection in [sample::interval("acme"), sample::interval("quiet")] {
        parts.store.save_connection(&connection).await.expect("the store in memory keeps it");
    }
    let ingest = Ingest::new(parts.as_ref());
    for number in 0..records {
        let error = json!({ "code": sample::CODE, "message": sample::MESSAGE });
        let detail = json!({
            "connection": "acme", "object": "Contact", "externalId": format!("N-{number:06}"), "externalIdField": "Ext_Id__c",
            "sourceVersion": 1, "error": error, "payload": { "LastName": "x" },
        });
        let event = json!({ "detail-type": "Sync Failed", "time": parts.clock.now(), "detail": detail });
        ingest.take(&event.to_string()).await.expect("a right report is taken in");
    }
    ingest.write_counts().await;
    parts
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_failing_records_are_told_in_numbers_paged_planned_and_followed_never_listed_whole() {
    let parts = system(RECORDS).await;
    let (base, browser) = (serve(&parts, "ada", Role::Operator).await, Browser::start().await);
    browser.show(1_600, Scheme::Light).await;
    let mut wrong = Vec::new();
    browser.go(&format!("{base}/c/acme/errors")).await;
    browser.until_says("50,000").await;
    browser.until_says("Retry all 50,000").await;
    wrong.extend(look_at(&browser, "large-errors").await);

    browser.go(&format!("{base}/c/acme/records")).await;
    browser.until_says("50 records on this page, searched 50 of 50,000").await;
    assert_eq!(browser.run("return document.querySelectorAll('tbody tr').length").await, 50);
    wrong.extend(look_at(&browser, "large-records").await);
    browser.click_on("Next page").await;
    browser.until_says("searched 100 of 50,000").await;
    browser.until_says("First page").await;

    browser.click_on("Retry all").await;
    browser.until_says("This is a plan: nothing is done yet").await;
    browser.until_says("about 50,000").await;
    browser.until_says("about 251").await;
    browser.until_says("6 % of the 5,000 that are left").await;
    assert_eq!(browser.run("return document.querySelectorAll('main li').length < 20").await, true);
    wrong.extend(look_at(&browser, "large-plan").await);

    browser.click_on("Retry 50,000 records").await;
    browser.until_says("About 50,000 waiting, 0 tried").await;
    let acme = sample::connection_id("acme");
    let asked = list(parts.as_ref(), &acme, 1).await.expect("the store works").remove(0);
    parts.targets.target(&acme).set_latency(Duration::from_secs(1));
    let (halt, deadline) = (Halt::default(), parts.clock.now() + Duration::from_mins(10));
    let order = Order { connection: acme, selection: asked.selection(), deadline, halt };
    let working = Arc::clone(&parts);
    let run = tokio::spawn(async move { run(working.as_ref(), &order).await });
    // Whole batches of 200, and no more "0 resolved".
    browser.until_says("00 resolved").await;
    browser.until_says("00 tried").await;
    assert!(browser.has("#progress[hx-trigger]").await, "it is under way");
    wrong.extend(look_at(&browser, "large-progress").await);
    run.abort();
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_everything_and_is_offered_no_action() {
    let parts = system(60).await;
    let (base, browser) = (serve(&parts, "vic", Role::Viewer).await, Browser::start().await);
    browser.show(1_600, Scheme::Light).await;
    let mut wrong = Vec::new();
    for (name, path) in [
        ("viewer-overview", "/"),
        ("viewer-errors", "/c/acme/errors"),
        ("viewer-records", "/c/acme/records"),
        ("viewer-record", "/c/acme/records/Contact/N-000001"),
        ("viewer-settings", "/c/acme/settings"),
        ("viewer-usage", "/c/acme/usage"),
    ] {
        browser.go(&format!("{base}{path}")).await;
        browser.until_says("viewer").await;
        assert!(!browser.has("form[method=post] button").await, "{path} offers an action");
        wrong.extend(look_at(&browser, name).await);
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_fails_every_page_says_what_it_is_for() {
    let parts = system(0).await;
    let (base, browser) = (serve(&parts, "ada", Role::Operator).await, Browser::start().await);
    browser.show(1_600, Scheme::Light).await;
    let mut wrong = Vec::new();
    for (name, path, says) in [
        ("empty-errors", "/c/quiet/errors", "No record fails"),
        ("empty-records", "/c/quiet/records", "No record fails"),
        ("empty-queue", "/c/quiet/timeout-queue", "No failing record fits"),
        ("empty-usage", "/c/quiet/usage", "No record waits for a schedule"),
        ("empty-requests", "/c/quiet/requests", "Nobody asked for anything yet"),
        ("empty-runs", "/c/quiet/runs", "run"),
        ("empty-audit", "/c/quiet/audit", "Audit"),
    ] {
        browser.go(&format!("{base}{path}")).await;
        browser.until_says(says).await;
        wrong.extend(look_at(&browser, name).await);
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_table_does_not_answer_for_says_that_nothing_was_done_and_what_to_do() {
    let parts = system(1).await;
    let (base, browser) = (serve(&parts, "ada", Role::Operator).await, Browser::start().await);
    browser.show(1_600, Scheme::Light).await;
    parts.store.fail_next(Operation::Standing, usize::MAX, Fails::BeforeEffect);
    browser.go(&format!("{base}/c/acme/errors")).await;
    browser.until_says("try again").await;
    assert_eq!(look_at(&browser, "unavailable").await, Vec::<String>::new());
}
