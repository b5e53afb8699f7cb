//! Files made by hand after each tool's documentation, with what a person expects of them beside each.
//!
//! Must not know: the reader's inner steps.

use std::fs;
use std::path::{Path, PathBuf};

use imports::{BadFile, Layout, Reader, Row};
use rules::ids::FieldName;
use serde_json::{Value, json};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

fn of_file(name: &str, kind: &str) -> Value {
    let path = directory().join(format!("{name}.{kind}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the reader makes of a file.
fn read(bytes: &[u8], layout: &Layout, external_id: &FieldName) -> Result<Value, BadFile> {
    let mut reader = Reader::open(bytes, layout, external_id)?;
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for row in reader.by_ref() {
        match row.expect("bytes in memory are readable") {
            Row::Failed(row) => rows.push(json!({
                "line": row.line, "external_id": row.external_id, "object": row.object, "fields": row.fields,
                "error": { "code": row.error.code, "message": row.error.message, "fields": row.error.fields },
                "parent": row.parent, "version": row.version,
            })),
            Row::Refused(row) => refused.push(row.to_string()),
        }
    }
    Ok(json!({ "format": reader.format(), "skipped": reader.skipped(), "rows": rows, "refused": refused }))
}

/// Reads `NAME.csv` by `NAME.layout.json` and compares it with `NAME.expected.json`.
#[track_caller]
fn is_as_expected(name: &str) {
    let told = of_file(name, "layout");
    let layout: Layout = serde_json::from_value(told["layout"].clone()).expect("a layout");
    let external_id: FieldName = serde_json::from_value(told["external_id"].clone()).expect("a field");
    let bytes = fs::read(directory().join(format!("{name}.csv"))).expect("the file is there");
    let read = read(&bytes, &layout, &external_id).expect("the file is usable");
    assert_eq!(read, of_file(name, "expected"), "{name}: {read:#}");
}

#[test]
fn data_loader_s_error_file_gives_the_rows_that_a_person_expects() {
    is_as_expected("data-loader-error");
}

#[test]
fn data_loader_s_error_file_of_bulk_api_2_gives_the_rows_that_a_person_expects() {
    is_as_expected("data-loader-bulk2-error");
}

#[test]
fn bulk_api_2_s_failed_results_give_the_rows_that_a_person_expects() {
    is_as_expected("bulk2-failed-results");
}

#[test]
fn salesforce_inspector_s_copied_results_give_the_rows_that_a_person_expects() {
    is_as_expected("inspector");
}

#[test]
fn sfdmu_s_target_file_gives_the_rows_that_a_person_expects() {
    is_as_expected("Contact_upsert_target");
}

#[test]
fn jetstream_s_results_give_the_rows_that_a_person_expects() {
    is_as_expected("jetstream");
}

#[test]
fn a_file_whose_columns_are_mapped_gives_the_rows_that_a_person_expects() {
    is_as_expected("mapped");
}

#[test]
fn a_file_with_codes_and_messages_in_columns_of_their_own_gives_the_rows_that_a_person_expects() {
    is_as_expected("mapped-parts");
}

#[test]
fn a_file_that_people_broke_gives_its_sound_rows_and_names_what_is_wrong_with_each_other() {
    is_as_expected("ugly");
}
