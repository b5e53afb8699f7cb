//! The wizard of `resync connection create`: one question for each setting that has no default.
//!
//! Must not know: what is done with the answers.

use anyhow::Context;
use dialoguer::theme::SimpleTheme;
use dialoguer::{Input, Select};
use rules::ids::{ConnectionId, FieldName, ObjectName};
use serde_json::{Map, Value, json};

use crate::exit::Failure;

const POLICIES: [(&str, &str); 2] = [
    ("interval", "interval: every 20 minutes up to ten times, then every night"),
    ("recent", "recent: twice a day, for 7 days after the first failure"),
];

const FLOWS: [(&str, &str); 2] = [
    ("client_credentials", "client credentials: the secret holds client_id and client_secret"),
    ("jwt_bearer", "JWT bearer: the secret holds client_id and private_key"),
];

/// Asks for the settings of a connection; `simulator` is the target of one to the simulator, when there is one.
pub(super) fn ask(name: Option<&str>, simulator: Option<&Value>) -> Result<Map<String, Value>, Failure> {
    let mut settings = Map::new();
    let id = match name {
        Some(name) => name.to_owned(),
        None => text("Name of the connection, such as marketing", |text| ConnectionId::new(text).map(drop))?,
    };
    settings.insert("id".to_owned(), json!(id));
    settings.insert("policy".to_owned(), json!({ "kind": choice("How are failures retried?", &POLICIES)? }));
    settings.insert("target".to_owned(), target(&id, simulator)?);
    settings.insert("external_ids".to_owned(), external_ids()?);
    if let Some(limit) = limit()? {
        settings.insert("budget".to_owned(), json!({ "api_limit": limit }));
    }
    Ok(settings)
}

fn target(id: &str, simulator: Option<&Value>) -> Result<Value, Failure> {
    if let Some(simulator) = simulator {
        let orgs = [("own", "your own org"), ("simulator", "the simulator that resync.toml starts")];
        if choice("Into which Salesforce?", &orgs)? == "simulator" {
            return Ok(simulator.clone());
        }
    }
    let login_url = text("Address of the org, such as https://acme.my.salesforce.com", address)?;
    let flow = choice("How does it sign in?", &FLOWS)?;
    let mut target = json!({ "login_url": login_url, "flow": flow });
    if flow == "jwt_bearer" {
        target["username"] = json!(text("Integration user, such as sync@acme.example", anything)?);
    }
    let secret = Input::<String>::with_theme(&SimpleTheme)
        .with_prompt("Name of its secret: [secrets.NAME] in resync.toml says where the content is")
        .default(id.to_owned())
        .interact_text();
    target["secret"] = json!(secret.context("asking for the secret's name")?);
    Ok(target)
}

/// Pairs of object and field, until a line is empty.
fn external_ids() -> Result<Value, Failure> {
    let mut pairs = Map::new();
    loop {
        let asked = Input::<String>::with_theme(&SimpleTheme)
            .with_prompt("An object and its external-id field, such as Contact=Ext_Id__c (empty: that was all)")
            .allow_empty(true)
            .validate_with(|text: &String| pair(text).map(drop))
            .interact_text();
        match pair(&asked.context("asking for the external ids")?) {
            Ok(Some((object, field))) => drop(pairs.insert(object, json!(field))),
            Ok(None) => return Ok(Value::Object(pairs)),
            Err(wrong) => return Err(Failure::Wrong(wrong)),
        }
    }
}

/// `Object=Field`; none for an empty line.
fn pair(text: &str) -> Result<Option<(String, String)>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let (object, field) = text.split_once('=').ok_or("write it as Object=Field")?;
    let (object, field) = (object.trim(), field.trim());
    ObjectName::new(object).map_err(|wrong| wrong.to_string())?;
    FieldName::new(field).map_err(|wrong| wrong.to_string())?;
    Ok(Some((object.to_owned(), field.to_owned())))
}

fn limit() -> Result<Option<u64>, Failure> {
    let asked = Input::<String>::with_theme(&SimpleTheme)
        .with_prompt("API calls in 24 hours that are set aside for it (empty: no limit, retries use at most 5,000)")
        .allow_empty(true)
        .validate_with(|text: &String| number(text).map(drop))
        .interact_text();
    number(&asked.context("asking for the limit")?).map_err(|wrong| Failure::Wrong(wrong.to_owned()))
}

fn number(text: &str) -> Result<Option<u64>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| "write a whole number, or nothing"),
    }
}

fn text<E: std::fmt::Display>(prompt: &str, check: impl Fn(&str) -> Result<(), E>) -> Result<String, Failure> {
    let asked = Input::<String>::with_theme(&SimpleTheme)
        .with_prompt(prompt)
        .validate_with(|text: &String| check(text.trim()).map_err(|wrong| wrong.to_string()))
        .interact_text();
    Ok(asked.context("asking for the settings")?.trim().to_owned())
}

fn choice(prompt: &str, choices: &[(&'static str, &str)]) -> Result<&'static str, Failure> {
    let items: Vec<&str> = choices.iter().map(|(_, words)| *words).collect();
    let chosen = Select::with_theme(&SimpleTheme).with_prompt(prompt).items(items).default(0).interact();
    Ok(choices[chosen.context("asking for the settings")?].0)
}

fn address(text: &str) -> Result<(), &'static str> {
    match text.split_once("://") {
        Some(("https" | "http", host)) if !host.is_empty() => Ok(()),
        Some(_) | None => Err("write it as https://YOUR-DOMAIN.my.salesforce.com"),
    }
}

fn anything(text: &str) -> Result<(), &'static str> {
    if text.is_empty() { Err("write something") } else { Ok(()) }
}
