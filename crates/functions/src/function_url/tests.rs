//! Events of a function URL, as AWS documents them
//! (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>), before a router that says what it got.
//!
//! Must not know: routes of `api`.

use api::Caller;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request as AxumRequest;
use axum::http::StatusCode;
use axum::response::AppendHeaders;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::stream;
use serde_json::{Value, json};

use super::*;
use crate::access::ArnPattern;

const ADA: &str = "arn:aws:iam::111122223333:user/ada";

fn event(path: &str, query: &str, iam: &Value) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {
            "host": "abc123.lambda-url.eu-central-1.on.aws", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7",
            "authorization": "Bearer 5ea1f00d", "x-resync-caller": ADA, "content-type": "text/plain",
        },
        "requestContext": {
            "accountId": "111122223333", "apiId": "abc123", "domainName": "abc123.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "abc123", "authorizer": iam, "requestId": "e1506fd5", "routeKey": "$default",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "agent"
            },
            "stage": "$default", "time": "02/Mar/2026:09:30:00 +0000", "timeEpoch": 1_772_443_800_000_u64
        },
        "body": "aMOk", "isBase64Encoded": true,
    })
}

fn signed(arn: &str) -> Value {
    json!({ "iam": { "accessKey": "AKIAEXAMPLE", "accountId": "111122223333", "callerId": "AIDAEXAMPLE", "cognitoIdentity": null,
        "principalOrgId": null, "userArn": arn, "userId": "AIDAEXAMPLE" } })
}

/// Says what it was asked, and by whom.
async fn echo(request: AxumRequest) -> String {
    let caller = request.extensions().get::<Caller>().expect("nobody comes without a name").clone();
    let asked = format!("{} {} by {caller}", request.method(), request.uri());
    let body = to_bytes(request.into_body(), usize::MAX).await.expect("the body is whole");
    format!("{asked}: {}", String::from_utf8_lossy(&body))
}

async fn call(event: &Value) -> (u64, String) {
    let access = Access { operators: vec![ArnPattern::parse(ADA).expect("a pattern")], viewers: Vec::new() };
    let answered = answered(Router::new().fallback(echo), &access, event).await;
    assert_eq!(answered["headers"]["cache-control"], "no-store");
    assert_eq!(answered["headers"]["x-content-type-options"], "nosniff");
    let body = answered["body"].as_str().expect("a text").to_owned();
    (answered["statusCode"].as_u64().expect("a number"), body)
}

/// What Lambda gets.
async fn answered(router: Router, access: &Access, event: &Value) -> Value {
    let event = serde_json::from_value(event.clone()).expect("an event of a function URL");
    serde_json::to_value(answer(router, access, event).await).expect("an answer is JSON")
}

#[tokio::test]
async fn a_request_reaches_the_router_as_it_was_written_with_its_body_decoded() {
    for (path, query, asked) in [
        ("/v1/connections", "", "/v1/connections"),
        ("/v1/x", "limit=5&cursor=a%20b&limit=6", "/v1/x?limit=5&cursor=a%20b&limit=6"),
        ("/records/Contact/2026%2F08%2F1", "", "/records/Contact/2026%2F08%2F1"),
        ("/records/Contact/%2E%2E", "", "/records/Contact/%2E%2E"),
        ("/records/Contact/..", "", "/records/Contact/.."),
        ("/records/Contact/100%25%3F%23", "", "/records/Contact/100%25%3F%23"),
    ] {
        let said = call(&event(path, query, &signed(ADA))).await;
        assert_eq!(said, (200, format!("POST {asked} by {ADA}: hä")), "{path}");
    }
}

#[tokio::test]
async fn a_request_that_nobody_signed_is_told_to_be_signed_whatever_its_headers_say() {
    for iam in [Value::Null, json!({}), json!({ "iam": null }), json!({ "jwt": { "claims": { "sub": ADA } } })] {
        let (status, body) = call(&event("/v1/connections", "", &iam)).await;
        assert_eq!(status, 401, "{iam}");
        assert!(body.contains("sign it with AWS credentials"), "{body}");
    }
}

#[tokio::test]
async fn a_signer_whom_nobody_gave_a_role_is_told_by_which_name_to_ask_for_one() {
    let (status, body) = call(&event("/v1/connections", "", &signed("arn:aws:iam::111122223333:user/eve"))).await;
    assert_eq!(status, 403);
    let detail = "arn:aws:iam::111122223333:user/eve matches no pattern; ask whoever deployed Resync to add it to the stack's \
                  parameter Operators or Viewers";
    let problem: Value = serde_json::from_str(&body).expect("a problem");
    assert_eq!((&problem["type"], &problem["detail"]), (&json!("urn:resync:problem:forbidden"), &json!(detail)));
}

