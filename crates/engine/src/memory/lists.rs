//! Connections, error types and runs' reports.
//!
//! Must not know: what the settings mean.

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::ids::ConnectionId;

use super::{MemoryStore, Operation};
use crate::ports::{Connections, ErrorTypes, PortError, Reports, RunReport};

impl Connections for MemoryStore {
    async fn connections(&self) -> Result<Vec<Result<Connection, PortError>>, PortError> {
        self.request(Operation::Connections, |state| state.connections.values().cloned().map(Ok).collect())
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
        self.request(Operation::Connection, |state| state.connections.get(id).cloned())
    }

    async fn save_connection(&self, connection: &Connection) -> Result<(), PortError> {
        self.request(Operation::SaveConnection, |state| {
            state.connections.insert(connection.id.clone(), connection.clone());
        })
    }

    async fn raise_shards(&self, id: &ConnectionId, shards: u16) -> Result<(), PortError> {
        self.request(Operation::RaiseShards, |state| {
            if let Some(connection) = state.connections.get_mut(id) {
                connection.shards = connection.shards.max(shards);
            }
        })
    }
}

impl ErrorTypes for MemoryStore {
    async fn error_types(&self, connection: &ConnectionId) -> Result<Vec<ErrorType>, PortError> {
        self.request(Operation::ErrorTypes, |state| {
            state.error_types.get(connection).into_iter().flatten().cloned().collect()
        })
    }

    async fn list_error_type(&self, connection: &ConnectionId, error_type: &ErrorType) -> Result<(), PortError> {
        self.request(Operation::ListErrorType, |state| {
            state.error_types.entry(connection.clone()).or_default().insert(error_type.clone());
        })
    }
}

impl Reports for MemoryStore {
    async fn keep_report(&self, connection: &ConnectionId, report: &RunReport) -> Result<(), PortError> {
        self.request(Operation::KeepReport, |state| {
            let reports = state.reports.entry(connection.clone()).or_default();
            reports.insert((report.started, report.epoch), report.clone());
        })
    }

    async fn reports(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<RunReport>, PortError> {
        self.request(Operation::Reports, |state| {
            let reports = state.reports.get(connection).into_iter().flat_map(|reports| reports.values().rev());
            reports.take(limit).cloned().collect()
        })
    }
}
