//! The control items, and what sources report of their calls: two contents of one JSON text with a revision.
//!
//! Must not know: leases, budgets, suspensions.

use engine::ports::{Clock, Controls, PortError, Saved, UsageReports};
use rules::control::Control;
use rules::ids::ConnectionId;
use rules::usage::Usage;

use super::DynamoStore;
use super::revised::Revised;
use crate::items::key;

impl Revised for Control {
    const KIND: &'static str = "the control item";

    fn revision(&self) -> u64 {
        self.revision
    }
}

impl Revised for Usage {
    const KIND: &'static str = "the usage item";

    fn revision(&self) -> u64 {
        self.revision
    }
}

impl<C: Clock> Controls for DynamoStore<C> {
    async fn control(&self, connection: &ConnectionId) -> Result<Control, PortError> {
        self.revised("reading the control item", &key::control(connection)).await
    }

    async fn glance(&self, connection: &ConnectionId) -> Result<Control, PortError> {
        self.revised_lately("looking at the control item", &key::control(connection)).await
    }

    async fn save_control(
        &self,
        connection: &ConnectionId,
        control: &Control,
        expected: u64,
    ) -> Result<Saved<Control>, PortError> {
        self.save_revised("writing the control item", &key::control(connection), control, expected).await
    }
}

impl<C: Clock> UsageReports for DynamoStore<C> {
    async fn usage(&self, connection: &ConnectionId) -> Result<Usage, PortError> {
        self.revised("reading the usage item", &key::usage(connection)).await
    }

    async fn save_usage(
        &self,
        connection: &ConnectionId,
        usage: &Usage,
        expected: u64,
    ) -> Result<Saved<Usage>, PortError> {
        self.save_revised("writing the usage item", &key::usage(connection), usage, expected).await
    }
}
