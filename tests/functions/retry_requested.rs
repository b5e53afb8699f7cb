//! `retry-requested`: what an operator asks for through `api` comes over the bus, is tried, and is followed through `api`.
//!
//! Must not know: what is inside the binaries.

use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use rules::record::{Resolution, State};
use salesforce_sim::{Failure, Rule, Selector};
use serde_json::{Value, json};

use super::clock::{HOUR, now};
use super::process::Binary;
use super::reports::{CANARY, batch, failed, failed_with};
use super::secrets::CLIENT_SECRET;
use super::url::{ADA, Url, VIC};
use super::world::World;

const RESYNCS: &str = "/v1/connections/acme/resyncs";

/// `acme` under the recent policy, with a contact in the window, and one that no schedule ever tries.
async fn world() -> World {
    let world = World::start().await;
    world.connect("acme", json!({"kind": "recent"})).await;
    let at = now() - HOUR;
    let mut ingest = world.function(Binary::Ingest).await;
    let excluded = failed_with("acme", "bob", at, "DACO-02");
    ingest.invoke(batch(&[failed("acme", "ann", at), excluded, failed("acme", "cy", at)])).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resync_is_asked_for_published_tried_and_followed() {
    let world = world().await;
    world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::external_ids(["cy"]), Failure::RowLock));
    let mut url = Url::of(&world).await;
    let asked = url.send(ADA, "POST", RESYNCS, &json!({"all": true})).await;
    assert_eq!((asked.status, &asked.body["request"]["state"]), (202, &json!("open")), "{asked:?}");
    let id = asked.body["request"]["id"].as_str().unwrap().to_owned();
    assert!(world.calls().is_empty(), "asking alone calls nobody");

    let published = world.bus.take();
    let selection = &published[0]["detail"]["selection"];
    assert_eq!((published.len(), &selection["forced"]["request"]), (1, &json!(id)));
    let mut retry_requested = world.function(Binary::RetryRequested).await;
    let report = retry_requested.invoke(published[0].clone()).await;
    assert_eq!((&report["outcome"], &report["report"]["stopped"]), (&json!("ran"), &json!("done")), "{report}");

    let followed = url.get(VIC, &format!("{RESYNCS}/{id}")).await;
    let progress = ["tried", "resolved", "failed"].map(|name| followed.body["request"]["progress"][name].clone());
    assert_eq!((&followed.body["request"]["state"], progress), (&json!("done"), [json!(3), json!(2), json!(1)]));
    for contact in ["ann", "bob"] {
        let state = world.record("acme", contact).await.state;
        assert!(matches!(state, State::Resolved { how: Resolution::Retried, .. }), "{contact}: {state:?}");
    }
    let cy = world.record("acme", "cy").await;
    assert_eq!((cy.attempts.forced, cy.attempts.recent), (1, 0));
    assert_eq!(world.bus.take_details("Records Retried")[0]["kind"], "forced");
    let log = retry_requested.log().await;
    assert!(!log.contains(CANARY) && !log.contains(CLIENT_SECRET), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_clicks_and_ten_deliveries_are_one_resync() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    let mut ask = super::url::event(Some(ADA), "POST", RESYNCS, Some("{\"records\":[\"Contact/ann\"]}"));
    ask["headers"]["idempotency-key"] = json!("ten-clicks");
    for _ in 0..10 {
        assert!([200, 202].contains(&url.deliver(ask.clone()).await.status));
    }
    let hints = world.bus.take_kind("Run Requested");
    assert!(!hints.is_empty());
    let mut retry_requested = world.function(Binary::RetryRequested).await;
    for _ in 0..10 {
        assert_eq!(retry_requested.invoke(hints[0].clone()).await["outcome"], "ran");
    }
    assert_eq!(world.sent(), ["ann"]);
    let audit = url.get(VIC, "/v1/audit").await.body;
    assert_eq!(audit["audit"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_connection_waits_and_says_so_and_the_resync_goes_on_when_it_is_resumed() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    url.send(ADA, "POST", "/v1/connections/acme/pause", &json!({})).await;
    let asked = url.send(ADA, "POST", RESYNCS, &json!({"all": true})).await.body;
    assert_eq!(asked["waits_for"], json!(["a person paused the connection; resume the connection"]));
    let event = world.bus.take()[0].clone();
    let mut retry_requested = world.function(Binary::RetryRequested).await;
    assert_eq!(retry_requested.invoke(event.clone()).await["report"]["stopped"], "paused");
    assert!(world.sent().is_empty());
    url.send(ADA, "POST", "/v1/connections/acme/resume", &json!({})).await;
    retry_requested.invoke(event).await;
    assert_eq!(world.sent().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_is_refused_by_the_function_that_has_no_schedule() {
    let world = world().await;
    let mut retry_requested = world.function(Binary::RetryRequested).await;
    let error = retry_requested.fail(scheduled_event(Schedule::Due, now())).await;
    assert_eq!(error["errorType"], "WrongEvent");
    assert!(error["errorMessage"].as_str().unwrap().starts_with("a schedule's tick has no meaning here"), "{error}");
    assert_eq!((world.calls().len(), world.bus.take()), (0, Vec::<Value>::new()));
}
