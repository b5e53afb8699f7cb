//! Chance that is none: a count that does not look like one.
//!
//! Must not know: what the numbers are for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ports::Entropy;

/// Odd, so that different counts make different numbers; its bits are those of the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Draws the same numbers in every test: all different, none 0. A clone draws from the same count.
#[derive(Clone, Debug, Default)]
pub struct CountingEntropy {
    drawn: Arc<AtomicU64>,
}

impl CountingEntropy {
    /// Chance that draws as if `drawn` numbers had been drawn before: another, equally fixed course of events.
    #[must_use]
    pub fn after(drawn: u64) -> Self {
        Self { drawn: Arc::new(AtomicU64::new(drawn)) }
    }
}

impl Entropy for CountingEntropy {
    fn number(&self) -> u64 {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        drawn.wrapping_add(1).wrapping_mul(SPREAD)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_thousand_draws_are_all_different_and_none_is_zero() {
        let entropy = CountingEntropy::default();
        let drawn: BTreeSet<u64> = (0..1_000).map(|_| entropy.number()).collect();
        assert_eq!(drawn.len(), 1_000);
        assert!(!drawn.contains(&0));
    }

    #[test]
    fn two_counts_that_start_alike_draw_alike() {
        let (one, other) = (CountingEntropy::after(7), CountingEntropy::after(7));
        assert_eq!([one.number(), one.number()], [other.number(), other.number()]);
    }
}
