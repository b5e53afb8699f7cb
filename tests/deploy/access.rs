//! Who may do what: each function exactly what its binary and its triggers ask for, and nobody anything in general.
//!
//! Must not know: why a binary asks.

use std::collections::BTreeSet;

use serde_json::Value;

use super::asked::asked_by;
use super::schedules::{DEAD_LETTERS, SCHEDULES};
use super::template::{Given, Resource, Template, each, referred};
use super::triggers::BINARIES;

type Grant = (String, String);

/// What is wrong with the rights.
pub(super) fn problems(template: &Template) -> Vec<String> {
    let functions = BINARIES.iter().flat_map(|binary| of_binary(template, binary));
    let schedules = of_schedules(template);
    let roles = template.of_kind("AWS::IAM::Role").flat_map(of_role);
    let general = template.resources().filter(|one| one.kind.starts_with("AWS::IAM::")).flat_map(in_general);
    functions.chain(schedules).chain(roles).chain(general).chain(shared(template)).collect()
}

/// The statements of a role.
pub(super) fn statements(role: Resource<'_>) -> Vec<&Value> {
    let policies = each(&role.properties["Policies"]);
    policies.into_iter().flat_map(|policy| each(&policy["PolicyDocument"]["Statement"])).collect()
}

fn of_binary(template: &Template, binary: &str) -> Vec<String> {
    let Some(function) = template.function(binary) else {
        return vec![format!("no function is built from the binary {binary}")];
    };
    let role = referred(&function.properties["Role"]).and_then(|role| template.resource(role));
    let Some(role) = role else { return vec![format!("{} has no role in the template", function.name)] };
    let needed: BTreeSet<Grant> = asked(binary).chain(platform(template, function)).collect();
    compared(function.name, &needed, &grants(statements(role)))
}

/// The schedules start their three functions and put aside what could not be started, and nothing else.
fn of_schedules(template: &Template) -> Vec<String> {
    let Some(role) = template.resource("SchedulesRole") else { return vec!["the schedules have no role".to_owned()] };
    let started = SCHEDULES.iter().filter_map(|(binary, _)| template.function(binary));
    let mut needed: BTreeSet<Grant> = started.map(|one| grant("lambda:InvokeFunction", one.name)).collect();
    needed.insert(grant("sqs:SendMessage", DEAD_LETTERS));
    needed.extend(by_key(template));
    compared(role.name, &needed, &grants(statements(role)))
}

fn compared(name: &str, needed: &BTreeSet<Grant>, granted: &BTreeSet<Grant>) -> Vec<String> {
    let lacking =
        needed.difference(granted).map(|(action, on)| format!("{name} may not {action} on {on}, which it asks for"));
    let idle =
        granted.difference(needed).map(|(action, on)| format!("{name} may {action} on {on}, which it never asks for"));
    lacking.chain(idle).collect()
}

fn grant(action: &str, on: &str) -> Grant {
    (action.to_owned(), on.to_owned())
}

fn asked(binary: &str) -> impl Iterator<Item = Grant> {
    asked_by(binary).iter().map(|(action, on)| grant(action, on))
}

/// What Lambda does with the function's role by itself, as its other properties have it.
fn platform(template: &Template, function: Resource<'_>) -> Vec<Grant> {
    let of_this = |one: &Resource<'_>| referred(&one.properties["FunctionName"]) == Some(function.name);
    let mut grants = Vec::new();
    if let Some(log) = referred(&function.properties["LoggingConfig"]["LogGroup"]) {
        grants.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(|action| grant(action, log)));
    }
    for mapping in template.of_kind("AWS::Lambda::EventSourceMapping").filter(of_this) {
        let queue = referred(&mapping.properties["EventSourceArn"]).unwrap_or("nothing");
        let actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
        grants.extend(actions.map(|action| grant(action, queue)));
    }
    for config in template.of_kind("AWS::Lambda::EventInvokeConfig").filter(of_this) {
        let aside = referred(&config.properties["DestinationConfig"]["OnFailure"]["Destination"]);
        grants.extend(aside.map(|aside| grant("sqs:SendMessage", aside)));
    }
    grants.extend(by_key(template));
    grants
}

