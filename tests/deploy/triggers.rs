//! What starts the functions beside the schedules, and what becomes of a trigger or a report that starts nothing.
//!
//! Must not know: what the functions do.

use serde_json::{Value, json};

use super::schedules::DEAD_LETTERS;
use super::template::{Given, Resource, Template, each, referred};

/// The binaries, one function each.
pub(super) const BINARIES: [&str; 6] =
    ["ingest", "retry-due", "retry-timed-out", "retry-recent", "retry-requested", "api"];

/// Each selection of a Run Requested, and the binary that carries it out.
const SELECTIONS: [(&str, &str); 5] = [
    ("due", "retry-due"),
    ("owed", "retry-due"),
    ("timed_out", "retry-timed-out"),
    ("recent", "retry-recent"),
    ("forced", "retry-requested"),
];

const REPORTS: [&str; 3] = ["Sync Failed", "Sync Succeeded", "API Calls Used"];

/// The selections whose requests to run start this binary.
pub(crate) fn selections_of(binary: &str) -> Vec<&'static str> {
    SELECTIONS.iter().filter(|(_, starts)| *starts == binary).map(|(selection, _)| *selection).collect()
}

/// What is wrong with the triggers.
pub(super) fn problems(template: &Template) -> Vec<String> {
    let functions = BINARIES.iter().flat_map(|binary| of_binary(template, binary));
    let rules = template.of_kind("AWS::Events::Rule").flat_map(|rule| of_rule(template, rule));
    let selections = SELECTIONS.iter().flat_map(|(selection, binary)| of_selection(template, selection, binary));
    functions
        .chain(rules)
        .chain(selections)
        .chain(of_reports(template))
        .chain(of_archive(template))
        .chain(BINARIES.iter().flat_map(|binary| of_ceiling(template, binary)))
        .chain(of_url(template))
        .collect()
}

fn failed(rules: impl IntoIterator<Item = (bool, String)>) -> Vec<String> {
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, problem)| problem).collect()
}

/// The platform repeats nothing by itself but what starts nights and sweeps, which no later tick makes up for, and puts aside what failed.
fn of_binary(template: &Template, binary: &str) -> Vec<String> {
    let Some(function) = template.function(binary) else {
        return vec![format!("no function is built from the binary {binary}")];
    };
    let is_for = |one: &Resource<'_>| referred(&one.properties["FunctionName"]) == Some(function.name);
    let Some(config) = template.of_kind("AWS::Lambda::EventInvokeConfig").find(is_for) else {
        return vec![format!("{} has no configuration of how it is invoked", function.name)];
    };
    let (name, is) = (function.name, config.properties);
    let repeats = if matches!(binary, "retry-timed-out" | "retry-recent") { 2 } else { 0 };
    let aside = referred(&is["DestinationConfig"]["OnFailure"]["Destination"]);
    failed([
        (
            is["MaximumRetryAttempts"] == repeats,
            format!("{name} is not repeated {repeats} times by Lambda when it fails"),
        ),
        (is["MaximumEventAgeInSeconds"] == 1200, format!("events wait for {name} longer or shorter than 1200 s")),
        (aside == Some(DEAD_LETTERS), format!("failed invocations of {name} are not put aside in {DEAD_LETTERS}")),
        (function.properties["Runtime"] == "provided.al2023", format!("{name} does not run on provided.al2023")),
    ])
}

/// How much of the account's concurrency a function may take is for whoever deploys to say.
fn of_ceiling(template: &Template, binary: &str) -> Vec<String> {
    let Some(function) = template.function(binary) else { return Vec::new() };
    let reads = |one: &Resource<'_>| referred(&one.properties["FunctionName"]) == Some(function.name);
    let polled = template.of_kind("AWS::Lambda::EventSourceMapping").find(reads);
    let (ceiling, parameter, always) = match (binary, polled) {
        ("ingest", Some(polled)) => {
            (&polled.properties["ScalingConfig"]["MaximumConcurrency"], "IngestConcurrency", true)
        }
        ("api", _) => (&function.properties["ReservedConcurrentExecutions"], "ApiConcurrency", false),
        _ => (&function.properties["ReservedConcurrentExecutions"], "RunConcurrency", false),
    };
    let wanted = (always || template.given == Given::Everything).then_some(parameter);
    failed([(referred(ceiling) == wanted, format!("the ceiling of {} is not {parameter}", function.name))])
}

