//! What explain promises is what happens: over random histories, the next try that is promised is the time at which the record
//! is really tried, when nothing else changes; and nobody is tried who was promised nothing.
//!
//! Must not know: how the promise is computed.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::ports::{Connections, Controls, UpsertAnswer};
use rules::catalogue::ErrorType;
use rules::control::{Control, OrgUsage};
use rules::counts::ApiCalls;
use rules::policy::Policy;
use rules::record::Record;
use rules::suspension::{Cause, Suspension};
use rules::time::Timestamp;
use serde_json::json;

use crate::support::persons::these;
use crate::support::{World, at, id, interval, key, recent};

/// How many histories are played.
const HISTORIES: u64 = 120;

/// How long after the promise's making everything is watched.
const WATCHED: Duration = Duration::from_hours(72);

/// How long a run of so few records takes at most.
const RUN: Duration = Duration::from_mins(1);

const RECORDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Numbers that look random and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn minutes(&mut self, most: u64) -> Duration {
        Duration::from_secs(self.below(most * 60))
    }
}

/// A record that still fails, and when it was promised a try.
#[derive(Debug)]
struct Promise {
    record: Record,
    next_try: Option<Timestamp>,
    is_requested: bool,
    gates: Vec<String>,
}

async fn change_control(world: &World, change: impl FnOnce(Control) -> Control) {
    let known = world.control().await;
    let expected = known.revision;
    let changed = Control { revision: expected.wrapping_add(0x5DEE_CE66), ..change(known) };
    world.store.save_control(&id("acme"), &changed, expected).await.expect("the store works");
}

/// Failures, and schedules that try them for a while.
async fn past(world: &World, chance: &mut Chance) {
    let codes = [sample::CODE, "INVALID_EMAIL_ADDRESS", "DACO-02"];
    for record in RECORDS {
        world.drive(chance.minutes(90)).await;
        let code = codes[usize::try_from(chance.below(4)).unwrap_or(0).min(2)];
        world.fails_with(&key(record), 1, code, &json!({})).await;
    }
    let hours = if chance.one_in(4) { chance.below(200) } else { chance.below(12) };
    world.drive(Duration::from_hours(hours) + chance.minutes(60)).await;
    if chance.one_in(4) {
        world.fails(RECORDS[0], 2).await;
    }
    if chance.one_in(3) {
        world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
        world.drive(Duration::from_mins(20) + chance.minutes(20)).await;
    }
}

/// Gates that close: any of them, and several at a time.
async fn trouble(world: &World, chance: &mut Chance) {
    let now = world.now();
    if chance.one_in(10) {
        world.set(|acme| acme.paused = true).await;
    }
    if chance.one_in(4) {
        let cause = match chance.below(7) {
            0 => Cause::LoginRefused { secret: String::new() },
            1 => Cause::SessionRefused,
            2 => Cause::AccessRefused,
            3 => Cause::OrgLimit,
            4 => Cause::Storage,
            5 => Cause::Down,
            _ => Cause::Unreachable,
        };
        let mut suspension = Suspension::begin(cause.clone(), now);
        for _ in 0..chance.below(4) {
            suspension = suspension.probe_failed(cause.clone(), now);
        }
        // The secret that was refused is the one that is there.
        world.salesforce().set_secret_version("");
        change_control(world, |control| Control { suspension: Some(suspension), ..control }).await;
    }
    if chance.one_in(4) {
        world.used(5_000, now - Duration::from_mins(20 * chance.below(60))).await;
    }
    if chance.one_in(16) {
        world.set(|acme| acme.budget.api_limit = Some(ApiCalls(0))).await;
    }
    if chance.one_in(5) {
        let org = Some(OrgUsage { used: ApiCalls(990), limit: ApiCalls(1_000), at: now - chance.minutes(25) });
        change_control(world, |control| Control { org, ..control }).await;
    }
    if chance.one_in(12) {
        let excluded = ErrorType::parse("row-lock").expect("a type of the catalogue");
        let mut acme = world.settings().await;
        match &mut acme.policy {
            Policy::Interval(policy) => drop(policy.excluded.insert(excluded)),
            Policy::Recent(policy) => drop(policy.excluded.insert(excluded)),
        }
        world.store.save_connection(&acme).await.expect("the store works");
    }
    if chance.one_in(4) {
        let wanted = RECORDS[usize::try_from(chance.below(6)).unwrap_or(0)];
        world.asks("asked", these(&[wanted])).await;
    }
}

