//! Names: what is one, and what a person is told about what is none.
//! It must not know where names are used.

use rules::ids::{BadName, ConnectionId, Epoch, Fence, FieldName, ObjectName, RecordId, RunId, SourceName};
use serde_json::json;

use crate::support::{batch, key};

fn refused<T: std::fmt::Debug>(read: Result<T, BadName>) -> String {
    read.expect_err("no name of this kind").to_string()
}

#[test]
fn a_connection_is_named_in_small_letters_digits_and_hyphens() {
    for text in ["acme", "a", "acme-2", &"x".repeat(64)] {
        assert!(ConnectionId::new(text).is_ok(), "{text}");
    }
    for text in ["", "Acme", "acme corp", "acme/2", "acmé", &"x".repeat(65)] {
        assert_eq!(refused(ConnectionId::new(text)), "is not a connection id; use 1 to 64 of a-z, 0-9 and -");
    }
}

#[test]
fn an_object_and_a_field_have_api_names() {
    for text in ["Contact", "Invoice__c", "ns__Thing__c", &"x".repeat(80)] {
        assert!(ObjectName::new(text).is_ok() && FieldName::new(text).is_ok(), "{text}");
    }
    for text in ["", "1Contact", "_c", "Con tact", "a/b", "a?b", "Straße__c", &"x".repeat(81)] {
        assert!(refused(ObjectName::new(text)).contains("Invoice__c"), "{text}");
        assert!(refused(FieldName::new(text)).contains("Ext_Id__c"), "{text}");
    }
}

#[test]
fn a_record_s_id_is_any_text_of_255_characters_without_control_characters() {
    for text in ["1", "a b/c?d#e", "Ü-1", &"€".repeat(255)] {
        assert!(RecordId::new(text).is_ok(), "{text}");
    }
    for text in ["", "a\nb", "a\0b", &"€".repeat(256)] {
        assert!(refused(RecordId::new(text)).contains("255"), "{text:?}");
    }
}

#[test]
fn a_source_is_named_in_letters_digits_and_three_signs() {
    assert!(SourceName::new("Billing_sync-2.eu").is_ok());
    for text in ["", "billing sync", "a/b", &"x".repeat(65)] {
        assert!(refused(SourceName::new(text)).contains("64"), "{text}");
    }
}

#[test]
fn a_bad_name_is_refused_in_json_too() {
    assert!(serde_json::from_str::<ConnectionId>("\"Not Good\"").is_err());
    assert_eq!(serde_json::to_string(&key().connection).expect("a name is JSON"), "\"acme\"");
}

#[test]
fn identities_are_written_for_people() {
    assert_eq!(key().to_string(), "acme/Invoice__c/INV-1");
    assert_eq!(batch(5, 12).to_string(), "5-12");
    assert_eq!(RunId(255).to_string(), "00000000000000ff");
    assert_eq!(Epoch(7).to_string(), "7");
}

/// Invariant 3, Fencing: later epochs and later requests of one epoch are greater.
#[test]
fn batches_are_ordered_by_epoch_and_then_by_request() {
    assert!(batch(1, 9) < batch(2, 0) && batch(2, 0) < batch(2, 1));
}

#[test]
fn the_version_after_the_greatest_is_the_smallest() {
    assert_eq!(Fence(u64::MAX).next(), Fence(0));
    assert_eq!(Fence(7).next(), Fence(8));
}

#[test]
fn a_mistake_says_what_a_value_is() {
    let all = json!([null, true, 1, "a", [], {}]);
    let kinds: Vec<&str> = all.as_array().expect("a list").iter().map(rules::fields::kind).collect();
    assert_eq!(kinds, ["null", "true or false", "a number", "a text", "a list", "an object"]);
}

/// Salesforce compares external ids and names of objects in any case.
#[test]
fn keys_that_salesforce_takes_for_one_fold_into_one() {
    let mut shouted = key();
    shouted.object = ObjectName::new(shouted.object.as_str().to_uppercase()).expect("a name");
    shouted.id = RecordId::new(shouted.id.as_str().to_uppercase()).expect("an id");
    assert_ne!(shouted, key());
    assert_eq!(shouted.folded(), key().folded());
    let other = |id: &str| RecordId::new(id).expect("an id");
    let named = |id| rules::ids::RecordKey { id: other(id), ..key() };
    assert_eq!(named("Ab-1").folded(), named("aB-1").folded());
    assert_ne!(named("ab-1").folded(), named("ab-2").folded());
}
