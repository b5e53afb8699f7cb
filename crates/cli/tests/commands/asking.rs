//! Commands that change nothing.

use std::fs;

use serde_json::json;

use super::world::World;

#[test]
fn errors_are_counted_by_type_with_their_advice() {
    let world = World::filled();
    let answer = world.json(&["errors", "marketing"]);
    assert_eq!(answer["records"], 199);
    let counts: u64 = answer["errors"].as_array().expect("a list").iter().filter_map(|e| e["records"].as_u64()).sum();
    assert_eq!(counts, 199);
    let shown = world.done(&["errors", "marketing"]);
    let head: Vec<&str> = shown.lines().next().expect("a head").split_whitespace().collect();
    assert_eq!(head, ["TYPE", "RECORDS", "OLDEST", "GROUP", "ADVICE"]);
    assert!(shown.contains("row-lock"), "{shown}");
    assert!(shown.contains("199 failing records in all."), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours where nobody sees them");
}

#[test]
fn records_are_listed_filtered_and_paged() {
    let world = World::filled();
    let held = world.json(&["records", "billing", "--object", "Invoice__c", "--state", "held", "--limit", "500"]);
    let held = held["records"].as_array().expect("a list").clone();
    assert!(!held.is_empty() && held.iter().all(|record| record["error_type"] == "daco-02"), "{held:?}");
    let (mut pages, mut seen, mut cursor) = (0, 0, None::<String>);
    loop {
        let mut args = vec!["records", "marketing", "--limit", "64"];
        args.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor.as_str()]));
        let page = world.json(&args);
        (pages, seen) = (pages + 1, seen + page["records"].as_array().expect("a list").len());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, 199);
    assert!(pages >= 4, "{pages} pages");
    let shown = world.done(&["records", "marketing", "--limit", "5"]);
    assert!(shown.contains("There may be more: add --cursor "), "{shown}");
}

#[test]
fn records_are_found_by_their_id_message_and_first_failure_and_exported_alike() {
    let world = World::filled();
    let records = |options: &[&str]| {
        let answer = world.json(&[&["records", "marketing", "--limit", "500"], options].concat());
        answer["records"].as_array().expect("a list").len()
    };
    let exported = |options: &[&str]| world.done(&[&["export", "marketing"], options].concat()).lines().count() - 1;
    assert_eq!(records(&["--id", "C-00013"]), 1);
    for options in [
        &["--id", "C-0001"][..],
        &["--type", "row-lock", "--message", "EXCLUSIVE access"],
        &["--type", "row-lock", "--state", "scheduled"],
    ] {
        let found = records(options);
        assert!((1..199).contains(&found), "{options:?}: {found}");
        assert_eq!(exported(options), found, "{options:?}");
    }
    assert_eq!(records(&["--failed-from", "2099-01-01T00:00:00Z"]), 0);
    assert_eq!(records(&["--failed-to", "2099-01-01T00:00:00Z"]), 199);
    assert_eq!((records(&["--failed-from", "1d"]), records(&["--failed-to", "1d"])), (199, 0));
    let said = world.refused(&["records", "marketing", "--failed-from", "yesterday"], 2);
    assert!(said.contains("2026-03-01T09:30:00Z"), "the mend shows a right time: {said}");
    world.refused(&["records", "marketing", "--message", "anything"], 2);
}

#[test]
fn a_record_is_shown_without_its_payload_and_explained_by_its_gates() {
    let world = World::filled();
    for command in ["record", "explain"] {
        let shown = world.done(&[command, "marketing/Contact/C-00001"])
            + &world.json(&[command, "marketing/Contact/C-00001"]).to_string();
        assert!(shown.contains("row-lock"), "{shown}");
        assert!(!shown.contains("elif.kaya1@company.example"), "{shown}");
    }
    let shown = world.done(&["record", "marketing/Contact/C-00001"]);
    assert!(shown.contains("state         scheduled for "), "{shown}");
    assert!(shown.contains("It was never tried."), "{shown}");
    let held = world.done(&["explain", "billing/Invoice__c/INV-00008"]);
    assert!(held.contains("CLOSED held: error type daco-02 is never retried by a schedule"), "{held}");
    assert!(held.contains("next try  none, as things stand"), "{held}");
}

