//! Logins by both flows, and what refuses them.
//!
//! Must not know: how an assertion is made.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::ports::{LoginAnswer, NotProcessed, PortError, ProbeAnswer, SyncTarget, Targets};
use rules::counts::ApiCalls;
use salesforce::FixedSecrets;
use salesforce_sim::{Calls, Canned, ClientSecret, Credentials, Fault, Settings, Simulator};
use serde_json::{Value, json};

use crate::keys;
use crate::odd_server::{Does, OddServer, answer, token};
use crate::support::{NOW, client, clients, read, secret, secrets, settings};

const REFUSED: LoginAnswer = LoginAnswer::NotProcessed(NotProcessed::LoginRefused);

fn with_jwt(login_url: &str) -> Value {
    let mut settings = settings("acme", login_url);
    settings["target"]["flow"] = json!("jwt_bearer");
    settings["target"]["username"] = json!("integration@example.com");
    settings["target"]["audience"] = json!("https://login.salesforce.com");
    settings
}

async fn simulator_with(public_key_pem: String) -> Simulator {
    let credentials = Credentials { public_key_pem: Some(public_key_pem), ..Credentials::default() };
    let clock: salesforce_sim::Clock = Arc::new(|| NOW.as_millis());
    Simulator::start(Settings { credentials, clock, ..Settings::default() }).await.unwrap()
}

#[tokio::test]
async fn a_process_in_the_cloud_sends_no_secret_to_its_own_machine() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let here = read(&settings("acme", simulator.url()));
    assert_eq!(clients(&secrets()).of(&here).unwrap().login().await.answer, LoginAnswer::SignedIn);
    let told = simulator.log().len();
    let port = simulator.url().rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "localhost", "127.9.9.9"] {
        let inside = read(&settings("acme", &format!("http://{host}:{port}")));
        let target = clients(&secrets()).in_the_cloud().of(&inside).unwrap();
        let answer = target.login().await.answer;
        assert_eq!(answer, LoginAnswer::NotProcessed(NotProcessed::Unreachable), "{host}");
        assert_eq!((target.requests_sent(), simulator.log().len()), (ApiCalls(0), told), "{host}");
    }
}

#[tokio::test]
async fn a_jwt_signed_with_the_right_key_signs_in() {
    let key = keys::rsa();
    let simulator = simulator_with(key.public).await;
    let secrets = Arc::new(FixedSecrets::new());
    secrets.put("sf/acme", secret("1", &json!({"client_id": "sim-client", "private_key": key.private})));
    let client = clients(&secrets).of(&read(&with_jwt(simulator.url()))).unwrap();
    assert_eq!(client.login().await.answer, LoginAnswer::SignedIn);
    assert_eq!(client.probe().await.answer, ProbeAnswer::Up);
    assert_eq!(client.requests_sent(), ApiCalls(2));
}

#[tokio::test]
async fn an_assertion_names_the_app_the_user_and_the_audience_and_is_valid_for_three_minutes() {
    let server = OddServer::start(vec![Does::Reset]).await;
    let secrets = Arc::new(FixedSecrets::new());
    secrets.put("sf/acme", secret("1", &json!({"client_id": "app", "private_key": keys::rsa().private})));
    let client = clients(&secrets).of(&read(&with_jwt(&server.url))).unwrap();
    assert_eq!(client.login().await.answer, LoginAnswer::Unknown);

    let request = server.received().remove(0);
    let (_, form) = request.split_once("\r\n\r\n").unwrap();
    let assertion =
        form.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=").unwrap();
    let parts: Vec<&str> = assertion.split('.').collect();
    let part = |at: usize| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap();
    assert_eq!(part(0)["alg"], "RS256");
    assert_eq!(
        part(1),
        json!({
            "iss": "app",
            "sub": "integration@example.com",
            "aud": "https://login.salesforce.com",
            "exp": NOW.as_millis() / 1_000 + 180,
        })
    );
}

#[tokio::test]
async fn a_jwt_signed_with_another_key_is_refused() {
    let simulator = simulator_with(keys::rsa().public).await;
    let secrets = Arc::new(FixedSecrets::new());
    let other = keys::rsa().private;
    secrets.put("sf/acme", secret("1", &json!({"client_id": "sim-client", "private_key": other})));
    let client = clients(&secrets).of(&read(&with_jwt(simulator.url()))).unwrap();
    assert_eq!(client.login().await.answer, REFUSED);
    assert!(!client.is_signed_in());
}

