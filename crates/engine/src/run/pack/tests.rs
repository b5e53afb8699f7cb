//! Packing, whatever is to be packed: every record exactly once, and no batch that Salesforce would refuse.
//!
//! Must not know: where records come from.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use rules::ids::RecordKey;
use rules::record::{PayloadPlace, Record};

use super::*;
use crate::fakes::sample;

const OBJECTS: [&str; 3] = ["Account", "Contact", "Lead"];
const FIELDS: [&str; 2] = ["Ext_Id__c", "Other_Id__c"];
const KINDS: [TryKind; 2] = [TryKind::Interval, TryKind::Nightly];

fn key(object: usize, id: u16) -> RecordKey {
    RecordKey { object: sample::object(OBJECTS[object]), ..sample::key("acme", &format!("id{id}")) }
}

fn item(object: usize, id: u16, parent: Option<(usize, u16)>, bytes: u32) -> Item {
    let parent = parent.map(|(object, id)| {
        let key = key(object, id);
        ParentKey { object: key.object, id: key.id }
    });
    let record = Record {
        key: key(object, id),
        external_id_field: sample::field(FIELDS[usize::from(id) % 2]),
        parent,
        payload: PayloadPlace::Apart { bytes },
        ..sample::failing("acme", "any")
    };
    let kind = KINDS[usize::from(id / 2) % 2];
    Item { record, payload: None, kind, read_at: sample::time(sample::TICK) }
}

/// Up to 900 records, ids repeated now and then, many with one of five parents, some nearly as large as a whole batch.
fn items() -> impl Strategy<Value = Vec<Item>> {
    let parent = prop_oneof![2 => Just(None), 1 => (0..3_usize, 0..5_u16).prop_map(Some)];
    let bytes = prop_oneof![20 => 1..2_000_u32, 1 => 300_000..6_000_000_u32];
    let one = (0..3_usize, 0..1_200_u16, parent, bytes);
    vec(one.prop_map(|(object, id, parent, bytes)| item(object, id, parent, bytes)), 0..900)
}

fn bytes(batch: &Batch) -> usize {
    batch.items.iter().map(Item::bytes).sum()
}

proptest! {
    #[test]
    fn every_record_is_packed_exactly_once_and_no_key_twice(items in items()) {
        let given: BTreeSet<RecordKey> = items.iter().map(|item| item.record.key.clone()).collect();
        let packed = pack(items, &Sizes::new(), true);
        let keys: Vec<RecordKey> = packed.batches.iter().flat_map(Batch::keys).collect();
        prop_assert_eq!(keys.len(), given.len());
        prop_assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), given);
        prop_assert!(packed.rest.is_empty());
    }

    #[test]
    fn what_does_not_fill_a_batch_is_handed_back_and_nothing_is_lost(items in items()) {
        let given: BTreeSet<RecordKey> = items.iter().map(|item| item.record.key.clone()).collect();
        let packed = pack(items, &Sizes::new(), false);
        let rest = packed.rest.iter().map(|item| item.record.key.clone());
        let keys: Vec<RecordKey> = packed.batches.iter().flat_map(Batch::keys).chain(rest).collect();
        prop_assert_eq!(keys.len(), given.len());
        prop_assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), given);
    }

    #[test]
    fn a_batch_has_one_object_field_and_kind_at_most_200_records_and_10_megabytes(items in items()) {
        for batch in pack(items, &Sizes::new(), true).batches {
            prop_assert!((1..=MOST_RECORDS).contains(&batch.items.len()));
            prop_assert!(bytes(&batch) <= MOST_BYTES, "{} bytes", bytes(&batch));
            for item in &batch.items {
                prop_assert_eq!(&item.record.key.object, &batch.object);
                prop_assert_eq!(&item.record.external_id_field, &batch.field);
                prop_assert_eq!(item.kind, batch.kind);
            }
        }
    }

    #[test]
    fn an_object_with_smaller_batches_gets_them(items in items(), most in 1..200_usize) {
        let sizes = Sizes::from([(sample::object("Contact"), most)]);
        let packed = pack(items, &sizes, true);
        let contacts = packed.batches.iter().filter(|batch| batch.object.as_str() == "Contact");
        for batch in contacts {
            prop_assert!(batch.items.len() <= most);
        }
    }

    #[test]
    fn a_family_that_fits_into_a_batch_is_not_cut(items in items()) {
        let packed = pack(items, &Sizes::new(), true);
        let mut families = BTreeMap::<_, (usize, usize, usize)>::new();
        for batch in &packed.batches {
            for parent in batch.parents() {
                let of_it = || batch.items.iter().filter(|item| item.record.parent.as_ref() == Some(&parent));
                let group = (parent.clone(), batch.object.clone(), batch.field.clone(), batch.kind);
                let family = families.entry(group).or_default();
                family.0 += 1;
                family.1 += of_it().count();
                family.2 += of_it().map(Item::bytes).sum::<usize>();
            }
        }
        for (group, (batches, records, bytes)) in families {
            prop_assert!(batches == 1 || records > MOST_RECORDS || bytes > MOST_BYTES, "{group:?} is in {batches} batches");
        }
    }

    #[test]
    fn lower_ranks_come_first(items in items()) {
        let ranks: Vec<usize> = pack(items, &Sizes::new(), true).batches.iter().map(|batch| batch.rank).collect();
        prop_assert!(ranks.is_sorted(), "{ranks:?}");
    }
}

#[test]
fn parents_are_sent_before_children_and_children_before_grandchildren() {
    let lead = item(2, 0, Some((1, 0)), 10);
    let contact = item(1, 0, Some((0, 0)), 10);
    let account = item(0, 0, None, 10);
    let packed = pack(vec![lead, contact, account], &Sizes::new(), true);
    let order: Vec<_> = packed.batches.iter().map(|batch| (batch.object.as_str(), batch.rank)).collect();
    assert_eq!(order, [("Account", 0), ("Contact", 1), ("Lead", 2)]);
}

#[test]
fn objects_that_are_each_others_parents_are_packed_all_the_same() {
    let circle = vec![item(0, 0, Some((1, 1)), 10), item(1, 1, Some((0, 0)), 10)];
    assert_eq!(pack(circle, &Sizes::new(), true).batches.len(), 2);
}

#[test]
fn records_that_salesforce_takes_for_one_because_only_the_case_differs_go_in_different_batches() {
    let with_id = |id: &str| {
        let record = Record { key: sample::key("acme", id), ..sample::failing("acme", "any") };
        Item { record, payload: None, kind: TryKind::Interval, read_at: sample::time(sample::TICK) }
    };
    let packed = pack(vec![with_id("Bob@x"), with_id("bob@x"), with_id("eve@x")], &Sizes::new(), true);
    let sizes: Vec<usize> = packed.batches.iter().map(|batch| batch.items.len()).collect();
    assert_eq!(sizes, [2, 1]);
}
