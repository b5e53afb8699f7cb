//! Why a file cannot be read at all, in words that say how to mend it.
//!
//! Must not know: how files are read.

use std::io;

use crate::MOST_COLUMNS;

/// Why a file cannot be used. No row of it was read.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// There is nothing in it.
    #[error("the file is empty; export the failed rows again")]
    Empty,
    /// It is another kind of file.
    #[error("the file is {what}; {mend}")]
    NotCsv {
        /// What it is.
        what: &'static str,
        /// What to do.
        mend: &'static str,
    },
    /// Its header is not UTF-8.
    #[error("line {line} is not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// The header's line.
        line: u64,
    },
    /// A quote in its header goes wrong.
    #[error("line {line}: a quote of the header is not closed; close it, or check the delimiter")]
    BrokenHeader {
        /// The header's line.
        line: u64,
    },
    /// It has no header of a known tool, and nobody said which columns hold what.
    #[error(
        "the first line is not a header of a known tool; known are Data Loader (…, ERROR), Bulk API 2.0 (sf__Id, sf__Error, …), \
         Salesforce Inspector (…, __Status, __Errors), SFDMU (…, Errors) and Jetstream (_id, _success, _errors, …); for any \
         other file name the column with the error (--error-column) and map its columns (--map)"
    )]
    NoHeader,
    /// It holds what succeeded.
    #[error("the file holds the rows that succeeded; take the one of the rows that failed ({instead})")]
    Successes {
        /// What the right file is called.
        instead: &'static str,
    },
    /// Two columns have one name.
    #[error("the header names the column {0} twice; rename one")]
    TwiceInHeader(String),
    /// Two columns are mapped to one field, or one field to two columns.
    #[error("the field {0} is mapped twice; map it once")]
    MappedTwice(String),
    /// It is too wide.
    #[error("the header has {0} columns, more than the {MOST_COLUMNS} of any object; check its delimiters")]
    TooWide(usize),
    /// A column has no name.
    #[error("a column of the header has no name; name it, or remove it")]
    NoName,
    /// Columns that no field can be named like.
    #[error("no field has a name such as {}; name the columns by API names, or map those that are wanted (--map FIELD=COLUMN)", listed(.0))]
    NotFields(Vec<String>),
    /// The column of the external id is missing.
    #[error("line 1: the header has no column {0}, the external id; add it, or map it (--map {0}=COLUMN)")]
    NoKey(String),
    /// The parent's column is missing.
    #[error("line 1: no row has the parent's column {0}; correct its name, or that in the header")]
    NoParent(String),
    /// A column that was named is missing.
    #[error("line 1: the header has no column {column}; it has {}", listed(.found))]
    NoColumn {
        /// The column that was asked for.
        column: String,
        /// Those that there are.
        found: Vec<String>,
    },
    /// It cannot be read, or what is needed beside it cannot be kept.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// Reading broke off; the rows before were read well.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The file cannot be read on.
    #[error("the file cannot be read on")]
    Read(#[from] io::Error),
    /// The ids that were seen are kept in a temporary file, which cannot be written.
    #[error("the ids seen so far cannot be kept in a temporary file; make room in the temporary directory")]
    Seen(#[from] rusqlite::Error),
}

/// The first names of a list, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let first = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more"),
    }
}
