//! Lambda's runtime interface: hands out invocations and takes their answers.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
//!
//! Must not know: what a function does.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use rules::time::Timestamp;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

use super::json_service::{Served, serve_while};

/// How an invocation ended.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The function answered.
    Response(Value),
    /// The function reported an error.
    Error(Value),
}

struct Invocation {
    event: Value,
    deadline: Timestamp,
    answer: oneshot::Sender<Answer>,
}

struct Shared {
    waiting: AsyncMutex<mpsc::UnboundedReceiver<Invocation>>,
    /// By the number that is the invocation's id; none once it is answered.
    under_way: Mutex<Vec<Option<oneshot::Sender<Answer>>>>,
}

/// The interface of one function's process.
pub(crate) struct RuntimeApi {
    served: Served,
    invocations: mpsc::UnboundedSender<Invocation>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (invocations, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { waiting: AsyncMutex::new(waiting), under_way: Mutex::default() });
        let base = "/2018-06-01/runtime/invocation";
        let routes = Router::new()
            .route(&format!("{base}/next"), get(next))
            .route(&format!("{base}/{{id}}/response"), post(response))
            .route(&format!("{base}/{{id}}/error"), post(error))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(shared);
        Self { served: serve_while(routes).await, invocations }
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn host(&self) -> String {
        self.served.address().to_string()
    }

    /// Hands out `event`, to be answered before `deadline`.
    pub(crate) fn invoke(&self, event: Value, deadline: Timestamp) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        self.invocations.send(Invocation { event, deadline, answer }).ok().unwrap();
        answered
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> ([(HeaderName, String); 3], Json<Value>) {
    let Invocation { event, deadline, answer } = shared.waiting.lock().await.recv().await.unwrap();
    let id = {
        let mut under_way = shared.under_way.lock().unwrap();
        under_way.push(Some(answer));
        under_way.len() - 1
    };
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:resync".to_owned();
    let headers = [
        (HeaderName::from_static("lambda-runtime-aws-request-id"), id.to_string()),
        (HeaderName::from_static("lambda-runtime-deadline-ms"), deadline.as_millis().to_string()),
        (HeaderName::from_static("lambda-runtime-invoked-function-arn"), arn),
    ];
    (headers, Json(event))
}

async fn response(shared: State<Arc<Shared>>, Path(id): Path<usize>, body: String) -> StatusCode {
    end(&shared, id, Answer::Response(serde_json::from_str(&body).unwrap()))
}

async fn error(shared: State<Arc<Shared>>, Path(id): Path<usize>, body: String) -> StatusCode {
    end(&shared, id, Answer::Error(serde_json::from_str(&body).unwrap()))
}

fn end(shared: &Shared, id: usize, answer: Answer) -> StatusCode {
    let waiting = shared.under_way.lock().unwrap()[id].take().unwrap();
    waiting.send(answer).unwrap();
    StatusCode::ACCEPTED
}
