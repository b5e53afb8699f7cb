//! Plans: how many records, what they cost, what is left out and why, and when it would be done; and that a plan changes nothing.
//!
//! Must not know: where the numbers come from.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::manage::request;
use engine::memory::Operation;
use engine::plan::{Excluded, Plan, VALID, plan};
use engine::ports::{LoginAnswer, NotProcessed, UpsertAnswer};
use engine::resync::{Accepted, NewRequest};
use rules::counts::ApiCalls;
use rules::ids::{ObjectName, RecordId};
use rules::resync::{Action, Count, FailingState, Matching, Progress, RequestState, Wanted};
use serde_json::json;

use crate::forced::{all_refused, done, lead};
use crate::support::persons::{everything, like, request_id, these};
use crate::support::{World, at, id, interval, key, recent};

async fn planned(world: &World, action: Action, wanted: Wanted) -> Plan {
    let connection = world.settings().await;
    plan(&world.parts, &connection, action, wanted).await.expect("the store works")
}

async fn resync_of(world: &World, wanted: Wanted) -> Plan {
    planned(world, Action::Resync, wanted).await
}

fn matching(change: impl FnOnce(&mut Matching)) -> Wanted {
    let mut matching = Matching::default();
    change(&mut matching);
    Wanted::Matching(matching)
}

/// Carries a plan out under this name.
async fn carries_out(world: &World, name: &str, plan: &Plan) -> Accepted {
    let new = NewRequest {
        connection: id("acme"),
        id: request_id(name),
        action: plan.action,
        wanted: plan.wanted.clone(),
        planned: Some(plan.planned()),
        requested_by: "ada".to_owned(),
    };
    request(&world.parts, new).await.expect("the store works")
}

#[tokio::test(start_paused = true)]
async fn a_plan_by_type_tells_about_how_many_calls_and_share_and_times() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(450).await;
    world.fails_with(&lead("l"), 1, sample::CODE, &json!({})).await;
    world.fails_with(&key("other"), 1, "INVALID_EMAIL_ADDRESS", &json!({})).await;
    world.set(|acme| acme.budget.cap_without_limit = ApiCalls(50)).await;
    let plan = resync_of(&world, like(&world.record("r000001"))).await;
    assert_eq!((plan.records, plan.at_most, plan.children), (Count::about(451), false, None));
    // Three for the Contacts, one for the Lead, and one for the token: ten per cent of fifty.
    assert_eq!((plan.calls, plan.left, plan.share_percent), (ApiCalls(5), ApiCalls(50), Some(10)));
    assert_eq!((plan.as_of, plan.expires), (world.now(), world.now() + VALID));
    assert_eq!((plan.waits_for.len(), plan.starts), (0, Some(world.now())));
    // Five calls of a second, four at a time.
    assert_eq!(plan.ends, Some(world.now() + Duration::from_secs(2)));
    assert!(plan.exclusions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn named_records_are_looked_at_and_each_that_is_left_out_is_told_with_its_reason() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| acme.retention.payload_days = Some(1)).await;
    world.fails("saved", 1).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    all_refused(&world);
    world.fails("emptied", 1).await;
    world.set(|acme| acme.paused = true).await;
    world.wait_until(at("2026-03-04T09:15:00Z")).await;
    assert_eq!(world.applies_retention().await, 1);
    world.set(|acme| acme.paused = false).await;
    world.fails("doubtful", 1).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-04T09:25:00Z")).await;
    world.fails("fresh", 1).await;
    let plan = resync_of(&world, these(&["saved", "emptied", "doubtful", "fresh", "unheard-of"])).await;
    assert_eq!((plan.records, plan.children), (Count::exactly(2), None));
    let told: Vec<_> = plan.exclusions.iter().map(|one| (one.reason, one.named.join(","))).collect();
    let contact = |id: &str| format!("Contact/{id}");
    let expected = [
        (Excluded::Unknown, contact("unheard-of")),
        (Excluded::Resolved, contact("saved")),
        (Excluded::PayloadMissing, contact("emptied")),
        (Excluded::Quarantined, contact("doubtful")),
    ];
    assert_eq!(told, expected);
    let deletion = planned(&world, Action::Delete, these(&["emptied", "doubtful", "saved"])).await;
    assert_eq!((deletion.records, deletion.calls), (Count::exactly(2), ApiCalls(0)));
}

