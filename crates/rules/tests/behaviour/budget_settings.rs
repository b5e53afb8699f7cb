//! The cap: three quarters of a limit, or 5,000 calls without one.
//! It must not know ledgers.

use proptest::prelude::*;
use rules::budget::BudgetSettings;
use rules::counts::ApiCalls;

use crate::support::seeded;

fn limited(limit: u64) -> BudgetSettings {
    BudgetSettings { api_limit: Some(ApiCalls(limit)), ..BudgetSettings::default() }
}

#[test]
fn without_a_limit_the_cap_is_5000_calls() {
    assert_eq!(BudgetSettings::default().cap(), ApiCalls(5_000));
}

#[test]
fn with_a_limit_the_cap_is_three_quarters_of_it_rounded_down() {
    for (limit, cap) in
        [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 3), (99, 74), (100, 75), (101, 75), (10_000, 7_500)]
    {
        assert_eq!(limited(limit).cap(), ApiCalls(cap), "limit {limit}");
    }
}

#[test]
fn the_largest_limit_there_is_overflows_nothing() {
    assert_eq!(limited(u64::MAX).cap(), ApiCalls(13_835_058_055_282_163_711));
}

#[test]
fn a_run_stops_at_95_percent_of_the_org_s_own_limit() {
    assert_eq!(BudgetSettings::default().org_stop(ApiCalls(15_000)), ApiCalls(14_250));
    assert_eq!(BudgetSettings::default().org_stop(ApiCalls(1)), ApiCalls(0));
}

proptest! {
    #![proptest_config(seeded(200))]

    #[test]
    fn the_cap_is_the_greatest_number_that_is_not_more_than_the_share(limit in 0_u64..10_000_000, percent in 1_u8..=100) {
        let cap = BudgetSettings { limit_share_percent: percent, ..limited(limit) }.cap().0;
        let share = limit * u64::from(percent);
        prop_assert!(cap * 100 <= share && share < (cap + 1) * 100);
    }
}
