//! Reading records, queries, limits and the lists of versions and resources.

use reqwest::Method;
use salesforce_sim::CallKind;
use serde_json::json;

use crate::support::{Bench, START};

#[tokio::test]
async fn a_record_is_read_by_external_id_and_by_its_own_id_of_15_or_18_characters() {
    let bench = Bench::start().await;
    bench.contacts(&["C-1"]).await;
    let by_key = bench.get("/services/data/v60.0/sobjects/Contact/Ext__c/C-1").await.json();
    let path = "/services/data/v60.0/sobjects/Contact/003000000000001AAA";
    assert_eq!(by_key["attributes"], json!({"type": "Contact", "url": path}));
    assert_eq!(by_key["CreatedDate"], "2026-01-01T00:00:00.000+0000");
    assert_eq!(bench.get(path).await.json(), by_key);
    assert_eq!(bench.get(path.trim_end_matches("AAA")).await.json(), by_key);
    let some = bench.get(&format!("{path}?fields=LastName")).await.json();
    assert_eq!(some.as_object().unwrap().keys().collect::<Vec<_>>(), ["attributes", "LastName"]);
}

#[tokio::test]
async fn what_does_not_exist_gets_404_and_a_wrong_method_405() {
    let bench = Bench::start().await;
    let expected = json!([{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]);
    let answer = bench.get("/services/data/v60.0/sobjects/Contact/Ext__c/nobody").await;
    assert_eq!(answer.parts(), (404, expected.clone()));
    assert_eq!(bench.get("/services/data/v60.0/nowhere").await.parts(), (404, expected));
    assert_eq!(bench.send(bench.request(Method::PUT, "/services/data/v60.0/limits")).await.status, 405);
}

#[tokio::test]
async fn a_query_selects_by_conditions_up_to_its_limit() {
    let bench = Bench::start().await;
    bench.contacts(&["C-1", "C-2", "C-3"]).await;
    let body = bench.query("SELECT Id, LastName, Email FROM Contact WHERE Ext__c = 'C-2'").await.json();
    assert_eq!((&body["totalSize"], &body["done"]), (&json!(1), &json!(true)));
    let url = "/services/data/v60.0/sobjects/Contact/003000000000002AAA";
    let record = json!({
        "attributes": {"type": "Contact", "url": url},
        "Id": "003000000000002AAA", "LastName": "Name of C-2", "Email": null,
    });
    assert_eq!(body["records"], json!([record]));
    let two = "SELECT Id FROM Contact WHERE Ext__c = 'C-2' AND LastName = 'somebody else'";
    assert_eq!(bench.query(two).await.json()["totalSize"], 0);
    assert_eq!(bench.query("SELECT Id FROM Contact LIMIT 2").await.json()["totalSize"], 2);
    let count = bench.query("SELECT COUNT() FROM Contact").await.json();
    assert_eq!(count, json!({"totalSize": 3, "done": true, "records": []}));
}

#[tokio::test]
async fn a_query_that_cannot_be_read_gets_malformed_query() {
    let bench = Bench::start().await;
    let (status, body) = bench.query("SELECT Id Contact").await.parts();
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("MALFORMED_QUERY")));
}

#[tokio::test]
async fn the_versions_need_no_session_and_the_resources_do() {
    let bench = Bench::start().await;
    bench.sim.expire_tokens();
    let (status, versions) = bench.get("/services/data/").await.parts();
    assert_eq!(status, 200);
    let expected = json!({"label": "Spring '24", "url": "/services/data/v60.0", "version": "60.0"});
    assert!(versions.as_array().unwrap().contains(&expected));
    assert_eq!(bench.get("/services/data/v60.0").await.status, 401);
}

#[tokio::test]
async fn the_resources_of_a_version_are_listed() {
    let bench = Bench::start().await;
    let body = bench.get("/services/data/v60.0").await.json();
    assert_eq!(body["sobjects"], "/services/data/v60.0/sobjects");
}

#[tokio::test]
async fn a_write_by_somebody_else_is_seen_logged_and_not_counted() {
    let bench = Bench::start().await;
    bench.contacts(&["C-1"]).await;
    bench.clock.advance(1000);
    bench.sim.put_record("Contact", "Ext__c", "C-1", [("LastName", "Changed")]);
    assert_eq!(bench.sim.calls_used(), 1);
    let record = bench.sim.record("Contact", "Ext__c", "C-1").unwrap();
    assert_eq!(record["LastName"], "Changed");
    assert_eq!(record["LastModifiedDate"], "2026-01-01T00:00:01.000+0000");
    let entry = bench.sim.log().pop().unwrap();
    assert_eq!((entry.kind, entry.started.0, entry.status), (CallKind::External, START + 1000, None));
    assert_eq!(bench.sim.remove_record("Contact", "Ext__c", "C-1"), 1);
    assert!(bench.sim.record("Contact", "Ext__c", "C-1").is_none());
}
