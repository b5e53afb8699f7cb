//! A run's report: sorted by when the run started, and kept for 30 days.
//!
//! Must not know: what the numbers in it mean.

use std::time::Duration;

use engine::ports::{PortError, RunReport};
use rules::ids::ConnectionId;

use super::fields::{EXPIRES, number};
use super::key::ItemKey;
use super::{Item, body, key};

const KEPT: Duration = Duration::from_hours(24 * 30);

/// The report's item.
pub(crate) fn write(connection: &ConnectionId, report: &RunReport) -> Item {
    let sk = format!("{:015}#{}", report.started.as_millis().max(0), report.run);
    let mut item = body::item(&ItemKey { pk: key::reports(connection), sk }, report);
    item.insert(EXPIRES.to_owned(), number((report.ended + KEPT).as_millis() / 1_000));
    item
}

/// Reads it.
pub(crate) fn read(item: &Item) -> Result<RunReport, PortError> {
    body::read("the run report", item)
}
