//! Ingest: takes in what sources report: failures, successes and API calls used; duplicates and any order included.
//!
//! Must not know: queues. A report that is refused is a value with all its mistakes; nothing of it is written.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rules::catalogue::{Catalogue, Class};
use rules::connection::{Connection, MOST_SHARDS};
use rules::events::{Inbound, Outbound, PossibleOverwrite, ReportedFailure, ReportedSuccess, ReportedUsage, read};
use rules::fields::{Mistake, Mistakes};
use rules::ids::{ConnectionId, Fence, FieldName, RecordKey};
use rules::ingest::{FailureEffect, Ignored, NewFailure, NewSuccess, SuccessEffect, fail, succeed};
use rules::record::{Failure, PayloadPlace, Stored};

use crate::counts::{self, Counts};
use crate::parts::Ports;
use crate::payload::Payload;
use crate::ports::{
    Clock, Connections, Entropy, Events, Intake, Keeping, PayloadChange, PortError, Put, Read, Records, Saved,
    UsageReports, Written,
};
use crate::types::TypeDirectory;

/// The largest payload that stays in its record's item, in bytes of JSON: with the record's own attributes the item stays
/// within 1 KB, which is one write unit.
pub const INLINE_PAYLOAD: usize = 512;

/// How long settings are gone by after they were read. Whoever deletes a connection waits longer.
pub(crate) const HOLDS: Duration = Duration::from_secs(2);

/// How often a write that lost a race is decided anew.
const RACES: usize = 8;

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A failure is kept that was not known.
    Accepted,
    /// A known failure was brought up to date.
    Updated,
    /// A success is recorded.
    Succeeded,
    /// Usage is recorded.
    Counted,
    /// It changes nothing.
    Ignored(Ignored),
}

/// Why a report is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It is wrong, and will be wrong again: these are its mistakes.
    #[error("{0}")]
    Refused(Mistakes),
    /// The store or the bus failed: deliver it again.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The store is short of capacity: deliver it again.
    #[error("the store is short of capacity")]
    Throttled,
    /// Others wrote the same record all the time: deliver it again.
    #[error("the record was written by others {RACES} times in a row")]
    Contended,
}

/// A connection's settings with its catalogue.
struct Known {
    connection: Connection,
    is_being_deleted: bool,
    /// When they were read, since the machine started.
    read: Duration,
    catalogue: Catalogue,
    types: TypeDirectory,
}

/// Takes in reports; keeps what it read of the connections for a moment, and of their error types as long as it lives, so make one
/// for each invocation, and call [`Ingest::write_counts`] at its end.
pub struct Ingest<'a, P> {
    ports: &'a P,
    known: Mutex<HashMap<ConnectionId, Known>>,
    counts: Mutex<Counts>,
    /// What would be stored by now, when nothing is written.
    rehearsed: Option<Mutex<HashMap<RecordKey, Stored>>>,
}

impl<'a, P: Ports> Ingest<'a, P> {
    /// An ingest over these ports.
    pub fn new(ports: &'a P) -> Self {
        Self { ports, known: Mutex::default(), counts: Mutex::default(), rehearsed: None }
    }

    /// An ingest that decides and writes nothing: no record, no error type, no usage, no event. It remembers what it would have
    /// written, so that the second of two reports of one record is answered as it would be.
    pub fn rehearsing(ports: &'a P) -> Self {
        Self { rehearsed: Some(Mutex::default()), ..Self::new(ports) }
    }

    /// Takes in one event's text.
    ///
    /// # Errors
    /// When it is wrong, all mistakes together; or when a port failed.
    pub async fn take(&self, text: &str) -> Result<Taken, NotTaken> {
        let now = self.ports.clock().now();
        let inbound = read(text, now).map_err(NotTaken::Refused)?;
        let known = self.know(inbound.connection()).await?;
        let (known, taken) = self.with(known, inbound).await;
        self.remember(known);
        taken
    }

    /// Writes into the directory how many records came and went, with one write for each error type that has more or fewer now.
    /// It is approximate: what cannot be written is said in the log, and counted anew at night.
    pub async fn write_counts(&self) {
        let changes = lock(&self.counts).take();
        counts::write(self.ports.store(), changes).await;
    }

    async fn with(&self, mut known: Known, inbound: Inbound) -> (Known, Result<Taken, NotTaken>) {
        let taken = match inbound {
            Inbound::Failed(failure) => self.failed(&mut known, *failure).await,
            Inbound::Succeeded(success) => self.succeeded(&known.connection, success).await,
            Inbound::Used(usage) => self.used(&known.connection, usage).await,
        };
        (known, taken)
    }

