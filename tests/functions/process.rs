//! A function's process: started with its environment, invoked, and ended with the test.
//!
//! Must not know: which function it is.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rules::time::Timestamp;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::clock::{INVOCATION, now};
use super::environment::Environment;
use super::runtime_api::{Answer, RuntimeApi};

/// The binaries that the tests start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Ingest,
    RetryDue,
    RetryTimedOut,
    RetryRecent,
    RetryRequested,
    Api,
    Panics,
}

impl Binary {
    /// Those that are deployed.
    pub(crate) const FUNCTIONS: [Self; 6] =
        [Self::Ingest, Self::RetryDue, Self::RetryTimedOut, Self::RetryRecent, Self::RetryRequested, Self::Api];

    /// The program; with `RESYNC_BUILT`, the one that `sam build` left in that folder. What only tests have lies beside that folder.
    pub(super) fn path(self) -> PathBuf {
        match std::env::var_os("RESYNC_BUILT") {
            Some(folder) if self == Self::Panics => Path::new(&folder).with_file_name("panics").join("bootstrap"),
            Some(folder) => self.built_in(Path::new(&folder)),
            None => self.compiled().into(),
        }
    }

    /// The program of its function, as `sam build` leaves it in `folder`.
    pub(super) fn built_in(self, folder: &Path) -> PathBuf {
        folder.join(format!("{self:?}")).join("bootstrap")
    }

    /// Its name in Cargo's words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::RetryDue => "retry-due",
            Self::RetryTimedOut => "retry-timed-out",
            Self::RetryRecent => "retry-recent",
            Self::RetryRequested => "retry-requested",
            Self::Api => "api",
            Self::Panics => "e2e-panics",
        }
    }

    fn compiled(self) -> &'static str {
        match self {
            Self::Ingest => env!("CARGO_BIN_EXE_e2e-ingest"),
            Self::RetryDue => env!("CARGO_BIN_EXE_e2e-retry-due"),
            Self::RetryTimedOut => env!("CARGO_BIN_EXE_e2e-retry-timed-out"),
            Self::RetryRecent => env!("CARGO_BIN_EXE_e2e-retry-recent"),
            Self::RetryRequested => env!("CARGO_BIN_EXE_e2e-retry-requested"),
            Self::Api => env!("CARGO_BIN_EXE_e2e-api"),
            Self::Panics => env!("CARGO_BIN_EXE_e2e-panics"),
        }
    }
}

/// A running function.
pub(crate) struct Function {
    api: RuntimeApi,
    child: Child,
    output: JoinHandle<String>,
}

/// What a process left behind.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
}

impl Function {
    /// Starts `binary` with `environment` and nothing else of this process's own.
    pub(crate) async fn start(binary: Binary, environment: &Environment) -> Self {
        let api = RuntimeApi::start().await;
        let mut child = Command::new(binary.path())
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.host())
            .env("AWS_LAMBDA_FUNCTION_NAME", "resync")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let output = tokio::spawn(async move {
            let (mut said, mut complained) = (String::new(), String::new());
            let read = tokio::join!(out.read_to_string(&mut said), err.read_to_string(&mut complained));
            assert!(read.0.is_ok() && read.1.is_ok());
            said + &complained
        });
        Self { api, child, output }
    }

    /// Its process's id, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Invokes it and gives its response.
    pub(crate) async fn invoke(&mut self, event: Value) -> Value {
        match self.answer(event, now() + INVOCATION).await {
            Answer::Response(response) => response,
            Answer::Error(error) => panic!("the function failed: {error}"),
        }
    }

    /// Invokes it and gives the error that it reports.
    pub(crate) async fn fail(&mut self, event: Value) -> Value {
        match self.answer(event, now() + INVOCATION).await {
            Answer::Response(response) => panic!("the function did not fail: {response}"),
            Answer::Error(error) => error,
        }
    }

    /// Invokes it with a deadline.
    pub(crate) async fn answer(&mut self, event: Value, deadline: Timestamp) -> Answer {
        let answered = self.api.invoke(event, deadline);
        tokio::select! {
            answer = answered => answer.unwrap(),
            status = self.child.wait() => panic!("the function ended before it answered: {status:?}"),
        }
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = self.child.wait().await.unwrap();
        Ended { status, output: self.output.await.unwrap() }
    }

    /// Ends it, and gives all that it logged.
    pub(crate) async fn log(mut self) -> String {
        self.child.kill().await.unwrap();
        self.output.await.unwrap()
    }
}
