//! Counts with a unit: API calls and tries.
//!
//! Must not know: limits; those are the policies' and the budget's.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// A number of HTTP requests to Salesforce, each of which its API limit may count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiCalls(pub u64);

impl ApiCalls {
    /// What is left of these after `other`; zero when nothing is.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for ApiCalls {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for ApiCalls {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for ApiCalls {
    fn sum<I: Iterator<Item = Self>>(calls: I) -> Self {
        calls.fold(Self(0), Add::add)
    }
}

impl fmt::Display for ApiCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who asked for a try; each kind is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryKind {
    /// The 20-minute schedule of the interval policy.
    Interval,
    /// The nightly run of the timeout queue.
    Nightly,
    /// The twice-daily sweep of the recent policy.
    Recent,
    /// A person.
    Forced,
}

/// How often a record's current source version was tried, by kind. Only tries that Salesforce processed, or whose
/// outcome is unknown, are in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Tries by the 20-minute schedule.
    pub interval: u32,
    /// Tries from the timeout queue.
    pub nightly: u32,
    /// Tries by the twice-daily sweep.
    pub recent: u32,
    /// Tries that a person forced.
    pub forced: u32,
}

impl Attempts {
    /// These with one more try of `kind`.
    #[must_use]
    pub fn counting(mut self, kind: TryKind) -> Self {
        let count = match kind {
            TryKind::Interval => &mut self.interval,
            TryKind::Nightly => &mut self.nightly,
            TryKind::Recent => &mut self.recent,
            TryKind::Forced => &mut self.forced,
        };
        *count = count.saturating_add(1);
        self
    }

    /// All tries together.
    #[must_use]
    pub fn total(self) -> u32 {
        self.interval.saturating_add(self.nightly).saturating_add(self.recent).saturating_add(self.forced)
    }
}
