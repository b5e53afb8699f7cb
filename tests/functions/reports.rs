//! What sources report, as `EventBridge` delivers it to the queue, and the batches in which the queue delivers that.
//!
//! Must not know: what becomes of a report.

use rules::time::Timestamp;
use serde_json::{Value, json};

/// A part of every payload that must be seen nowhere but in the table and in Salesforce.
pub(super) const CANARY: &str = "canary-7f3a";

/// An event of the source `billing`.
pub(crate) fn event(kind: &str, time: Timestamp, detail: &Value) -> Value {
    json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": kind, "source": "billing",
        "account": "123456789012", "time": time, "region": "us-east-1", "resources": [], "detail": detail,
    })
}

/// A contact failed because somebody held its row.
pub(super) fn failed(connection: &str, contact: &str, at: Timestamp) -> Value {
    failed_with(connection, contact, at, "UNABLE_TO_LOCK_ROW")
}

/// A contact failed with this code.
pub(super) fn failed_with(connection: &str, contact: &str, at: Timestamp, code: &str) -> Value {
    let detail = json!({
        "connection": connection, "object": "Contact", "externalId": contact, "failedAt": at,
        "error": {"code": code, "message": format!("it failed, says {CANARY}")},
        "payload": {"LastName": format!("{contact} {CANARY}")},
    });
    event("Sync Failed", at, &detail)
}

/// A contact was synced.
pub(super) fn succeeded(connection: &str, contact: &str, at: Timestamp) -> Value {
    event("Sync Succeeded", at, &json!({"connection": connection, "object": "Contact", "externalId": contact}))
}

/// The source made so many calls so far in these 20 minutes.
pub(super) fn used(connection: &str, calls: u64, at: Timestamp) -> Value {
    event("API Calls Used", at, &json!({"connection": connection, "source": "billing", "calls": calls}))
}

/// A batch of messages with these bodies; their ids are `m-0`, `m-1` and so on.
pub(super) fn batch_of_texts(bodies: &[String]) -> Value {
    let message = |(number, body): (usize, &String)| {
        json!({
            "messageId": format!("m-{number}"), "receiptHandle": "MessageReceiptHandle", "body": body,
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1523232000000"},
            "messageAttributes": {}, "md5OfBody": "7b270e59b47ff90a553787216d55d91d", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:reports", "awsRegion": "us-east-1",
        })
    };
    json!({"Records": bodies.iter().enumerate().map(message).collect::<Vec<_>>()})
}

/// A batch of messages, one for each event.
pub(crate) fn batch(events: &[Value]) -> Value {
    batch_of_texts(&events.iter().map(Value::to_string).collect::<Vec<_>>())
}

/// The ids of the messages that a response gives back to the queue.
pub(super) fn given_back(response: &Value) -> Vec<String> {
    let failures = response["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}
