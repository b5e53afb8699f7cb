//! What the checks say of templates that lack something: each mutant is the project's template without one thing, translated anew.
//!
//! Must not know: how a check finds out.

use super::template::{Given, Template, text, translated};
use super::when::WHEN;
use super::{alarms, notifications, problems};

/// A template that lacks one thing, and words that the sentence about it must have.
struct Mutant {
    lacks: String,
    text: String,
    words: Vec<String>,
}

/// The template's text without the lines from `first` on that hang below it, or only that line when none does.
fn without(lines: &[&str], first: usize) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = depth(lines[first]);
    let below = lines[first + 1..].iter().take_while(|line| !line.trim().is_empty() && depth(line) > own).count();
    let kept = lines.iter().enumerate().filter(|(number, _)| !(first..=first + below).contains(number));
    kept.map(|(_, line)| *line).collect::<Vec<_>>().join("\n")
}

/// One mutant for each line of which `words` knows what the sentence must name, when what hangs below it is gone.
fn mutants(words: impl Fn(&str, &str) -> Option<Vec<String>>) -> Vec<Mutant> {
    mutants_of("template.yaml", words)
}

/// The same of another file of the project.
fn mutants_of(file: &str, words: impl Fn(&str, &str) -> Option<Vec<String>>) -> Vec<Mutant> {
    let template = text(file);
    let lines: Vec<&str> = template.lines().collect();
    let mut resource = "";
    let mut mutants = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':') {
            resource = line.trim().trim_end_matches(':');
        }
        if let Some(words) = words(resource, line.trim()) {
            let lacks = format!("line {} of {resource}: {}", number + 1, line.trim());
            mutants.push(Mutant { lacks, text: without(&lines, number), words });
        }
    }
    mutants
}

#[track_caller]
fn each_is_named(mutants: &[Mutant], at_least: usize) {
    let given = |mutant: &Mutant| if mutant.lacks.contains("kms:") { Given::Everything } else { Given::Nothing };
    each_is_named_by(problems, given, mutants, at_least);
}

/// The same by another check.
#[track_caller]
fn each_is_named_by(
    problems: fn(&Template) -> Vec<String>,
    given: fn(&Mutant) -> Given,
    mutants: &[Mutant],
    at_least: usize,
) {
    assert!(mutants.len() >= at_least, "{} mutants only", mutants.len());
    let texts: Vec<String> = mutants.iter().map(|mutant| mutant.text.clone()).collect();
    for (mutant, whole) in mutants.iter().zip(translated(&texts)) {
        let said = problems(&Template::of(whole, given(mutant)));
        let names = |sentence: &String| mutant.words.iter().all(|word| sentence.contains(word.as_str()));
        assert!(said.iter().any(names), "without {} the checks say {said:?}", mutant.lacks);
    }
}

