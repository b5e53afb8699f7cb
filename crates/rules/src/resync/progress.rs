//! How far a request has come, in records, and why some were left alone.
//!
//! Must not know: how records are tried or deleted.

use serde::{Deserialize, Serialize};

use crate::tries::TryOutcome;

/// Why a record of a request is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// No failure of it is known.
    Unknown,
    /// It does not fail any more.
    Resolved,
    /// There is nothing to send: its payload is gone.
    PayloadMissing,
    /// It failed anew since, with another version, or for the first time.
    FailedAnew,
    /// It does not fit any more: its error became another one, or it stands elsewhere.
    Changed,
}

/// How many records were left alone, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Skips {
    /// As [`Skip::Unknown`].
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// As [`Skip::Resolved`].
    #[serde(skip_serializing_if = "is_zero")]
    pub resolved: u64,
    /// As [`Skip::PayloadMissing`].
    #[serde(skip_serializing_if = "is_zero")]
    pub payload_missing: u64,
    /// As [`Skip::FailedAnew`].
    #[serde(skip_serializing_if = "is_zero")]
    pub failed_anew: u64,
    /// As [`Skip::Changed`].
    #[serde(skip_serializing_if = "is_zero")]
    pub changed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Skips {
    /// One more.
    pub fn count(&mut self, skip: Skip) {
        *match skip {
            Skip::Unknown => &mut self.unknown,
            Skip::Resolved => &mut self.resolved,
            Skip::PayloadMissing => &mut self.payload_missing,
            Skip::FailedAnew => &mut self.failed_anew,
            Skip::Changed => &mut self.changed,
        } += 1;
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.unknown + self.resolved + self.payload_missing + self.failed_anew + self.changed
    }

    /// Whether nothing was left alone.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.total() == 0
    }

    /// These without those that were counted `before`.
    #[must_use]
    pub fn less(self, before: Self) -> Self {
        Self {
            unknown: self.unknown.saturating_sub(before.unknown),
            resolved: self.resolved.saturating_sub(before.resolved),
            payload_missing: self.payload_missing.saturating_sub(before.payload_missing),
            failed_anew: self.failed_anew.saturating_sub(before.failed_anew),
            changed: self.changed.saturating_sub(before.changed),
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            unknown: self.unknown + other.unknown,
            resolved: self.resolved + other.resolved,
            payload_missing: self.payload_missing + other.payload_missing,
            failed_anew: self.failed_anew + other.failed_anew,
            changed: self.changed + other.changed,
        }
    }
}

/// How far a request has come, in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Progress {
    /// Tries that were counted; the sum of the next three.
    pub tried: u64,
    /// Tries after which nothing is left to do.
    pub resolved: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Tries whose outcome is unknown.
    pub unknown: u64,
    /// Failures that were deleted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deleted: u64,
    /// Records that were left alone.
    pub skipped: u64,
    /// Why they were, as far as an older version of the program has not counted them.
    #[serde(default, skip_serializing_if = "Skips::is_none")]
    pub skipped_because: Skips,
    /// Whether there may be more of everything: a run died on the way, and nobody knows what it did after it had noted these
    /// numbers last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl Progress {
    /// These with one more try.
    #[must_use]
    pub fn counting(mut self, outcome: TryOutcome) -> Self {
        self.tried += 1;
        match outcome {
            TryOutcome::Saved | TryOutcome::Gone => self.resolved += 1,
            TryOutcome::Failed | TryOutcome::TimedOut | TryOutcome::Held => self.failed += 1,
            TryOutcome::Unknown => self.unknown += 1,
        }
        self
    }

    /// These with records that were left alone.
    #[must_use]
    pub fn skipping(mut self, skips: Skips) -> Self {
        self.skipped += skips.total();
        self.skipped_because = self.skipped_because.and(skips);
        self
    }

    /// These when all records are looked at once more: those that are left alone are counted anew.
    #[must_use]
    pub fn looking_again(self) -> Self {
        Self { skipped: 0, skipped_because: Skips::default(), ..self }
    }

    /// Records that nothing more becomes of.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.tried + self.deleted + self.skipped
    }
}