#[tokio::test(start_paused = true)]
async fn a_named_parent_s_plan_counts_the_children_that_come_along() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails_with(&lead("parent"), 1, sample::CODE, &json!({})).await;
    for child in ["one", "two"] {
        let parent = json!({ "parent": { "object": "Lead", "externalId": "parent" } });
        world.fails_with(&key(child), 1, sample::CODE, &parent).await;
    }
    let named: (ObjectName, RecordId) = (sample::object("Lead"), sample::record_id("parent"));
    let plan = resync_of(&world, Wanted::records([named]).expect("one record")).await;
    assert_eq!((plan.records, plan.children), (Count::exactly(3), Some(Count::exactly(2))));
    assert_eq!(plan.calls, ApiCalls(3), "a call for each of the two objects, and the token");
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_many_named_records_says_that_nobody_has_counted_all_who_come_along() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(6).await;
    let named: Vec<_> =
        world.records().iter().map(|record| (record.key.object.clone(), record.key.id.clone())).collect();
    let some = |number: usize| Wanted::records(named[..number].to_vec()).expect("named records");
    let few = resync_of(&world, some(3)).await;
    assert_eq!((few.records, few.children), (Count::exactly(3), Some(Count::exactly(0))));
    let many = resync_of(&world, some(6)).await;
    assert_eq!((many.records, many.children), (Count::exactly(6), None));
    let deletion = planned(&world, Action::Delete, some(6)).await;
    assert_eq!(deletion.records, Count::exactly(6), "a deletion brings nobody along");
}

#[tokio::test(start_paused = true)]
async fn a_description_is_narrowed_by_age_and_object_and_an_upper_bound_is_called_one() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.many_fail(10).await;
    world.wait_until(at("2026-03-03T09:02:00Z")).await;
    world.fails_with(&lead("later"), 1, sample::CODE, &json!({})).await;
    world.fails_with(&key("held"), 1, "DACO-02", &json!({})).await;
    let number = async |wanted: Wanted| {
        let plan = resync_of(&world, wanted).await;
        (plan.records.number, plan.at_most)
    };
    let yesterday = Some(at("2026-03-02T12:00:00Z"));
    assert_eq!(number(matching(|all| all.failed_to = yesterday)).await, (10, false));
    assert_eq!(number(matching(|all| all.failed_from = yesterday)).await, (2, false));
    assert_eq!(number(matching(|all| all.object = Some(sample::object("Lead")))).await, (1, false));
    assert_eq!(number(matching(|all| all.state = Some(FailingState::Held))).await, (1, false));
    let held = matching(|all| all.state = Some(FailingState::Held));
    let deletion = planned(&world, Action::Delete, held).await;
    assert_eq!((deletion.records.number, deletion.at_most), (12, true), "one of another type may be held, too");
    assert_eq!(number(matching(|all| all.state = Some(FailingState::TimedOut))).await, (0, true));
    assert_eq!(number(matching(|all| all.state = Some(FailingState::Expired))).await, (0, false));
    world.set(|acme| acme.paused = true).await;
    world.drive_until(at("2026-03-09T12:00:00Z")).await;
    assert_eq!(number(matching(|all| all.state = Some(FailingState::Expired))).await, (10, false));
}

