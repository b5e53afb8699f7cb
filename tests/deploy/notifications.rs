//! What people are told: the rules' messages, filled in from the events that the engine publishes.
//!
//! Must not know: who has subscribed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::template::{Given, Resource, Template, referred, text};

/// The events that people are told of.
const TOLD: [&str; 4] = ["Records Timed Out", "Budget Spent", "Connection Suspended", "Connection Resumed"];

/// What is wrong with who is told of what.
pub(super) fn problems(part: &Template) -> Vec<String> {
    let untold = TOLD.iter().filter(|kind| {
        let event = json!({"source": "resync", "detail-type": kind});
        let topic = rule_for(part, &event).map(|rule| referred(&rule.properties["Targets"][0]["Arn"]));
        topic != Some(Some("Topic"))
    });
    let untold = untold.map(|kind| format!("nobody is told of {kind}"));
    let subscribed = |endpoint: &str| {
        part.of_kind("AWS::SNS::Subscription").any(|one| {
            referred(&one.properties["Endpoint"]) == Some(endpoint)
                && referred(&one.properties["TopicArn"]) == Some("Topic")
        })
    };
    let wanted: &[&str] = match part.given {
        Given::Everything => &["NotifyEmail", "NotifyUrl"],
        Given::Nothing => &[],
    };
    let unsubscribed = wanted.iter().filter(|endpoint| !subscribed(endpoint));
    untold.chain(unsubscribed.map(|endpoint| format!("{endpoint} is not subscribed to the topic"))).collect()
}

/// The rule that takes an event.
fn rule_for<'a>(part: &'a Template, event: &Value) -> Option<Resource<'a>> {
    let takes = |pattern: &Value| {
        let names = ["source", "detail-type"];
        names.iter().all(|name| pattern[*name].as_array().is_some_and(|allowed| allowed.contains(&event[*name])))
    };
    part.of_kind("AWS::Events::Rule").find(|rule| takes(&rule.properties["EventPattern"]))
}

/// What a subscriber of the topic gets for an event, as `EventBridge` would word it; none when no rule takes it.
fn message(event: &Value) -> Option<String> {
    let part = Template::of_file("infra/notifications.yaml", Given::Nothing);
    let rule = rule_for(&part, event)?;
    let target = &rule.properties["Targets"][0];
    assert_eq!(referred(&target["Arn"]), Some("Topic"));
    let input = &target["InputTransformer"];
    let paths: BTreeMap<String, String> = serde_json::from_value(input["InputPathsMap"].clone()).unwrap();
    let mut message = input["InputTemplate"]["Fn::Sub"].as_str().unwrap().replace("${SystemName}", "resync");
    for (name, path) in paths {
        let found = event.pointer(&path.replacen('$', "", 1).replace('.', "/"));
        let found = found.unwrap_or_else(|| panic!("{event} has no {path}"));
        message =
            message.replace(&format!("<{name}>"), &found.as_str().map_or_else(|| found.to_string(), str::to_owned));
    }
    assert!(!message.contains(['<', '>']), "{message} is not filled in");
    serde_json::from_str(&message).unwrap_or_else(|_| panic!("{message} is not one text"))
}

/// The first example of a kind of event.
fn example(file: &str) -> Value {
    let schema: Value = serde_json::from_str(&text(&format!("infra/events/{file}.schema.json"))).unwrap();
    schema["examples"][0].clone()
}

#[test]
fn three_thousand_records_that_time_out_are_one_message_that_tells_their_types_apart() {
    assert_eq!(
        message(&example("records-timed-out")).unwrap(),
        "resync: 3000 records of billing go into the timeout queue: 2400 validation-rule, 600 row-lock. They are tried \
         every midnight UTC now. See what helps with: resync errors billing"
    );
    assert_eq!(message(&example("records-retried")), None, "what happens to each record is told to programs only");
}

#[test]
fn a_suspension_and_its_end_are_told_with_their_connection_and_cause() {
    let suspended = json!({
        "source": "resync", "detail-type": "Connection Suspended",
        "detail": {"connection": "billing", "cause": "login_refused", "secret": "v1", "since": "2026-03-10T09:40:03Z"},
    });
    let told = message(&suspended).unwrap();
    assert!(
        told.starts_with("resync: billing is suspended since 2026-03-10T09:40:03Z, cause: login_refused."),
        "{told}"
    );
    assert_eq!(message(&example("connection-resumed")).unwrap(), "resync: billing goes on since 2026-03-10T10:00:04Z");
}

#[test]
fn a_spent_budget_is_told_with_its_connection_and_numbers() {
    assert_eq!(
        message(&example("budget-spent")).unwrap(),
        "resync: billing has used 5000 of its 5000 API calls in 24 hours; 1200 records wait; it goes on at \
         2026-03-10T10:00:00Z. If the org has calls to spare, raise the limit with: resync limit billing CALLS"
    );
}

#[test]
fn everything_that_people_are_told_of_has_its_rule_and_subscriptions_are_made_only_for_what_is_given() {
    for (given, expected) in [(Given::Nothing, 0), (Given::Everything, 2)] {
        let part = Template::of_file("infra/notifications.yaml", given);
        assert_eq!(problems(&part), Vec::<String>::new(), "{given:?}");
        assert_eq!(part.of_kind("AWS::SNS::Subscription").count(), expected, "{given:?}");
    }
}

/// `EventBridge` gives SNS no context that a condition could be met by.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions>
#[test]
fn rules_and_alarms_may_publish_to_the_topic_and_no_condition_stands_in_the_way_of_a_rule() {
    let part = Template::of_file("infra/notifications.yaml", Given::Nothing);
    let policy = part.resource("TopicPolicy").unwrap();
    let statements = policy.properties["PolicyDocument"]["Statement"].as_array().unwrap();
    let allowed: Vec<(&Value, bool)> = statements
        .iter()
        .filter(|one| {
            one["Effect"] == "Allow" && one["Action"] == "sns:Publish" && referred(&one["Resource"]) == Some("Topic")
        })
        .map(|one| (&one["Principal"]["Service"], one.get("Condition").is_some()))
        .collect();
    assert_eq!(allowed, [(&json!("events.amazonaws.com"), false), (&json!("cloudwatch.amazonaws.com"), true)]);
    assert_eq!(statements.len(), allowed.len());
}
