//! Tests of `record`.
//!
//! Must not know: the calls that carry these items.

use proptest::prelude::*;
use rules::record::{Next, Resolution};

use super::*;
use crate::items::samples::{self, a_try, at, contact, failing, keeping, size};

fn whole(stored: &Stored, shards: u16) -> Item {
    let mut item = key::record(stored.key()).item();
    item.extend(write(stored, &keeping(shards)));
    item
}

fn of(record: Record) -> Stored {
    Stored::Record(Box::new(record))
}

/// Takes one field, or those that only go together, of a record from another.
type Takes = fn(&mut Record, &Record);

/// All fields but the key.
const FIELDS: [Takes; 15] = [
    |record, other| record.fence = other.fence,
    |record, other| record.source_version = other.source_version,
    |record, other| record.state = other.state,
    |record, other| record.failure.error_type = other.failure.error_type.clone(),
    |record, other| record.failure.code.clone_from(&other.failure.code),
    |record, other| record.failure.message.clone_from(&other.failure.message),
    |record, other| record.attempts = other.attempts,
    |record, other| record.tries = other.tries.clone(),
    |record, other| record.first_failed = other.first_failed,
    |record, other| record.last_failed = other.last_failed,
    |record, other| record.type_since = other.type_since,
    |record, other| record.parent.clone_from(&other.parent),
    |record, other| record.payload = other.payload,
    |record, other| record.last_send = other.last_send,
    |record, other| record.external_id_field = other.external_id_field.clone(),
];

/// `one` with the fields that `which` names by a bit each taken from `other`.
fn mixed(one: &Record, other: &Record, which: u16) -> Record {
    let mut record = one.clone();
    for (_, takes) in FIELDS.iter().enumerate().filter(|(bit, _)| which & (1 << bit) != 0) {
        takes(&mut record, other);
    }
    record
}

/// What `one` has and `other` has not, or has another value of.
fn differing(one: &Item, other: &Item) -> Item {
    one.iter()
        .filter(|(name, value)| other.get(*name) != Some(*value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

proptest! {
    #[test]
    fn an_attribute_that_is_not_made_beside_another_record_is_the_same_in_both(
        before in samples::record(), other in samples::record(), which in any::<u16>(), shards in 1_u16..=32,
    ) {
        let after = mixed(&before, &other, which);
        let [was, is] = [&before, &after].map(|record| write_record(record, &keeping(shards)));
        let beside = |one: &Record, other: &Record| -> Item {
            let attributes = attributes_beside(one, other, &keeping(shards));
            attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let (made_of_before, made_of_after) = (beside(&before, &after), beside(&after, &before));
        prop_assert_eq!(differing(&made_of_after, &made_of_before), differing(&is, &was));
        prop_assert_eq!(differing(&made_of_before, &made_of_after), differing(&was, &is));
        if was.get(NEXT_ATTEMPT) != is.get(NEXT_ATTEMPT) {
            prop_assert_eq!(made_of_after.get(QUEUE), is.get(QUEUE), "an entry that moves needs its partition");
        }
    }

    #[test]
    fn every_record_is_read_as_it_was_written(record in samples::record(), shards in 1_u16..=32) {
        let stored = of(record);
        prop_assert_eq!(read(&whole(&stored, shards)).unwrap(), Read { stored, payload: None });
    }

    #[test]
    fn every_attribute_that_is_written_is_one_that_an_update_knows_how_to_remove(record in samples::record()) {
        for name in write_record(&record, &keeping(4)).keys() {
            prop_assert!(ALL.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn every_success_is_read_as_it_was_written(version in samples::version(), fence: u64) {
        let mark = SuccessMark { key: contact("c-1"), fence: Fence(fence), source_version: version, at: at(7) };
        let stored = Stored::Success(mark);
        prop_assert_eq!(read(&whole(&stored, 1)).unwrap(), Read { stored, payload: None });
    }
}

#[test]
fn a_scheduled_record_is_in_both_indexes() {
    let item = write_record(&failing("c-1"), &keeping(1));
    assert_eq!(item[QUEUE], text("acme#i#0"));
    assert_eq!(item[NEXT_ATTEMPT], number(at(600_000).as_millis()));
    assert_eq!(item[TYPE], text("acme#required-field-missing#0"));
    assert_eq!(item[FIRST_FAILED], number(at(0).as_millis()));
    assert!(!item.contains_key(EXPIRES));
}

#[test]
fn a_record_of_the_recent_policy_is_in_the_index_by_age_only() {
    let item = write_record(&failing("c-1").schedule(Next::Sweep), &keeping(1));
    assert!(!item.contains_key(QUEUE) && !item.contains_key(NEXT_ATTEMPT));
    assert!(item.contains_key(TYPE));
}

#[test]
fn a_timed_out_record_is_in_a_queue_of_its_own() {
    let item = write_record(&failing("c-1").time_out(at(1)), &keeping(1));
    assert_eq!(item[QUEUE], text("acme#t#0"));
}

#[test]
fn a_resolved_record_is_in_no_index_and_expires_after_thirty_days() {
    let item = write_record(&failing("c-1").resolve(Resolution::Retried, at(0)), &keeping(1));
    assert!(!item.contains_key(QUEUE) && !item.contains_key(TYPE));
    assert_eq!(item[EXPIRES], number(at(0).as_millis() / 1_000 + 30 * 24 * 60 * 60));
}

#[test]
fn a_resolved_record_expires_after_as_long_as_its_connection_says_and_so_does_the_mark_of_a_success() {
    let sixty_days = Keeping { shards: 1, resolved_for: Duration::from_hours(24 * 60) };
    let expected = number(at(0).as_millis() / 1_000 + 60 * 24 * 60 * 60);
    let resolved = write_record(&failing("c-1").resolve(Resolution::Retried, at(0)), &sixty_days);
    assert_eq!(resolved[EXPIRES], expected);
    let source_version = rules::version::SourceVersion::Number(1);
    let mark = SuccessMark { key: contact("c-1"), fence: Fence(1), source_version, at: at(0) };
    assert_eq!(write(&Stored::Success(mark), &sixty_days)[EXPIRES], expected);
}

#[test]
fn an_item_of_a_newer_format_is_not_read_and_the_error_names_it() {
    let mut item = whole(&of(failing("c-1")), 1);
    item.insert(FORMAT.to_owned(), number(3));
    let error = read(&item).unwrap_err().to_string();
    assert_eq!(error, "the record r#acme#Contact#c-1 r cannot be read: it was written by a newer version (format 3)");
}

#[test]
fn an_unknown_state_is_not_read_and_the_error_does_not_repeat_it() {
    let mut item = whole(&of(failing("c-1")), 1);
    item.insert(STATE.to_owned(), text("hunter2"));
    let error = read(&item).unwrap_err().to_string();
    assert!(error.contains("attribute s") && !error.contains("hunter2"), "{error}");
}

#[test]
fn an_ordinary_record_with_ten_tries_and_a_36_byte_id_leaves_600_bytes_of_1024_to_its_payload() {
    let ten =
        (1..=10).fold(failing("8c2c2a3e-6f5e-4d59-9a77-0f4c6ad0e3b1"), |record, epoch| record.count(a_try(epoch)));
    let bytes = size(&whole(&of(ten), 4));
    assert!(bytes + "p".len() + 600 <= 1_024, "{bytes} bytes without the payload");
}
