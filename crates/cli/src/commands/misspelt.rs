//! Error types and objects that nobody knows, in the answers of the routes.
//!
//! Must not know: what the names were given for.

use api::near::Names;
use serde_json::Value;

use crate::client::{Client, Route};
use crate::exit::Failure;

/// What is wrong with a name that is none of `connection`'s, and those that it may have been meant to be.
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
    let listed = format!("`resync errors {connection}` lists those that its records have");
    Ok(names(&errors, &settings).misspelt(error_type, object, &listed).map(Failure::NotFound))
}

fn names(errors: &Value, settings: &Value) -> Names {
    let listed = list(&errors["errors"]).filter_map(|error| error["type"].as_str());
    let own = list(&settings["connection"]["own_rules"]).filter_map(|rule| rule["id"].as_str());
    let counted = list(&errors["errors"]).filter_map(|error| error["objects"].as_object());
    let set = settings["connection"]["external_ids"].as_object();
    let objects = counted.chain(set).flat_map(serde_json::Map::keys).cloned();
    Names::of(listed.chain(own).map(str::to_owned), objects)
}

fn list(values: &Value) -> impl Iterator<Item = &Value> {
    values.as_array().into_iter().flatten()
}
