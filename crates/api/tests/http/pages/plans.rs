//! The pages of plans and of what carries them out.

use engine::fakes::sample;
use rules::owed::Selection;
use serde_json::json;

use super::{Page, get, post};
use crate::support::{Api, NOW};

/// The plan's id on a page.
fn plan_on(page: &Page) -> String {
    let (_, rest) = page.text.split_once("name=\"plan\" value=\"").expect("the page has a plan");
    rest.split('"').next().expect("it ends").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_what_it_would_do_and_its_form_sent_twice_is_one_request() {
    let api = Api::acme().await;
    api.report(&["a-1", "a-2", "a-3"]).await;
    let page = post(&api, "/c/acme/plans", "type=row-lock&action=resync").await;
    assert_eq!(page.status, 200);
    page.says("This is a plan: nothing is done yet");
    page.says("Retry 3 records");
    assert_eq!(api.audit().await.len(), 0);
    let form = format!("plan={}", plan_on(&page));
    let place = post(&api, "/c/acme/resyncs", &form).await.goes_to().to_owned();
    assert_eq!(post(&api, "/c/acme/resyncs", &form).await.goes_to(), place);
    let page = get(&api, &place).await;
    page.says("3 waiting, 0 tried");
    page.says("hx-trigger=\"every 2s\"");
    get(&api, "/c/acme/requests").await.says("Resync of all with Row lock");
    assert_eq!(post(&api, &format!("{place}/cancel"), "").await.goes_to(), place);
    let page = get(&api, &format!("{place}/progress")).await;
    page.says("Cancelled after 0 records tried");
    page.says_nothing_of("hx-trigger");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_carried_out_after_the_connections_name_was_typed_and_not_before() {
    let api = Api::acme().await;
    api.report(&["a-1", "a-2"]).await;
    let chosen = "record=Contact%2Fa-1&record=Contact%2Fa-2&action=delete";
    let page = post(&api, "/c/acme/plans", chosen).await;
    page.says("Delete 2 chosen records?");
    let plan = plan_on(&page);
    let page = post(&api, "/c/acme/deletions", &format!("plan={plan}&confirm=Acme")).await;
    assert_eq!(page.status, 422);
    page.says("Nothing was deleted");
    get(&api, "/c/acme/requests").await.says("Nobody asked for anything yet");
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    let place = post(&api, "/c/acme/deletions", &format!("plan={plan}&confirm=acme")).await.goes_to().to_owned();
    let page = get(&api, &place).await;
    page.says("Deletion of 2 chosen records");
    page.says("2 waiting, 0 deleted");
    page.says_nothing_of("It waits");
}

#[tokio::test(start_paused = true)]
async fn what_was_left_alone_is_told_apart_from_what_was_tried() {
    let api = Api::acme().await;
    api.report(&["a-1", "a-2", "a-3"]).await;
    let chosen = "record=Contact%2Fa-1&record=Contact%2Fa-2&record=Contact%2Fa-3&action=resync";
    let plan = plan_on(&post(&api, "/c/acme/plans", chosen).await);
    let succeeded = json!({
        "detail-type": "Sync Succeeded", "time": NOW,
        "detail": { "connection": "acme", "object": "Contact", "externalId": "a-3", "sourceVersion": 2 },
    });
    api.take(&succeeded).await;
    let place = post(&api, "/c/acme/resyncs", &format!("plan={plan}")).await.goes_to().to_owned();
    api.run(Selection::Owed { tick: sample::time(NOW) }).await;
    let page = get(&api, &place).await;
    page.says("Done: 2 records tried");
    page.says("<strong>1</strong> left alone: did not fail any more");
    page.says("3 of 3 worked off");
}

#[tokio::test(start_paused = true)]
async fn a_share_below_one_per_cent_is_not_rounded_up_to_one() {
    let api = Api::acme().await;
    api.report(&["a-1"]).await;
    post(&api, "/c/acme/plans", "all=true&action=resync").await.says("&lt;1 % of the 5,000 that are left");
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_nothing_says_so() {
    let api = Api::acme().await;
    let page = post(&api, "/c/acme/plans", "action=resync").await;
    assert_eq!(page.status, 422);
    page.says("No record is selected");
    let page = post(&api, "/c/acme/plans", "record=Contact%2Fnobody&action=resync").await;
    page.says("Nothing would be done");
    page.says("no failure is known");
    let page = post(&api, "/c/acme/resyncs", "plan=made-up").await;
    assert_eq!(page.status, 422);
    api.report(&["a-1"]).await;
    let page = post(&api, "/c/acme/plans", "type=row-lok&action=resync").await;
    page.says("There is no error type row-lok; did you mean row-lock?");
    assert!(!page.text.contains("the reasons are above") && !page.text.contains("Left out"), "{}", page.text);
    let page = post(&api, "/c/acme/plans", "object=contact&action=delete").await;
    page.says("did you mean Contact?</p>");
}
