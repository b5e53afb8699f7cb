//! Generated requests, a few after one another to the same system, get answers that the document tells of.
//!
//! Must not know: what is asked.

use axum::body::to_bytes;
use axum::http::header;
use engine::fakes::sample;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::{Value, json};

use super::requests::{Asked, mutated, valid};
use super::schemas::Schemas;
use crate::support::Api;

/// A system with something of everything in it: failing records, a resync, a run, a limit that is nearly used up.
async fn system() -> Api {
    let api = Api::with([sample::interval("acme"), sample::recent("globex")]).await;
    api.report(&["a", "2026/08/<b>"]).await;
    api.report_with("c", "<script>", &json!({ "LastName": "Canary" })).await;
    let ask = json!({ "records": ["Contact/a"] });
    let mut request = crate::support::with_json(&axum::http::Method::POST, "/v1/connections/acme/resyncs", &ask);
    request.headers_mut().insert("Idempotency-Key", "r-1".parse().expect("a value"));
    api.call(request).await.ok();
    api
}

/// Asks one after another, and says what was answered that the document does not tell of.
async fn ask_all(schemas: &Schemas, all: &[Asked]) -> Result<(), String> {
    let api = system().await;
    for asked in all {
        let response = api.raw(asked.request()).await;
        let status = response.status().as_u16();
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().expect("a text").to_owned());
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
        let said = String::from_utf8_lossy(&body);
        let Some(answers) = asked.operation.answers(status) else {
            return Err(format!("{status} is not documented: {asked:?} {said}"));
        };
        if status >= 500 {
            return Err(format!("{status}: {asked:?} {said}"));
        }
        let Some(kind) = kind else {
            if answers.is_empty() && body.is_empty() {
                continue;
            }
            return Err(format!("no kind of body: {asked:?} {status} {said}"));
        };
        let Some(schema) = answers.get(&kind) else {
            return Err(format!("{kind} is not documented: {asked:?} {status} {said}"));
        };
        let value = if kind.ends_with("json") && kind != "application/jsonl" {
            serde_json::from_str(&said).map_err(|wrong| format!("no JSON: {wrong}: {asked:?} {said}"))?
        } else {
            Value::from(said.as_ref())
        };
        let mistakes = schemas.mistakes(schema, &value);
        if !mistakes.is_empty() {
            return Err(format!("{mistakes:?}: {asked:?} {status} {said}"));
        }
    }
    Ok(())
}

/// Always the same requests: a failure is there again the next time.
fn check(cases: u32, asked: impl Strategy<Value = Asked>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (schemas, several) = (Schemas::new(), prop::collection::vec(asked, 1..8));
    let found = runner.run(&several, |all| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let answered = runtime.expect("a runtime").block_on(ask_all(&schemas, &all));
        answered.map_err(TestCaseError::fail)
    });
    match found {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(TestError::Abort(why)) => panic!("no requests could be made: {why}"),
    }
}

#[test]
fn any_request_that_fits_the_document_gets_an_answer_that_it_tells_of() {
    check(250, valid());
}

#[test]
fn any_request_with_something_wrong_in_it_gets_an_answer_that_the_document_tells_of() {
    check(250, mutated());
}
