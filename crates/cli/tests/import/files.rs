//! What is taken in of a file, what is reported of the rest, and what a second import changes.
//!
//! Must not know: formats in detail; the crate that reads them has its own tests.

use std::fs::File;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::place::{Place, made_by_hand, parsed, rows, stderr, stdout};

const CONTACTS: &str =
    "Ext_Id__c,LastName,ERROR\nC-1,Kaya,UNABLE_TO_LOCK_ROW:locked:--\n,Abel,X_Y:z:--\nC-3,Xu,X_Y:z:--\n";

#[test]
fn rows_are_taken_in_and_a_row_that_cannot_be_is_reported_with_line_column_problem_and_mend() {
    let place = Place::new();
    place.write("error.csv", CONTACTS);
    let output = place.import(&["error.csv", "--object", "Contact", "--json"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let refused = json!([{ "line": 3, "column": "Ext_Id__c", "problem": "is empty", "mend": "fill it in; it tells the record apart" }]);
    let report = json!({ "accepted": 2, "updated": 0, "unchanged": 0, "skipped": 0, "refused": refused });
    assert_eq!(parsed(&output), report);
    assert_eq!(place.records().len(), 2);
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let place = Place::new();
    place.write("error.csv", CONTACTS);
    place.import(&["error.csv", "--object", "Contact"]);
    let before = place.records();
    let again = parsed(&place.import(&["error.csv", "--object", "Contact", "--json"]));
    assert_eq!((&again["accepted"], &again["updated"], &again["unchanged"]), (&json!(0), &json!(0), &json!(2)));
    assert_eq!(place.records(), before);
}

#[test]
fn refused_rows_can_be_mended_in_their_file_and_imported_again() {
    let place = Place::new();
    place.write("error.csv", CONTACTS.replace(',', ";"));
    let output = place.import(&["error.csv", "--object", "Contact"]);
    assert!(stdout(&output).contains("the refused rows are in error.csv.refused.csv"), "{}", stdout(&output));
    let refused = place.read("error.csv.refused.csv");
    let problem = "\"the column Ext_Id__c is empty; fill it in; it tells the record apart\"";
    assert_eq!(refused, format!("Ext_Id__c;LastName;ERROR;RESYNC_PROBLEM\n;Abel;X_Y:z:--;{problem}\n"));
    place.write("error.csv.refused.csv", refused.replace("\n;Abel", "\nC-2;Abel"));
    let mended = place.import(&["error.csv.refused.csv", "--object", "Contact", "--json"]);
    assert_eq!((mended.status.code(), &parsed(&mended)["accepted"]), (Some(0), &json!(1)), "{}", stderr(&mended));
    assert_eq!(place.records().len(), 3);
}

#[test]
fn a_file_of_refused_rows_is_never_written_over() {
    let place = Place::new();
    place.write("error.csv", CONTACTS);
    place.write("error.csv.refused.csv", "a person works on this");
    let output = place.import(&["error.csv", "--object", "Contact"]);
    assert!(stdout(&output).contains("error.csv.refused-2.csv"), "{}", stdout(&output));
    assert_eq!(place.read("error.csv.refused.csv"), "a person works on this");
    let named = place.import(&["error.csv", "--object", "Contact", "--refused", "error.csv.refused.csv"]);
    assert_eq!((named.status.code(), stdout(&named)), (Some(3), ""));
    assert!(stderr(&named).contains("it is there already"), "{}", stderr(&named));
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    let place = Place::new();
    place.write("error.csv", CONTACTS);
    let output = place.import(&["error.csv", "--object", "Contact", "--dry-run", "--json"]);
    assert_eq!((output.status.code(), &parsed(&output)["accepted"]), (Some(6), &json!(2)), "{}", stderr(&output));
    assert_eq!(place.records(), Vec::<String>::new());
    assert!(!place.path("error.csv.refused.csv").exists());
}

#[test]
fn every_tool_s_file_goes_in_by_its_header_alone() {
    let place = Place::new();
    let files: [(&str, &[&str], i64); 6] = [
        ("data-loader-error.csv", &["--object", "Contact"], 4),
        ("data-loader-bulk2-error.csv", &["--object", "Contact"], 3),
        ("bulk2-failed-results.csv", &["--object", "Invoice__c", "--parent", "Account=Account__r.Account_Key__c"], 3),
        ("inspector.csv", &[], 2),
        ("Contact_upsert_target.csv", &[], 2),
        ("jetstream.csv", &["--object", "Contact"], 3),
    ];
    for (name, options, rows) in files {
        place.write(name, made_by_hand(name));
        let report = parsed(&place.import(&[&[name, "--json"], options].concat()));
        let taken: i64 = ["accepted", "updated", "unchanged"].iter().filter_map(|kind| report[*kind].as_i64()).sum();
        assert_eq!(taken, rows, "{name}: {report}");
    }
}

#[test]
fn columns_are_mapped_by_options_that_can_be_saved_and_used_again() {
    let place = Place::new();
    place.write("first.csv", "Record ID;Last name;Sync error\n101;Kaya;it is odd\n");
    place.write("second.csv", "Record ID;Last name;Sync error\n102;Abel;it is odd\n");
    let map = ["--map", "Ext_Id__c=Record ID", "--map", "LastName=Last name", "--error-column", "Sync error"];
    let saved = place.import(&[&["first.csv", "--object", "Contact", "--save-mapping", "hubspot"], &map[..]].concat());
    assert_eq!(saved.status.code(), Some(0), "{}", stderr(&saved));
    let again = place.import(&["second.csv", "--mapping", "hubspot", "--json"]);
    assert_eq!((again.status.code(), &parsed(&again)["accepted"]), (Some(0), &json!(1)), "{}", stderr(&again));
    let unknown = place.import(&["second.csv", "--mapping", "hubspott"]);
    assert_eq!(unknown.status.code(), Some(3));
    assert!(stderr(&unknown).contains("no mapping hubspott was saved; there are hubspot"), "{}", stderr(&unknown));
}

#[test]
fn what_the_rules_refuse_is_named_by_its_column() {
    let place = Place::new();
    place.write("error.csv", "Ext_Id__c,Changed,ERROR\nC-1,2999-01-01T00:00:00Z,X_Y:z:--\n");
    let output = place.import(&["error.csv", "--object", "Contact", "--version-column", "Changed", "--json"]);
    let refused = &parsed(&output)["refused"][0];
    assert_eq!((&refused["line"], &refused["column"]), (&json!(2), &json!("Changed")), "{refused}");
    assert_eq!(refused["problem"], "is in the future");
}

#[test]
fn an_input_that_cannot_be_used_is_refused_whole_with_its_mend() {
    let place = Place::new();
    place.write("error.csv", CONTACTS);
    place.write("empty.csv", "");
    place.write("utf16.csv", b"\xff\xfeE\0");
    place.write("A__c_delete_target.csv", "Errors,Ext_Id__c\nno,1\n");
    place.write("old.csv", CONTACTS);
    let old = File::options().write(true).open(place.path("old.csv")).expect("it is there");
    old.set_modified(UNIX_EPOCH + Duration::from_hours(24)).expect("its date is set");
    let cases: [(&[&str], i32, &str); 12] = [
        (&["error.csv", "--object", "Account"], 3, "name the field by --external-id"),
        (&["error.csv", "--object", "contact"], 3, "for contact; did you mean Contact? If not, name the field by"),
        (&["error.csv", "--object", "Account"], 3, "for Account; name the field by"),
        (&["error.csv"], 3, "such as --object Contact"),
        (&["empty.csv", "--object", "Contact"], 3, "the file is empty"),
        (&["utf16.csv", "--object", "Contact"], 3, "save it as UTF-8"),
        (&["nothing.csv", "--object", "Contact"], 3, "nothing.csv"),
        (&["data", "--object", "Contact"], 3, "it is a directory"),
        (&["old.csv", "--object", "Contact"], 3, "more than 29 days ago"),
        (&["error.csv", "--object", "Contact", "--as-of", "2999-01-01T00:00:00Z"], 3, "in the future"),
        (&["A__c_delete_target.csv"], 3, "only upserts are retried"),
        (&["-", "--object", "Contact"], 3, "--as-of"),
    ];
    for (args, code, said) in cases {
        let output = place.import(args);
        assert_eq!((output.status.code(), stdout(&output)), (Some(code), ""), "{args:?}");
        assert!(stderr(&output).contains(said), "{args:?}: {said} is not in {}", stderr(&output));
    }
    let nobody = place.resync(&["import", "error.csv", "--connection", "sails", "--object", "Contact"]);
    assert_eq!(nobody.status.code(), Some(4), "{}", stderr(&nobody));
    assert_eq!(place.records(), Vec::<String>::new());
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told_with_what_is_in_and_nothing_more_of_it_is_sent() {
    let place = Place::new();
    place.write("error.csv", format!("{}{}", CONTACTS, rows(20_000).split_once('\n').expect("a header").1));
    let mut child = place
        .command(&["import", "--connection", "sales", "error.csv", "--object", "Contact", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut growing = File::options().append(true).open(place.path("error.csv")).expect("it is there");
    while child.try_wait().expect("it is our child").is_none() {
        // The first rows are in when one of them is written to the file of refused rows.
        if place.path("error.csv.refused.csv").exists() {
            growing.write_all(b"C-more,Late,X_Y:z:--\n").expect("it grows");
        }
    }
    let output = child.wait_with_output().expect("it ended");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("it changed while it was read"), "{}", stderr(&output));
    let (report, records) = (parsed(&output), place.records().len());
    assert!((1..20_000).contains(&records), "{report}");
    assert_eq!(report["accepted"], json!(records), "what is in is told");
    assert_eq!(report["refused"][0]["line"], 3);
    assert!(place.read("error.csv.refused.csv").contains("\n,Abel,X_Y:z:--,"), "the refused row is whole");
}

#[test]
fn an_import_is_one_deed_in_the_audit_and_one_that_changes_nothing_is_none() {
    let place = Place::new();
    place.write("error.csv", rows(450));
    for _ in 0..2 {
        place.import(&["error.csv", "--object", "Contact"]);
    }
    let audit = parsed(&place.resync(&["audit", "--json"]));
    let entries = audit["audit"].as_array().expect("entries");
    let imported: Vec<_> = entries.iter().filter(|entry| entry["action"] == "imported").collect();
    assert_eq!(imported.len(), 1, "{audit}");
    assert_eq!(imported[0]["records"], 450);
}

#[test]
fn standard_input_is_read_with_the_time_that_is_said() {
    let place = Place::new();
    place.write("error.csv", CONTACTS);
    let now = place.resync(&["import", "--connection", "sales", "error.csv", "--object", "Contact", "--json"]);
    assert_eq!(now.status.code(), Some(6));
    let failed = place.records()[0].clone();
    let first: serde_json::Value = serde_json::from_str(&failed).expect("JSON");
    let as_of = first["first_failed"].as_str().expect("a time").to_owned();
    let mut child = place
        .command(&["import", "-", "--connection", "sales", "--object", "Contact", "--as-of", &as_of, "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(CONTACTS.as_bytes()).expect("it is read");
    let report = parsed(&child.wait_with_output().expect("it ends"));
    assert_eq!(report["unchanged"], 2, "the very same failures: {report}");
}
