//! The directory's counts: right after any history in which nothing crashed, cheap to keep, and counted anew where a crash left
//! them wrong.
//!
//! Must not know: how changes are gathered.

use std::time::Duration;

use engine::erase::{Erased, erase};
use engine::fakes::{reply, sample};
use engine::ingest::Ingest;
use engine::manage::Deed;
use engine::memory::{Fails, Operation};
use engine::ports::{AuditAction, Controls, ErrorTypes, Saved, UpsertRequest};
use engine::recount::{Recount, recount};
use engine::run::Halt;
use rules::control::Control;
use rules::ids::{Epoch, RecordKey, RunId};
use rules::lease::Lease;
use rules::verdict::Answer;
use serde_json::json;

use crate::support::{World, at, id, interval, key, recent};

/// The errors of these histories: of several types, one of them unknown, one that is excluded by the recent policy.
const CODES: [&str; 4] = ["UNABLE_TO_LOCK_ROW", "STRING_TOO_LONG", "NEVER_SEEN", "DACO-02"];

/// Numbers that look random and are the same today and tomorrow.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn code(&mut self) -> &'static str {
        CODES[usize::try_from(self.below(4)).expect("a small number")]
    }

    fn record(&mut self) -> RecordKey {
        let object = sample::object(["Contact", "Invoice__c"][usize::try_from(self.below(2)).expect("a small number")]);
        RecordKey { object, ..key(&format!("r{}", self.below(40))) }
    }
}

/// Each record is saved, gone, or refused with one of the codes, by its id and the number of the call.
fn answer_by_turns(world: &World, seed: u64) {
    world.salesforce().answer_with(move |request: &UpsertRequest, call, _| {
        reply::each(request, |record| {
            let id: u64 = record.id.as_str().bytes().map(u64::from).sum();
            let mut chance = Chance(seed ^ (id << 20) ^ call);
            match chance.below(6) {
                0 | 1 => Answer::Saved,
                2 => reply::refused("ENTITY_IS_DELETED", "entity is deleted"),
                _ => reply::refused(chance.code(), "it did not work"),
            }
        })
    });
}

async fn something_happens(world: &World, chance: &mut Chance) {
    let key = chance.record();
    let version = i64::try_from(chance.below(4)).expect("a small number");
    match chance.below(10) {
        0..=5 => {
            world.fails_with(&key, version, chance.code(), &json!({})).await;
        }
        6 | 7 => {
            world.succeeds_with(&key, version).await;
        }
        8 => {
            let deed = Deed::of("ann", AuditAction::RecordErased, "a fingerprint".to_owned());
            let erased = erase(&world.parts, &key, deed).await.expect("the store works");
            if erased == Erased::Erased {
                world.forgets(&key);
            }
        }
        _ => world.drive(Duration::from_mins(10 + chance.below(60))).await,
    }
}

async fn a_random_history_keeps_the_counts(seed: u64, connection: rules::connection::Connection) {
    let world = World::new("2026-03-02T09:15:00Z", [connection]).await;
    answer_by_turns(&world, seed);
    let mut chance = Chance(seed);
    for _ in 0..60 {
        something_happens(&world, &mut chance).await;
        world.counts_what_is_failing().await;
    }
    let before = world.store.directory(&id("acme")).await.expect("the store works");
    let counted = recount(&world.parts, world.now() + Duration::from_mins(15), &Halt::default()).await;
    assert_eq!(counted, Recount { counted: 1, ..Recount::default() });
    let after = world.store.directory(&id("acme")).await.expect("the store works");
    world.counts_what_is_failing().await;
    let numbers = |entries: &[engine::ports::TypeEntry]| -> Vec<_> {
        entries.iter().map(|entry| (entry.error_type.clone(), entry.records.clone())).collect()
    };
    assert_eq!(numbers(&before), numbers(&after), "seed {seed}: counting anew changes nothing");
    world.counts_what_is_failing().await;
}

