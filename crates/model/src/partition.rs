//! The partition: bounds that are each searched to their end, and together hold every fault and every pair of faults.
//!
//! Must not know: how they are searched.

use crate::bounds::Bounds;
use crate::faults::{Fault, Faults};

/// Each fault alone.
fn singles() -> impl Iterator<Item = Faults> {
    Fault::ALL.into_iter().map(|fault| Faults::of(&[fault]))
}

/// Each two faults.
fn pairs() -> impl Iterator<Item = Faults> {
    let after = |at: usize| Fault::ALL.into_iter().skip(at + 1);
    Fault::ALL.into_iter().enumerate().flat_map(move |(at, one)| after(at).map(move |two| Faults::of(&[one, two])))
}

/// Runs of two ticks, under every pair of faults.
#[must_use]
pub fn ticks() -> Vec<Bounds> {
    pairs().map(Bounds::two_ticks).collect()
}

/// What sources report while two ticks run: a newer failure under every fault, a success under those that touch what was sent.
#[must_use]
pub fn reports() -> Vec<Bounds> {
    let sends = [Fault::Crash, Fault::LostReply, Fault::LateCommit].map(|fault| Faults::of(&[fault]));
    singles().map(Bounds::failing).chain(sends.map(Bounds::succeeding)).collect()
}

/// A tick and a forced run, under every fault.
#[must_use]
pub fn persons() -> Vec<Bounds> {
    singles().map(Bounds::asking).collect()
}

/// A budget that is nearly used up, and a day between the ticks, under every fault that touches it.
#[must_use]
pub fn days() -> Vec<Bounds> {
    [Fault::Crash, Fault::Skew].map(|fault| Bounds::day(Faults::of(&[fault]))).into()
}

/// What the tests search.
#[must_use]
pub fn narrow() -> Vec<Bounds> {
    [ticks(), reports(), persons(), days()].into_iter().flatten().collect()
}

/// What takes too long for the tests.
#[must_use]
pub fn wide() -> Vec<Bounds> {
    let alone =
        singles().flat_map(|faults| [Bounds::succeeding(faults), Bounds::reporting(faults), Bounds::day(faults)]);
    let none = [Bounds::three_runs(Faults::NONE), Bounds::asking_and_reporting(Faults::NONE)];
    alone.chain(pairs().map(Bounds::asking)).chain(none).collect()
}
