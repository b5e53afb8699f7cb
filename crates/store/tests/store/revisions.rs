//! Items whose writes are conditional on what was last seen: control, usage, journal slots.
//!
//! Must not know: what is in them.

use engine::ports::{Controls, Journal, Saved, SlotWritten, UsageReports};
use rules::budget::Bucket;
use rules::control::Control;
use rules::counts::{ApiCalls, TryKind};
use rules::ids::{BatchId, Epoch, Fence, FieldName, ObjectName, RecordId, SourceName};
use rules::journal::{Entry, Phase, Sent, Slot, Stamp};
use rules::usage::{Usage, UsageReport};
use rules::version::SourceVersion;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{acme, at};

fn control(revision: u64) -> Control {
    Control { revision, epoch: Epoch(1), ..Control::default() }
}

fn entry(slot: u16, epoch: u32, write: u32) -> Entry {
    Entry {
        slot: Slot(slot),
        stamp: Stamp { epoch: Epoch(epoch), write },
        batch: BatchId { epoch: Epoch(epoch), sequence: write },
        object: ObjectName::new("Contact").unwrap(),
        field: FieldName::new("Ext_Id__c").unwrap(),
        sent: vec![Sent {
            id: RecordId::new("a#b").unwrap(),
            fence: Fence(u64::MAX),
            version: SourceVersion::Number(3),
        }],
        kind: TryKind::Interval,
        tick: at(0),
        send_by: at(1),
        quarantined_until: at(14),
        phase: Phase::Open,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_item_that_was_never_written_is_empty() {
    let bench = Bench::new().await;
    assert_eq!(bench.store.control(&acme()).await.unwrap(), Control::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_one_who_saw_the_last_revision_writes_the_control_item() {
    let bench = Bench::new().await;
    let save =
        async |revision, expected| bench.store.save_control(&acme(), &control(revision), expected).await.unwrap();
    assert_eq!(save(u64::MAX, 0).await, Saved::Done);
    assert_eq!(save(8, 0).await, Saved::Conflict(control(u64::MAX)));
    assert_eq!(save(9, u64::MAX).await, Saved::Done);
    assert_eq!(save(10, u64::MAX).await, Saved::Conflict(control(9)));
    assert_eq!(bench.store.control(&acme()).await.unwrap(), control(9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_item_that_is_gone_is_a_conflict_with_the_empty_one() {
    let bench = Bench::new().await;
    let saved = bench.store.save_control(&acme(), &control(2), 1).await.unwrap();
    assert_eq!(saved, Saved::Conflict(Control::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_whose_reply_was_lost_are_recognised_by_their_revision_or_stamp() {
    let bench = Bench::new().await;
    bench.break_next("PutItem", vec![Fault::ReplyLost]);
    assert_eq!(bench.store.save_control(&acme(), &control(7), 0).await.unwrap(), Saved::Done);
    bench.break_next("PutItem", vec![Fault::ReplyLost]);
    let usage = Usage { revision: 1, ..Usage::default() };
    assert_eq!(bench.store.save_usage(&acme(), &usage, 0).await.unwrap(), Saved::Done);
    bench.break_next("PutItem", vec![Fault::ReplyLost]);
    assert_eq!(bench.store.write_entry(&acme(), &entry(0, 1, 1), None).await.unwrap(), SlotWritten::Done);
    assert_eq!(bench.faults.seen("PutItem"), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_read_as_it_was_written() {
    let bench = Bench::new().await;
    let source = SourceName::new("billing").unwrap();
    let report = UsageReport { source, bucket: Bucket::of(at(0)), total: ApiCalls(17) };
    let usage = Usage { revision: 1, ..Usage::default() };
    let usage = usage.take(&report, at(0), std::time::Duration::from_mins(2)).unwrap();
    assert_eq!(bench.store.save_usage(&acme(), &usage, 0).await.unwrap(), Saved::Done);
    assert_eq!(bench.store.usage(&acme()).await.unwrap(), usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_written_only_over_the_content_that_was_last_seen() {
    let bench = Bench::new().await;
    let write = async |entry: &Entry, expected| bench.store.write_entry(&acme(), entry, expected).await.unwrap();
    let (old, new) = (entry(3, 1, 1), entry(3, 2, 1));
    assert_eq!(write(&old, None).await, SlotWritten::Done);
    assert_eq!(write(&new, None).await, SlotWritten::Conflict);
    assert_eq!(write(&new, Some(old.stamp)).await, SlotWritten::Done);
    assert_eq!(write(&entry(3, 1, 2), Some(old.stamp)).await, SlotWritten::Conflict);
    assert_eq!(write(&entry(4, 1, 2), Some(old.stamp)).await, SlotWritten::Conflict);
    assert_eq!(bench.store.entries(&acme()).await.unwrap(), [new]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_slots_of_one_connection_are_read_in_order() {
    let bench = Bench::new().await;
    for slot in [10, 2, 1] {
        bench.store.write_entry(&acme(), &entry(slot, 1, u32::from(slot)), None).await.unwrap();
    }
    let slots: Vec<_> = bench.store.entries(&acme()).await.unwrap().into_iter().map(|entry| entry.slot.0).collect();
    assert_eq!(slots, [1, 2, 10]);
}
