//! What the first bytes of a file say: that it is no CSV at all, where its header begins, and what delimits its cells.
//!
//! Must not know: any format's columns.

use crate::problem::BadFile;

/// The delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 4] = *b",;\t|";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file begins that is no CSV, what it is, and what to do.
const OTHER_KINDS: [(&[u8], &str, &str); 7] = [
    (b"\xff\xfe", "UTF-16", AS_UTF8),
    (b"\xfe\xff", "UTF-16", AS_UTF8),
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive", "save the sheet as CSV, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "save the sheet as CSV"),
    (b"\x1f\x8b", "compressed", "decompress it first"),
    (b"{", "JSON", AS_CSV),
    (b"[{", "JSON", AS_CSV),
];
const AS_UTF8: &str = "save it as UTF-8";
const AS_CSV: &str = "export the failed rows as CSV";

/// How a file of cells begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// How many bytes come before the header: a byte order mark, or the line `sep=;` that Excel reads.
    pub(crate) skip: usize,
    /// How many lines these are.
    pub(crate) lines: u64,
    /// What delimits cells.
    pub(crate) delimiter: u8,
}

/// Looks at the first bytes of a file.
pub(crate) fn start(bytes: &[u8]) -> Result<Start, BadFile> {
    if let Some((_, what, mend)) = OTHER_KINDS.iter().find(|(magic, _, _)| bytes.starts_with(magic)) {
        return Err(BadFile::NotCsv { what, mend });
    }
    let mark = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let text = &bytes[mark..];
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(BadFile::Empty);
    }
    let header = first_line(text);
    if header.contains(&0) {
        return Err(BadFile::NotCsv { what: "UTF-16 or binary", mend: AS_UTF8 });
    }
    match header {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
            let ends = text[header.len()..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).take(2).count();
            Ok(Start { skip: mark + header.len() + ends, lines: 1, delimiter: *delimiter })
        }
        _ => Ok(Start { skip: mark, lines: 0, delimiter: likeliest(header) }),
    }
}

/// The first line that is not empty; a line break within quotes does not end it.
fn first_line(text: &[u8]) -> &[u8] {
    let begin = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let mut quoted = false;
    let end = text[begin..].iter().position(|&byte| {
        quoted ^= byte == b'"';
        !quoted && matches!(byte, b'\r' | b'\n')
    });
    &text[begin..end.map_or(text.len(), |end| begin + end)]
}

/// The delimiter that the header has most of outside quotes.
fn likeliest(header: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for &byte in header {
        quoted ^= byte == b'"';
        if let (false, Some(index)) = (quoted, DELIMITERS.iter().position(|&delimiter| delimiter == byte)) {
            counts[index] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    counts.iter().position(|&count| count == most).map_or(DELIMITERS[0], |index| DELIMITERS[index])
}

#[cfg(test)]
mod tests {
    use super::{Start, start};
    use crate::problem::BadFile;

    fn delimiter(header: &str) -> char {
        char::from(start(header.as_bytes()).expect("it is CSV").delimiter)
    }

    #[test]
    fn the_delimiter_is_the_one_that_the_header_has_most_of() {
        assert_eq!(delimiter("Key__c,Name,ERROR\nC-1;;;;;,x,y\n"), ',');
        assert_eq!(delimiter("Key__c;Name;ERROR\r\n"), ';');
        assert_eq!(delimiter("Key__c\tName\tERROR\n"), '\t');
        assert_eq!(delimiter("Key__c|Name|ERROR"), '|');
        assert_eq!(delimiter("\"a,b,c,d\";\"e\"\n"), ';');
        assert_eq!(delimiter("ERROR\n"), ',');
    }

    #[test]
    fn a_byte_order_mark_and_excel_s_line_for_the_delimiter_come_before_the_header() {
        let begun = |bytes: &[u8]| start(bytes).expect("it is CSV");
        assert_eq!(begun(b"\xef\xbb\xbfa,b\n"), Start { skip: 3, lines: 0, delimiter: b',' });
        assert_eq!(begun(b"\xef\xbb\xbfsep=;\r\na;b\n"), Start { skip: 10, lines: 1, delimiter: b';' });
    }

    #[test]
    fn other_kinds_of_files_are_recognised_and_the_mend_is_said() {
        let cases: [(&[u8], &str); 7] = [
            (b"\xff\xfea\0,\0b\0", "UTF-16; save it as UTF-8"),
            (b"\xfe\xff\0a\0,", "UTF-16; save it as UTF-8"),
            (b"a\0,\0b\0\n\0", "UTF-16 or binary"),
            (b"PK\x03\x04rest", "Excel"),
            (b"\x1f\x8b\x08", "decompress"),
            (b"{\"errors\":[]}", "JSON"),
            (b"[{\"id\":1}]", "JSON"),
        ];
        for (bytes, said) in cases {
            let problem = start(bytes).expect_err("it is no CSV").to_string();
            assert!(problem.contains(said), "{said} is not in: {problem}");
        }
    }

    #[test]
    fn a_file_with_nothing_in_it_is_empty() {
        for text in ["", "\u{feff}", " \n\t\r\n"] {
            assert!(matches!(start(text.as_bytes()), Err(BadFile::Empty)), "{text:?}");
        }
    }
}
