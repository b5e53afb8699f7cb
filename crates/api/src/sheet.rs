//! Failing records as lines of CSV (RFC 4180) that a spreadsheet may open.
//!
//! Must not know: how records are found.

use engine::overview::Line;
use rules::time::Timestamp;

const COLUMNS: [&str; 10] = [
    "object",
    "external_id",
    "state",
    "error_type",
    "code",
    "message",
    "tries",
    "first_failed",
    "last_failed",
    "next_try",
];

/// The first line.
pub(crate) fn head() -> String {
    COLUMNS.join(",") + "\r\n"
}

/// One record's line.
pub(crate) fn line(line: &Line) -> String {
    let cells = [
        cell(line.object.as_str()),
        cell(line.external_id.as_str()),
        cell(line.state.as_str()),
        cell(line.error_type.as_str()),
        cell(&line.code),
        cell(&line.message),
        line.attempts.total().to_string(),
        line.first_failed.to_string(),
        line.last_failed.to_string(),
        line.next_try.as_ref().map(Timestamp::to_string).unwrap_or_default(),
    ];
    cells.join(",") + "\r\n"
}

/// A text as a cell. One that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection").
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_would_be_a_formula_is_a_text() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("\n=1+1", "\"'\n=1+1\""),
            ("＝1+1", "'＝1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }

    #[test]
    fn a_cell_with_commas_quotes_or_line_breaks_is_quoted_and_any_other_is_as_it_is() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell("two\nlines"), "\"two\nlines\"");
        assert_eq!(cell("Nguyễn 1-2"), "Nguyễn 1-2");
    }
}
