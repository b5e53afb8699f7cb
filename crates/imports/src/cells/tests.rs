//! Records against another reader of CSV, and where quotes go wrong.
//!
//! Must not know: what a cell means.

use proptest::prelude::*;

use super::{Cells, Flaw, Records};
use crate::LARGEST_ROW;

/// A record: its line, its cells, its flaw.
type Seen = (u64, Vec<String>, Option<Flaw>);

fn records(text: &[u8], delimiter: u8) -> Vec<Seen> {
    let mut records = Records::new(text);
    records.delimit_by(delimiter);
    let (mut cells, mut all) = (Cells::default(), Vec::new());
    while records.next(&mut cells).expect("bytes in memory are readable") {
        let texts = cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        all.push((cells.line, texts, cells.flaw));
    }
    assert_eq!(records.position(), text.len() as u64, "every byte was taken");
    all
}

fn sound(line: u64, cells: &[&str]) -> Seen {
    (line, cells.iter().map(ToString::to_string).collect(), None)
}

#[test]
fn a_record_ends_with_its_line_whatever_ends_the_line() {
    let expected = [sound(1, &["a", "b"]), sound(2, &["c", "d"]), sound(4, &["e", ""])];
    for text in ["a,b\nc,d\n\ne,\n", "a,b\r\nc,d\r\n\r\ne,\r\n", "a,b\rc,d\r\re,", "a,b\nc,d\n\ne,"] {
        assert_eq!(records(text.as_bytes(), b','), expected, "{text:?}");
    }
}

#[test]
fn quotes_hold_delimiters_line_ends_and_quotes() {
    let text = b"\"a;b\";\"said \"\"no\"\"\";\"one\r\ntwo\"\nnext;\"\";5\"\n";
    let expected = [sound(1, &["a;b", "said \"no\"", "one\r\ntwo"]), sound(3, &["next", "", "5\""])];
    assert_eq!(records(text, b';'), expected);
}

#[test]
fn a_quote_that_is_never_closed_is_a_flaw_and_not_a_cell() {
    let read = records(b"a,b\nC-1,\"open\nC-2,x\n", b',');
    assert_eq!(read[1].2, Some(Flaw::Unclosed));
    assert_eq!((read.len(), read[1].0), (2, 2));
}

#[test]
fn text_after_a_closing_quote_is_a_flaw_and_the_next_line_is_sound_again() {
    let read = records(b"\"a\",\"b\n\"c\",\"d\"\n\"e\",\"f\"\n", b',');
    assert_eq!(read[0].2, Some(Flaw::Stray));
    assert_eq!(read[1], sound(3, &["e", "f"]));
}

#[test]
fn a_row_that_is_too_large_keeps_nothing_and_the_next_one_is_read() {
    let text = format!("{},b\nc,d\n", "x".repeat(LARGEST_ROW));
    let read = records(text.as_bytes(), b',');
    assert_eq!(read[0], (1, Vec::new(), Some(Flaw::TooLarge)));
    assert_eq!(read[1], sound(2, &["c", "d"]));
}

#[test]
fn all_of_a_million_cells_are_counted_and_few_are_kept() {
    let text = "c,".repeat(1_000_000);
    let (mut records, mut cells) = (Records::new(text.as_bytes()), Cells::default());
    assert!(records.next(&mut cells).expect("it is readable"));
    assert_eq!((cells.count, cells.iter().count()), (1_000_001, 0));
}

proptest! {
    #[test]
    fn what_another_writer_writes_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[a,;\"\r\n \u{e9}]{0,6}", 2..5), 0..6),
        quoted in any::<bool>(),
    ) {
        let style = if quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer = csv::WriterBuilder::new().flexible(true).quote_style(style).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).expect("memory is writable");
        }
        let bytes = writer.into_inner().expect("memory is writable");
        let read: Vec<_> = records(&bytes, b',').into_iter().map(|(_, cells, flaw)| (cells, flaw)).collect();
        prop_assert_eq!(read, rows.into_iter().map(|row| (row, None)).collect::<Vec<_>>());
    }
}