#[test]
fn names_that_are_near_are_suggested() {
    let world = World::filled();
    let said = world.refused(&["errors", "marketnig"], 4);
    assert_eq!(said, "resync: there is no connection marketnig; did you mean marketing?\n");
    let said = world.refused(&["runs", "zuora"], 4);
    assert!(said.contains("`resync connection list` lists those that there are"), "{said}");
    let said = world.refused(&["record", "billing/Invoice__c/INV-0008"], 4);
    assert!(said.contains("did you mean billing/Invoice__c/INV-00008"), "{said}");
    let said = world.refused(&["explain", "biling/Invoice__c/INV-00008"], 4);
    assert_eq!(said, "resync: there is no connection biling; did you mean billing?\n");
}

#[test]
fn where_there_is_nothing_yet_the_next_step_is_named() {
    let world = World::new();
    let said = world.refused(&["errors", "marketing"], 3);
    assert!(said.contains("begin with `resync local` or `resync connection create`"), "{said}");
    world.refused(&["connection", "create", "marketing", "--policy", "recent"], 3);
    let shown = world.done(&["connection", "list"]);
    assert_eq!(shown, "There is no connection yet; `resync connection create` makes one.\n");
    let said = world.refused(&["errors", "marketing"], 4);
    assert!(said.contains("there is none yet, `resync connection create` makes one"), "{said}");
}

#[test]
fn a_connection_without_records_or_runs_says_what_brings_some() {
    let world = World::with_connections();
    assert!(world.done(&["errors", "marketing"]).starts_with("Nothing is failing in marketing."));
    assert!(world.done(&["records", "marketing"]).starts_with("Nothing is failing in marketing."));
    let runs = world.done(&["runs", "marketing"]);
    assert!(
        runs.contains("has made a call or changed a record yet") && runs.contains("`resync doctor marketing`"),
        "{runs}"
    );
    assert!(world.done(&["retries", "marketing"]).contains("`resync retry` does"));
    assert_eq!(world.done(&["suspension", "marketing"]), "marketing is not suspended.\n");
    assert!(world.done(&["usage", "marketing"]).contains("used      0 of 5,000"));
}

#[test]
fn a_running_local_answers_as_the_directory_itself_does() {
    let world = World::filled();
    let questions: [&[&str]; 5] = [
        &["errors", "marketing"],
        &["record", "billing/Invoice__c/INV-00008"],
        &["connection", "show", "billing"],
        &["records", "billing", "--limit", "3"],
        &["connection", "list"],
    ];
    let ask = || questions.map(|question| world.json(question));
    let stopped = ask();
    let local = world.local();
    let running = ask();
    drop(local);
    // Times apart, and that nobody is there to keep them.
    let timeless = |mut answer: serde_json::Value| {
        (answer["at"], answer["stopped"]) = (json!(null), json!(null));
        answer
    };
    assert_eq!(stopped.map(timeless), running.map(timeless));
}

#[test]
fn an_export_is_whole_or_not_there_and_replaces_nothing_unasked() {
    let world = World::filled();
    let printed = world.done(&["export", "marketing"]);
    assert_eq!(printed.lines().count(), 200);
    assert!(!printed.contains("elif.kaya1@company.example"), "payloads are left out");
    world.done(&["export", "marketing", "--output", "out.csv"]);
    assert_eq!(fs::read_to_string(world.path("out.csv")).expect("it is written"), printed);
    let said = world.refused(&["export", "marketing", "--output", "out.csv"], 3);
    assert!(said.contains("it is there already; replace it by --force"), "{said}");
    world.done(&["export", "billing", "--output", "out.csv", "--force", "--format", "jsonl"]);
    let lines = fs::read_to_string(world.path("out.csv")).expect("it is written");
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{lines}");
    world.refused(&["export", "nobody", "--output", "other.csv"], 4);
    assert!(!world.path("other.csv").exists());
}

#[test]
fn completions_are_there_for_every_shell() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(world.done(&["completions", shell]).contains("suspension"), "{shell}");
    }
}
