//! Processes that are killed: a run that ends at any of its requests, before or after the service got it, is followed by
//! runs that lose nothing, send nothing twice at once, and keep the budget.
//!
//! A process of `retry-due` or `retry-requested` makes its requests over wires that one gate counts. The gate holds one request, the process is
//! killed with SIGKILL, and others follow under a clock that libfaketime moved on. Meanwhile some records' source syncs them
//! itself.
//!
//! Must not know: what the requests are, what is inside the binary.

pub(crate) mod evidence;
pub(crate) mod gate;
pub(crate) mod ground;
mod many;
mod moment;
mod oracle;
mod wires;
mod world;

use std::sync::Arc;
use std::time::Duration;

use engine::fan_out::Schedule;
use engine::ports::{Controls, Requests};
use functions::handlers::scheduled_event;
use rules::ids::RequestId;
use rules::resync::RequestState;
use rules::time::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use gate::Stop;
use oracle::Seen;
use world::{World, acme};

use crate::functions::process::Binary;

/// As many calls as two undisturbed ticks make, and less than one block that a run reserves.
const NARROW: u64 = 8;

const WIDE: u64 = 5_000;

/// How long Lambda lets a process work on one event.
const INVOCATION: Duration = Duration::from_mins(15);

/// How many worlds are played at the same time.
const AT_A_TIME: usize = 3;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// What became of one world.
struct Played {
    /// The requests of its first process.
    requests: usize,
    /// Whether that was killed.
    killed: bool,
    seen: Seen,
}

/// The first process is late and is killed at `stop`; the same event comes twice more, and the schedule goes on.
async fn play(cap: u64, stop: Option<Stop>) -> Played {
    let mut world = World::start(format!("{stop:?} with {cap} calls"), cap).await;
    world.fail(at("2026-03-02T09:15:00Z")).await;
    let requested = json!({
        "source": "resync", "detail-type": "Run Requested", "time": "2026-03-02T09:20:03Z",
        "detail": {"connection": "acme", "selection": {"due": {"tick": "2026-03-02T09:20:00Z"}}}
    });
    // It has two minutes only, so that its lease ends long before what it sent can no longer be committed.
    let (start, deadline) = (at("2026-03-02T09:32:05Z"), at("2026-03-02T09:34:05Z"));
    let first = world.live(start, deadline, requested.clone(), stop).await;
    world.note_what_is_in_doubt().await;
    world.is_sound(start).await;
    world.supersede(at("2026-03-02T09:33:30Z")).await;
    find_it_leased(&mut world, at("2026-03-02T09:34:30Z"), requested.clone()).await;
    live(&mut world, at("2026-03-02T09:37:00Z"), requested).await;
    // Within the quarantine of what it sent, and after it.
    tick(&mut world, at("2026-03-02T09:40:00Z")).await;
    tick(&mut world, at("2026-03-02T10:00:00Z")).await;
    let mut next = at("2026-03-02T10:20:00Z");
    if cap == NARROW {
        // What the dead process had reserved counts for a day and not longer.
        tick(&mut world, at("2026-03-03T10:40:00Z")).await;
        next = at("2026-03-03T11:00:00Z");
    }
    let seen = world.is_complete(next).await;
    world.end().await;
    Played { requests: first.requests, killed: first.answer.is_none(), seen }
}

/// A process that must make no call if a dead one still holds the lease.
async fn find_it_leased(world: &mut World, now: Timestamp, event: Value) {
    let lease = world.store.control(&acme()).await.unwrap().lease;
    let calls = world.salesforce.log().len();
    live(world, now, event).await;
    let made = world.salesforce.log().len() - calls;
    assert!(made == 0 || lease.is_none(), "{}: {made} calls were made at {now} under {lease:?}", world.name);
}

/// A process that nobody kills.
async fn live(world: &mut World, now: Timestamp, event: Value) {
    world.live(now, now + INVOCATION, event, None).await;
    world.is_sound(now).await;
}

/// A tick of the schedule, and the runs that it starts.
async fn tick(world: &mut World, tick: Timestamp) {
    let known = world.published.len();
    live(world, tick + Duration::from_secs(2), scheduled_event(Schedule::Due, tick)).await;
    let requested: Vec<Value> = world.published[known..].to_vec();
    for event in requested {
        assert_eq!(event["detail-type"], "Run Requested");
        live(world, tick + Duration::from_secs(5), event).await;
    }
}

