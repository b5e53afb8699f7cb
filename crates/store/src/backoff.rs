//! How long to wait before the refused part of a request is sent again, and when to give up.
//!
//! Must not know: what was refused, or how waiting is done.

use std::time::Duration;

use crate::items::hash::fnv1a;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);
const TRIES: u32 = 8;

/// Waits that double from 50 ms to 2 s, seven of them: some 7 s in all. Each is cut by up to a half so that callers who
/// were refused together do not come back together; by how much follows from the seed alone.
#[derive(Debug)]
pub(crate) struct Backoff {
    seed: String,
    waits: u32,
}

impl Backoff {
    /// The waits of the request that `seed` names, such as its first key.
    pub(crate) fn new(seed: impl Into<String>) -> Self {
        Self { seed: seed.into(), waits: 0 }
    }

    fn jittered(&self, whole: Duration) -> Duration {
        let draw = fnv1a(format!("{}#{}", self.seed, self.waits).as_bytes()) % 1_000;
        let permille = u32::try_from(draw).expect("less than a thousand");
        whole.saturating_sub(whole * permille / 2_000)
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.waits += 1;
        let whole = FIRST.saturating_mul(1 << (self.waits - 1).min(16)).min(LONGEST);
        (self.waits < TRIES).then(|| self.jittered(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_waits_grow_to_two_seconds_and_none_is_cut_by_more_than_half() {
        let waits: Vec<_> = Backoff::new("r#acme#Contact#1").collect();
        let wholes = [50, 100, 200, 400, 800, 1_600, 2_000].map(Duration::from_millis);
        assert_eq!(waits.len(), wholes.len());
        for (wait, whole) in waits.into_iter().zip(wholes) {
            assert!(wait <= whole && wait >= whole / 2, "{wait:?} of {whole:?}");
        }
    }

    #[test]
    fn two_requests_wait_differently_and_one_always_alike() {
        let of = |seed: &str| Backoff::new(seed).collect::<Vec<_>>();
        assert_ne!(of("r#acme#Contact#1"), of("r#acme#Contact#2"));
        assert_eq!(of("r#acme#Contact#1"), of("r#acme#Contact#1"));
    }
}
