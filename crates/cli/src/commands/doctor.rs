//! `resync doctor`: whether all is there that retries rest on, and the mend of what is not.
//!
//! Must not know: what a connection's health is made of, which its route tells.

use anyhow::Context;
use console::style;
use engine::health::State;
use engine::ports::Clock;
use functions::SystemClock;
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connection::test;
use super::table::on_one_line;
use super::when::{counted, many, time};
use crate::args::Common;
use crate::client::{Client, Place, Route};
use crate::cloud::Deployment;
use crate::cloud::schedules::Schedule;
use crate::exit::Failure;
use crate::output;

/// The clocks of this machine and of a deployment may differ by as much: leases and send limits assume it.
const SKEW_SECONDS: u64 = 5;

/// The times of a deployment's schedules, and what ticks then.
const SCHEDULES: [(&str, &str); 3] = [
    ("cron(0/20 * * * ? *)", "every 20 minutes"),
    ("cron(0 0 * * ? *)", "every midnight"),
    ("cron(30 11,23 * * ? *)", "11:30 and 23:30"),
];

/// Looks at all that retries rest on, and says what is wrong and what to do: the way to the data, versions, clocks, the table
/// and its indexes, the schedules and their last tick, each connection's secret, gates and, by a login and one harmless call
/// within its API budget, Salesforce.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync doctor
  resync doctor marketing --no-call
  resync doctor --url https://ID.lambda-url.eu-central-1.on.aws --stack resync
  resync doctor --json

With --stack the schedules are read from EventBridge Scheduler, which takes the rights scheduler:ListSchedules and
scheduler:GetSchedule. Exit codes: 0 nothing is wrong, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such
connection, 7 busy, 8 something is wrong")]
pub(crate) struct DoctorArgs {
    /// This connection alone
    #[arg(value_name = "CONNECTION")]
    connection: Option<String>,
    /// Send Salesforce nothing
    #[arg(long)]
    no_call: bool,
    /// The name of the stack in AWS, to look at its schedules
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    connection: Option<String>,
    check: String,
    state: State,
    said: String,
    mend: Option<String>,
}

impl Finding {
    fn fine(check: &str, said: impl Into<String>) -> Self {
        Self { connection: None, check: check.to_owned(), state: State::Fine, said: said.into(), mend: None }
    }

    fn waits(check: &str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: State::Waits, mend: Some(mend.into()), ..Self::fine(check, said) }
    }

    fn wrong(check: &str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: State::Wrong, mend: Some(mend.into()), ..Self::fine(check, said) }
    }

    fn of(self, connection: &str) -> Self {
        Self { connection: Some(connection.to_owned()), ..self }
    }
}

/// Looks, and tells.
pub(crate) async fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let findings = super::ask::ask(&args.common, async |client| Examination { args, client }.findings().await).await?;
    let wrong = findings.iter().filter(|finding| finding.state == State::Wrong).count();
    let text = if args.common.json {
        let told = serde_json::json!({ "findings": findings, "wrong": wrong });
        serde_json::to_string_pretty(&told).context("writing the findings")? + "\n"
    } else {
        findings.iter().map(words).collect()
    };
    output::print(&text)?;
    match wrong {
        0 => Ok(()),
        _ => Err(Failure::Conflict(format!("{} wrong; what is said beside each helps", many(wrong as u64, "finding")))),
    }
}

fn words(finding: &Finding) -> String {
    let mark = match finding.state {
        State::Fine => style("fine ").green(),
        State::Waits => style("waits").yellow(),
        State::Wrong => style("WRONG").red(),
    };
    let of = finding.connection.as_ref().map(|connection| format!("{connection}: ")).unwrap_or_default();
    let mut text = format!("{mark}  {of}{}: {}\n", finding.check, on_one_line(&finding.said));
    if let Some(mend) = &finding.mend {
        text.extend(["       ", &on_one_line(mend), "\n"]);
    }
    text
}

/// What is looked at, and through whom.
struct Examination<'a> {
    args: &'a DoctorArgs,
    client: &'a Client,
}

