//! Answers that no simulator gives: silence, resets, redirects, bodies that break off or never end.
//!
//! Must not know: how the client reads them.

use std::sync::Arc;

use engine::ports::{LoginAnswer, NotProcessed, ProbeAnswer, SyncTarget, UpsertAnswer};
use rules::counts::ApiCalls;
use tokio::net::TcpListener;

use crate::odd_server::{Does, OddServer, answer, token};
use crate::support::{Client, client, impatient_client, one};

const UNREACHABLE: UpsertAnswer = UpsertAnswer::NotProcessed(NotProcessed::Unreachable);

/// The answer to an upsert, after a login that worked, of a server that then does this; and what it received.
async fn upsert_met_by(does: Does) -> (UpsertAnswer, Vec<String>) {
    let (server, client) = signed_in_then(client, does).await;
    let answer = client.upsert(one()).await.answer;
    assert_eq!(client.requests_sent(), ApiCalls(2));
    (answer, server.received())
}

async fn signed_in_then(made: fn(&str) -> Arc<Client>, does: Does) -> (OddServer, Arc<Client>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = OddServer::on(listener, vec![token(&url), does]);
    let client = made(&server.url);
    assert_eq!(client.login().await.answer, LoginAnswer::SignedIn);
    (server, client)
}

#[tokio::test]
async fn a_reset_after_the_request_was_sent_leaves_the_outcome_unknown_and_is_not_tried_again() {
    let (answer, received) = upsert_met_by(Does::Reset).await;
    assert_eq!(answer, UpsertAnswer::Unknown);
    assert_eq!(received.len(), 2);
}

#[tokio::test]
async fn no_answer_within_the_time_out_leaves_the_outcome_unknown() {
    let (server, client) = signed_in_then(impatient_client, Does::KeepStill).await;
    assert_eq!(client.upsert(one()).await.answer, UpsertAnswer::Unknown);
    assert_eq!(client.requests_sent(), ApiCalls(2));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_connection_closed_without_a_word_leaves_the_outcome_unknown() {
    let (answer, received) = upsert_met_by(Does::Answer(String::new())).await;
    assert_eq!(answer, UpsertAnswer::Unknown);
    assert_eq!(received.len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_not_http_leaves_the_outcome_unknown() {
    assert_eq!(upsert_met_by(Does::Answer("hello\r\n\r\n".to_owned())).await.0, UpsertAnswer::Unknown);
}

#[tokio::test]
async fn a_result_that_breaks_off_leaves_the_outcome_unknown_even_if_what_came_is_readable() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{\"success\":true}]".to_owned();
    assert_eq!(upsert_met_by(Does::Answer(cut)).await.0, UpsertAnswer::Unknown);
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_sorted_by_its_status() {
    let cut = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\n[".to_owned();
    assert_eq!(upsert_met_by(Does::Answer(cut)).await.0, UpsertAnswer::SessionExpired);
}

#[tokio::test]
async fn a_result_that_is_too_long_is_not_read_to_its_end() {
    let long = format!("[{{\"success\":true,\"padding\":\"{}\"}}]", "x".repeat(8 * 1024 * 1024));
    assert_eq!(upsert_met_by(answer(200, "", &long)).await.0, UpsertAnswer::Unknown);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = OddServer::start(vec![answer(200, "", "[]")]).await;
    for status in [301, 302, 303, 307, 308] {
        let redirect = answer(status, &format!("location: {}/\r\n", elsewhere.url), "");
        assert_eq!(upsert_met_by(redirect).await.0, UNREACHABLE, "{status}");
    }
    assert_eq!(elsewhere.received(), Vec::<String>::new());
}

#[tokio::test]
async fn a_refused_connection_is_certainly_not_processed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client(&url);
    assert_eq!(client.login().await.answer, LoginAnswer::NotProcessed(NotProcessed::Unreachable));
    assert_eq!(client.requests_sent(), ApiCalls(1));
}

#[tokio::test]
async fn a_host_that_does_not_speak_tls_is_certainly_not_processed() {
    let server = OddServer::start(vec![Does::Answer("HTTP/1.1 400 Bad Request\r\n\r\n".to_owned())]).await;
    let client = client(&server.url.replace("http://", "https://"));
    assert_eq!(client.login().await.answer, LoginAnswer::NotProcessed(NotProcessed::Unreachable));
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_end_is_certainly_not_processed() {
    let server = OddServer::start(vec![Does::KeepStill]).await;
    let client = impatient_client(&server.url.replace("http://", "https://"));
    assert_eq!(client.login().await.answer, LoginAnswer::NotProcessed(NotProcessed::Unreachable));
}

#[tokio::test]
async fn a_login_and_a_probe_without_an_answer_are_unknown() {
    let reset = OddServer::start(vec![Does::Reset]).await;
    assert_eq!(client(&reset.url).login().await.answer, LoginAnswer::Unknown);
    let (_server, client) = signed_in_then(client, Does::Reset).await;
    assert_eq!(client.probe().await.answer, ProbeAnswer::Unknown);
    assert!(client.is_signed_in(), "no answer has refused the token");
}

#[tokio::test]
async fn the_orgs_figure_is_read_from_a_refusal_too_and_garbage_says_nothing() {
    for (header, expected) in [("api-usage=18/5000", Some(18)), ("nonsense", None)] {
        let refusal = answer(403, &format!("Sforce-Limit-Info: {header}\r\n"), "");
        let (_server, client) = signed_in_then(client, refusal).await;
        let org = client.upsert(one()).await.org;
        assert_eq!(org.map(|figure| figure.used.0), expected, "{header}");
    }
}

#[tokio::test]
async fn a_request_says_who_asks_for_what_and_where() {
    let (answer, received) = upsert_met_by(answer(200, "", r#"[{"success":true}]"#)).await;
    assert!(matches!(answer, UpsertAnswer::Processed(_)));
    let upsert = &received[1];
    assert!(
        upsert.starts_with("PATCH /services/data/v62.0/composite/sobjects/Contact/Ext__c HTTP/1.1\r\n"),
        "{upsert}"
    );
    for line in ["authorization: Bearer canary-token", "content-type: application/json", "user-agent: resync/"] {
        assert!(upsert.contains(line), "{line} is in {upsert}");
    }
    assert!(received[0].starts_with("POST /services/oauth2/token HTTP/1.1\r\n"), "{}", received[0]);
}