fn of_rule(template: &Template, rule: Resource<'_>) -> Vec<String> {
    let name = rule.name;
    let targets = each(&rule.properties["Targets"]);
    let on_bus = referred(&rule.properties["EventBusName"]) == Some("EventBus");
    let mut problems = failed([
        (on_bus, format!("the rule {name} is not on the bus")),
        (targets.len() == 1, format!("the rule {name} has {} targets", targets.len())),
    ]);
    problems.extend(targets.into_iter().flat_map(|target| of_target(template, name, target)));
    problems
}

fn of_target(template: &Template, rule: &str, target: &Value) -> Vec<String> {
    let aside = referred(&target["DeadLetterConfig"]["Arn"]).and_then(|queue| template.resource(queue));
    let Some(aside) = aside.filter(|queue| queue.kind == "AWS::SQS::Queue") else {
        return vec![format!("the rule {rule} has no dead-letter queue")];
    };
    let to = referred(&target["Arn"]).and_then(|to| template.resource(to));
    let Some(to) = to else { return vec![format!("the rule {rule} has a target that is not in the template")] };
    let let_in = match to.kind {
        "AWS::SQS::Queue" => takes_from(template, to.name, rule),
        _ => is_permitted(template, to.name, rule),
    };
    let retry = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 1200});
    let gives_up = to.kind != "AWS::Lambda::Function" || target["RetryPolicy"] == retry;
    failed([
        (let_in, format!("{} does not let the rule {rule} in", to.name)),
        (takes_from(template, aside.name, rule), format!("{} takes nothing from the rule {rule}", aside.name)),
        (gives_up, format!("the rule {rule} does not give up at once, as {retry} does")),
    ])
}

/// Whether a policy of the queue lets `EventBridge` send to it on behalf of this rule.
pub(super) fn takes_from(template: &Template, queue: &str, rule: &str) -> bool {
    let policies = template.of_kind("AWS::SQS::QueuePolicy");
    let statements = policies.flat_map(|policy| each(&policy.properties["PolicyDocument"]["Statement"]));
    statements.into_iter().any(|statement| {
        statement["Effect"] == "Allow"
            && statement["Principal"]["Service"] == "events.amazonaws.com"
            && statement["Action"] == "sqs:SendMessage"
            && each(&statement["Resource"]).iter().any(|one| referred(one) == Some(queue))
            && each(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]).iter().any(|one| referred(one) == Some(rule))
    })
}

fn is_permitted(template: &Template, function: &str, rule: &str) -> bool {
    template.of_kind("AWS::Lambda::Permission").any(|permission| {
        let is = permission.properties;
        is["Action"] == "lambda:InvokeFunction"
            && is["Principal"] == "events.amazonaws.com"
            && referred(&is["FunctionName"]) == Some(function)
            && referred(&is["SourceArn"]) == Some(rule)
    })
}

/// Exactly one rule takes such a request, and starts the right function.
fn of_selection(template: &Template, selection: &str, binary: &str) -> Vec<String> {
    let takes = |rule: &Resource<'_>| {
        let pattern = &rule.properties["EventPattern"];
        let detail = json!({"selection": {selection: {"tick": [{"exists": true}]}}});
        let of = |part: &Value| part["detail"] == detail;
        pattern["source"] == json!(["resync"])
            && pattern["detail-type"] == json!(["Run Requested"])
            && (of(pattern) || each(&pattern["$or"]).into_iter().any(of))
    };
    let starts = |rule: Resource<'_>| {
        let target = referred(&rule.properties["Targets"][0]["Arn"]).map(str::to_owned);
        target.unwrap_or_else(|| "nothing".to_owned())
    };
    let started: Vec<String> = template.of_kind("AWS::Events::Rule").filter(takes).map(starts).collect();
    let wanted: Vec<String> = template.function(binary).iter().map(|function| function.name.to_owned()).collect();
    failed([(started == wanted, format!("a Run Requested with {selection} starts {started:?}, not {wanted:?}"))])
}

