//! Whether a later sweep would find anything, as things stand: it then takes the place of the one that would try the record.
//!
//! Must not know: which record is explained.

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::policy::RecentPolicy;
use rules::time::Timestamp;

use crate::parts::Ports;
use crate::ports::{DueRecords, ErrorTypes, Look, PortError};

/// Looks at the index that one explanation takes at most, each a request.
const MOST_LOOKS: usize = 2;

/// What later sweeps would find.
pub(super) struct Sweeps<'a, P: Ports> {
    ports: &'a P,
    connection: &'a Connection,
    now: Timestamp,
    /// The types that a sweep tries, the most frequent first, once they are read.
    types: Option<Vec<ErrorType>>,
    looks: usize,
}

impl<'a, P: Ports> Sweeps<'a, P> {
    pub(super) fn of(ports: &'a P, connection: &'a Connection, now: Timestamp) -> Self {
        Self { ports, connection, now, types: None, looks: MOST_LOOKS }
    }

    /// Whether `sweep` is sure to find nothing. The looks that are left may not do to be sure; then it is not.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn find_nothing(&mut self, policy: &RecentPolicy, sweep: Timestamp) -> Result<bool, PortError> {
        let types = match self.types.take() {
            Some(types) => types,
            None => self.swept().await?,
        };
        let finds_nothing = self.are_empty(&types, policy.horizon(sweep)).await;
        self.types = Some(types);
        finds_nothing
    }

    /// Whether no record of these types failed first since `from`.
    async fn are_empty(&mut self, types: &[ErrorType], from: Timestamp) -> Result<bool, PortError> {
        let Connection { id, shards, .. } = self.connection;
        for error_type in types {
            let look = Look { connection: id, error_type, from, to: self.now, shards: *shards };
            let mut after = None;
            loop {
                if self.looks == 0 {
                    return Ok(false);
                }
                self.looks -= 1;
                let stretch = self.ports.store().look(look, after.as_ref(), 1).await?;
                match stretch.next {
                    _ if !stretch.entries.is_empty() => return Ok(false),
                    None => break,
                    next => after = next,
                }
            }
        }
        Ok(true)
    }

    /// The types that a sweep tries and that have records, as the directory says.
    async fn swept(&self) -> Result<Vec<ErrorType>, PortError> {
        let mut directory = self.ports.store().directory(&self.connection.id).await?;
        directory.retain(|entry| entry.total() > 0 && !self.connection.policy.excludes(&entry.error_type));
        directory.sort_by_key(|entry| std::cmp::Reverse(entry.total()));
        Ok(directory.into_iter().map(|entry| entry.error_type).collect())
    }
}
