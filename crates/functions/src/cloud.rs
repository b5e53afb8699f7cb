//! How the cloud's services are reached: region and credentials as Lambda puts them into the environment, and nothing else.
//!
//! Not by `aws_config`'s own search: that also looks into files, asks metadata services and assumes roles, none of which a function has,
//! and all of which would be in its zip.
//!
//! Must not know: what is asked of a service.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use salesforce::names_this_machine;

/// What all clients have in common.
pub(crate) fn common() -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(told("AWS_REGION").map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .retry_config(RetryConfig::standard())
        .timeout_config(patience())
        .build()
}

/// Where a service is, when it is elsewhere than in its region: in tests, or behind an endpoint of one's own. The SDKs of AWS know these
/// variables by the same names (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    Table,
    Bus,
    Secrets,
}

impl Service {
    /// Its address, if it is elsewhere.
    pub(crate) fn address(self) -> Option<String> {
        told(match self {
            Self::Table => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::Bus => "AWS_ENDPOINT_URL_EVENTBRIDGE",
            Self::Secrets => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        })
    }

    /// Whether it is on this machine, as in tests.
    pub(crate) fn is_here(self) -> bool {
        self.address().is_some_and(|address| names_this_machine(&address))
    }
}

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How long a service of the cloud may take: a request that hangs must not hold a lease to its end. A connection is made in as long as
/// the SDK itself allows for it.
fn patience() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(3_100))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(20))
        .build()
}
