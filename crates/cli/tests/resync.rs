//! The real `resync` binary: what it prints, and how it ends, for a person and for a script.
//!
//! Must not know: how the command works inside.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

fn resync(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resync")).args(args).output().expect("the binary starts")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("the output is UTF-8")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("the messages are UTF-8")
}

fn parsed(output: &Output) -> Value {
    serde_json::from_str(stdout(output)).unwrap_or_else(|_| panic!("no JSON: {} {}", stdout(output), stderr(output)))
}

fn directory() -> TempDir {
    TempDir::new().expect("a directory of the test's own")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// Writes a manifest of one interval connection with one file of Contacts, and that file.
fn example(contacts: &[u8]) -> TempDir {
    let directory = directory();
    let settings = json!({ "id": "acme", "policy": { "kind": "interval" }, "external_ids": { "Contact": "Key__c" } });
    let files = json!([{ "path": "contacts.csv", "object": "Contact" }]);
    let manifest = json!({ "connections": [{ "settings": settings, "files": files }] });
    fs::write(directory.path().join("demo.json"), manifest.to_string()).expect("the manifest is written");
    fs::write(directory.path().join("contacts.csv"), contacts).expect("the rows are written");
    directory
}

fn play(directory: &Path) -> Output {
    resync(&["demo", "--json", "--examples", text(directory)])
}

#[test]
fn the_demo_accounts_for_every_record_stays_within_the_cap_and_breaks_no_invariant() {
    let output = resync(&["demo", "--json"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    let summary = parsed(&output);
    assert_eq!(summary["violations"], json!([]));
    let connections = summary["connections"].as_array().expect("a list");
    assert_eq!(connections.len(), 2);
    for connection in connections {
        let number = |name: &str| connection[name].as_u64().expect("a count");
        let states = ["resolved", "timed_out", "held", "scheduled", "expired"].map(number);
        assert_eq!(states.iter().sum::<u64>(), number("imported"), "{connection}");
        assert!(
            connection["api_calls"]["peak_24h"].as_u64() <= connection["api_calls"]["cap"].as_u64(),
            "{connection}"
        );
        assert!(number("runs") > 0, "{connection}");
    }
    assert!(connections[0]["imported"].as_u64() >= Some(1_000), "{}", connections[0]);
    assert_eq!(connections[1]["held"], 30, "the DACO-02 invoices");
    assert_eq!(parsed(&resync(&["demo", "--json", "--seed", "1"])), summary, "the same seed plays the same days");
}

#[test]
fn more_records_are_made_up_in_the_likeness_of_the_examples() {
    let summary = parsed(&resync(&["demo", "--json", "--records", "3000"]));
    assert_eq!((&summary["connections"][0]["imported"], &summary["violations"]), (&json!(3000), &json!([])));
}

#[test]
fn a_kept_demo_explains_its_records() {
    let parent = directory();
    let kept = parent.path().join("kept");
    let played = resync(&["demo", "--records", "200", "--keep", text(&kept)]);
    assert_eq!((played.status.code(), stderr(&played)), (Some(0), ""));
    assert!(stdout(&played).contains("violations: []"), "{}", stdout(&played));
    assert!(!stdout(&played).contains('\u{1b}'), "no colours where nobody sees them");
    let explain = |record: &str| resync(&["explain", record, "--data", text(&kept)]);
    let as_json = |record: &str| parsed(&resync(&["explain", record, "--data", text(&kept), "--json"]));

    let held = explain("billing/Invoice__c/INV-00008");
    assert_eq!(held.status.code(), Some(0));
    assert!(stdout(&held).contains("held: error type daco-02 is never retried by a schedule"), "{}", stdout(&held));
    assert!(stdout(&held).contains("next try  none"), "{}", stdout(&held));

    let state = |record: &str| as_json(record)["record"]["state"].clone();
    assert_eq!(state("billing/Invoice__c/INV-00008"), json!({ "held": "excluded_type" }));
    let attempts = &as_json("billing/Invoice__c/INV-00008")["record"]["attempts"];
    assert_eq!(attempts, &json!({ "interval": 0, "nightly": 0, "recent": 0, "forced": 0 }), "it was never sent");
    assert_eq!(state("marketing/Contact/C-00001")["resolved"]["how"], "retried");
    let contacts = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/contacts-error.csv"));
    let contacts = contacts.expect("the example is there");
    let duplicate = contacts.lines().find(|line| line.contains("DUPLICATES_DETECTED")).expect("an example of it");
    let id = duplicate.split('"').nth(1).expect("its first column");
    assert!(state(&format!("marketing/Contact/{id}"))["timed_out"]["next"].is_string());

    for record in ["marketing/Contact/C-99999", "nobody/Contact/C-00001"] {
        let output = explain(record);
        assert_eq!((output.status.code(), stdout(&output)), (Some(4), ""), "{record}");
        assert!(stderr(&output).starts_with("resync: "), "{}", stderr(&output));
    }
    assert_eq!(explain("no-record-at-all").status.code(), Some(2));

    let again = resync(&["demo", "--keep", text(&kept)]);
    assert_eq!(again.status.code(), Some(3));
    assert!(stderr(&again).contains("it is not empty"), "{}", stderr(&again));
    assert_eq!(explain("billing/Invoice__c/INV-00008").stdout, held.stdout, "nothing was changed");
}

#[test]
fn explain_refuses_a_directory_that_is_no_data_directory() {
    let directory = directory();
    let output = resync(&["explain", "a/B/c", "--data", text(directory.path())]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(3), ""));
    assert!(stderr(&output).contains("there is no data directory of resync"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(directory.path()).expect("it is there").count(), 0, "explaining creates nothing");
}

#[test]
fn all_mistakes_of_a_manifest_are_reported_together_with_their_paths() {
    let directory = directory();
    let manifest = json!({ "connections": [
        { "settings": { "id": "Not An Id", "policy": { "kind": "sometimes" }, "external_ids": {} }, "files": "none" },
        { "files": [{ "path": "x.csv", "object": "9", "parent": { "object": "Account", "column": "plain" } }], "extra": 1 },
    ] });
    fs::write(directory.path().join("demo.json"), manifest.to_string()).expect("the manifest is written");
    let output = play(directory.path());
    assert_eq!((output.status.code(), stdout(&output)), (Some(3), ""));
    let paths = [
        "connections[0].settings.id:",
        "connections[0].settings.policy",
        "connections[0].files:",
        "connections[1].settings:",
        "connections[1].extra:",
        "connections[1].files[0].object:",
        "connections[1].files[0].parent.column:",
    ];
    for path in paths {
        assert!(stderr(&output).contains(path), "{path} is not in {}", stderr(&output));
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_line_and_the_mend() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "the file is empty"),
        (b"Key__c,ERROR\n", "no rows"),
        (b"Key__c,ERROR\nC-1,X\nC-2\n", "line 3 has 1 columns"),
        (b"Key__c,ERROR\r\nC-1,X\r\nC-2\r\n", "line 3 has 1 columns"),
        (b"Key__c,ERROR\nC-\xfc,X\n", "line 2 is not UTF-8"),
        (b"C-1,Kaya,X\n", "the first line is not a header"),
        (b"Key__c,key__c,ERROR\n1,2,X\n", "twice"),
        (b"Other__c,ERROR\nC-1,X\n", "line 1: the header has no column Key__c"),
        (b"Key__c,ERROR\nC-1,X\n,X\n", "line 3: the column Key__c is empty"),
    ];
    for (contacts, said) in cases {
        let directory = example(contacts);
        let output = play(directory.path());
        assert_eq!((output.status.code(), stdout(&output)), (Some(3), ""), "{said}");
        assert!(stderr(&output).contains("contacts.csv"), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{said} is not in {}", stderr(&output));
    }
}

#[test]
fn a_parents_column_that_no_row_has_is_an_error_and_not_a_childs_end() {
    let directory = directory();
    let manifest = json!({ "connections": [{
        "settings": { "id": "own", "policy": { "kind": "recent" }, "external_ids": { "Contact": "Key__c" } },
        "files": [{
            "path": "contacts.csv", "object": "Contact",
            "parent": { "object": "Account", "column": "Acount__r.Key__c" },
        }],
    }] });
    fs::write(directory.path().join("demo.json"), manifest.to_string()).expect("it is written");
    fs::write(directory.path().join("contacts.csv"), "Key__c,Account__r.Key__c,ERROR\nC-1,A-1,X\n")
        .expect("it is written");
    let output = play(directory.path());
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("no row has the parent's column Acount__r.Key__c"), "{}", stderr(&output));
}

#[test]
fn a_file_or_manifest_that_is_not_there_is_named() {
    let directory = directory();
    assert_eq!(play(directory.path()).status.code(), Some(3));
    let directory = example(b"Key__c,ERROR\nC-1,X\n");
    fs::remove_file(directory.path().join("contacts.csv")).expect("it is removed");
    let output = play(directory.path());
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("contacts.csv cannot be used"), "{}", stderr(&output));
}

#[test]
fn own_files_are_played_like_the_examples() {
    let directory =
        example(b"Key__c,LastName,ERROR\r\nC-1,Kaya,UNABLE_TO_LOCK_ROW: locked\r\nC-2,Abel,DACO-03: gone\r\n");
    let summary = parsed(&play(directory.path()));
    assert_eq!((&summary["connections"][0]["resolved"], &summary["violations"]), (&json!(2), &json!([])));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let directory = example(b"Key__c,LastName,ERROR\nC-1,Kaya,UNABLE_TO_LOCK_ROW: locked\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_resync"));
    command.args(["demo", "--examples", text(directory.path())]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn a_wrong_command_line_ends_with_code_2() {
    for args in [&["demo", "--nope"][..], &["demo", "--records", "0"], &["explain"], &["fly"], &[]] {
        assert_eq!(resync(args).status.code(), Some(2), "{args:?}");
    }
}
