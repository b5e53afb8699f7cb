//! The org: everything a request can see or change.
//! It must not know HTTP's machinery, and reads no clock: every call says what time it is.

pub(crate) mod answer;
mod collections;
mod data;
pub(crate) mod errors;
pub(crate) mod faults;
mod ids;
pub(crate) mod operation;
mod parents;
mod pipeline;
mod read;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod sessions;
mod soql;
mod standing;
mod table;
mod usage;
pub(crate) mod versions;
mod write;

pub(crate) use ids::normal_id;
pub(crate) use pipeline::{Admission, Call, Reply};

use serde_json::Value;

use crate::log::{CallKind, Log, LogEntry, RecordLog, Sequence};
use crate::names::{ExternalId, FieldName, Fields, Millis, ObjectName, SalesforceId};
use crate::org::data::Data;
use crate::org::faults::{Effect, Faults};
use crate::org::pipeline::Pending;
use crate::org::sessions::Sessions;
use crate::org::standing::Rules;
use crate::org::usage::Usage;
use crate::settings::Settings;

/// The state of the simulator.
pub(crate) struct Org {
    pub(crate) sessions: Sessions,
    pub(crate) usage: Usage,
    pub(crate) faults: Faults,
    count_logins: bool,
    data: Data,
    log: Log,
    pending: Vec<Pending>,
}

impl Org {
    pub(crate) fn new(settings: &Settings, sessions: Sessions) -> Self {
        Self {
            sessions,
            usage: Usage::new(settings.org_limit, settings.app_usage.clone()),
            faults: Faults::default(),
            count_logins: settings.count_logins,
            data: Data::new(settings.schema.clone()),
            log: Log::default(),
            pending: Vec::new(),
        }
    }

    pub(crate) fn rules(&mut self) -> &mut Rules {
        &mut self.data.rules
    }

    pub(crate) fn log_after(&self, sequence: Sequence) -> &[LogEntry] {
        self.log.after(sequence)
    }

    /// A write by somebody else.
    pub(crate) fn put(
        &mut self,
        object: &ObjectName,
        key: Option<(&FieldName, &ExternalId)>,
        fields: Fields,
        now: Millis,
    ) -> SalesforceId {
        let (id, record) = self.data.put(object, key, fields, now);
        self.append(now, now, Noted::of(CallKind::External), vec![record]);
        id
    }

    /// Deletes, as somebody else, the records with an external id; how many there were.
    pub(crate) fn remove(&mut self, object: &ObjectName, field: &FieldName, value: &ExternalId, now: Millis) -> usize {
        let removed = self.data.remove(object, field, value);
        self.append(now, now, Noted::of(CallKind::External), Vec::new());
        removed.len()
    }

    pub(crate) fn record(&mut self, object: &ObjectName, field: &FieldName, value: &ExternalId) -> Option<Value> {
        self.data.record(object, field, value)
    }

    pub(crate) fn count(&mut self, object: &ObjectName) -> usize {
        self.data.count(object)
    }

    fn append(&mut self, started: Millis, ended: Millis, noted: Noted, records: Vec<RecordLog>) {
        let Noted { kind, status, counted, fault, late_commit_of } = noted;
        let sequence = self.log.next();
        let records = records.into();
        self.log.append(LogEntry { sequence, started, ended, kind, status, counted, fault, late_commit_of, records });
    }
}

/// What a log entry says besides its times and records.
#[derive(Clone, Copy)]
struct Noted {
    kind: CallKind,
    status: Option<u16>,
    counted: bool,
    fault: Option<Effect>,
    late_commit_of: Option<Sequence>,
}

impl Noted {
    const fn of(kind: CallKind) -> Self {
        Self { kind, status: None, counted: false, fault: None, late_commit_of: None }
    }
}