/// What becomes of an answer on its way.
async fn carried(body: Body) -> (StatusCode, Vec<u8>) {
    let (status, _, bytes) = answer::whole(Response::new(body)).await;
    (status, bytes)
}

#[tokio::test]
async fn an_answer_that_lambda_cannot_carry_is_a_problem_that_says_how_to_ask_for_less() {
    let (fits, quotes) = ("x".repeat(6_000_000), "\"".repeat(4_000_000));
    assert_eq!(carried(Body::from(fits.clone())).await, (StatusCode::OK, fits.into_bytes()));
    // A quote takes two bytes in JSON, and a byte that is no text takes four thirds in Base64.
    for body in [Body::from(quotes), Body::from(vec![0xff; 5_000_000]), Body::from("x".repeat(7_000_000))] {
        let (status, said) = carried(body).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        let problem: Value = serde_json::from_slice(&said).expect("a problem");
        assert_eq!(problem["type"], "urn:resync:problem:answer-too-large");
        assert_eq!(
            problem["detail"],
            "Lambda carries 6 MB; take it in parts by `limit`, narrow it by type, object or state, or read /records page by page"
        );
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_for_ever() {
    let endless = stream::repeat(Ok::<_, Infallible>(Bytes::from(vec![b'x'; 65_536])));
    assert_eq!(carried(Body::from_stream(endless)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_half_answer() {
    let pieces = [Ok(Bytes::from_static(b"object,external_id\r\n")), Err(std::io::Error::other("the store failed"))];
    let (status, said) = carried(Body::from_stream(stream::iter(pieces))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!String::from_utf8_lossy(&said).contains("external_id"));
}

#[tokio::test]
async fn a_router_that_knows_the_route_is_asked_for_it() {
    let access = Access { operators: vec![ArnPattern::parse(ADA).expect("a pattern")], viewers: Vec::new() };
    let mut event = event("/v1/records/a%2Fb", "", &signed(ADA));
    event["requestContext"]["http"]["method"] = json!("GET");
    let router = Router::new()
        .route("/v1/records/{id}", get(|axum::extract::Path(id): axum::extract::Path<String>| async move { id }));
    assert_eq!(answered(router, &access, &event).await["body"], "a/b");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_a_problem_that_says_what_of_it() {
    let sound = event("/v1/connections", "", &signed(ADA));
    let with = |pointer: &str, value: Value| {
        let mut event = sound.clone();
        *event.pointer_mut(pointer).expect("the event has it") = value;
        event
    };
    for (event, said) in [
        (with("/requestContext/http/method", json!("G E T")), "the method is none of HTTP's"),
        (with("/rawPath", json!("/v1/über uns")), "the path is not percent-encoded"),
        (with("/body", json!("no Base64")), "the body is not in Base64, as it says"),
    ] {
        let (status, body) = call(&event).await;
        let problem: Value = serde_json::from_str(&body).expect("a problem");
        assert_eq!((status, &problem["detail"]), (400, &json!(said)));
    }
}

#[tokio::test]
async fn headers_cookies_and_bytes_travel_both_ways() {
    let access = Access { operators: vec![ArnPattern::parse(ADA).expect("a pattern")], viewers: Vec::new() };
    let mut event = event("/", "", &signed(ADA));
    event["cookies"] = json!(["a=1", "b=2"]);
    let mirror = Router::new().fallback(async |request: AxumRequest| {
        let headers = request.headers();
        let seen = ["cookie", "content-type", "x-forwarded-proto"]
            .map(|name| headers[name].to_str().expect("a text").to_owned());
        let own = [("set-cookie", "c=3"), ("set-cookie", "d=4"), ("vary", "accept"), ("vary", "cookie")];
        (AppendHeaders(own), [seen.join("|").into_bytes(), vec![0xff]].concat())
    });
    let answered = answered(mirror, &access, &event).await;
    assert_eq!(answered["cookies"], json!(["c=3", "d=4"]));
    assert_eq!(answered["headers"]["vary"], "accept, cookie");
    assert_eq!(answered["isBase64Encoded"], true);
    let body = STANDARD.decode(answered["body"].as_str().expect("a text")).expect("Base64");
    assert_eq!(body, [b"a=1; b=2|text/plain|https".as_slice(), &[0xff]].concat());
}
