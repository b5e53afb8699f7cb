//! The other process: the table, the bus and the org of one measured run, and the meter of what reaches them.
//!
//! Must not know: who asks, or how a run works.

mod bus;
mod index_keys;
mod meter;
mod seed;
mod table;

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use dynoxide::Database;
use salesforce_sim::Simulator;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::process;
use crate::services::meter::Meter;
use measured::plan::Plan;

/// The header by which a run says what its clock reads, in milliseconds.
pub(crate) const AT: &str = "x-bench-at";

/// Everything that this process holds.
struct Services {
    database: Database,
    address: String,
    meter: Mutex<Meter>,
    org: tokio::sync::Mutex<Option<Simulator>>,
}

impl Services {
    fn meter(&self) -> std::sync::MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the process that started it is gone: its end closes our input.
pub(crate) fn serve() -> anyhow::Result<std::process::ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting a runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("listening")?;
        let address = format!("http://{}", listener.local_addr().context("listening")?);
        let database = Database::memory().map_err(|problem| anyhow::anyhow!("opening the table: {problem}"))?;
        let services = Arc::new(Services {
            database,
            address: address.clone(),
            meter: Mutex::default(),
            org: tokio::sync::Mutex::default(),
        });
        let routes = Router::new()
            .route("/", post(serve_aws))
            .route("/bench/plan", post(set_up))
            .route("/bench/take", post(take))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .with_state(services);
        let server = axum::serve(listener, routes);
        println!("{}", json!({ "address": address }));
        std::io::stdout().flush().context("telling where it listens")?;
        tokio::select! {
            ended = server => ended.context("serving")?,
            () = process::input_ended() => {}
        }
        Ok(std::process::ExitCode::SUCCESS)
    })
}

/// A request of an SDK: its target says of which service.
async fn serve_aws(State(services): State<Arc<Services>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let at = headers.get(AT).and_then(|at| at.to_str().ok()?.parse().ok());
    let (status, answer) = if target == "AWSEvents.PutEvents" {
        bus::put_events(&mut services.meter(), &body)
    } else {
        let operation = target.strip_prefix("DynamoDB_20120810.").unwrap_or_default().to_owned();
        tokio::task::block_in_place(|| table::carry_out(&services.database, &services.meter, &operation, &body, at))
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer).into_response()
}

async fn set_up(State(services): State<Arc<Services>>, Json(plan): Json<Plan>) -> Response {
    match seed::set_up(&services, &plan).await {
        Ok(settings) => Json(settings).into_response(),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{problem:#}")).into_response(),
    }
}

/// What was counted since the last time.
async fn take(State(services): State<Arc<Services>>) -> Json<Value> {
    let mut taken = services.meter().take();
    if let Some(org) = services.org.lock().await.as_ref() {
        taken["salesforce_calls"] =
            json!(org.log().iter().filter(|entry| entry.counted || entry.status.is_some()).count());
        taken["bytes_to_salesforce"] = json!(org.bytes_received());
    }
    Json(taken)
}
