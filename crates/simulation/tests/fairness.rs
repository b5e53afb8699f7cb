//! Fairness: a connection with very many due records beside others with few, which wait for one another only where they must.

use std::time::Duration;

use simulation::{Crowd, fairness};

/// Many due records, once, in an org that is as quick as the others.
const MANY: Crowd = Crowd { heavy: 20_000, light: 12, refusals: 0, ceiling: 3, slow: None };

/// Records in an org so slow that a run is at work on them until its deadline, and the next one after it.
const SLOW: Crowd = Crowd { heavy: 8_000, slow: Some(Duration::from_secs(110)), ..MANY };

#[test]
fn a_connection_with_very_many_due_records_delays_no_other_by_more_than_a_tick() {
    let told = fairness(&MANY);
    assert!(told.holds(), "{told:?}");
    assert_eq!((told.heavy.records, told.heavy.runs, told.heavy.missing), (20_000, 1, 0), "{told:?}");
    assert!(told.heavy.calls >= 100 && told.beside.records > 0, "{told:?}");
}

#[test]
fn a_connection_that_is_at_work_for_more_than_a_tick_takes_one_place_and_leaves_the_others() {
    let told = fairness(&SLOW);
    assert!(told.holds(), "{told:?}");
    assert!(told.heavy.ticks > 1 && told.heavy.runs > 1, "{told:?}");
    assert!(told.beside.most_seconds < 300.0 && told.beside.given_up == 0, "{told:?}");
}

/// What is fair about it are the places that are left: where there is only one, the others wait for the end of its run.
#[test]
fn with_a_single_place_the_others_are_late_and_that_is_seen() {
    let told = fairness(&Crowd { ceiling: 1, ..SLOW });
    assert!(told.beside.late > 0 && told.beside.given_up > 0, "{told:?}");
    assert_eq!((told.alone.late, told.alone.given_up), (0, 0), "{told:?}");
    assert!(!told.holds() && told.violations.is_empty(), "{told:?}");
    assert_eq!((told.beside.missing, told.heavy.missing), (0, 0), "late, and sent all the same: {told:?}");
}
