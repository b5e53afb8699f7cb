//! Reads a connection's settings from JSON and gathers every mistake.
//!
//! Must not know: where the JSON comes from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Connection, Flow, Target};
use crate::budget::BudgetSettings;
use crate::catalogue::{Catalogue, ErrorType, OwnRule};
use crate::counts::ApiCalls;
use crate::fields::{Fields, Mistake, Mistakes};
use crate::ids::{FieldName, ObjectName};
use crate::policy::{IntervalPolicy, Policy, RecentPolicy};
use crate::retention::Retention;
use crate::time::TimeOfDay;

pub(super) fn connection(value: &Value) -> Result<Connection, Mistakes> {
    let mut fields = Fields::of("", value);
    let id = fields.text("id");
    let policy = policy(&mut fields);
    let budget = budget(&mut fields);
    let target = target(&mut fields);
    let external_ids = external_ids(&mut fields);
    let own_rules = own_rules(&mut fields);
    check_excluded(&mut fields, policy.as_ref(), &own_rules);
    let paused = fields.flag("paused").unwrap_or(false);
    let calls_in_flight = fields.number("calls_in_flight", 1..=25).unwrap_or(4);
    let request_timeout = fields.number("request_timeout_seconds", 1..=600).unwrap_or(120);
    let shards = fields.number("shards", 1..=u64::from(super::MOST_SHARDS)).unwrap_or(1);
    let retention = retention(&mut fields);
    let mistakes = fields.strict();
    match (id, policy, target) {
        (Some(id), Some(policy), Some(target)) if mistakes.is_empty() => Ok(Connection {
            id,
            policy,
            budget,
            target,
            external_ids,
            own_rules,
            paused,
            calls_in_flight: narrow(calls_in_flight),
            request_timeout_seconds: narrow(request_timeout),
            shards: narrow(shards),
            retention,
        }),
        (_, _, _) => Err(Mistakes(mistakes)),
    }
}

pub(super) fn catalogue(own_rules: &[OwnRule]) -> Result<Catalogue, Mistakes> {
    Catalogue::with_own_rules(own_rules.to_vec()).map_err(|problems| {
        let mistake = |problem: crate::catalogue::RuleProblem| Mistake {
            field: format!("own_rules[{}].{}", problem.rule, problem.field),
            problem: problem.problem,
            mend: problem.mend,
        };
        Mistakes(problems.into_iter().map(mistake).collect())
    })
}

fn narrow<T: TryFrom<u64>>(number: u64) -> T
where
    T::Error: std::fmt::Debug,
{
    T::try_from(number).expect("the range was checked when it was read")
}

fn policy(fields: &mut Fields<'_>) -> Option<Policy> {
    let value = fields.required("policy")?;
    let mut policy = Fields::of("policy", value);
    let kind: Option<String> = policy.text("kind");
    let read = match kind.as_deref() {
        Some("interval") => Some(Policy::Interval(interval(&mut policy))),
        Some("recent") => Some(Policy::Recent(recent(&mut policy))),
        Some(_) => {
            policy.wrong("kind", "is not a policy", "write interval or recent");
            None
        }
        None => None,
    };
    let mistakes = if read.is_some() { policy.strict() } else { policy.lenient() };
    fields.gather(mistakes);
    read
}

fn interval(fields: &mut Fields<'_>) -> IntervalPolicy {
    let default = IntervalPolicy::default();
    IntervalPolicy {
        every_minutes: fields.number("every_minutes", 1..=1_440).map_or(default.every_minutes, narrow),
        tries: fields.number("tries", 1..=1_000).map_or(default.tries, narrow),
        nightly_at: time_of_day(fields, "nightly_at").unwrap_or(default.nightly_at),
        excluded: error_types(fields, "excluded").unwrap_or(default.excluded),
    }
}

fn recent(fields: &mut Fields<'_>) -> RecentPolicy {
    let default = RecentPolicy::default();
    RecentPolicy {
        window_days: fields.number("window_days", 1..=28).map_or(default.window_days, narrow),
        sweeps_at: times_of_day(fields, "sweeps_at").unwrap_or(default.sweeps_at),
        batch: fields.number("batch", 200..=1_000_000).map_or(default.batch, narrow),
        excluded: error_types(fields, "excluded").unwrap_or(default.excluded),
    }
}

fn time_of_day(fields: &mut Fields<'_>, name: &'static str) -> Option<TimeOfDay> {
    let text: String = fields.optional_text(name)?;
    let time = TimeOfDay::parse(&text);
    if time.is_none() {
        fields.wrong(name, "is not a time of day", "write it as HH:MM in UTC, such as 00:00");
    }
    time
}

fn times_of_day(fields: &mut Fields<'_>, name: &'static str) -> Option<Vec<TimeOfDay>> {
    let texts = texts(fields, name)?;
    let times: Option<Vec<_>> = texts.iter().map(|text| TimeOfDay::parse(text)).collect();
    if times.is_none() {
        fields.wrong(name, "has a text that is not a time of day", "write each as HH:MM in UTC, such as 11:30");
    }
    times
}

