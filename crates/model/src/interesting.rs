//! What must be seen at least once, so that an invariant does not hold merely because nothing ever happens.
//!
//! Must not know: what must never be seen.

use rules::record::{Resolution, State};
use rules::tries::TryOutcome;
use stateright::Property;

use crate::action::AGAIN;
use crate::bounds::Bounds;
use crate::faults::Fault;
use crate::protocol::Protocol;
use crate::run::{End, Step};
use crate::scene::{Key, NEW, OLD};
use crate::world::{Asked, World};

/// A name, the bounds within which it must be seen, and what it is.
type Interesting = (&'static str, fn(&Bounds) -> bool, fn(&Protocol, &World) -> bool);

const ALL: [Interesting; 19] = [
    ("both records are saved by retries", |_| true, |_, world| Key::BOTH.iter().all(|key| is_saved(world, *key))),
    ("a run finds the connection busy", |_| true, |_, world| has_ended(world, End::Busy)),
    ("a run ends because nothing was processed", |_| true, |_, world| has_ended(world, End::Suspended)),
    ("a run has no time left", |bounds| !bounds.apart, |_, world| has_ended(world, End::Deadline)),
    ("a batch is too late to be sent", |_| true, is_too_late),
    ("calls of two buckets count", |_| true, |_, world| world.control.ledger.buckets().count() > 1),
    ("a run is refused by the budget", |bounds| bounds.apart, |_, world| has_ended(world, End::Budget)),
    ("a request is done by tries", |bounds| bounds.asks, |_, world| is_done(world) && world.books.forced == [true; 2]),
    (
        "a request is done with a stated reason",
        |bounds| bounds.asks,
        |_, world| is_done(world) && world.books.stated.contains(&true),
    ),
    ("an outcome meets a newer failure", |bounds| bounds.fails, |_, world| meets_newer_failure(world)),
    (
        "a success meets a batch in flight",
        |bounds| bounds.succeeds,
        |_, world| world.source.succeeded && world.org.flights.iter().any(|flight| flight.carries[0] == Some(OLD)),
    ),
    ("a source is warned of an overwrite", |bounds| bounds.succeeds, |_, world| world.books.warned),
    ("a source is overwritten", |bounds| bounds.succeeds, |_, world| world.org.is_overwritten(Key::A)),
    (
        "a dead run's try is recovered as unknown",
        |bounds| bounds.faults.has(Fault::Crash),
        |_, world| !world.faults.has(Fault::Crash) && Key::BOTH.iter().any(|key| is_unknown(world, *key)),
    ),
    (
        "a trigger comes again and finds work",
        |bounds| bounds.faults.has(Fault::Duplicate),
        |_, world| matches!(world.runs[AGAIN].step, Step::Sending(_)),
    ),
    ("a forced retry waits for the end of a quarantine", quarantines, |_, world| is_put_off(world)),
    (
        "an unknown try turns out to be saved",
        |bounds| bounds.faults.has(Fault::LateCommit),
        |_, world| is_unknown(world, Key::B) && world.org.has_held(Key::B, OLD),
    ),
    (
        "a stale index hides a due record",
        |bounds| bounds.faults.has(Fault::StaleIndex),
        |_, world| !world.faults.has(Fault::StaleIndex) && world.org.flights.iter().any(|flight| !flight.has(Key::A)),
    ),
    ("a deposed run is refused", |bounds| bounds.faults.has(Fault::Stall), |_, world| has_ended(world, End::Deposed)),
];

/// Those that must be seen within these bounds. A broken protocol is asked for its counterexample only.
#[must_use]
pub fn within(bounds: &Bounds) -> Vec<Property<Protocol>> {
    let applies = |interesting: &&Interesting| bounds.broken.is_none() && interesting.1(bounds);
    ALL.iter().filter(applies).map(|(name, _, holds)| Property::sometimes(name, *holds)).collect()
}

fn quarantines(bounds: &Bounds) -> bool {
    let unknown = [Fault::LostReply, Fault::LateCommit, Fault::Crash].iter().any(|fault| bounds.faults.has(*fault));
    unknown && bounds.asks && !bounds.apart
}

fn is_saved(world: &World, key: Key) -> bool {
    matches!(world.record(key).state, State::Resolved { how: Resolution::Retried, .. })
}

fn has_ended(world: &World, end: End) -> bool {
    world.runs.iter().any(|run| run.step == Step::Over(end))
}

fn is_done(world: &World) -> bool {
    world.asked == Asked::Done
}

fn is_too_late(protocol: &Protocol, world: &World) -> bool {
    let now = protocol.now(world);
    world.runs.iter().any(|run| matches!(&run.step, Step::Sending(batch) if run.clock(now) > batch.send_by))
}

/// The outcome of an older payload is about to be written on a newer failure.
fn meets_newer_failure(world: &World) -> bool {
    let is_old = |step: &Step| match step {
        Step::Settling(landing) => {
            landing.tried[Key::A.at()].as_ref().is_some_and(|tried| tried.read.source_version() == OLD)
        }
        Step::Expected
        | Step::Knocking
        | Step::Looking
        | Step::Recovering(_)
        | Step::Choosing
        | Step::Reserving(_)
        | Step::Journaling(_)
        | Step::Sending(_)
        | Step::Awaiting(_)
        | Step::MakingUp(..)
        | Step::Publishing(_)
        | Step::Releasing
        | Step::Over(_) => false,
    };
    world.record(Key::A).source_version == NEW && world.runs.iter().any(|run| is_old(&run.step))
}

fn is_unknown(world: &World, key: Key) -> bool {
    world.record(key).tries.iter().any(|tried| tried.outcome == TryOutcome::Unknown)
}

/// What is owed of a request is not ready before a quarantine ends.
fn is_put_off(world: &World) -> bool {
    world.control.owed.forced.iter().any(|forced| forced.sweep.not_before.is_some())
}
