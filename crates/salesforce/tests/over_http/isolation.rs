//! One client per connection: nothing of one is ever used for another.
//!
//! Must not know: how clients are kept.

use std::sync::Arc;

use engine::ports::{LoginAnswer, PortError, SyncTarget, Targets};
use salesforce_sim::{Settings, Simulator};
use serde_json::json;

use crate::support::{clients, read, secrets, settings};

#[tokio::test]
async fn a_connections_token_is_not_used_for_another_even_in_the_same_org() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let clients = clients(&secrets());
    let acme = clients.of(&read(&settings("acme", simulator.url()))).unwrap();
    let bolt = clients.of(&read(&settings("bolt", simulator.url()))).unwrap();
    assert_eq!(acme.login().await.answer, LoginAnswer::SignedIn);
    assert!(acme.is_signed_in());
    assert!(!bolt.is_signed_in());
}

#[tokio::test]
async fn a_client_is_kept_until_its_target_or_time_out_changes() {
    let clients = clients(&secrets());
    let settings = settings("acme", "http://127.0.0.1:9");
    let first = clients.of(&read(&settings)).unwrap();
    assert!(Arc::ptr_eq(&first, &clients.of(&read(&settings)).unwrap()));

    let mut paused = settings.clone();
    paused["paused"] = json!(true);
    assert!(Arc::ptr_eq(&first, &clients.of(&read(&paused)).unwrap()), "nothing changed that concerns a client");

    let mut other_version = settings.clone();
    other_version["target"]["api_version"] = json!("61.0");
    let second = clients.of(&read(&other_version)).unwrap();
    assert!(!Arc::ptr_eq(&first, &second));

    let mut other_time_out = other_version.clone();
    other_time_out["request_timeout_seconds"] = json!(3);
    assert!(!Arc::ptr_eq(&second, &clients.of(&read(&other_time_out)).unwrap()));
}

#[tokio::test]
async fn a_login_address_outside_the_allowed_hosts_makes_no_client() {
    let mut connection = read(&settings("acme", "https://acme.my.salesforce.com"));
    connection.target.allowed_hosts = vec!["other.my.salesforce.com".to_owned()];
    let refused = clients(&secrets()).of(&connection).err();
    assert!(matches!(refused, Some(PortError::Unreadable { .. })));
}
