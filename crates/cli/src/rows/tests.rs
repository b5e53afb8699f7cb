//! Files of failed rows as the tools write them, and as people break them.
//!
//! Must not know: the reader's inner steps.

use serde_json::{Value, json};

use super::{BadFile, FailedRow, MOST_COLUMNS, read};

fn rows(text: &str) -> Vec<FailedRow> {
    read(text.as_bytes()).expect("a sound file")
}

fn fields(text: &str) -> Value {
    Value::Object(rows(text).remove(0).fields)
}

#[test]
fn a_bulk_file_gives_rows_without_the_tool_s_own_columns() {
    let read = rows("\"sf__Id\",\"sf__Error\",\"Key__c\"\n\"\",\"STRING_TOO_LONG:too long:Name --\",\"A-1\"\n");
    assert_eq!((read.len(), read[0].line), (1, 2));
    assert_eq!((read[0].error.code.as_str(), read[0].error.message.as_str()), ("STRING_TOO_LONG", "too long:Name"));
    assert_eq!(Value::Object(read[0].fields.clone()), json!({ "Key__c": "A-1" }));
}

#[test]
fn a_data_loader_file_gives_rows_without_the_tool_s_own_columns() {
    let read = rows("ID,Key__c,ERROR\n,C-1,REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]\n");
    assert_eq!(read[0].error.code, "REQUIRED_FIELD_MISSING");
    assert_eq!(read[0].error.message, "Required fields are missing: [LastName]");
    assert_eq!(Value::Object(read[0].fields.clone()), json!({ "Key__c": "C-1" }));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let plain = rows("Key__c,ERROR\nC-1,X\nC-2,Y\n");
    assert_eq!(rows("\u{feff}Key__c,ERROR\r\nC-1,X\r\nC-2,Y\r\n"), plain);
    assert_eq!(rows("\u{feff}\"Key__c\",\"ERROR\"\r\n\"C-1\",\"X\"\r\n\"C-2\",\"Y\""), plain);
}

#[test]
fn a_cell_keeps_its_quotes_commas_and_line_breaks() {
    assert_eq!(
        fields("Key__c,Note,ERROR\nC-1,\"said \"\"no\"\", then\nleft\",X\n"),
        json!({ "Key__c": "C-1", "Note": "said \"no\", then\nleft" })
    );
}

#[test]
fn lines_are_counted_in_the_file_and_not_in_rows() {
    let read = rows("Key__c,Note,ERROR\nC-1,\"one\ntwo\nthree\",X\nC-2,,X\n");
    assert_eq!(read.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 5]);
}

#[test]
fn an_empty_cell_is_null_and_a_blank_one_is_not() {
    assert_eq!(fields("Key__c,A,B,ERROR\nC-1,, ,X\n"), json!({ "Key__c": "C-1", "A": null, "B": " " }));
}

#[test]
fn a_dotted_column_is_a_reference_to_its_parent() {
    assert_eq!(
        fields("Key__c,Account__r.Key__c,ERROR\nC-1,A-1,X\n"),
        json!({ "Key__c": "C-1", "Account__r": { "Key__c": "A-1" } })
    );
    assert_eq!(fields("Key__c,Account__r.Key__c,ERROR\nC-1,,X\n"), json!({ "Key__c": "C-1" }));
}

#[test]
fn several_dotted_columns_of_one_relation_are_one_reference() {
    let both = json!({ "Key__c": "C-1", "Account__r": { "Key__c": "A-1", "Region__c": "EU" } });
    assert_eq!(fields("Key__c,Account__r.Key__c,Account__r.Region__c,ERROR\nC-1,A-1,EU,X\n"), both);
    assert_eq!(fields("Account__r.Key__c,Key__c,Account__r.Region__c,ERROR\nA-1,C-1,EU,X\n"), both);
}

#[test]
fn a_column_named_like_the_relation_never_replaces_the_reference() {
    let reference = json!({ "Key__c": "C-1", "Account": { "Key__c": "A-1" } });
    assert_eq!(fields("Key__c,Account,Account.Key__c,ERROR\nC-1,Acme,A-1,X\n"), reference);
    assert_eq!(fields("Key__c,Account.Key__c,Account,ERROR\nC-1,A-1,Acme,X\n"), reference);
}

#[test]
fn a_file_with_nothing_in_it_is_empty() {
    for text in ["", "\u{feff}", " \n\t\r\n"] {
        assert_eq!(read(text.as_bytes()), Err(BadFile::Empty), "{text:?}");
    }
}

#[test]
fn a_row_of_another_length_is_named_by_its_line() {
    let ragged = |line, found| Err(BadFile::Ragged { line, found, expected: 2 });
    assert_eq!(read(b"Key__c,ERROR\nC-1,X\nC-2\n"), ragged(3, 1));
    assert_eq!(read(b"Key__c,ERROR\nC-1,X,Y\n"), ragged(2, 3));
}

#[test]
fn a_line_that_is_not_utf_8_is_named() {
    assert_eq!(read(b"Key__c,ERROR\nC-1,X\nC-\xfc,X\n"), Err(BadFile::NotUtf8 { line: 3 }));
    assert_eq!(read(b"K\xfcy,ERROR\nC-1,X\n"), Err(BadFile::NotUtf8 { line: 1 }));
}

#[test]
fn a_header_of_no_known_tool_is_refused() {
    for text in
        ["C-1,Kaya,X\n", "Id,Key__c\n1,2\n", "ERROR\nX\n", "ERROR,Key__c\nX,1\n", "sf__Id,Key__c,ERROR\n1,2,X\n"]
    {
        assert_eq!(read(text.as_bytes()), Err(BadFile::NoHeader), "{text:?}");
    }
}

#[test]
fn a_header_without_rows_is_refused() {
    assert_eq!(read(b"Key__c,ERROR\n"), Err(BadFile::NoRows));
}

#[test]
fn a_header_that_names_a_column_twice_is_refused_whatever_its_case() {
    assert_eq!(read(b"Key__c,KEY__C,ERROR\nC-1,C-2,X\n"), Err(BadFile::TwiceInHeader("KEY__C".to_owned())));
}

#[test]
fn a_header_with_a_nameless_column_is_refused() {
    assert_eq!(read(b"Key__c,,ERROR\nC-1,,X\n"), Err(BadFile::NoName));
}

#[test]
fn a_header_of_a_million_columns_is_refused() {
    let header = "c,".repeat(1_000_000) + "ERROR\n";
    assert_eq!(read(header.as_bytes()), Err(BadFile::TooWide(1_000_001)));
    let widest: Vec<String> = (1..MOST_COLUMNS).map(|number| format!("f{number}")).collect();
    let cells = ",".repeat(MOST_COLUMNS - 1);
    assert_eq!(rows(&format!("{},ERROR\n{cells}X\n", widest.join(",")))[0].fields.len(), MOST_COLUMNS - 1);
}
