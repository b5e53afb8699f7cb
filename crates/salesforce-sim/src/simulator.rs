//! The handle: starts the server, sets rules and faults, reads records and log, shuts down.
//! It must not know how a request is processed.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinHandle};

use crate::http::{self, Connection, CuttableListener, Shell};
use crate::log::{LogEntry, Sequence};
use crate::names::{ExternalId, FieldName, ObjectName, RuleId, SalesforceId};
use crate::org::Org;
use crate::org::faults::Fault;
use crate::org::rules::Rule;
use crate::org::sessions::Sessions;
use crate::settings::{ClientSecret, Settings};

/// Why a simulator did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The loopback port could not be taken.
    #[error("could not listen on 127.0.0.1:{port}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The credentials' public key is no PEM of an RSA key.
    #[error("the public key that checks JWTs is not a PEM-encoded RSA key")]
    PublicKey(#[source] jsonwebtoken::errors::Error),
}

type Server = Mutex<Option<JoinHandle<()>>>;

/// A running simulator. Clones are handles on the same one; it ends with [`Simulator::shutdown`] or its runtime.
#[derive(Clone)]
pub struct Simulator {
    url: String,
    shell: Arc<Shell>,
    server: Arc<Server>,
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime.
    ///
    /// # Errors
    /// When the port is taken or the public key unreadable.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let port = settings.port;
        let listen_error = |source| StartError::Listen { port, source };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.map_err(listen_error)?;
        let url = format!("http://{}", listener.local_addr().map_err(listen_error)?);
        let credentials = settings.credentials.clone();
        let sessions = Sessions::new(url.clone(), credentials).map_err(StartError::PublicKey)?;
        let org = Org::new(&settings, sessions);
        let shell = Arc::new(Shell::new(org, &settings));
        let server = tokio::spawn(serve(listener, Arc::clone(&shell)));
        Ok(Self { url, shell, server: Arc::new(Mutex::new(Some(server))) })
    }

    /// The simulator's URL, such as `http://127.0.0.1:40001`: login host and instance at once.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds a failure rule. The first rule that meets a record decides.
    #[expect(clippy::must_use_candidate, reason = "a rule that is never mended needs no id")]
    pub fn add_rule(&self, rule: Rule) -> RuleId {
        self.shell.with_org(|org, _| org.rules().add(rule))
    }

    /// Ends a rule. One that has ended already stays ended.
    pub fn mend(&self, rule: RuleId) {
        self.shell.with_org(|org, _| org.rules().mend(rule));
    }

    /// Ends a rule for some records only.
    pub fn mend_records<I: Into<ExternalId>>(&self, rule: RuleId, records: impl IntoIterator<Item = I>) {
        let records: Vec<ExternalId> = records.into_iter().map(Into::into).collect();
        self.shell.with_org(|org, _| org.rules().mend_records(rule, records));
    }

    /// Queues a fault. Each call meets the first latency and the first other fault that are for it.
    pub fn fault(&self, fault: Fault) {
        self.shell.with_org(|org, _| org.faults.queue(fault));
    }

    /// Drops every fault that still waits.
    pub fn clear_faults(&self) {
        self.shell.with_org(|org, _| org.faults.clear());
    }

    /// Changes the connected app's secret. Open sessions stay open.
    pub fn set_secret(&self, secret: ClientSecret) {
        self.shell.with_org(|org, _| org.sessions.set_secret(secret));
    }

    /// Ends every open session, so that the next call of each gets a 401.
    pub fn expire_tokens(&self) {
        self.shell.with_org(|org, _| org.sessions.expire_all());
    }

    /// Changes the org's limit of calls in 24 hours.
    pub fn set_org_limit(&self, limit: u32) {
        self.shell.with_org(|org, _| org.usage.set_limit(limit));
    }

    /// Counts calls made by somebody else now.
    pub fn use_calls(&self, calls: u32) {
        self.shell.with_org(|org, now| org.usage.count(calls, now));
    }

    /// The org's calls of the past 24 hours.
    #[must_use]
    pub fn calls_used(&self) -> u32 {
        self.shell.with_org(|org, now| org.usage.used(now))
    }

    /// The bytes of all bodies that arrived so far.
    #[must_use]
    pub fn bytes_received(&self) -> u64 {
        self.shell.bytes_received()
    }

    /// The record with this external id, its `Id` and dates included; the oldest when there are several.
    pub fn record(
        &self,
        object: impl Into<ObjectName>,
        field: impl Into<FieldName>,
        external_id: impl Into<ExternalId>,
    ) -> Option<Value> {
        let (object, field, external_id) = (object.into(), field.into(), external_id.into());
        self.shell.with_org(|org, _| org.record(&object, &field, &external_id))
    }

    /// The number of records of an object.
    pub fn count(&self, object: impl Into<ObjectName>) -> usize {
        let object = object.into();
        self.shell.with_org(|org, _| org.count(&object))
    }

    /// Writes a record as somebody else would: it is neither judged nor counted, and logged as `External`.
    pub fn put_record<N: Into<String>, V: Into<Value>>(
        &self,
        object: impl Into<ObjectName>,
        field: impl Into<FieldName>,
        external_id: impl Into<ExternalId>,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> SalesforceId {
        let (object, field, external_id) = (object.into(), field.into(), external_id.into());
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.shell.with_org(|org, now| org.put(&object, Some((&field, &external_id)), fields, now))
    }

    /// Adds a record as somebody else would, even one whose external id exists already. Logged as `External`.
    pub fn add_record<N: Into<String>, V: Into<Value>>(
        &self,
        object: impl Into<ObjectName>,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> SalesforceId {
        let object = object.into();
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.shell.with_org(|org, now| org.put(&object, None, fields, now))
    }

    /// Deletes, as somebody else would, the records with this external id; how many there were. Logged as `External`.
    pub fn remove_record(
        &self,
        object: impl Into<ObjectName>,
        field: impl Into<FieldName>,
        external_id: impl Into<ExternalId>,
    ) -> usize {
        let (object, field, external_id) = (object.into(), field.into(), external_id.into());
        self.shell.with_org(|org, now| org.remove(&object, &field, &external_id, now))
    }

    /// The whole log so far.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.log_after(Sequence(0))
    }

    /// The log's entries after one of them.
    #[must_use]
    pub fn log_after(&self, sequence: Sequence) -> Vec<LogEntry> {
        self.shell.with_org(|org, _| org.log_after(sequence).to_vec())
    }

    /// Stops accepting, ends the calls that hang, and waits for the others. A second shutdown does nothing.
    pub async fn shutdown(&self) {
        self.shell.stop();
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = join(server).await {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

async fn join(server: Option<JoinHandle<()>>) -> Option<Result<(), JoinError>> {
    Some(server?.await)
}

async fn serve(listener: TcpListener, shell: Arc<Shell>) {
    let routes = http::router(Arc::clone(&shell)).into_make_service_with_connect_info::<Connection>();
    axum::serve(CuttableListener::new(listener), routes)
        .with_graceful_shutdown(async move { shell.stopped().await })
        .await
        .expect("axum retries a failed accept and returns no error");
}
