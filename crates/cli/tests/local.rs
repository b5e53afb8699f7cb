//! `resync local` as a process: who gets the data directory, what a signal and a kill leave, what it says of wrong settings,
//! and whom its interface lets in.
//!
//! Must not know: how it works inside.

#[path = "local/machine.rs"]
mod machine;
#[path = "../../../tests/kill/moment.rs"]
mod moment;

use std::fs;
use std::net::TcpListener;

use machine::{Machine, Running, await_some, is_private, said};
use reqwest::{Client, StatusCode};
use rules::time::Timestamp;
use rustix::process::Signal;
use salesforce_sim::{Fault, Settings, Simulator};
use serde_json::{Value, json};

#[test]
fn a_second_process_is_refused_with_the_number_of_the_first_and_commands_ask_the_first() {
    let machine = Machine::new();
    let first = machine.start();
    let second = machine.resync(&["local"]);
    assert_eq!(second.status.code(), Some(7));
    assert!(said(&second).contains(&format!("process {} uses the data directory", first.pid())), "{}", said(&second));
    assert_eq!(machine.json(&["connection", "list"])["connections"], json!([]));
    first.signal(Signal::TERM);
    assert_eq!(first.end().code(), Some(0));
}

#[test]
fn everything_in_a_new_directory_is_its_owners_alone() {
    let machine = Machine::new();
    let running = machine.start();
    for name in ["", "format", "lock", "token", "key", "endpoint", "ticks", "resync.db", "resync.db-wal"] {
        if name == "ticks" {
            await_some(|| machine.path(name).exists().then_some(()), || running.log());
        }
        assert!(is_private(&machine.path(name)), "{name}");
    }
}

#[test]
fn a_killed_process_stands_in_nobodys_way() {
    let machine = Machine::new();
    let first = machine.start();
    let word = machine.read("endpoint");
    first.signal(Signal::KILL);
    assert_eq!(first.end().code(), None);
    assert_eq!(machine.read("endpoint"), word, "it could not take its word back");
    assert_eq!(machine.json(&["connection", "list"])["connections"], json!([]));
    let second = machine.start();
    assert_eq!(machine.json(&["connection", "list"])["connections"], json!([]));
    second.signal(Signal::INT);
    assert_eq!(second.end().code(), Some(0));
    assert!(!machine.path("endpoint").exists());
}

#[test]
fn a_file_that_a_dead_process_left_to_be_cleaned_is_cleaned_at_the_next_start() {
    let machine = Machine::new();
    machine.write("compaction-owed", "", 0o600);
    let _running = machine.start();
    assert!(!machine.path("compaction-owed").exists());
}

