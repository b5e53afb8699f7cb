//! Files of failed rows, as Salesforce's tools write them, read row by row in constant memory.
//!
//! Must not know: connections' settings, or what becomes of a row.
//!
//! [`Reader`] reads any of the known formats (see [`Format`]), told apart by their header, or columns that a [`Layout`]
//! names. A row that cannot be used is a value, [`Row::Refused`], and never stops the file; a file that cannot be used at all
//! is [`BadFile`].

mod cells;
mod columns;
mod error_text;
mod failed;
mod fields;
mod format;
mod glance;
mod layout;
mod problem;
mod reader;
mod repeats;
mod row;
mod sniff;
mod version;
mod wordings;

pub use error_text::ErrorText;
pub use format::Format;
pub use glance::object_of;
pub use layout::{Delimiter, Empty, Layout, MappedField, NotADelimiter};
pub use problem::{BadFile, Broken};
pub use reader::Reader;
pub use row::{FailedRow, RefusedRow, Row};

/// The column that a file of refused rows has last: what is wrong with the row. It is passed over when that file is imported.
pub const PROBLEM_COLUMN: &str = "RESYNC_PROBLEM";

/// The most columns that a file may have: more than the fields that Salesforce allows an object. Source: Salesforce, App Limits.
pub const MOST_COLUMNS: usize = 2_000;

/// The largest row that is read, in bytes: as much as the largest payload.
pub const LARGEST_ROW: usize = rules::events::LARGEST_PAYLOAD;

/// The longest cell that is read, in characters: no text field of Salesforce holds more. Source: Salesforce, Custom Field Types.
pub const LONGEST_CELL: usize = 131_072;
