//! Having records retried or deleted: planned and shown, meant, asked for and followed. It is the same for both.
//!
//! Must not know: what either does to a record.

use serde_json::{Value, json};

use super::ask::{Told, of_connection, show};
use super::carrying::{Asked, Asking};
use super::meant::is_meant;
use super::plan::{self, Action};
use super::selection::{SELECTING, Selection};
use crate::args::Common;
use crate::client::Client;
use crate::exit::Failure;

/// What a person says of a request.
#[derive(Debug, clap::Args)]
pub(super) struct RequestArgs {
    #[command(flatten)]
    selection: Selection,
    /// Carry out this plan, by the id that `resync plan` gave
    #[arg(long, value_name = "ID", requires = "connection", conflicts_with_all = SELECTING)]
    plan: Option<String>,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
    /// A name for the request, 1 to 64 letters, digits, - and _
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Wait until it is done
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    common: Common,
}

/// What became of it.
enum Outcome {
    Asked(Asked),
    /// The plan means no record.
    Nothing(Told),
}

impl RequestArgs {
    /// Asks for it, and waits for it if it is to.
    pub(super) async fn carry_out(&self, action: Action) -> Result<(), Failure> {
        let connection = self.selection.connection()?;
        let asking = Asking { connection, id: self.id.as_deref(), wait: self.wait, quiet: self.common.json };
        let outcome = of_connection(&self.common, connection, async |client| {
            asking.ensure_waitable(client)?;
            self.ask(client, &asking, action).await
        });
        self.finish(&asking, outcome.await?)
    }

    async fn ask(&self, client: &Client, asking: &Asking<'_>, action: Action) -> Result<Outcome, Failure> {
        if let Some(id) = &self.plan {
            if action == Action::Delete {
                self.ensure_meant(action)?;
            }
            return asking.ask(client, action.route(), &json!({ "plan": id })).await.map(Outcome::Asked);
        }
        let made = plan::make(client, asking.connection, &self.selection, action).await?;
        let plan = &made.answer["plan"];
        if let Some(known) = asking.known(client, plan).await? {
            return asking.follow(client, known).await.map(Outcome::Asked);
        }
        if plan::is_empty(&made.answer) {
            plan::ensure_known(client, &self.selection, asking.connection, &made, self.common.json).await?;
            return Ok(Outcome::Nothing(made));
        }
        let is_asked = action == Action::Delete || !self.selection.is_named();
        let leaves_out = plan["exclusions"].as_array().is_some_and(|left_out| !left_out.is_empty());
        if (is_asked || leaves_out) && !self.common.json {
            eprint!("{}", plan::words(&made));
        }
        if is_asked {
            self.ensure_meant(action)?;
        }
        // Exactly what was shown. Named records are what they are at any instant.
        let body =
            if is_asked { json!({ "plan": plan["id"] }) } else { Value::Object(self.selection.wanted(client).await?) };
        asking.ask(client, action.route(), &body).await.map(Outcome::Asked)
    }

    fn ensure_meant(&self, action: Action) -> Result<(), Failure> {
        if self.yes || is_meant(action.question().to_owned())? {
            return Ok(());
        }
        Err(Failure::Conflict(format!("nothing is {}, because you did not say yes", action.done())))
    }

    /// Shows the request, or that there is nothing to do and why.
    fn finish(&self, asking: &Asking<'_>, outcome: Outcome) -> Result<(), Failure> {
        match outcome {
            Outcome::Asked(asked) => {
                show(&self.common, &asked.answer, || asked.words(asking.connection))?;
                asked.ensure_done(asking)
            }
            Outcome::Nothing(made) => show(&self.common, &made.answer, || {
                let plan = if self.selection.is_named() { plan::words(&made) } else { String::new() };
                format!("{plan}No failing record of {} is meant.\n", asking.connection)
            }),
        }
    }
}
