//! The way to the table: the SDK's own requests in, its own answers out, and on the way whatever may happen to them. As the SDK does
//! in production, a request that fails for a reason that may pass is sent up to three times.
//!
//! Must not know: what is kept in the table.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    AsyncSleep, BehaviorVersion, Config, IdentityCache, Region, RuntimeComponents, SharedAsyncSleep, Sleep,
    StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use rules::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::chance::Chance;
use crate::dynamodb::Database;
use crate::faults::{Fault, Faults};
use crate::oracle::Watch;
use crate::process::{Process, Role};
use crate::trace::Trace;

/// The table's name.
pub(crate) const TABLE: &str = "resync";

/// How often a request is sent at most, as the SDK's standard retries do.
const ATTEMPTS: u32 = 3;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a table that refuses everything does so.
const OUT: (Duration, Duration) = (Duration::from_mins(1), Duration::from_mins(12));

#[derive(Debug, Default)]
struct State {
    database: Database,
    out_until: Option<Timestamp>,
}

/// The table. A clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Arc<Mutex<State>>);

impl Table {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on readers of the indexes see what is written only after this.
    pub(crate) fn lag(&self, lag: Duration) {
        self.with(|state| state.database.set_lag(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)));
    }

    /// Puts items in, past every request.
    pub(crate) fn fill(&self, items: impl IntoIterator<Item = Map<String, Value>>, now: Timestamp) {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let filled = self.with(|state| state.database.fill(TABLE, items, millis));
        filled.expect("the table is there, and what the store writes it keeps");
    }

    /// Refuses everything for some minutes from now on.
    pub(crate) fn goes_out(&self, now: Timestamp, chance: &Chance) {
        self.with(|state| state.out_until = Some(now + chance.span(OUT.0, OUT.1)));
    }

    /// Deletes what has expired.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.with(|state| state.database.expire(u64::try_from(now.as_millis()).unwrap_or(0)));
    }
}

/// The way of one process to the table.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) table: Table,
    pub(crate) process: Process,
    pub(crate) faults: Faults,
    pub(crate) chance: Chance,
    pub(crate) trace: Trace,
    pub(crate) watch: Watch,
}

enum Broken {
    Refused(u16, &'static str),
    Silent,
}

type Answered = Result<(u16, Value), Broken>;

impl Wire {
    /// A client that goes this way.
    pub(crate) fn client(self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .allow_no_auth()
            .identity_cache(IdentityCache::no_cache())
            .endpoint_url("http://table.invalid")
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(SharedAsyncSleep::new(Never))
            .http_client(self)
            .build();
        Client::from_conf(config)
    }

    async fn carry_out(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default());
        let body: Value = body.map_err(|error| ConnectorError::other(error.into(), None))?;
        self.watch.touches(&self.process, &body);
        if self.process.role == Role::Observer {
            return respond(&self.take_effect(&operation, &body));
        }
        let mut attempt = 1;
        loop {
            match self.once(&operation, &body).await {
                Ok(answer) => return respond(&answer),
                Err(_) if attempt < ATTEMPTS => {
                    let pause = Duration::from_millis(50 << attempt);
                    self.process.clock.timeline.sleep(pause).await;
                    attempt += 1;
                }
                Err(Broken::Refused(status, code)) => return respond(&(status, refusal(code))),
                Err(Broken::Silent) => {
                    return Err(ConnectorError::timeout("no answer came from the table in time".into()));
                }
            }
        }
    }

    async fn once(&self, operation: &str, request: &Value) -> Answered {
        let timeline = &self.process.clock.timeline;
        let slow = self.faults.meets(Fault::TableIsSlow);
        let latency = if slow { self.chance.between(500, 4_000) } else { self.chance.between(1, 12) };
        timeline.sleep(Duration::from_millis(latency)).await;
        self.before()?;
        if self.faults.meets(Fault::TableRequestLost) {
            timeline.sleep(PATIENCE).await;
            return Err(Broken::Silent);
        }
        if operation == "TransactWriteItems" && self.faults.meets(Fault::TransactionConflicts) {
            return Ok((400, conflicted(request)));
        }
        let answer = self.take_effect_in_part(operation, request);
        timeline.sleep(Duration::from_millis(self.chance.between(1, 5))).await;
        if self.faults.meets(Fault::TableFailsAfterEffect) {
            return Err(Broken::Refused(500, "InternalServerError"));
        }
        if self.faults.meets(Fault::TableAnswerLost) {
            timeline.sleep(PATIENCE).await;
            return Err(Broken::Silent);
        }
        Ok(answer)
    }

    fn before(&self) -> Result<(), Broken> {
        let throttled = Broken::Refused(400, "ProvisionedThroughputExceededException");
        let now = self.process.clock.timeline.now();
        if self.table.with(|state| state.out_until.is_some_and(|until| until > now)) && !self.faults.are_over() {
            return Err(throttled);
        }
        if self.faults.meets(Fault::TableThrottles) {
            return Err(throttled);
        }
        if self.faults.meets(Fault::TableFails) {
            return Err(Broken::Refused(500, "InternalServerError"));
        }
        Ok(())
    }

    /// Carries a request out, or as much of it as the table likes: the loops over what is left are the store's.
    fn take_effect_in_part(&self, operation: &str, request: &Value) -> (u16, Value) {
        match operation {
            "Query" => self.query(request),
            "BatchGetItem" => self.read_batch(request),
            "BatchExecuteStatement" => self.execute_batch(request),
            _ => self.take_effect(operation, request),
        }
    }

