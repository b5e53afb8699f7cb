//! Persons: what they may want of a connection, and how that is asked of the system.
//!
//! Must not know: how a request is worked off.

use engine::manage::{self, Wish as Change, cancel_request, change, clear_suspension};
use engine::plan::plan;
use engine::ports::{AuditAction, Connections, PortError};
use engine::resync::{Accepted, NewRequest};
use rules::connection::Connection;
use rules::ids::{ConnectionId, RecordKey, RequestId};
use rules::record::{HoldReason, Record, State, Stored};
use rules::resync::{Action, Request, Wanted};
use rules::version::SourceVersion;
use serde_json::{Value, json};

use crate::oracle::Asked;
use crate::process::ProcessParts;
use crate::world::World;

/// Whoever wants it.
const WHO: &str = "ada";

/// What a person wants.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// Records are tried, or their failures deleted.
    Request { id: String, action: Action, wanted: Wanted, planned: bool },
    /// A request is taken back.
    Cancel(RequestId),
    /// Settings are changed.
    Change(Value),
    /// A suspension is ended.
    Clear,
    /// The secret is changed, where it is kept.
    NewSecret,
    /// Something that is decided when the time has come: the person's so many-th wish.
    Later(u64),
}

impl Wish {
    /// The wish, decided.
    pub(crate) fn decided(self, world: &World, connection: &ConnectionId) -> Self {
        match self {
            Self::Later(number) => Self::made_up(world, connection, number),
            decided => decided,
        }
    }

    /// A wish that somebody may have.
    fn made_up(world: &World, connection: &ConnectionId, number: u64) -> Self {
        let (chance, keys) = (&world.chance, world.keys(connection));
        let some = |most: u64| -> Option<Wanted> {
            let first = usize::try_from(chance.below(keys.len().max(1) as u64)).unwrap_or(0);
            let count = usize::try_from(chance.between(1, most)).unwrap_or(1);
            let named = keys.iter().skip(first).take(count).map(|key| (key.object.clone(), key.id.clone()));
            Wanted::records(named)
        };
        let request = |action, wanted, planned| Self::Request { id: format!("w{number}"), action, wanted, planned };
        match chance.below(20) {
            0..5 => some(5).map_or(Self::Clear, |wanted| request(Action::Resync, wanted, false)),
            5..8 => request(Action::Resync, Wanted::all(), chance.happens(500)),
            8 => some(2).map_or(Self::Clear, |wanted| request(Action::Delete, wanted, false)),
            9..11 => Self::cancel(world, connection),
            11 => Self::Change(json!({ "paused": true })),
            12..14 => Self::Change(json!({ "paused": false })),
            14 => Self::Change(json!({ "budget": { "api_limit": chance.between(20, 300) } })),
            15 => Self::Change(json!({ "budget": { "api_limit": null } })),
            16..18 => Self::Clear,
            _ => Self::NewSecret,
        }
    }

    fn cancel(world: &World, connection: &ConnectionId) -> Self {
        let last = world.facts(|facts| {
            let ours = facts.asked.iter().rfind(|asked| asked.request.connection == *connection);
            ours.map(|asked| asked.request.id.clone())
        });
        last.map_or(Self::Clear, Self::Cancel)
    }

    /// Asks the system for it. What comes of it is noted as a promise.
    pub(crate) async fn asks_for_it(self, world: World, parts: ProcessParts, connection: ConnectionId) {
        let said = format!("{connection}: a person wants {self:?}");
        world.trace.note(world.now(), None, ("wish", 0), || said);
        // What the system could not do it says; the person may try again, or not.
        let done = match self {
            Self::Request { id, action, wanted, planned } => {
                asks(&world, &parts, (connection, id), (action, wanted, planned)).await
            }
            Self::Cancel(id) => cancels(&parts, &connection, &id).await,
            Self::Change(patch) => changes(&parts, &connection, &patch).await,
            Self::Clear => clear_suspension(&parts, &connection, WHO).await.map(drop),
            Self::Later(_) => Ok(()),
            Self::NewSecret => {
                world.orgs.of(&connection, |org| org.secret += 1);
                Ok(())
            }
        };
        if let Err(error) = done {
            world.trace.note(world.now(), None, ("not done", 0), || format!("a wish failed: {error}"));
        }
    }
}

async fn asks(
    world: &World,
    parts: &ProcessParts,
    (connection, id): (ConnectionId, String),
    (action, wanted, is_planned): (Action, Wanted, bool),
) -> Result<(), PortError> {
    let Some(settings) = parts.store.connection(&connection).await? else { return Ok(()) };
    let planned = if is_planned { Some(plan(parts, &settings, action, wanted.clone()).await?.planned()) } else { None };
    let id = RequestId::new(id).expect("a short name");
    let new = NewRequest { connection, id, action, wanted, planned, requested_by: WHO.to_owned() };
    if let Accepted::New(request) | Accepted::Known(request) = manage::request(parts, new).await? {
        promise(world, &settings, request);
    }
    Ok(())
}

fn promise(world: &World, settings: &Connection, request: Request) {
    let stored = world.eyes.stored(&world.keys(&settings.id));
    let meant = stored.into_values().filter_map(|stored| meant(settings, &request, stored)).collect();
    world.facts(|facts| {
        if facts.asked.iter().all(|known| known.request.id != request.id || known.request.connection != settings.id) {
            facts.asked.push(Asked { request, meant });
        }
    });
}

fn meant(settings: &Connection, request: &Request, stored: Stored) -> Option<(RecordKey, SourceVersion)> {
    let Stored::Record(record) = stored else { return None };
    let can_be_tried = |record: &Record| record.state != State::Held(HoldReason::PayloadMissing);
    let takes = record.is_failing() && (request.action == Action::Delete || can_be_tried(&record));
    let fits = record.first_failed <= request.as_of && request.wanted.means(&settings.policy, &record, request.as_of);
    (takes && fits).then(|| (record.key.clone(), record.source_version))
}

async fn cancels(parts: &ProcessParts, connection: &ConnectionId, id: &RequestId) -> Result<(), PortError> {
    let Some(settings) = parts.store.connection(connection).await? else { return Ok(()) };
    cancel_request(parts, &settings, id, WHO).await.map(drop)
}

async fn changes(parts: &ProcessParts, connection: &ConnectionId, patch: &Value) -> Result<(), PortError> {
    let wish = Change { patch, action: AuditAction::ConnectionChanged, who: WHO };
    change(parts, connection, wish).await.map(drop)
}
