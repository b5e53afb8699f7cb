//! `DynamoDB` on this machine, embedded, with the table that the template defines: behind a port of the loopback interface
//! for tests that start other processes, and without any port for one process that has it to itself.
//!
//! Must not know: what is kept in the table, or who uses it.

mod embedded;
mod full;
mod in_process;
mod worker;
mod written;

use std::net::SocketAddr;
use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Config, Credentials, Region};
use aws_smithy_http_client::Builder as HttpClientBuilder;
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use embedded::Embedded;
pub(crate) use full::CODE as DISK_FULL;
pub(crate) use in_process::SYNC_FAILED;
pub use written::{Item, changed, read_back, written};

use crate::table::{TableFailure, create_table};

/// Why the local table did not start, or did not stop in order.
#[derive(Debug, thiserror::Error)]
pub enum LocalFailure {
    /// The database could not be opened.
    #[error("the local database could not be opened: {0}")]
    Database(String),
    /// No address on this machine could be listened on.
    #[error("the local database could not listen on this machine")]
    Listen(#[source] std::io::Error),
    /// The table could not be created.
    #[error("the local table could not be created")]
    Table(#[source] TableFailure),
    /// The server ended with an error.
    #[error("the local database did not end in order: {0}")]
    Server(String),
    /// There is no room, or the file cannot be written.
    #[error("the disk is full or cannot be written")]
    Full,
    /// The database did not do what it was asked.
    #[error("{doing} failed: {problem}")]
    Refused {
        /// What was tried, such as `making the local database smaller`.
        doing: &'static str,
        /// What the database says.
        problem: String,
    },
}

/// Where the local table keeps its items.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// In memory: gone at the end.
    Memory,
    /// In a file, which is created when it is not there.
    File(&'a Path),
}

/// A running local table. Dropping it stops the server too, without waiting for it.
#[derive(Debug)]
pub struct LocalTable {
    address: SocketAddr,
    name: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
}

impl LocalTable {
    /// Starts a server on a free port of 127.0.0.1 and creates the table `name` in it, unless it is there. Needs a
    /// multi-threaded tokio runtime.
    ///
    /// # Errors
    /// When the database cannot be opened, no port is free, or the table cannot be created.
    pub async fn start(place: Place<'_>, name: &str) -> Result<Self, LocalFailure> {
        let database = open(place)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(LocalFailure::Listen)?;
        let address = listener.local_addr().map_err(LocalFailure::Listen)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async move {
            drop(stopped.await);
        }));
        let table = Self { address, name: name.to_owned(), stop, server };
        create_table(&table.client(), name).await.map_err(LocalFailure::Table)?;
        Ok(table)
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client's settings, complete, for a caller who wants to change some. The credentials are made up; the region is
    /// `us-east-1`.
    #[must_use]
    pub fn config(&self) -> Builder {
        config(format!("http://{}", self.address)).http_client(HttpClientBuilder::new().build_http())
    }

    /// A client.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// Stops the server and waits until every request under way is answered.
    ///
    /// # Errors
    /// When the server had ended by itself with an error.
    pub async fn stop(self) -> Result<(), LocalFailure> {
        drop(self.stop);
        self.server.await.map_err(|error| LocalFailure::Server(error.to_string()))?.map_err(LocalFailure::Server)
    }
}

/// A client's settings but for its HTTP client: the region and the credentials are made up.
fn config(endpoint: String) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(endpoint)
}

fn open(place: Place<'_>) -> Result<Database, LocalFailure> {
    let opened = match place {
        Place::Memory => Database::memory(),
        Place::File(path) => match path.to_str() {
            Some(path) => Database::new(path),
            None => return Err(LocalFailure::Database(format!("the path {} is no text", path.display()))),
        },
    };
    opened.map_err(|error| {
        let problem = error.to_string();
        if full::says_so(&problem) { LocalFailure::Full } else { LocalFailure::Database(problem) }
    })
}
