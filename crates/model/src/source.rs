//! A's source, and the person: what they do, and what `rules` makes of it. Each is one write.
//!
//! Must not know: runs.

use std::time::Duration;

use rules::control::Control;
use rules::ids::Fence;
use rules::ingest::{FailureEffect, SuccessEffect, fail, succeed};
use rules::owed::Forced;
use rules::record::Stored;
use rules::time::Timestamp;

use crate::action::Seen;
use crate::bounds::Bounds;
use crate::broken::Break;
use crate::scene::{FIRST_TICK, Key, NEW, POLICY, newer_failure, request, success};
use crate::world::{Asked, Source, World};

/// Takes in the newer failure of A.
///
/// # Panics
/// Never: the versions of the model are numbers.
pub fn take_failure(bounds: &Bounds, world: &mut World, seen: Seen, now: Timestamp) {
    let failed = match seen {
        Seen::Early => FIRST_TICK - Duration::from_mins(1),
        Seen::Now => now,
    };
    let stored = world.records[Key::A.at()].clone();
    let effect = fail(&POLICY, Some(&stored), newer_failure(failed), Fence(0)).expect("both versions are numbers");
    world.source.failed = true;
    match effect {
        FailureEffect::Replace(record) | FailureEffect::Refresh(record) => {
            world.put(bounds, Key::A, Stored::Record(record));
            if bounds.lacks(Break::IngestLiftsQuarantine) {
                world.journal.forget(Key::A);
            }
        }
        FailureEffect::Ignore(_) => {}
    }
}

/// The source writes the newer version into Salesforce.
pub fn write(world: &mut World, now: Timestamp) {
    world.org.save(Key::A, NEW);
    world.source.wrote = Some(now);
}

/// Takes in that success. The warning is published before the item is written, so that none is lost.
///
/// # Panics
/// Never: the versions of the model are numbers.
pub fn take_success(bounds: &Bounds, world: &mut World, wrote: Timestamp) {
    let stored = world.records[Key::A.at()].clone();
    let effect = succeed(Some(&stored), success(wrote), Fence(0)).expect("both versions are numbers");
    world.source = Source { succeeded: true, wrote: Some(FIRST_TICK), ..world.source };
    match effect {
        SuccessEffect::Write { stored, overwritten_by } => {
            world.books.warned |= overwritten_by.is_some();
            world.put(bounds, Key::A, stored);
        }
        SuccessEffect::Warn { .. } => world.books.warned = true,
        SuccessEffect::Ignore(_) => {}
    }
}

/// A person asks for both records: the request is kept and noted as owed in one transaction.
pub fn ask(world: &mut World, now: Timestamp) {
    let control = Control::clone(&world.control);
    let accepted = Forced::accepted(&request(now), control.epoch);
    if let Some(owed) = control.owed.clone().with_request(accepted) {
        world.control(Control { owed, ..control });
        world.asked = Asked::Open(now);
        world.hinted = Some(now);
        world.books.peace = false;
    }
}
