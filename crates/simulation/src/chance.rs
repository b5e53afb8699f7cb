//! Chance of a seed: the same draws whenever the seed is played.
//!
//! Must not know: what is drawn for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::ports::Entropy;

/// A stream of draws. A clone draws from the same stream.
#[derive(Clone, Debug)]
pub(crate) struct Chance(Arc<Mutex<fastrand::Rng>>);

impl Chance {
    /// The stream of `seed` for one purpose. Streams of different purposes do not disturb each other.
    pub(crate) fn of(seed: u64, purpose: u64) -> Self {
        let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03);
        Self(Arc::new(Mutex::new(fastrand::Rng::with_seed(mixed))))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.with(|rng| rng.u64(..bound))
    }

    /// A number from `least` to `most`.
    pub(crate) fn between(&self, least: u64, most: u64) -> u64 {
        self.with(|rng| rng.u64(least..=most))
    }

    /// Whether something happens that does so `permille` times in a thousand.
    pub(crate) fn happens(&self, permille: u64) -> bool {
        permille > 0 && self.below(1_000) < permille
    }

    /// One of `choices`, of which there are some.
    pub(crate) fn pick<'a, T>(&self, choices: &'a [T]) -> &'a T {
        let at = self.with(|rng| rng.usize(..choices.len()));
        &choices[at]
    }

    /// A span from `least` to `most`.
    pub(crate) fn span(&self, least: Duration, most: Duration) -> Duration {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.between(millis(least), millis(most)))
    }
}

impl Entropy for Chance {
    fn number(&self) -> u64 {
        self.with(|rng| rng.u64(1..))
    }
}
