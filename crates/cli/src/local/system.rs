//! The whole system in one process: the embedded table, Salesforce, and the bus, over one data directory.
//!
//! Must not know: who asks it, or when.

use std::fmt;
use std::io;
use std::path::Path;
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
use super::cleaning::Cleaning;
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
    pub(super) cleaning: Cleaning,
    #[expect(dead_code, reason = "it is held as long as the system is open")]
    lock: Lock,
}

impl System {
    /// The data directory.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Opens the directory's database.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) async fn open(directory: DataDir, lock: Lock, config: &Config) -> Result<Self, Failure> {
        let secrets = Arc::new(LocalSecrets::new(config, &directory.key()?));
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
        let cleaning = Cleaning::of(table.clone(), directory.path());
        Ok(Self { directory, parts, secrets, board, table, cleaning, lock })
    }

    /// The interface to it, without the guard that a socket needs. Who calls is this machine's user. Over what a demo kept,
    /// nothing can be changed.
    pub(crate) fn router(&self) -> Router {
        let router = api::router(Arc::clone(&self.parts))
            .layer(from_fn_with_state(self.cleaning.clone(), leave_no_trace))
            .layer(Extension(caller::user()));
        if self.is_for_looking_only() { router.layer(from_fn(only_look)) } else { router }
    }

    /// Whether it is what a demo kept, over which nothing can be changed.
    pub(crate) fn is_for_looking_only(&self) -> bool {
        match self.parts.clock {
            LocalClock::Machine => false,
            LocalClock::Standing(_) => true,
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
/// An erasure of what is gone already does it too, if one before it could not.
async fn leave_no_trace(State(cleaning): State<Cleaning>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.uri().path().ends_with("/erasures") {
        return next.run(request).await;
    }
    let response = match cleaning.owe().await {
        Ok(_deleting) => next.run(request).await,
        Err(problem) => return not_begun(&problem),
    };
    if !response.status().is_success() {
        return response;
    }
    cleaning.settle().await.map_or_else(|problem| not_clean(&problem), |()| response)
}

fn not_begun(problem: &io::Error) -> Response {
    error!(error = %problem, "an erasure was not begun: it cannot be noted that the database's file is to be rewritten");
    let detail = "nothing was erased: the data directory cannot be written to; see the log, and ask again";
    Problem::of(Refusal::Unavailable, detail).into_response()
}

fn not_clean(problem: &anyhow::Error) -> Response {
    error!(error = format!("{problem:#}"), "an erased record may still be readable in the database's file");
    let detail = "the record is erased, but the database's file is not cleaned of it yet: see the log for the cause; \
                  asking again, or the next start of resync local, cleans it";
    Problem::of(Refusal::Unavailable, detail).into_response()
}

/// Refuses whatever changes something; making a plan does not.
async fn only_look(request: Request, next: Next) -> Response {
    if request.method().is_safe() || request.uri().path().ends_with("/plans") {
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

#[cfg(test)]
mod tests {
    use std::fs;

    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn an_erasure_whose_file_was_not_cleaned_is_answered_as_such_and_cleans_it_when_it_is_asked_again() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let (file, away) = (directory.path().join(DATABASE), directory.path().join("away"));
        let table = Embedded::open(Place::File(&file), TABLE).await.expect("it is opened");
        let cleaning = Cleaning::of(table, directory.path());
        let router = Router::new()
            .route("/v1/connections/acme/erasures", post(async || "erased"))
            .layer(from_fn_with_state(cleaning, leave_no_trace));
        let asked = async || {
            let request = Request::post("/v1/connections/acme/erasures").body(Body::empty()).expect("a request");
            router.clone().oneshot(request).await.expect("it answers").status()
        };
        fs::rename(&file, &away).expect("it is moved out of the way");
        fs::create_dir(&file).expect("it stands in the way");
        assert_eq!(asked().await, StatusCode::SERVICE_UNAVAILABLE);
        fs::remove_dir(&file).expect("it is empty");
        fs::rename(&away, &file).expect("it is moved back");
        assert!(directory.path().join("compaction-owed").exists());
        assert_eq!(asked().await, StatusCode::OK);
        assert!(!directory.path().join("compaction-owed").exists());
    }
}
