//! What the tests share: a simulator with a clock that is set by hand, and a client with a session.
//! It must not assert anything about the simulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::{Method, RequestBuilder, Response};
use salesforce_sim::{Clock, Millis, Settings, Simulator};
use serde_json::{Value, json};

/// The instant at which every test starts: 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600_000;

/// A clock that only moves when it is told to.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn as_clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now().0)
    }
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) usage: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let usage = response.headers().get("sforce-limit-info");
        let usage = usage.map(|value| value.to_str().expect("the header is text").to_owned());
        let text = response.text().await.expect("the body is text");
        Self { status, usage, text }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the body is JSON")
    }

    /// Status and body at once.
    pub(crate) fn parts(&self) -> (u16, Value) {
        (self.status, self.json())
    }
}

/// A simulator, its clock, and a client that is logged in.
pub(crate) struct Bench {
    pub(crate) sim: Simulator,
    pub(crate) clock: HandClock,
    http: reqwest::Client,
    token: String,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(Settings { count_logins: false, ..Settings::default() }).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let clock = HandClock::new();
        let settings = Settings { clock: clock.as_clock(), ..settings };
        let sim = Simulator::start(settings).await.expect("any port is free");
        let mut bench = Self { sim, clock, http: reqwest::Client::new(), token: String::new() };
        bench.log_in().await;
        bench
    }

    pub(crate) async fn log_in(&mut self) {
        let answer = self.token(&client_credentials("sim-client", "sim-secret")).await;
        let token = answer.json()["access_token"].clone();
        self.token = serde_json::from_value(token).expect("a token");
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}/services/oauth2/token", self.sim.url());
        Answer::of(self.http.post(url).form(form).send().await.expect("an answer")).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.sim.url())).bearer_auth(&self.token)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.expect("an answer")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn query(&self, soql: &str) -> Answer {
        let path = format!("/services/data/v60.0/query/?q={}", soql.replace(' ', "+"));
        self.get(&path).await
    }

    /// Upserts contacts by `Ext__c`, each with these ids.
    pub(crate) async fn contacts(&self, ids: &[&str]) -> Answer {
        self.patch(CONTACTS, &contacts(ids)).await
    }
}

/// The address of a collections upsert of contacts.
pub(crate) const CONTACTS: &str = "/services/data/v60.0/composite/sobjects/Contact/Ext__c";

/// The body of a collections upsert of contacts.
pub(crate) fn contacts(ids: &[&str]) -> Value {
    records(&ids.iter().map(|id| contact(id)).collect::<Vec<_>>())
}

pub(crate) fn records(records: &[Value]) -> Value {
    json!({"allOrNone": false, "records": records})
}

pub(crate) fn contact(id: &str) -> Value {
    json!({"attributes": {"type": "Contact"}, "Ext__c": id, "LastName": format!("Name of {id}")})
}

pub(crate) fn client_credentials<'a>(id: &'a str, secret: &'a str) -> [(&'a str, &'a str); 3] {
    [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]
}
