//! `resync plan`: what a retry or a deletion would do, before anybody does it.
//!
//! Must not know: how records are counted, or what a plan costs.

use std::fmt::Write;

use rules::counts::ApiCalls;
use serde_json::{Value, json};

use super::ask::{Told, no_record, of_connection, promising, show, told};
use super::errors::text;
use super::retries::wanted;
use super::selection::{SELECTING, Selection};
use super::table::on_one_line;
use super::when::{count, counted, length, many, when_or};
use crate::args::Common;
use crate::client::{Client, Route};
use crate::exit::Failure;

/// Says what a retry or a deletion would do: how many records, at how many API calls, what is left out, when it would end. It
/// changes nothing, and gives the plan an id by which it is carried out.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("wanted").required(true).multiple(true).args(SELECTING),
    after_help = "\
Examples:
  resync plan --type row-lock --connection marketing
  resync plan --all --failed-to 3d --connection marketing --json
  resync plan --state held --connection billing --delete
  resync plan marketing/Contact/C-00004

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong input or data directory, 4 no such connection, error type,
object or record, 7 busy"
)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    selection: Selection,
    /// Plan that their failures are deleted, in place of a retry
    #[arg(long)]
    delete: bool,
    #[command(flatten)]
    common: Common,
}

/// What is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Retry,
    Delete,
}

impl Action {
    /// As the routes name it.
    fn name(self) -> &'static str {
        match self {
            Self::Retry => "resync",
            Self::Delete => "delete",
        }
    }

    /// The route that carries it out.
    pub(super) fn route(self) -> &'static str {
        match self {
            Self::Retry => "resyncs",
            Self::Delete => "deletions",
        }
    }

    /// What a person is asked.
    pub(super) fn question(self) -> &'static str {
        match self {
            Self::Retry => "Retry them?",
            Self::Delete => "Delete their failures? They cannot be brought back",
        }
    }

    /// What would have been done.
    pub(super) fn done(self) -> &'static str {
        match self {
            Self::Retry => "retried",
            Self::Delete => "deleted",
        }
    }
}

/// Makes a plan and shows it.
pub(crate) async fn plan(args: &PlanArgs) -> Result<(), Failure> {
    let name = args.selection.connection()?;
    let action = if args.delete { Action::Delete } else { Action::Retry };
    let told = of_connection(&args.common, name, async |client| {
        let made = make(client, name, &args.selection, action).await?;
        if is_empty(&made.answer) {
            ensure_known(client, &args.selection, name, &made, args.common.json).await?;
        }
        Ok(made)
    })
    .await?;
    show(&args.common, &told.answer, || format!("{}{}", words(&told), next(name, action, &told.answer)))
}

/// Has a plan made.
pub(super) async fn make(
    client: &Client,
    connection: &str,
    selection: &Selection,
    action: Action,
) -> Result<Told, Failure> {
    let mut body = selection.wanted(client).await?;
    body.insert("action".to_owned(), json!(action.name()));
    let answer = client.post(Route::of(&["connections", connection, "plans"]), &Value::Object(body)).await?;
    Ok(promising(client, told(client, answer).await?))
}

