//! Logging in, by either flow, and how a login is refused.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use salesforce_sim::{ClientSecret, Credentials, Settings, Simulator, StartError};
use serde_json::{Value, json};

use crate::support::{Bench, START, client_credentials};

const PRIVATE_KEY: &[u8] = include_bytes!("keys/for-tests-only.pem");
const ANOTHER_KEY: &[u8] = include_bytes!("keys/another-for-tests-only.pem");
const PUBLIC_KEY: &str = include_str!("keys/for-tests-only.pub.pem");
const NOW: i64 = START / 1000;

async fn bench_with_public_key() -> Bench {
    let credentials = Credentials { public_key_pem: Some(PUBLIC_KEY.to_owned()), ..Credentials::default() };
    Bench::with(Settings { credentials, ..Settings::default() }).await
}

fn claims() -> Value {
    json!({"iss": "sim-client", "sub": "integration@example.com", "aud": "https://login.salesforce.com", "exp": NOW + 180})
}

fn signed(claims: &Value, key: &[u8]) -> String {
    let key = EncodingKey::from_rsa_pem(key).expect("the fixture is an RSA key");
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).expect("claims can be signed")
}

async fn log_in_with(bench: &Bench, assertion: &str) -> (u16, Value) {
    let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    bench.token(&[("grant_type", grant_type), ("assertion", assertion)]).await.parts()
}

#[tokio::test]
async fn client_credentials_open_a_session_and_the_answer_has_no_expiry() {
    let bench = Bench::start().await;
    let (status, body) = bench.token(&client_credentials("sim-client", "sim-secret")).await.parts();
    assert_eq!(status, 200);
    assert_eq!(body["instance_url"], bench.sim.url());
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["issued_at"], START.to_string());
    assert!(body["access_token"].is_string() && body["id"].is_string());
    assert!(body.get("expires_in").is_none());
}

#[tokio::test]
async fn wrong_client_credentials_are_refused_with_400_and_oauth_s_own_error_shape() {
    let bench = Bench::start().await;
    let (status, body) = bench.token(&client_credentials("sim-client", "wrong")).await.parts();
    assert_eq!((status, &body["error"]), (400, &json!("invalid_client")));
    assert_eq!(body["error_description"], "invalid client credentials");
    let (status, body) = bench.token(&client_credentials("nobody", "sim-secret")).await.parts();
    assert_eq!((status, &body["error"]), (400, &json!("invalid_client_id")));
    let (status, body) = bench.token(&[("grant_type", "magic")]).await.parts();
    assert_eq!((status, &body["error"]), (400, &json!("unsupported_grant_type")));
}

#[tokio::test]
async fn a_new_secret_replaces_the_old_one_at_once_and_open_sessions_stay_open() {
    let bench = Bench::start().await;
    bench.sim.set_secret(ClientSecret::from("rotated"));
    assert_eq!(bench.token(&client_credentials("sim-client", "sim-secret")).await.status, 400);
    assert_eq!(bench.token(&client_credentials("sim-client", "rotated")).await.status, 200);
    assert_eq!(bench.get("/services/data/v60.0/limits").await.status, 200);
}

#[tokio::test]
async fn expired_tokens_get_401_until_the_client_logs_in_again() {
    let mut bench = Bench::start().await;
    bench.sim.expire_tokens();
    let answer = bench.get("/services/data/v60.0/limits").await;
    let expected = json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]);
    assert_eq!(answer.parts(), (401, expected));
    assert_eq!(answer.usage, None);
    bench.log_in().await;
    assert_eq!(bench.get("/services/data/v60.0/limits").await.status, 200);
}

#[tokio::test]
async fn a_jwt_signed_with_the_registered_key_opens_a_session() {
    let bench = bench_with_public_key().await;
    let (status, body) = log_in_with(&bench, &signed(&claims(), PRIVATE_KEY)).await;
    assert_eq!(status, 200);
    assert!(body["access_token"].is_string());
    let mut own_url = claims();
    own_url["aud"] = json!(bench.sim.url());
    assert_eq!(log_in_with(&bench, &signed(&own_url, PRIVATE_KEY)).await.0, 200);
}

#[tokio::test]
async fn a_jwt_with_another_signature_issuer_user_audience_or_time_is_refused() {
    let bench = bench_with_public_key().await;
    let (status, body) = log_in_with(&bench, &signed(&claims(), ANOTHER_KEY)).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    let wrong = [
        ("iss", json!("nobody"), "invalid_client_id"),
        ("sub", json!("other@example.com"), "invalid_grant"),
        ("aud", json!("https://elsewhere.example.com"), "invalid_grant"),
        ("exp", json!(NOW), "invalid_grant"),
        ("exp", json!(NOW + 3600), "invalid_grant"),
    ];
    for (claim, value, error) in wrong {
        let mut claims = claims();
        claims[claim] = value;
        let (status, body) = log_in_with(&bench, &signed(&claims, PRIVATE_KEY)).await;
        assert_eq!((status, &body["error"]), (400, &json!(error)), "{claim}");
    }
}

#[tokio::test]
async fn without_a_registered_key_no_jwt_is_accepted() {
    let bench = Bench::start().await;
    assert_eq!(log_in_with(&bench, &signed(&claims(), PRIVATE_KEY)).await.0, 400);
}

#[tokio::test]
async fn a_public_key_that_is_no_pem_stops_the_start() {
    let credentials = Credentials { public_key_pem: Some("not a key".to_owned()), ..Credentials::default() };
    let started = Simulator::start(Settings { credentials, ..Settings::default() }).await;
    assert!(matches!(started.err(), Some(StartError::PublicKey(_))));
}
