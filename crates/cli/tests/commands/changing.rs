//! Commands that change how a connection's data is treated.

use serde_json::json;

use super::world::World;

#[test]
fn a_limit_is_set_shown_and_taken_away() {
    let world = World::with_connections();
    assert_eq!(world.json(&["limit", "marketing", "20000"])["cap"], 15_000);
    assert!(world.done(&["limit", "marketing"]).contains("used      0 of 15,000"));
    assert_eq!(world.json(&["limit", "marketing", "none"])["cap"], 5_000);
    assert_eq!(world.resync(&["limit", "marketing", "many"]).status.code(), Some(2));
    let said = world.refused(&["limit", "marketing", "99999999999"], 3);
    assert!(said.contains("api_limit"), "{said}");
}

#[test]
fn retention_is_shown_and_set_and_its_mistakes_are_said() {
    let world = World::with_connections();
    assert!(world.done(&["retention", "marketing"]).contains("payloads          for as long as the record fails"));
    let set = world.json(&["retention", "marketing", "--resolved-days", "60", "--payload-days", "90"]);
    let retention = &set["connection"]["retention"];
    assert_eq!((&retention["resolved_days"], &retention["payload_days"]), (&json!(60), &json!(90)));
    assert!(
        world.done(&["retention", "marketing", "--payload-days", "none"]).contains("for as long as the record fails")
    );
    let said = world.refused(&["retention", "marketing", "--resolved-days", "3", "--audit-days", "0"], 3);
    assert!(said.contains("retention.resolved_days") && said.contains("retention.audit_days"), "{said}");
}

#[test]
fn an_erased_record_is_gone_and_the_audit_does_not_name_it() {
    let world = World::filled();
    let said = world.refused(&["erase", "marketing/Contact/C-00004"], 3);
    assert!(said.contains("say so by --yes"), "{said}");
    world.done(&["record", "marketing/Contact/C-00004"]);
    assert!(
        world
            .done(&["erase", "marketing/Contact/C-00004", "--yes"])
            .starts_with("marketing/Contact/C-00004 is erased.")
    );
    world.refused(&["record", "marketing/Contact/C-00004"], 4);
    world.refused(&["erase", "marketing/Contact/C-00004", "--yes"], 4);
    assert_eq!(world.json(&["errors", "marketing"])["records"], 198);
    let audit = world.done(&["audit", "marketing"]) + &world.json(&["audit", "marketing"]).to_string();
    assert!(audit.contains("record erased") && audit.contains("record_erased"), "{audit}");
    assert!(!audit.contains("C-00004"), "{audit}");
}

#[test]
fn the_audit_says_who_changed_what_newest_first() {
    let world = World::with_connections();
    world.done(&["connection", "pause", "marketing"]);
    let audit = world.json(&["audit"]);
    let actions: Vec<_> =
        audit["audit"].as_array().expect("a list").iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["paused", "connection_created", "connection_created"]);
    assert_eq!(world.json(&["audit", "billing"])["audit"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.json(&["audit", "--limit", "1"])["audit"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_suspension_that_is_not_there_is_cleared_in_vain() {
    let world = World::with_connections();
    assert_eq!(world.done(&["suspension", "marketing", "--clear"]), "marketing was not suspended.\n");
    assert_eq!(world.json(&["suspension", "marketing", "--clear"]), json!({ "cleared": false }));
}