#[tokio::test(start_paused = true)]
async fn a_plan_by_state_tells_the_timeout_queue_apart_and_loses_nothing_that_is_held() {
    let settings = json!({ "kind": "interval", "tries": 1, "excluded": ["daco-02"] });
    let world = World::new("2026-03-02T09:02:00Z", [sample::connection("acme", &settings)]).await;
    all_refused(&world);
    world.many_fail(10).await;
    world.drive_until(at("2026-03-02T09:21:00Z")).await;
    world.fails_with(&key("held"), 1, "DACO-02", &json!({})).await;
    world.fails("new", 1).await;
    let number = async |action, state| {
        let plan = planned(&world, action, matching(|all| all.state = Some(state))).await;
        plan.records.number
    };
    assert_eq!(number(Action::Resync, FailingState::TimedOut).await, 10);
    assert_eq!(number(Action::Resync, FailingState::Held).await, 1);
    assert!(number(Action::Resync, FailingState::Scheduled).await >= 1);
    assert_eq!(number(Action::Delete, FailingState::TimedOut).await, 12, "nobody is told of fewer than are deleted");
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_which_gates_it_waits_for_and_when_the_budget_lets_it_through() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(2_000).await;
    world.used(5_000, at("2026-03-01T11:05:00Z")).await;
    let plan = resync_of(&world, everything()).await;
    assert_eq!((plan.calls, plan.left, plan.share_percent), (ApiCalls(11), ApiCalls(0), None));
    let [gate] = plan.waits_for.as_slice() else { panic!("one gate is closed: {:?}", plan.waits_for) };
    assert!(
        gate.contains(
            "calls come back 2026-03-02 11:23 UTC if sources make none until then; raise the connection's API limit"
        ),
        "{gate}"
    );
    assert_eq!((plan.starts, plan.ends), (Some(at("2026-03-02T11:40:00Z")), Some(at("2026-03-02T11:40:03Z"))));
    world.set(|acme| acme.paused = true).await;
    let plan = resync_of(&world, everything()).await;
    assert_eq!((plan.waits_for.len(), plan.starts, plan.ends), (2, None, None), "a pause ends by a person alone");
    assert_eq!(plan.starts_when, Some("when somebody resumes the connection"));
    assert_eq!(plan.takes_seconds, 3, "once it has started");
    let deletion = planned(&world, Action::Delete, everything()).await;
    assert_eq!((deletion.waits_for.len(), deletion.starts), (0, Some(world.now())), "no gate keeps a deletion back");
}

#[tokio::test(start_paused = true)]
async fn a_plan_under_a_refused_login_says_that_other_credentials_let_it_start_at_once() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.salesforce().login_always(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    world.drive_until(at("2026-03-02T09:21:00Z")).await;
    let plan = resync_of(&world, everything()).await;
    assert_eq!((plan.starts, plan.ends), (None, None), "nobody here sees into the secret");
    let when = plan.starts_when.expect("it is told");
    assert!(when.contains("other credentials") && when.contains("at once, if it does already"), "{when}");
    assert!(plan.waits_for[0].contains("put the right credentials into the secret"), "{:?}", plan.waits_for);
}

#[tokio::test(start_paused = true)]
async fn what_needs_more_calls_than_a_day_allows_ends_on_a_later_day() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(5_000).await;
    world.set(|acme| acme.budget.cap_without_limit = ApiCalls(10)).await;
    let plan = resync_of(&world, everything()).await;
    assert_eq!(plan.calls, ApiCalls(26));
    let ends = plan.ends.expect("some day");
    assert!(ends > world.now() + Duration::from_hours(48) && ends < world.now() + Duration::from_hours(72), "{ends}");
    world.set(|acme| acme.budget.cap_without_limit = ApiCalls(0)).await;
    assert_eq!(resync_of(&world, everything()).await.ends, None, "nothing is ever let through");
}

#[tokio::test(start_paused = true)]
async fn a_plan_changes_nothing_and_one_of_many_records_reads_as_little_as_one_of_few() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(20_000).await;
    let before = (world.records(), world.control().await, world.published());
    let counts = world.store.counts();
    let plan = resync_of(&world, like(&world.record("r000001"))).await;
    assert_eq!(plan.records, Count::about(20_000));
    let asked: u64 = world.store.counts().values().sum::<u64>() - counts.values().sum::<u64>();
    assert!(asked <= 10, "{asked} requests");
    let read = |counts: &std::collections::BTreeMap<Operation, u64>| counts.get(&Operation::Read).copied().unwrap_or(0);
    assert_eq!(read(&world.store.counts()), read(&counts), "no record is read");
    assert_eq!((world.records(), world.control().await, world.published()), before);
}

