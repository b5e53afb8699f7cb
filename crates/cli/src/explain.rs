//! `resync explain`: why is a record of a kept demo not retrying?
//!
//! Must not know: any rule; the engine's answer is only shown.

use std::fs;

use anyhow::Context;
use engine::explain::{Answer, Explanation, explain};
use engine::parts::Parts;
use engine::ports::{Events, PortError};
use rules::events::Outbound;
use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::time::Timestamp;
use salesforce::{FixedSecrets, SalesforceTargets};
use serde_json::Value;
use store::DynamoStore;
use store::local::{LocalTable, Place};

use crate::args::ExplainArgs;
use crate::demo::{DATABASE, DemoClock, KEPT, Seeded, TABLE};
use crate::exit::Failure;
use crate::output;

/// Explaining publishes nothing.
struct NoBus;

impl Events for NoBus {
    async fn publish(&self, _: &[Outbound]) -> Result<(), PortError> {
        Ok(())
    }
}

/// Explains one record.
pub(crate) async fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let key = key(&args.record)?;
    let ended = ended(args)?;
    let database = args.dir.join(DATABASE);
    if !database.is_file() {
        let problem = "it is missing; name a directory that `resync demo --keep` wrote".to_owned();
        return Err(Failure::Unreadable { path: database.display().to_string(), problem });
    }
    let table = LocalTable::start(Place::File(&database), TABLE).await.context("opening the kept table")?;
    let clock = DemoClock::starting(ended);
    let parts = Parts {
        store: DynamoStore::new(table.client(), TABLE, clock.clone()),
        targets: SalesforceTargets::new(FixedSecrets::new().into(), clock.clone().into()),
        events: NoBus,
        clock,
        entropy: Seeded::new(0),
    };
    let answer = explain(&parts, &key).await.context("reading the record")?;
    table.stop().await.context("closing the kept table")?;
    match answer {
        Answer::UnknownConnection => Err(Failure::NotFound(format!("there is no connection {}", key.connection))),
        Answer::UnknownRecord => Err(Failure::NotFound(format!("no failure of {key} is known"))),
        Answer::OnlySucceeded(at) => {
            let text = if args.json {
                serde_json::json!({ "record": key, "succeeded_at": at }).to_string()
            } else {
                format!("{key}: no failure is known; its source synced it at {at}")
            };
            Ok(output::print(&format!("{text}\n"))?)
        }
        Answer::Explained(explanation) => show(args, &key, &explanation),
    }
}

fn key(text: &str) -> Result<RecordKey, Failure> {
    let mut parts = text.splitn(3, '/');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let (connection, object, id) = (ConnectionId::new(next()), ObjectName::new(next()), RecordId::new(next()));
    match (connection, object, id) {
        (Ok(connection), Ok(object), Ok(id)) => Ok(RecordKey { connection, object, id }),
        (_, _, _) => Err(Failure::NotFound(format!(
            "`{text}` names no record; write connection/object/external-id, such as billing/Invoice__c/INV-00008"
        ))),
    }
}

fn ended(args: &ExplainArgs) -> Result<Timestamp, Failure> {
    let path = args.dir.join(KEPT);
    let unreadable = |problem: String| Failure::Unreadable { path: path.display().to_string(), problem };
    let text = fs::read_to_string(&path)
        .map_err(|error| unreadable(format!("{error}; name a directory that `resync demo --keep` wrote")))?;
    let kept: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    if kept["format"] != 1 {
        return Err(unreadable("it was written by another version of resync".to_owned()));
    }
    let ended = kept["ended"].as_str().unwrap_or_default();
    Timestamp::parse(ended).map_err(|error| unreadable(error.to_string()))
}

fn show(args: &ExplainArgs, key: &RecordKey, explanation: &Explanation) -> Result<(), Failure> {
    let text = if args.json {
        serde_json::to_string_pretty(explanation).context("writing the explanation")? + "\n"
    } else {
        render(key, explanation)
    };
    Ok(output::print(&text)?)
}

fn render(key: &RecordKey, explanation: &Explanation) -> String {
    let record = &explanation.record;
    let tries = record.attempts;
    let mut lines = vec![
        format!("{key}, as of {}", explanation.at),
        format!("  error     {} ({}): {}", record.failure.error_type, record.failure.code, record.failure.message),
        format!("  advice    {}", explanation.advice),
        format!(
            "  tries     {} every 20 min, {} nightly, {} in sweeps, {} forced; first failed {}",
            tries.interval, tries.nightly, tries.recent, tries.forced, record.first_failed
        ),
        "  gates".to_owned(),
    ];
    for gate in &explanation.gates {
        lines.push(format!("    {} {}", if gate.open { "open  " } else { "CLOSED" }, gate.text));
        lines.extend(gate.sooner.map(|sooner| format!("           sooner: {sooner}")));
    }
    let next = explanation.next_try.map_or_else(|| "none, as things stand".to_owned(), |next| next.to_string());
    lines.push(format!("  next try  {next}\n"));
    lines.join("\n")
}