fn error_types(fields: &mut Fields<'_>, name: &'static str) -> Option<BTreeSet<ErrorType>> {
    let texts = texts(fields, name)?;
    let types: Option<BTreeSet<_>> = texts.iter().map(|text| ErrorType::parse(text).ok()).collect();
    if types.is_none() {
        fields.wrong(name, "has a text that is not an error type", "use types of the catalogue, such as daco-02");
    }
    types
}

/// An excluded type that no rule defines would silently exclude nothing.
fn check_excluded(fields: &mut Fields<'_>, policy: Option<&Policy>, own_rules: &[OwnRule]) {
    let excluded = match policy {
        Some(Policy::Interval(policy)) => &policy.excluded,
        Some(Policy::Recent(policy)) => &policy.excluded,
        None => return,
    };
    let is_defined = |excluded: &&ErrorType| {
        let own = own_rules.iter().any(|rule| rule.id == excluded.as_str());
        own || excluded.is_unknown() || Catalogue::builtin().rule(excluded).is_some()
    };
    for unheard in excluded.iter().filter(|excluded| !is_defined(excluded)) {
        let problem = format!("names {unheard}, which no rule of the catalogue defines");
        fields.wrong("policy.excluded", problem, "use a type of the catalogue, such as daco-02");
    }
}

fn texts(fields: &mut Fields<'_>, name: &'static str) -> Option<Vec<String>> {
    let value = fields.value(name)?;
    let texts = value.as_array().and_then(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect());
    if texts.is_none() {
        fields.wrong(name, "is not a list of texts", "write it as [\"…\", \"…\"]");
    }
    texts
}

fn budget(fields: &mut Fields<'_>) -> BudgetSettings {
    let default = BudgetSettings::default();
    let Some(value) = fields.value("budget") else {
        return default;
    };
    let mut budget = Fields::of("budget", value);
    let calls = |number: Option<u64>| number.map(ApiCalls);
    let read = BudgetSettings {
        api_limit: calls(budget.number("api_limit", 1..=100_000_000)),
        cap_without_limit: calls(budget.number("cap_without_limit", 0..=100_000_000))
            .unwrap_or(default.cap_without_limit),
        limit_share_percent: budget.number("limit_share_percent", 1..=100).map_or(default.limit_share_percent, narrow),
        org_share_percent: budget.number("org_share_percent", 1..=100).map_or(default.org_share_percent, narrow),
    };
    fields.gather(budget.strict());
    read
}

fn retention(fields: &mut Fields<'_>) -> Retention {
    let default = Retention::default();
    let Some(value) = fields.value("retention") else {
        return default;
    };
    let mut retention = Fields::of("retention", value);
    let read = Retention {
        // A late, older failure is refused after 29 days: until then the resolved record must be there.
        resolved_days: retention.number("resolved_days", 30..=3_650).map_or(default.resolved_days, narrow),
        payload_days: retention.number("payload_days", 1..=3_650).map(narrow),
        audit_days: retention.number("audit_days", 1..=3_650).map_or(default.audit_days, narrow),
        report_days: retention.number("report_days", 1..=3_650).map_or(default.report_days, narrow),
    };
    fields.gather(retention.strict());
    read
}

/// How a host is written.
const IN_NAMES: &str =
    "write the host's name, such as acme.my.salesforce.com; only this machine may be written as 127.0.0.1";

fn target(fields: &mut Fields<'_>) -> Option<Target> {
    let value = fields.required("target")?;
    let mut target = Fields::of("target", value);
    let login_url = login_url(&mut target);
    let api_version = api_version(&mut target);
    let flow = flow(&mut target);
    let secret = target.text::<String>("secret").filter(|secret| !secret.trim().is_empty());
    if secret.is_none() && target.value("secret").is_some() {
        target.wrong("secret", "is empty", "name the secret that holds the credentials");
    }
    let more_hosts = hosts(&mut target);
    fields.gather(target.strict());
    let login_url = login_url?;
    let allowed_hosts = std::iter::once(host(&login_url)?.to_owned()).chain(more_hosts).collect::<BTreeSet<_>>();
    Some(Target {
        login_url,
        allowed_hosts: allowed_hosts.into_iter().collect(),
        api_version: api_version?,
        flow: flow?,
        secret: secret?,
    })
}

/// More hosts that a token may be sent to.
fn hosts(target: &mut Fields<'_>) -> Vec<String> {
    let listed = texts(target, "allowed_hosts").unwrap_or_default();
    if listed.iter().any(|name| !is_host(name)) {
        target.wrong(
            "allowed_hosts",
            "has a text that is not a host",
            "write host names alone, such as acme.my.salesforce.com",
        );
    }
    let listed: Vec<String> = listed.into_iter().map(|name| name.to_ascii_lowercase()).collect();
    if listed.iter().any(|name| is_in_numbers(name) && !is_loopback(name)) {
        target.wrong("allowed_hosts", "has an address in numbers", IN_NAMES);
    }
    listed
}

