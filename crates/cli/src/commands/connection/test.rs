//! `resync connection test`: signs in and makes one harmless call.
//!
//! Must not know: what the call is.

use serde_json::{Value, json};

use crate::args::Common;
use crate::client::{Client, Route};
use crate::commands::ask::{of_connection, show};
use crate::commands::when::{counted, many};
use crate::exit::Failure;

/// Signs in and makes one harmless call, within the API budget, and says what Salesforce answered.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection test marketing
  resync connection test marketing --json

Exit codes: 0 Salesforce let it in, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy,
8 Salesforce refused it or was not reached, or a gate is closed")]
pub(super) struct TestArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    common: Common,
}

/// Tests the connection.
pub(super) async fn test(args: &TestArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let answer = of_connection(&args.common, name, async |client| call(client, name).await).await?;
    if answer["ok"] == true || args.common.json {
        show(&args.common, &answer, || render(name, &answer))?;
    }
    if answer["ok"] == true { Ok(()) } else { Err(Failure::Conflict(words(&answer))) }
}

/// Has the call made.
pub(in crate::commands) async fn call(client: &Client, name: &str) -> Result<Value, Failure> {
    client.post(Route::of(&["connections", name, "test"]), &json!({})).await
}

/// What Salesforce answered, in words.
pub(in crate::commands) fn words(answer: &Value) -> String {
    answer["words"].as_str().unwrap_or("the answer says nothing").to_owned()
}

/// A call that went well, in words.
pub(super) fn render(name: &str, answer: &Value) -> String {
    let calls = many(answer["api_calls"].as_u64().unwrap_or(0), "API call");
    let org = &answer["org"];
    let used = if org.is_null() {
        String::new()
    } else {
        format!(" The org has used {} of its {} calls.", counted(&org["used"]), counted(&org["limit"]))
    };
    format!("Salesforce let {name} in ({calls}).{used}\n")
}
