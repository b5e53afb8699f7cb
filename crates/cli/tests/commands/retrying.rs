//! Retries that a person asks for.

use serde_json::json;

use super::world::World;

#[test]
fn a_retry_that_is_waited_for_reaches_salesforce_now() {
    let world = World::filled();
    let local = world.local();
    let asked = world.json(&["retry", "marketing/Contact/C-00001", "--wait"]);
    assert_eq!(asked["request"]["state"], "done", "{asked}");
    let progress = json!({ "tried": 1, "resolved": 1, "failed": 0, "unknown": 0, "skipped": 0 });
    assert_eq!(asked["request"]["progress"], progress);
    assert!(world.simulator.record("Contact", "Ext_Id__c", "C-00001").is_some(), "Salesforce has it");
    assert!(world.done(&["record", "marketing/Contact/C-00001"]).contains("resolved, retried,"));
    let all = world.done(&["retry", "--type", "daco-02", "--connection", "billing", "--wait", "--yes"]);
    assert!(all.contains("of all with daco-02: done; 30 tried"), "{all}");
    let runs = world.done(&["runs", "marketing"]);
    assert!(runs.contains("forced"), "{runs}");
    drop(local);
}

#[test]
fn without_a_local_a_retry_is_kept_and_says_what_it_waits_for() {
    let world = World::filled();
    let said = world.refused(&["retry", "marketing/Contact/C-00001", "--wait"], 8);
    assert!(said.contains("no `resync local` runs here"), "{said}");
    assert_eq!(world.json(&["retries", "marketing"])["resyncs"], json!([]), "a refused wait asks for nothing");
    let friday = ["retry", "--type", "row-lock", "--connection", "marketing", "--id", "friday", "--yes"];
    let shown = world.done(&friday);
    assert!(shown.contains("Retry friday of all with row-lock: open"), "{shown}");
    assert!(shown.contains("waits for: `resync local`, which does not run here"), "{shown}");
    let again = world.json(&friday);
    assert_eq!(again["request"]["id"], "friday", "the same name is the same request");
    world.refused(&["retry", "--all", "--connection", "marketing", "--id", "friday", "--yes"], 8);
    assert_eq!(world.json(&["retries", "marketing"])["resyncs"].as_array().map(Vec::len), Some(1));
    let shown = world.done(&["retries", "marketing"]);
    assert!(shown.lines().any(|line| line.starts_with("friday") && line.contains("open")), "{shown}");
    assert!(world.done(&["retries", "marketing", "friday", "--cancel"]).contains("cancelled"));
    assert_eq!(world.resync(&["retries", "marketing", "friday", "--cancel"]).status.code(), Some(8));
    world.refused(&["retries", "marketing", "monday"], 4);
}

#[test]
fn what_is_kept_while_nothing_runs_is_carried_out_when_local_starts() {
    let world = World::filled();
    world.done(&["retry", "marketing/Contact/C-00001", "--id", "kept"]);
    let local = world.local();
    // The same request again: there is one, and it is waited for.
    let asked = world.json(&["retry", "marketing/Contact/C-00001", "--id", "kept", "--wait"]);
    assert_eq!(asked["request"]["progress"]["resolved"], 1, "{asked}");
    drop(local);
}

#[test]
fn a_retry_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let world = World::with_connections();
    let said = world.refused(&["retry", "marketing/Contact/C-1", "billing/Account/A-1"], 3);
    assert!(said.contains("are of two connections"), "{said}");
    for args in [
        &["retry"][..],
        &["retry", "--all"],
        &["retry", "--type", "row-lock"],
        &["retry", "marketing/Contact/C-1", "--all", "--connection", "marketing"],
        &["retry", "no-record-at-all"],
    ] {
        assert_eq!(world.resync(args).status.code(), Some(2), "{args:?}");
    }
    world.refused(&["retry", "--all", "--connection", "nobody"], 4);
    let said = world.refused(&["retry", "--type", "Not A Type", "--connection", "marketing"], 3);
    assert!(said.contains("type"), "{said}");
}

/// It is not told as Salesforce being out of reach, and nothing is sent.
#[test]
fn a_secret_that_is_not_there_is_named_wherever_a_person_looks_and_found_again_by_itself() {
    let world = World::filled();
    let secret = std::fs::read(world.path("acme.json")).expect("it is there");
    std::fs::remove_file(world.path("acme.json")).expect("it is ours");
    let local = world.local();
    let record = "marketing/Contact/C-00001";
    world.done(&["retry", record]);
    let suspension = || world.json(&["suspension", "marketing"])["suspension"].clone();
    assert!((0..2_000).any(|_| !suspension().is_null()), "a secret that cannot be read suspends");
    let told = suspension();
    assert_eq!((&told["cause"], &told["next_probe"]), (&json!("secret_unreadable"), &json!(null)));
    let named = "the secret acme cannot be read (the file ";
    for args in [&["suspension", "marketing"][..], &["explain", record], &["connection", "list"]] {
        let shown = world.done(args);
        assert!(shown.contains(named), "{args:?}: {shown}");
    }
    assert!(world.done(&["suspension", "marketing"]).contains("it goes on when the secret can be read"));
    assert!(world.done(&["explain", record]).contains("sooner: mend the secret"));
    assert_eq!(world.simulator.calls_used(), 0);
    std::fs::write(world.path("acme.json"), secret).expect("it is ours");
    // Who asks for something else need not wait for the tick.
    let done = world.json(&["retry", "marketing/Contact/C-00002", "--wait"]);
    assert_eq!(done["request"]["state"], "done", "{done}");
    assert!(suspension().is_null());
    drop(local);
}
