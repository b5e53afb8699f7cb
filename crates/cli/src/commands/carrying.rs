//! A request of a person's on its way: asked for, waited for, shown. It is the same for retries and deletions.
//!
//! Must not know: which records are meant.

use std::io::IsTerminal;
use std::time::Duration;

use engine::ports::Clock;
use functions::SystemClock;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::errors::text;
use super::retries::{progress, words};
use super::when::many;
use crate::client::{Client, Route};
use crate::exit::Failure;

/// How often a request that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How a request is asked for and followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) connection: &'a str,
    /// The caller's own name for it.
    pub(super) id: Option<&'a str>,
    pub(super) wait: bool,
    /// Whether nothing but the answer is to be shown.
    pub(super) quiet: bool,
}

/// What became of asking: the answer, and whether somebody is there to carry it out.
pub(super) struct Asked {
    pub(super) answer: Value,
    runs: bool,
}

impl Asking<'_> {
    /// Fails where nobody is there who could be waited for.
    pub(super) fn ensure_waitable(&self, client: &Client) -> Result<(), Failure> {
        if self.wait && !client.is_running() {
            let said = "no `resync local` runs here, so there is nothing to wait for; start it, or leave out --wait";
            return Err(Failure::Conflict(said.to_owned()));
        }
        Ok(())
    }

    /// Asks by `route` for what `body` says, and waits for the end if it is to.
    pub(super) async fn ask(&self, client: &Client, route: &str, body: &Value) -> Result<Asked, Failure> {
        let route = Route::of(&["connections", self.connection, route]);
        let answer = client.post_as(route, self.id, body).await?;
        self.follow(client, answer).await
    }

    /// Goes on with a request that was asked for.
    pub(super) async fn follow(&self, client: &Client, asked: Value) -> Result<Asked, Failure> {
        let answer = if self.wait { self.wait(client, asked).await? } else { asked };
        Ok(Asked { answer, runs: client.is_running() })
    }

    /// The request of this name, if there is one: a script that repeats itself is told how it stands. One of the name that wants
    /// something else is a conflict.
    pub(super) async fn known(&self, client: &Client, plan: &Value) -> Result<Option<Value>, Failure> {
        let Some(id) = self.id else { return Ok(None) };
        let known = match client.get(Route::of(&["connections", self.connection, "resyncs", id])).await {
            Ok(known) => known,
            Err(Failure::NotFound(_)) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        if ["action", "wanted"].iter().all(|part| known["request"][*part] == plan[*part]) {
            return Ok(Some(known));
        }
        Err(Failure::Conflict(format!("{id} is another request's name: {}; take a new one", words(&known["request"]))))
    }

    /// Follows the request to its end. Who waits at a closed gate is told at once, on standard error: it may be a day.
    async fn wait(&self, client: &Client, asked: Value) -> Result<Value, Failure> {
        let id = text(&asked["request"], "id");
        if !self.quiet && asked["waits_for"].as_array().is_some_and(|gates| !gates.is_empty()) {
            eprint!("{}", render(self.connection, &asked, true));
        }
        let bar = self.bar(&asked["request"]);
        loop {
            let now = client.get(Route::of(&["connections", self.connection, "resyncs", &id])).await?;
            let done = &now["request"]["progress"];
            bar.set_position(["tried", "deleted", "skipped"].iter().filter_map(|name| done[*name].as_u64()).sum());
            bar.set_message(progress(&now["request"]));
            bar.tick();
            if now["request"]["state"] != "open" {
                bar.finish_and_clear();
                return Ok(now);
            }
            SystemClock.wait(LOOK_EVERY).await;
        }
    }

    /// A bar as long as the plan, or a wheel where nobody knows how many there are.
    fn bar(&self, request: &Value) -> ProgressBar {
        let planned = request["planned"]["records"]["number"].as_u64();
        let bar = planned.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        if self.quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if planned.is_some() {
            let style = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len}, {msg}");
            bar.set_style(style.expect("the template is sound"));
        }
        bar
    }
}

impl Asked {
    /// The request in words.
    pub(super) fn words(&self, connection: &str) -> String {
        render(connection, &self.answer, self.runs)
    }

    /// Fails when what was waited for was cancelled.
    pub(super) fn ensure_done(&self, asking: &Asking<'_>) -> Result<(), Failure> {
        match (asking.wait, self.answer["request"]["state"].as_str()) {
            (true, Some("cancelled")) => Err(Failure::Conflict("it was cancelled before it was done".to_owned())),
            (_, _) => Ok(()),
        }
    }
}

/// Why records were left alone, a line each.
fn skipped(because: &Value) -> impl Iterator<Item = String> {
    let why = [
        ("unknown", "of which no failure is known"),
        ("resolved", "that did not fail any more"),
        ("payload_missing", "with nothing to send: their payload is gone"),
        ("failed_anew", "that failed anew since"),
        ("changed", "that did not fit the description, or did not any more"),
    ];
    let line = |(name, words): (&str, &str)| {
        let records = because[name].as_u64().filter(|records| *records > 0)?;
        Some(format!("  left alone: {} {words}", many(records, "record")))
    };
    why.map(line).into_iter().flatten()
}

fn render(connection: &str, asked: &Value, runs: bool) -> String {
    let request = &asked["request"];
    let is_open = request["state"] == "open";
    let gates = asked["waits_for"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let local = (is_open && !runs).then_some("`resync local`, which does not run here; start it");
    let mut lines = vec![words(request)];
    lines.extend(gates.chain(local).map(|gate| format!("  waits for: {gate}")));
    lines.extend(skipped(&request["progress"]["skipped_because"]));
    lines.extend(is_open.then(|| format!("`resync retries {connection} {}` follows it.", text(request, "id"))));
    lines.join("\n") + "\n"
}
