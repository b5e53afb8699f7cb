//! How connections stand: their control and usage items, of many in one request; the settings of one with them.
//!
//! Must not know: leases, budgets, suspensions.

use std::collections::HashMap;

use engine::ports::{Clock, Facts, PortError, Standing, Standings};
use rules::ids::ConnectionId;

use super::DynamoStore;
use super::revised::Revised;
use crate::items::key::ItemKey;
use crate::items::{Item, body, key, settings};

const READING: &str = "reading how connections stand";

impl<C: Clock> Standings for DynamoStore<C> {
    async fn facts_of_each(&self, connections: &[ConnectionId]) -> Result<Vec<Result<Facts, PortError>>, PortError> {
        let keys = connections.iter().flat_map(|id| [key::control(id), key::usage(id)]).collect();
        let items = self.by_partition(READING, keys).await?;
        Ok(connections.iter().map(|id| facts(id, &items)).collect())
    }

    async fn standing(&self, connection: &ConnectionId) -> Result<Option<Standing>, PortError> {
        let own = key::settings(connection);
        let keys = vec![own.clone(), key::control(connection), key::usage(connection)];
        let items = self.by_partition(READING, keys).await?;
        let Some(settings) = items.get(&own.pk) else { return Ok(None) };
        Ok(Some(Standing { connection: settings::read(settings)?, facts: facts(connection, &items)? }))
    }
}

fn facts(id: &ConnectionId, items: &HashMap<String, Item>) -> Result<Facts, PortError> {
    Ok(Facts { control: content(&key::control(id), items)?, usage: content(&key::usage(id), items)? })
}

fn content<T: Revised>(key: &ItemKey, items: &HashMap<String, Item>) -> Result<T, PortError> {
    items.get(&key.pk).map_or_else(|| Ok(T::default()), |item| body::read(T::KIND, item))
}
