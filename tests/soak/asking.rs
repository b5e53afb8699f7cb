//! Persons: what they ask of the function URL, and ask again under the same key when no answer came.
//!
//! Must not know: how a request is worked off.

use std::time::Duration;

use fastrand::Rng;
use rules::ids::{ConnectionId, RequestId};
use serde_json::{Value, json};

use super::play::Play;
use crate::functions::process::Binary;
use crate::functions::runtime_api::Answer;
use crate::functions::url::{OPERATOR, event};
use crate::kill::ground::Life;

const INVOCATION: Duration = Duration::from_mins(1);

/// Of a hundred moments so many have somebody who asks.
const OFTEN: u8 = 40;

/// What somebody asks for: that records of a connection are tried now.
#[derive(Clone, Debug)]
struct Wish {
    connection: ConnectionId,
    key: String,
    /// Which records; a plan's id once there is one.
    body: Value,
    planned: bool,
}

/// All persons.
pub(super) struct Asking {
    chance: Rng,
    asked: usize,
    over: bool,
    /// What was asked for and not answered.
    again: Vec<Wish>,
}

impl Asking {
    pub(super) fn of(chance: Rng) -> Self {
        Self { chance, asked: 0, over: false, again: Vec::new() }
    }

    /// From now on nobody asks for anything new.
    pub(super) fn end(&mut self) {
        self.over = true;
    }
}

impl Play {
    /// Somebody asks, perhaps. Gives the hints that come of it.
    pub(super) async fn ask(&mut self) -> Vec<Value> {
        let mut wishes = std::mem::take(&mut self.asking.again);
        if !self.asking.over && self.asking.chance.u8(..100) < OFTEN {
            wishes.extend(self.wish());
        }
        let mut hints = Vec::new();
        for wish in wishes {
            hints.extend(self.fulfil(wish).await);
        }
        hints
    }

    fn wish(&mut self) -> Option<Wish> {
        let chance = &mut self.asking.chance;
        let connection = chance.choice(&self.orgs)?.id.clone();
        let (kind, planned, most) = (chance.u8(..10), chance.bool(), chance.usize(1..40));
        self.asking.asked += 1;
        let key = format!("wish-{}", self.asking.asked);
        let body = match kind {
            0 | 1 => json!({"all": true}),
            2 => json!({"type": "row-lock"}),
            3 => json!({"object": "Contact", "state": "timed_out"}),
            _ => {
                let named = self.sources.some(&connection, most);
                let named: Vec<_> = named.iter().map(|key| format!("{}/{}", key.object, key.id)).collect();
                (!named.is_empty()).then(|| json!({"records": named}))?
            }
        };
        Some(Wish { connection, key, body, planned })
    }

    async fn fulfil(&mut self, mut wish: Wish) -> Vec<Value> {
        let base = format!("/v1/connections/{}", wish.connection);
        if wish.planned {
            let Some((200 | 201, plan)) = self.call(&format!("{base}/plans"), &wish.body, None).await else {
                return Vec::new();
            };
            wish.body = json!({ "plan": plan["plan"]["id"] });
            wish.planned = false;
        }
        self.notes.asked.entry(wish.connection.clone()).or_default().push(self.now);
        match self.call(&format!("{base}/resyncs"), &wish.body, Some(&wish.key)).await {
            None => self.asking.again.push(wish),
            Some((200 | 202, answer)) => {
                let request = RequestId::new(answer["request"]["id"].as_str().unwrap()).unwrap();
                self.notes.accepted.insert((wish.connection, request));
            }
            // A plan is too old by now, or too much is asked for at once.
            Some((404 | 409 | 410 | 422 | 429, _)) => {}
            Some((status, answer)) => {
                self.notes.wrong.push(format!("asking for {} brought {status}: {answer}", wish.body));
            }
        }
        self.notes.take(self.ground.bus.take())
    }

    /// Nothing when no answer came.
    async fn call(&mut self, path: &str, body: &Value, key: Option<&str>) -> Option<(u64, Value)> {
        let mut ask = event(Some(OPERATOR), "POST", path, Some(&body.to_string()));
        if let Some(key) = key {
            ask["headers"]["idempotency-key"] = json!(key);
        }
        let stop = self.deaths.next(Binary::Api, false);
        let lived = self.ground.live(Life { stop, ..Life::of(Binary::Api, self.now, INVOCATION, ask, &[]) }).await;
        self.over(Binary::Api, path, &lived);
        match lived.answers.into_iter().next()? {
            Answer::Response(answer) => {
                let body = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
                Some((answer["statusCode"].as_u64().unwrap(), body))
            }
            Answer::Error(_) => None,
        }
    }
}
