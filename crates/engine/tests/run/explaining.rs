//! Why a record is not retrying: each gate made true in turn, and combinations, with text, numbers and the next try.
//!
//! Must not know: how the answer is shown.

use std::time::Duration;

use engine::explain::Explanation;
use engine::fakes::{reply, sample};
use engine::ports::{Controls, UpsertAnswer};
use rules::control::{Control, OrgUsage};
use rules::counts::ApiCalls;
use rules::suspension::{Cause, Suspension};
use serde_json::{Value, json};

use crate::forced::all_refused;
use crate::support::persons::{request_id, these};
use crate::support::{World, at, id, interval, key, recent};

/// The closed gates: their names and texts.
fn closed(why: &Explanation) -> Vec<(String, String)> {
    let name = |gate: &rules::gates::Gate| {
        let written = serde_json::to_value(gate).expect("a gate can be written");
        written["gate"].as_str().expect("a gate has a name").to_owned()
    };
    why.gates.iter().filter(|gate| !gate.open).map(|gate| (name(&gate.gate), gate.text.clone())).collect()
}

async fn expect(world: &World, gates: &[(&str, &str)], next_try: Option<&str>) -> Explanation {
    let why = world.explain("a").await;
    let expected: Vec<_> = gates.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert_eq!((closed(&why), why.next_try), (expected, next_try.map(at)));
    assert!(why.gates.iter().all(|gate| gate.open == gate.sooner.is_none()), "each closed gate says what helps");
    why
}

async fn failing(connection: rules::connection::Connection, code: &str, more: &Value) -> World {
    let world = World::new("2026-03-02T09:02:00Z", [connection]).await;
    world.fails_with(&key("a"), 1, code, more).await;
    world
}

async fn change_control(world: &World, change: impl FnOnce(Control) -> Control) {
    let known = world.control().await;
    let expected = known.revision;
    let changed = Control { revision: expected + 1, ..change(known) };
    world.store.save_control(&id("acme"), &changed, expected).await.expect("the store works");
}

async fn suspends(world: &World, cause: Cause) {
    let suspension = Some(Suspension::begin(cause, world.now()));
    change_control(world, |control| Control { suspension, ..control }).await;
}

const DUE: (&str, &str) = ("due", "next try 2026-03-02 09:20 UTC");
const PAUSED: (&str, &str) = ("not_paused", "a person paused the connection");

#[tokio::test(start_paused = true)]
async fn a_record_that_waits_for_its_tick_is_not_due() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    expect(&world, &[DUE], Some("2026-03-02T09:20:00Z")).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_waits_for_a_sweep_is_not_due() {
    let world = failing(recent(), sample::CODE, &json!({})).await;
    expect(&world, &[("due", "next try 2026-03-02 11:30 UTC")], Some("2026-03-02T11:30:00Z")).await;
}

#[tokio::test(start_paused = true)]
async fn an_excluded_type_is_never_retried_by_a_schedule() {
    let world = failing(recent(), "DACO-02", &json!({})).await;
    let held = ("not_excluded", "held: error type daco-02 is never retried by a schedule");
    expect(&world, &[held, ("due", "no schedule will try it")], None).await;
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_gone_holds_the_record() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    world.set(|acme| (acme.paused, acme.retention.payload_days) = (true, Some(1))).await;
    world.wait_until(at("2026-03-04T09:02:00Z")).await;
    assert_eq!(world.applies_retention().await, 1);
    world.set(|acme| acme.paused = false).await;
    let held = ("not_excluded", "held: its payload is missing");
    expect(&world, &[held, ("due", "no schedule will try it")], None).await;
}

#[tokio::test(start_paused = true)]
async fn ten_failed_tries_leave_the_nightly_run() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    all_refused(&world);
    world.drive_until(at("2026-03-02T13:10:00Z")).await;
    let tries = ("tries_left", "10 of 10 tries used: in the timeout queue");
    expect(&world, &[tries, ("due", "next try 2026-03-03 00:00 UTC")], Some("2026-03-03T00:00:00Z")).await;
}

#[tokio::test(start_paused = true)]
async fn past_the_window_no_sweep_tries_it() {
    let world = failing(recent(), sample::CODE, &json!({})).await;
    all_refused(&world);
    world.drive_until(at("2026-03-09T23:00:00Z")).await;
    let window = ("inside_window", "first failed 2026-03-02 09:02 UTC; the 7 days end 2026-03-09 09:02 UTC");
    let why = expect(&world, &[window, ("due", "no schedule will try it")], None).await;
    assert!(why.expired);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_may_still_be_committed_quarantines_the_record() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T09:25:00Z")).await;
    // Sent within 30 seconds of the read, at most two minutes under way, and eleven more.
    let quarantine = ("not_quarantined", "an earlier send may be committed until 2026-03-02 09:34 UTC");
    expect(&world, &[("due", "next try 2026-03-02 09:40 UTC"), quarantine], Some("2026-03-02T09:40:00Z")).await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_until_a_person_ends_it() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    world.set(|acme| acme.paused = true).await;
    expect(&world, &[DUE, PAUSED], None).await;
}

