//! The options that say which failing records are meant, for every command that lists some.
//!
//! Must not know: how records are found; the routes check what is given.

use crate::client::Route;

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
    /// Only those that failed first at this time or later, such as 2026-03-01T09:30:00Z
    #[arg(long, value_name = "TIME")]
    failed_from: Option<String>,
    /// Only those that failed first at this time or before
    #[arg(long, value_name = "TIME")]
    failed_to: Option<String>,
    /// Only those whose message has this text in it, in any case; needs --type
    #[arg(long, value_name = "TEXT", requires = "error_type")]
    message: Option<String>,
    /// Only those whose external id begins like this, or is this
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

impl FilterArgs {
    /// The route that asks for them.
    pub(super) fn asked_of(&self, route: Route) -> Route {
        self.parts().into_iter().fold(route, |route, (name, value)| route.with_some(name, value))
    }

    /// Whether any option is given.
    pub(super) fn is_given(&self) -> bool {
        self.parts().iter().any(|(_, value)| value.is_some())
    }

    fn parts(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("type", self.error_type.as_deref()),
            ("object", self.object.as_deref()),
            ("state", self.state.as_deref()),
            ("failed_from", self.failed_from.as_deref()),
            ("failed_to", self.failed_to.as_deref()),
            ("message", self.message.as_deref()),
            ("id", self.id.as_deref()),
        ]
    }
}
