//! The requests of ordinary client libraries, written out by hand as those libraries send them.

use reqwest::Method;
use serde_json::json;

use crate::support::{Bench, client_credentials};

const OBJECT: &str = "/services/data/v59.0/sobjects/Contact/";

#[tokio::test]
async fn simple_salesforce_creates_reads_updates_and_deletes_a_record() {
    let bench = Bench::start().await;
    let headers = |request: reqwest::RequestBuilder| {
        request.header("Content-Type", "application/json").header("X-PrettyPrint", "1")
    };
    let created = bench.post(OBJECT, &json!({"LastName": "Smith", "Email": "example@example.com"})).await;
    assert_eq!(created.status, 201);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 18);
    let path = format!("{OBJECT}{id}");
    assert_eq!(bench.send(headers(bench.request(Method::GET, &path))).await.json()["LastName"], "Smith");
    let update = bench.request(Method::PATCH, &path).body(r#"{"LastName": "Jones"}"#);
    assert_eq!(bench.send(headers(update)).await.status, 204);
    assert_eq!(bench.get(&path).await.json()["LastName"], "Jones");
    assert_eq!(bench.send(headers(bench.request(Method::DELETE, &path))).await.status, 204);
    assert_eq!(bench.get(&path).await.status, 404);
}

#[tokio::test]
async fn simple_salesforce_upserts_reads_by_custom_id_and_queries() {
    let bench = Bench::start().await;
    let upsert = bench.patch(&format!("{OBJECT}Ext__c/22"), &json!({"LastName": "Smith"})).await;
    assert_eq!(upsert.status, 201);
    assert_eq!(bench.get(&format!("{OBJECT}Ext__c/22")).await.json()["LastName"], "Smith");
    let path = "/services/data/v59.0/query/?q=SELECT+Id%2C+Email+FROM+Contact+WHERE+LastName+%3D+%27Smith%27";
    let found = bench.get(path).await.json();
    assert_eq!((&found["totalSize"], &found["done"]), (&json!(1), &json!(true)));
    assert_eq!(found["records"][0]["attributes"]["type"], "Contact");
}

#[tokio::test]
async fn simple_salesforce_logs_in_with_the_secret_in_a_basic_header() {
    let bench = Bench::start().await;
    let login = reqwest::Client::new().post(format!("{}/services/oauth2/token", bench.sim.url()));
    let login = login.basic_auth("sim-client", Some("sim-secret"));
    let form = [("grant_type", "client_credentials")];
    let (status, body) = bench.send(login.form(&form)).await.parts();
    assert_eq!(status, 200);
    assert!(body["access_token"].is_string());
}

#[tokio::test]
async fn jsforce_upserts_a_collection_with_attributes_and_all_or_none() {
    let bench = Bench::start().await;
    let path = "/services/data/v50.0/composite/sobjects/Account/Ext__c";
    let account = json!({"Name": "Acme", "Ext__c": "A-1", "attributes": {"type": "Account"}});
    let (status, body) = bench.patch(path, &json!({"allOrNone": false, "records": [account]})).await.parts();
    assert_eq!((status, &body[0]["success"], &body[0]["errors"]), (200, &json!(true), &json!([])));
}

#[tokio::test]
async fn jsforce_logs_in_and_follows_the_instance_url() {
    let bench = Bench::start().await;
    let body = bench.token(&client_credentials("sim-client", "sim-secret")).await.json();
    let instance = body["instance_url"].as_str().unwrap();
    let versions = reqwest::get(format!("{instance}/services/data")).await.unwrap();
    assert_eq!(versions.status(), 200);
}