    async fn know(&self, id: &ConnectionId) -> Result<Known, NotTaken> {
        let (remembered, read) = (lock(&self.known).remove(id), self.ports.clock().since_boot());
        let types = match remembered {
            Some(known) if read < known.read + HOLDS => return Ok(known),
            Some(known) => known.types,
            None => TypeDirectory::default(),
        };
        let Some(Intake { connection, is_being_deleted }) = self.ports.store().intake(id).await? else {
            return Err(refused("connection", "is not known", "create the connection first, or correct its name"));
        };
        let catalogue = connection.catalogue().map_err(NotTaken::Refused)?;
        Ok(Known { connection, is_being_deleted, read, catalogue, types })
    }

    fn remember(&self, known: Known) {
        lock(&self.known).insert(known.connection.id.clone(), known);
    }

    async fn failed(&self, known: &mut Known, report: ReportedFailure) -> Result<Taken, NotTaken> {
        let field = external_id_field(&known.connection, &report)?;
        let found = known.catalogue.classify_upsert(&report.code, &report.message, field.as_str());
        let (found, closes) = (found.error_type, found.class == Class::Gone);
        let error_type = if self.rehearsed.is_some() {
            found
        } else {
            known.types.list(self.ports.store(), &known.connection.id, found).await?
        };
        let payload = without_id(report.payload, &field, report.key.id.as_str())?;
        self.keep(known).await?;
        let new = NewFailure {
            key: report.key,
            external_id_field: field,
            source_version: report.source_version,
            failure: Failure::new(error_type, &report.code, &report.message),
            failed: report.failed,
            parent: report.parent,
            payload: place(&payload),
            closes,
        };
        self.write_failure(&known.connection, &new, &payload).await
    }

    /// What fails keeps its connection: a deletion under way comes to nothing.
    async fn keep(&self, known: &mut Known) -> Result<(), NotTaken> {
        if known.is_being_deleted && self.rehearsed.is_none() {
            if !self.ports.store().keep_connection(&known.connection.id).await? {
                return Err(refused("connection", "was deleted", "create the connection first, or correct its name"));
            }
            known.is_being_deleted = false;
        }
        Ok(())
    }

    async fn write_failure(
        &self,
        connection: &Connection,
        new: &NewFailure,
        payload: &Payload,
    ) -> Result<Taken, NotTaken> {
        let birth = Fence(self.ports.entropy().number());
        let mut current = self.current(&new.key).await?;
        for _ in 0..RACES {
            let known = matches!(&current, Some(Stored::Record(_)));
            let effect = fail(&connection.policy, current.as_ref(), new.clone(), birth)
                .map_err(|wrong| refused("detail.sourceVersion", wrong.to_string(), "keep to one kind of version"))?;
            let (record, payload) = match effect {
                FailureEffect::Ignore(why) => return Ok(Taken::Ignored(why)),
                FailureEffect::Replace(record) => (record, PayloadChange::Set(payload.clone())),
                FailureEffect::Refresh(record) => (record, PayloadChange::Keep),
            };
            match self.put(connection, current, Stored::Record(record), payload).await? {
                None => return Ok(if known { Taken::Updated } else { Taken::Accepted }),
                Some(conflict) => current = conflict,
            }
        }
        Err(NotTaken::Contended)
    }

    async fn succeeded(&self, connection: &Connection, report: ReportedSuccess) -> Result<Taken, NotTaken> {
        let birth = Fence(self.ports.entropy().number());
        let key = report.key.clone();
        let new = NewSuccess { key: report.key, source_version: report.source_version, at: report.at };
        let mut current = self.current(&key).await?;
        for _ in 0..RACES {
            let effect = succeed(current.as_ref(), new.clone(), birth)
                .map_err(|wrong| refused("detail.sourceVersion", wrong.to_string(), "keep to one kind of version"))?;
            let (stored, sent) = match effect {
                SuccessEffect::Ignore(why) => return Ok(Taken::Ignored(why)),
                SuccessEffect::Warn { why, overwritten_by } => {
                    self.warn(&new, overwritten_by).await?;
                    return Ok(Taken::Ignored(why));
                }
                SuccessEffect::Write { stored, overwritten_by } => (stored, overwritten_by),
            };
            if let Some(sent) = sent {
                self.warn(&new, sent).await?;
            }
            match self.put(connection, current, stored, PayloadChange::Drop).await? {
                None => return Ok(Taken::Succeeded),
                Some(conflict) => current = conflict,
            }
        }
        Err(NotTaken::Contended)
    }