/// From the bus through a queue to ingest, one message given back at a time, and aside after five tries.
fn of_reports(template: &Template) -> Vec<String> {
    let is_for = |rule: &Resource<'_>| rule.properties["EventPattern"] == json!({"detail-type": REPORTS});
    let Some(rule) = template.of_kind("AWS::Events::Rule").find(is_for) else {
        return vec!["no rule takes the reports of sources".to_owned()];
    };
    let Some(queue) = referred(&rule.properties["Targets"][0]["Arn"]) else {
        return vec!["reports of sources are sent nowhere".to_owned()];
    };
    let mapped = template
        .of_kind("AWS::Lambda::EventSourceMapping")
        .find(|one| referred(&one.properties["EventSourceArn"]) == Some(queue));
    let (Some(mapping), Some(ingest)) = (mapped, template.function("ingest")) else {
        return vec![format!("nothing reads the queue {queue}")];
    };
    let redrive = template.resource(queue).map_or(&Value::Null, |queue| &queue.properties["RedrivePolicy"]);
    let hidden = template.resource(queue).and_then(|queue| queue.properties["VisibilityTimeout"].as_u64());
    let longest = ingest.properties["Timeout"].as_u64();
    failed([
        (referred(&mapping.properties["FunctionName"]) == Some(ingest.name), format!("{queue} is not read by ingest")),
        (
            mapping.properties["FunctionResponseTypes"] == json!(["ReportBatchItemFailures"]),
            format!("a message of {queue} that is refused would bring its whole batch back"),
        ),
        (
            referred(&redrive["deadLetterTargetArn"]) == Some("ReportsDeadLetters") && redrive["maxReceiveCount"] == 5,
            format!("{queue} does not put a message aside in ReportsDeadLetters after five tries"),
        ),
        (
            hidden >= longest.map(|longest| 6 * longest) && longest.is_some(),
            format!("a message of {queue} is hidden for less than six times what ingest may take"),
        ),
    ])
}

fn of_archive(template: &Template) -> Vec<String> {
    let kinds: Vec<&str> = REPORTS.into_iter().chain(["Run Requested"]).collect();
    let is_it = |archive: Resource<'_>| {
        referred(&archive.properties["SourceArn"]) == Some("EventBus")
            && archive.properties["EventPattern"] == json!({"detail-type": kinds})
            && referred(&archive.properties["RetentionDays"]) == Some("ArchiveDays")
    };
    let holds = template.of_kind("AWS::Events::Archive").any(is_it);
    failed([(holds, "no archive keeps reports and requests to run for ArchiveDays".to_owned())])
}

/// Callers need both actions since October 2025, and nothing else lets anybody in.
fn of_url(template: &Template) -> Vec<String> {
    let signed = template.of_kind("AWS::Lambda::Url").all(|url| url.properties["AuthType"] == "AWS_IAM");
    let wanted = json!([
        ["lambda:InvokeFunctionUrl", {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}],
        ["lambda:InvokeFunction", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}],
    ]);
    let mut rules = vec![(signed, "the function URL takes requests that are not signed".to_owned())];
    for policy in ["ViewersPolicy", "OperatorsPolicy"] {
        let document = template.resource(policy).map_or(&Value::Null, |policy| &policy.properties["PolicyDocument"]);
        let of_api =
            |statement: &&Value| referred(&statement["Resource"]) == template.function("api").map(|api| api.name);
        let allowed = each(&document["Statement"]).into_iter().filter(of_api);
        let allowed: Value = allowed.map(|one| json!([one["Action"], one["Condition"]])).collect();
        rules.push((
            allowed == wanted,
            format!("{policy} does not let its holder call the function URL, and only that"),
        ));
    }
    failed(rules)
}
