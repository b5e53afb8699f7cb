//! The examples of producers in `infra`, run as they are: what they put on the bus fits the schemas, and `ingest` takes it in.
//!
//! Must not know: how an example is written.

use std::path::{Path, PathBuf};
use std::process::Output;

use engine::ports::{Connections, UsageReports};
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::ids::{ObjectName, RecordId, RecordKey};
use rules::record::{State, Stored};
use serde_json::Value;
use tokio::process::Command;

use super::clock::now;
use super::environment::{BUS, of_aws};
use super::process::Binary;
use super::reports::batch;
use super::world::{World, connection_id};

fn project(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

fn json(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(project(file)).unwrap()).unwrap()
}

/// Runs a program in its folder, with the bus of this system as the cloud's.
async fn run(world: &World, program: &str, arguments: &[PathBuf]) -> Output {
    let tools = std::env::join_paths([project(".venv/bin"), "/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()]);
    let ran = Command::new(project(program))
        .args(arguments)
        .env_clear()
        .env("PATH", tools.unwrap())
        .env("RESYNC_EVENT_BUS", BUS)
        .envs(of_aws(&world.services()))
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output();
    ran.await.unwrap_or_else(|problem| panic!("{program}: {problem}; run tests/run once, which installs it"))
}

#[track_caller]
fn fits_its_schema(event: &Value) {
    let kind = event["detail-type"].as_str().unwrap();
    let file = format!("infra/events/{}.schema.json", kind.to_lowercase().replace(' ', "-"));
    let validator = jsonschema::options().should_validate_formats(true).build(&json(&file)).unwrap();
    let problems: Vec<String> = validator.iter_errors(event).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?} in {event}");
}

/// What the examples report is on the bus, and becomes what it says when `ingest` gets it.
async fn reports_what_happened(world: &World, ran: &Output) {
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let events = world.bus.take();
    let kinds: Vec<&str> = events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Sync Failed", "Sync Succeeded", "API Calls Used"]);
    events.iter().for_each(fits_its_schema);

    let mut ingest = world.function(Binary::Ingest).await;
    assert_eq!(ingest.invoke(batch(&events)).await, serde_json::json!({"batchItemFailures": []}));
    let invoice = |id: &str| RecordKey {
        connection: connection_id("billing"),
        object: ObjectName::new("Invoice__c").unwrap(),
        id: RecordId::new(id).unwrap(),
    };
    let stored =
        engine::ports::Records::read(&world.store, &[invoice("INV-00008"), invoice("INV-00007")]).await.unwrap();
    let Stored::Record(failed) = &stored[0].stored else { panic!("{:?}", stored[0]) };
    assert!(matches!(failed.state, State::Scheduled(_)), "{:?}", failed.state);
    assert!(matches!(stored[1].stored, Stored::Success(_)), "{:?}", stored[1]);
    let usage = world.store.usage(&connection_id("billing")).await.unwrap();
    assert_eq!(usage.total().used(now(), std::time::Duration::from_secs(20)), ApiCalls(40));
}

async fn world() -> World {
    let world = World::start().await;
    let settings = json("infra/connections/billing.json");
    world.store.save_connection(&Connection::read(&settings).unwrap()).await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_python_reports_what_happened_and_what_is_refused_again() {
    let world = world().await;
    world.bus.refuse_next(3);
    let ran = run(
        &world,
        ".venv/bin/python",
        &[project("infra/producers/producer.py"), project("infra/producers/example.json")],
    )
    .await;
    reports_what_happened(&world, &ran).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_node_reports_what_happened_and_what_is_refused_again() {
    let world = world().await;
    world.bus.refuse_next(3);
    // Node looks for packages beside the program.
    let copy = project(".venv/node/producer.mjs");
    std::fs::copy(project("infra/producers/producer.mjs"), &copy).unwrap();
    let folders = std::env::var_os("PATH").unwrap();
    let node = std::env::split_paths(&folders).map(|folder| folder.join("node")).find(|node| node.exists());
    let node = node.expect("Node is installed");
    let ran = run(&world, node.to_str().unwrap(), &[copy, project("infra/producers/example.json")]).await;
    reports_what_happened(&world, &ran).await;
}

/// Twenty-three entries, of which the first three are as large as half a call each: a program is asked for the sizes of its batches.
const IN_PYTHON: &str = "\
import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
from producer import batches
entry = lambda size: {'Source': 's', 'DetailType': 'd', 'Detail': 'é' * size}
print([len(batch) for batch in batches([entry(65000)] * 3 + [entry(1)] * 20)])";
const FOR_NODE: &str = "\
const { batches } = await import(`${process.env.PRODUCERS}/producer.mjs`);
const entry = (size) => ({ Source: 's', DetailType: 'd', Detail: 'é'.repeat(size) });
console.log(batches([...Array(3).fill(entry(65000)), ...Array(20).fill(entry(1))]).map((batch) => batch.length));";

#[test]
fn the_functions_of_the_examples_can_be_imported_and_call_with_no_more_than_eventbridge_takes() {
    let folder = project("infra/producers");
    let python = std::process::Command::new(project(".venv/bin/python")).args(["-c", IN_PYTHON]).arg(&folder).output();
    let node = std::process::Command::new("node")
        .args(["--input-type=module", "-e", FOR_NODE])
        .env("PRODUCERS", folder.canonicalize().unwrap())
        .output();
    for (language, ran) in [("Python", python.unwrap()), ("Node", node.unwrap())] {
        assert!(ran.status.success(), "{language}: {}", String::from_utf8_lossy(&ran.stderr));
        let sizes: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(sizes, serde_json::json!([2, 10, 10, 1]), "{language}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_the_command_line_reports_what_happened_and_fails_when_something_is_refused() {
    let world = world().await;
    let ran = run(&world, "infra/producers/producer.sh", &[]).await;
    reports_what_happened(&world, &ran).await;
    world.bus.refuse_next(1);
    let refused = run(&world, "infra/producers/producer.sh", &[]).await;
    assert_eq!(String::from_utf8_lossy(&refused.stderr), "1 events were refused; report them again\n");
    assert!(!refused.status.success());
}

/// Connections of one deployment: each with a secret of its own that the functions may read, and none under another's name.
#[test]
fn the_examples_of_connections_can_stand_side_by_side() {
    let files = std::fs::read_dir(project("infra/connections")).unwrap();
    let read = files.map(|file| {
        let path = file.unwrap().path();
        let settings: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str(), settings["id"].as_str());
        assert_eq!(settings["target"]["secret"], format!("resync/{}", settings["id"].as_str().unwrap()));
        Connection::read(&settings).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()))
    });
    let policies: std::collections::BTreeSet<&str> = read.map(|connection| connection.policy.name()).collect();
    assert_eq!(policies.len(), 2, "an example for each policy");
}
