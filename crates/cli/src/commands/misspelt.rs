//! Error types and objects that nobody knows: a slip of the finger looks like a description that means no record.
//!
//! Must not know: what the names were given for.

use std::collections::BTreeSet;

use rules::catalogue::Catalogue;
use serde_json::Value;

use super::near::{did_you_mean, near};
use crate::client::{Client, Route};
use crate::exit::Failure;

/// What is wrong with a name that is none of `connection`'s, and those that it may have been meant to be. A type is known from the
/// catalogue, the connection's own rules and its records; an object from its records and its external ids, so that one which is near
/// to none of them may be right, and only has no record yet.
pub(super) async fn misspelt(
    client: &Client,
    connection: &str,
    error_type: Option<&str>,
    object: Option<&str>,
) -> Result<Option<Failure>, Failure> {
    if error_type.is_none() && object.is_none() {
        return Ok(None);
    }
    let errors = client.get(Route::of(&["connections", connection, "errors"])).await?;
    let settings = client.get(Route::of(&["connections", connection])).await?;
    let types = types(&errors, &settings);
    let objects = objects(&errors, &settings);
    let of_type = error_type.filter(|name| !types.contains(*name)).and_then(|name| {
        let found = near(name, types.iter().map(String::as_str));
        let hint = match found.as_slice() {
            [] if name.starts_with("unknown:") => return None,
            [] => format!("; `resync errors {connection}` lists those that its records have"),
            found => did_you_mean(found),
        };
        Some(format!("there is no error type {name}{hint}"))
    });
    let of_object = object.filter(|name| !objects.contains(*name)).and_then(|name| {
        let found = near(name, objects.iter().map(String::as_str));
        let hint = did_you_mean(&found);
        (!found.is_empty()).then(|| format!("no record of an object {name} is known in {connection}{hint}"))
    });
    Ok(of_type.or(of_object).map(Failure::NotFound))
}

fn types(errors: &Value, settings: &Value) -> BTreeSet<String> {
    let listed = list(&errors["errors"]).filter_map(|error| error["type"].as_str());
    let own = list(&settings["connection"]["own_rules"]).filter_map(|rule| rule["id"].as_str());
    let builtin = Catalogue::builtin().rules().map(|rule| rule.id.as_str());
    listed.chain(own).chain(builtin).chain(["unknown"]).map(str::to_owned).collect()
}

fn objects(errors: &Value, settings: &Value) -> BTreeSet<String> {
    let counted = list(&errors["errors"]).filter_map(|error| error["objects"].as_object());
    let set = settings["connection"]["external_ids"].as_object();
    counted.chain(set).flat_map(serde_json::Map::keys).cloned().collect()
}

fn list(values: &Value) -> impl Iterator<Item = &Value> {
    values.as_array().into_iter().flatten()
}
