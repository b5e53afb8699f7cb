//! The faults that a test asks for, and the count of requests.
//!
//! Must not know: what a request does.

use std::collections::BTreeMap;

use crate::ports::PortError;

/// A kind of request: one method of the store's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `Records::read`.
    Read,
    /// `Records::payloads`.
    Payloads,
    /// `Records::children`.
    Children,
    /// `Records::write_outcomes`.
    WriteOutcomes,
    /// `Records::put`.
    Put,
    /// `DueRecords::due`.
    Due,
    /// `DueRecords::aged`.
    Aged,
    /// `DueRecords::look`.
    Look,
    /// `Controls::control`.
    Control,
    /// `Controls::save_control`.
    SaveControl,
    /// `Journal::entries`.
    Entries,
    /// `Journal::write_entry`.
    WriteEntry,
    /// `Connections::connections`.
    Connections,
    /// `Connections::connection`, and `Connections::intake`.
    Connection,
    /// `Connections::save_connection`.
    SaveConnection,
    /// `Connections::create_connection`.
    CreateConnection,
    /// `Connections::change_connection`.
    ChangeConnection,
    /// `Connections::begin_deletion`.
    BeginDeletion,
    /// `Connections::keep_connection`.
    KeepConnection,
    /// `Connections::delete_connection`.
    DeleteConnection,
    /// `Connections::raise_shards`.
    RaiseShards,
    /// `Standings::facts_of_each`.
    Facts,
    /// `UsageReports::usage`.
    Usage,
    /// `UsageReports::save_usage`.
    SaveUsage,
    /// `ErrorTypes::directory`, and `ErrorTypes::error_types`.
    Directory,
    /// `ErrorTypes::list_error_type`.
    ListErrorType,
    /// `ErrorTypes::add_counts`.
    AddCounts,
    /// `ErrorTypes::set_counts`.
    SetCounts,
    /// `ErrorTypes::totals_of_each`.
    Totals,
    /// `ErrorTypes::set_totals`.
    SetTotals,
    /// `Reports::keep_report`.
    KeepReport,
    /// `Reports::reports`.
    Reports,
    /// `Requests::keep_request`.
    KeepRequest,
    /// `Requests::request`.
    Request,
    /// `Requests::requests`.
    Requests,
    /// `Requests::change_request`.
    ChangeRequest,
    /// `Audits::keep_audit`.
    KeepAudit,
    /// `Audits::audits`.
    Audits,
    /// `ActionKeys::claim_key`.
    ClaimKey,
    /// `ActionKeys::keep_answer`.
    KeepAnswer,
    /// `ActionKeys::end_attempt`.
    EndAttempt,
    /// `ActionKeys::release_key`.
    ReleaseKey,
    /// `Erasures::erase`.
    Erase,
    /// `Standings::standing`.
    Standing,
}

impl Operation {
    pub(super) fn failed(self) -> PortError {
        PortError::unavailable(self.doing(), "the store in memory was told to fail")
    }

    fn doing(self) -> &'static str {
        match self {
            Self::Read => "reading records",
            Self::Payloads => "reading payloads",
            Self::Children => "listing the children of a record",
            Self::WriteOutcomes => "writing outcomes",
            Self::Put => "putting a record",
            Self::Due => "listing due records",
            Self::Aged => "listing records by age",
            Self::Look => "looking at records by age",
            Self::Control => "reading the control item",
            Self::SaveControl => "writing the control item",
            Self::Entries => "reading the journal",
            Self::WriteEntry => "writing a journal slot",
            Self::Connections => "listing the connections",
            Self::Connection => "reading a connection",
            Self::SaveConnection => "writing a connection",
            Self::CreateConnection => "creating a connection",
            Self::ChangeConnection => "changing a connection",
            Self::BeginDeletion => "marking a connection that is to be deleted",
            Self::KeepConnection => "keeping a connection",
            Self::DeleteConnection => "deleting a connection",
            Self::RaiseShards => "raising a connection's shards",
            Self::Facts => "reading how connections stand",
            Self::Usage => "reading usage reports",
            Self::SaveUsage => "writing usage reports",
            Self::Directory => "listing the error types",
            Self::ListErrorType => "writing an error type",
            Self::AddCounts => "adding to the counts of error types",
            Self::SetCounts => "setting the counts of an error type",
            Self::Totals => "reading the totals of connections",
            Self::SetTotals => "setting the totals of a connection",
            Self::KeepReport => "keeping a run's report",
            Self::Reports => "reading the runs' reports",
            Self::KeepRequest => "keeping a request",
            Self::Request => "reading a request",
            Self::Requests => "listing the requests",
            Self::ChangeRequest => "writing a request",
            Self::KeepAudit => "keeping an audit entry",
            Self::Audits => "reading the audit",
            Self::ClaimKey => "claiming an action's key",
            Self::KeepAnswer => "keeping an action's answer",
            Self::EndAttempt => "ending an attempt at an action",
            Self::ReleaseKey => "giving an action's key back",
            Self::Erase => "erasing a record",
            Self::Standing => "reading a connection and how it stands",
        }
    }
}

/// When a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fails {
    /// Nothing is written.
    BeforeEffect,
    /// All is written, and the reply is lost.
    AfterEffect,
}

#[derive(Default)]
pub(super) struct Faults {
    counts: BTreeMap<Operation, u64>,
    failing: BTreeMap<Operation, (usize, Fails)>,
    throttled: usize,
}

impl Faults {
    pub(super) fn counts(&self) -> &BTreeMap<Operation, u64> {
        &self.counts
    }

    pub(super) fn throttle(&mut self, outcomes: usize) {
        self.throttled = outcomes;
    }

    pub(super) fn fail(&mut self, operation: Operation, requests: usize, fails: Fails) {
        self.failing.insert(operation, (requests, fails));
    }

    /// Counts a request and says whether it is one that fails.
    pub(super) fn meet(&mut self, operation: Operation) -> Option<Fails> {
        *self.counts.entry(operation).or_default() += 1;
        let (left, fails) = self.failing.get_mut(&operation)?;
        *left = left.checked_sub(1)?;
        Some(*fails)
    }

    /// Whether the next outcome is throttled.
    pub(super) fn throttles(&mut self) -> bool {
        let throttles = self.throttled > 0;
        self.throttled = self.throttled.saturating_sub(1);
        throttles
    }
}
