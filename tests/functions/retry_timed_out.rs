//! `retry-timed-out`, after a record's ten retries, at the midnight that follows.
//!
//! Must not know: what is inside the binary.

use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use rules::record::{Resolution, State};
use rules::schedule::next_daily_after;
use rules::time::TimeOfDay;
use salesforce_sim::{Failure, Rule, Selector};
use serde_json::json;

use super::clock::{HOUR, TICK, now};
use super::process::Binary;
use super::reports::{batch, failed};
use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_failed_retries_the_nightly_run_of_the_timeout_queue_tries_a_record_until_it_is_saved() {
    let world = World::start().await;
    world.connect("acme", json!({"kind": "interval"})).await;
    world.connect("globex", json!({"kind": "recent"})).await;
    let lock = world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::Every, Failure::RowLock));
    let first = now();
    let mut ingest = world.function(Binary::Ingest).await;
    ingest.invoke(batch(&[failed("acme", "ann", first - HOUR)])).await;

    let mut retry_due = world.function(Binary::RetryDue).await;
    for number in 0..10 {
        let selection = json!({"due": {"tick": first + TICK * number}});
        let requested = json!({"connection": "acme", "selection": selection});
        retry_due.invoke(json!({"source": "resync", "detail-type": "Run Requested", "detail": requested})).await;
    }
    let last = first + TICK * 9;
    let midnight = next_daily_after(last, TimeOfDay::MIDNIGHT);
    let ann = world.record("acme", "ann").await;
    assert_eq!((ann.attempts.interval, ann.state), (10, State::TimedOut { next: midnight }));
    assert_eq!(world.sent().len(), 10);
    world.bus.take();

    let mut nightly = world.function(Binary::RetryTimedOut).await;
    let early = nightly.invoke(scheduled_event(Schedule::TimedOut, last)).await;
    assert_eq!((&early["started"], &early["idle"]), (&json!([]), &json!(2)), "before midnight nothing is due");

    let night = |number: u32| midnight + HOUR * 24 * number;
    for number in 0..2 {
        let report = nightly.invoke(scheduled_event(Schedule::TimedOut, night(number))).await;
        let requested = json!({"connection": "acme", "selection": {"timed_out": {"tick": night(number)}}});
        assert_eq!((&report["started"], &report["idle"]), (&json!([requested]), &json!(1)));
        let events = world.bus.take();
        if number == 1 {
            world.salesforce.mend(lock);
        }
        let report = nightly.invoke(events[0].clone()).await;
        assert_eq!((&report["outcome"], &report["report"]["tried"]), (&json!("ran"), &json!(1)));
        assert_eq!(world.bus.take_details("Records Retried")[0]["kind"], "nightly");
        let ann = world.record("acme", "ann").await;
        match number {
            0 => assert_eq!(ann.state, State::TimedOut { next: night(1) }, "it stays in the queue"),
            _ => assert!(matches!(ann.state, State::Resolved { how: Resolution::Retried, .. }), "{:?}", ann.state),
        }
    }
    assert_eq!(world.sent().len(), 12);
}
