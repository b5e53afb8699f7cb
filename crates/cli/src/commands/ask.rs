//! Asking the routes: open the way, ask, let go of the directory, and show the answer.
//!
//! Must not know: one command in particular.

use anyhow::Context;
use api::near::{did_you_mean, near};
use rules::time::Timestamp;
use serde_json::{Value, json};

use super::key::Key;
use super::when::time;
use crate::args::Common;
use crate::client::{Client, Route};
use crate::exit::Failure;
use crate::output;

/// What a route told, and when.
pub(crate) struct Told {
    /// Its answer.
    pub(crate) answer: Value,
    /// The system's own time, which stands still in a kept demo.
    pub(crate) now: Timestamp,
}

/// Does `work` with a client of the data, and lets go of a directory whatever came of it.
pub(super) async fn ask<T>(
    common: &Common,
    work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with(Client::open(common).await?, work).await
}

/// Does `work` with `client`, and lets go of the directory whatever came of it.
pub(super) async fn with<T>(
    client: Client,
    work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = work(&client).await;
    let closed = client.close().await;
    let done = done?;
    closed?;
    Ok(done)
}

/// As [`ask`], about the connection `name`: when there is none, names near to it are suggested.
pub(crate) async fn of_connection<T>(
    common: &Common,
    name: &str,
    work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    ask(common, async |client| match work(client).await {
        Err(Failure::NotFound(said)) => Err(no_connection(client, name, said).await),
        done => done,
    })
    .await
}

/// As [`ask`], about one record: when none is known, names near to it are suggested.
pub(crate) async fn of_record<T>(
    common: &Common,
    key: &Key,
    work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    ask(common, async |client| match work(client).await {
        Err(Failure::NotFound(said)) => Err(no_record(client, key, said).await),
        done => done,
    })
    .await
}

/// Reads `route`, and what time it is there.
pub(crate) async fn read(client: &Client, route: Route) -> Result<Told, Failure> {
    told(client, client.get(route).await?).await
}

/// `answer`, and what time it is there.
pub(super) async fn told(client: &Client, answer: Value) -> Result<Told, Failure> {
    let system = client.get("/v1/system").await?;
    let now = time(&system["now"]).context("the system does not say what time it is")?;
    Ok(Told { answer, now })
}

/// The same where the answer promises times: it also says, in its field `stopped`, when nobody is there to keep them.
pub(crate) fn promising(client: &Client, mut told: Told) -> Told {
    told.answer["stopped"] = json!(client.stopped());
    told
}

/// Prints the answer as JSON, or in `words` for a person.
pub(crate) fn show(common: &Common, answer: &Value, words: impl FnOnce() -> String) -> Result<(), Failure> {
    let text =
        if common.json { serde_json::to_string_pretty(answer).context("writing the answer")? + "\n" } else { words() };
    Ok(output::print(&text)?)
}

async fn no_connection(client: &Client, name: &str, said: String) -> Failure {
    let listed = match client.get("/v1/connections").await {
        Ok(listed) => listed,
        Err(failure) => return failure,
    };
    let lines = listed["connections"].as_array().into_iter().flatten();
    let names: Vec<&str> = lines.filter_map(|line| line["id"].as_str()).collect();
    if names.contains(&name) {
        return Failure::NotFound(said);
    }
    let hint = match (names.as_slice(), near(name, names.iter().copied()).as_slice()) {
        ([], _) => "; there is none yet, `resync connection create` makes one".to_owned(),
        (_, []) => "; `resync connection list` lists those that there are".to_owned(),
        (_, found) => did_you_mean(found),
    };
    Failure::NotFound(format!("there is no connection {name}{hint}"))
}

/// That `key` is not known, with those that are near to it.
pub(super) async fn no_record(client: &Client, key: &Key, said: String) -> Failure {
    let route =
        Route::of(&["connections", &key.connection, "records"]).with("object", &key.object).with("limit", "500");
    let listed = match client.get(route).await {
        Ok(listed) => listed,
        Err(Failure::NotFound(_)) => return no_connection(client, &key.connection, said).await,
        Err(failure) => return failure,
    };
    let lines = listed["records"].as_array().into_iter().flatten();
    let ids: Vec<&str> = lines.filter_map(|line| line["external_id"].as_str()).collect();
    let found: Vec<String> =
        near(&key.id, ids).iter().map(|id| format!("{}/{}/{id}", key.connection, key.object)).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    Failure::NotFound(format!("no failure of {key} is known{}", did_you_mean(&found)))
}
