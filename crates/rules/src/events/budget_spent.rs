//! What people are told when a run has spent its connection's API budget: once, and not again while runs go on ending so.
//!
//! Must not know: how calls are counted, or who is told.

use serde::{Deserialize, Serialize};

use crate::counts::ApiCalls;
use crate::ids::{ConnectionId, Epoch};
use crate::time::Timestamp;

/// A run stopped because its connection may make no further call for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetSpent {
    /// The same whenever it is published again.
    pub id: String,
    /// The connection.
    pub connection: ConnectionId,
    /// Which run of the connection.
    pub epoch: Epoch,
    /// The calls of the last 24 hours, our own and reported ones.
    pub used: ApiCalls,
    /// How many they may be.
    pub cap: ApiCalls,
    /// The failing records that schedules try, about.
    pub waiting_records: u64,
    /// When a call is left again; absent when nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumes: Option<Timestamp>,
    /// The same in one sentence.
    pub summary: String,
}

/// What is used of a budget, and what waits for more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The calls of the last 24 hours.
    pub used: ApiCalls,
    /// How many they may be.
    pub cap: ApiCalls,
    /// The failing records that schedules try, about.
    pub waiting_records: u64,
    /// When a call is left again, if anybody can tell.
    pub resumes: Option<Timestamp>,
}

impl BudgetSpent {
    /// The event of the run that spent it; its id follows from the run alone.
    #[must_use]
    pub fn of(connection: ConnectionId, epoch: Epoch, spent: Spent) -> Self {
        let Spent { used, cap, waiting_records, resumes } = spent;
        Self {
            id: format!("{connection}/{}/budget-spent", epoch.0),
            summary: summary(&connection, spent),
            connection,
            epoch,
            used,
            cap,
            waiting_records,
            resumes,
        }
    }
}

/// Such as `billing has used 5000 of its 5000 API calls in 24 hours; 1200 records wait; it goes on at 2026-03-10T10:00:00Z`.
fn summary(connection: &ConnectionId, spent: Spent) -> String {
    let (used, cap, waiting) = (spent.used.0, spent.cap.0, spent.waiting_records);
    let waits = if waiting == 1 { "record waits" } else { "records wait" };
    let goes_on = match spent.resumes {
        Some(at) => format!("it goes on at {at}"),
        None => "when it goes on is not known".to_owned(),
    };
    format!("{connection} has used {used} of its {cap} API calls in 24 hours; {waiting} {waits}; {goes_on}")
}
