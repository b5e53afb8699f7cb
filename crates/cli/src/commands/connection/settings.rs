//! Settings on the command line and in files, put together as the routes take them.
//!
//! Must not know: which settings are right; the routes report all mistakes together.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rules::fields::{Mistake, Mistakes};
use serde_json::{Map, Value, json};

use crate::commands::limit::Limit;
use crate::exit::Failure;

/// The largest file of settings that is read, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// The settings that have an option of their own, and the way to the others.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsArgs {
    /// Read settings from this file, TOML or JSON by its ending; the options below go before it
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// How failures are retried: `interval`, every 20 minutes up to ten times and then nightly; `recent`, twice a day for 7 days
    #[arg(long, value_name = "POLICY", value_parser = ["interval", "recent"])]
    policy: Option<String>,
    /// The org's own address, such as `https://acme.my.salesforce.com`
    #[arg(long, value_name = "URL")]
    login_url: Option<String>,
    /// The OAuth flow
    #[arg(long, value_name = "FLOW", value_parser = ["client-credentials", "jwt-bearer"])]
    flow: Option<String>,
    /// The integration user, for jwt-bearer
    #[arg(long, value_name = "USER")]
    username: Option<String>,
    /// The name of the secret: `[secrets.NAME]` in resync.toml says where its content is
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// API calls in 24 hours that are set aside for this connection, of which retries use 75 %; or `none`
    #[arg(long, value_name = "LIMIT")]
    api_limit: Option<Limit>,
    /// The external-id field of an object; once for each object
    #[arg(long = "external-id", value_name = "OBJECT=FIELD")]
    external_ids: Vec<Pair>,
    /// Any other setting by its path, such as `policy.tries=5`; the value is JSON, or else a text
    #[arg(long = "setting", value_name = "PATH=VALUE")]
    settings: Vec<Pair>,
}

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    name: String,
    value: String,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            Some(_) | None => Err("write it as NAME=VALUE".to_owned()),
        }
    }
}

impl SettingsArgs {
    /// Whether no setting is given.
    pub(super) fn is_empty(&self) -> bool {
        let Self { from, policy, login_url, flow, username, secret, api_limit, external_ids, settings } = self;
        let texts = [policy, login_url, flow, username, secret];
        from.is_none()
            && texts.iter().all(|text| text.is_none())
            && api_limit.is_none()
            && external_ids.is_empty()
            && settings.is_empty()
    }

    /// The settings as the routes take them: those of the file, with the options laid over them.
    pub(super) fn assemble(&self) -> Result<Map<String, Value>, Failure> {
        let mut all = match &self.from {
            Some(path) => file(path)?,
            None => json!({}),
        };
        let flow = self.flow.as_ref().map(|flow| flow.replace('-', "_"));
        let texts = [
            (&["policy", "kind"][..], &self.policy),
            (&["target", "login_url"], &self.login_url),
            (&["target", "flow"], &flow),
            (&["target", "username"], &self.username),
            (&["target", "secret"], &self.secret),
        ];
        for (path, text) in texts {
            if let Some(text) = text {
                put(&mut all, path, json!(text));
            }
        }
        if let Some(Limit(limit)) = self.api_limit {
            put(&mut all, &["budget", "api_limit"], json!(limit));
        }
        for pair in &self.external_ids {
            put(&mut all, &["external_ids", &pair.name], json!(pair.value));
        }
        for pair in &self.settings {
            let path: Vec<&str> = pair.name.split('.').collect();
            let value = serde_json::from_str(&pair.value).unwrap_or_else(|_| json!(pair.value));
            put(&mut all, &path, value);
        }
        match all {
            Value::Object(all) => Ok(all),
            _ => Err(Failure::Wrong("the settings are no object; write them as { \"field\": value, … }".to_owned())),
        }
    }

    /// The failure with each mistake under the option that sets it, for who gave options alone. A file names its own fields.
    pub(super) fn in_options(&self, failure: Failure) -> Failure {
        match (failure, &self.from) {
            (Failure::Input { what, mistakes: Mistakes(mistakes) }, None) => {
                let named = |mistake: Mistake| Mistake { field: option(&mistake.field), ..mistake };
                Failure::Input { what, mistakes: Mistakes(mistakes.into_iter().map(named).collect()) }
            }
            (failure, _) => failure,
        }
    }
}

