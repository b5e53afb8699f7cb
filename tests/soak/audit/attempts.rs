//! Attempts: whatever Salesforce looked at, or will, is counted as a try; beyond that at most what was sent and not looked at, and what a
//! dead process had noted and not sent.
//!
//! Must not know: how tries are counted.

use rules::record::{Resolution, State};

use super::Evidence;
use crate::soak::sources::What;

pub(super) fn check(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let deaths = evidence.deaths();
    for record in evidence.records() {
        let reports = &evidence.histories[&record.key].reports;
        // A newer version starts anew, and what its source synced meanwhile is left as it is.
        let is_plain = reports.iter().all(|report| report.what == What::Failed) && reports.len() == 1;
        let elsewhere =
            matches!(record.state, State::Resolved { how: Resolution::SucceededElsewhere | Resolution::Deleted, .. });
        if !is_plain || elsewhere {
            continue;
        }
        let sends = evidence.sends_of(&record.key);
        let processed = sends.iter().filter(|sent| sent.is_processed()).count();
        let unheard = sends.iter().filter(|sent| !sent.is_processed()).count();
        let counted = record.attempts.total() as usize;
        if counted < processed || counted > processed + unheard + deaths {
            wrong.push(format!("attempts: {} counts {counted} of {processed} tries: {:?}", record.key, record.tries));
        }
    }
}
