//! A change of settings as a JSON merge patch (RFC 7396), with the few places where merging alone would leave something wrong.
//!
//! Must not know: where settings are kept.

use rules::connection::Connection;
use rules::fields::{Mistake, Mistakes, kind};
use serde_json::{Map, Value, json};

/// The settings with `patch` laid over them.
///
/// Another kind of policy takes the whole place of the old one, whose fields it does not know. With another `login_url` the old
/// host may get no token any more, unless the patch lists it.
///
/// # Errors
/// All mistakes together. The name and the number of shards cannot be changed.
pub fn merge(before: &Connection, patch: &Value) -> Result<Connection, Mistakes> {
    let Value::Object(patch) = patch else {
        let problem = format!("is {}, not an object", kind(patch));
        return Err(Mistakes(vec![mistake("(input)", &problem, "write it as { \"field\": value, … }")]));
    };
    let mut settings = as_json(before);
    let fixed: Vec<Mistake> = ["id", "shards"]
        .into_iter()
        .filter(|field| patch.get(*field).is_some_and(|value| *value != settings[*field]))
        .map(|field| mistake(field, "cannot be changed", "leave it out"))
        .collect();
    replace_policy(&mut settings, patch);
    forget_host(&mut settings, patch);
    lay_over(&mut settings, patch);
    // A fixed field is reported with the other mistakes, and by itself when there are none.
    settings["id"] = json!(before.id);
    settings["shards"] = json!(before.shards);
    match Connection::read(&settings) {
        Ok(after) if fixed.is_empty() => Ok(after),
        Ok(_) => Err(Mistakes(fixed)),
        Err(Mistakes(others)) => Err(Mistakes(fixed.into_iter().chain(others).collect())),
    }
}

fn as_json(settings: &Connection) -> Value {
    serde_json::to_value(settings).expect("settings have no map with keys that are not texts")
}

fn mistake(field: &str, problem: &str, mend: &str) -> Mistake {
    Mistake { field: field.to_owned(), problem: problem.to_owned(), mend: mend.to_owned() }
}

fn lay_over(settings: &mut Value, patch: &Map<String, Value>) {
    if !settings.is_object() {
        *settings = json!({});
    }
    for (name, value) in patch {
        match value {
            Value::Null => drop(settings.as_object_mut().and_then(|fields| fields.shift_remove(name))),
            Value::Object(inner) => lay_over(&mut settings[name], inner),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => settings[name] = value.clone(),
        }
    }
}

fn replace_policy(settings: &mut Value, patch: &Map<String, Value>) {
    let kind = patch.get("policy").and_then(|policy| policy.get("kind"));
    if kind.is_some_and(|kind| *kind != settings["policy"]["kind"]) {
        settings["policy"] = json!({});
    }
}

fn forget_host(settings: &mut Value, patch: &Map<String, Value>) {
    let Some(target) = patch.get("target").and_then(Value::as_object) else { return };
    if !target.contains_key("login_url") || target.contains_key("allowed_hosts") {
        return;
    }
    let old = settings["target"]["login_url"].as_str().and_then(host).map(str::to_owned);
    if let Some(hosts) = settings["target"]["allowed_hosts"].as_array_mut() {
        hosts.retain(|host| host.as_str() != old.as_deref());
    }
}

fn host(url: &str) -> Option<&str> {
    url.split_once("://").map(|(_, authority)| authority.split(':').next().unwrap_or(authority))
}

/// What a patch changes, for the audit: settings hold no secret, only its name.
pub(super) fn in_words(patch: &Value) -> String {
    let mut changed = Vec::new();
    gather(patch, "", &mut changed);
    changed.join(", ")
}

fn gather(value: &Value, path: &str, changed: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, inner) in fields {
                gather(inner, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, changed);
            }
        }
        Value::Null => changed.push(format!("{path} taken off")),
        Value::String(text) => changed.push(format!("{path} = {text}")),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            changed.push(format!("{path} = {value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_tells_what_a_patch_changes_field_by_field() {
        let patch = json!({ "paused": true, "budget": { "api_limit": null, "cap_without_limit": 10 }, "target": { "secret": "a" } });
        let said = "paused = true, budget.api_limit taken off, budget.cap_without_limit = 10, target.secret = a";
        assert_eq!(in_words(&patch), said);
        assert_eq!(
            in_words(&json!({ "external_ids": { "Contact": "X__c" }, "sweeps": ["11:30"] })),
            "external_ids.Contact = X__c, sweeps = [\"11:30\"]"
        );
    }

    #[test]
    fn a_patch_is_laid_over_as_the_examples_of_rfc_7396_show() {
        for (before, patch, after) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut settings = before.clone();
            let Value::Object(fields) = &patch else { panic!("the example is an object") };
            lay_over(&mut settings, fields);
            assert_eq!(settings, after, "{before} {patch}");
        }
    }

    #[test]
    fn settings_come_back_from_json_as_they_were() {
        for settings in [crate::fakes::sample::interval("acme"), crate::fakes::sample::recent("acme")] {
            assert_eq!(merge(&settings, &json!({})), Ok(settings));
        }
    }
}
