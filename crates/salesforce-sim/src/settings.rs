//! What a simulator is started with. It must not know what the settings do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::names::Millis;
use crate::org::schema::Schema;

/// The simulator's clock: milliseconds since the Unix epoch. It must not go backwards.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A clock that reads the machine's time.
#[must_use]
pub fn wall_clock() -> Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read the machine's time; tests inject a clock"
    )]
    Arc::new(|| jiff::Timestamp::now().as_millisecond())
}

/// The time of `clock`, typed.
pub(crate) fn now(clock: &Clock) -> Millis {
    Millis(clock())
}

/// A connected app's secret. It is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Whether `offered` is the secret.
    pub(crate) fn admits(&self, offered: &str) -> bool {
        self.0 == offered
    }
}

impl From<&str> for ClientSecret {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The connected app and the integration user who may log in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The consumer key; `iss` of a JWT.
    pub client_id: String,
    /// The consumer secret, for the client-credentials flow.
    pub client_secret: ClientSecret,
    /// The integration user's name; `sub` of a JWT.
    pub username: String,
    /// The PEM of the RSA public key that checks JWTs; without it the JWT flow is refused.
    pub public_key_pem: Option<String>,
    /// The audiences a JWT may name, besides the simulator's own URL.
    pub audiences: Vec<String>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            client_id: "sim-client".to_owned(),
            client_secret: ClientSecret::from("sim-secret"),
            username: "integration@example.com".to_owned(),
            public_key_pem: None,
            audiences: vec!["https://login.salesforce.com".to_owned(), "https://test.salesforce.com".to_owned()],
        }
    }
}

/// The share of one connected app, added to `Sforce-Limit-Info` as `per-app-api-usage`. It is shown, never enforced.
#[derive(Clone, Debug)]
pub struct AppUsage {
    /// The app's name.
    pub name: String,
    /// Its limit of calls in 24 hours.
    pub limit: u32,
}

/// How long, in real time, the work of a collections call takes. Faults add to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// What every call takes.
    pub call: Duration,
    /// What each of its records adds.
    pub record: Duration,
}

impl Work {
    /// What a call with so many records takes.
    #[must_use]
    pub fn of(self, records: usize) -> Duration {
        self.call + self.record * u32::try_from(records).unwrap_or(u32::MAX)
    }
}

/// What a simulator is started with. The default is an open schema, 15,000 calls a day and the machine's time.
#[derive(Clone)]
pub struct Settings {
    /// The simulator's clock.
    pub clock: Clock,
    /// The loopback port; 0 for any free one.
    pub port: u16,
    /// The org's limit: API calls in a rolling 24 hours.
    pub org_limit: u32,
    /// Whether logins count against the limit. Salesforce's documents disagree; counting is the careful answer.
    pub count_logins: bool,
    /// Shows a per-app share in `Sforce-Limit-Info`.
    pub app_usage: Option<AppUsage>,
    /// Who may log in.
    pub credentials: Credentials,
    /// The org's objects.
    pub schema: Schema,
    /// How long a collections call takes.
    pub work: Work,
    /// How long, in real time, a request that is never answered is kept open at most.
    pub hang: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: wall_clock(),
            port: 0,
            org_limit: 15_000,
            count_logins: true,
            app_usage: None,
            credentials: Credentials::default(),
            schema: Schema::open(),
            work: Work::default(),
            hang: Duration::from_mins(1),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("port", &self.port)
            .field("org_limit", &self.org_limit)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
