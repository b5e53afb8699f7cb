//! What every store must do: one suite, run against the store in memory and against the table, so that tests on the one
//! hold for the other.
//!
//! Must not know: which store it checks. Its listings must be up to date at once; an index that lags is a fault that a test
//! adds.
#![expect(clippy::missing_panics_doc, reason = "a check reports what it finds by panicking")]

pub mod action_keys;
pub mod age_listing;
pub mod audit_entries;
pub mod children;
pub mod control_items;
pub mod counts;
pub mod directories;
pub mod due_listing;
pub mod erasing;
mod given;
pub mod identities;
pub mod index_membership;
pub mod journal_slots;
pub mod outcomes;
pub mod payloads;
pub mod records;
pub mod requests;
pub mod settings;
pub mod usage_items;

use crate::ports::Store;

/// Hands the list of all checks, as `group::check,`, to the macro named `$then`: a test file makes one test of each.
#[macro_export]
macro_rules! every_conformance_check {
    ($then:ident) => {
        $then! {
            records::a_new_record_is_read_back_with_every_field,
            records::a_record_is_read_back_in_every_state,
            records::a_record_is_not_created_twice,
            records::a_put_on_the_expected_version_replaces_the_record,
            records::a_put_on_another_version_conflicts_and_changes_nothing,
            records::a_put_that_expects_a_record_conflicts_with_nothing_when_there_is_none,
            records::a_success_mark_is_kept_and_gives_way_to_a_newer_failure,
            records::a_version_after_the_greatest_one_is_written_like_any_other,
            records::reading_250_keys_with_duplicates_and_absent_ones_gives_each_record_once,
            records::reading_no_keys_gives_no_records,
            payloads::an_inline_payload_comes_with_its_record,
            payloads::a_payload_apart_comes_by_itself,
            payloads::a_payload_of_300_kilobytes_comes_back_whole,
            payloads::a_payload_that_is_kept_stays_where_it_is,
            payloads::a_payload_that_is_set_takes_the_place_of_the_one_at_the_other_place,
            payloads::a_payload_that_is_dropped_is_gone_from_either_place,
            payloads::a_payload_apart_of_another_source_version_is_left_out,
            payloads::a_payload_is_gone_when_an_outcome_resolves_its_record,
            payloads::a_payload_stays_when_an_outcome_leaves_its_record_failing,
            payloads::a_put_that_conflicts_leaves_the_payload_alone,
            payloads::payloads_of_130_records_come_in_one_request,
            payloads::a_payload_keeps_every_kind_of_value,
            outcomes::an_outcome_is_written_on_the_version_that_was_read,
            outcomes::sixty_outcomes_are_settled_each_by_itself_and_in_order,
            outcomes::an_outcome_of_a_record_that_is_gone_conflicts_with_nothing,
            outcomes::an_outcome_written_again_is_done_or_shows_itself,
            outcomes::an_outcome_clears_what_the_record_no_longer_has,
            outcomes::writing_no_outcomes_gives_no_results,
            index_membership::every_transition_by_an_outcome_moves_the_record_to_the_right_listings,
            index_membership::every_transition_by_a_put_moves_the_record_to_the_right_listings,
            index_membership::a_success_mark_is_in_no_listing,
            index_membership::a_record_that_is_rescheduled_is_listed_once_at_its_new_time,
            index_membership::a_record_of_a_new_error_type_is_listed_under_it_only,
            index_membership::a_record_whose_first_failure_moves_is_listed_at_the_new_one_only,
            due_listing::a_record_is_due_at_the_horizon_and_not_a_millisecond_after_it,
            due_listing::a_listing_of_nothing_comes_to_its_end,
            due_listing::pages_of_any_size_cover_all_due_records_once,
            due_listing::pages_cover_all_shards_and_records_from_before_there_were_more,
            due_listing::a_listing_goes_on_while_the_records_it_listed_move_away,
            age_listing::both_bounds_of_the_window_are_included,
            age_listing::only_the_types_that_are_asked_for_are_listed,
            age_listing::no_types_list_no_records,
            age_listing::a_window_that_ends_before_it_begins_lists_no_records,
            age_listing::pages_of_any_size_cover_all_types_and_shards_once,
            age_listing::a_look_finds_every_record_of_a_type_with_its_first_failure,
            age_listing::a_look_has_the_bounds_of_the_listing,
            age_listing::a_look_goes_on_after_any_of_its_entries,
            children::the_children_of_a_parent_are_listed_once_each,
            children::a_child_that_is_resolved_waits_no_more,
            erasing::an_erased_record_leaves_neither_item_nor_payload_nor_listing,
            erasing::a_resolved_record_and_the_mark_of_a_success_are_erased_too,
            erasing::a_record_in_another_version_is_not_erased,
            erasing::what_names_a_record_is_rewritten_with_its_erasure,
            erasing::nothing_is_erased_when_one_of_all_that_names_a_record_is_not_as_it_was_read,
            erasing::a_record_that_is_gone_is_no_longer_there_to_erase,
            erasing::an_erased_record_may_come_again_and_its_neighbours_stay,
            control_items::a_connection_without_control_item_has_the_empty_one,
            control_items::a_full_control_item_is_read_back,
            control_items::a_control_item_is_replaced_on_the_expected_revision,
            control_items::a_control_item_of_another_revision_conflicts_with_what_is_there,
            control_items::a_control_item_written_again_is_done,
            usage_items::a_connection_without_usage_has_the_empty_one,
            usage_items::usage_is_read_back_and_replaced_on_the_expected_revision,
            usage_items::usage_of_another_revision_conflicts_with_what_is_there,
            usage_items::usage_written_again_is_done,
            usage_items::the_facts_of_many_connections_come_in_their_order,
            journal_slots::a_full_entry_is_written_to_a_fresh_slot_and_read_back,
            journal_slots::a_slot_is_overwritten_on_the_expected_stamp,
            journal_slots::a_slot_with_another_stamp_conflicts_and_stays,
            journal_slots::a_fresh_slot_conflicts_with_an_expected_stamp,
            journal_slots::an_entry_written_again_is_done,
            journal_slots::every_slot_is_read_once,
            directories::connections_of_both_policies_are_saved_read_and_listed,
            directories::an_unknown_connection_is_none,
            directories::a_connection_saved_again_is_replaced,
            directories::shards_are_raised_and_never_lowered_and_nothing_else_changes,
            directories::raising_the_shards_of_an_unknown_connection_makes_none,
            settings::a_connection_is_created_once,
            settings::a_connection_created_again_is_the_same_one,
            settings::settings_are_changed_if_they_are_as_they_were_seen,
            settings::settings_changed_again_are_done,
            settings::shards_are_no_part_of_what_was_seen_and_are_never_lowered,
            settings::settings_of_a_connection_that_is_gone_are_not_changed,
            settings::a_connection_is_deleted_by_its_mark_only,
            settings::a_connection_that_is_gone_bears_no_mark,
            settings::a_deleted_connection_is_gone_and_what_it_kept_stays,
            settings::a_connection_and_how_it_stands_are_read_together,
            directories::error_types_are_listed_once_and_in_order,
            counts::a_type_that_is_only_listed_has_no_records,
            counts::changes_add_up_by_type_and_object,
            counts::the_oldest_is_the_earliest_that_came,
            counts::a_type_whose_records_are_gone_has_no_oldest_one,
            counts::a_number_is_never_told_below_zero,
            counts::counted_numbers_take_the_place_of_the_old_ones,
            counts::numbers_that_changed_while_they_were_counted_stay,
            counts::each_connection_has_numbers_of_its_own,
            counts::totals_add_up_by_type,
            counts::the_timeout_queue_is_counted_over_all_types,
            counts::totals_have_room_for_every_type,
            counts::counted_totals_take_the_place_of_those_they_were_counted_from,
            directories::reports_come_newest_first_and_no_more_than_asked_for,
            directories::a_report_kept_again_is_there_once,
            requests::requests_of_every_kind_are_read_back,
            requests::a_request_is_kept_once_and_known_from_then_on,
            requests::requests_are_read_by_their_names,
            requests::a_request_that_ended_says_so,
            requests::a_request_is_changed_only_as_it_was_read,
            requests::a_request_and_the_control_item_that_owes_it_are_kept_together_or_not_at_all,
            requests::requests_come_newest_first_and_no_more_than_asked_for,
            requests::requests_of_another_connection_are_kept_apart,
            audit_entries::entries_of_a_connection_and_of_all_come_newest_first,
            audit_entries::an_entry_kept_again_is_there_once,
            audit_entries::every_action_is_read_back,
            action_keys::a_key_is_its_attempts_own_until_it_is_answered,
            action_keys::a_key_of_another_action_is_taken_and_stays_as_it_is,
            action_keys::a_key_may_name_another_action_a_day_later,
            action_keys::an_attempt_that_never_ended_is_given_up_when_its_lease_ends,
            action_keys::an_attempt_that_ended_lets_the_same_action_begin_again_at_once,
            action_keys::an_attempt_that_was_given_up_changes_nothing_of_the_next_ones,
            action_keys::a_key_that_was_given_back_is_free,
            action_keys::an_answer_is_kept_by_the_action_that_has_the_key_only,
            identities::awkward_ids_are_stored_listed_and_settled_apart,
            identities::the_same_id_of_two_objects_is_two_records,
            identities::records_of_a_connection_whose_name_begins_another_are_kept_apart,
            identities::items_of_a_connection_whose_name_begins_another_are_kept_apart,
        }
    };
}

/// Runs every check on a fresh, empty store of its own.
pub async fn check_all<S: Store>(make: impl AsyncFn() -> S) {
    macro_rules! run {
        ($($group:ident::$check:ident,)+) => { $(Box::pin($group::$check(&make().await)).await;)+ };
    }
    every_conformance_check!(run);
}