/// Fails where a plan means no record because a name in it is not known.
pub(super) async fn ensure_known(
    client: &Client,
    selection: &Selection,
    connection: &str,
    made: &Told,
    quiet: bool,
) -> Result<(), Failure> {
    if let Some(misspelt) = selection.misspelt(client, connection).await? {
        return Err(misspelt);
    }
    let left_out = made.answer["plan"]["exclusions"].as_array().into_iter().flatten();
    let mut unknown = left_out.filter(|left_out| left_out["reason"] == "unknown");
    let Some(unknown) = unknown.next() else { return Ok(()) };
    if !quiet {
        eprint!("{}", words(made));
    }
    let names: Vec<&str> = unknown["named"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let said = format!("no failure of {} is known", names.join(", "));
    match selection.named() {
        [one] => Err(no_record(client, one, said).await),
        _ => Err(Failure::NotFound(said)),
    }
}

/// Whether a plan means no record.
pub(super) fn is_empty(answer: &Value) -> bool {
    answer["plan"]["records"]["number"] == 0
}

/// A plan in words.
pub(super) fn words(Told { answer, now }: &Told) -> String {
    let plan = &answer["plan"];
    let what = if plan["action"] == "delete" { "Deleting the failures of" } else { "Retrying" };
    let mut shown = format!("{what} {} in {}: {}\n", wanted(&plan["wanted"]), text(plan, "connection"), records(plan));
    let mut line = |name: &str, said: String| {
        writeln!(shown, "  {name:<11} {}", on_one_line(&said)).expect("a text takes a line");
    };
    if plan["children"]["number"].as_u64() > Some(0) {
        line("of these", format!("{} wait for a named one and come along", number(&plan["children"])));
    }
    if plan["action"] != "delete" {
        line("API calls", calls(plan));
    }
    for left_out in plan["exclusions"].as_array().into_iter().flatten() {
        let named: Vec<&str> = left_out["named"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let named = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
        line("left out", format!("{}, {}{named}", number(&left_out["records"]), text(left_out, "text")));
    }
    for gate in plan["waits_for"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        line("waits for", gate.to_owned());
    }
    if !is_empty(answer) {
        let starts_when = plan["starts_when"].as_str().unwrap_or("nobody can tell");
        let if_it_runs = if answer["stopped"].is_string() { " if it runs by then" } else { "" };
        if let Some(stopped) = answer["stopped"].as_str() {
            line("stopped", stopped.to_owned());
        }
        line("starts", when_or(&plan["starts"], *now, starts_when) + if_it_runs);
        line(
            "ends",
            format!(
                "{}{if_it_runs}; this assumes {}",
                when_or(&plan["ends"], *now, &ends_after(plan)),
                text(plan, "assumes")
            ),
        );
    }
    shown
}

/// When it ends, as far as that is known without when it starts.
fn ends_after(plan: &Value) -> String {
    match plan["takes_seconds"].as_u64() {
        Some(seconds) if plan["starts"].is_null() => format!("{} after it starts", length(seconds)),
        Some(_) | None => "nobody can tell".to_owned(),
    }
}

fn records(plan: &Value) -> String {
    match plan["records"]["number"].as_u64() {
        Some(0) | None => "no record".to_owned(),
        Some(records) => {
            let about = if plan["records"]["exact"] == true { "" } else { "about " };
            let most = if plan["at_most"] == true { ", perhaps fewer" } else { "" };
            format!("{about}{}{most}", many(records, "record"))
        }
    }
}

/// A count, with whether it is exact.
fn number(count: &Value) -> String {
    format!("{}{}", if count["exact"] == true { "" } else { "about " }, counted(&count["number"]))
}

/// The calls, with the sign-in among them that is not made where a token is at hand.
fn calls(plan: &Value) -> String {
    let [calls, left] = ["calls", "left"].map(|field| ApiCalls(plan[field].as_u64().unwrap_or(0)));
    let about = if plan["records"]["exact"] == true { "at most" } else { "about" };
    let calls_in_words = format!("{about} {}, one of them to sign in if that is needed", count(calls.0));
    match calls.share_of(left) {
        Some(share) => format!("{calls_in_words}; {share} of the {} that are left", count(left.0)),
        None => format!("{calls_in_words}; none is left now"),
    }
}

/// How it is carried out.
fn next(connection: &str, action: Action, answer: &Value) -> String {
    if is_empty(answer) {
        return String::new();
    }
    let command = match action {
        Action::Retry => "retry",
        Action::Delete => "delete",
    };
    let plan = &answer["plan"];
    let (id, until) = (text(plan, "id"), text(plan, "expires"));
    format!(
        "Nothing is changed yet. Until {until} this carries it out:\n  resync {command} --connection {connection} --plan {id}\n"
    )
}

#[cfg(test)]
mod tests {
    use rules::time::Timestamp;
    use serde_json::json;

    use super::words;
    use crate::commands::ask::Told;

    fn plan(changed: &serde_json::Value) -> Told {
        let mut plan = json!({
            "id": "0f", "connection": "acme", "action": "resync", "wanted": { "matching": { "type": "row-lock" } },
            "records": { "number": 1_200, "exact": false }, "at_most": false, "children": null, "calls": 7, "left": 4_990,
            "share_percent": 1, "exclusions": [], "waits_for": [], "starts": "2026-11-25T12:00:00Z",
            "ends": "2026-11-25T12:10:00Z", "starts_when": null, "takes_seconds": 600, "assumes": "a call takes a second", "expires": "2026-11-25T12:30:00Z",
        });
        let stopped = changed["stopped"].clone();
        plan.as_object_mut().expect("an object").extend(changed.as_object().expect("an object").clone());
        let now = Timestamp::parse("2026-11-25T12:00:00Z").expect("a time");
        Told { answer: json!({ "plan": plan, "stopped": stopped }), now }
    }

    #[test]
    fn a_plan_says_what_it_means_and_what_it_costs() {
        let said = words(&plan(&json!({})));
        assert_eq!(
            said,
            "Retrying all with row-lock in acme: about 1,200 records\n  \
             API calls   about 7, one of them to sign in if that is needed; <1 % of the 4,990 that are left\n  \
             starts      2026-11-25 12:00 UTC (now)\n  \
             ends        2026-11-25 12:10 UTC (in 10 min); this assumes a call takes a second\n"
        );
    }

    #[test]
    fn what_is_left_out_is_named_with_its_reason_and_a_closed_gate_with_its_mend() {
        let left_out = json!([{
            "reason": "resolved", "text": "not failing any more; nothing is left to do",
            "records": { "number": 1, "exact": true }, "named": ["Contact/a-1"],
        }]);
        let said = words(&plan(&json!({
            "exclusions": left_out, "waits_for": ["the connection is paused; resume it"], "starts": null, "left": 0,
            "starts_when": "when somebody resumes the connection", "ends": null,
        })));
        assert!(said.contains("left out    1, not failing any more; nothing is left to do: Contact/a-1"), "{said}");
        assert!(said.contains("waits for   the connection is paused; resume it"), "{said}");
        assert!(said.contains("if that is needed; none is left now"), "{said}");
        assert!(said.contains("starts      when somebody resumes the connection\n"), "{said}");
        assert!(said.contains("ends        about 10 min after it starts; this assumes"), "{said}");
    }

    #[test]
    fn a_plan_that_nobody_is_there_to_carry_out_promises_no_time() {
        let stopped = "`resync local` is not running on /srv/resync: nothing is retried until it is started";
        let said = words(&plan(&json!({ "stopped": stopped })));
        assert!(said.contains(&format!("  stopped     {stopped}\n")), "{said}");
        assert!(said.contains("  starts      2026-11-25 12:00 UTC (now) if it runs by then\n"), "{said}");
        assert!(said.contains("(in 10 min) if it runs by then; this assumes"), "{said}");
    }

    #[test]
    fn a_deletion_takes_no_call_and_a_plan_of_nothing_has_no_end() {
        let said = words(&plan(&json!({ "action": "delete", "records": { "number": 0, "exact": true } })));
        assert_eq!(said, "Deleting the failures of all with row-lock in acme: no record\n");
    }
}
