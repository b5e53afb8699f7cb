//! The other process, seen from the one that measures: starts it, tells it what to hold, and asks what it counted.
//!
//! Must not know: what is measured.

use std::process::Stdio;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use measured::plan::Plan;

/// The other process. It ends with this one.
pub(crate) struct Other {
    pub(crate) address: String,
    child: Option<Child>,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct Announced {
    address: String,
}

/// What it counted.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Counted {
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
    pub(crate) dynamodb_requests: u64,
    #[serde(default)]
    pub(crate) salesforce_calls: u64,
    pub(crate) put_events_calls: u64,
    pub(crate) event_pieces: u64,
    #[serde(default)]
    pub(crate) bytes_to_salesforce: u64,
    pub(crate) bytes_to_dynamodb: u64,
    pub(crate) hottest_key: Option<HottestKey>,
    pub(crate) by_operation: Value,
}

/// The index key that got most writes in a second.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct HottestKey {
    pub(crate) key: String,
    pub(crate) units_in_a_second: f64,
}

impl Other {
    /// Starts it.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(own);
        command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("starting the other process")?;
        let output = child.stdout.take().context("reading from the other process")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).await.context("reading from the other process")?;
        let announced: Announced = serde_json::from_str(&line).context("the other process did not start")?;
        Ok(Self { child: Some(child), ..Self::at(&announced.address)? })
    }

    /// One that runs already.
    pub(crate) fn at(address: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build().context("setting up HTTP")?;
        Ok(Self { address: address.to_owned(), child: None, http })
    }

    /// Tells it what to hold; the measured connection's settings.
    pub(crate) async fn set_up(&self, plan: &Plan) -> anyhow::Result<Value> {
        self.ask("plan", &serde_json::to_value(plan)?).await
    }

    /// What it counted since it was asked last.
    pub(crate) async fn take(&self) -> anyhow::Result<Counted> {
        Ok(serde_json::from_value(self.ask("take", &Value::Null).await?)?)
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let Some(mut child) = self.child else { return Ok(()) };
        drop(child.stdin.take());
        let ended = child.wait().await.context("waiting for the other process")?;
        ensure!(ended.success(), "the other process did not end in order");
        Ok(())
    }

    async fn ask(&self, what: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.http.post(format!("{}/bench/{what}", self.address)).json(body).send().await?;
        let refused = answer.status().is_client_error() || answer.status().is_server_error();
        let text = answer.text().await?;
        ensure!(!refused, "the other process refused: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
