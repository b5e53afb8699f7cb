//! The commands over the data directory: each asks a route and shows the answer.
//!
//! Must not know: any rule, or whether a `resync local` runs.

mod ask;
mod audit;
mod carrying;
mod completions;
mod connection;
mod console;
mod deletion;
mod doctor;
mod erase;
mod errors;
mod export;
mod filter;
mod key;
mod limit;
mod meant;
mod misspelt;
mod moment;
mod plan;
mod record;
mod records;
mod requesting;
mod retention;
mod retries;
mod retry;
mod runs;
mod selection;
mod suspension;
mod table;
mod usage;
mod when;

pub(crate) use ask::{Told, of_connection, of_record, promising, read, show};
pub(crate) use audit::{AuditArgs, audit};
pub(crate) use completions::{CompletionsArgs, completions};
pub(crate) use connection::{ConnectionArgs, connection};
pub(crate) use console::{ConsoleArgs, console};
pub(crate) use deletion::{DeleteArgs, delete};
pub(crate) use doctor::{DoctorArgs, doctor};
pub(crate) use erase::{EraseArgs, erase};
pub(crate) use errors::{ErrorsArgs, errors};
pub(crate) use export::{ExportArgs, export};
pub(crate) use key::Key;
pub(crate) use limit::{LimitArgs, limit};
pub(crate) use plan::{PlanArgs, plan};
pub(crate) use record::{RecordArgs, record};
pub(crate) use records::{RecordsArgs, records};
pub(crate) use retention::{RetentionArgs, retention};
pub(crate) use retries::{RetriesArgs, retries};
pub(crate) use retry::{RetryArgs, retry};
pub(crate) use runs::{RunsArgs, runs};
pub(crate) use suspension::{SuspensionArgs, suspension};
pub(crate) use table::on_one_line;
pub(crate) use usage::{UsageArgs, usage};
pub(crate) use when::when_or;
