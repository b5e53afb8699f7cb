//! The audit's entries: who did what to which connection.
//!
//! Must not know: who may do it.

use rules::connection::Connection;
use rules::retention::Retention;

use crate::parts::Ports;
use crate::ports::{AuditAction, AuditEntry, Audits, Clock, Entropy, PortError};

/// The most bytes of a subject that are kept.
const SUBJECT_BYTES: usize = 500;

/// What somebody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed<'a> {
    /// Who, as far as it is known.
    pub who: &'a str,
    /// What.
    pub action: AuditAction,
    /// To what; never a payload, and of a person's record no more than a fingerprint.
    pub subject: String,
    /// How many records it concerns.
    pub records: u64,
}

impl<'a> Deed<'a> {
    /// A deed that concerns no records.
    #[must_use]
    pub fn of(who: &'a str, action: AuditAction, subject: String) -> Self {
        Self { who, action, subject, records: 0 }
    }

    /// The same, concerning so many records.
    #[must_use]
    pub fn concerning(self, records: usize) -> Self {
        Self { records: u64::try_from(records).unwrap_or(u64::MAX), ..self }
    }
}

/// An entry that was kept before what it tells of was done.
#[derive(Clone, Debug)]
pub struct Noted(pub(super) AuditEntry);

impl Noted {
    /// Writes into the entry that nothing was done, and why. It stays: somebody wanted it.
    ///
    /// # Errors
    /// When the store fails; the entry may then say so or not.
    pub async fn not_done<P: Ports>(self, ports: &P, why: &str) -> Result<(), PortError> {
        let Self(entry) = self;
        let of = if entry.subject.is_empty() { "" } else { ": " };
        let subject = shortened(format!("not done, {why}{of}{}", entry.subject));
        ports.store().keep_audit(&AuditEntry { subject, records: 0, ..entry }).await
    }

    /// Writes into the entry what was really done.
    ///
    /// # Errors
    /// When the store fails; the entry may then say so or not.
    pub async fn corrected<P: Ports>(&mut self, ports: &P, subject: String, records: u64) -> Result<(), PortError> {
        self.0 = AuditEntry { subject: shortened(subject), records, ..self.0.clone() };
        ports.store().keep_audit(&self.0).await
    }
}

/// The entry of a deed, which is kept for as long as the connection's settings say.
pub(crate) fn entry<P: Ports>(ports: &P, connection: Option<&Connection>, deed: Deed<'_>) -> AuditEntry {
    let Deed { who, action, subject, records } = deed;
    let at = ports.clock().now();
    let retention = connection.map_or_else(Retention::default, |connection| connection.retention);
    AuditEntry {
        id: ports.entropy().number(),
        at,
        who: who.to_owned(),
        action,
        connection: connection.map(|connection| connection.id.clone()),
        subject: shortened(subject),
        records,
        expires: at + retention.audit_for(),
    }
}

/// Keeps an entry for as long as the connection's settings say.
///
/// # Errors
/// When the store fails; it may then be kept or not.
pub async fn note<P: Ports>(ports: &P, connection: Option<&Connection>, deed: Deed<'_>) -> Result<Noted, PortError> {
    let entry = entry(ports, connection, deed);
    ports.store().keep_audit(&entry).await?;
    Ok(Noted(entry))
}

fn shortened(mut subject: String) -> String {
    subject.truncate(subject.floor_char_boundary(SUBJECT_BYTES));
    subject
}
