//! The whole system in one process: the embedded table, Salesforce, and the bus, over one data directory.
//!
//! Must not know: who asks it, or when.

use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use api::{Problem, Refusal};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use engine::parts::Parts;
use functions::SystemEntropy;
use salesforce::SalesforceTargets;
use store::DynamoStore;
use store::local::{Embedded, Place};
use tokio::task::spawn_blocking;
use tracing::error;

use super::board::Board;
use super::bus::LocalBus;
use super::caller;
use super::clock::LocalClock;
use super::config::Config;
use super::directory::{DATABASE, DataDir};
use super::lock::Lock;
use super::secrets::LocalSecrets;
use crate::exit::Failure;

/// The table's name in the embedded database.
pub(crate) const TABLE: &str = "resync";

/// All ports, on one machine.
pub(super) type LocalParts =
    Parts<DynamoStore<LocalClock>, SalesforceTargets<LocalSecrets, LocalClock>, LocalBus, LocalClock, SystemEntropy>;

/// The system over a data directory that nobody else uses meanwhile.
pub(crate) struct System {
    pub(super) directory: DataDir,
    pub(super) parts: Arc<LocalParts>,
    pub(super) secrets: Arc<LocalSecrets>,
    pub(super) board: Board,
    pub(super) table: Embedded,
    #[expect(dead_code, reason = "it is held as long as the system is open")]
    lock: Lock,
}

impl System {
    /// Opens the directory's database.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) async fn open(directory: DataDir, lock: Lock, config: &Config) -> Result<Self, Failure> {
        let secrets = Arc::new(LocalSecrets::new(config, &directory.token()?));
        let clock = directory.format().as_of.map_or(LocalClock::Machine, LocalClock::Standing);
        let database = directory.path().join(DATABASE);
        let table = Embedded::open(Place::File(&database), TABLE).await.context("opening the database")?;
        let board = Board::default();
        let parts = Arc::new(Parts {
            store: DynamoStore::new(table.client(), TABLE, clock),
            targets: SalesforceTargets::new(Arc::clone(&secrets), Arc::new(clock)),
            events: LocalBus::new(board.clone()),
            clock,
            entropy: SystemEntropy,
        });
        Ok(Self { directory, parts, secrets, board, table, lock })
    }

    /// The interface to it, without the guard that a socket needs. Who calls is this machine's user. Over what a demo kept,
    /// nothing can be changed.
    pub(crate) fn router(&self) -> Router {
        let router = api::router(Arc::clone(&self.parts))
            .layer(from_fn_with_state(self.table.clone(), leave_no_trace))
            .layer(Extension(caller::user()));
        match self.parts.clock {
            LocalClock::Machine => router,
            LocalClock::Standing(_) => router.layer(from_fn(only_look)),
        }
    }

    /// Closes the database and lets go of the directory. What was answered is on the disk already.
    ///
    /// # Errors
    /// When the database did not close in order.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        // The database brings its log into its file when it closes, which may take a while.
        Ok(spawn_blocking(move || drop(self)).await.context("closing the database")?)
    }
}

/// Rewrites the database's file after an erasure, before that is answered: a deleted item stays readable in it until then.
async fn leave_no_trace(State(table): State<Embedded>, request: Request, next: Next) -> Response {
    let erases = request.method() == Method::POST && request.uri().path().ends_with("/erasures");
    let response = next.run(request).await;
    if erases
        && response.status().is_success()
        && let Err(problem) = table.compact().await
    {
        let error = format!("{:#}", anyhow::Error::from(problem));
        error!(error, "an erased record may still be readable in the database's file; the next erasure removes it");
    }
    response
}

/// Refuses whatever changes something.
async fn only_look(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let detail = "the directory holds what a demo kept; it is for looking only, so name another by --data";
    Problem::of(Refusal::Conflict, detail).into_response()
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("directory", &self.directory).finish_non_exhaustive()
    }
}
