//! The console's pages, without a browser: that each is there, says what it must, and lets nothing in.

mod plans;

use std::sync::Arc;
use std::time::Duration;

use api::{Caller, Role, router};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use engine::fakes::{reply, sample};
use engine::ports::Connections;
use rules::counts::ApiCalls;
use rules::owed::Selection;
use serde_json::json;
use tower::ServiceExt;

use crate::support::{Api, NOW, with_json};

/// A page as a browser gets it.
struct Page {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Page {
    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.text.contains(words), "{words:?} is not in {}", self.text);
    }

    #[track_caller]
    fn says_nothing_of(&self, words: &str) {
        assert!(!self.text.contains(words), "{words:?} is in {}", self.text);
    }

    fn goes_to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers[header::LOCATION].to_str().expect("a path")
    }
}

async fn send(api: &Api, request: Request<Body>) -> Page {
    let response = api.router.clone().oneshot(request).await.expect("a router does not fail");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
    Page { status, headers, text: String::from_utf8(bytes.to_vec()).expect("a page is UTF-8") }
}

/// The same router for one who may only look.
async fn as_viewer(api: &Api, mut request: Request<Body>) -> Page {
    request.extensions_mut().insert(Caller::new("vic", Role::Viewer));
    let router = router(Arc::clone(&api.parts));
    send(&Api { router, parts: Arc::clone(&api.parts) }, request).await
}

async fn get(api: &Api, path: &str) -> Page {
    send(api, Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty()).expect("a request")).await
}

async fn post(api: &Api, path: &str, form: &str) -> Page {
    let request = Request::builder().method(Method::POST).uri(path).header(header::ACCEPT, "text/html");
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(api, request.body(Body::from(form.to_owned())).expect("a request")).await
}

/// Every page of a connection with failing records.
const PAGES: [&str; 11] = [
    "/",
    "/audit",
    "/c/acme/errors",
    "/c/acme/records",
    "/c/acme/records/Contact/a-1",
    "/c/acme/timeout-queue",
    "/c/acme/usage",
    "/c/acme/requests",
    "/c/acme/runs",
    "/c/acme/audit",
    "/c/acme/settings",
];

