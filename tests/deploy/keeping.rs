//! What is kept: for how long, encrypted by which key, and safe from a slip of the hand.
//!
//! Must not know: what the data is.

use serde_json::{Value, json};

use super::template::{Given, Resource, Template, referred};
use super::triggers::takes_from;

/// What is wrong with what is kept.
pub(super) fn problems(template: &Template) -> Vec<String> {
    let key = template.given == Given::Everything;
    let each = template.resources().flat_map(|resource| match resource.kind {
        "AWS::DynamoDB::Table" => of_table(resource, key),
        "AWS::SQS::Queue" => of_queue(resource, key),
        "AWS::Events::EventBus" => of_bus(template, resource, key),
        "AWS::Logs::LogGroup" => of_log(resource, key),
        "AWS::Lambda::Function" => of_function(template, resource, key),
        "AWS::Events::Archive" => by_key(resource, "KmsKeyIdentifier", key),
        "AWS::SNS::Topic" => by_key(resource, "KmsMasterKeyId", key),
        _ => Vec::new(),
    });
    each.collect()
}

fn failed(rules: impl IntoIterator<Item = (bool, String)>) -> Vec<String> {
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, problem)| problem).collect()
}

/// With a key of the customer's, that key is used; without one, none is named.
fn by_key(resource: Resource<'_>, property: &str, key: bool) -> Vec<String> {
    let named = resource.properties.get(property).and_then(referred);
    let wanted = key.then_some("KmsKeyArn");
    failed([(named == wanted, format!("{} is encrypted by {named:?}, not {wanted:?}", resource.name))])
}

fn of_table(table: Resource<'_>, key: bool) -> Vec<String> {
    let (name, is) = (table.name, table.properties);
    let encryption = &is["SSESpecification"];
    let by = encryption.get("KMSMasterKeyId").and_then(referred);
    failed([
        (is["BillingMode"] == "PAY_PER_REQUEST", format!("{name} is paid for when it is idle")),
        (is["DeletionProtectionEnabled"] == true, format!("{name} can be deleted by one request")),
        (table.whole["DeletionPolicy"] == "Retain", format!("{name} is deleted with the stack")),
        (table.whole["UpdateReplacePolicy"] == "Retain", format!("{name} is deleted when it is replaced")),
        (
            is["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true,
            format!("{name} cannot be restored to a point in time"),
        ),
        (encryption["SSEEnabled"] == true, format!("{name} is not encrypted by a key that shows in the account")),
        (by == key.then_some("KmsKeyArn"), format!("{name} is encrypted by {by:?}")),
    ])
}

/// What the bus could not encrypt by the customer's key has to go where that key is not needed.
const WITHOUT_KEY: &str = "BusDeadLetters";

/// What is refused for good may be in no other place.
const KEPT: &str = "ReportsDeadLetters";

fn of_bus(template: &Template, bus: Resource<'_>, key: bool) -> Vec<String> {
    let name = bus.name;
    let aside = referred(&bus.properties["DeadLetterConfig"]["Arn"]);
    let mut problems = failed([
        (aside == Some(WITHOUT_KEY), format!("{name} has no dead-letter queue {WITHOUT_KEY}")),
        (takes_from(template, WITHOUT_KEY, name), format!("{WITHOUT_KEY} takes nothing from {name}")),
    ]);
    problems.extend(by_key(bus, "KmsKeyIdentifier", key));
    problems
}

fn of_queue(queue: Resource<'_>, key: bool) -> Vec<String> {
    let (name, is) = (queue.name, queue.properties);
    let by = is.get("KmsMasterKeyId").and_then(referred);
    let by_own_key = key && name != WITHOUT_KEY;
    let encrypted =
        if by_own_key { by == Some("KmsKeyArn") } else { is["SqsManagedSseEnabled"] == true && by.is_none() };
    let stays = ["DeletionPolicy", "UpdateReplacePolicy"].iter().all(|policy| queue.whole[policy] == "Retain");
    failed([
        (stays || name != KEPT, format!("{name} is deleted with the stack")),
        (!stays || name == KEPT, format!("{name} stays when the stack is deleted")),
        (encrypted, format!("{name} is not encrypted as asked")),
        (is["MessageRetentionPeriod"] == 1_209_600, format!("{name} does not keep messages for 14 days")),
    ])
}

fn of_log(log: Resource<'_>, key: bool) -> Vec<String> {
    let kept = referred(&log.properties["RetentionInDays"]) == Some("LogRetentionDays");
    let mut problems = failed([(kept, format!("{} is kept for ever", log.name))]);
    problems.extend(by_key(log, "KmsKeyId", key));
    problems
}

/// A function logs into a group of its own, in lines as they are written: metrics are lines of JSON.
fn of_function(template: &Template, function: Resource<'_>, key: bool) -> Vec<String> {
    let is = &function.properties["LoggingConfig"];
    let group = referred(&is["LogGroup"]).and_then(|group| template.resource(group));
    let own = |group: &str| template.of_kind("AWS::Lambda::Function").filter(|one| logs_into(*one, group)).count() == 1;
    let has_own = group.is_some_and(|group| group.kind == "AWS::Logs::LogGroup" && own(group.name));
    let mut problems = failed([
        (has_own, format!("{} has no log group of its own in the template", function.name)),
        (
            is["LogFormat"] == json!("Text"),
            format!("the log of {} is wrapped, so that metrics are not found", function.name),
        ),
    ]);
    problems.extend(by_key(function, "KmsKeyArn", key));
    problems
}

fn logs_into(function: Resource<'_>, group: &str) -> bool {
    function.properties.get("LoggingConfig").map(|config: &Value| &config["LogGroup"]).and_then(referred) == Some(group)
}
