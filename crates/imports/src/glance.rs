//! A look at the beginning of a file, for the one thing that a caller may need before it can read on: which object it is about.
//!
//! Must not know: layouts.

use std::io::{self, Read};
use std::str;

use rules::ids::ObjectName;

use crate::cells::{Cells, Records};
use crate::failed::object_named;
use crate::format::Format;
use crate::sniff;

/// The object that the first row names, in a file that names one (the column `_` of Salesforce Inspector).
///
/// # Errors
/// When the file cannot be read. A file that cannot be used has no object; reading it says why.
pub fn object_of(source: impl Read) -> io::Result<Option<ObjectName>> {
    let mut records = Records::new(source);
    let Ok(start) = sniff::start(records.peek()?) else {
        return Ok(None);
    };
    records.skip(start.skip, start.lines);
    records.delimit_by(start.delimiter);
    let (mut header, mut row) = (Cells::default(), Cells::default());
    if !records.next(&mut header)? || !records.next(&mut row)? {
        return Ok(None);
    }
    let names: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let column = names.iter().position(|name| name == "_").filter(|_| Format::of(&names) == Some(Format::Inspector));
    let cell = column.and_then(|column| row.get(column)).and_then(|cell| str::from_utf8(cell).ok());
    Ok(cell.and_then(|cell| object_named(cell).ok().flatten()))
}

#[cfg(test)]
mod tests {
    use super::object_of;

    fn object(file: &str) -> Option<String> {
        object_of(file.as_bytes()).expect("bytes in memory are readable").map(|object| object.to_string())
    }

    #[test]
    fn inspector_s_first_column_names_the_object() {
        let file = "_\tKey__c\t__Status\t__Errors\n[Contact]\tC-1\tFailed\tX: y []\n";
        assert_eq!(object(file).as_deref(), Some("Contact"));
    }

    #[test]
    fn other_files_name_none() {
        for file in ["", "Key__c,ERROR\nC-1,X\n", "_,Key__c,ERROR\n[Contact],C-1,X\n", "_,__Status,__Errors\n"] {
            assert_eq!(object(file), None, "{file:?}");
        }
    }
}
