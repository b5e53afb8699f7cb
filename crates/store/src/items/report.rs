//! A run's report: sorted by when the run started, and kept for a while after its end.
//!
//! Must not know: what the numbers in it mean.

use std::time::Duration;

use engine::ports::{PortError, RunReport};
use rules::ids::ConnectionId;

use super::fields::expires;
use super::key::ItemKey;
use super::{Item, body, key};

/// The report's item.
pub(crate) fn write(connection: &ConnectionId, report: &RunReport, keep_for: Duration) -> Item {
    let sk = format!("{}#{}", key::ordered(report.started), report.run);
    let mut item = body::item(&ItemKey { pk: key::reports(connection), sk }, report);
    item.extend([expires(report.ended + keep_for)]);
    item
}

/// Reads it.
pub(crate) fn read(item: &Item) -> Result<RunReport, PortError> {
    body::read("the run report", item)
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