async fn promises(world: &World) -> Vec<Promise> {
    let mut promises = Vec::new();
    for record in world.records().into_iter().filter(Record::is_failing) {
        let why = world.explain(record.key.id.as_str()).await;
        assert_eq!(why.at, world.now());
        let closed = why.gates.iter().filter(|gate| !gate.open).map(|gate| gate.text.clone());
        let is_requested = !why.requests.is_empty();
        promises.push(Promise { record, next_try: why.next_try, is_requested, gates: closed.collect() });
    }
    promises
}

/// What became of a promise made at `made`; the text says what is wrong with it.
fn broken(world: &World, promise: &Promise, made: Timestamp) -> Option<String> {
    let sent = world.sent(promise.record.key.id.as_str());
    let first = sent.into_iter().find(|&sent| sent > made);
    match (promise.next_try, first) {
        (None, None) => None,
        (None, Some(sent)) => Some(format!("nothing was promised, and it was tried at {sent}")),
        (Some(next), _) if next > made + WATCHED - RUN => None,
        (Some(next), None) => Some(format!("{next} was promised, and it was not tried")),
        (Some(next), Some(sent)) => {
            let early = sent < next && !promise.is_requested;
            (early || sent > next + RUN).then(|| format!("{next} was promised, and it was tried at {sent}"))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_try_that_is_promised_is_the_time_at_which_the_record_is_tried() {
    let (mut kept, mut none, mut later) = (0, 0, 0);
    for history in 0..HISTORIES {
        let mut chance = Chance(history.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let policy = if chance.one_in(2) { interval() } else { recent() };
        let world = World::new("2026-03-02T00:00:00Z", [policy]).await;
        world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
        world.drive(chance.minutes(24 * 60)).await;
        past(&world, &mut chance).await;
        trouble(&world, &mut chance).await;
        world.drive(chance.minutes(100)).await;
        // Not in the middle of a run.
        let minute = world.now().floor(Duration::from_mins(10));
        world.drive_until(minute + Duration::from_mins(14)).await;
        // From here on nothing changes but the time.
        world.salesforce().answer_with(|request, _, _| reply::all_saved(request));
        let (made, promises) = (world.now(), promises(&world).await);
        world.drive(WATCHED).await;
        for promise in promises {
            if let Some(problem) = broken(&world, &promise, made) {
                let gates = promise.gates.join("; ");
                panic!("history {history} at {made}: {problem}; closed: {gates}; {:?}", promise.record);
            }
            match promise.next_try {
                None => none += 1,
                Some(next) if next > made + Duration::from_mins(20) => later += 1,
                Some(_) => kept += 1,
            }
        }
    }
    assert!(kept > 20 && none > 50 && later > 50, "{kept} soon, {later} later, {none} never");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_the_budget_keeps_back_is_promised_for_the_tick_at_which_calls_come_back() {
    let world = World::new("2026-03-02T08:00:00Z", [recent()]).await;
    world.fails("a", 1).await;
    world.used(5_000, at("2026-03-01T13:05:00Z")).await;
    world.drive_until(at("2026-03-02T11:45:00Z")).await;
    let why = world.explain("a").await;
    assert_eq!(why.next_try, Some(at("2026-03-02T13:40:00Z")), "the sweep of 11:30 is still owed");
    world.drive_until(at("2026-03-02T14:00:00Z")).await;
    assert_eq!(world.sent("a").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_leaves_its_window_before_the_gates_open_is_promised_what_the_sweep_that_is_owed_does() {
    let world = World::new("2026-03-02T12:00:00Z", [recent()]).await;
    world.fails("a", 1).await;
    world.set(|acme| acme.paused = true).await;
    world.drive_until(at("2026-03-09T10:00:00Z")).await;
    world.set(|acme| acme.paused = false).await;
    world.used(5_000, at("2026-03-09T09:55:00Z")).await;
    let why = world.explain("a").await;
    assert_eq!(why.next_try, Some(at("2026-03-10T10:20:00Z")), "the sweep of 11:30 waits a day, and no other has work");
    world.fails("b", 1).await;
    let why = world.explain("a").await;
    assert_eq!(why.next_try, None, "the sweep of 23:30 has work, takes its place and finds the record past its window");
    world.drive_until(at("2026-03-11T10:00:00Z")).await;
    assert_eq!((world.sent("a").len(), world.sent("b").len()), (0, 1));
}
