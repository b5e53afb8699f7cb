//! An `EventBridge` that keeps what is put, and refuses entries when told to.
//!
//! Must not know: who publishes, who consumes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::json_service::serve_operation;

#[derive(Default)]
struct State {
    accepted: Vec<Value>,
    refusing: usize,
}

/// A running `EventBridge`. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Bus {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Bus {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let kept = Arc::clone(&state);
        let address =
            serve_operation("AWSEvents.PutEvents", move |request| put(&mut kept.lock().unwrap(), &request)).await;
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next `entries` entries are refused, whatever the call.
    pub(crate) fn refuse_next(&self, entries: usize) {
        self.state.lock().unwrap().refusing = entries;
    }

    /// What was accepted since this was last asked, as a target of the bus's rules gets it.
    pub(crate) fn take(&self) -> Vec<Value> {
        let entries = std::mem::take(&mut self.state.lock().unwrap().accepted);
        entries.iter().map(delivered).collect()
    }

    /// Like [`Self::take`], of one kind only; the others must be of no interest.
    pub(crate) fn take_kind(&self, detail_type: &str) -> Vec<Value> {
        self.take().into_iter().filter(|event| event["detail-type"] == detail_type).collect()
    }

    /// The details of [`Self::take_kind`].
    pub(crate) fn take_details(&self, detail_type: &str) -> Vec<Value> {
        self.take_kind(detail_type).iter().map(|event| event["detail"].clone()).collect()
    }
}

fn put(state: &mut State, request: &Value) -> (StatusCode, Value) {
    let entries = request["Entries"].as_array().unwrap();
    assert!(entries.len() <= 10, "a call takes ten entries at most");
    let mut answers = Vec::new();
    for entry in entries {
        if let Some(left) = state.refusing.checked_sub(1) {
            state.refusing = left;
            answers.push(json!({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}));
        } else {
            state.accepted.push(entry.clone());
            answers.push(json!({"EventId": format!("e-{}", state.accepted.len())}));
        }
    }
    let failed = answers.iter().filter(|answer| answer.get("ErrorCode").is_some()).count();
    (StatusCode::OK, json!({"FailedEntryCount": failed, "Entries": answers}))
}

fn delivered(entry: &Value) -> Value {
    assert_eq!(entry["EventBusName"], super::environment::BUS);
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    json!({
        "version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "detail-type": entry["DetailType"],
        "source": entry["Source"], "account": "123456789012", "time": super::clock::now(), "region": "us-east-1",
        "resources": [], "detail": detail,
    })
}
