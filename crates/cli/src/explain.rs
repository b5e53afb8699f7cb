//! `resync explain`: why is a record not retrying?
//!
//! Must not know: any rule; the engine's answer is only shown.

use rules::time::Timestamp;
use serde_json::Value;

use crate::args::ExplainArgs;
use crate::commands::{Key, Told, of_record, on_one_line, promising, read, show, when_or};
use crate::exit::Failure;

/// Explains one record.
pub(crate) async fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let key = &args.record;
    let told =
        of_record(&args.common, key, async |client| Ok(promising(client, read(client, key.route()).await?))).await?;
    show(&args.common, &told.answer, || render(key, &told))
}

fn render(key: &Key, Told { answer, now }: &Told) -> String {
    if let Some(at) = answer["succeeded_at"].as_str() {
        return format!("{key}: no failure is known; its source synced it at {at}\n");
    }
    let record = &answer["record"];
    let failure = &record["failure"];
    let mut lines = vec![
        format!("{key}, as of {}", minute(&answer["at"])),
        format!(
            "  error     {} ({}): {}",
            said(failure, "error_type"),
            said(failure, "code"),
            said(failure, "message")
        ),
        format!("  advice    {}", said(answer, "advice")),
        format!("  tries     {}; first failed {}", tries(record), when_or(&record["first_failed"], *now, "-")),
        "  gates".to_owned(),
    ];
    for gate in answer["gates"].as_array().into_iter().flatten() {
        let state = if gate["open"] == true { "open  " } else { "CLOSED" };
        lines.push(format!("    {state} {}", said(gate, "text")));
        lines.extend(gate["sooner"].as_str().map(|sooner| format!("           sooner: {sooner}")));
    }
    for request in answer["requests"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let asked =
            "a person asked for it: it is tried, whatever its own gates say, when those of the connection are open";
        lines.push(format!("  request   {} ({asked})", on_one_line(request)));
    }
    let waits = &answer["failing_parent"];
    if waits.is_object() {
        lines.push(format!("  parent    {}", said(waits, "text")));
        lines.push(format!("           sooner: {}", said(waits, "sooner")));
    }
    let stopped = answer["stopped"].as_str();
    lines.extend(stopped.map(|stopped| format!("  stopped   {}", on_one_line(stopped))));
    let next = when_or(&answer["next_try"], *now, "none, as things stand");
    let if_it_runs = if stopped.is_some() && answer["next_try"].is_string() { " if it runs by then" } else { "" };
    let assumes = answer["assumes"].as_str().map(|assumes| format!("; this assumes that {assumes}"));
    lines.push(format!("  next try  {next}{if_it_runs}{}\n", assumes.unwrap_or_default()));
    lines.join("\n")
}

fn tries(record: &Value) -> String {
    let [interval, nightly, recent, forced] =
        ["interval", "nightly", "recent", "forced"].map(|kind| record["attempts"][kind].as_u64().unwrap_or(0));
    format!("{interval} every 20 min, {nightly} nightly, {recent} in sweeps, {forced} forced")
}

/// A time to the minute, as the gates say theirs.
fn minute(time: &Value) -> String {
    let time = time.as_str().and_then(|text| Timestamp::parse(text).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.minute().to_string())
}

/// The text that a field holds, on one line.
fn said(value: &Value, field: &str) -> String {
    on_one_line(value[field].as_str().unwrap_or("-"))
}
