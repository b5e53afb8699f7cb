//! The schedules of a stack, as `EventBridge` Scheduler has them
//! (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html>).
//!
//! Must not know: what a schedule starts.

use std::env;

use anyhow::Context;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::signing::Encoding;
use super::{Address, Deployment};
use crate::cloud::Asked;
use crate::exit::Failure;

/// The service, as signatures and host names have it.
const SCHEDULER: &str = "scheduler";

/// Where its address is said when it is another one (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
const ADDRESSES: [&str; 2] = ["AWS_ENDPOINT_URL_SCHEDULER", "AWS_ENDPOINT_URL"];

/// The schedules that are listed at a time, the most there may be.
const A_PAGE: &str = "100";

/// Pages that are read at most: a stack has three schedules, and others may begin with the same letters.
const MOST_PAGES: usize = 10;

/// What stands as it is in an address: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A schedule, as far as its times go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    /// Such as `cron(0/20 * * * ? *)`.
    pub(crate) expression: String,
    pub(crate) timezone: String,
    pub(crate) is_enabled: bool,
}

impl Deployment {
    /// The schedules whose names begin with the stack's, in the default group.
    ///
    /// # Errors
    /// When AWS refuses, or answers what cannot be understood.
    pub(crate) async fn schedules(&self, stack: &str) -> Result<Vec<Schedule>, Failure> {
        let address = self.scheduler()?;
        let (mut found, mut next): (_, Option<String>) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let token = next.as_ref().map(|token| format!("&NextToken={}", encoded(token))).unwrap_or_default();
            let prefix = encoded(&format!("{stack}-"));
            let page =
                self.read(&address, format!("/schedules?MaxResults={A_PAGE}&NamePrefix={prefix}{token}")).await?;
            for listed in page["Schedules"].as_array().into_iter().flatten() {
                let name = listed["Name"].as_str().context("a schedule has no name")?;
                found.push(schedule(name, &self.read(&address, format!("/schedules/{}", encoded(name))).await?));
            }
            next = page["NextToken"].as_str().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn scheduler(&self) -> Result<Address, Failure> {
        let said = ADDRESSES.iter().find_map(|name| Some((*name, env::var(name).ok().filter(|url| !url.is_empty())?)));
        if let Some((name, url)) = said {
            return url.parse().map_err(|problem| Failure::Wrong(format!("{name}: {problem}")));
        }
        let region = self.region.as_str();
        let end = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = format!("https://{SCHEDULER}.{region}.{end}");
        url.parse().map_err(|problem| Failure::Wrong(format!("{url}: {problem}")))
    }

    async fn read(&self, address: &Address, path: String) -> Result<Value, Failure> {
        let asked = Asked { method: Method::GET, path, headers: HeaderMap::new(), body: Bytes::new() };
        let answer = self.send_to(address, SCHEDULER, &asked, Encoding::Twice).await?;
        let status = answer.status();
        let text = answer.text().await.context("reading the answer of EventBridge Scheduler")?;
        let said: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if !status.is_success() {
            let why = said["Message"].as_str().or_else(|| said["message"].as_str()).unwrap_or("it does not say why");
            return Err(Failure::Conflict(format!("EventBridge Scheduler refused ({status}): {why}")));
        }
        Ok(said)
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn schedule(name: &str, told: &Value) -> Schedule {
    let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
    let (expression, timezone) = (text("ScheduleExpression"), text("ScheduleExpressionTimezone"));
    Schedule { name: name.to_owned(), expression, timezone, is_enabled: told["State"] == "ENABLED" }
}