#[tokio::test(start_paused = true)]
async fn carrying_a_plan_out_tries_exactly_what_matched_at_its_instant_and_reports_departures() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    for record in ["stays", "synced", "anew"] {
        world.fails(record, 1).await;
    }
    let plan = resync_of(&world, these(&["stays", "synced", "anew"])).await;
    world.wait_until(at("2026-03-02T09:10:00Z")).await;
    world.succeeds("synced", 2).await;
    world.fails("anew", 2).await;
    world.fails("late", 1).await;
    let Accepted::New(request) = carries_out(&world, "planned", &plan).await else { panic!("it is new") };
    assert_eq!((request.as_of, request.waiting()), (plan.as_of, Some(Count::exactly(3))));
    assert!(matches!(carries_out(&world, "planned", &plan).await, Accepted::Known(_)));
    world.drive_until(at("2026-03-02T09:20:00Z")).await;
    let progress = done(&world, "planned").await;
    assert_eq!((progress.tried, progress.resolved, progress.skipped), (1, 1, 2));
    assert_eq!((progress.skipped_because.resolved, progress.skipped_because.failed_anew), (1, 1));
    assert!(world.sent("late").is_empty() && world.sent("anew").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_error_became_of_the_type_after_the_plan_is_left_out() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails("locked", 1).await;
    world.fails_with(&key("turned"), 1, "INVALID_EMAIL_ADDRESS", &json!({})).await;
    let plan = resync_of(&world, like(&world.record("locked"))).await;
    assert_eq!(plan.records, Count::about(1));
    world.wait_until(at("2026-03-02T09:10:00Z")).await;
    world.fails("turned", 1).await;
    assert_eq!(world.record("turned").failure.error_type, world.record("locked").failure.error_type);
    carries_out(&world, "planned", &plan).await;
    world.drive_until(at("2026-03-02T09:20:00Z")).await;
    let progress = done(&world, "planned").await;
    assert_eq!((progress.tried, progress.skipped_because.changed), (1, 1));
    assert!(world.sent("turned").is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_plan_under_ten_names_tries_each_record_once() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    all_refused(&world);
    world.many_fail(50).await;
    let plan = resync_of(&world, everything()).await;
    for number in 0..10 {
        carries_out(&world, &format!("click-{number}"), &plan).await;
        // The one before it is done by then.
        world.drive(Duration::from_secs(40)).await;
    }
    world.drive(Duration::from_mins(2)).await;
    assert!(world.records().iter().all(|record| record.attempts.forced == 1));
    for number in 0..10 {
        assert_eq!(world.request(&format!("click-{number}")).await.state, RequestState::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn progress_stays_true_while_a_planned_request_runs() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    all_refused(&world);
    world.many_fail(10_000).await;
    let plan = resync_of(&world, everything()).await;
    carries_out(&world, "large", &plan).await;
    let watching = async {
        let mut seen = Vec::new();
        for second in 3..60 {
            world.wait_until(at("2026-03-02T09:02:00Z") + Duration::from_secs(second)).await;
            let request = world.request("large").await;
            let waits = request.waiting().map_or(0, |waiting| waiting.number);
            if request.state == RequestState::Open {
                assert_eq!(request.progress.done() + waits, 10_000);
            }
            seen.push(request.progress.tried);
        }
        seen
    };
    let (seen, ()) = futures::join!(watching, world.drive_until(at("2026-03-02T09:15:00Z")));
    assert!(seen.is_sorted() && seen.iter().any(|&tried| 0 < tried && tried < 10_000), "{seen:?}");
    assert_eq!(done(&world, "large").await, Progress { tried: 10_000, failed: 10_000, ..Progress::default() });
}