#[tokio::test(start_paused = true)]
async fn after_random_histories_of_reports_runs_and_erasures_the_counts_are_the_truth() {
    for seed in 0..12 {
        a_random_history_keeps_the_counts(seed, interval()).await;
        a_random_history_keeps_the_counts(seed, recent()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_records_all_fail_again_as_before_writes_no_counts() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
    world.many_fail(5_000).await;
    let before = world.count(Operation::AddCounts);
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!(world.failing(), 5_000);
    assert_eq!(world.count(Operation::AddCounts), before);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_records_all_succeed_writes_its_counts_once_in_ten_batches() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(10_000).await;
    let before = world.count(Operation::AddCounts);
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(world.failing(), 0);
    let writes = world.count(Operation::AddCounts) - before;
    assert!((1..=6).contains(&writes), "{writes} writes for 50 batches");
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn reports_taken_in_together_write_their_counts_together() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(300).await;
    assert_eq!(world.count(Operation::AddCounts), 1);
    world.counts_what_is_failing().await;
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_counts_nothing() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    let rehearsing = Ingest::rehearsing(&world.parts);
    rehearsing.write_counts().await;
    assert_eq!(world.count(Operation::AddCounts), 0);
}

/// A world with three records, of which the directory knows nothing.
async fn uncounted() -> World {
    let world = World::new("2026-03-02T23:55:00Z", [interval()]).await;
    world.store.fail_next(Operation::AddCounts, 3, Fails::BeforeEffect);
    for record in ["a", "b", "c"] {
        world.fails(record, 1).await;
    }
    assert_eq!(told(&world).await, 0);
    world
}

async fn told(world: &World) -> u64 {
    let directory = world.store.directory(&id("acme")).await.expect("the store works");
    directory.iter().map(engine::ports::TypeEntry::total).sum()
}

fn in_fifteen_minutes(world: &World) -> rules::time::Timestamp {
    world.now() + Duration::from_mins(15)
}

#[tokio::test(start_paused = true)]
async fn counts_that_were_lost_are_right_again_when_they_are_counted_anew() {
    let world = uncounted().await;
    let counted = recount(&world.parts, in_fifteen_minutes(&world), &Halt::default()).await;
    assert_eq!((counted, told(&world).await), (Recount { counted: 1, ..Recount::default() }, 3));
    world.counts_what_is_failing().await;
}

async fn hold(world: &World, for_minutes: u64) {
    let control = world.control().await;
    let until = world.now() + Duration::from_mins(for_minutes);
    let lease = Some(Lease { holder: RunId(1), epoch: Epoch(9), until });
    let held = Control { revision: 99, epoch: Epoch(9), lease, ..control.clone() };
    let saved = world.store.save_control(&id("acme"), &held, control.revision).await.expect("the store works");
    assert_eq!(saved, Saved::Done);
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_a_run_under_way_is_counted_when_that_has_ended() {
    let world = uncounted().await;
    hold(&world, 3).await;
    let begun = world.now();
    let counted = recount(&world.parts, in_fifteen_minutes(&world), &Halt::default()).await;
    assert_eq!((counted, told(&world).await), (Recount { counted: 1, ..Recount::default() }, 3));
    assert!(world.now() >= begun + Duration::from_mins(3), "not while the run holds changes that it has not told");
}

#[tokio::test(start_paused = true)]
async fn counting_ends_at_the_deadline_and_when_the_process_is_to_end() {
    let world = uncounted().await;
    hold(&world, 60).await;
    let deadline = in_fifteen_minutes(&world);
    let counted = recount(&world.parts, deadline, &Halt::default()).await;
    assert_eq!(counted, Recount { left: 1, ..Recount::default() });
    assert!(world.now() <= deadline, "it ended at {}", world.now());
    let late = recount(&world.parts, world.now(), &Halt::default()).await;
    assert_eq!(late, Recount { left: 1, ..Recount::default() });
    let (halt, begun) = (Halt::default(), world.now());
    halt.stop();
    assert_eq!(recount(&world.parts, in_fifteen_minutes(&world), &halt).await, late);
    assert_eq!((world.now(), told(&world).await), (begun, 0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_cannot_be_counted_is_told_and_stops_no_other() {
    let world = World::new("2026-03-02T23:55:00Z", [interval(), sample::recent("zeta")]).await;
    world.fails("a", 1).await;
    world.store.fail_next(Operation::Look, 1, Fails::BeforeEffect);
    let counted = recount(&world.parts, in_fifteen_minutes(&world), &Halt::default()).await;
    assert_eq!(counted, Recount { counted: 1, failed: 1, ..Recount::default() });
    assert_eq!(told(&world).await, 1);
    world.store.fail_next(Operation::Connections, 1, Fails::BeforeEffect);
    let counted = recount(&world.parts, in_fifteen_minutes(&world), &Halt::default()).await;
    assert_eq!(counted, Recount { failed: 1, ..Recount::default() });
}

#[tokio::test(start_paused = true)]
async fn numbers_that_are_right_are_not_written_again() {
    let world = World::new("2026-03-02T23:55:00Z", [interval()]).await;
    world.fails("a", 1).await;
    let counted = recount(&world.parts, in_fifteen_minutes(&world), &Halt::default()).await;
    assert_eq!((counted.counted, world.count(Operation::SetCounts)), (1, 0));
}
