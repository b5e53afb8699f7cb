//! The store's port for how connections stand: what their gates are asked about, of many at once, and the settings of one with it.
//!
//! Must not know: what the gates say.

use rules::connection::Connection;
use rules::control::Control;
use rules::ids::ConnectionId;
use rules::usage::Usage;

use super::PortError;

/// What the gates of one connection are asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its control item; the empty one if there is none.
    pub control: Control,
    /// What sources report of its calls; none if there are none.
    pub usage: Usage,
}

/// A connection, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its settings.
    pub connection: Connection,
    /// What its gates are asked about.
    pub facts: Facts,
}

/// The facts of connections.
pub trait Standings: Send + Sync {
    /// The facts of these connections in their order, with strong consistency, a hundred items a request. An item that cannot be
    /// read, because a newer version of the program wrote it, is an error of its connection and hides no other.
    ///
    /// # Errors
    /// When the store fails.
    fn facts_of_each(
        &self,
        connections: &[ConnectionId],
    ) -> impl Future<Output = Result<Vec<Result<Facts, PortError>>, PortError>> + Send;

    /// A connection with its facts in one request, with strong consistency; nothing if there is none of that name.
    ///
    /// # Errors
    /// When the store fails, or one of its items cannot be read.
    fn standing(&self, connection: &ConnectionId) -> impl Future<Output = Result<Option<Standing>, PortError>> + Send;

    /// The facts of one connection.
    ///
    /// # Errors
    /// When the store fails, or one of its items cannot be read.
    fn facts(&self, connection: &ConnectionId) -> impl Future<Output = Result<Facts, PortError>> + Send {
        async move {
            let mut facts = self.facts_of_each(std::slice::from_ref(connection)).await?;
            facts.pop().unwrap_or_else(|| Ok(Facts::default()))
        }
    }
}
