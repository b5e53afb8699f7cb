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
}

impl Tally {
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
