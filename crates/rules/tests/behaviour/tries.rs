//! The ring of tries: the last ten, in 120 bytes.
//! It must not know what a try changes.

use proptest::prelude::*;
use rules::counts::{Attempts, TryKind};
use rules::ids::{BatchId, Epoch};
use rules::time::Timestamp;
use rules::tries::{REMEMBERED, Tries, Try, TryOutcome, UnreadableTries};

use crate::support::{any_instant, at, batch, seeded, tried};

const KINDS: [TryKind; 4] = [TryKind::Interval, TryKind::Nightly, TryKind::Recent, TryKind::Forced];
const OUTCOMES: [TryOutcome; 6] = [
    TryOutcome::Saved,
    TryOutcome::Gone,
    TryOutcome::Failed,
    TryOutcome::TimedOut,
    TryOutcome::Held,
    TryOutcome::Unknown,
];

fn any_try() -> impl Strategy<Value = Try> {
    (any::<u32>(), 0_u32..1 << 24, any_instant(), 0_usize..4, 0_usize..6).prop_map(
        |(epoch, sequence, at, kind, outcome)| {
            let batch = BatchId { epoch: Epoch(epoch), sequence };
            Try { batch, at, kind: KINDS[kind], outcome: OUTCOMES[outcome] }
        },
    )
}

/// A try of one of a few batches, so that two are often the same.
fn any_near_try() -> impl Strategy<Value = Try> {
    (0_u32..4, 8_u32..11).prop_map(|(epoch, sequence)| tried(batch(epoch, sequence), TryOutcome::Failed))
}

fn any_tries() -> impl Strategy<Value = Vec<Try>> {
    prop::collection::vec(any_try(), 0..30)
}

fn ring(tries: &[Try]) -> Tries {
    tries.iter().copied().fold(Tries::default(), Tries::with)
}

/// As it is kept: to the minute.
fn to_the_minute(tried: &Try) -> Try {
    Try { at: Timestamp::from_millis(tried.at.as_millis() / 60_000 * 60_000), ..*tried }
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn a_ring_survives_packing_into_at_most_120_bytes(tries in any_tries()) {
        let ring = ring(&tries);
        let packed = ring.pack();
        prop_assert!(packed.len() <= 120 && packed.len() == 12 * ring.iter().count());
        prop_assert_eq!(Tries::unpack(&packed), Ok(ring));
    }

    #[test]
    fn the_ring_keeps_exactly_the_last_ten_in_their_order(tries in any_tries()) {
        let kept: Vec<Try> = ring(&tries).iter().copied().collect();
        let expected: Vec<Try> = tries.iter().skip(tries.len().saturating_sub(10)).map(to_the_minute).collect();
        prop_assert_eq!(kept, expected);
        prop_assert_eq!(REMEMBERED, 10);
    }

    /// Invariant 4, Attempts: recovery finds a batch exactly while it is among the last ten.
    #[test]
    fn a_batch_is_found_or_later_ones_are_known(tries in prop::collection::vec(any_near_try(), 0..30), epoch in 0_u32..4) {
        let (ring, wanted) = (ring(&tries), batch(epoch, 9));
        let last: Vec<&Try> = tries.iter().rev().take(10).collect();
        prop_assert_eq!(ring.of_batch(wanted).is_some(), last.iter().any(|tried| tried.batch == wanted));
        let is_later = |tried: &&Try| (tried.batch.epoch.0, tried.batch.sequence) > (epoch, 9);
        prop_assert_eq!(ring.later_than(wanted), last.iter().any(is_later));
    }

    #[test]
    fn bytes_that_are_read_are_written_as_they_were(bytes in prop::collection::vec(any::<u8>(), 0..48)) {
        if let Ok(tries) = Tries::unpack(&bytes) {
            prop_assert_eq!(tries.pack(), bytes);
        }
    }
}

#[test]
fn every_kind_and_outcome_has_its_own_packed_form() {
    for kind in KINDS {
        for outcome in OUTCOMES {
            let ring = ring(&[Try { kind, ..tried(batch(1, 1), outcome) }]);
            assert_eq!(Tries::unpack(&ring.pack()), Ok(ring));
        }
    }
}

#[test]
fn half_a_try_and_a_kind_or_outcome_of_a_later_version_are_unreadable() {
    let packed = ring(&[tried(batch(1, 1), TryOutcome::Failed)]).pack();
    let with_code = |code| [&packed[..7], &[code], &packed[8..]].concat();
    for bytes in [packed[..11].to_vec(), with_code(0x40), with_code(0x06), with_code(0xff)] {
        assert_eq!(Tries::unpack(&bytes), Err(UnreadableTries), "{bytes:?}");
    }
}

#[test]
fn the_last_try_is_the_latest_one_added() {
    assert_eq!(Tries::default().last(), None);
    let (first, last) = (tried(batch(9, 9), TryOutcome::Failed), tried(batch(1, 1), TryOutcome::Unknown));
    assert_eq!(ring(&[first, last]).last(), Some(&last));
    assert_eq!(last.at, at("2026-03-01T10:20:00Z"));
}

#[test]
fn each_kind_of_try_is_counted_apart_and_all_together() {
    let attempts = KINDS.into_iter().chain([TryKind::Forced]).fold(Attempts::default(), Attempts::counting);
    assert_eq!(attempts, Attempts { interval: 1, nightly: 1, recent: 1, forced: 2 });
    assert_eq!(attempts.total(), 5);
}
