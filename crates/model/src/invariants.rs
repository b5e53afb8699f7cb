//! The invariants of docs/ARCHITECTURE.md that the model proves within its bounds, each as something that holds in every state.
//!
//! Must not know: how a state came about.

use rules::budget::WINDOW;
use rules::counts::TryKind;
use rules::journal::Phase;
use rules::record::{Resolution, State};
use rules::tries::TryOutcome;
use stateright::Property;

use crate::action::Trigger;
use crate::journal::has;
use crate::protocol::Protocol;
use crate::run::Step;
use crate::scene::{Key, NEW};
use crate::world::{Asked, World};

/// Invariant 1, for records.
pub const CONSERVATION: &str =
    "1 Conservation: no newer failure is lost, and a record is resolved only once it is saved";
/// Invariant 1, for work owed.
pub const OWED: &str = "1 Conservation: no work that was noted is left behind";
/// Invariant 2, for requests.
pub const EXCLUSION: &str = "2 Exclusion: a record is never in two requests at once";
/// Invariant 2, for epochs.
pub const EPOCHS: &str = "2 Exclusion: epochs only grow";
/// Invariant 3.
pub const FENCING: &str = "3 Fencing: no outcome lands after that of a later batch";
/// Invariant 4, from below.
pub const COUNTED: &str = "4 Attempts: every try that Salesforce processed is counted, or still in the journal";
/// Invariant 4, from above.
pub const COUNTED_ONCE: &str = "4 Attempts: a try is counted once, and only if it was processed or is unknown";
/// Invariant 5, for what was recorded before the read.
pub const ORDER: &str = "5 Order: nothing is sent that is older than a success recorded before its read";
/// Invariant 5, for what was recorded later.
pub const OVERWRITE: &str = "5 Order: only what a source wrote itself is overwritten, and then it is told";
/// Invariant 6.
pub const BUDGET: &str = "6 Budget: no 24 hours hold more calls than the cap";
/// Invariant 8.
pub const NOT_PROCESSED: &str = "8 Not processed: what Salesforce did not process is not counted";
/// Invariant 9, for requests that are done.
pub const FORCED: &str = "9 Forced: a request that is done tried each record, or says why not";
/// Invariant 9, for requests that are open.
pub const FORCED_OPEN: &str = "9 Forced: a request stays open for a reason only";

/// Whether something holds in a state.
type Holds = fn(&Protocol, &World) -> bool;

