//! The org's limit: the header, the rolling 24 hours, the refusal.

use salesforce_sim::{AppUsage, Settings};
use serde_json::{Value, json};

use crate::support::{Bench, client_credentials};

const LIMITS: &str = "/services/data/v60.0/limits";
const DAY: i64 = 24 * 60 * 60 * 1000;

fn limit(org_limit: u32) -> Settings {
    Settings { org_limit, count_logins: false, ..Settings::default() }
}

fn spent() -> (u16, Value) {
    (403, json!([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]))
}

#[tokio::test]
async fn every_authorised_answer_says_how_many_calls_were_used() {
    let bench = Bench::with(limit(5000)).await;
    assert_eq!(bench.contacts(&["C-1"]).await.usage.as_deref(), Some("api-usage=1/5000"));
    assert_eq!(bench.get("/services/data/v60.0/nowhere").await.usage.as_deref(), Some("api-usage=2/5000"));
    let limits = bench.get(LIMITS).await;
    assert_eq!(limits.json(), json!({"DailyApiRequests": {"Max": 5000, "Remaining": 4997}}));
    assert_eq!(limits.usage.as_deref(), Some("api-usage=3/5000"));
}

#[tokio::test]
async fn the_share_of_the_app_is_shown_when_it_is_set() {
    let app_usage = Some(AppUsage { name: "Sync".to_owned(), limit: 250 });
    let bench = Bench::with(Settings { app_usage, ..limit(5000) }).await;
    bench.sim.use_calls(16);
    let usage = bench.get(LIMITS).await.usage;
    assert_eq!(usage.as_deref(), Some("api-usage=17/5000; per-app-api-usage=17/250(appName=Sync)"));
}

#[tokio::test]
async fn calls_over_the_limit_are_refused_until_older_ones_leave_the_24_hours() {
    let bench = Bench::with(limit(2)).await;
    bench.contacts(&["C-1"]).await;
    bench.clock.advance(1000);
    bench.contacts(&["C-2"]).await;
    let refused = bench.contacts(&["C-3"]).await;
    assert_eq!(refused.parts(), spent());
    assert_eq!(refused.usage.as_deref(), Some("api-usage=2/2"));
    assert!(bench.sim.record("Contact", "Ext__c", "C-3").is_none());
    assert!(!bench.sim.log().pop().unwrap().counted);
    bench.clock.advance(DAY - 1001);
    assert_eq!(bench.contacts(&["C-3"]).await.parts(), spent());
    bench.clock.advance(1);
    assert_eq!(bench.contacts(&["C-3"]).await.status, 200);
}

#[tokio::test]
async fn a_raised_limit_and_the_calls_of_others_count_at_once() {
    let bench = Bench::with(limit(10)).await;
    bench.sim.use_calls(10);
    assert_eq!(bench.get(LIMITS).await.parts(), spent());
    bench.sim.set_org_limit(11);
    assert_eq!(bench.get(LIMITS).await.status, 200);
}

#[tokio::test]
async fn logins_count_when_they_are_set_to() {
    let bench = Bench::with(Settings { count_logins: true, ..limit(10) }).await;
    assert_eq!(bench.sim.calls_used(), 1);
    bench.token(&client_credentials("sim-client", "wrong")).await;
    assert_eq!(bench.sim.calls_used(), 2);
}
