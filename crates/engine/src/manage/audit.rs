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

/// Keeps an entry for as long as the connection's settings say.
///
/// # Errors
/// When the store fails; it may then be kept or not.
pub async fn note<P: Ports>(ports: &P, connection: Option<&Connection>, deed: Deed<'_>) -> Result<(), PortError> {
    let Deed { who, action, mut subject, records } = deed;
    subject.truncate(subject.floor_char_boundary(SUBJECT_BYTES));
    let at = ports.clock().now();
    let retention = connection.map_or_else(Retention::default, |connection| connection.retention);
    let entry = AuditEntry {
        id: ports.entropy().number(),
        at,
        who: who.to_owned(),
        action,
        connection: connection.map(|connection| connection.id.clone()),
        subject,
        records,
        expires: at + retention.audit_for(),
    };
    ports.store().keep_audit(&entry).await
}
