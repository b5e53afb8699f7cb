//! Broken protocols: with any one rule off, the search finds a history that breaks the invariant which the rule is there for.
//!
//! Must not know: the rules.

use model::broken::Break;
use model::explore::counterexample;

/// The shortest histories are printed: `cargo test -p model --test broken -- --nocapture` shows them.
fn is_caught(rule: Break) {
    for (invariant, bounds) in rule.breaks() {
        let history = counterexample(&bounds, invariant);
        let history = history.unwrap_or_else(|| panic!("{} keeps {invariant}", rule.as_str()));
        println!("{} breaks {invariant}, in {} steps:\n{history}", rule.as_str(), history.0.len());
    }
}

#[test]
fn without_the_fence_a_newer_failure_is_lost_and_an_old_outcome_lands_on_a_new_one() {
    is_caught(Break::NoFence);
}

#[test]
fn with_an_eventual_read_before_sending_something_older_than_a_known_success_is_sent() {
    is_caught(Break::EventualRead);
}

#[test]
fn with_calls_reserved_after_they_were_made_the_budget_is_overrun() {
    is_caught(Break::ReserveAfterSending);
}

#[test]
fn with_the_journal_written_after_the_send_a_try_is_lost_and_a_record_is_in_two_requests() {
    is_caught(Break::JournalAfterSending);
}

#[test]
fn with_the_entry_closed_early_a_try_is_lost_and_a_record_is_in_two_requests() {
    is_caught(Break::CloseEarly);
}

#[test]
fn without_quarantine_a_record_is_in_two_requests() {
    is_caught(Break::NoQuarantine);
}

#[test]
fn without_epochs_a_try_is_counted_wrongly_and_an_old_outcome_lands_on_a_new_one() {
    is_caught(Break::LeaseWithoutEpoch);
}

#[test]
fn with_a_blind_release_noted_work_and_a_request_are_left_behind() {
    is_caught(Break::BlindRelease);
}

#[test]
fn with_a_reservation_used_past_its_bucket_the_budget_is_overrun() {
    is_caught(Break::StaleReservation);
}

#[test]
fn with_ingest_lifting_the_quarantine_a_record_is_in_two_requests() {
    is_caught(Break::IngestLiftsQuarantine);
}

#[test]
fn a_run_that_recovers_what_a_later_one_has_in_flight_counts_what_was_not_processed() {
    is_caught(Break::RecoverLaterRuns);
}
