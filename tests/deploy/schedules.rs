//! The schedules: that each is there, when it fires, what it starts, and what becomes of a tick that starts nothing.
//!
//! Must not know: what a tick is for.

use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use rules::time::Timestamp;
use serde_json::{Value, json};

use super::access::statements;
use super::template::{Resource, Template, each, referred};

/// Each binary that a schedule starts, and when: every 20 minutes, at midnight GMT, at 11:30 and 23:30 UTC.
pub(super) const SCHEDULES: [(&str, &str); 3] = [
    ("retry-due", "cron(0/20 * * * ? *)"),
    ("retry-timed-out", "cron(0 0 * * ? *)"),
    ("retry-recent", "cron(30 11,23 * * ? *)"),
];

/// Where triggers go that started nothing.
pub(super) const DEAD_LETTERS: &str = "RunDeadLetters";

/// What is wrong with the schedules.
pub(super) fn problems(template: &Template) -> Vec<String> {
    let mut problems: Vec<String> =
        SCHEDULES.iter().flat_map(|(binary, cron)| of_binary(template, binary, cron)).collect();
    let started: Vec<&str> =
        SCHEDULES.iter().filter_map(|(binary, _)| template.function(binary)).map(|one| one.name).collect();
    for schedule in template.of_kind("AWS::Scheduler::Schedule") {
        let target = referred(&schedule.properties["Target"]["Arn"]);
        if !target.is_some_and(|target| started.contains(&target)) {
            problems.push(format!("the schedule {} starts {target:?}, which no schedule is to start", schedule.name));
        }
    }
    problems
}

fn of_binary(template: &Template, binary: &str, cron: &str) -> Vec<String> {
    let Some(function) = template.function(binary) else {
        return vec![format!("no function is built from the binary {binary}")];
    };
    let starts = |one: &Resource<'_>| referred(&one.properties["Target"]["Arn"]) == Some(function.name);
    let found: Vec<_> = template.of_kind("AWS::Scheduler::Schedule").filter(starts).collect();
    match found[..] {
        [schedule] => of_schedule(template, schedule, function.name, cron),
        [] => vec![format!("no schedule starts {binary}; {cron} is to")],
        _ => vec![format!("{} schedules start {binary}", found.len())],
    }
}

fn of_schedule(template: &Template, schedule: Resource<'_>, function: &str, cron: &str) -> Vec<String> {
    let (name, is) = (schedule.name, schedule.properties);
    let dead_letters = referred(&is["Target"]["DeadLetterConfig"]["Arn"]);
    // The next tick is 20 minutes away, the next night a day.
    let attempts = if cron.starts_with("cron(0/20 ") { 0 } else { 5 };
    let retry = json!({"MaximumRetryAttempts": attempts, "MaximumEventAgeInSeconds": 1200});
    let input = is["Target"]["Input"].as_str().and_then(|input| serde_json::from_str(input).ok());
    let rules = [
        (is["ScheduleExpression"] == cron, format!("the schedule {name} does not fire at {cron}")),
        (is["ScheduleExpressionTimezone"] == "UTC", format!("the schedule {name} is not in UTC")),
        (is["FlexibleTimeWindow"]["Mode"] == "OFF", format!("the schedule {name} has a flexible window")),
        (is.get("State").is_none_or(|state| state == "ENABLED"), format!("the schedule {name} is not enabled")),
        (is.get("Name").is_none(), format!("the schedule {name} has a fixed name, so that two stacks would collide")),
        (is["Target"]["RetryPolicy"] == retry, format!("the schedule {name} does not give up as {retry} does")),
        (dead_letters == Some(DEAD_LETTERS), format!("the schedule {name} has no dead-letter queue {DEAD_LETTERS}")),
        (input == Some(event()), format!("the schedule {name} does not send the event that the binaries read")),
        (
            may(template, &is["Target"]["RoleArn"], "lambda:InvokeFunction", function),
            format!("the role of the schedule {name} may not start {function}"),
        ),
        (
            may(template, &is["Target"]["RoleArn"], "sqs:SendMessage", DEAD_LETTERS),
            format!("the role of the schedule {name} may not send to {DEAD_LETTERS}"),
        ),
    ];
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, problem)| problem).collect()
}

/// Whether this role may do so with the resource of that name.
fn may(template: &Template, role: &Value, action: &str, with: &str) -> bool {
    let role = referred(role).and_then(|role| template.resource(role));
    let Some(role) = role else { return false };
    statements(role).iter().any(|statement| {
        each(&statement["Action"]).contains(&&json!(action))
            && each(&statement["Resource"]).iter().any(|one| referred(one) == Some(with))
    })
}

/// The schedules' event before the scheduler has filled it in.
fn event() -> Value {
    let mut event = scheduled_event(Schedule::Due, Timestamp::from_millis(0));
    event["time"] = json!("<aws.scheduler.scheduled-time>");
    event["resources"] = json!(["<aws.scheduler.schedule-arn>"]);
    event
}
