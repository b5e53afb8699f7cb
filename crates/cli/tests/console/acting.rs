//! What an administrator does: retries with the plan first, a budget that refuses, a suspension, an export.

use std::fs;

use serde_json::Value;

use crate::browser::{Browser, Scheme};
use crate::served::Served;

/// A browser that is let into a demo of its own.
async fn opened() -> (Served, Browser) {
    let (served, browser) = (Served::start().await, Browser::start().await);
    browser.show(1_280, Scheme::Light).await;
    browser.take_cookie(&served.url("/"), served.cookie()).await;
    (served, browser)
}

/// How many records of marketing are locked.
async fn locked(served: &Served) -> u64 {
    let errors = served.json("/v1/connections/marketing/errors").await;
    let errors = errors["errors"].as_array().expect("a list");
    let of_type = |error: &&Value| error["type"] == "row-lock";
    errors.iter().find(of_type).and_then(|error| error["records"].as_u64()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_then_all_of_its_type_are_retried_each_with_its_plan_first_and_progress_comes_by_itself() {
    let (served, browser) = opened().await;
    browser.go(&served.url("/c/marketing/records/Contact/N-00007")).await;
    browser.until_says("unable to obtain exclusive access").await;
    browser.click_on("Resync").await;
    browser.until_says("This is a plan: nothing is done yet").await;
    assert_eq!(locked(&served).await, 400, "a plan does nothing");
    browser.click_on("Retry 1 record").await;
    browser.until_says("Done: 1 record tried").await;
    browser.go(&served.url("/c/marketing/records/Contact/N-00007")).await;
    browser.until_says("It needs no more tries").await;
    browser.until_says("A person").await;

    browser.go(&served.url("/c/marketing/errors")).await;
    browser.click("form:has(input[value='row-lock']) button").await;
    browser.until_says("399").await;
    browser.until_says("% of the").await;
    browser.click_on("Retry 399 records").await;
    browser.until_says("Done: 399 records tried").await;
    browser.until_says("399 resolved").await;
    assert!(!browser.has("[hx-trigger]").await, "who is done asks no more");
    assert_eq!(locked(&served).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_records_are_retried_and_others_deleted_after_the_name_was_typed() {
    let (served, browser) = opened().await;
    browser.go(&served.url("/c/marketing/records?type=row-lock")).await;
    browser.click("input[data-all='record']").await;
    browser.until_says("50 selected").await;
    browser.click_on("Delete selected").await;
    browser.until_says("50 chosen records").await;
    browser.write("#confirm", "something else").await;
    browser.click_on("Delete 50 failures").await;
    browser.until_says("Nothing was deleted").await;
    browser.write("#confirm", "marketing").await;
    browser.click_on("Delete 50 failures").await;
    browser.until_says("Done:").await;
    assert_eq!(locked(&served).await, 350);
    browser.go(&served.url("/c/marketing/records?type=row-lock")).await;
    browser.click_on("Resync selected").await;
    browser.until_says("No record is selected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_budget_says_so_with_its_time_and_a_higher_limit_lets_what_waits_go_on() {
    let (served, browser) = opened().await;
    browser.go(&served.url("/c/marketing/usage")).await;
    browser.write("#api_limit", "-5").await;
    browser.click_on("Save").await;
    browser.until_says("write a whole number").await;
    browser.write("#api_limit", "100").await;
    browser.click_on("Save").await;
    browser.until_says("Budget spent: retries wait").await;
    browser.until_says("come back").await;
    browser.go(&served.url("/c/marketing/records/Contact/N-00001")).await;
    browser.click_on("Resync").await;
    browser.until_says("It would be accepted now, and wait").await;
    browser.until_says("API calls used or reserved in 24 h").await;
    browser.click_on("Retry 1 record").await;
    browser.until_says("It waits").await;
    browser.until_says("raise the connection's API limit").await;
    let request = browser.url().await;
    assert_eq!(locked(&served).await, 400);
    browser.go(&served.url("/c/marketing/usage")).await;
    browser.write("#api_limit", "50000").await;
    browser.click_on("Save").await;
    browser.until_says("37,500").await;
    // The limit alone: nobody asks for anything else.
    browser.go(&request).await;
    browser.until_says("Done: 1 record tried").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_cleared_after_a_question_and_audited() {
    let (served, browser) = opened().await;
    browser.go(&served.url("/")).await;
    browser.until_says("Salesforce refused the login").await;
    browser.click_on("Look at the suspension").await;
    browser.until_says("Is the cause gone?").await;
    browser.click_on("The cause is gone").await;
    browser.until_says("By type of error").await;
    assert!(!browser.text().await.contains("Suspended"), "{}", browser.text().await);
    browser.go(&served.url("/c/billing/audit")).await;
    browser.until_says("Cleared the suspension").await;
    let tried = served.json("/v1/connections/billing/suspension").await;
    assert_eq!(tried["suspension"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_a_message_and_in_an_id_is_text_and_the_export_is_a_file() {
    let (served, browser) = opened().await;
    let (id, message) = ("<b id=evil>x</b>", "<img src=x onerror=\"document.title='taken'\">");
    served.report(id, message).await;
    browser.go(&served.url("/c/marketing/records?type=validation-rule&object=Contact")).await;
    for _ in 0..20 {
        if browser.text().await.contains(message) {
            break;
        }
        browser.click_on("Next page").await;
    }
    browser.until_says(message).await;
    browser.until_says(id).await;
    assert!(!browser.has("#evil").await && !browser.has("main img").await);
    browser.click_on("Contact/<b").await;
    browser.until_says("What helps").await;
    browser.until_says(message).await;
    assert!(!browser.has("#evil").await && !browser.has("main img").await);
    assert_ne!(browser.run("return document.title").await, "taken");

    browser.go(&served.url("/c/marketing/errors")).await;
    browser.click_on("Export as CSV").await;
    let text = fs::read_to_string(browser.downloaded().await).expect("it is a text");
    assert!(text.starts_with("object,external_id,state,"), "{}", text.chars().take(80).collect::<String>());
    assert!(text.contains("Contact,N-00001,"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_pages_are_read_and_forms_lead_to_pages() {
    let served = Served::start().await;
    let (status, page) = served.get("/c/marketing/records?type=row-lock").await;
    assert_eq!(status, 200);
    assert!(page.contains("Contact/</span>N-00001") && page.contains("Next page"), "{page}");
    let chosen = [("record", "Contact/N-00001"), ("record", "Contact/N-00002"), ("action", "resync")];
    let (status, page) = served.post("/c/marketing/plans", &chosen).await;
    assert_eq!(status, 200);
    let plan =
        page.split("name=\"plan\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a plan's id");
    let (status, place) = served.post("/c/marketing/resyncs", &[("plan", plan)]).await;
    assert_eq!(status, 303, "{place}");
    let again = served.post("/c/marketing/resyncs", &[("plan", plan)]).await;
    assert_eq!(again, (303, place.clone()), "sent twice, it is one request");
    let (status, page) = served.get(&place).await;
    assert_eq!(status, 200);
    assert!(page.contains("Load the page again") || page.contains("Done"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_reach_a_demo_that_is_served_and_it_leaves_nothing_behind() {
    let mut served = Served::start().await;
    let done = |args: &[&str]| {
        let output = served.resync(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        String::from_utf8(output.stdout).expect("the output is UTF-8")
    };
    assert!(done(&["suspension", "billing"]).contains("refused the login"));
    assert!(done(&["errors", "marketing"]).contains("row-lock"));
    let retried = done(&["retry", "--type", "row-lock", "--connection", "marketing", "--yes", "--wait", "--json"]);
    let retried: Value = serde_json::from_str(&retried).expect("JSON");
    assert_eq!(retried["request"]["state"], "done");
    assert!(done(&["audit", "marketing"]).contains("resync requested"));
    assert!(served.data.join("endpoint").exists());
    assert_eq!(served.end().code(), Some(0));
    assert!(!served.data.exists(), "its directory is gone");
}
