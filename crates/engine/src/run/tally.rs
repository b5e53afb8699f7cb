//! What a run counts for its report.
//!
//! Must not know: why.

use rules::tries::TryOutcome;

/// Counts of one run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) api_calls: u64,
    pub(super) tried: u64,
    pub(super) resolved: u64,
    pub(super) failed: u64,
    pub(super) unknown: u64,
    pub(super) skipped: u64,
    pub(super) deleted: u64,
}

impl Tally {
    /// Whether the run did anything that a later one need not do again.
    pub(super) fn came_on(&self) -> bool {
        self.api_calls > 0 || self.tried > 0 || self.deleted > 0
    }

    /// Counts one try that is written.
    pub(super) fn count(&mut self, outcome: TryOutcome) {
        self.tried += 1;
        match outcome {
            TryOutcome::Saved | TryOutcome::Gone => self.resolved += 1,
            TryOutcome::Failed | TryOutcome::TimedOut | TryOutcome::Held => self.failed += 1,
            TryOutcome::Unknown => self.unknown += 1,
        }
    }
}
