//! The engine's ports, each kind of item in a module of its own.
//!
//! Must not know: how items look; `items` reads and writes them.

mod actions;
mod audits;
mod children;
mod connections;
mod controls;
mod due;
mod erase;
mod error_types;
mod journal;
mod listing;
mod outcomes;
mod put;
mod records;
mod reports;
mod requests;
mod revised;
mod standings;
mod statements;
mod transaction;

#[cfg(feature = "local")]
pub(crate) use outcomes::statement_parameters;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use engine::ports::{Clock, PortError};

use crate::backoff::Backoff;
use crate::failure::{Refusal, failed};
use crate::items::Item;
use crate::items::key::ItemKey;

/// Requests in flight at most, within one call of a port.
const IN_FLIGHT: usize = 4;

const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// The engine's store in one `DynamoDB` table. The clock is used for waiting only, when the table refuses for lack of
/// capacity.
#[derive(Clone, Debug)]
pub struct DynamoStore<C> {
    client: Client,
    table: String,
    clock: C,
}

impl<C: Clock> DynamoStore<C> {
    /// A store in `table`, which exists. The client's own retries stay in force.
    pub fn new(client: Client, table: impl Into<String>, clock: C) -> Self {
        Self { client, table: table.into(), clock }
    }

    /// Reads one item with strong consistency.
    async fn get(&self, doing: &'static str, key: &ItemKey) -> Result<Option<Item>, PortError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key.item())).consistent_read(true);
        get.send().await.map(|found| found.item).map_err(|error| failed(doing, &error))
    }

    /// Waits before the next try; the error that it was refused too often when there is none.
    async fn pause(&self, doing: &'static str, backoff: &mut Backoff) -> Result<(), PortError> {
        let wait = backoff.next().ok_or_else(|| PortError::unavailable(doing, Refusal::Throttled))?;
        self.clock.wait(wait).await;
        Ok(())
    }
}
