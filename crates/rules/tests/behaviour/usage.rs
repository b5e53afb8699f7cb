//! What a user's own sync reports: cumulative, idempotent, in any order.
//! It must not know our own calls.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rules::budget::Bucket;
use rules::counts::ApiCalls;
use rules::ids::SourceName;
use rules::time::Timestamp;
use rules::usage::{MOST_SOURCES, TooManySources, Usage, UsageReport};

use crate::support::{at, minutes, seeded};

const NOW: &str = "2026-03-02T10:05:00Z";

fn report(source: usize, bucket: Bucket, total: u64) -> UsageReport {
    let source = SourceName::new(format!("sync-{source}")).expect("a source's name");
    UsageReport { source, bucket, total: ApiCalls(total) }
}

fn take_all(reports: &[UsageReport], now: Timestamp) -> Usage {
    let take = |usage: Usage, report| usage.take(report, now, minutes(2)).expect("few sources");
    reports.iter().fold(Usage::default(), take)
}

/// The greatest total that each source gave for each bucket, added up.
fn expected(reports: &[UsageReport]) -> BTreeMap<Bucket, u64> {
    let mut greatest: BTreeMap<(String, Bucket), u64> = BTreeMap::new();
    for report in reports {
        let known = greatest.entry((report.source.to_string(), report.bucket)).or_default();
        *known = report.total.0.max(*known);
    }
    let mut sums = BTreeMap::new();
    for ((_, bucket), total) in greatest {
        *sums.entry(bucket).or_default() += total;
    }
    sums
}

fn totals(usage: &Usage) -> BTreeMap<Bucket, u64> {
    usage.total().buckets().map(|(bucket, calls)| (bucket, calls.0)).collect()
}

fn any_reports() -> impl Strategy<Value = Vec<UsageReport>> {
    let latest = Bucket::of(at(NOW)).0;
    let report = (0_usize..4, 0_u32..60, 1_u64..500)
        .prop_map(move |(source, ago, total)| report(source, Bucket(latest - ago % 5 * 12), total));
    prop::collection::vec(report, 1..20)
}

proptest! {
    #![proptest_config(seeded(200))]

    /// Invariant 6, Budget: a late, lost or repeated report never makes the total smaller or larger than the greatest given.
    #[test]
    fn reports_may_come_in_any_order_and_any_number_of_times(
        (reports, shuffled) in any_reports().prop_flat_map(|reports| {
            let twice = [reports.clone(), reports.clone()].concat();
            (Just(reports), Just(twice).prop_shuffle())
        }),
    ) {
        let usage = take_all(&shuffled, at(NOW));
        prop_assert_eq!(totals(&usage), expected(&reports));
        prop_assert_eq!(totals(&take_all(&reports, at(NOW))), expected(&reports));
    }
}

#[test]
fn a_later_smaller_total_is_an_earlier_report_and_changes_nothing() {
    let bucket = Bucket::of(at(NOW));
    let usage = take_all(&[report(1, bucket, 40), report(1, bucket, 25)], at(NOW));
    assert_eq!(usage.total().used(at(NOW), minutes(2)), ApiCalls(40));
}

#[test]
fn a_report_of_a_bucket_that_counts_no_more_is_not_kept() {
    let old = Bucket::of(at("2026-03-01T09:30:00Z"));
    assert_eq!(totals(&take_all(&[report(1, old, 40)], at(NOW))), BTreeMap::new());
}

#[test]
fn one_source_too_many_is_refused_and_the_known_ones_go_on() {
    let bucket = Bucket::of(at(NOW));
    let full: Vec<_> = (0..MOST_SOURCES).map(|source| report(source, bucket, 1)).collect();
    let usage = take_all(&full, at(NOW));
    assert_eq!(usage.clone().take(&report(MOST_SOURCES, bucket, 1), at(NOW), minutes(2)), Err(TooManySources));
    let known = usage.take(&report(3, bucket, 9), at(NOW), minutes(2)).expect("a known source");
    assert_eq!(known.total().used(at(NOW), minutes(2)), ApiCalls(28));
}

#[test]
fn a_source_that_was_silent_for_a_day_makes_room_for_another() {
    let bucket = Bucket::of(at(NOW));
    let full: Vec<_> = (0..MOST_SOURCES).map(|source| report(source, bucket, 1)).collect();
    let later = at(NOW) + minutes(25 * 60);
    let usage = take_all(&full, at(NOW)).take(&report(99, Bucket::of(later), 5), later, minutes(2)).expect("room");
    assert_eq!(usage.sources.len(), 1);
    assert_eq!(usage.total().used(later, minutes(2)), ApiCalls(5));
}
