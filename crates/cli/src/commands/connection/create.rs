//! `resync connection create`: settings from options, a file or a person; then one harmless call.
//!
//! Must not know: which settings are right.

use std::io::IsTerminal;

use serde_json::{Map, Value, json};

use super::settings::SettingsArgs;
use super::{test, wizard};
use crate::args::Common;
use crate::client::{Client, Place};
use crate::commands::ask::{show, with};
use crate::commands::errors::text;
use crate::exit::Failure;
use crate::local::{self, SIMULATOR_SECRET};

/// Creates a connection, then signs in and makes one harmless call. Without options, on a terminal, it asks for each setting.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection create
  resync connection create support --from support.toml --no-test
  resync connection create sales --policy interval --login-url https://acme.my.salesforce.com \\
    --flow client-credentials --secret acme --external-id Contact=Ext_Id__c --no-test

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong settings or data directory, 7 busy,
8 there is one of that name already, or it was created but the call was refused")]
pub(super) struct CreateArgs {
    /// Its name: 1 to 40 lower-case letters, digits and -
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Into the simulated Salesforce that `[simulator]` in resync.toml starts
    #[arg(long, conflicts_with_all = ["login_url", "flow", "username", "secret"])]
    simulator: bool,
    /// Make no call
    #[arg(long)]
    no_test: bool,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    common: Common,
}

/// Creates the connection.
pub(super) async fn create(args: &CreateArgs) -> Result<(), Failure> {
    let settings = settings(args)?;
    let client = Client::open_or_create(&args.common).await?;
    let created = with(client, async |client| {
        let created = client.post("/v1/connections", &Value::Object(settings)).await;
        let mut created = created.map_err(|failure| args.settings.in_options(failure))?;
        // Only a `resync local` that runs can have started the simulator.
        let is_simulated = created["connection"]["target"]["secret"] == SIMULATOR_SECRET;
        let no_test = args.no_test || is_simulated && !client.is_running();
        let tested = match (no_test, created["connection"]["id"].as_str()) {
            (false, Some(name)) => Some(test::call(client, name).await),
            (_, _) => None,
        };
        // That the call failed must not hide that the connection was created.
        let (tested, failure) = match tested {
            Some(Ok(tested)) => (tested, None),
            Some(Err(failure)) => (Value::Null, Some(failure)),
            None => (Value::Null, None),
        };
        created["test"] = tested;
        Ok((created, failure))
    });
    let (created, failure) = created.await?;
    let is_deployed = matches!(Place::of(&args.common)?, Place::Cloud(_));
    show(&args.common, &created, || render(&created, is_deployed))?;
    after_the_call(&created, failure)
}

fn settings(args: &CreateArgs) -> Result<Map<String, Value>, Failure> {
    let on_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if args.settings.is_empty() && !args.simulator && on_terminal {
        return wizard::ask(args.name.as_deref(), simulator(args)?.as_ref());
    }
    let mut settings = args.settings.assemble()?;
    if let Some(name) = &args.name {
        settings.insert("id".to_owned(), json!(name));
    }
    if args.simulator {
        let Some(target) = simulator(args)? else {
            let mend =
                "resync.toml starts no simulator; add a line [simulator] to it, over a directory of this machine";
            return Err(Failure::Wrong(mend.to_owned()));
        };
        settings.insert("target".to_owned(), target);
    }
    Ok(settings)
}

/// The settings of a connection to the simulator, when there is one. None is there for a deployment in AWS.
fn simulator(args: &CreateArgs) -> Result<Option<Value>, Failure> {
    let Place::Directory(data) = Place::of(&args.common)? else { return Ok(None) };
    let simulator = local::config(data)?.simulator;
    Ok(simulator.map(
        |simulator| json!({ "login_url": simulator.url(), "flow": "client_credentials", "secret": SIMULATOR_SECRET }),
    ))
}

fn render(created: &Value, is_deployed: bool) -> String {
    let name = created["connection"]["id"].as_str().unwrap_or("-");
    let mut shown = format!("The connection {name} is created.\n");
    if created["test"]["ok"] == true {
        shown += &test::render(name, &created["test"]);
    }
    let schedules = if is_deployed { "the stack runs its schedules" } else { "`resync local` runs its schedules" };
    shown + &format!("Next: `resync import FILE --connection {name}`, and {schedules}.\n")
}

/// Whether its limit is one that nobody could ever use up. Before the first call nobody knows the org's own.
fn is_above(connection: &Value, test: &Value) -> bool {
    let (wanted, own) = (connection["budget"]["api_limit"].as_u64(), test["org"]["limit"].as_u64());
    wanted.zip(own).is_some_and(|(wanted, own)| wanted > own)
}

fn after_the_call(created: &Value, failure: Option<Failure>) -> Result<(), Failure> {
    let refused = match (failure, &created["test"]) {
        (Some(failure), _) => failure.to_string(),
        (None, test) if test["ok"] == false => test::words(test),
        (None, test) if is_above(&created["connection"], test) => {
            let (name, limit) = (text(&created["connection"], "id"), &test["org"]["limit"]);
            return Err(Failure::Conflict(format!(
                "the connection {name} is created, but its API limit is above the org's own of {limit} calls in 24 hours; \
                 `resync limit {name} {limit}` puts that right"
            )));
        }
        (None, _) => return Ok(()),
    };
    let name = created["connection"]["id"].as_str().unwrap_or("-");
    Err(Failure::Conflict(format!(
        "the connection {name} is created, but its test call came to nothing: {refused}; put that right, then \
         `resync connection test {name}`"
    )))
}
