//! The user's AWS credentials, from where AWS's own tools find them, kept until they expire.
//!
//! Must not know: what is signed with them.

use std::time::Duration;

use anyhow::anyhow;
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use engine::ports::Clock;
use functions::SystemClock;
use rules::time::Timestamp;
use tokio::sync::Mutex;

use super::address::Region;
use crate::exit::Failure;

/// So long before they expire they are fetched anew.
const EARLY: Duration = Duration::from_mins(2);

const MEND: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile by AWS_PROFILE; after `aws sso login` or \
                    with a credential_process, run: eval \"$(aws configure export-credentials --format env)\"";

/// Where they come from, and the last ones.
pub(super) struct UsersCredentials {
    source: Option<SharedCredentialsProvider>,
    last: Mutex<Option<Credentials>>,
}

impl UsersCredentials {
    /// From the environment, the profiles of `~/.aws`, a role in them, a web identity, or the machine's own role.
    pub(super) async fn of_the_usual_places(region: &Region) -> Self {
        let region = aws_config::Region::new(region.as_str().to_owned());
        let config = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
        Self { source: config.credentials_provider(), last: Mutex::default() }
    }

    /// Credentials that hold for a while yet.
    pub(super) async fn now(&self) -> Result<Credentials, Failure> {
        let mut last = self.last.lock().await;
        if let Some(credentials) = last.as_ref().filter(|credentials| holds(credentials, SystemClock.now())) {
            return Ok(credentials.clone());
        }
        let missing = || Failure::Wrong(format!("no AWS credentials were found; {MEND}"));
        let fetched = self.source.as_ref().ok_or_else(missing)?.provide_credentials().await;
        let fetched = fetched.map_err(|problem| match problem {
            aws_credential_types::provider::error::CredentialsError::CredentialsNotLoaded(_) => missing(),
            problem => Failure::Other(anyhow!(problem).context(format!("the AWS credentials cannot be had; {MEND}"))),
        })?;
        Ok(last.insert(fetched).clone())
    }
}

fn holds(credentials: &Credentials, now: Timestamp) -> bool {
    let expires = credentials.expiry().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    expires.is_none_or(|at| {
        let at = Timestamp::from_millis(i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
        now + EARLY < at
    })
}
