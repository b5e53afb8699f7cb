//! What the policies for people and sources let their holders do with queues, the bus and the key; the function URL is held by
//! `triggers`.
//!
//! Must not know: who holds them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::access::grants;
use super::template::{Given, Template, each};

fn statements<'a>(template: &'a Template, policy: &str) -> Vec<&'a Value> {
    each(&template.resource(policy).unwrap().properties["PolicyDocument"]["Statement"])
}

/// Messages are moved only from where SQS can move them, and purged only where the next tick does the work anyway.
#[test]
fn operators_may_do_with_each_queue_what_it_is_for() {
    const LOOK: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    const MOVE: [&str; 3] = ["sqs:CancelMessageMoveTask", "sqs:ListMessageMoveTasks", "sqs:StartMessageMoveTask"];
    let template = Template::of_the_project(Given::Nothing);
    let granted = grants(statements(&template, "OperatorsPolicy"));
    let of_queues = granted.into_iter().filter(|(action, _)| action.starts_with("sqs:"));
    let on = |queue: &str, actions: &[&str]| -> Vec<(String, String)> {
        actions.iter().map(|action| ((*action).to_owned(), queue.to_owned())).collect()
    };
    // The queue Undelivered belongs to the stack Notifications.
    let expected: BTreeSet<_> = [
        on("ReportsDeadLetters", &LOOK),
        on("ReportsDeadLetters", &MOVE),
        on("RunDeadLetters", &LOOK),
        on("RunDeadLetters", &["sqs:PurgeQueue"]),
        on("Notifications", &LOOK),
        on("Notifications", &["sqs:PurgeQueue"]),
        on("BusDeadLetters", &LOOK),
        on("ReportsQueue", &["sqs:GetQueueAttributes", "sqs:SendMessage"]),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(of_queues.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn operators_use_the_key_through_queues_only_and_nobody_else_does() {
    let template = Template::of_the_project(Given::Everything);
    let of_key = |policy: &str| -> Vec<Value> {
        let about = |statement: &&Value| statement["Resource"] == json!({"Ref": "KmsKeyArn"});
        statements(&template, policy).into_iter().filter(about).cloned().collect()
    };
    let [statement] = of_key("OperatorsPolicy").try_into().unwrap();
    assert_eq!(statement["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey"]));
    let through = json!({"StringEquals": {"kms:ViaService": {"Fn::Sub": "sqs.${AWS::Region}.amazonaws.com"}}});
    assert_eq!(statement["Condition"], through);
    assert_eq!((of_key("ViewersPolicy"), of_key("ProducersPolicy")), (vec![], vec![]));
}

#[test]
fn producers_may_report_and_cannot_speak_as_resync() {
    let template = Template::of_the_project(Given::Nothing);
    let expected = json!({
        "Sid": "Reports", "Effect": "Allow", "Action": "events:PutEvents",
        "Resource": {"Fn::GetAtt": ["EventBus", "Arn"]},
        "Condition": {
            "StringEquals": {"events:detail-type": ["Sync Failed", "Sync Succeeded", "API Calls Used"]},
            "StringNotEquals": {"events:source": "resync"},
        },
    });
    assert_eq!(statements(&template, "ProducersPolicy"), [&expected]);
}

#[test]
fn the_policies_and_the_queues_that_the_pages_name_are_outputs() {
    let template = Template::of_the_project(Given::Nothing);
    for output in [
        "ProducersPolicyArn",
        "OperatorsPolicyArn",
        "ViewersPolicyArn",
        "ReportsQueueArn",
        "ReportsQueueUrl",
        "ReportsDeadLettersArn",
        "ReportsDeadLettersUrl",
    ] {
        assert!(template.part("Outputs").contains_key(output), "{output}");
    }
}
