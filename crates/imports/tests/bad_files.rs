//! Files and rows as people break them: refused whole, or row by row, each in words that say how to mend it.
//!
//! Must not know: the reader's inner steps.

use imports::{BadFile, LONGEST_CELL, Layout, MOST_COLUMNS, MappedField, Reader, Row};
use rules::ids::FieldName;

fn key() -> FieldName {
    FieldName::new("Key__c").expect("a field")
}

/// Why a file is refused as a whole.
fn refused_file(bytes: &[u8], layout: &Layout) -> String {
    Reader::open(bytes, layout, &key()).expect_err("a file that cannot be used").to_string()
}

/// How a file's rows are read: `C-1` is taken, `line 2 …` is refused.
fn rows(bytes: &[u8], layout: &Layout) -> Vec<String> {
    let reader = Reader::open(bytes, layout, &key()).expect("a usable file");
    let said = |row| match row {
        Row::Failed(row) => row.external_id.to_string(),
        Row::Refused(row) => row.to_string(),
    };
    reader.map(|row| said(row.expect("bytes in memory are readable"))).collect()
}

fn mapping(pairs: &[(&str, &str)]) -> Vec<MappedField> {
    pairs.iter().map(|(field, column)| MappedField { field: (*field).into(), column: (*column).into() }).collect()
}

#[test]
fn a_file_that_cannot_be_used_says_what_to_do() {
    let cases: [(&[u8], &str); 16] = [
        (b"", "the file is empty"),
        (b" \r\n\r\n", "the file is empty"),
        (b"\xff\xfeK\0e\0y\0", "the file is UTF-16; save it as UTF-8"),
        (b"PK\x03\x04\x14\0", "save the sheet as CSV"),
        (b"K\xfcy,ERROR\nC-1,X\n", "line 1 is not UTF-8"),
        (b"C-1,Kaya,X\n", "the first line is not a header"),
        (b"Id,Key__c\n1,2\n", "--error-column"),
        (b"ERROR\nX\n", "the first line is not a header"),
        (b"sf__Id,Key__c,ERROR\n1,2,X\n", "the first line is not a header"),
        (b"sf__Id,sf__Created,Key__c\n1,true,2\n", "take the one of the rows that failed (failedResults)"),
        (b"Key__c,KEY__C,ERROR\nC-1,C-2,X\n", "the header names the column KEY__C twice"),
        (b"Key__c,,ERROR\nC-1,,X\n", "a column of the header has no name"),
        (b"Key__c,Last name,ERROR\nC-1,Kaya,X\n", "no field has a name such as Last name"),
        (b"Other__c,ERROR\nC-1,X\n", "line 1: the header has no column Key__c, the external id"),
        (b"\"Key__c,ERROR\nC-1,X\n", "a quote of the header is not closed"),
        (b"[{\"Key__c\":1}]", "the file is JSON"),
    ];
    for (bytes, said) in cases {
        let problem = refused_file(bytes, &Layout::default());
        assert!(problem.contains(said), "{said} is not in: {problem}");
    }
}

#[test]
fn a_column_that_was_named_and_is_not_there_is_named_with_those_that_are() {
    let file = b"Key__c,Name,ERROR\nC-1,Kaya,X\n";
    let with = |layout: Layout| refused_file(file, &layout);
    let said = "the header has no column Error Text; it has Key__c, Name, ERROR";
    assert!(with(Layout { error: Some("Error Text".into()), ..Layout::default() }).contains(said));
    let said = "no row has the parent's column Acount__r.Key__c";
    assert!(with(Layout { parent: Some("Acount__r.Key__c".into()), ..Layout::default() }).contains(said));
    let said = "the header has no column Nmae; it has Key__c, Name, ERROR";
    assert!(
        with(Layout { fields: mapping(&[("Key__c", "Key__c"), ("Name", "Nmae")]), ..Layout::default() }).contains(said)
    );
    let twice = mapping(&[("Key__c", "Key__c"), ("key__c", "Name")]);
    assert!(with(Layout { fields: twice, ..Layout::default() }).contains("the field key__c is mapped twice"));
}

#[test]
fn a_header_of_a_million_columns_is_refused_and_the_widest_is_read() {
    let header = "c,".repeat(1_000_000) + "ERROR\n";
    let problem = Reader::open(header.as_bytes(), &Layout::default(), &key()).expect_err("too wide");
    assert!(matches!(problem, BadFile::TooWide(1_000_001)), "{problem}");
    let widest: Vec<String> = (2..MOST_COLUMNS).map(|number| format!("f{number}")).collect();
    let file = format!("Key__c,{},ERROR\nC-1,{}X\n", widest.join(","), "1,".repeat(MOST_COLUMNS - 2));
    assert_eq!(rows(file.as_bytes(), &Layout::default()), ["C-1"]);
}

