//! The sound protocol: within each part's bounds every invariant holds in every state, and everything interesting is seen.
//!
//! Must not know: how the parts were chosen.

use model::bounds::Bounds;
use model::explore::explore;
use model::faults::Fault;
use model::partition;

fn is_sound(parts: Vec<Bounds>) {
    for bounds in parts {
        let explored = explore(&bounds, 1);
        let said: Vec<_> = explored.broken.iter().map(|(name, history)| format!("{name}\n{history}")).collect();
        assert!(said.is_empty(), "{} breaks {}", explored.name, said.join("\n"));
        assert_eq!(explored.unseen, [""; 0], "{}", explored.name);
    }
}

/// Invariants 1, Conservation, 2, Exclusion, 3, Fencing, 4, Attempts, 6, Budget, and 8, Not processed.
#[test]
fn two_ticks_keep_every_promise_under_any_two_faults() {
    is_sound(partition::ticks());
}

/// Invariants 1, Conservation, and 5, Order.
#[test]
fn reports_may_come_in_at_any_step_under_a_fault() {
    is_sound(partition::reports());
}

/// Invariant 9, Forced.
#[test]
fn a_forced_retry_may_be_asked_for_at_any_step_under_a_fault() {
    is_sound(partition::persons());
}

/// Invariant 6, Budget.
#[test]
fn the_budget_holds_where_a_bucket_ceases_to_count() {
    is_sound(partition::days());
}

#[test]
fn every_fault_and_every_two_faults_are_in_a_part() {
    let parts = partition::narrow();
    let together = |one: Fault, two: Fault| parts.iter().any(|part| part.faults.has(one) && part.faults.has(two));
    for one in Fault::ALL {
        for two in Fault::ALL {
            assert!(together(one, two), "{one:?} and {two:?} are in no part");
        }
    }
}
