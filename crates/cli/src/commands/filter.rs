//! The options that say which failing records are meant, for every command that lists some.
//!
//! Must not know: how records are found; the routes check what is given.

use super::misspelt::misspelt;
use super::moment::{Moment, instants};
use crate::client::{Client, Route};
use crate::exit::Failure;

/// Which failing records: those that fit every option that is given.
#[derive(Debug, clap::Args)]
pub(super) struct FilterArgs {
    /// Only those that fail with this type of error
    #[arg(long = "type", value_name = "TYPE")]
    error_type: Option<String>,
    /// Only those of this object
    #[arg(long, value_name = "OBJECT")]
    object: Option<String>,
    /// Only those in this state
    #[arg(long, value_name = "STATE", value_parser = ["scheduled", "timed_out", "held", "expired"])]
    state: Option<String>,
    /// Only those that first failed since then: a time, or a span back from now, such as 12h or 3d
    #[arg(long, value_name = "WHEN")]
    failed_from: Option<Moment>,
    /// Only those that first failed by then: a time, or a span back from now
    #[arg(long, value_name = "WHEN")]
    failed_to: Option<Moment>,
    /// Only those whose message has this text in it, in any case; needs --type
    #[arg(long, value_name = "TEXT", requires = "error_type")]
    message: Option<String>,
    /// Only those whose external id begins like this, or is this
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

impl FilterArgs {
    /// The route that asks for them.
    pub(super) async fn asked_of(&self, client: &Client, route: Route) -> Result<Route, Failure> {
        let times = instants(client, [self.failed_from, self.failed_to]).await?;
        let [from, to] = times.map(|time| time.map(|time| time.to_string()));
        let route = route.with_some("failed_from", from.as_deref()).with_some("failed_to", to.as_deref());
        Ok(self.texts().into_iter().fold(route, |route, (name, value)| route.with_some(name, value)))
    }

    /// Whether any option is given.
    pub(super) fn is_given(&self) -> bool {
        let times = [self.failed_from, self.failed_to];
        self.texts().iter().any(|(_, value)| value.is_some()) || times.iter().any(Option::is_some)
    }

    /// Why it may be that none fits: a name that nobody knows.
    pub(super) async fn misspelt(&self, client: &Client, connection: &str) -> Result<Option<Failure>, Failure> {
        misspelt(client, connection, self.error_type.as_deref(), self.object.as_deref()).await
    }

    fn texts(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("type", self.error_type.as_deref()),
            ("object", self.object.as_deref()),
            ("state", self.state.as_deref()),
            ("message", self.message.as_deref()),
            ("id", self.id.as_deref()),
        ]
    }
}
