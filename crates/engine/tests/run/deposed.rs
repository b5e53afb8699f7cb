//! Runs that slept longer than their lease, and wake up when another one is at work.
//!
//! Must not know: how long a lease is.

use engine::fakes::sample;
use engine::ports::{Journal, StopReason};
use engine::run::RunEnd;
use rules::counts::TryKind;
use rules::ids::{BatchId, Epoch};
use rules::journal::{Entry, Phase, Sent, Slot, Stamp};
use rules::owed::Selection;

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
