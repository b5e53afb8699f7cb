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
            println!("{key}: no failure is known; its source synced it at {at}");
            Ok(())
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
    if args.json {
        println!("{}", serde_json::to_string_pretty(explanation).context("writing the explanation")?);
        return Ok(());
    }
    let record = &explanation.record;
    println!("{key}, as of {}", explanation.at);
    println!("  error     {} ({}): {}", record.failure.error_type, record.failure.code, record.failure.message);
    println!("  advice    {}", explanation.advice);
    let tries = record.attempts;
    println!(
        "  tries     {} every 20 min, {} nightly, {} in sweeps, {} forced; first failed {}",
        tries.interval, tries.nightly, tries.recent, tries.forced, record.first_failed
    );
    println!("  gates");
    for gate in &explanation.gates {
        println!("    {} {}", if gate.open { "open  " } else { "CLOSED" }, gate.text);
        if let Some(sooner) = gate.sooner {
            println!("           sooner: {sooner}");
        }
    }
    match explanation.next_try {
        Some(next) => println!("  next try  {next}"),
        None => println!("  next try  none, as things stand"),
    }
    Ok(())
}
