//! What the audit says of an import: one entry for all of its requests, and none where nothing changed.
//!
//! Must not know: what the rows are, or how they are taken in.

use std::time::Duration;

use engine::parts::Ports;
use engine::ports::{AuditAction, AuditEntry, Audits, Clock, Entropy, PortError};
use rules::connection::Connection;
use rules::events::FAR_FUTURE;
use rules::fields::{Fields, Mistake};
use rules::time::Timestamp;
use serde_json::Value;

use crate::cursor::hexadecimal;

/// How long an import may take from its first request to its last.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// How many digits name an import.
const DIGITS: usize = 16;

/// The most rows of one import.
const MOST_ROWS: u64 = 1 << 40;

/// The import that a request belongs to, as its client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    id: ImportId,
    started: Timestamp,
    /// How many rows the requests before this one changed.
    changed_before: u64,
}

/// The name that a client drew for its import.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ImportId(String);

impl TryFrom<String> for ImportId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let fits = text.len() == DIGITS && text.bytes().all(is_digit);
        if fits { Ok(Self(text)) } else { Err("is not 16 hexadecimal digits; draw them once for the whole import") }
    }
}

impl Import {
    /// Reads it.
    pub(super) fn read(value: &Value, now: Timestamp) -> Result<Self, Vec<Mistake>> {
        let mut fields = Fields::of("import", value);
        let id = fields.text("id");
        let started = fields.required("started").and_then(|_| fields.time("started"));
        let changed_before = fields.required("changed_before");
        let changed_before = changed_before.and_then(|_| fields.number("changed_before", 0..=MOST_ROWS));
        if started.is_some_and(|started| started > now + FAR_FUTURE) {
            fields.wrong("started", "is in the future", "give the time at which the import began");
        }
        if started.is_some_and(|started| started + LONGEST < now) {
            fields.wrong("started", "is more than 7 days ago", "begin the import anew, with an id of its own");
        }
        match (id, started, changed_before, fields.strict()) {
            (Some(id), Some(started), Some(changed_before), mistakes) if mistakes.is_empty() => {
                Ok(Self { id, started, changed_before })
            }
            (_, _, _, mistakes) => Err(mistakes),
        }
    }

    /// The entry's number. It is the import's own, and of nobody else's deed, so that no client writes over other entries.
    fn number(&self, who: &str, connection: &Connection) -> u64 {
        let name = format!("{who}\n{}\n{}\n{}", connection.id, self.started, self.id.0);
        let digits = &hexadecimal(name.as_bytes())[..DIGITS];
        u64::from_str_radix(digits, 16).expect("they are 16 hexadecimal digits")
    }
}

/// The entry that a request keeps: that of its import, or its own where it names none.
#[derive(Debug)]
pub(super) struct Account {
    entry: AuditEntry,
    changed_before: u64,
}

impl Account {
    /// The entry of a request, not kept yet.
    pub(super) fn of<P: Ports>(ports: &P, connection: &Connection, who: &str, import: Option<&Import>) -> Self {
        let (id, at, changed_before) = match import {
            Some(import) => (import.number(who, connection), import.started, import.changed_before),
            None => (ports.entropy().number(), ports.clock().now(), 0),
        };
        let entry = AuditEntry {
            id,
            at,
            who: who.to_owned(),
            action: AuditAction::Imported,
            connection: Some(connection.id.clone()),
            subject: "failed rows of a file".to_owned(),
            records: changed_before,
            expires: at + connection.retention.audit_for(),
        };
        Self { entry, changed_before }
    }

    /// Whether an earlier request of the import has kept the entry.
    pub(super) fn is_kept(&self) -> bool {
        self.changed_before > 0
    }

    /// Keeps the entry with so many rows changed by this request, unless it says so already.
    pub(super) async fn keep<P: Ports>(&mut self, ports: &P, changed: usize) -> Result<(), PortError> {
        let changed = u64::try_from(changed).unwrap_or(u64::MAX);
        let records = self.changed_before.saturating_add(changed);
        if records == self.entry.records {
            return Ok(());
        }
        self.entry.records = records;
        ports.store().keep_audit(&self.entry).await
    }
}