impl Examination<'_> {
    async fn findings(&self) -> Result<Vec<Finding>, Failure> {
        let asked = SystemClock.now();
        let system = self.client.get("/v1/system").await?;
        let mut findings = vec![self.way(), version(&system)];
        let place = Place::of(&self.args.common)?;
        if let Place::Cloud(address) = place {
            findings.push(clock(&system, asked, SystemClock.now()));
            if let Some(stack) = &self.args.stack {
                let deployment = Deployment::at(address, self.args.common.region.clone()).await?;
                findings.push(schedules(stack, deployment.schedules(stack).await));
            }
        }
        let listed = self.client.get("/v1/connections").await?;
        findings.push(table(&listed));
        for name in self.named(&listed)? {
            findings.extend(self.of_connection(&name).await?);
        }
        Ok(findings)
    }

    /// The connections that are looked at.
    fn named(&self, listed: &Value) -> Result<Vec<String>, Failure> {
        let lines = listed["connections"].as_array().into_iter().flatten();
        let all: Vec<String> = lines.filter_map(|line| line["id"].as_str()).map(str::to_owned).collect();
        match &self.args.connection {
            None => Ok(all),
            Some(name) if all.contains(name) => Ok(vec![name.clone()]),
            Some(name) => {
                let near = api::near::near(name, all.iter().map(String::as_str));
                Err(Failure::NotFound(format!("there is no connection {name}{}", api::near::did_you_mean(&near))))
            }
        }
    }

    fn way(&self) -> Finding {
        if self.client.is_for_looking_only() {
            return Finding::fine("way", "the directory is what a demo kept; time stands still in it");
        }
        match (self.client.is_running(), self.client.url()) {
            (true, Some(url)) => Finding::fine("way", format!("a resync local runs at {url}, and its schedules tick")),
            (true, None) => Finding::fine("way", "the deployment takes requests signed with your AWS credentials"),
            (false, _) => Finding::wrong(
                "way",
                "no resync local runs on the data directory, so that no schedule ticks",
                "start `resync local`",
            ),
        }
    }

    async fn of_connection(&self, name: &str) -> Result<Vec<Finding>, Failure> {
        let told = self.client.get(Route::of(&["connections", name, "health"])).await?;
        let mut findings: Vec<Finding> = told["findings"].as_array().into_iter().flatten().map(read).collect();
        if !self.args.no_call && !self.client.is_for_looking_only() {
            findings.push(salesforce(name, test::call(self.client, name).await));
        }
        Ok(findings.into_iter().map(|finding| finding.of(name)).collect())
    }
}

/// A finding of a connection's health.
fn read(told: &Value) -> Finding {
    let text = |field: &str| told[field].as_str().unwrap_or("-").to_owned();
    // A newer deployment may know more; what it does not call fine is not told as fine.
    let state = State::deserialize(&told["state"]).unwrap_or(State::Wrong);
    Finding {
        connection: None,
        check: text("check"),
        state,
        said: text("said"),
        mend: told["mend"].as_str().map(str::to_owned),
    }
}

fn version(system: &Value) -> Finding {
    let (theirs, ours) = (system["version"].as_str().unwrap_or("unknown"), env!("CARGO_PKG_VERSION"));
    if theirs == ours {
        return Finding::fine("version", format!("both sides are resync {ours}"));
    }
    let said = format!("resync {theirs} answers, and this command is of {ours}");
    Finding::waits("version", said, "take a command of the same version: an older one may not know what it is told")
}

fn clock(system: &Value, asked: Timestamp, answered: Timestamp) -> Finding {
    let Some(theirs) = time(&system["now"]) else {
        return Finding::wrong("clock", "the deployment does not say what time it has", "is it Resync that answers?");
    };
    // Their clock was read somewhere between the two.
    let skew = asked.since(theirs).max(theirs.since(answered)).as_secs();
    if skew <= SKEW_SECONDS {
        return Finding::fine("clock", format!("the clocks agree within {SKEW_SECONDS} seconds"));
    }
    let said = format!("this machine's clock and the deployment's are {} apart", many(skew, "second"));
    Finding::wrong("clock", said, "set this machine's clock by NTP; AWS refuses signatures that are 5 minutes off")
}

fn table(listed: &Value) -> Finding {
    let connections = listed["connections"].as_array().map_or(0, Vec::len) as u64;
    match listed["unreadable"].as_u64() {
        None | Some(0) if connections == 0 => Finding::waits(
            "table",
            "the table answers; there is no connection yet",
            "`resync connection create` makes one",
        ),
        None | Some(0) => {
            Finding::fine("table", format!("the table answers; {} can be read", many(connections, "connection")))
        }
        Some(unreadable) => Finding::wrong(
            "table",
            format!("the settings of {} cannot be read", many(unreadable, "connection")),
            "a newer version may have written them: the log names them; update this one",
        ),
    }
}