    fn query(&self, request: &Value) -> (u16, Value) {
        let limit = request["Limit"].as_u64().unwrap_or(u64::MAX);
        let mut request = request.clone();
        if limit > 1 && self.faults.meets(Fault::PageShort) {
            request["Limit"] = json!(self.chance.between(1, 3).min(limit - 1));
        }
        self.take_effect("Query", &request)
    }

    fn read_batch(&self, request: &Value) -> (u16, Value) {
        let mut request = request.clone();
        let keys = request["RequestItems"][TABLE]["Keys"].as_array_mut();
        let left = match keys {
            Some(keys) if keys.len() > 1 && self.faults.meets(Fault::KeysUnprocessed) => {
                let at = usize::try_from(self.chance.below(keys.len() as u64)).unwrap_or(0);
                keys.split_off(at)
            }
            Some(_) | None => Vec::new(),
        };
        let none = request["RequestItems"][TABLE]["Keys"].as_array().is_none_or(Vec::is_empty);
        let (status, mut answer) =
            if none { (200, json!({ "Responses": {} })) } else { self.take_effect("BatchGetItem", &request) };
        if !left.is_empty() && status == 200 {
            let mut rest = request["RequestItems"].clone();
            rest[TABLE]["Keys"] = Value::Array(left);
            answer["UnprocessedKeys"] = rest;
        }
        (status, answer)
    }

    fn execute_batch(&self, request: &Value) -> (u16, Value) {
        let statements = request["Statements"].as_array().map(Vec::as_slice).unwrap_or_default();
        let refused: Vec<bool> = statements.iter().map(|_| self.faults.meets(Fault::StatementThrottled)).collect();
        if refused.iter().all(|refused| !refused) {
            return self.take_effect("BatchExecuteStatement", request);
        }
        let taken: Vec<Value> =
            statements.iter().zip(&refused).filter(|(_, refused)| !**refused).map(|(one, _)| one.clone()).collect();
        let mut request = request.clone();
        request["Statements"] = Value::Array(taken);
        let (status, answer) = self.take_effect("BatchExecuteStatement", &request);
        let mut answers = answer["Responses"].as_array().cloned().unwrap_or_default().into_iter();
        let throttled = json!({ "TableName": TABLE, "Error": { "Code": "ThrottlingError", "Message": "slow down" } });
        let all = refused.iter().map(|refused| if *refused { Some(throttled.clone()) } else { answers.next() });
        (status, json!({ "Responses": all.collect::<Option<Vec<_>>>() }))
    }

    fn take_effect(&self, operation: &str, request: &Value) -> (u16, Value) {
        let now = self.process.clock.timeline.now();
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let (repeats, answered) = self.table.with(|state| {
            (state.database.repeats(request, millis), state.database.carry_out(operation, request, millis))
        });
        let (status, answer) = match answered {
            Ok(answer) => (200, answer),
            Err(failure) => (400, failure.body()),
        };
        if status == 200 && !repeats {
            for item in written(operation, request) {
                self.watch.was_written(&self.process, item);
            }
        }
        if self.process.role != Role::Observer {
            let detail = u64::from(status);
            self.trace.note(now, Some(self.process.id), (operation, detail), || self.line(operation, request, status));
        }
        (status, answer)
    }

    fn line(&self, operation: &str, request: &Value, status: u16) -> String {
        let connection =
            self.process.connection.as_ref().map_or_else(String::new, |connection| format!("{connection}: "));
        let mut keys = Vec::new();
        keys_in(request, &mut keys);
        keys.truncate(4);
        let failed = if status == 200 { "" } else { " is refused" };
        format!("{connection}{operation} {}{failed}", keys.join(" "))
    }
}

/// The items that a request put, alone or in a transaction.
fn written<'a>(operation: &str, request: &'a Value) -> Vec<&'a Value> {
    match operation {
        "PutItem" => vec![&request["Item"]],
        "TransactWriteItems" => {
            let actions = request["TransactItems"].as_array().map(Vec::as_slice).unwrap_or_default();
            actions.iter().filter_map(|action| action.pointer("/Put/Item")).collect()
        }
        _ => Vec::new(),
    }
}

/// The keys that a request names, for people.
fn keys_in(request: &Value, keys: &mut Vec<String>) {
    match request {
        Value::Object(fields) => {
            if let (Some(pk), Some(sk)) = (fields.get("PK"), fields.get("SK")) {
                keys.push(format!("{}/{}", text(pk), text(sk)));
                return;
            }
            for value in fields.values() {
                keys_in(value, keys);
            }
        }
        Value::Array(items) => {
            for value in items {
                keys_in(value, keys);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn text(value: &Value) -> &str {
    value["S"].as_str().unwrap_or("?")
}

fn refusal(code: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "try again" })
}

fn conflicted(request: &Value) -> Value {
    let parts = request["TransactItems"].as_array().map_or(0, Vec::len);
    let reasons: Vec<Value> =
        (0..parts).map(|part| json!({ "Code": if part == 0 { "TransactionConflict" } else { "None" } })).collect();
    let mut body = refusal("TransactionCanceledException");
    body["CancellationReasons"] = Value::Array(reasons);
    body
}

fn respond((status, body): &(u16, Value)) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(*status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry_out(request))
    }
}

/// The SDK waits for nothing here: its time-outs and its retries are the wire's.
#[derive(Debug)]
struct Never;

impl AsyncSleep for Never {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}
