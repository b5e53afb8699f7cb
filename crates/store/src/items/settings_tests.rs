//! Tests of `settings`.
//!
//! Must not know: the calls that carry these items.

use serde_json::json;

use super::*;

fn connection(target: &Value) -> Connection {
    let settings = json!({
        "id": "acme",
        "policy": { "kind": "recent", "excluded": ["daco-02", "daco-09"] },
        "target": target,
        "external_ids": { "Contact": "Ext_Id__c" },
        "own_rules": [{ "id": "our-flow", "code": ["CANNOT_EXECUTE_FLOW_TRIGGER"], "message": "Our flow", "group": "custom_code",
            "class": "automation", "advice": "Ask the flow's owner." }],
    });
    Connection::read(&settings).unwrap()
}

#[test]
fn settings_of_either_login_are_read_as_they_were_written() {
    let url = "https://acme.my.salesforce.com";
    for target in [
        json!({ "login_url": url, "flow": "client_credentials", "secret": "resync/acme" }),
        json!({ "login_url": url, "flow": "jwt_bearer", "username": "sync@acme.example", "secret": "resync/acme" }),
    ] {
        let connection = connection(&target);
        assert_eq!(read(&write(&connection)).unwrap(), connection);
    }
}

#[test]
fn more_shards_change_nothing_else() {
    let url = "https://acme.my.salesforce.com";
    let before = connection(&json!({ "login_url": url, "flow": "client_credentials", "secret": "resync/acme" }));
    let item = with_shards(&write(&before), 8).unwrap();
    assert_eq!(text_and_shards(&item).unwrap().1, 8);
    assert_eq!(read(&item).unwrap(), Connection { shards: 8, ..before });
}