/// What a key of the customer's asks for besides.
fn by_key(template: &Template) -> Vec<Grant> {
    let actions: &[&str] = match template.given {
        Given::Everything => &["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        Given::Nothing => &[],
    };
    actions.iter().map(|action| grant(action, "KmsKeyArn")).collect()
}

/// Each action that the statements are about, with each resource.
pub(super) fn grants<'a>(statements: impl IntoIterator<Item = &'a Value>) -> BTreeSet<Grant> {
    let of = |statement: &Value| {
        let actions = each(&statement["Action"]);
        let resources: Vec<String> = each(&statement["Resource"]).into_iter().map(named).collect();
        let pairs = actions.into_iter().flat_map(|action| {
            resources.iter().map(|on| grant(action.as_str().unwrap_or_default(), on)).collect::<Vec<_>>()
        });
        pairs.collect::<Vec<_>>()
    };
    statements.into_iter().flat_map(of).collect()
}

/// What a statement's resource is called in the list of what is asked.
fn named(resource: &Value) -> String {
    const SECRETS: &str =
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretPrefix}*";
    if let Some(name) = referred(resource) {
        return name.to_owned();
    }
    match resource.get("Fn::Sub").and_then(Value::as_str) {
        Some(SECRETS) => "secrets".to_owned(),
        Some(text) => text.replace("${Table.Arn}", "Table"),
        None => resource.to_string(),
    }
}

/// Everything that a role may do stands in the template, for one service.
fn of_role(role: Resource<'_>) -> Vec<String> {
    let trust = each(&role.properties["AssumeRolePolicyDocument"]["Statement"]);
    let service = trust.first().map(|one| one["Principal"]["Service"].clone()).unwrap_or_default();
    let mut problems = Vec::new();
    if role.properties.get("ManagedPolicyArns").is_some() {
        problems.push(format!("{} has a policy whose text is not in the template", role.name));
    }
    if role.properties.get("PermissionsBoundary").is_some() {
        problems.push(format!("{} may do less than its policies say", role.name));
    }
    for statement in statements(role) {
        let parts = statement.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let other: Vec<&str> = parts.filter(|name| !["Sid", "Effect", "Action", "Resource"].contains(name)).collect();
        if !other.is_empty() {
            problems.push(format!("{} may do {} only within {other:?}", role.name, statement["Action"]));
        }
    }
    if trust.len() != 1 || !["lambda.amazonaws.com", "scheduler.amazonaws.com"].map(Value::from).contains(&service) {
        problems.push(format!("{} may be assumed by {service}", role.name));
    }
    problems
}

/// No policy is about everything.
fn in_general(holder: Resource<'_>) -> Vec<String> {
    let documents = each(&holder.properties["PolicyDocument"]["Statement"]);
    let all = documents.into_iter().chain(statements(holder));
    let mut problems = Vec::new();
    for statement in all {
        if statement["Effect"] != "Allow" {
            problems.push(format!("{} has a statement that takes away instead of granting", holder.name));
        }
        if statement.get("NotAction").is_some() || statement.get("NotResource").is_some() {
            problems.push(format!("{} says what its holder may not do, and so allows all else", holder.name));
        }
        for action in each(&statement["Action"]).into_iter().filter_map(Value::as_str) {
            if action.contains('*') {
                problems.push(format!("{} may do {action}, which is no one action", holder.name));
            }
        }
        if each(&statement["Resource"]).into_iter().any(|one| one == "*") {
            problems.push(format!("{} may do {} with everything", holder.name, statement["Action"]));
        }
    }
    problems
}

/// A role that two functions shared would give each what the other asks for.
fn shared(template: &Template) -> Vec<String> {
    let functions: Vec<_> = template.of_kind("AWS::Lambda::Function").collect();
    let roles: BTreeSet<_> = functions.iter().filter_map(|one| referred(&one.properties["Role"])).collect();
    if roles.len() == functions.len() { Vec::new() } else { vec!["functions share a role".to_owned()] }
}