#[test]
fn a_command_that_finds_the_token_damaged_says_how_to_mend_it_and_locks_nobody_out() {
    let machine = Machine::new();
    let running = machine.start();
    let token = machine.read("token");
    machine.write("token", "0123", 0o600);
    let refused = machine.resync(&["connection", "list"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("stop and start resync local"), "{}", said(&refused));
    assert_eq!(machine.read("token"), "0123");
    machine.write("token", &token, 0o600);
    assert_eq!(machine.json(&["connection", "list"])["connections"], json!([]));
    let key = machine.read("key");
    machine.write("token", "0123", 0o600);
    running.signal(Signal::TERM);
    running.end();
    machine.start();
    assert_eq!((machine.read("token").len(), machine.read("key")), (64, key), "a new token, and the key as it was");
}

#[test]
fn a_directory_of_a_newer_version_is_refused_with_both_versions_and_not_touched() {
    let machine = Machine::new();
    machine.write("format", r#"{"format":2,"resync":"9.1.0"}"#, 0o600);
    for args in [&["local"][..], &["connection", "list"]] {
        let refused = machine.resync(args);
        assert_eq!(refused.status.code(), Some(3));
        let said = said(&refused);
        let ours = format!("this is resync {} (format 1)", env!("CARGO_PKG_VERSION"));
        assert!(said.contains("written by resync 9.1.0 (format 2)") && said.contains(&ours), "{said}");
    }
    assert_eq!(fs::read_dir(machine.path("")).expect("it is there").count(), 1);
}

#[test]
fn what_a_demo_kept_is_for_looking_only() {
    let machine = Machine::new();
    machine.connect("http://127.0.0.1:9");
    machine.write("format", r#"{"format":1,"resync":"0.1.0","as_of":"2026-10-27T06:00:00Z"}"#, 0o600);
    let refused = machine.resync(&["local"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("what a demo kept"), "{}", said(&refused));
    let paused = machine.resync(&["connection", "pause", "acme"]);
    assert_eq!(paused.status.code(), Some(8), "{}", said(&paused));
    assert_eq!(machine.json(&["connection", "list"])["connections"][0]["paused"], false);
}

#[test]
fn all_mistakes_of_the_settings_are_reported_together_before_anything_starts() {
    let machine = Machine::new();
    machine.write("resync.toml", "prot = 1\nlog = 7\n[secrets.acme]\n", 0o600);
    let refused = machine.resync(&["local"]);
    assert_eq!(refused.status.code(), Some(3));
    for mistake in ["prot: is not a known field", "log: is a number", "secrets.acme.file: is missing, and so is env"] {
        assert!(said(&refused).contains(mistake), "{mistake} is not in {}", said(&refused));
    }
    assert!(!machine.path("resync.db").exists());
    let unnamed = machine.resync(&["local", "--config", "nowhere.toml"]);
    assert_eq!(unnamed.status.code(), Some(3));
    assert!(said(&unnamed).contains("nowhere.toml cannot be used: there is no such file"), "{}", said(&unnamed));
}

#[test]
fn a_port_that_is_taken_is_told_with_whose_it_was_to_be() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port();
    let interface = format!("the interface cannot listen on 127.0.0.1:{port}; set another `port` at the top");
    let simulator = format!("the simulated Salesforce cannot start on 127.0.0.1:{port}; set another `port` under [sim");
    for (heading, expected) in [("", interface), ("[simulator]\n", simulator)] {
        let machine = Machine::new();
        machine.write("resync.toml", &format!("{heading}port = {port}\n"), 0o600);
        let refused = machine.resync(&["local"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains(&expected), "{}", said(&refused));
    }
}

#[test]
fn a_secret_that_everybody_can_read_is_warned_of_and_never_shown() {
    let machine = Machine::new();
    machine.write("acme.json", r#"{"client_id":"canary-7f3a","client_secret":"canary-7f3a"}"#, 0o644);
    machine.write("resync.toml", "[secrets.acme]\nfile = \"acme.json\"\n", 0o600);
    let running = machine.start();
    running.await_log("run: chmod 600 ");
    assert!(!running.log().contains("canary"), "{}", running.log());
    running.signal(Signal::TERM);
    running.end();
    let listed = machine.resync(&["connection", "list", "--json"]);
    assert_eq!(said(&listed).matches("run: chmod 600 ").count(), 1, "{}", said(&listed));
    assert!(!String::from_utf8_lossy(&listed.stdout).contains("chmod"));
}

#[test]
fn ticks_that_were_missed_while_the_machine_was_off_are_caught_up_once_each() {
    let mut machine = Machine::new();
    machine.at("2026-03-02T09:25:00Z");
    let running = machine.start();
    machine.await_tick("due", "2026-03-02T09:20:00Z");
    assert!(!running.log().contains("a tick was missed"), "{}", running.log());
    running.signal(Signal::TERM);
    running.end();
    machine.at("2026-03-04T13:05:00Z");
    let running = machine.start();
    machine.await_tick("due", "2026-03-04T13:00:00Z");
    machine.await_tick("timed_out", "2026-03-04T00:00:00Z");
    machine.await_tick("recent", "2026-03-04T11:30:00Z");
    machine.await_tick("housekeeping", "2026-03-04T02:10:00Z");
    assert_eq!(running.log().matches("a tick was missed").count(), 4, "{}", running.log());
    assert_eq!(running.log().matches("fanned out tick=2026-03-04T00:00:00Z").count(), 1, "{}", running.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_lets_nobody_in_without_the_token_or_under_another_name() {
    let machine = Machine::new();
    let running = machine.start();
    let system = format!("{}/v1/system", running.url);
    let client = Client::builder().no_proxy().build().expect("a client");
    let ask = async |header: Option<(&str, &str)>, token: &str| {
        let request = client.get(&system).bearer_auth(token);
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.expect("it answers").status()
    };
    assert_eq!(ask(None, &running.token).await, StatusCode::OK);
    assert_eq!(ask(None, "wrong").await, StatusCode::UNAUTHORIZED);
    assert_eq!(client.get(&system).send().await.expect("it answers").status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Some(("origin", "https://evil.example")), &running.token).await, StatusCode::FORBIDDEN);
    assert_eq!(ask(Some(("host", "evil.example")), &running.token).await, StatusCode::MISDIRECTED_REQUEST);
}

/// A failure of one Contact a minute ago.
fn failure(id: &str, now: Timestamp) -> Value {
    let then = Timestamp::from_millis(now.as_millis() - 60_000);
    json!({
        "object": "Contact", "external_id": id, "source_version": then, "failed_at": then,
        "error": { "code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access" },
        "payload": { "LastName": "Novak" },
    })
}

#[expect(clippy::disallowed_methods, reason = "the failure is given the real process's time")]
fn wall() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

/// A Salesforce that takes `millis` to process the first batch, and a `resync local` that has sent it one.
async fn with_a_call_under_way(machine: &Machine, millis: u64) -> (Simulator, Running) {
    let salesforce = Simulator::start(Settings::default()).await.expect("the simulator starts");
    machine.connect(salesforce.url());
    let running = machine.start();
    let client = Client::builder().no_proxy().build().expect("a client");
    let post = async |path: &str, body: Value| {
        let request = client.post(format!("{}/v1/connections/acme/{path}", running.url));
        let answer = request.bearer_auth(&running.token).json(&body).send().await.expect("it answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    };
    post("imports", json!({ "dry_run": false, "rows": [failure("c-1", wall())] })).await;
    salesforce.fault(Fault::latency(millis));
    post("resyncs", json!({ "all": true })).await;
    // A call is counted when it arrives and logged when it is answered: the login is, the batch is not.
    await_some(|| (salesforce.calls_used() >= 2).then_some(()), || running.log());
    assert_eq!(salesforce.log().len(), 1);
    (salesforce, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_the_call_that_is_under_way_end_and_its_outcome_is_kept() {
    let machine = Machine::new();
    let (salesforce, running) = with_a_call_under_way(&machine, 1_500).await;
    running.signal(Signal::TERM);
    assert_eq!(running.end().code(), Some(0));
    assert_eq!(salesforce.count("Contact"), 1);
    assert_eq!(machine.json(&["errors", "acme"])["records"], 0);
    let explained = machine.json(&["record", "acme/Contact/c-1"]);
    assert_eq!(explained["record"]["state"]["resolved"]["how"], "retried", "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once_and_the_next_start_takes_over() {
    let machine = Machine::new();
    let (salesforce, running) = with_a_call_under_way(&machine, 50_000).await;
    running.signal(Signal::TERM);
    running.await_log("a second signal ends it at once");
    running.signal(Signal::TERM);
    assert_eq!(running.end().code(), Some(128 + 15));
    assert_eq!(salesforce.log().len(), 1, "the call was not waited for");
    let next = machine.start();
    next.await_log("the last process ended in the middle of its work");
    assert_eq!(machine.json(&["errors", "acme"])["records"], 1);
}
