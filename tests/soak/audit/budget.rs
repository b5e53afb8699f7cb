//! Budget: no 24 hours hold more calls than the cap, and the ledger charges at least those that were made.
//!
//! Must not know: buckets, reservations.

use rules::time::Timestamp;

use super::Evidence;
use crate::kill::evidence::{DAY, at, most_calls_of_a_day};
use crate::soak::play::TIMEOUT;

pub(super) fn check(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let calls: Vec<Timestamp> = evidence.calls.iter().map(at).collect();
    let most = most_calls_of_a_day(&calls);
    if most > evidence.cap {
        wrong.push(format!("budget: {most} calls were made in 24 hours, {} are allowed", evidence.cap));
    }
    let counting = calls.iter().filter(|&&call| call + DAY > evidence.now).count() as u64;
    let charged = evidence.control.ledger.used(evidence.now, TIMEOUT).0;
    if charged < counting || charged > evidence.cap {
        wrong.push(format!("budget: {counting} calls count and {charged} are charged, of {}", evidence.cap));
    }
}