#[tokio::test(start_paused = true)]
async fn every_page_is_there_and_may_load_nothing_from_elsewhere_and_run_nothing_inline() {
    let api = Api::acme().await;
    api.report(&["a-1", "a-2"]).await;
    for path in PAGES {
        let page = get(&api, path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("a text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{path}");
        for inline in ["<style", " style=", "javascript:", " onclick=", "hx-on", "<script>"] {
            page.says_nothing_of(inline);
        }
        assert_eq!(page.text.matches("<h1>").count(), 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_connections_the_overview_says_how_to_begin() {
    let page = get(&Api::with([]).await, "/").await;
    page.says("There is no connection yet");
}

#[tokio::test(start_paused = true)]
async fn text_of_records_is_shown_as_text_everywhere() {
    let api = Api::acme().await;
    let evil = "<img src=x onerror=alert(1)>";
    api.report_with(evil, "<script>alert(2)</script>", &json!({ "LastName": "x" })).await;
    for path in ["/c/acme/records", "/c/acme/records/Contact/%3Cimg%20src=x%20onerror=alert(1)%3E", "/c/acme/errors"] {
        let page = get(&api, path).await;
        assert_eq!(page.status, 200, "{path}");
        page.says_nothing_of("<img");
        page.says_nothing_of("<script>alert");
    }
    get(&api, "/c/acme/records").await.says("&lt;img src=x onerror=alert(1)&gt;");
}

#[tokio::test(start_paused = true)]
async fn the_files_of_the_console_may_be_kept_for_ever_and_change_their_address_with_their_content() {
    let api = Api::acme().await;
    let page = get(&api, "/").await;
    let mut found = 0;
    for part in page.text.split("\"/assets/").skip(1) {
        let name = part.split('"').next().expect("an address ends");
        let asset = get(&api, &format!("/assets/{name}")).await;
        assert_eq!(asset.status, 200, "{name}");
        assert_eq!(asset.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        found += 1;
    }
    assert_eq!(found, 3);
    assert_eq!(get(&api, "/assets/console.css").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_person_stands_at_the_top_of_the_overview() {
    let api = Api::acme().await;
    get(&api, "/").await.says("Every connection runs");
    api.put("/v1/connections/acme/limit", &json!({ "api_limit": 100 })).await.ok();
    let used = json!({
        "detail-type": "API Calls Used", "time": NOW,
        "detail": { "connection": "acme", "source": "load", "calls": 75 },
    });
    engine::ingest::Ingest::new(api.parts.as_ref()).take(&used.to_string()).await.expect("the report is right");
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    let page = get(&api, "/").await;
    for words in ["Budget spent", "has used or reserved 75 of 75 API calls", "is paused by a person"] {
        page.says(words);
    }
    page.says("when somebody resumes the connection");
    let page = get(&api, "/c/acme/errors").await;
    page.says("Budget spent: retries wait");
    page.says("Paused: nothing is retried");
}

#[tokio::test(start_paused = true)]
async fn a_full_timeout_queue_needs_a_person_and_is_told_with_its_number() {
    let api = Api::acme().await;
    api.report(&["a", "b", "c"]).await;
    get(&api, "/").await.says("Nothing. Every connection runs");
    api.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
    let mut tick = sample::time(sample::TICK);
    for _ in 0..10 {
        api.run(Selection::Due { tick }).await;
        tick = tick + Duration::from_mins(20);
        tokio::time::advance(Duration::from_mins(20)).await;
    }
    let overview = get(&api, "/").await;
    overview.says("has 3 records in the timeout queue");
    overview.says("/c/acme/timeout-queue");
    overview.says_nothing_of("Nothing. Every connection runs");
}

#[tokio::test(start_paused = true)]
async fn the_next_run_is_the_one_that_no_closed_gate_keeps_back() {
    let api = Api::acme().await;
    get(&api, "/c/acme/errors").await.says("09:40 UTC");
    api.put("/v1/connections/acme/limit", &json!({ "api_limit": 100 })).await.ok();
    api.take(&json!({
        "detail-type": "API Calls Used", "time": NOW,
        "detail": { "connection": "acme", "source": "load", "calls": 75 },
    }))
    .await;
    // The calls of 09:20 to 09:40 count for a day, and a little longer.
    for path in ["/", "/c/acme/errors"] {
        let page = get(&api, path).await;
        page.says("3 Mar, 10:00 UTC");
        assert!(!page.text.contains("09:40 UTC"), "{}", page.text);
    }
    api.put("/v1/connections/acme/limit", &json!({ "api_limit": 1 })).await.ok();
    get(&api, "/").await.says("when somebody raises the connection's API limit");
}

#[tokio::test(start_paused = true)]
async fn the_worst_comes_first_whichever_connection_it_is_of() {
    let api = Api::with([sample::recent("acme"), sample::interval("beta")]).await;
    api.report_with("held", "DACO-02", &json!({ "LastName": "x" })).await;
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    api.put("/v1/connections/beta/limit", &json!({ "api_limit": 1 })).await.ok();
    let page = get(&api, "/").await;
    let place = |words: &str| page.text.find(words).unwrap_or_else(|| panic!("{words} is not in {}", page.text));
    let places = [" of 0 API calls", " that no schedule retries", " is paused by a person"].map(place);
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test(start_paused = true)]
async fn a_card_shows_the_type_with_count_and_advice_and_leads_to_its_records() {
    let api = Api::acme().await;
    api.report(&["a-1", "a-2", "a-3"]).await;
    let page = get(&api, "/c/acme/errors").await;
    page.says("Retry all 3");
    let address = "/c/acme/records?type=row-lock";
    page.says(address);
    let page = get(&api, address).await;
    for words in ["Contact/</span>a-1", "it did not work", "Resync selected", "Scheduled"] {
        page.says(words);
    }
}

#[tokio::test(start_paused = true)]
async fn records_are_narrowed_and_paged_and_the_filters_stay_as_they_were_written() {
    let api = Api::acme().await;
    let ids: Vec<String> = (0..60).map(|number| format!("a-{number:02}")).collect();
    api.report(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let page = get(&api, "/c/acme/records?type=&object=Contact&state=").await;
    page.says("50 records</p>".trim_end_matches("</p>"));
    page.says("value=\"Contact\"");
    let next =
        page.text.split("href=\"/c/acme/records?").find_map(|part| part.split_once("cursor=")).expect("a next page");
    let cursor = next.1.split('"').next().expect("it ends");
    let page = get(&api, &format!("/c/acme/records?object=Contact&cursor={cursor}")).await;
    page.says("10 records on this page");
    page.says("First page");
    let foreign = get(&api, &format!("/c/acme/records?object=Lead&cursor={cursor}")).await;
    assert_eq!(foreign.status, 422);
    foreign.says("is not one of this listing");
    get(&api, "/c/acme/records?object=Lead").await.says("No failing record fits");
}

#[tokio::test(start_paused = true)]
async fn a_record_shows_its_warning_why_and_its_tries() {
    let api = Api::acme().await;
    api.report(&["a-1"]).await;
    api.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
    api.run(Selection::Due { tick: sample::time("2026-03-02T09:20:00Z") }).await;
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    let page = get(&api, "/c/acme/records/Contact/a-1").await;
    page.says("A person paused the connection.");
    page.says("Sooner: resume the connection.");
    let closed = page.text.find("is-closed").expect("a closed gate");
    assert!(closed < page.text.find("is-open").expect("an open gate"), "closed gates come first");
    page.says("First failure");
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_changed_by_a_form_and_a_wrong_one_is_refused_at_its_field() {
    let api = Api::acme().await;
    assert_eq!(post(&api, "/c/acme/limit", "api_limit=20%2C000").await.goes_to(), "/c/acme/usage");
    let limit = async || {
        let id = engine::fakes::sample::connection_id("acme");
        let connection = api.parts.store.connection(&id).await.expect("the store answers").expect("it is there");
        connection.budget.api_limit
    };
    assert_eq!(limit().await, Some(ApiCalls(20_000)));
    for wrong in ["-5", "many"] {
        let page = post(&api, "/c/acme/limit", &format!("api_limit={wrong}")).await;
        assert_eq!(page.status, 422, "{wrong}");
        page.says("aria-invalid=\"true\"");
        page.says(&format!("value=\"{wrong}\""));
        page.says("role=\"alert\"");
    }
    assert_eq!(limit().await, Some(ApiCalls(20_000)));
    post(&api, "/c/acme/limit", "api_limit=").await.goes_to();
    assert_eq!(limit().await, None);
}

#[tokio::test(start_paused = true)]
async fn settings_are_changed_all_or_none_and_each_mistake_stands_at_its_field() {
    let api = Api::acme().await;
    let page = post(&api, "/c/acme/settings", "policy.tries=7&policy.nightly_at=01%3A00&policy.excluded=daco-02").await;
    assert_eq!(page.goes_to(), "/c/acme/settings");
    let page = get(&api, "/c/acme/settings").await;
    page.says("7 tries, then every night at 01:00 UTC");
    page.says("value=\"daco-02\"");
    let page = post(&api, "/c/acme/settings", "policy.tries=8&policy.nightly_at=25%3A00").await;
    assert_eq!(page.status, 422);
    page.says("Nothing was saved");
    page.says("value=\"25:00\"");
    get(&api, "/c/acme/settings").await.says("7 tries");
}

#[tokio::test(start_paused = true)]
async fn pausing_and_resuming_are_forms_and_audited() {
    let api = Api::acme().await;
    post(&api, "/c/acme/pause", "").await.goes_to();
    get(&api, "/c/acme/settings").await.says("Resume");
    post(&api, "/c/acme/resume", "").await.goes_to();
    let page = get(&api, "/c/acme/audit").await;
    page.says("Paused the connection");
    page.says("Resumed the connection");
    assert_eq!(api.audit().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_secret_is_named_and_never_shown() {
    let page = get(&Api::acme().await, "/c/acme/settings").await;
    page.says("its name; what is in it is never shown");
}

#[tokio::test(start_paused = true)]
async fn a_browser_gets_a_problem_as_a_page_and_a_program_as_a_document() {
    let api = Api::acme().await;
    for (path, status) in [("/nothing", 404), ("/c/other/errors", 404), ("/c/acme/records/Contact/a-9", 404)] {
        let page = get(&api, path).await;
        assert_eq!(page.status, status, "{path}");
        page.says("Go to the overview");
        assert!(page.headers.contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
    }
    let request = with_json(&Method::GET, "/c/other/errors", &json!({}));
    assert_eq!(send(&api, request).await.headers[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test(start_paused = true)]
async fn a_viewer_sees_every_page_without_a_button_for_an_action_and_is_told_why() {
    let api = Api::acme().await;
    api.report(&["a-1"]).await;
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    for path in PAGES {
        let request = Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty()).expect("a request");
        let page = as_viewer(&api, request).await;
        assert_eq!(page.status, 200, "{path}");
        page.says("You may look at everything");
        let forms = page.text.matches("method=\"post\"").count();
        assert_eq!(forms, usize::from(path == "/c/acme/settings"), "{path}: {}", page.text);
        page.says_nothing_of("value=\"resync\"");
        page.says_nothing_of(">Save");
    }
    for path in ["/c/acme/resume", "/c/acme/limit", "/c/acme/settings", "/c/acme/suspension"] {
        let request = Request::post(path).header(header::ACCEPT, "text/html");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let page = as_viewer(&api, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(page.status, 403, "{path}");
        page.says("ask whoever runs Resync here");
    }
    assert_eq!(api.audit().await.len(), 1, "only the operator's pause");
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_wrong_is_shown_again_with_its_mistake_beside_the_field() {
    let api = Api::acme().await;
    api.report(&["a-1"]).await;
    let wrong = "/c/acme/records?object=Contact&failed_from=2026-03-02T09:00&failed_to=yesterday&state=lost";
    let page = get(&api, wrong).await;
    assert_eq!(page.status, 422);
    page.says("value=\"Contact\"");
    page.says("value=\"2026-03-02T09:00\"");
    page.says("name=\"failed_to\" value=\"yesterday\" aria-invalid=\"true\"");
    page.says("It is not a time: write an RFC 3339 time");
    page.says("name=\"state\" aria-invalid=\"true\"");
    page.says_nothing_of("a-1");
    let page = get(&api, "/c/acme/records?colour=red").await;
    assert_eq!(page.status, 422);
    page.says("<code>colour</code> is not a known parameter");
}

#[tokio::test(start_paused = true)]
async fn a_record_lists_what_waits_for_it_and_no_more_than_twenty() {
    let api = Api::acme().await;
    api.report(&["parent"]).await;
    for number in 0..25 {
        let child = json!({
            "detail-type": "Sync Failed", "time": sample::FAILED,
            "detail": {
                "connection": "acme", "object": "Contact", "externalId": format!("child-{number:02}"), "sourceVersion": 1,
                "parent": { "object": "Contact", "externalId": "parent" },
                "error": { "code": sample::CODE, "message": "it waits" }, "payload": { "LastName": "x" },
            },
        });
        api.take(&child).await;
    }
    let page = get(&api, "/c/acme/records/Contact/parent").await;
    page.says("What waits for it");
    assert_eq!(page.text.matches("/c/acme/records/Contact/child-").count(), 20);
    page.says("These are the first; others wait, too.");
    let page = get(&api, "/c/acme/records/Contact/child-00").await;
    page.says("Its parent");
    page.says("Its parent Contact/parent fails too (");
    page.says("a resync that names it brings this record along.");
    page.says_nothing_of("What waits for it");
}
