//! Runs that slept longer than their lease, and wake up when another one is at work.
//!
//! Must not know: how long a lease is.

use std::time::Duration;

use engine::fakes::sample;
use engine::ports::{Controls, Journal, StopReason};
use engine::run::RunEnd;
use rules::control::Control;
use rules::counts::TryKind;
use rules::ids::{BatchId, Epoch, RunId};
use rules::journal::{Entry, Phase, Sent, Slot, Stamp};
use rules::lease::Lease;
use rules::owed::Selection;

use crate::support::persons::in_between;
use crate::support::{World, at, id, interval};

const TICK: &str = "2026-03-02T09:20:00Z";

/// An entry that a run of a later epoch than any here has just written, with this world's record in it.
fn in_flight(world: &World) -> Entry {
    let record = world.record("A");
    let send_by = at("2026-03-02T09:20:30Z");
    Entry {
        slot: Slot(0),
        stamp: Stamp { epoch: Epoch(9), write: 1 },
        batch: BatchId { epoch: Epoch(9), sequence: 1 },
        object: record.key.object.clone(),
        field: record.external_id_field.clone(),
        sent: vec![Sent { id: record.key.id.clone(), fence: record.fence, version: record.source_version }],
        kind: TryKind::Interval,
        tick: at(TICK),
        send_by,
        quarantined_until: Entry::quarantine(send_by, sample::interval("acme").request_timeout()),
        phase: Phase::Open,
    }
}

/// Invariant 8, Not processed, and 4, Attempts: what a later run has in flight is nobody's to settle but its own. Salesforce may yet
/// answer that it processed nothing.
#[tokio::test(start_paused = true)]
async fn a_run_that_wakes_up_after_a_later_one_began_leaves_that_one_s_entries_alone() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("A", 1).await;
    world.wait_until(at(TICK)).await;
    let entry = in_flight(&world);
    world.store.write_entry(&id("acme"), &entry, None).await.expect("the store works");
    let before = world.record("A");

    let ended = world.run(Selection::Due { tick: at(TICK) }).await.expect("it lives").expect("the store works");

    let RunEnd::Ran(report) = ended else { panic!("{ended:?}") };
    assert_eq!(report.stopped, StopReason::Deposed);
    assert_eq!((world.record("A"), world.journal().await), (before, vec![entry]));
}

/// Invariant 3, Fencing: a later run may take the lease at any moment. From then on the control item is that run's, with its lease and
/// its budget, and whoever had it before ends.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_deposed_at_any_step_leaves_the_control_item_as_the_later_one_wrote_it() {
    let mut deposed = 0;
    for step in 1..=24 {
        let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
        world.fails("A", 1).await;
        world.wait_until(at(TICK)).await;
        let mut later = None;
        let run = world.run(Selection::Due { tick: at(TICK) });
        let (ended, _) = in_between(&world, step, run, async { later = taken_by_another(&world).await }).await;
        let RunEnd::Ran(report) = ended.expect("it lives").expect("the store works") else {
            panic!("asleep at {step}")
        };
        if let Some(later) = later {
            assert_eq!((report.stopped, world.control().await), (StopReason::Deposed, later), "asleep at {step}");
            deposed += 1;
        }
    }
    assert!(deposed > 8, "{deposed} runs were deposed");
}

/// Lets a later run take the lease, if one is held; what it wrote.
async fn taken_by_another(world: &World) -> Option<Control> {
    let control = world.control().await;
    let lease = control.lease.clone()?;
    let epoch = Epoch(control.epoch.0 + 1);
    let lease = Lease { holder: RunId(lease.holder.0 + 1), epoch, until: lease.until + Duration::from_mins(20) };
    let (before, revision) = (control.revision, control.revision + 1);
    let later = Control { epoch, revision, lease: Some(lease), ..control };
    world.store.save_control(&id("acme"), &later, before).await.expect("the store works");
    Some(later)
}
