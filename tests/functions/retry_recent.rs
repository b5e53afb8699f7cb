//! `retry-recent`, over a window with an excluded error type in it.
//!
//! Must not know: what is inside the binary.

use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use rules::record::{HoldReason, Next, Resolution, State};
use serde_json::json;

use super::clock::{HOUR, now};
use super::environment::{self, Services};
use super::process::{Binary, Function};
use super::reports::{batch, failed, failed_with};
use super::world::World;

/// `globex` retries by the recent policy and `acme` by the interval policy; each has failures.
async fn world() -> World {
    let world = World::start().await;
    world.connect("globex", json!({"kind": "recent"})).await;
    world.connect("acme", json!({"kind": "interval"})).await;
    let at = now() - HOUR;
    let events = [
        failed("globex", "ann", at),
        failed_with("globex", "bob", at, "DACO-02"),
        failed("globex", "cy", at - HOUR * 24 * 8),
        failed("acme", "ann", at),
    ];
    let mut ingest = world.function(Binary::Ingest).await;
    assert_eq!(ingest.invoke(batch(&events)).await, json!({"batchItemFailures": []}));
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_tries_the_window_and_never_reads_daco_02_nor_what_is_older_than_seven_days() {
    let world = world().await;
    let mut retry_recent = world.function(Binary::RetryRecent).await;
    let tick = now();
    let report = retry_recent.invoke(scheduled_event(Schedule::Recent, tick)).await;
    let requested = json!({"connection": "globex", "selection": {"recent": {"tick": tick}}});
    assert_eq!((&report["started"], &report["idle"]), (&json!([requested]), &json!(1)));

    let events = world.bus.take();
    let report = retry_recent.invoke(events[0].clone()).await;
    let numbers = ["tried", "resolved", "skipped"].map(|name| report["report"][name].clone());
    assert_eq!(numbers, [json!(1), json!(1), json!(0)], "what had been read would have been skipped or tried");
    assert_eq!(world.sent(), ["ann"]);
    let state = world.record("globex", "ann").await.state;
    assert!(matches!(state, State::Resolved { how: Resolution::Retried, .. }), "{state:?}");
    assert_eq!(world.record("globex", "bob").await.state, State::Held(HoldReason::ExcludedType));
    assert_eq!(world.record("globex", "cy").await.state, State::Scheduled(Next::Sweep));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_whose_secrets_are_in_the_cloud_sends_none_to_its_own_machine_and_says_that_nobody_is_there() {
    let world = world().await;
    // The same service by an address that does not say of itself that it is this machine.
    let secrets = world.services().secrets.replace("127.0.0.1", "0.0.0.0");
    let services = Services { secrets, ..world.services() };
    let mut retry_recent = Function::start(Binary::RetryRecent, &environment::of(Binary::RetryRecent, &services)).await;
    retry_recent.invoke(scheduled_event(Schedule::Recent, now())).await;
    let event = world.bus.take().remove(0);
    let report = retry_recent.invoke(event).await;
    assert_eq!(report["report"]["stopped"], json!("suspended"), "{report}");
    let [told] = &world.bus.take_kind("Connection Suspended")[..] else { panic!("it is told once: {report}") };
    assert!(told["detail"].to_string().contains("unreachable"), "{told}");
    assert!(world.salesforce.log().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_cannot_be_read_stops_no_other_record() {
    let world = world().await;
    let large = |contact: &str| {
        let mut event = failed("globex", contact, now() - HOUR);
        event["detail"]["payload"]["Description"] = json!("x".repeat(2_000));
        event
    };
    let mut ingest = world.function(Binary::Ingest).await;
    assert_eq!(ingest.invoke(batch(&[large("dan"), large("eve")])).await, json!({"batchItemFailures": []}));
    world.damage_payload("globex", "dan").await;
    let mut retry_recent = world.function(Binary::RetryRecent).await;
    retry_recent.invoke(scheduled_event(Schedule::Recent, now())).await;
    let event = world.bus.take().remove(0);
    let report = retry_recent.invoke(event).await;
    let numbers = ["resolved", "skipped"].map(|name| report["report"][name].clone());
    assert_eq!(numbers, [json!(2), json!(0)], "its payload is not missing: {report}");
    let mut sent = world.sent();
    sent.sort();
    assert_eq!(sent, ["ann", "eve"]);
    assert_eq!(world.record("globex", "dan").await.state, State::Scheduled(Next::Sweep));
    assert!(retry_recent.log().await.contains("a record is passed over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_policies_run_side_by_side_each_by_its_own_function() {
    let world = world().await;
    let tick = now();
    let mut functions = [
        (world.function(Binary::RetryRecent).await, Schedule::Recent, "globex"),
        (world.function(Binary::RetryDue).await, Schedule::Due, "acme"),
        (world.function(Binary::RetryTimedOut).await, Schedule::TimedOut, "nobody"),
    ];
    for (function, schedule, expected) in &mut functions {
        let report = function.invoke(scheduled_event(*schedule, tick)).await;
        for event in world.bus.take_kind("Run Requested") {
            assert_eq!(event["detail"]["connection"], *expected, "{schedule:?}: {report}");
            let report = function.invoke(event).await;
            assert_eq!(report["report"]["resolved"], json!(1), "{schedule:?}: {report}");
        }
    }
    for connection in ["globex", "acme"] {
        let state = world.record(connection, "ann").await.state;
        assert!(matches!(state, State::Resolved { .. }), "{connection}: {state:?}");
    }
}