    /// Published before the write: a repeated warning does no harm, a lost one would.
    async fn warn(&self, new: &NewSuccess, sent: rules::version::SourceVersion) -> Result<(), PortError> {
        if self.rehearsed.is_some() {
            return Ok(());
        }
        let key = new.key.clone();
        let event = PossibleOverwrite::of(key.connection, key.object, key.id, sent, new.source_version);
        self.ports.events().publish(&[Outbound::PossibleOverwrite(event)]).await
    }

    async fn used(&self, connection: &Connection, used: ReportedUsage) -> Result<Taken, NotTaken> {
        let store = self.ports.store();
        let mut usage = store.usage(&connection.id).await?;
        for _ in 0..RACES {
            let (now, timeout) = (self.ports.clock().now(), connection.request_timeout());
            let expected = usage.revision;
            let mut reported = usage
                .take(&used.report, now, timeout)
                .map_err(|wrong| refused("detail.source", wrong.to_string(), "report under fewer names"))?;
            reported.revision = self.ports.entropy().number();
            if self.rehearsed.is_some() {
                return Ok(Taken::Counted);
            }
            match store.save_usage(&connection.id, &reported, expected).await? {
                Saved::Done => return Ok(Taken::Counted),
                Saved::Conflict(current) => usage = current,
            }
        }
        Err(NotTaken::Contended)
    }

    async fn current(&self, key: &RecordKey) -> Result<Option<Stored>, PortError> {
        if let Some(stored) = self.rehearsed.as_ref().and_then(|rehearsed| lock(rehearsed).get(key).cloned()) {
            return Ok(Some(stored));
        }
        let read = self.ports.store().read(std::slice::from_ref(key)).await?;
        Ok(read.into_iter().next().map(|Read { stored, .. }| stored))
    }

    /// Puts `stored` in the place of `current`; what is there now when that is something else.
    async fn put(
        &self,
        connection: &Connection,
        current: Option<Stored>,
        stored: Stored,
        payload: PayloadChange,
    ) -> Result<Option<Option<Stored>>, NotTaken> {
        if let Some(rehearsed) = &self.rehearsed {
            lock(rehearsed).insert(stored.key().clone(), stored);
            return Ok(None);
        }
        let put = Put { stored, payload, expected: current.as_ref().map(Stored::fence) };
        match self.ports.store().put(&put, &Keeping::of(connection)).await? {
            Written::Done => {
                lock(&self.counts).stored(current.as_ref(), Some(&put.stored));
                Ok(None)
            }
            Written::Conflict(current) => Ok(Some(current.map(|stored| *stored))),
            Written::Throttled => {
                // A hot index key throttles the whole table: the records that come next are spread over more of them.
                let shards = (connection.shards * 2).min(MOST_SHARDS);
                self.ports.store().raise_shards(&connection.id, shards).await?;
                Err(NotTaken::Throttled)
            }
        }
    }
}

/// A panic of another holder leaves no half-done change: each is one insert or one removal.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(field: &str, problem: impl Into<String>, mend: impl Into<String>) -> NotTaken {
    NotTaken::Refused(Mistakes(vec![Mistake { field: field.to_owned(), problem: problem.into(), mend: mend.into() }]))
}

fn external_id_field(connection: &Connection, report: &ReportedFailure) -> Result<FieldName, NotTaken> {
    let set = connection.external_ids.get(&report.key.object);
    report.external_id_field.as_ref().or(set).cloned().ok_or_else(|| {
        refused("detail.externalIdField", "is missing, and the connection sets none for this object", "name the field")
    })
}

/// The payload without the external id, which the request carries by itself.
fn without_id(
    mut fields: serde_json::Map<String, serde_json::Value>,
    field: &FieldName,
    id: &str,
) -> Result<Payload, NotTaken> {
    let given: Vec<String> = fields.keys().filter(|name| name.eq_ignore_ascii_case(field.as_str())).cloned().collect();
    for name in given {
        let value = fields.shift_remove(&name);
        if value.as_ref().and_then(serde_json::Value::as_str) != Some(id) {
            let mend = "send the same value in both, or leave the field out of the payload";
            return Err(refused(&format!("detail.payload.{name}"), "is not the externalId", mend));
        }
    }
    let payload = Payload::new(&fields);
    match Payload::read(payload.text()) {
        Ok(payload) => Ok(payload),
        // Nobody could send it either.
        Err(_) => Err(refused("detail.payload", "cannot be read back", "send values that are nested less deeply")),
    }
}

fn place(payload: &Payload) -> PayloadPlace {
    let bytes = payload.bytes();
    if bytes <= INLINE_PAYLOAD {
        PayloadPlace::Inline
    } else {
        PayloadPlace::Apart { bytes: u32::try_from(bytes).unwrap_or(u32::MAX) }
    }
}