/// Mutants of a file in which a metric at a time has a name that nothing writes; `named` finds the metric of a line.
fn misnamed(file: &str, named: fn(&str) -> Option<&str>) -> Vec<Mutant> {
    let whole = text(file);
    let lines: Vec<&str> = whole.lines().collect();
    let of_line = |(number, line): (usize, &&str)| {
        let metric = named(line.trim())?;
        let wrong = format!("{metric}Renamed");
        let mut lines = lines.clone();
        let renamed = line.replacen(metric, &wrong, 1);
        lines[number] = &renamed;
        Some(Mutant {
            lacks: format!("the metric {metric} in line {}", number + 1),
            text: lines.join("\n"),
            words: vec![wrong],
        })
    };
    lines.iter().enumerate().filter_map(of_line).collect()
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[test]
fn every_action_that_a_function_or_a_schedule_lacks_is_named() {
    const SERVICES: [&str; 7] = ["dynamodb:", "events:", "sqs:", "logs:", "kms:", "secretsmanager:", "lambda:"];
    let mutants = mutants(|resource, line| {
        let action = line.strip_prefix("- ").or_else(|| line.strip_prefix("Action: "))?;
        let is_action = SERVICES.iter().any(|service| action.starts_with(service));
        if !is_action || !resource.ends_with("Role") {
            return None;
        }
        match resource {
            "SchedulesRole" => Some(words(["the role of the schedule", "may not start"])),
            _ => Some(words([resource.trim_end_matches("Role"), "may not", action])),
        }
    });
    each_is_named(&mutants, 25);
}

#[test]
fn every_environment_variable_that_a_function_lacks_is_named() {
    let mutants = mutants(|_, line| {
        let (name, _) = line.split_once(": ")?;
        let is_variable = name.starts_with("RESYNC_") || name == "RUST_LOG";
        is_variable.then(|| words(["is not told", name]))
    });
    each_is_named(&mutants, 5);
}

#[test]
fn every_dead_letter_queue_that_something_lacks_is_named() {
    let mutants = mutants(|resource, line| match line {
        _ if line.starts_with("DeadLetterConfig:") && resource.ends_with("Rule") => {
            Some(words(["the rule", resource, "has no dead-letter queue"]))
        }
        _ if line.starts_with("DeadLetterConfig:") => Some(words([resource, "has no dead-letter queue"])),
        "RedrivePolicy:" => Some(words([resource, "does not put a message aside"])),
        "DestinationConfig:" if resource == "RetryTimedOut" => {
            Some(words(["failed invocations of RetryRecent are not put aside"]))
        }
        "DestinationConfig:" => Some(words(["failed invocations of RetryDue are not put aside"])),
        _ => None,
    });
    each_is_named(&mutants, 10);
}

#[test]
fn every_schedule_that_is_missing_or_lacks_something_is_named() {
    let mutants = mutants(|resource, line| {
        let binary = match resource {
            "RetryDue" => "retry-due",
            "RetryTimedOut" => "retry-timed-out",
            "RetryRecent" => "retry-recent",
            _ => return None,
        };
        match line {
            "Events:" => Some(words(["no schedule starts", binary, "is to"])),
            _ if line.starts_with("ScheduleExpressionTimezone:") => Some(words([resource, "is not in UTC"])),
            _ if line.starts_with("OmitName:") => Some(words([resource, "has a fixed name"])),
            _ if line.starts_with("RetryPolicy:") => Some(words([resource, "does not give up as"])),
            _ => None,
        }
    });
    each_is_named(&mutants, 12);
}

#[test]
fn every_log_group_encryption_and_retention_that_is_missing_is_named() {
    let mutants = mutants(|resource, line| {
        let property = line.split_once(':')?.0;
        match property {
            "RetentionInDays" => Some(words([resource, "is kept for ever"])),
            "LoggingConfig" => Some(words([resource, "has no log group of its own"])),
            "SqsManagedSseEnabled" | "SSEEnabled" => Some(words([resource, "is not encrypted"])),
            "DeletionPolicy" => Some(words([resource, "is deleted with the stack"])),
            "DeletionProtectionEnabled" => Some(words([resource, "can be deleted"])),
            "PointInTimeRecoverySpecification" => Some(words([resource, "cannot be restored"])),
            _ => None,
        }
    });
    each_is_named(&mutants, 20);
}

#[test]
fn every_resource_that_a_trigger_goes_through_is_named_when_it_is_missing() {
    let mutants = mutants(|resource, line| {
        let name = line.strip_suffix(':').filter(|name| *name == resource)?;
        match name {
            "Archive" => Some(words(["no archive keeps"])),
            "DueRequestedRule" => Some(words(["a Run Requested with due starts"])),
            "TimedOutRequestedRule" => Some(words(["a Run Requested with timed_out starts"])),
            "RecentRequestedRule" => Some(words(["a Run Requested with recent starts"])),
            "ForcedRequestedRule" => Some(words(["a Run Requested with forced starts"])),
            "DueRequestedPermission" => Some(words(["RetryDue does not let the rule DueRequestedRule in"])),
            "ForcedRequestedPermission" => Some(words(["RetryRequested does not let the rule ForcedRequestedRule in"])),
            "RunDeadLettersPolicy" => Some(words(["RunDeadLetters takes nothing from the rule"])),
            "Alarms" => Some(words(["infra/alarms.yaml is not deployed"])),
            _ => None,
        }
    });
    each_is_named(&mutants, 9);
}

#[test]
fn every_ceiling_that_a_function_lacks_is_named() {
    let mutants = mutants(|resource, line| {
        let property = line.split_once(':')?.0;
        ["ReservedConcurrentExecutions", "ScalingConfig"]
            .contains(&property)
            .then(|| words(["the ceiling of", resource, "is not"]))
    });
    each_is_named_by(problems, |_| Given::Everything, &mutants, 6);
}

#[test]
fn every_alarm_that_is_missing_and_every_metric_that_is_misnamed_in_one_is_named() {
    let nothing = |_: &Mutant| Given::Nothing;
    let missing = mutants_of("infra/alarms.yaml", |resource, line| {
        let name = line.strip_suffix(':').filter(|name| *name == resource)?;
        WHEN.iter().any(|row| row.0 == name).then(|| words(["there is no alarm", name]))
    });
    each_is_named_by(alarms::problems, nothing, &missing, WHEN.len());
    let misnamed = misnamed("infra/alarms.yaml", |line| line.strip_prefix("MetricName: "));
    each_is_named_by(alarms::problems, nothing, &misnamed, 30);
}

#[test]
fn every_metric_that_is_misnamed_and_every_alarm_that_is_missing_on_the_dashboard_is_named() {
    let nothing = |_: &Mutant| Given::Nothing;
    let misnamed = misnamed("infra/dashboard.yaml", |line| {
        let (namespace, rest) = line.strip_prefix("[\"")?.split_once("\", \"")?;
        let metric = rest.split('"').next()?;
        (namespace == "Resync" || namespace.starts_with("AWS/")).then_some(metric)
    });
    each_is_named_by(alarms::problems_of_board, nothing, &misnamed, 35);
    let board = text("infra/dashboard.yaml");
    let hidden = WHEN.map(|row| Mutant {
        lacks: format!("{} on the dashboard", row.0),
        text: board.replace(&format!("${{SystemName}}-{}\"", row.0), "${SystemName}-Nothing\""),
        words: words([row.0, "wrongly or not"]),
    });
    each_is_named_by(alarms::problems_of_board, nothing, &hidden, WHEN.len());
}

#[test]
fn every_subscription_and_every_rule_of_the_notifications_that_is_missing_is_named() {
    let mutants = mutants_of("infra/notifications.yaml", |resource, line| {
        let name = line.strip_suffix(':').filter(|name| *name == resource)?;
        match name {
            "Email" => Some(words(["NotifyEmail is not subscribed"])),
            "Hook" => Some(words(["NotifyUrl is not subscribed"])),
            "TimedOutRule" => Some(words(["nobody is told of Records Timed Out"])),
            "BudgetSpentRule" => Some(words(["nobody is told of Budget Spent"])),
            "SuspendedRule" => Some(words(["nobody is told of Connection Suspended"])),
            "ResumedRule" => Some(words(["nobody is told of Connection Resumed"])),
            _ => None,
        }
    });
    each_is_named_by(notifications::problems, |_| Given::Everything, &mutants, 6);
}