#[tokio::test(start_paused = true)]
async fn a_suspension_is_probed_at_a_tick_or_waits_for_a_new_secret() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    suspends(&world, Cause::Down).await;
    let words = Cause::Down.words();
    let text = format!("suspended since 2026-03-02 09:10 UTC: {words}; next probe 2026-03-02 09:20 UTC");
    expect(&world, &[DUE, ("not_suspended", &text)], Some("2026-03-02T09:20:00Z")).await;
    let cause = Cause::LoginRefused { secret: "v1".to_owned() };
    let words = cause.words();
    suspends(&world, cause).await;
    let tail = "goes on when the secret changes or a person clears it";
    let text = format!("suspended since 2026-03-02 09:10 UTC: {words}; {tail}");
    expect(&world, &[DUE, ("not_suspended", &text)], None).await;
    suspends(&world, Cause::SecretUnreadable { name: "resync/acme".to_owned(), problem: "it is empty".to_owned() })
        .await;
    let text = "suspended since 2026-03-02 09:10 UTC: the secret resync/acme cannot be read (it is empty): check its name, what it \
                holds, and that whoever runs the retries may read it; goes on when the secret can be read, at which every tick looks";
    let why = expect(&world, &[DUE, ("not_suspended", text)], None).await;
    let sooner = why.gates.iter().find(|gate| gate.text == text).and_then(|gate| gate.sooner);
    assert!(sooner.is_some_and(|sooner| sooner.starts_with("mend the secret")), "{sooner:?}");
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_opens_when_calls_leave_the_24_hours() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    world.used(5_000, at("2026-03-01T11:05:00Z")).await;
    // The bucket ends at 11:20; a day, the request's time-out of two minutes and ten seconds later it does not count.
    let text = "5,000 of 5,000 API calls used or reserved in 24 h; calls come back 2026-03-02 11:23 UTC if sources make none until then";
    expect(&world, &[DUE, ("budget", text)], Some("2026-03-02T11:40:00Z")).await;
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(0))).await;
    expect(&world, &[DUE, ("budget", "5,000 of 0 API calls used or reserved in 24 h")], None).await;
}

/// The forecast of the usage takes something else for granted, and whoever compares the two is told.
#[tokio::test(start_paused = true)]
async fn a_next_try_that_waits_for_calls_says_what_it_takes_for_granted_and_no_other_does() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    assert_eq!(world.explain("a").await.assumes, None);
    world.used(5_000, at("2026-03-01T11:05:00Z")).await;
    let assumes = world.explain("a").await.assumes.expect("it waits for calls");
    assert!(
        assumes.starts_with("sources make no more calls until then; the forecast of the usage has them make"),
        "{assumes}"
    );
    world.set(|acme| acme.paused = true).await;
    let why = world.explain("a").await;
    assert_eq!((why.next_try, why.assumes), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_parent_fails_too_names_it_and_what_helps_both() {
    let parent = json!({ "parent": { "object": "Contact", "externalId": "p" } });
    let world = failing(interval(), sample::CODE, &parent).await;
    assert_eq!(world.explain("a").await.failing_parent, None, "nothing is known of it");
    world.fails("p", 1).await;
    let waits = world.explain("a").await.failing_parent.expect("it fails");
    let error_type = world.record("p").failure.error_type;
    assert_eq!((waits.key.id.as_str(), &waits.error_type), ("p", &error_type));
    assert_eq!(waits.text, format!("its parent Contact/p fails too ({error_type}), and goes first"));
    assert!(waits.sooner.contains("retry the parent"), "{}", waits.sooner);
    assert_eq!(world.explain("p").await.failing_parent, None);
    // What the text says of a resync that names the parent.
    world.asks("one", these(&["p"])).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(world.failing(), 0);
    assert_eq!(world.explain("a").await.failing_parent, None);
}

#[tokio::test(start_paused = true)]
async fn the_org_s_own_limit_is_looked_at_again_after_20_minutes() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    let org = Some(OrgUsage { used: ApiCalls(960), limit: ApiCalls(1_000), at: at("2026-03-02T09:01:30Z") });
    change_control(&world, |control| Control { org, ..control }).await;
    let text = "the org used 960 of 1,000 calls as of 2026-03-02 09:01 UTC; runs stop at 950";
    expect(&world, &[DUE, ("org_limit", text)], Some("2026-03-02T09:40:00Z")).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_resolved_says_so_and_nothing_else() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(100))).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    world.set(|acme| acme.paused = true).await;
    let why = expect(&world, &[("unresolved", "resolved: a retry saved it")], None).await;
    assert_eq!(why.gates.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn several_closed_gates_wait_for_the_last_of_them() {
    let world = failing(interval(), sample::CODE, &json!({})).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    suspends(&world, Cause::Unreachable).await;
    world.used(5_000, at("2026-03-01T11:05:00Z")).await;
    let names = |why: &Explanation| closed(why).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let why = world.explain("a").await;
    assert_eq!(
        (names(&why), why.next_try),
        (vec!["due".into(), "not_suspended".into(), "budget".into()], Some(at("2026-03-02T11:40:00Z")))
    );
    world.set(|acme| acme.paused = true).await;
    let why = world.explain("a").await;
    let all = ["due", "not_paused", "not_suspended", "budget"].map(String::from);
    assert_eq!((names(&why), why.next_try), (all.to_vec(), None));
}

#[tokio::test(start_paused = true)]
async fn a_request_passes_over_the_record_s_own_gates_and_waits_for_those_of_the_connection() {
    let world = failing(recent(), "DACO-02", &json!({})).await;
    world.used(5_000, at("2026-03-01T11:05:00Z")).await;
    world.asks("asked", these(&["a"])).await;
    world.drive(Duration::from_mins(1)).await;
    let why = world.explain("a").await;
    assert_eq!((why.requests, why.next_try), (vec![request_id("asked")], Some(at("2026-03-02T11:40:00Z"))));
    world.drive_until(at("2026-03-02T11:45:00Z")).await;
    assert_eq!(world.sent("a").len(), 1);
}
