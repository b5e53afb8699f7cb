//! Counts with a unit, API calls and tries, and how people read a number.
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

    /// What share of `whole` these are; none when that is nothing.
    #[must_use]
    pub fn share_of(self, whole: Self) -> Option<Share> {
        let hundredfold = self.0.saturating_mul(100);
        let percent = (whole.0 > 0).then(|| hundredfold.div_ceil(whole.0))?;
        Some(Share { percent, is_less: self.0 > 0 && hundredfold < whole.0 })
    }
}

/// A share in percent, rounded up; a little is told as less than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The percent.
    pub percent: u64,
    is_less: bool,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_less { f.write_str("<1 %") } else { write!(f, "{} %", self.percent) }
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

/// A number as people read it: `12,345`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
