//! A connection's settings: one source system into one Salesforce org, read so that all mistakes are reported together.
//!
//! Must not know: where the settings are kept, how Salesforce is called, what a secret holds.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::budget::BudgetSettings;
use crate::catalogue::{Catalogue, OwnRule};
use crate::fields::Mistakes;
use crate::ids::{ConnectionId, FieldName, ObjectName};
use crate::policy::Policy;
use crate::retention::Retention;

mod reading;

/// The records past which a connection's index keys are spread over shards.
pub const BACKLOG_PER_SHARD: u32 = 5_000;

/// The most shards that a connection gets.
pub const MOST_SHARDS: u16 = 32;

/// Where and how a connection signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The org's own address, such as `https://acme.my.salesforce.com`. `http` is taken for loopback only.
    pub login_url: String,
    /// The hosts that a token may be sent to: the login host, and what `instance_url` may say.
    pub allowed_hosts: Vec<String>,
    /// The REST API's version, such as `62.0`.
    pub api_version: String,
    /// The OAuth flow.
    #[serde(flatten)]
    pub flow: Flow,
    /// The name or ARN of the secret with the credentials; never the credentials themselves.
    pub secret: String,
}

/// How a token is obtained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "flow", rename_all = "snake_case")]
pub enum Flow {
    /// OAuth 2.0 client credentials; the secret holds `client_id` and `client_secret`.
    ClientCredentials,
    /// OAuth 2.0 JWT bearer, RS256; the secret holds `client_id` and `private_key` (PEM).
    JwtBearer {
        /// The integration user.
        username: String,
        /// The login host, such as `https://login.salesforce.com`.
        audience: String,
    },
}

/// One connection's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its name.
    pub id: ConnectionId,
    /// How its failures are retried.
    pub policy: Policy,
    /// Its API budget.
    pub budget: BudgetSettings,
    /// Its org.
    pub target: Target,
    /// The external-id field of each object, where an event does not name it.
    pub external_ids: BTreeMap<ObjectName, FieldName>,
    /// The user's own error rules, laid over the catalogue.
    pub own_rules: Vec<OwnRule>,
    /// A person paused it: nothing runs until resumed.
    pub paused: bool,
    /// Calls in flight at most; 4.
    pub calls_in_flight: u8,
    /// The longest that one request may take, in seconds; 120.
    pub request_timeout_seconds: u16,
    /// Over how many index keys its records are spread; only grows.
    pub shards: u16,
    /// How long what is no longer needed stays.
    #[serde(default)]
    pub retention: Retention,
}

impl Connection {
    /// Reads and checks settings.
    ///
    /// # Errors
    /// All mistakes together, each with field, problem and mend.
    pub fn read(value: &Value) -> Result<Self, Mistakes> {
        reading::connection(value)
    }

    /// The longest that one request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.request_timeout_seconds))
    }

    /// The catalogue with the connection's own rules laid over it.
    ///
    /// # Errors
    /// When an own rule is wrong; settings that were read by [`Connection::read`] have none.
    pub fn catalogue(&self) -> Result<Catalogue, Mistakes> {
        reading::catalogue(&self.own_rules)
    }

    /// The shards that a backlog of `records` asks for; never fewer than there are.
    #[must_use]
    pub fn shards_for(&self, records: usize) -> u16 {
        let wanted = u16::try_from(records / BACKLOG_PER_SHARD as usize).unwrap_or(MOST_SHARDS) + 1;
        wanted.next_power_of_two().min(MOST_SHARDS).max(self.shards)
    }
}
