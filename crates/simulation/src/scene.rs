//! The scene: which connections a play has, and the table that they are kept in.
//!
//! Must not know: what happens.

use std::collections::BTreeSet;

use rules::connection::Connection;
use rules::ids::ConnectionId;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::cloud::Org;
use crate::world::World;

const NAMES: [&str; 3] = ["alder", "birch", "cedar"];

/// The connections of a play.
pub(crate) fn connections(chance: &Chance) -> BTreeSet<ConnectionId> {
    let many = usize::try_from(chance.between(1, NAMES.len() as u64)).unwrap_or(1);
    NAMES[..many].iter().map(|name| ConnectionId::new(*name).expect("a short name")).collect()
}

/// Creates the table and the connections with their orgs.
pub(crate) fn create(world: &World) -> Vec<ConnectionId> {
    let ids: Vec<ConnectionId> = world.watch.connections();
    let settings: Vec<Value> = ids.iter().map(|id| made_up(&world.chance, id)).collect();
    create_these(world, &settings);
    ids
}

/// Creates the table and connections with these settings; what all have in common is added.
pub(crate) fn create_these(world: &World, settings: &[Value]) {
    world.eyes.create_table();
    for settings in settings {
        let connection = Connection::read(&completed(settings)).expect("the settings of a play are right");
        world.eyes.create_connection(&connection);
        world.orgs.add(Org::new(connection.id));
    }
}

fn completed(settings: &Value) -> Value {
    let mut settings = settings.clone();
    let id = settings["id"].as_str().unwrap_or_default().to_owned();
    settings["target"] = json!({
        "login_url": format!("https://{id}.my.salesforce.com"),
        "flow": "client_credentials",
        "secret": format!("resync/{id}"),
    });
    settings["external_ids"] = json!({ "Contact": "Ext_Id__c", "Account": "Ext_Id__c" });
    settings
}

fn made_up(chance: &Chance, id: &ConnectionId) -> Value {
    let policy = if chance.happens(650) { json!({ "kind": "interval" }) } else { json!({ "kind": "recent" }) };
    let budget = if chance.happens(400) { json!({ "api_limit": chance.between(30, 400) }) } else { json!({}) };
    json!({ "id": id, "policy": policy, "budget": budget, "calls_in_flight": chance.between(1, 4) })
}
