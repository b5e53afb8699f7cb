//! Spoilt files of failed rows: read or refused, row by row, in bounded time, and no cell is quoted.
//!
//! Must not know: formats.

use fuzz::{Corpus, Shape, hunt};
use imports::{LARGEST_ROW, Layout, Reader, Row};
use rules::ids::FieldName;

const LAYOUTS: [&str; 4] = [
    "{}",
    r#"{"delimiter": ";", "empty": "null"}"#,
    r#"{"fields": [{"field": "Key__c", "column": "Record ID"}], "error": "Sync error", "version": "Updated"}"#,
    r#"{"code": "ERROR", "parent": "ACCOUNT__R.KEY__C", "empty": "left_out"}"#,
];

/// What is said of a file. A row is told by its line and its column's name, which the header gives; what is said besides must
/// quote nothing.
fn said(bytes: &[u8], layout: &Layout) -> String {
    let Ok(key) = FieldName::new("Key__c") else { return String::new() };
    // A file that is refused whole is told the names in its header.
    let Ok(reader) = Reader::open(bytes, layout, &key) else { return String::new() };
    let (mut said, mut rows) = (String::new(), 0);
    for row in reader {
        rows += 1;
        assert!(rows <= bytes.len() + 1, "more rows than bytes");
        match row.expect("bytes in memory are readable") {
            Row::Failed(row) => {
                let fields = serde_json::to_vec(&row.fields).expect("fields are JSON");
                assert!(fields.len() <= 8 * LARGEST_ROW, "a row became {} bytes", fields.len());
            }
            Row::Refused(row) => {
                said.push_str(&row.problem);
                said.push_str(&row.mend);
            }
        }
    }
    said
}

#[test]
fn no_file_breaks_the_reading_and_no_cell_is_quoted() {
    let files = Corpus::of("csv").and_those_in(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files"), "csv");
    let layouts = LAYOUTS.map(|text| serde_json::from_str::<Layout>(text).expect("a layout"));
    hunt(files, Shape::Bytes, move |bytes| layouts.iter().map(|layout| said(bytes, layout)).collect());
}
