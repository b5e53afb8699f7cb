//! Tests of `journal`.
//!
//! Must not know: the calls that carry these items.

use rules::counts::TryKind;
use rules::ids::{BatchId, Epoch, Fence, FieldName, ObjectName, RecordId};
use rules::journal::{Phase, Sent, Slot};
use rules::version::SourceVersion;

use super::*;
use crate::items::samples::{acme, at, size};

fn entry(ids: impl IntoIterator<Item = String>) -> Entry {
    let sent = |(number, id): (u64, String)| Sent {
        id: RecordId::new(id).unwrap(),
        fence: Fence(u64::MAX - number),
        version: if number % 2 == 0 { SourceVersion::Time(at(5)) } else { SourceVersion::Number(-7) },
    };
    Entry {
        slot: Slot(7),
        stamp: Stamp { epoch: Epoch(12), write: 345 },
        batch: BatchId { epoch: Epoch(12), sequence: 9 },
        object: ObjectName::new("Contact").unwrap(),
        field: FieldName::new("Ext_Id__c").unwrap(),
        sent: (0..).zip(ids).map(sent).collect(),
        kind: TryKind::Nightly,
        tick: at(0),
        send_by: at(1),
        quarantined_until: at(2),
        phase: Phase::Open,
    }
}

#[test]
fn an_entry_is_read_as_it_was_written_whatever_its_ids_are() {
    for ids in [vec![], vec!["a".to_owned()], vec!["ü#ß".to_owned(), "😀".repeat(255), "x".to_owned()]] {
        let entry = entry(ids);
        assert_eq!(read(&write(&acme(), &entry)).unwrap(), entry);
    }
}

#[test]
fn an_entry_of_200_keys_of_36_bytes_has_at_most_11_kb() {
    let item = write(&acme(), &entry((0..200).map(|number| format!("{number:036}"))));
    assert!(size(&item) <= 11 * 1_024, "{} bytes", size(&item));
}

#[test]
fn no_two_stamps_have_the_same_number() {
    let of = |epoch, write| stamp(Stamp { epoch: Epoch(epoch), write });
    assert!(of(1, u32::MAX) < of(2, 0));
    assert_ne!(of(1, 2), of(2, 1));
}

#[test]
fn a_slot_whose_packed_keys_end_too_early_is_an_error() {
    let mut item = write(&acme(), &entry(["c-1".to_owned()]));
    item.insert(SENT.to_owned(), AttributeValue::B(Blob::new([0, 3, b'c'])));
    assert!(read(&item).unwrap_err().to_string().contains("attribute b"));
}
