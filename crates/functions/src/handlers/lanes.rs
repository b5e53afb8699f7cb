//! Lanes: messages about the same record go one after another, in their order; different records go side by side.
//!
//! Must not know: whether an event is right. One that cannot be placed has a lane of its own.

use std::collections::HashMap;

use aws_lambda_events::event::sqs::SqsMessage;
use rules::ids::ConnectionId;
use serde::Deserialize;

/// One message of the queue; its body is one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The queue's name for it.
    pub(super) id: String,
    /// The event's text.
    pub(super) body: String,
    /// The connection that it names, if it is the name of one.
    pub(super) connection: Option<ConnectionId>,
}

/// What an event is about: connection, object, external id. Reports of usage name the connection alone.
type Subject = (String, Option<String>, Option<String>);

#[derive(Deserialize)]
struct Envelope {
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    connection: String,
    object: Option<String>,
    external_id: Option<String>,
}

/// The messages in lanes, in the order of their first messages.
pub(super) fn lanes(messages: Vec<SqsMessage>) -> Vec<Vec<Message>> {
    let mut lanes: Vec<Vec<Message>> = Vec::new();
    let mut known: HashMap<Subject, usize> = HashMap::new();
    for message in messages {
        let body = message.body.unwrap_or_default();
        let subject = subject(&body);
        let connection = subject.as_ref().and_then(|(connection, _, _)| ConnectionId::new(connection.as_str()).ok());
        let message = Message { id: message.message_id.unwrap_or_default(), body, connection };
        let new = lanes.len();
        match subject.map(|subject| *known.entry(subject).or_insert(new)) {
            Some(lane) if lane < new => lanes[lane].push(message),
            Some(_) | None => lanes.push(vec![message]),
        }
    }
    lanes
}

fn subject(body: &str) -> Option<Subject> {
    let Envelope { detail } = serde_json::from_str(body).ok()?;
    Some((detail.connection, detail.object, detail.external_id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(bodies: &[(&str, String)]) -> Vec<Vec<String>> {
        let message = |(id, body): &(&str, String)| {
            let mut message = SqsMessage::default();
            (message.message_id, message.body) = (Some((*id).to_owned()), Some(body.clone()));
            message
        };
        let lanes = lanes(bodies.iter().map(message).collect());
        lanes.into_iter().map(|lane| lane.into_iter().map(|message| message.id).collect()).collect()
    }

    fn about(connection: &str, record: &str) -> String {
        json!({"detail": {"connection": connection, "object": "Contact", "externalId": record}}).to_string()
    }

    #[test]
    fn two_messages_about_one_record_share_a_lane_in_their_order_and_others_do_not() {
        let messages = [
            ("1", about("acme", "a")),
            ("2", about("acme", "b")),
            ("3", about("acme", "a")),
            ("4", about("globex", "a")),
            ("5", about("acme", "a")),
        ];
        assert_eq!(ids(&messages), [vec!["1", "3", "5"], vec!["2"], vec!["4"]]);
    }

    #[test]
    fn reports_of_usage_share_their_connections_lane_because_they_share_an_item() {
        let usage = json!({"detail": {"connection": "acme", "source": "billing", "calls": 7}}).to_string();
        assert_eq!(ids(&[("1", usage.clone()), ("2", about("acme", "a")), ("3", usage)]), [vec!["1", "3"], vec!["2"]]);
    }

    #[test]
    fn messages_that_cannot_be_placed_have_a_lane_each() {
        let broken = "{".to_owned();
        assert_eq!(ids(&[("1", broken.clone()), ("2", String::new()), ("3", broken)]), [["1"], ["2"], ["3"]]);
    }
}