/// All of them.
#[must_use]
pub fn all() -> Vec<Property<Protocol>> {
    let each: [(&'static str, Holds); 13] = [
        (CONSERVATION, |_, world| Key::BOTH.iter().all(|key| is_conserved(world, *key))),
        (OWED, |protocol, world| !is_left_in_peace(protocol, world) || world.control.owed.due.is_none()),
        (EXCLUSION, |_, world| Key::BOTH.iter().all(|key| is_sent_once(world, *key))),
        (EPOCHS, |_, world| !world.books.epoch_fell),
        (FENCING, |_, world| !world.books.unfenced),
        (COUNTED, |_, world| Key::BOTH.iter().all(|key| is_counted(world, *key))),
        (COUNTED_ONCE, |_, world| Key::BOTH.iter().all(|key| is_counted_once(world, *key))),
        (ORDER, |_, world| !world.books.outdated),
        (OVERWRITE, |_, world| Key::BOTH.iter().all(|key| is_told(world, *key))),
        (BUDGET, |protocol, world| is_within_budget(protocol, world)),
        (NOT_PROCESSED, |_, world| Key::BOTH.iter().all(|key| blames_nobody(world, *key))),
        (FORCED, |_, world| world.asked != Asked::Done || Key::BOTH.iter().all(|key| is_answered_for(world, *key))),
        (FORCED_OPEN, |protocol, world| !is_left_in_peace(protocol, world) || !is_open(world) || waits(world)),
    ];
    each.into_iter().map(|(name, holds)| Property::always(name, holds)).collect()
}

fn is_conserved(world: &World, key: Key) -> bool {
    let record = world.record(key);
    let newest_failure_is_there = key != Key::A || !world.source.failed || !NEW.is_newer_than(record.source_version);
    let resolution_is_true = match record.state {
        State::Resolved { how: Resolution::Retried, .. } => world.org.has_held(key, record.source_version),
        State::Resolved { how: Resolution::SucceededElsewhere, .. } => key == Key::A && world.source.succeeded,
        State::Resolved { how: Resolution::Gone | Resolution::Deleted, .. } => false,
        State::Scheduled(_) | State::TimedOut { .. } | State::Held(_) => true,
    };
    newest_failure_is_there && resolution_is_true
}

/// Nobody is at work, every trigger has come, and the last to hold the lease gave it back with nothing in its way.
fn is_left_in_peace(protocol: &Protocol, world: &World) -> bool {
    let nobody_works = world.runs.iter().all(|run| !run.is_alive());
    let nobody_comes = Trigger::ALL.iter().all(|trigger| protocol.is_spent(world, *trigger));
    world.books.peace && nobody_works && nobody_comes
}

fn is_open(world: &World) -> bool {
    matches!(world.asked, Asked::Open(_))
}

/// Whether what is owed of the request waits for the end of a quarantine.
fn waits(world: &World) -> bool {
    world.control.owed.forced.iter().any(|forced| forced.sweep.not_before.is_some())
}

fn is_sent_once(world: &World, key: Key) -> bool {
    world.org.flights.iter().filter(|flight| flight.has(key)).count() <= 1
}

fn is_counted(world: &World, key: Key) -> bool {
    let record = world.record(key);
    let succeeded = matches!(record.state, State::Resolved { how: Resolution::SucceededElsewhere, .. });
    world.books.processed[key.at()].iter().all(|batch| {
        let is_in_journal =
            || world.journal.iter().any(|entry| entry.phase == Phase::Open && entry.batch == batch && has(entry, key));
        let is_in_ring = record.tries.of_batch(batch).is_some();
        is_in_ring || succeeded || record.tries.later_than(batch) || is_in_journal() || makes_up(world)
    })
}

/// A broken protocol is not blamed for the moment between the answer and what it writes late.
fn makes_up(world: &World) -> bool {
    world.runs.iter().any(|run| matches!(run.step, Step::MakingUp(..)))
}

fn is_counted_once(world: &World, key: Key) -> bool {
    let tries: Vec<_> = world.record(key).tries.iter().collect();
    let in_order = tries.windows(2).all(|pair| pair[0].batch < pair[1].batch);
    let processed = world.books.processed[key.at()];
    in_order && tries.iter().all(|tried| tried.outcome == TryOutcome::Unknown || processed.has(tried.batch))
}

/// Whether the source knows that it was overwritten, or will once the entry is settled.
fn is_told(world: &World, key: Key) -> bool {
    if !world.org.is_overwritten(key) {
        return true;
    }
    let by_source = key == Key::A && world.source.wrote.is_some();
    by_source && (!world.source.succeeded || world.books.warned || world.journal.is_open_for(key))
}

fn is_within_budget(protocol: &Protocol, world: &World) -> bool {
    let calls = &world.org.calls;
    calls.iter().all(|last| {
        let within = calls.iter().filter(|call| **call <= *last && **call + WINDOW > *last);
        within.count() as u64 <= protocol.bounds.cap.0
    })
}

fn blames_nobody(world: &World, key: Key) -> bool {
    world.record(key).tries.iter().all(|tried| !world.books.unprocessed.has(tried.batch))
}

fn is_answered_for(world: &World, key: Key) -> bool {
    let counted = world.record(key).tries.iter().any(|tried| tried.kind == TryKind::Forced);
    counted || world.books.forced[key.at()] || world.books.stated[key.at()]
}
