//! Poison: a record that makes a whole batch be refused is found by halving, and delays no other.
//!
//! Must not know: what makes it poison.

use engine::fakes::{reply, sample};
use engine::ports::{Reply, UpsertAnswer, UpsertRequest};

use rules::schedule::TICK;
use serde_json::json;

use crate::support::{World, at, interval, key};

/// Refuses every batch with one of these records as a whole.
fn poisoned(request: &UpsertRequest, poison: &[&str]) -> Reply<UpsertAnswer> {
    if request.records.iter().any(|record| poison.contains(&record.id.as_str())) {
        let (code, message) = ("JSON_PARSER_ERROR".to_owned(), "cannot be read".to_owned());
        return reply::of(UpsertAnswer::Rejected { code, message });
    }
    reply::all_saved(request)
}

#[tokio::test(start_paused = true)]
async fn one_poisoned_record_among_200_is_isolated_with_at_most_16_more_calls_wherever_it_stands() {
    for number in [1, 2, 99, 100, 101, 150, 199, 200] {
        let poison = format!("r{number:06}");
        let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
        world.many_fail(200).await;
        let name = poison.clone();
        world.salesforce().answer_with(move |request, _, _| poisoned(request, &[&name]));
        world.drive_until(at("2026-03-02T09:30:00Z")).await;
        let more = world.batch_sizes().len() - 1;
        assert!(more <= 16, "{poison}: {more} more calls");
        assert_eq!((world.failing(), world.record(&poison).attempts.interval), (1, 1), "{poison}");
        world.upholds_the_invariants().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_record_in_one_of_four_batches_leaves_the_others_saved_in_the_same_run() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(800).await;
    world.salesforce().answer_with(|request, _, _| poisoned(request, &["r000555"]));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert!(world.batch_sizes().len() <= 4 + 16, "{:?}", world.batch_sizes());
    assert_eq!((world.failing(), world.record("r000555").attempts.interval, world.run_reports().len()), (1, 1, 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn several_poisoned_records_in_one_batch_are_found_within_a_few_ticks_at_16_more_calls_each() {
    let poison = ["r000001", "r000100", "r000200"];
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(200).await;
    world.salesforce().answer_with(move |request, _, _| poisoned(request, &poison));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert!(world.batch_sizes().len() <= 1 + 16, "{:?}", world.batch_sizes());
    assert_eq!(world.record("r000001").attempts.interval, 1);
    world.drive_until(at("2026-03-02T11:30:00Z")).await;
    assert_eq!(world.failing(), 3, "only the poisoned ones are left");
    assert!(poison.iter().all(|id| world.record(id).attempts.interval > 0));
    world.upholds_the_invariants().await;
}

/// The records of a batch are in the order of their parents, in every tick the same.
#[tokio::test(start_paused = true)]
async fn what_many_poisoned_records_before_it_left_to_the_next_tick_goes_first_there() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    for number in 1..=12 {
        let parent = json!({ "parent": { "object": "Account", "externalId": format!("p{number:02}") } });
        world.fails_with(&key(&format!("c{number:02}")), 1, sample::CODE, &parent).await;
    }
    let sound = "c12";
    world.salesforce().answer_with(move |request, _, _| match request.records.as_slice() {
        [only] if only.id.as_str() == sound => reply::all_saved(request),
        _ => reply::of(UpsertAnswer::Rejected { code: "JSON_PARSER_ERROR".to_owned(), message: String::new() }),
    });
    let mut ticks = 0;
    while world.record(sound).is_failing() {
        ticks += 1;
        world.drive_until(at("2026-03-02T09:10:00Z") + TICK * ticks).await;
    }
    assert!((2..=4).contains(&ticks), "it was saved in tick {ticks}; the others are timed out after ten");
    world.upholds_the_invariants().await;
}

/// A mapping that Salesforce refuses for every record must not eat the budget.
#[tokio::test(start_paused = true)]
async fn a_batch_of_nothing_but_poison_costs_at_most_16_more_calls() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(200).await;
    world.salesforce().answer_with(|_, _, _| {
        let (code, message) = ("JSON_PARSER_ERROR".to_owned(), "cannot be read".to_owned());
        reply::of(UpsertAnswer::Rejected { code, message })
    });
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert!(world.batch_sizes().len() <= 1 + 16, "{:?}", world.batch_sizes());
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_salesforce_refuses_whatever_is_in_the_batch_is_not_bisected() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(200).await;
    world.salesforce().answer_with(|_, _, _| {
        let (code, message) = ("INVALID_FIELD".to_owned(), "no such field: Ext_Id__c".to_owned());
        reply::of(UpsertAnswer::ObjectRejected { code, message })
    });
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.batch_sizes(), world.record("r000007").attempts.interval), (vec![200], 1));
    world.upholds_the_invariants().await;
}
