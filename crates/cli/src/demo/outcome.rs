//! What the play came to: reads every record back, counts, and has the check look at it all.
//!
//! Must not know: what happened in the play.

use std::collections::BTreeMap;

use anyhow::Context;
use engine::ports::{Clock, Records};
use rules::connection::Connection;
use rules::counts::Attempts;
use rules::gates::is_expired;
use rules::ids::RecordKey;
use rules::record::{Record, State, Stored};
use salesforce_sim::LogEntry;

use super::check::{Evidence, calls, check, peak};
use super::manifest::Source;
use super::org::Org;
use super::play::Play;
use super::summary::{Calls, ConnectionSummary, Summary};
use super::world::World;

/// Summarises a play that has ended.
pub(crate) async fn summarise(world: &World, sources: &[Source], play: &Play<'_>) -> anyhow::Result<Summary> {
    let keys: Vec<RecordKey> = play.facts.failures.keys().cloned().collect();
    let read = world.parts.store.read(&keys).await.context("reading the records back")?;
    let stored: BTreeMap<RecordKey, Stored> =
        read.into_iter().map(|read| (read.stored.key().clone(), read.stored)).collect();
    let mut connections = Vec::new();
    let mut policies = BTreeMap::new();
    let mut logs = BTreeMap::new();
    for (_, org) in sources.iter().zip(&world.orgs) {
        let connection = world.connection(org).await?;
        let log = org.simulator.log();
        connections.push(count(world, play, org, &connection, &stored, &log));
        policies.insert(org.id.clone(), connection.policy);
        logs.insert(org.id.clone(), log);
    }
    let published = world.bus.published();
    let events_published = published.len();
    let violations = check(&Evidence { facts: &play.facts, policies, stored, logs, published });
    Ok(Summary { connections, events_published, violations })
}

fn count(
    world: &World,
    play: &Play<'_>,
    org: &Org,
    connection: &Connection,
    stored: &BTreeMap<RecordKey, Stored>,
    log: &[LogEntry],
) -> ConnectionSummary {
    let mut summary = ConnectionSummary {
        id: org.id.clone(),
        policy: connection.policy.name(),
        imported: play.facts.failures.keys().filter(|key| key.connection == org.id).count(),
        resolved: 0,
        timed_out: 0,
        held: 0,
        scheduled: 0,
        expired: 0,
        attempts: Attempts::default(),
        api_calls: Calls {
            total: rules::counts::ApiCalls(calls(log).count() as u64),
            peak_24h: peak(log),
            cap: play.facts.largest_cap(&org.id),
        },
        runs: u32::try_from(play.runs.iter().filter(|id| **id == org.id).count()).unwrap_or(u32::MAX),
        reasons: BTreeMap::new(),
    };
    for record in stored.values().filter(|stored| stored.key().connection == org.id) {
        if let Stored::Record(record) = record {
            add(&mut summary, connection, record, is_expired(&connection.policy, record, world.clock.now()));
        }
    }
    summary
}

fn add(summary: &mut ConnectionSummary, connection: &Connection, record: &Record, expired: bool) {
    let attempts = &mut summary.attempts;
    attempts.interval += record.attempts.interval;
    attempts.nightly += record.attempts.nightly;
    attempts.recent += record.attempts.recent;
    attempts.forced += record.attempts.forced;
    let state = match record.state {
        State::Resolved { .. } => {
            summary.resolved += 1;
            return;
        }
        State::Scheduled(_) if expired => {
            summary.expired += 1;
            "expired"
        }
        State::Scheduled(_) => {
            summary.scheduled += 1;
            "scheduled"
        }
        State::TimedOut { .. } => {
            summary.timed_out += 1;
            "timed out"
        }
        State::Held(_) => {
            summary.held += 1;
            "held"
        }
    };
    let advice = connection
        .catalogue()
        .map_or_else(|_| String::new(), |catalogue| catalogue.advice(&record.failure.error_type).to_owned());
    let key = (state, record.failure.error_type.to_string());
    summary.reasons.entry(key).or_insert((0, advice)).0 += 1;
}
