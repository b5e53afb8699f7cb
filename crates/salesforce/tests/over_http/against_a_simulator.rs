//! The client against the simulator: what an ordinary day brings, and the faults that the simulator knows.
//!
//! Must not know: how the simulator works inside.

use engine::ports::{LoginAnswer, NotProcessed, ProbeAnswer, SyncTarget, UpsertAnswer};
use rules::counts::ApiCalls;
use rules::verdict::Answer;
use salesforce_sim::{AppUsage, CallKind, Canned, Commit, Failure, Fault, Rule, Selector, Settings, Simulator};
use serde_json::json;

use crate::support::{batch, client, one, signed_in};

async fn simulator() -> Simulator {
    Simulator::start(Settings::default()).await.unwrap()
}

#[tokio::test]
async fn a_batch_is_saved_and_its_answers_come_in_the_order_of_its_records() {
    let simulator = simulator().await;
    simulator.add_rule(Rule::new("lock", "Contact", Selector::external_ids(["b"]), Failure::RowLock));
    let client = signed_in(simulator.url()).await;
    let records = batch([("a", json!({"LastName": "A"})), ("b", json!({})), ("c", json!({"EXT__C": "x"}))]);
    let UpsertAnswer::Processed(answers) = client.upsert(records).await.answer else { panic!("it was processed") };
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0], Answer::Saved);
    assert!(matches!(&answers[1], Answer::Refused { code, .. } if code == "UNABLE_TO_LOCK_ROW"));
    assert_eq!(answers[2], Answer::Saved);
    assert_eq!(simulator.record("Contact", "Ext__c", "a").unwrap()["LastName"], "A");
    assert!(simulator.record("Contact", "Ext__c", "c").is_some());
}

#[tokio::test]
async fn login_probe_and_upsert_are_one_request_each() {
    let simulator = simulator().await;
    let client = client(simulator.url());
    assert_eq!(client.requests_sent(), ApiCalls(0));
    assert_eq!(client.login().await.answer, LoginAnswer::SignedIn);
    assert_eq!(client.requests_sent(), ApiCalls(1));
    assert_eq!(client.probe().await.answer, ProbeAnswer::Up);
    assert_eq!(client.requests_sent(), ApiCalls(2));
    assert_eq!(client.upsert(one()).await.answer, UpsertAnswer::Processed(vec![Answer::Saved]));
    assert_eq!(client.requests_sent(), ApiCalls(3));
    let kinds: Vec<CallKind> = simulator.log().iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [CallKind::Token, CallKind::Resources, CallKind::Collections]);
}

#[tokio::test]
async fn every_fault_is_sorted_and_none_is_tried_twice() {
    let not = UpsertAnswer::NotProcessed;
    for (fault, expected) in [
        (Fault::answer(Canned::ExpiredSession), UpsertAnswer::SessionExpired),
        (Fault::answer(Canned::TotalLimit), not(NotProcessed::OrgLimit)),
        (Fault::answer(Canned::ConcurrentLimit), not(NotProcessed::Busy)),
        (Fault::answer(Canned::ApiDisabled), not(NotProcessed::AccessRefused)),
        (Fault::answer(Canned::Html(403)), not(NotProcessed::AccessRefused)),
        (Fault::answer(Canned::ServerUnavailable), not(NotProcessed::Down)),
        (Fault::answer(Canned::Html(503)), UpsertAnswer::Unknown),
        (Fault::answer(Canned::Empty(502)), UpsertAnswer::Unknown),
        (Fault::answer(Canned::Html(500)), UpsertAnswer::Unknown),
        (Fault::answer(Canned::Garbage), UpsertAnswer::Unknown),
        (Fault::reset(Commit::First), UpsertAnswer::Unknown),
        (Fault::reset(Commit::Never), UpsertAnswer::Unknown),
    ] {
        let simulator = simulator().await;
        let client = signed_in(simulator.url()).await;
        simulator.fault(fault);
        assert_eq!(client.upsert(one()).await.answer, expected, "{fault:?}");
        assert_eq!(client.requests_sent(), ApiCalls(2), "{fault:?}");
        assert_eq!(simulator.log().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_batch_refused_as_a_whole_is_rejected_whatever_the_shape_of_the_refusal() {
    for canned in [Canned::Html(400), Canned::Empty(400), Canned::ErrorObject(400)] {
        let simulator = simulator().await;
        let client = signed_in(simulator.url()).await;
        simulator.fault(Fault::answer(canned));
        let answer = client.upsert(one()).await.answer;
        assert!(matches!(answer, UpsertAnswer::Rejected { .. }), "{canned:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_refused_token_is_dropped_and_the_next_login_brings_another() {
    let simulator = simulator().await;
    let client = signed_in(simulator.url()).await;
    simulator.expire_tokens();
    assert!(client.is_signed_in());
    assert_eq!(client.probe().await.answer, ProbeAnswer::SessionExpired);
    assert!(!client.is_signed_in());
    assert_eq!(client.upsert(one()).await.answer, UpsertAnswer::SessionExpired);
    assert_eq!(client.requests_sent(), ApiCalls(2), "without a token nothing is sent");
    assert_eq!(client.login().await.answer, LoginAnswer::SignedIn);
    assert_eq!(client.probe().await.answer, ProbeAnswer::Up);
}

#[tokio::test]
async fn the_orgs_own_figure_is_read_with_and_without_the_share_of_the_app() {
    for app_usage in [None, Some(AppUsage { name: "resync".to_owned(), limit: 250 })] {
        let settings = Settings { app_usage, org_limit: 5_000, ..Settings::default() };
        let simulator = Simulator::start(settings).await.unwrap();
        let client = signed_in(simulator.url()).await;
        simulator.use_calls(100);
        let figure = client.upsert(one()).await.org.unwrap();
        assert_eq!(figure.used, ApiCalls(u64::from(simulator.calls_used())));
        assert_eq!(figure.limit, ApiCalls(5_000));
    }
}