#[test]
fn a_row_of_a_million_columns_is_refused_and_the_next_one_is_read() {
    let file = format!("Key__c,ERROR\n{}X\nC-2,X\n", "C-1,".repeat(1_000_000));
    let read = rows(file.as_bytes(), &Layout::default());
    assert!(read[0].starts_with("line 2 has more than 358400 bytes; check its quotes"), "{}", read[0]);
    let short = format!("Key__c,ERROR\n{}X\nC-2,X\n", ",".repeat(100_000));
    let read = rows(short.as_bytes(), &Layout::default());
    assert_eq!(read, ["line 2 has 100001 columns and the header 2; check its quotes and delimiters", "C-2"]);
}

#[test]
fn a_long_cell_is_kept_whole_until_no_field_could_hold_it() {
    let file = |cell: &str| format!("Key__c,Text__c,ERROR\nC-1,{cell},X\nC-2,,X\n").into_bytes();
    assert_eq!(rows(&file(&"x".repeat(40_000)), &Layout::default()), ["C-1", "C-2"]);
    assert_eq!(rows(&file(&"é".repeat(LONGEST_CELL)), &Layout::default()), ["C-1", "C-2"], "counted in characters");
    let read = rows(&file(&"x".repeat(LONGEST_CELL + 1)), &Layout::default());
    assert!(
        read[0].starts_with("line 2: the column Text__c has more than 131072 characters; shorten it"),
        "{}",
        read[0]
    );
    let read = rows(&file(&"\"a,\"\"\n\"".repeat(60_000)), &Layout::default());
    assert_eq!(read.last().map(String::as_str), Some("C-2"), "{:?}", read.first());
    let read = rows(&file(&"x,".repeat(200_000)), &Layout::default());
    assert!(read[0].starts_with("line 2 has more than 358400 bytes"), "{}", read[0]);
}

#[test]
fn a_quote_that_is_never_closed_costs_no_memory_and_is_named_by_its_line() {
    let file = format!("Key__c,ERROR\nC-1,X\nC-2,\"{}", "C-3,X\n".repeat(1_000_000));
    let read = rows(file.as_bytes(), &Layout::default());
    assert_eq!(read.len(), 2);
    assert!(read[1].starts_with("line 3 begins a quote that is never closed"), "{}", read[1]);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let plain = rows(b"Key__c,ERROR\nC-1,X\n,Y\n", &Layout::default());
    assert_eq!(rows(b"\xef\xbb\xbfKey__c,ERROR\r\nC-1,X\r\n,Y\r\n", &Layout::default()), plain);
    assert_eq!(rows(b"\"Key__c\";\"ERROR\"\r\n\"C-1\";\"X\"\r\n\"\";\"Y\"", &Layout::default()), plain);
}

#[test]
fn a_refused_row_keeps_its_cells_as_they_are_so_that_it_can_be_mended() {
    let layout = Layout::default();
    let mut reader = Reader::open(&b"Key__c,Name,ERROR\n,\"a \"\"b\"\"\",\xfc\n"[..], &layout, &key()).expect("usable");
    let Some(Ok(Row::Refused(row))) = reader.next() else { panic!("the row is refused") };
    assert_eq!(row.cells, [b"".to_vec(), b"a \"b\"".to_vec(), b"\xfc".to_vec()]);
    assert!(!format!("{row:?}").contains("a \"b\""), "no cell is shown");
}

#[test]
fn a_row_whose_quotes_went_wrong_keeps_none_because_written_anew_it_would_look_sound() {
    for row in ["C-1,\"closed\" early", "C-1,\"never closed\nC-2,X"] {
        let file = format!("Key__c,ERROR\n{row}");
        let mut reader = Reader::open(file.as_bytes(), &Layout::default(), &key()).expect("usable");
        let Some(Ok(Row::Refused(row))) = reader.next() else { panic!("the row is refused") };
        assert_eq!(row.cells, Vec::<Vec<u8>>::new(), "{file}");
    }
}

#[test]
fn a_header_without_rows_has_no_rows() {
    assert_eq!(rows(b"Key__c,ERROR\n", &Layout::default()), [""; 0]);
}
