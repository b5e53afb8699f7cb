//! The options of `resync import`.
//!
//! Must not know: what is done with them.

use std::path::PathBuf;

use imports::{Delimiter, MappedField};
use rules::ids::{ConnectionId, FieldName, ObjectName};
use rules::time::Timestamp;

use crate::args::Common;

/// Takes in a file of failed rows, so that they are retried. Known by their header are the files of Data Loader, Bulk API 2.0
/// (`sf data bulk results`), Salesforce Inspector, SFDMU and Jetstream; the columns of any other file are named by options.
/// The same file twice changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync import error.csv --connection marketing --object Contact
  resync import error.csv --connection marketing --object Contact --dry-run
  resync import Contact_upsert_target.csv --connection marketing
  resync import invoices.csv --connection billing --object Invoice__c --parent Account=Account__r.Account_Key__c
  resync import hubspot.csv --connection marketing --object Contact --error-column 'Sync error' \\
      --map Ext_Id__c='Record ID' --map LastName='Last name' --save-mapping hubspot
  resync import hubspot2.csv --connection marketing --mapping hubspot
  sf data bulk results --job-id 750… && resync import 750…-failed-records.csv --connection marketing --object Contact

Rows that cannot be taken in are written to FILE.refused.csv with the problem in the last column: mend that file and import
it again.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 the file cannot be used or changed while it was read, 4 no such
connection, 6 some rows were refused, 7 the data directory is busy")]
pub(crate) struct ImportArgs {
    /// The file of failed rows; `-` reads standard input, and then --as-of is needed
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The connection that the rows failed in
    #[arg(long, value_name = "NAME", value_parser = |text: &str| ConnectionId::new(text))]
    pub(crate) connection: ConnectionId,
    /// The rows' Salesforce object, where the file does not name it (as SFDMU's file name and Inspector's first column do)
    #[arg(long, value_name = "OBJECT", value_parser = |text: &str| ObjectName::new(text))]
    pub(crate) object: Option<ObjectName>,
    /// The field that tells the records apart [default: the connection's setting for the object]
    #[arg(long, value_name = "FIELD", value_parser = |text: &str| FieldName::new(text))]
    pub(crate) external_id: Option<FieldName>,
    /// Take FIELD from COLUMN; when any is given, only the mapped columns are taken
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = mapped)]
    pub(crate) map: Vec<MappedField>,
    /// Use the options for columns that were saved under this name
    #[arg(long, value_name = "NAME", value_parser = mapping_name)]
    pub(crate) mapping: Option<String>,
    /// Save the options for columns under this name
    #[arg(long, value_name = "NAME", value_parser = mapping_name)]
    pub(crate) save_mapping: Option<String>,
    /// The column with the whole error text, such as `CODE: message`
    #[arg(long, value_name = "COLUMN")]
    pub(crate) error_column: Option<String>,
    /// The column with the error's code
    #[arg(long, value_name = "COLUMN")]
    pub(crate) code_column: Option<String>,
    /// The column with the error's message
    #[arg(long, value_name = "COLUMN")]
    pub(crate) message_column: Option<String>,
    /// What stands between two cells: one sign, or `tab` [default: what the header has most of , ; tab |]
    #[arg(long, value_name = "SIGN")]
    pub(crate) delimiter: Option<Delimiter>,
    /// The rows need a parent: its object, and the column with its external id
    #[arg(long, value_name = "OBJECT=COLUMN", value_parser = parent)]
    pub(crate) parent: Option<ParentColumn>,
    /// Empty cells empty their fields [default: as the tool does; most leave the field as it is]
    #[arg(long)]
    pub(crate) empty_as_null: bool,
    /// When the rows failed, and so how new they are [default: when the file was last changed]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    pub(crate) as_of: Option<Timestamp>,
    /// The column with each row's own version: a whole number that grows, or a time
    #[arg(long, value_name = "COLUMN")]
    pub(crate) version_column: Option<String>,
    /// Where refused rows are written [default: FILE.refused.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) refused: Option<PathBuf>,
    /// Check everything and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A parent's object, and the column with its external id.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ParentColumn {
    pub(crate) object: ObjectName,
    pub(crate) column: String,
}

fn mapped(text: &str) -> Result<MappedField, String> {
    let (field, column) = halves(text, "FIELD=COLUMN, such as Ext_Id__c='Record ID'")?;
    Ok(MappedField { field, column })
}

fn parent(text: &str) -> Result<ParentColumn, String> {
    let (object, column) = halves(text, "OBJECT=COLUMN, such as Account=Account__r.Key__c")?;
    let object = ObjectName::new(object).map_err(|bad| bad.to_string())?;
    Ok(ParentColumn { object, column })
}

fn halves(text: &str, form: &str) -> Result<(String, String), String> {
    let halves = text.split_once('=').map(|(before, after)| (before.trim().to_owned(), after.trim().to_owned()));
    halves
        .filter(|(before, after)| !before.is_empty() && !after.is_empty())
        .ok_or_else(|| format!("write it as {form}"))
}

/// A mapping's name becomes a file's name.
fn mapping_name(text: &str) -> Result<String, String> {
    let fits =
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits { Ok(text.to_owned()) } else { Err("use 1 to 64 letters, digits, '-' and '_'".to_owned()) }
}
