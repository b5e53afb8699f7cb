//! Who did what, newest first.
//!
//! Must not know: which actions there are.

use engine::ports::{AuditEntry, Audits, Clock, PortError};
use rules::ids::ConnectionId;

use super::DynamoStore;
use super::listing::Order;
use super::transaction::put;
use crate::items::{audit, key};

impl<C: Clock> Audits for DynamoStore<C> {
    async fn keep_audit(&self, entry: &AuditEntry) -> Result<(), PortError> {
        let puts = audit::write(entry).into_iter().map(|item| put(&self.table, item)).collect();
        self.write_all("keeping an audit entry", puts).await
    }

    async fn audits(&self, connection: Option<&ConnectionId>, limit: usize) -> Result<Vec<AuditEntry>, PortError> {
        let partition = key::audits(connection);
        let items = self.partition("reading the audit", &partition, Order::LastToFirst, limit).await?;
        items.iter().map(audit::read).collect()
    }
}
