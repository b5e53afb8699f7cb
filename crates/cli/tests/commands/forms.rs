//! docs/commands.md is held to the code: each of its answers in JSON has the form that the command prints today.

use std::fs;

use salesforce_sim::ClientSecret;
use serde_json::Value;

use super::world::World;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");

/// Each command line of the page that ends in `--json`, and the answer that the page shows for it.
fn shown() -> Vec<(Vec<String>, Value)> {
    let text = fs::read_to_string(PAGE).expect("the page is there");
    let mut found = Vec::new();
    for part in text.split("```sh\nresync ").skip(1) {
        let (line, rest) = part.split_once("\n```\n").expect("a block ends");
        let Some(answer) = rest.trim_start().strip_prefix("```json\n") else { continue };
        let (answer, _) = answer.split_once("\n```").expect("a block ends");
        let answer = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{line}: {error}"));
        found.push((line.split_whitespace().map(str::to_owned).collect(), answer));
    }
    found
}

/// What differs in form: a field more or less, or another kind of value. Null stands for whatever may be there.
fn differences(path: &str, shown: &Value, printed: &Value) -> Vec<String> {
    match (shown, printed) {
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (Value::Object(shown), Value::Object(printed)) => {
            let names: std::collections::BTreeSet<&String> = shown.keys().chain(printed.keys()).collect();
            let field = |name: &String| match (shown.get(name), printed.get(name)) {
                (Some(shown), Some(printed)) => differences(&format!("{path}.{name}"), shown, printed),
                (Some(_), None) => vec![format!("{path}.{name} is not printed")],
                (None, _) => vec![format!("{path}.{name} is not on the page")],
            };
            names.into_iter().flat_map(field).collect()
        }
        (Value::Array(shown), Value::Array(printed)) => match (shown.first(), printed.first()) {
            (Some(shown), Some(printed)) => differences(&format!("{path}[0]"), shown, printed),
            (_, _) => Vec::new(),
        },
        (shown, printed) if std::mem::discriminant(shown) == std::mem::discriminant(printed) => Vec::new(),
        (_, _) => vec![format!("{path} is of another kind")],
    }
}

#[test]
fn the_page_of_forms_shows_what_the_commands_print() {
    let world = World::filled();
    let local = world.local();
    let mut wrong = Vec::new();
    let shown = shown();
    for (args, answer) in &shown {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        if args.first() == Some(&"suspension") {
            // A refused login suspends.
            world.simulator.set_secret(ClientSecret::from("another"));
            world.simulator.expire_tokens();
            world.done(&["retry", "marketing/Contact/C-00002"]);
            until_suspended(&world);
        }
        let printed =
            serde_json::from_slice(&world.resync(&args).stdout).unwrap_or_else(|_| panic!("{args:?}: no JSON"));
        wrong.extend(differences(&args.join(" "), answer, &printed));
    }
    drop(local);
    assert_eq!(wrong, Vec::<String>::new());
    assert!(shown.len() >= 18, "{} answers", shown.len());
}

/// Asks until it is so; each question takes a process, and so some time.
fn until_suspended(world: &World) {
    let suspension = || world.json(&["suspension", "marketing"])["suspension"].clone();
    assert!((0..1_000).any(|_| !suspension().is_null()), "the refused login did not suspend the connection");
}

#[test]
fn the_page_names_every_exit_code_that_the_help_names() {
    let world = World::new();
    let help = world.done(&["--help"]);
    let codes = help.split_once("Exit codes:\n").expect("they are there").1;
    let page = fs::read_to_string(PAGE).expect("the page is there");
    for line in codes.lines().filter(|line| line.starts_with("  ")) {
        let (code, meaning) = line.trim().split_once("  ").expect("a code and its meaning");
        assert!(page.contains(&format!("| {code} | {meaning} |")), "{line}");
    }
}