#[tokio::test]
async fn a_new_version_of_the_secret_is_used_by_the_next_login() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    simulator.set_secret(ClientSecret::from("rotated"));
    let secrets = secrets();
    let client = clients(&secrets).of(&read(&settings("acme", simulator.url()))).unwrap();
    assert_eq!(client.secret_version().await.unwrap(), "1");
    assert_eq!(client.login().await.answer, REFUSED);
    secrets.put("sf/acme", secret("2", &json!({"client_id": "sim-client", "client_secret": "rotated"})));
    assert_eq!(client.secret_version().await.unwrap(), "2");
    assert_eq!(client.login().await.answer, LoginAnswer::SignedIn);
    assert_eq!(client.requests_sent(), ApiCalls(2), "asking for the version is no call to Salesforce");
}

#[tokio::test]
async fn credentials_that_do_not_fit_the_flow_are_refused_without_a_request() {
    let server = OddServer::start(vec![Does::Reset]).await;
    let client = clients(&secrets()).of(&read(&with_jwt(&server.url))).unwrap();
    assert_eq!(client.login().await.answer, REFUSED);
    assert_eq!(client.requests_sent(), ApiCalls(0));
    let said = client.secret_version().await.expect_err("no login can be made of them").to_string();
    let expected = "the secret sf/acme cannot be read: the secret has no private_key, which the jwt_bearer flow needs";
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_secret_that_cannot_be_fetched_blames_no_credentials() {
    let client = clients(&Arc::new(FixedSecrets::new())).of(&read(&settings("acme", "http://127.0.0.1:9"))).unwrap();
    assert!(matches!(client.secret_version().await, Err(PortError::Unavailable { .. })));
    assert_eq!(client.login().await.answer, LoginAnswer::NotProcessed(NotProcessed::Unreachable));
    assert_eq!(client.requests_sent(), ApiCalls(0));
}

#[tokio::test]
async fn every_refusal_of_a_login_is_sorted_and_none_is_tried_twice() {
    let not = LoginAnswer::NotProcessed;
    for (canned, expected) in [
        (Canned::LoginRefused, REFUSED),
        (Canned::TotalLimit, not(NotProcessed::OrgLimit)),
        (Canned::ConcurrentLimit, not(NotProcessed::Busy)),
        (Canned::ServerUnavailable, not(NotProcessed::Down)),
        (Canned::Html(503), not(NotProcessed::Down)),
        (Canned::Html(500), LoginAnswer::Unknown),
        (Canned::Garbage, LoginAnswer::Unknown),
    ] {
        let simulator = Simulator::start(Settings::default()).await.unwrap();
        simulator.fault(Fault::answer(canned).on(Calls::Token));
        let client = client(simulator.url());
        assert_eq!(client.login().await.answer, expected, "{canned:?}");
        assert!(!client.is_signed_in());
        assert_eq!(simulator.log().len(), 1, "{canned:?}");
    }
}

#[tokio::test]
async fn a_token_for_a_host_that_is_not_allowed_is_dropped_and_sent_nowhere() {
    let elsewhere = OddServer::start(vec![answer(200, "", "{}")]).await;
    let named = elsewhere.url.replace("127.0.0.1", "localhost");
    for instance_url in [named.as_str(), "https://evil.example.com", "", "http://127.0.0.1@evil.example.com"] {
        let login = OddServer::start(vec![token(instance_url)]).await;
        let client = client(&login.url);
        let expected = if instance_url.is_empty() {
            LoginAnswer::Unknown
        } else {
            LoginAnswer::NotProcessed(NotProcessed::Unreachable)
        };
        assert_eq!(client.login().await.answer, expected, "{instance_url}");
        assert!(!client.is_signed_in(), "{instance_url}");
        assert_eq!(client.probe().await.answer, ProbeAnswer::SessionExpired, "{instance_url}");
    }
    assert_eq!(elsewhere.received(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_in_a_header_is_not_kept() {
    let login =
        OddServer::start(vec![answer(200, "", r#"{"access_token":"a\nb","instance_url":"http://127.0.0.1"}"#)]).await;
    let client = client(&login.url);
    assert_eq!(client.login().await.answer, LoginAnswer::Unknown);
    assert!(!client.is_signed_in());
}
