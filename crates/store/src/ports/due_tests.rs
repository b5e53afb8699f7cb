//! Tests of `due`.
//!
//! Must not know: the calls that carry these items.

use super::*;

fn names() -> Vec<String> {
    ["acme#daco-01#0", "acme#daco-01#1", "acme#daco-03#0"].map(str::to_owned).into()
}

fn token(place: &Place) -> PageToken {
    PageToken(serde_json::to_string(place).unwrap())
}

#[test]
fn a_listing_goes_on_where_its_token_says() {
    let place = Place { partition: "acme#daco-01#1".to_owned(), last: Some(Last("r#acme#Contact#a#b".to_owned(), 5)) };
    assert_eq!(resume(&token(&place), &names()).unwrap(), Some(place));
}

#[test]
fn a_listing_whose_error_type_is_not_listed_any_more_goes_on_with_the_next_one() {
    let place = Place { partition: "acme#daco-02#0".to_owned(), last: Some(Last("r#acme#Contact#1".to_owned(), 5)) };
    let next = Place { partition: "acme#daco-03#0".to_owned(), last: None };
    assert_eq!(resume(&token(&place), &names()).unwrap(), Some(next));
}

#[test]
fn a_token_of_another_store_is_an_error() {
    let error = resume(&PageToken("17".to_owned()), &names()).unwrap_err();
    assert_eq!(error.to_string(), "the place where a listing goes on cannot be read: it was not made by this store");
}

#[test]
fn after_the_last_partition_there_is_no_next_one() {
    assert_eq!(next(&names(), "acme#daco-03#0"), None);
}
