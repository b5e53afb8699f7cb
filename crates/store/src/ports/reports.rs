//! The runs' reports, newest first.
//!
//! Must not know: what a run does.

use std::time::Duration;

use engine::ports::{Clock, PortError, Reports, RunReport};
use rules::ids::ConnectionId;

use super::DynamoStore;
use super::listing::Order;
use crate::failure::failed;
use crate::items::{key, report};

impl<C: Clock> Reports for DynamoStore<C> {
    async fn keep_report(
        &self,
        connection: &ConnectionId,
        report: &RunReport,
        keep_for: Duration,
    ) -> Result<(), PortError> {
        let item = report::write(connection, report, keep_for);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| failed("keeping a run's report", &error))
    }

    async fn reports(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<RunReport>, PortError> {
        let partition = key::reports(connection);
        let items = self.partition("listing the runs' reports", &partition, Order::LastToFirst, limit).await?;
        items.iter().map(report::read).collect()
    }
}