fn schedules(stack: &str, found: Result<Vec<Schedule>, Failure>) -> Finding {
    let found = match found {
        Ok(found) => found,
        Err(failure) => {
            let mend = "ask with the rights scheduler:ListSchedules and scheduler:GetSchedule, or look at them in AWS's console";
            return Finding::wrong("schedules", failure.words(), mend);
        }
    };
    let mend = format!(
        "deploy the stack {stack} anew with `sam deploy`, or enable the schedule; is {stack} the stack's name?"
    );
    for (expression, when) in SCHEDULES {
        let said = match found.iter().find(|schedule| schedule.expression == expression) {
            None => format!("no schedule of {stack} ticks at {expression}, {when} UTC"),
            Some(schedule) if !schedule.is_enabled => format!("the schedule {} is disabled", schedule.name),
            Some(schedule) if schedule.timezone != "UTC" => {
                format!("the schedule {} runs by {}, not by UTC", schedule.name, schedule.timezone)
            }
            Some(_) => continue,
        };
        return Finding::wrong("schedules", said, mend);
    }
    Finding::fine("schedules", format!("the three schedules of {stack} are enabled"))
}

/// What a login and one harmless call came to.
fn salesforce(name: &str, tried: Result<Value, Failure>) -> Finding {
    const CHECK: &str = "salesforce";
    match tried {
        Ok(answer) if answer["ok"] == true => Finding::fine(CHECK, format!("it let us in{}", org(&answer["org"]))),
        Ok(answer) => {
            let mend = format!("put that right, then `resync connection test {name}`");
            Finding::wrong(CHECK, test::words(&answer), mend)
        }
        Err(Failure::Conflict(said)) => Finding::waits(CHECK, said, "it was not asked; --no-call leaves it out"),
        Err(failure) => Finding::wrong(CHECK, failure.words(), "try again, and look into the log"),
    }
}

fn org(figure: &Value) -> String {
    if figure.is_null() {
        return String::new();
    }
    format!("; the org has used {} of its {} calls", counted(&figure["used"]), counted(&figure["limit"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn three() -> Vec<Schedule> {
        let schedule = |(expression, _): &(&str, &str)| Schedule {
            name: format!("resync-{expression}"),
            expression: (*expression).to_owned(),
            timezone: "UTC".to_owned(),
            is_enabled: true,
        };
        SCHEDULES.iter().map(schedule).collect()
    }

    #[test]
    fn the_schedules_are_those_of_the_template() {
        let template = include_str!("../../../../template.yaml");
        let line = |text: &str| text.trim().strip_prefix("ScheduleExpression: ").map(str::to_owned);
        let deployed: Vec<String> = template.lines().filter_map(line).collect();
        assert_eq!(deployed, SCHEDULES.map(|(expression, _)| expression.to_owned()));
    }

    #[test]
    fn a_schedule_that_lacks_or_is_disabled_or_runs_by_another_time_is_told() {
        let told = |found: Vec<Schedule>| schedules("resync", Ok(found));
        assert_eq!(told(three()).state, State::Fine);
        let without = told(three().into_iter().skip(1).collect());
        assert_eq!(
            (without.state, without.said.contains("cron(0/20 * * * ? *), every 20 minutes")),
            (State::Wrong, true)
        );
        let mut disabled = three();
        disabled[1].is_enabled = false;
        assert!(told(disabled).said.contains("resync-cron(0 0 * * ? *) is disabled"));
        let mut elsewhere = three();
        elsewhere[2].timezone = "Europe/Berlin".to_owned();
        assert!(told(elsewhere).said.contains("runs by Europe/Berlin, not by UTC"));
        let refused = schedules("resync", Err(Failure::Conflict("AWS refused".to_owned())));
        assert_eq!((refused.state, refused.said.as_str()), (State::Wrong, "AWS refused"));
    }

    #[test]
    fn clocks_that_differ_by_more_than_leases_assume_are_told() {
        let asked = at("2026-03-02T09:30:00Z");
        let told = |theirs: &str| clock(&serde_json::json!({ "now": theirs }), asked, at("2026-03-02T09:30:20Z"));
        for theirs in ["2026-03-02T09:29:55Z", "2026-03-02T09:30:10Z", "2026-03-02T09:30:25Z"] {
            assert_eq!(told(theirs).state, State::Fine, "{theirs}");
        }
        for (theirs, apart) in [("2026-03-02T09:29:50Z", "10 seconds"), ("2026-03-02T09:31:00Z", "40 seconds")] {
            assert!(told(theirs).said.contains(apart), "{theirs}");
        }
    }
}
