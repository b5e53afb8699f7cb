//! Plays: the production code, whole days of it, while everything breaks; and a scenario whose run dies at each of its awaits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use simulation::{Fault, Played, Which, enumerate, play};

/// Seeds that every test run plays.
const SEEDS: u64 = 200;

fn played(seeds: u64) -> Vec<Played> {
    let next = AtomicU64::new(1);
    let work = || {
        let mut played = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > seeds {
                return played;
            }
            played.push(play(seed, false));
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a play does not panic")).collect()
    })
}

#[test]
fn whatever_breaks_no_invariant_is_violated_and_every_kind_of_fault_is_met() {
    let played = played(SEEDS);
    let violations: Vec<String> = played
        .iter()
        .flat_map(|play| play.violations.iter().map(move |what| format!("seed {}: {what}", play.seed)))
        .collect();
    assert_eq!(violations, Vec::<String>::new(), "play it with: cargo run --release -p simulation -- --seed N");
    let mut hits: BTreeMap<Fault, u64> = BTreeMap::new();
    for (fault, times) in played.iter().flat_map(|play| &play.faults) {
        *hits.entry(*fault).or_default() += times;
    }
    let rare: Vec<&Fault> =
        Fault::ALL.iter().filter(|fault| hits.get(*fault).is_none_or(|hits| *hits < SEEDS / 10)).collect();
    assert!(rare.is_empty(), "met too rarely: {rare:?} of {hits:?}");
    assert!(played.iter().all(|play| play.days >= 3.0 && play.records > 0), "a play is too short");
}

#[test]
fn the_same_seed_is_the_same_play_and_another_is_another() {
    let [one, again, other] = [11, 11, 12].map(|seed| play(seed, false).trace_hash);
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[test]
fn a_play_that_keeps_its_lines_is_the_same_play() {
    assert_eq!(play(13, true).trace_hash, play(13, false).trace_hash);
}

#[test]
fn a_run_that_dies_at_any_of_its_awaits_breaks_nothing() {
    let singles = enumerate(Which::Singles, 2);
    assert_eq!(singles.violations, Vec::<String>::new());
    assert!(singles.awaits > 50 && singles.plays == singles.awaits, "{singles:?}");
}

#[test]
fn a_recovery_that_dies_too_breaks_nothing() {
    let pairs = enumerate(Which::Pairs { step: 9 }, 2);
    assert_eq!(pairs.violations, Vec::<String>::new());
    assert!(pairs.plays > 5 * pairs.awaits, "{pairs:?}");
}
