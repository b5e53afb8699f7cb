//! Journal slots: written on condition of the stamp last seen.
//!
//! Must not know: recovery.

use std::time::Duration;

use rules::counts::TryKind;
use rules::ids::{BatchId, ConnectionId, Epoch, Fence};
use rules::journal::{Entry, Phase, Sent, Slot, Stamp};
use rules::version::SourceVersion;

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{SlotWritten, Store};

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

fn stamp(epoch: u32, write: u32) -> Stamp {
    Stamp { epoch: Epoch(epoch), write }
}

/// An open entry of as many records as a batch may have, with ids of 36 bytes.
fn open(slot: u16, stamp: Stamp) -> Entry {
    let tick = sample::time(sample::TICK);
    let id = |number: u64| sample::record_id(&format!("{number:08}-0000-4000-8000-it's \"a#1\" ß"));
    let sent = |number: u64| Sent {
        id: id(number),
        fence: Fence(u64::MAX - number),
        version: SourceVersion::Number(i64::try_from(number).expect("it is small")),
    };
    Entry {
        slot: Slot(slot),
        stamp,
        batch: BatchId { epoch: stamp.epoch, sequence: stamp.write },
        object: sample::object("Invoice__c"),
        field: sample::field("Ext_Id__c"),
        sent: (0..200).map(sent).collect(),
        kind: TryKind::Recent,
        tick,
        send_by: tick + Duration::from_millis(30_001),
        quarantined_until: tick + Duration::from_mins(14),
        phase: Phase::Open,
    }
}

fn closed(slot: u16, stamp: Stamp) -> Entry {
    Entry { sent: Vec::new(), phase: Phase::Closed, ..open(slot, stamp) }
}

async fn write<S: Store>(store: &S, entry: &Entry, expected: Option<Stamp>) -> SlotWritten {
    store.write_entry(&acme(), entry, expected).await.expect(ANSWERS)
}

async fn entries<S: Store>(store: &S) -> Vec<Entry> {
    let mut entries = store.entries(&acme()).await.expect(ANSWERS);
    entries.sort_by_key(|entry| entry.slot);
    entries
}

/// All 200 records come back, in order.
pub async fn a_full_entry_is_written_to_a_fresh_slot_and_read_back<S: Store>(store: &S) {
    assert_eq!(entries(store).await, [], "no slot was ever written");
    let entry = open(0, stamp(u32::MAX, 1));
    assert_eq!(write(store, &entry, None).await, SlotWritten::Done);
    assert_eq!(entries(store).await, [entry]);
}

/// Every phase follows the one before, by the run that wrote it or by the one that recovers it.
pub async fn a_slot_is_overwritten_on_the_expected_stamp<S: Store>(store: &S) {
    let first = open(3, stamp(1, 8));
    let second = Entry { phase: Phase::Settled, stamp: stamp(2, 1), ..first.clone() };
    let third = closed(3, stamp(2, 2));
    assert_eq!(write(store, &first, None).await, SlotWritten::Done);
    assert_eq!(write(store, &second, Some(first.stamp)).await, SlotWritten::Done);
    assert_eq!(entries(store).await, std::slice::from_ref(&second));
    assert_eq!(write(store, &third, Some(second.stamp)).await, SlotWritten::Done);
    assert_eq!(entries(store).await, [third]);
}

/// A run that lost its lease overwrites nothing, whichever part of the stamp differs.
pub async fn a_slot_with_another_stamp_conflicts_and_stays<S: Store>(store: &S) {
    let there = open(3, stamp(2, 5));
    assert_eq!(write(store, &there, None).await, SlotWritten::Done);
    for expected in [None, Some(stamp(1, 5)), Some(stamp(2, 4))] {
        let written = write(store, &closed(3, stamp(1, 6)), expected).await;
        assert_eq!(written, SlotWritten::Conflict, "expecting {expected:?}");
    }
    assert_eq!(entries(store).await, [there]);
}

/// A slot is never emptied, so content that is expected and not there was never there.
pub async fn a_fresh_slot_conflicts_with_an_expected_stamp<S: Store>(store: &S) {
    let written = write(store, &open(3, stamp(1, 2)), Some(stamp(1, 1))).await;
    assert_eq!(written, SlotWritten::Conflict);
    assert_eq!(entries(store).await, []);
}

/// The reply was lost, so it is written again: the stamp is its own.
pub async fn an_entry_written_again_is_done<S: Store>(store: &S) {
    let (first, second) = (open(3, stamp(1, 1)), closed(3, stamp(1, 2)));
    for time in ["the first", "the second"] {
        assert_eq!(write(store, &first, None).await, SlotWritten::Done, "{time} time, fresh");
    }
    for time in ["the first", "the second"] {
        assert_eq!(write(store, &second, Some(first.stamp)).await, SlotWritten::Done, "{time} time, overwriting");
    }
    assert_eq!(entries(store).await, [second]);
}

/// More than one answer of a table may hold.
pub async fn every_slot_is_read_once<S: Store>(store: &S) {
    let written: Vec<_> = (0..130).map(|slot| open(slot, stamp(1, u32::from(slot)))).collect();
    for entry in &written {
        assert_eq!(write(store, entry, None).await, SlotWritten::Done);
    }
    let found = entries(store).await;
    let slots: Vec<_> = found.iter().map(|entry| entry.slot).collect();
    assert_eq!(slots, (0..130).map(Slot).collect::<Vec<_>>());
    assert!(found == written, "every slot holds its own entry");
}