/// Plays one world for each request that an undisturbed process makes, with its death there. Gives what came up in all.
async fn die_at_every_request(cap: u64, stop: fn(usize) -> Stop) -> Seen {
    let undisturbed = play(cap, None).await;
    assert_eq!(undisturbed.seen.unknown, 0, "nothing is in doubt when nobody dies");
    let free = Arc::new(Semaphore::new(AT_A_TIME));
    let mut worlds = JoinSet::new();
    for number in 1..=undisturbed.requests {
        let free = Arc::clone(&free);
        worlds.spawn(async move {
            let _turn = free.acquire().await.unwrap();
            (number, play(cap, Some(stop(number))).await)
        });
    }
    let mut seen = Seen::default();
    while let Some(played) = worlds.join_next().await {
        let (number, played) = played.unwrap();
        assert!(played.killed, "the process made fewer requests than {number} and was not killed");
        seen = seen.and(played.seen);
    }
    seen
}

/// A person asks for all records; the first process that tries them is killed at `stop`, and the same event comes again, twice.
async fn play_forced(stop: Option<Stop>) -> Played {
    let mut world = World::start(format!("forced, {stop:?}"), WIDE).await;
    world.fail(at("2026-03-02T09:15:00Z")).await;
    let forced = world.ask_for_all(at("2026-03-02T09:32:00Z")).await;
    assert!(forced["detail"]["selection"]["forced"].is_object(), "{forced}");
    let (start, deadline) = (at("2026-03-02T09:32:05Z"), at("2026-03-02T09:34:05Z"));
    let first = world.live_as(Binary::RetryRequested, start, deadline, forced.clone(), stop).await;
    world.note_what_is_in_doubt().await;
    world.is_sound(start).await;
    world.supersede(at("2026-03-02T09:33:30Z")).await;
    // While the lease of the dead lasts, and when it is over.
    for now in [at("2026-03-02T09:34:30Z"), at("2026-03-02T09:37:00Z")] {
        world.live_as(Binary::RetryRequested, now, now + INVOCATION, forced.clone(), None).await;
        world.is_sound(now).await;
    }
    tick(&mut world, at("2026-03-02T09:40:00Z")).await;
    tick(&mut world, at("2026-03-02T10:00:00Z")).await;
    let seen = world.is_complete(at("2026-03-02T10:20:00Z")).await;
    let request = world.store.request(&acme(), &RequestId::new("all").unwrap()).await.unwrap().unwrap();
    assert_eq!(request.state, RequestState::Done, "{}: {request:?}", world.name);
    world.end().await;
    Played { requests: first.requests, killed: first.answer.is_none(), seen }
}

/// One request in three, in turn before and after its service got it: where a run dies is the other tests' to try out.
#[tokio::test(flavor = "multi_thread")]
async fn a_forced_resync_killed_on_its_way_is_done_all_the_same_and_loses_nothing() {
    let undisturbed = play_forced(None).await;
    assert_eq!(undisturbed.seen.unknown, 0, "nothing is in doubt when nobody dies");
    let mut seen = Seen::default();
    for number in (1..=undisturbed.requests).step_by(3) {
        let stop = if number % 2 == 0 { Stop::Before(number) } else { Stop::After(number) };
        let played = play_forced(Some(stop)).await;
        assert!(played.killed, "the process made fewer requests than {number} and was not killed");
        seen = seen.and(played.seen);
    }
    assert!(seen.unknown > 0, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_before_any_of_its_requests_arrives_is_followed_by_runs_that_put_everything_right() {
    let seen = die_at_every_request(WIDE, Stop::Before).await;
    assert!(seen.unknown > 0 && seen.overwritten > 0, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_before_any_answer_comes_is_followed_by_runs_that_put_everything_right() {
    let seen = die_at_every_request(WIDE, Stop::After).await;
    assert!(seen.unknown > 0 && seen.overwritten > 0 && seen.repeated > 0, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_with_a_budget_that_is_nearly_used_up_never_makes_a_call_too_many() {
    die_at_every_request(NARROW, Stop::After).await;
}
