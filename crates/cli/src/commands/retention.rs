//! `resync retention`: how long a connection's data is kept.
//!
//! Must not know: when data is dropped.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::ask::{of_connection, show};
use super::when::counted;
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Shows or sets how long a connection keeps resolved records, payloads, audit and run reports.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync retention marketing
  resync retention marketing --resolved-days 60 --payload-days 90
  resync retention marketing --payload-days none

A record whose payload is dropped is not retried any more, until its source reports it again.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong setting or data directory, 4 no such connection, 7 busy")]
pub(crate) struct RetentionArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// Days that a resolved record is kept
    #[arg(long, value_name = "DAYS")]
    resolved_days: Option<u64>,
    /// Days after its last failure that a failing record's payload is kept, or `none`: for as long as it fails
    #[arg(long, value_name = "DAYS")]
    payload_days: Option<Days>,
    /// Days that the audit is kept
    #[arg(long, value_name = "DAYS")]
    audit_days: Option<u64>,
    /// Days that a run's report is kept
    #[arg(long, value_name = "DAYS")]
    report_days: Option<u64>,
    #[command(flatten)]
    common: Common,
}

/// A number of days, or for as long as it takes.
#[derive(Clone, Copy, Debug)]
struct Days(Option<u64>);

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            days => {
                days.parse().map(|days| Self(Some(days))).map_err(|_| "write a number of days or `none`".to_owned())
            }
        }
    }
}

/// Shows or sets the retention.
pub(crate) async fn retention(args: &RetentionArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let route = Route::of(&["connections", name]);
    let change = change(args);
    let answer = of_connection(&args.common, name, async |client| {
        if change.is_empty() {
            client.get(route).await
        } else {
            client.patch(route, &json!({ "retention": change })).await
        }
    })
    .await?;
    show(&args.common, &answer, || render(name, &answer["connection"]["retention"]))
}

fn change(args: &RetentionArgs) -> Map<String, Value> {
    let days = [
        ("resolved_days", args.resolved_days.map(Value::from)),
        ("payload_days", args.payload_days.map(|Days(days)| Value::from(days))),
        ("audit_days", args.audit_days.map(Value::from)),
        ("report_days", args.report_days.map(Value::from)),
    ];
    days.into_iter().filter_map(|(name, days)| Some((name.to_owned(), days?))).collect()
}

fn render(connection: &str, retention: &Value) -> String {
    let payloads = match retention["payload_days"].as_u64() {
        Some(days) => format!("{days} days after the last failure"),
        None => "for as long as the record fails".to_owned(),
    };
    format!(
        "{connection} keeps\n  resolved records  {} days\n  payloads          {payloads}\n  the audit         {} days\n  \
         run reports       {} days\n",
        counted(&retention["resolved_days"]),
        counted(&retention["audit_days"]),
        counted(&retention["report_days"]),
    )
}
