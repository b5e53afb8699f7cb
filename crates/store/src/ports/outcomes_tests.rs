//! Tests of `outcomes`.
//!
//! Must not know: the calls that carry these items.

use rules::record::Resolution;

use super::*;
use crate::items::samples::{a_try, at, failing, keeping};

fn write(after: impl FnOnce(Record) -> Record) -> OutcomeWrite {
    let before = failing("c-1");
    let after = after(before.clone()).advance();
    OutcomeWrite { before, after }
}

fn sets(statement: &Statement, name: &str) -> bool {
    statement.text.contains(&format!("SET \"{name}\"=?"))
}

#[test]
fn a_record_that_fails_again_leaves_its_entry_by_age_alone() {
    let again = write(|record| {
        let failure = record.failure.clone();
        record.count(a_try(1)).fail(failure, at(1_200_000)).schedule(rules::record::Next::At(at(1_800_000)))
    });
    let statement = update("table", &again, &keeping(4));
    assert!(sets(&statement, "n") && sets(&statement, "na"), "{}", statement.text);
    assert!(!statement.text.contains("\"a\"") && !statement.text.contains("\"fa\""), "{}", statement.text);
}

#[test]
fn a_resolved_record_leaves_both_indexes_and_drops_its_payload() {
    let resolved = write(|record| record.count(a_try(1)).resolve(Resolution::Retried, at(1)));
    let statement = update("table", &resolved, &keeping(4));
    for name in ["n", "na", "a", "p"] {
        assert!(statement.text.contains(&format!("REMOVE \"{name}\"")), "{name}: {}", statement.text);
    }
}

#[test]
fn a_statement_has_as_many_parameters_as_places_for_them_and_no_value_in_its_text() {
    let again = write(|record| record.count(a_try(1)).time_out(at(5)));
    let statement = update("table", &again, &keeping(4));
    assert_eq!(statement.text.matches('?').count(), statement.parameters.len());
    assert!(!statement.text.contains("Contact") && !statement.text.contains("c-1"), "{}", statement.text);
}

#[test]
fn every_write_is_conditional_on_the_version_that_was_read() {
    let again = write(|record| record.count(a_try(1)));
    let statement = update("table", &again, &keeping(4));
    assert!(statement.text.ends_with("WHERE \"PK\"=? AND \"SK\"=? AND \"v\"=?"), "{}", statement.text);
    assert_eq!(statement.parameters.last(), Some(&number(again.before.fence.0)));
}
