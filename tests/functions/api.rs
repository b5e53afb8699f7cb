//! `api`, invoked by its function URL: who is let in, what they may do, and how requests and answers travel.
//!
//! Must not know: what is inside the binary.

use serde_json::{Value, json};

use super::clock::{HOUR, now};
use super::process::Binary;
use super::reports::{CANARY, batch, failed};
use super::secrets::CLIENT_SECRET;
use super::url::{ADA, Answered, Url, VIC, event};
use super::world::World;

const ACME: &str = "/v1/connections/acme";

/// `acme` with three contacts that failed an hour ago, one of which has an id that is awkward in an address.
async fn world() -> World {
    let world = World::start().await;
    world.connect("acme", json!({"kind": "interval"})).await;
    let at = now() - HOUR;
    let mut ingest = world.function(Binary::Ingest).await;
    ingest.invoke(batch(&["ann", "bob", "2026/08/ü?#"].map(|contact| failed("acme", contact, at)))).await;
    world
}

#[track_caller]
fn problem(answered: &Answered) -> (u64, &str) {
    assert_eq!(answered.headers["content-type"], "application/problem+json");
    (answered.status, answered.body["type"].as_str().unwrap().trim_start_matches("urn:resync:problem:"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_and_does_not_act_and_an_operator_does_both() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    for who in [VIC, ADA] {
        let errors = url.get(who, &format!("{ACME}/errors")).await;
        assert_eq!((errors.status, &errors.body["records"]), (200, &json!(3)), "{who}");
        let headers = ["cache-control", "x-content-type-options"].map(|name| errors.headers[name].clone());
        assert_eq!(headers, [json!("no-store"), json!("nosniff")]);
    }
    let pause = format!("{ACME}/pause");
    let refused = url.send(VIC, "POST", &pause, &json!({})).await;
    assert_eq!(problem(&refused), (403, "forbidden"));
    assert_eq!(url.get(VIC, ACME).await.body["connection"]["paused"], false);
    assert_eq!(url.send(ADA, "POST", &pause, &json!({})).await.status, 200);
    assert_eq!(url.get(VIC, ACME).await.body["connection"]["paused"], true);
    let audit = url.get(VIC, "/v1/audit").await.body;
    assert_eq!((&audit["audit"][0]["who"], &audit["audit"][0]["action"]), (&json!(ADA), &json!("paused")));
    assert_eq!(audit["audit"].as_array().unwrap().len(), 1, "what was refused is not done");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_did_not_sign_or_has_no_role_is_told_so_whatever_the_headers_say() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    for (who, expected) in [
        (None, (401, "unauthorised")),
        (Some("arn:aws:iam::111122223333:user/eve"), (403, "forbidden")),
        (Some("arn:aws:iam::444455556666:role/Operators"), (403, "forbidden")),
        (Some("arn:aws:sts::111122223333:assumed-role/Interns/Operators"), (403, "forbidden")),
    ] {
        for (method, path) in [("GET", ACME), ("POST", "/v1/connections/acme/pause"), ("GET", "/v1/nothing")] {
            let mut event = event(who, method, path, None);
            for header in ["authorization", "x-amz-security-token", "x-forwarded-user", "x-amzn-iam-arn", "cookie"] {
                event["headers"][header] = json!(ADA);
            }
            assert_eq!(problem(&url.deliver(event).await), expected, "{who:?} {method} {path}");
        }
    }
    let mut impostor = event(Some(VIC), "POST", "/v1/connections/acme/pause", None);
    impostor["headers"]["x-http-method-override"] = json!("GET");
    impostor["cookies"] = json!(["role=operator"]);
    assert_eq!(problem(&url.deliver(impostor).await), (403, "forbidden"));
    assert_eq!(url.get(ADA, ACME).await.body["connection"]["paused"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_an_awkward_id_is_found_and_parameters_arrive_whole() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    let record = url.get(VIC, &format!("{ACME}/records/Contact/2026%2F08%2F%C3%BC%3F%23")).await;
    assert_eq!((record.status, &record.body["record"]["key"]["id"]), (200, &json!("2026/08/ü?#")), "{record:?}");
    let first = url.get(VIC, &format!("{ACME}/records?limit=2&object=Contact")).await.body;
    let next = first["next"].as_str().unwrap();
    let second = url.get(VIC, &format!("{ACME}/records?limit=2&object=Contact&cursor={next}")).await.body;
    let count = |page: &Value| page["records"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second), &second["next"]), (2, 1, &Value::Null));
    let twice = url.get(VIC, &format!("{ACME}/records?limit=2&limit=3")).await;
    assert_eq!((problem(&twice), &twice.body["mistakes"][0]["field"]), ((422, "mistakes"), &json!("limit")));
    let foreign = url.get(VIC, &format!("{ACME}/records?cursor=00112233445566778899")).await;
    assert_eq!(problem(&foreign), (422, "mistakes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_not_json_or_too_large_is_a_problem_and_the_function_serves_on() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    assert_eq!(problem(&url.get(VIC, "/v1/nothing").await), (404, "no-such-route"));
    assert_eq!(problem(&url.get(VIC, "/v1/connections/nobody").await), (404, "unknown-connection"));
    assert_eq!(problem(&url.get(VIC, "/v1/connections/acme/pause").await), (405, "no-such-method"));
    let mut form = event(Some(ADA), "PUT", "/v1/connections/acme/limit", Some("api_limit=1"));
    form["headers"]["content-type"] = json!("application/x-www-form-urlencoded");
    assert_eq!(problem(&url.deliver(form).await), (415, "not-json"));
    let broken = event(Some(ADA), "PUT", "/v1/connections/acme/limit", Some("{\"api_limit\": 1"));
    assert_eq!(problem(&url.deliver(broken).await), (400, "bad-request"));
    let huge = Value::from("x".repeat(1_048_576));
    assert_eq!(problem(&url.send(ADA, "PATCH", ACME, &huge).await), (413, "too-large"));
    assert_eq!(url.get(VIC, "/v1/system").await.body["name"], "resync");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_base64_is_read_and_an_action_under_a_key_is_done_once() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    let mut limit = event(Some(ADA), "PUT", "/v1/connections/acme/limit", Some("eyJhcGlfbGltaXQiOjgwMDB9"));
    limit["isBase64Encoded"] = json!(true);
    limit["headers"]["idempotency-key"] = json!("3f1a0c9e-limit");
    for again in [false, true] {
        let answered = url.deliver(limit.clone()).await;
        assert_eq!(
            (answered.status, answered.headers.get("idempotent-replayed").is_some()),
            (200, again),
            "{answered:?}"
        );
    }
    assert_eq!(url.get(VIC, ACME).await.body["connection"]["budget"]["api_limit"], 8000);
    let audit = url.get(VIC, "/v1/audit").await.body;
    assert_eq!(audit["audit"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_comes_whole_and_no_log_shows_a_payload_or_a_secret() {
    let world = world().await;
    let mut url = Url::of(&world).await;
    let export = url.get(VIC, &format!("{ACME}/export")).await;
    let sheet = export.body.as_str().unwrap();
    assert_eq!((export.status, sheet.lines().count()), (200, 4));
    assert_eq!(export.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let test = url.send(ADA, "POST", &format!("{ACME}/test"), &json!({})).await;
    assert_eq!((test.status, &test.body["ok"]), (200, &json!(true)), "{test:?}");
    let log = url.log().await;
    assert!(!log.contains(CLIENT_SECRET) && !log.contains(CANARY), "{log}");
}
