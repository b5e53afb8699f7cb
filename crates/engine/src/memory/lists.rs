//! Connections, runs' reports, requests and the audit.
//!
//! Must not know: what the settings mean.

use std::time::Duration;

use rules::connection::Connection;
use rules::control::Control;
use rules::ids::{ConnectionId, RequestId};
use rules::resync::Request;

use super::{MemoryStore, Operation};
use crate::ports::{
    AuditEntry, Audits, Connections, DeletionMark, Intake, KeptRequest, PortError, Removed, Reports, Requests,
    RunReport, Saved,
};

impl Connections for MemoryStore {
    async fn connections(&self) -> Result<Vec<Result<Connection, PortError>>, PortError> {
        self.carry_out(Operation::Connections, |state| state.connections.values().cloned().map(Ok).collect())
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
        self.carry_out(Operation::Connection, |state| state.connections.get(id).cloned())
    }

    async fn intake(&self, id: &ConnectionId) -> Result<Option<Intake>, PortError> {
        self.carry_out(Operation::Connection, |state| {
            let is_being_deleted = state.marks.contains_key(id);
            state.connections.get(id).cloned().map(|connection| Intake { connection, is_being_deleted })
        })
    }

    async fn save_connection(&self, connection: &Connection) -> Result<(), PortError> {
        self.carry_out(Operation::SaveConnection, |state| {
            state.marks.remove(&connection.id);
            state.connections.insert(connection.id.clone(), connection.clone());
        })
    }

    async fn create_connection(&self, connection: &Connection) -> Result<bool, PortError> {
        self.carry_out(Operation::CreateConnection, |state| {
            let there = state.connections.entry(connection.id.clone()).or_insert_with(|| connection.clone());
            there == connection
        })
    }

    async fn change_connection(
        &self,
        before: &Connection,
        after: &Connection,
    ) -> Result<Saved<Option<Connection>>, PortError> {
        self.carry_out(Operation::ChangeConnection, |state| {
            let Some(there) = state.connections.get_mut(&after.id) else { return Saved::Conflict(None) };
            let shards = there.shards;
            let is = |other: &Connection| *there == Connection { shards, ..other.clone() };
            if !is(before) && !is(after) {
                return Saved::Conflict(Some(there.clone()));
            }
            *there = Connection { shards: shards.max(after.shards), ..after.clone() };
            state.marks.remove(&after.id);
            Saved::Done
        })
    }

    async fn begin_deletion(&self, id: &ConnectionId, mark: DeletionMark) -> Result<bool, PortError> {
        self.carry_out(Operation::BeginDeletion, |state| {
            let is_there = state.connections.contains_key(id);
            if is_there {
                state.marks.insert(id.clone(), mark);
            }
            is_there
        })
    }

    async fn keep_connection(&self, id: &ConnectionId) -> Result<bool, PortError> {
        self.carry_out(Operation::KeepConnection, |state| {
            state.marks.remove(id);
            state.connections.contains_key(id)
        })
    }

    async fn delete_connection(
        &self,
        id: &ConnectionId,
        mark: DeletionMark,
        audit: &AuditEntry,
    ) -> Result<Removed, PortError> {
        self.carry_out(Operation::DeleteConnection, |state| {
            let told = (audit.at, audit.id);
            match state.marks.get(id) {
                Some(there) if *there == mark => {}
                // Our own write, whose reply was lost, is known by its entry.
                _ if state.connections.contains_key(id) => return Removed::Kept,
                _ if state.audit.contains_key(&told) => return Removed::Done,
                _ => return Removed::Gone,
            }
            state.marks.remove(id);
            state.connections.remove(id);
            state.audit.insert(told, audit.clone());
            Removed::Done
        })
    }

    async fn raise_shards(&self, id: &ConnectionId, shards: u16) -> Result<(), PortError> {
        self.carry_out(Operation::RaiseShards, |state| {
            if let Some(connection) = state.connections.get_mut(id) {
                connection.shards = connection.shards.max(shards);
            }
        })
    }
}

impl Reports for MemoryStore {
    async fn keep_report(
        &self,
        connection: &ConnectionId,
        report: &RunReport,
        _keep_for: Duration,
    ) -> Result<(), PortError> {
        self.carry_out(Operation::KeepReport, |state| {
            let reports = state.reports.entry(connection.clone()).or_default();
            reports.insert((report.started, report.epoch), report.clone());
        })
    }

    async fn reports(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<RunReport>, PortError> {
        self.carry_out(Operation::Reports, |state| {
            let reports = state.reports.get(connection).into_iter().flat_map(|reports| reports.values().rev());
            reports.take(limit).cloned().collect()
        })
    }
}

impl Requests for MemoryStore {
    async fn keep_request(
        &self,
        request: &Request,
        owing: &Control,
        expected: u64,
        audit: &AuditEntry,
    ) -> Result<KeptRequest, PortError> {
        self.carry_out(Operation::KeepRequest, |state| {
            let key = (request.connection.clone(), request.id.clone());
            if let Some(known) = state.requests.get(&key) {
                return KeptRequest::Known(Box::new(known.clone()));
            }
            let control = state.controls.entry(request.connection.clone()).or_default();
            if control.revision != expected {
                return KeptRequest::Overtaken(Box::new(control.clone()));
            }
            *control = owing.clone();
            state.requests.insert(key, request.clone());
            state.audit.insert((audit.at, audit.id), audit.clone());
            KeptRequest::New
        })
    }

    async fn request(&self, connection: &ConnectionId, id: &RequestId) -> Result<Option<Request>, PortError> {
        self.carry_out(Operation::Request, |state| state.requests.get(&(connection.clone(), id.clone())).cloned())
    }

    async fn requests_named(&self, connection: &ConnectionId, ids: &[RequestId]) -> Result<Vec<Request>, PortError> {
        self.carry_out(Operation::Request, |state| {
            let named = ids.iter().filter_map(|id| state.requests.get(&(connection.clone(), id.clone())));
            named.cloned().collect()
        })
    }

    async fn requests(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<Request>, PortError> {
        self.carry_out(Operation::Requests, |state| {
            let of_it = state.requests.values().filter(|request| request.connection == *connection);
            let mut requests: Vec<_> = of_it.cloned().collect();
            requests.sort_by(|one, other| (other.as_of, &other.id).cmp(&(one.as_of, &one.id)));
            requests.truncate(limit);
            requests
        })
    }

    async fn change_request(&self, before: &Request, after: &Request) -> Result<Saved<Option<Request>>, PortError> {
        self.carry_out(Operation::ChangeRequest, |state| {
            let there = state.requests.get_mut(&(before.connection.clone(), before.id.clone()));
            let Some(there) = there else { return Saved::Conflict(None) };
            if there != before && there != after {
                return Saved::Conflict(Some(there.clone()));
            }
            *there = after.clone();
            Saved::Done
        })
    }
}

impl Audits for MemoryStore {
    async fn keep_audit(&self, entry: &AuditEntry) -> Result<(), PortError> {
        self.carry_out(Operation::KeepAudit, |state| {
            state.audit.insert((entry.at, entry.id), entry.clone());
        })
    }

    async fn audits(&self, connection: Option<&ConnectionId>, limit: usize) -> Result<Vec<AuditEntry>, PortError> {
        self.carry_out(Operation::Audits, |state| {
            let wanted = |entry: &&AuditEntry| connection.is_none() || entry.connection.as_ref() == connection;
            state.audit.values().rev().filter(wanted).take(limit).cloned().collect()
        })
    }
}
