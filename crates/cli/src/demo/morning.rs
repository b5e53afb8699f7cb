//! The morning after the three days, for the console: what an administrator finds who opens it at six.
//!
//! Must not know: the console.

use std::time::Duration;

use anyhow::Context;
use engine::manage;
use engine::overview::usage;
use engine::ports::{Clock, DueRecords, Entropy, ErrorTypes, Records};
use engine::resync::NewRequest;
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::ids::RequestId;
use rules::record::Stored;
use rules::resync::{Action, Wanted};
use serde_json::{Value, json};

use super::manifest::Source;
use super::org::{Org, THIRD};
use super::play::ensure_taken;
use super::world::{World, source_event};
use crate::exit::Failure;

/// Records that a nightly load of the source left locked.
const LOCKED: usize = 400;

/// The nightly load: how many minutes ago it made calls, and how many of a hundred.
const LOAD: [(u64, u64); 8] = [(400, 5), (360, 12), (320, 20), (280, 24), (240, 17), (200, 12), (120, 6), (40, 4)];

/// How much of the first connection's cap is used, in percent.
const USED_PERCENT: u64 = 86;

/// Makes the morning: many records of one type, a budget near its cap, and a connection whose login was refused.
pub(super) async fn break_of_day(world: &World, sources: &[Source]) -> Result<(), Failure> {
    let (first, last) = (&world.orgs[0], &world.orgs[world.orgs.len() - 1]);
    lock_records(world, first, &sources[0]).await?;
    use_budget(world, first).await?;
    if world.orgs.len() > 1 {
        refuse_login(world, last).await?;
    }
    world.clock.go_on_by_itself();
    Ok(())
}

/// A load in the night ran into locked rows; the locks are gone since.
async fn lock_records(world: &World, org: &Org, source: &Source) -> Result<(), Failure> {
    let (connection, file, now) = (world.connection(org).await?, &source.files[0], world.clock.now());
    let models = file.rows.iter().cycle().take(LOCKED).zip(1..);
    let events: Vec<Value> = models
        .map(|(model, number)| {
            let message = "unable to obtain exclusive access to this record or 1 records: 0015g00000Kx1YZ";
            let detail = json!({
                "connection": connection.id, "object": file.object, "externalId": format!("N-{number:05}"),
                "error": { "code": "UNABLE_TO_LOCK_ROW", "message": message }, "payload": model.fields,
            });
            source_event("Sync Failed", now, &detail)
        })
        .collect();
    Ok(ensure_taken(world.deliver(&events, |_| {}).await?)?)
}

/// The same load made so many calls that the budget is near its cap.
async fn use_budget(world: &World, org: &Org) -> Result<(), Failure> {
    let connection = world.connection(org).await?;
    let used = usage(world.parts.as_ref(), &connection.id).await.context("reading the usage")?;
    let used = used.map_or(ApiCalls(0), |usage| usage.budget.used);
    let calls = ApiCalls(connection.budget.cap().0 * USED_PERCENT / 100).less(used);
    let events = LOAD.iter().map(|(minutes, share)| {
        let at = world.clock.now() - Duration::from_secs(minutes * 60);
        let detail = json!({ "connection": connection.id, "source": "nightly-load", "calls": calls.0 * share / 100 });
        source_event("API Calls Used", at, &detail)
    });
    Ok(ensure_taken(world.deliver(&events.collect::<Vec<_>>(), |_| {}).await?)?)
}

/// The integration user's password was changed in the night; somebody asked for a resync, and the login was refused. The secret
/// has been put right since, which nobody told Resync.
async fn refuse_login(world: &World, org: &Org) -> Result<(), Failure> {
    let connection = world.connection(org).await?;
    let Some(wanted) = some_record(world, &connection).await? else { return Ok(()) };
    World::change_password(org, &THIRD);
    let id = RequestId::new(format!("{:016x}", world.parts.entropy.number())).context("naming a request")?;
    let new = NewRequest {
        connection: connection.id.clone(),
        id,
        action: Action::Resync,
        wanted,
        planned: None,
        requested_by: "night shift".to_owned(),
    };
    manage::request(world.parts.as_ref(), new).await.context("asking for a resync")?;
    while let Some(request) = world.bus.next_request() {
        world.carry_out(&request).await?;
    }
    world.put_password_right(org, &THIRD).await
}

/// A failing record of the connection, if it has one.
async fn some_record(world: &World, connection: &Connection) -> anyhow::Result<Option<Wanted>> {
    let store = &world.parts.store;
    let types = store.error_types(&connection.id).await.context("reading the error types")?;
    let (from, to) = (rules::time::Timestamp::from_millis(0), world.clock.now());
    let page = store.aged(&connection.id, &types, from, to, connection.shards, None, 50).await;
    let read = store.read(&page.context("looking for a record")?.keys).await.context("reading records")?;
    let failing = read.into_iter().find_map(|read| match read.stored {
        Stored::Record(record) if record.is_failing() => Some(record.key),
        Stored::Record(_) | Stored::Success(_) => None,
    });
    Ok(failing.and_then(|key| Wanted::records([(key.object, key.id)])))
}
