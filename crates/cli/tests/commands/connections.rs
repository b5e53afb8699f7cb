//! A connection from its creation to its end.

use std::fs;

use salesforce_sim::ClientSecret;
use serde_json::json;

use super::world::World;

#[test]
fn a_connection_is_created_from_options_and_let_in() {
    let world = World::new();
    let url = format!("--login-url={}", world.simulator.url());
    let options =
        ["--policy=interval", &url, "--flow=client-credentials", "--secret=acme", "--external-id=Contact=Ext_Id__c"];
    let created = world.json(&[&["connection", "create", "acme"], &options[..]].concat());
    assert_eq!((&created["connection"]["id"], &created["test"]["ok"]), (&json!("acme"), &json!(true)));
    assert_eq!(created["connection"]["external_ids"], json!({ "Contact": "Ext_Id__c" }));
    let again = world.refused(&[&["connection", "create", "acme"], &options[..]].concat(), 8);
    assert!(again.contains("acme exists"), "{again}");
    let list = world.done(&["connection", "list"]);
    assert!(
        list.lines().any(|line| line.starts_with("acme") && line.contains("interval") && line.contains("ready")),
        "{list}"
    );
}

#[test]
fn a_refused_test_call_does_not_hide_that_the_connection_is_there() {
    let world = World::with_connections();
    assert!(world.done(&["connection", "test", "marketing"]).starts_with("Salesforce let marketing in (2 API calls)."));
    world.simulator.set_secret(ClientSecret::from("another"));
    let said = world.refused(&["connection", "test", "marketing"], 8);
    assert!(!said.contains("sim-secret"), "{said}");
    let settings = json!({
        "id": "late", "policy": { "kind": "recent" },
        "target": { "login_url": world.simulator.url(), "flow": "client_credentials", "secret": "acme" },
    });
    fs::write(world.path("late.json"), settings.to_string()).expect("the settings are written");
    let output = world.resync(&["connection", "create", "--from", "late.json"]);
    assert_eq!(output.status.code(), Some(8));
    assert!(super::world::said(&output).contains("the connection late is created, but its test call came to nothing"));
    assert_eq!(world.json(&["connection", "show", "late"])["connection"]["id"], "late");
}

#[test]
fn all_mistakes_in_settings_are_said_together_and_nothing_is_created() {
    let world = World::new();
    let said = world.refused(&["connection", "create", "Not A Name", "--policy=interval", "--flow=jwt-bearer"], 3);
    for mistake in ["NAME:", "--login-url:", "--username:", "--secret:"] {
        assert!(said.lines().any(|line| line.starts_with(mistake)), "{mistake} is not in {said}");
    }
    let said = world.refused(&["connection", "create"], 3);
    for mistake in ["NAME: is missing", "--policy: is missing", "--login-url, --flow and --secret: is missing"] {
        assert!(said.lines().any(|line| line.starts_with(mistake)), "{mistake} is not in {said}");
    }
    fs::write(world.path("a.toml"), "[policy]\nkind = \"interval\"\n").expect("the settings are written");
    let said = world.refused(&["connection", "create", "a", "--from", "a.toml"], 3);
    assert!(said.lines().any(|line| line.starts_with("target:")), "a file's own field is named: {said}");
    assert_eq!(world.json(&["connection", "list"])["connections"], json!([]));
}

#[test]
fn settings_come_from_toml_with_options_laid_over_them() {
    let world = World::new();
    let toml = "paused = true\n[policy]\nkind = \"interval\"\ntries = 7\n[target]\nlogin_url = \"https://a.my.salesforce.com\"\n\
                flow = \"client_credentials\"\nsecret = \"acme\"\n";
    fs::write(world.path("a.toml"), toml).expect("the settings are written");
    let args = ["connection", "create", "a", "--from", "a.toml", "--setting", "policy.tries=3", "--no-test"];
    let created = world.json(&args);
    assert_eq!(
        (&created["connection"]["policy"]["tries"], &created["connection"]["paused"]),
        (&json!(3), &json!(true))
    );
    let said = world.refused(&["connection", "create", "b", "--from", "missing.toml"], 3);
    assert!(said.contains("missing.toml cannot be used"), "{said}");
    fs::write(world.path("b.toml"), "policy = [").expect("it is written");
    let said = world.refused(&["connection", "create", "b", "--from", "b.toml"], 3);
    assert!(said.contains("b.toml cannot be used"), "{said}");
}

#[test]
fn a_connection_is_changed_paused_resumed_and_deleted() {
    let world = World::with_connections();
    assert_eq!(
        world.done(&["connection", "set", "marketing", "--setting", "policy.tries=5"]),
        "marketing is changed.\n"
    );
    assert_eq!(
        world.done(&["connection", "set", "marketing", "--setting", "policy.tries=5"]),
        "marketing was so already.\n"
    );
    assert!(world.done(&["connection", "show", "marketing"]).contains("policy.tries                     5"));
    let said = world.refused(&["connection", "set", "marketing", "--setting", "policy.tries=0"], 3);
    assert!(said.contains("--setting policy.tries: "), "{said}");
    world.refused(&["connection", "set", "marketing"], 3);
    assert!(world.done(&["connection", "pause", "marketing"]).starts_with("marketing is paused"));
    assert_eq!(world.done(&["connection", "pause", "marketing"]), "marketing was paused already.\n");
    assert!(
        world
            .done(&["connection", "list"])
            .lines()
            .any(|line| line.starts_with("marketing") && line.contains("paused"))
    );
    assert_eq!(
        world.done(&["connection", "resume", "marketing"]),
        "marketing goes on: what is due or was asked for at once, the rest at its schedule.\n"
    );
    let said = world.refused(&["connection", "delete", "marketing"], 3);
    assert!(said.contains("say so by --yes"), "{said}");
    let said = world.done(&["connection", "delete", "marketing", "--yes"]);
    assert!(said.starts_with("marketing is deleted. What it resolved is remembered"), "{said}");
    world.refused(&["connection", "show", "marketing"], 4);
}

#[test]
fn a_connection_with_failing_records_keeps_its_policy_and_is_not_deleted() {
    let world = World::filled();
    world.refused(&["connection", "delete", "marketing", "--yes"], 8);
    world.refused(&["connection", "set", "marketing", "--policy", "recent"], 8);
}

#[test]
fn a_simulator_that_no_setting_starts_is_asked_for_in_vain() {
    let world = World::new();
    let said = world.refused(&["connection", "create", "x", "--policy=recent", "--simulator"], 3);
    assert!(said.contains("add a line [simulator]"), "{said}");
    let toml =
        fs::read_to_string(world.data().join("resync.toml")).expect("it is there") + "[simulator]\nport = 8999\n";
    fs::write(world.data().join("resync.toml"), toml).expect("it is written");
    let created = world.json(&["connection", "create", "x", "--policy=recent", "--simulator"]);
    assert_eq!(created["connection"]["target"]["login_url"], "http://127.0.0.1:8999");
    assert_eq!(created["test"], json!(null), "the simulator runs only with resync local");
}
