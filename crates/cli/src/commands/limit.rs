//! `resync limit`: the API limit that an administrator sets for a connection.
//!
//! Must not know: what share of it may be used.

use std::str::FromStr;

use serde_json::json;

use super::ask::{of_connection, promising, show, told};
use super::usage::render;
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Shows, sets or removes a connection's API limit. With one, retries use 75 % of it; without one, 5,000 calls in 24 hours.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync limit marketing
  resync limit marketing 20000
  resync limit marketing none

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong limit or data directory, 4 no such connection, 7 busy")]
pub(crate) struct LimitArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// API calls in 24 hours, or `none`
    #[arg(value_name = "LIMIT")]
    limit: Option<Limit>,
    #[command(flatten)]
    common: Common,
}

/// A limit, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit(pub(super) Option<u64>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            number => {
                number.parse().map(|number| Self(Some(number))).map_err(|_| "write a number or `none`".to_owned())
            }
        }
    }
}

/// Shows or sets the limit.
pub(crate) async fn limit(args: &LimitArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let told = of_connection(&args.common, name, async |client| {
        let answer = match args.limit {
            Some(Limit(limit)) => {
                client.put(Route::of(&["connections", name, "limit"]), &json!({ "api_limit": limit })).await?
            }
            None => client.get(Route::of(&["connections", name, "usage"])).await?,
        };
        Ok(promising(client, told(client, answer).await?))
    })
    .await?;
    show(&args.common, &told.answer, || render(name, &told))
}
