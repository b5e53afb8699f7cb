//! Tests of the directory's items.
//!
//! Must not know: the table.

use super::*;
use crate::items::fields::text;

fn counted() -> TypeEntry {
    let object = |name: &str| ObjectName::new(name).unwrap();
    TypeEntry {
        error_type: ErrorType::parse("unknown:A.B-C_1").unwrap(),
        records: BTreeMap::from([(object("Contact"), 7), (object("Invoice__c"), 40_000)]),
        oldest: Some(Timestamp::from_millis(1_772_442_000_123)),
        revision: 4,
    }
}

fn item() -> Item {
    write(&ConnectionId::new("acme").unwrap(), &counted())
}

#[test]
fn what_was_counted_is_read_back_with_the_next_revision() {
    assert_eq!(read(&item()).unwrap(), TypeEntry { revision: 5, ..counted() });
}

#[test]
fn a_type_that_was_only_listed_has_no_records_and_no_oldest_one() {
    let mut bare = item();
    bare.retain(|name, _| ["PK", "SK", "f"].contains(&name.as_str()));
    assert_eq!(read(&bare).unwrap(), TypeEntry::empty(counted().error_type));
}

#[test]
fn numbers_below_zero_are_none_and_without_any_record_there_is_no_oldest_one() {
    let mut lost = item();
    for name in ["n#Contact", "n#Invoice__c"] {
        lost.insert(name.to_owned(), number(-3));
    }
    assert_eq!(read(&lost).unwrap(), TypeEntry { revision: 5, ..TypeEntry::empty(counted().error_type) });
}

#[test]
fn a_number_that_is_none_is_an_error_that_names_the_attribute() {
    let mut damaged = item();
    damaged.insert("n#Contact".to_owned(), text("seven"));
    let said = read(&damaged).unwrap_err().to_string();
    assert!(said.contains("n#Contact"), "{said}");
}
