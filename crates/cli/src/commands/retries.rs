//! `resync retries`: the retries and deletions that people asked for, and how far they have come.
//!
//! Must not know: how they are worked off.

use std::fmt::Write;

use rules::resync::{Request, Wanted};
use rules::time::Timestamp;
use serde_json::{Value, json};

use super::ask::{Told, of_connection, read, show, told};
use super::errors::text;
use super::table::{Table, on_one_line};
use super::when::{count, counted, many, when_or};
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Lists the retries and deletions that people asked for, the newest first; or shows one, or cancels it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync retries marketing
  resync retries marketing --limit 5 --json
  resync retries marketing friday
  resync retries marketing friday --cancel

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such request or connection, 7 busy,
8 it has ended already")]
pub(crate) struct RetriesArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// One request, by the id that `resync retry` or `resync delete` said
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Cancel it: what was not tried by then is left to the schedules, and what was deleted stays so
    #[arg(long, requires = "id")]
    cancel: bool,
    /// How many at most, up to 500
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    #[command(flatten)]
    common: Common,
}

/// Lists, shows or cancels.
pub(crate) async fn retries(args: &RetriesArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let told = of_connection(&args.common, name, async |client| match &args.id {
        None => {
            let route = Route::of(&["connections", name, "resyncs"]).with("limit", &args.limit.to_string());
            read(client, route).await
        }
        Some(id) if args.cancel => {
            let route = Route::of(&["connections", name, "resyncs", id, "cancel"]);
            told(client, client.post(route, &json!({})).await?).await
        }
        Some(id) => read(client, Route::of(&["connections", name, "resyncs", id])).await,
    })
    .await?;
    let answer = &told.answer;
    show(&args.common, answer, || match &args.id {
        None => list(name, &told),
        Some(_) => whole(answer),
    })?;
    match answer["cancelled"].as_bool() {
        Some(false) => Err(Failure::Conflict("there is nothing to cancel, because it has ended already".to_owned())),
        Some(true) | None => Ok(()),
    }
}

fn list(connection: &str, Told { answer, now }: &Told) -> String {
    let requests = answer["resyncs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if requests.is_empty() {
        return format!("Nobody has asked for a retry or a deletion in {connection}; `resync retry` does.\n");
    }
    let mut table = Table::new(&[
        "=ID",
        "ASKED",
        "BY",
        "ACTION",
        "WANTED",
        "STATE",
        ">TRIED",
        ">RESOLVED",
        ">FAILED",
        ">DELETED",
        ">LEFT ALONE",
    ]);
    for request in requests {
        table.row(row(request, *now));
    }
    table.text()
}

fn row(request: &Value, now: Timestamp) -> [String; 11] {
    let done = &request["progress"];
    [
        text(request, "id"),
        when_or(&request["as_of"], now, "-"),
        text(request, "requested_by"),
        text(request, "action"),
        wanted(&request["wanted"]),
        text(request, "state"),
        counted(&done["tried"]),
        counted(&done["resolved"]),
        counted(&done["failed"]),
        if is_deletion(request) { count(done["deleted"].as_u64().unwrap_or(0)) } else { "-".to_owned() },
        counted(&done["skipped"]),
    ]
}

/// A request in words.
pub(super) fn words(request: &Value) -> String {
    let (id, wanted) = (text(request, "id"), wanted(&request["wanted"]));
    let what = if is_deletion(request) { "Deletion" } else { "Retry" };
    format!("{what} {id} of {wanted}: {}; {}{}", text(request, "state"), progress(request), passed_over(request))
}

/// The planned records that it did not come to.
fn passed_over(request: &Value) -> String {
    let request = serde_json::from_value::<Request>(request.clone());
    request.ok().and_then(|request| request.passed_over()).map_or_else(String::new, |passed| {
        let about = if passed.exact { "" } else { "about " };
        let were = if passed.number == 1 { "was" } else { "were" };
        format!(
            "; {about}{} of those planned {were} not there any more, because another request had taken them or they were done",
            count(passed.number)
        )
    })
}

/// A request, and what it waits for.
pub(super) fn whole(answer: &Value) -> String {
    let mut shown = format!("{}\n", words(&answer["request"]));
    for gate in answer["waits_for"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        writeln!(shown, "  waits for  {}", on_one_line(gate)).expect("a text takes a line");
    }
    shown
}

fn is_deletion(request: &Value) -> bool {
    request["action"] == "delete"
}

/// How far a request has come, in words.
pub(super) fn progress(request: &Value) -> String {
    let done = &request["progress"];
    // A run died on the way, and had not noted all that it did.
    let least = if done["at_least"] == true { "at least " } else { "" };
    if is_deletion(request) {
        let deleted = count(done["deleted"].as_u64().unwrap_or(0));
        return format!("{least}{deleted} deleted, {} left alone", counted(&done["skipped"]));
    }
    let [tried, resolved, failed, unknown, skipped] =
        ["tried", "resolved", "failed", "unknown", "skipped"].map(|name| counted(&done[name]));
    format!(
        "{least}{tried} tried, {resolved} resolved, {failed} failed, {unknown} with an unknown outcome, {skipped} left alone"
    )
}

/// What is wanted, in words.
pub(super) fn wanted(wanted: &Value) -> String {
    let said = match serde_json::from_value(wanted.clone()) {
        Ok(Wanted::Records(records)) => match records.as_slice() {
            [(object, id)] => format!("{object}/{id}"),
            records => many(records.len() as u64, "record"),
        },
        Ok(Wanted::Matching(matching)) => matching.to_string(),
        Err(_) => "something that a newer resync knows".to_owned(),
    };
    on_one_line(&said)
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use serde_json::json;

    #[test]
    fn what_is_wanted_is_said_in_words() {
        assert_eq!(wanted(&json!({ "records": [["Contact", "C-1"]] })), "Contact/C-1");
        assert_eq!(wanted(&json!({ "records": [["Contact", "C-1"], ["Contact", "C-2"]] })), "2 records");
        assert_eq!(wanted(&json!({ "matching": { "type": "row-lock" } })), "all with row-lock");
        assert_eq!(
            wanted(&json!({ "matching": { "object": "Contact", "state": "held" } })),
            "all of Contact that are held"
        );
        assert_eq!(wanted(&json!({ "all": { "object": "Contact" } })), "all of Contact");
        assert_eq!(wanted(&json!({ "newer": {} })), "something that a newer resync knows");
    }
}