/// The option that sets what the routes call `field`.
fn option(field: &str) -> String {
    let known = match field {
        "id" => "NAME",
        "policy" | "policy.kind" => "--policy",
        "target" => "--login-url, --flow and --secret",
        "target.login_url" => "--login-url",
        "target.flow" => "--flow",
        "target.username" => "--username",
        "target.secret" => "--secret",
        "budget.api_limit" => "--api-limit",
        "external_ids" => "--external-id",
        other => match other.strip_prefix("external_ids.") {
            Some(object) => return format!("--external-id {object}"),
            None => return format!("--setting {other}"),
        },
    };
    known.to_owned()
}

/// Puts `value` at `path`; what is no object on the way there becomes one.
fn put(place: &mut Value, path: &[&str], value: Value) {
    match path {
        [] => *place = value,
        [first, rest @ ..] => {
            if !place.is_object() {
                *place = json!({});
            }
            put(&mut place[*first], rest, value);
        }
    }
}

fn file(path: &Path) -> Result<Value, Failure> {
    let unusable = |error: &dyn std::fmt::Display| Failure::unusable(path, &error.to_string());
    if fs::metadata(path).map_err(|error| unusable(&error))?.len() > LARGEST_FILE {
        return Err(unusable(&"it is larger than 1 MiB, which no settings are"));
    }
    let text = fs::read_to_string(path).map_err(|error| unusable(&error))?;
    let read = match path.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => toml::from_str(&text).map_err(|error| error.to_string()),
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string()),
        Some(_) | None => Err("whether it is TOML or JSON is not known; let its name end in .toml or .json".to_owned()),
    };
    read.map_err(|problem| unusable(&problem))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::{Value, json};

    use super::SettingsArgs;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: SettingsArgs,
    }

    fn assembled(args: &[&str]) -> Value {
        let line = Line::try_parse_from([&["x"], args].concat()).expect("the options are known");
        Value::Object(line.settings.assemble().expect("nothing needs a file"))
    }

    #[test]
    fn options_become_the_settings_that_the_routes_take() {
        let options = [
            "--policy=interval",
            "--login-url=https://acme.my.salesforce.com",
            "--flow=client-credentials",
            "--secret=acme",
            "--api-limit=20000",
            "--external-id=Contact=Ext_Id__c",
            "--external-id=Account=Key__c",
        ];
        let target =
            json!({ "login_url": "https://acme.my.salesforce.com", "flow": "client_credentials", "secret": "acme" });
        let expected = json!({
            "policy": { "kind": "interval" },
            "target": target,
            "budget": { "api_limit": 20_000 },
            "external_ids": { "Contact": "Ext_Id__c", "Account": "Key__c" },
        });
        assert_eq!(assembled(&options), expected);
    }

    #[test]
    fn any_other_setting_is_named_by_its_path_with_a_value_in_json_or_a_text() {
        let options =
            ["--setting=policy.tries=5", "--setting=policy.nightly_at=01:00", "--setting=policy.excluded=[\"x\"]"];
        let expected = json!({ "policy": { "tries": 5, "nightly_at": "01:00", "excluded": ["x"] } });
        assert_eq!(assembled(&options), expected);
    }

    #[test]
    fn none_takes_a_limit_away() {
        assert_eq!(assembled(&["--api-limit=none"]), json!({ "budget": { "api_limit": null } }));
    }

    #[test]
    fn a_file_of_toml_or_json_gives_what_no_option_does() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let (toml, json_file) = (directory.path().join("a.toml"), directory.path().join("a.json"));
        std::fs::write(&toml, "[policy]\nkind = \"recent\"\nwindow_days = 3\n").expect("it is written");
        std::fs::write(&json_file, r#"{"policy":{"kind":"recent","window_days":3}}"#).expect("it is written");
        for path in [toml, json_file] {
            let path = path.to_str().expect("the path is UTF-8");
            let expected = json!({ "policy": { "kind": "interval", "window_days": 3 } });
            assert_eq!(assembled(&["--from", path, "--policy=interval"]), expected);
        }
    }
}