fn login_url(target: &mut Fields<'_>) -> Option<String> {
    let url: String = target.text("login_url")?;
    let url = url.trim_end_matches('/').to_ascii_lowercase();
    let secure = url.starts_with("https://");
    let loopback = url.starts_with("http://") && host(&url).is_some_and(is_loopback);
    if host(&url).is_none() || !(secure || loopback) {
        target.wrong(
            "login_url",
            "is not an https address of a host",
            "write it as https://YOUR-DOMAIN.my.salesforce.com",
        );
        return None;
    }
    if host(&url).is_some_and(|host| is_in_numbers(host) && !is_loopback(host)) {
        target.wrong("login_url", "is an address in numbers", IN_NAMES);
        return None;
    }
    Some(url)
}

/// The host of `scheme://host[:port]`, when the address is nothing more than that.
fn host(url: &str) -> Option<&str> {
    let (_, authority) = url.split_once("://")?;
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let digits =
        |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    (is_host(host) && port.is_none_or(digits)).then_some(host)
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether a host is read as an address of IPv4, in whatever numbers: its last part is one. Source: WHATWG, URL, "ends in a number".
fn is_in_numbers(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    last.bytes().all(|b| b.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(hexadecimal)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn api_version(target: &mut Fields<'_>) -> Option<String> {
    let version = target.optional_text::<String>("api_version").unwrap_or_else(|| "62.0".to_owned());
    let fits = version.split_once('.').is_some_and(|(major, minor)| {
        let digits = major.bytes().all(|b| b.is_ascii_digit()) && !major.starts_with('0');
        digits && major.parse::<u16>().is_ok_and(|major| (46..=999).contains(&major)) && minor == "0"
    });
    if !fits {
        target.wrong(
            "api_version",
            "is not a version from 46.0 on",
            "write it as 62.0; collections need 46.0 or later",
        );
        return None;
    }
    Some(version)
}

fn flow(target: &mut Fields<'_>) -> Option<Flow> {
    let flow = target.text::<String>("flow");
    let username = target.optional_text::<String>("username");
    let audience =
        target.optional_text::<String>("audience").unwrap_or_else(|| "https://login.salesforce.com".to_owned());
    match (flow?.as_str(), username) {
        ("client_credentials", _) => Some(Flow::ClientCredentials),
        ("jwt_bearer", Some(username)) => Some(Flow::JwtBearer { username, audience }),
        ("jwt_bearer", None) => {
            target.wrong("username", "is missing", "name the integration user that the token is for");
            None
        }
        (_, _) => {
            target.wrong("flow", "is not an OAuth flow that is known", "write client_credentials or jwt_bearer");
            None
        }
    }
}

fn external_ids(fields: &mut Fields<'_>) -> BTreeMap<ObjectName, FieldName> {
    let Some(value) = fields.value("external_ids") else {
        return BTreeMap::new();
    };
    let Some(object) = value.as_object() else {
        fields.wrong("external_ids", "is not an object", "write it as { \"Contact\": \"Ext_Id__c\" }");
        return BTreeMap::new();
    };
    let mut read = BTreeMap::new();
    for (name, field) in object {
        let pair = (ObjectName::new(name.as_str()), FieldName::new(field.as_str().unwrap_or_default()));
        match pair {
            (Ok(name), Ok(field)) => drop(read.insert(name, field)),
            (Err(wrong), _) | (Ok(_), Err(wrong)) => {
                fields.wrong(&format!("external_ids.{name}"), wrong.problem, wrong.mend);
            }
        }
    }
    read
}

fn own_rules(fields: &mut Fields<'_>) -> Vec<OwnRule> {
    let Some(value) = fields.value("own_rules") else {
        return Vec::new();
    };
    let Some(list) = value.as_array() else {
        fields.wrong("own_rules", "is not a list", "write it as [ { \"id\": …, \"code\": … } ]");
        return Vec::new();
    };
    let read: Vec<_> = list.iter().map(|item| serde_json::from_value::<OwnRule>(item.clone())).collect();
    for (index, unreadable) in read.iter().enumerate().filter_map(|(index, rule)| Some((index, rule.as_ref().err()?))) {
        fields.wrong(&format!("own_rules[{index}]"), unreadable.to_string(), "write it like a rule of the catalogue");
    }
    // The others are checked once all can be read, so that their numbers are those of the list.
    let rules: Vec<OwnRule> = read.into_iter().filter_map(Result::ok).collect();
    if rules.len() == list.len() {
        fields.gather(catalogue(&rules).err().map(|mistakes| mistakes.0).unwrap_or_default());
    }
    rules
}
