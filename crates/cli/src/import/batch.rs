//! Rows gathered into requests, refused ones among them in their order, and the answers given back to them.
//!
//! Must not know: how rows are read, or how an import is reported.

use imports::{FailedRow, RefusedRow};
use rules::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::report::Refusal;
use super::target::Target;

/// The most rows of one request, and the most rows of both kinds that wait for one: enough to keep all lanes of the route
/// busy, and few enough that a request is small beside the program itself.
const MOST_ROWS: usize = 200;

/// The most bytes of cells of one request, but for its last row. Escaped as JSON they stay below what the routes take, and
/// escaped once more within the event of a function below the 6 MB that AWS takes.
const MOST_BYTES: usize = 256 * 1024;

/// What the requests of one import have in common, so that they are one deed in the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Name {
    /// Random, drawn once.
    #[serde(with = "rules::hexadecimal")]
    pub(super) id: u64,
    pub(super) started: Timestamp,
}

/// The import that a request belongs to, as the route takes it.
#[derive(Debug, Serialize)]
struct Belongs {
    #[serde(flatten)]
    name: Name,
    /// How many rows the requests before changed.
    changed_before: u64,
}

/// One row of the file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: u64,
    /// Its cells as they are in the file.
    pub(super) cells: Vec<Vec<u8>>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// It is sent.
    Sent,
    /// It was refused when it was read.
    Refused(Refusal),
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted,
    Updated,
    Unchanged,
    Refused(Refusal),
    /// It could not be taken in, for no fault of its own.
    Failed(String),
}

/// Rows on their way.
#[derive(Debug, Default)]
pub(super) struct Batch {
    entries: Vec<Entry>,
    rows: Vec<Value>,
    bytes: usize,
}

impl Batch {
    /// Adds a row to send.
    pub(super) fn send(&mut self, row: FailedRow, cells: Vec<Vec<u8>>, target: &Target) {
        let line = row.line;
        self.rows.push(target.body(row));
        self.push(line, cells, Kind::Sent);
    }

    /// Adds a row that was refused.
    pub(super) fn refuse(&mut self, row: RefusedRow) {
        let RefusedRow { line, column, problem, mend, cells } = row;
        self.push(line, cells, Kind::Refused(Refusal { line, column, problem, mend }));
    }

    fn push(&mut self, line: u64, cells: Vec<Vec<u8>>, kind: Kind) {
        self.bytes += cells.iter().map(Vec::len).sum::<usize>();
        self.entries.push(Entry { line, cells, kind });
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ROWS || self.bytes >= MOST_BYTES
    }

    /// The request, unless there is nothing to send.
    pub(super) fn request(&mut self, name: Name, changed_before: u64, dry_run: bool) -> Option<Value> {
        let rows = std::mem::take(&mut self.rows);
        let import = Belongs { name, changed_before };
        (!rows.is_empty()).then(|| json!({ "dry_run": dry_run, "import": import, "rows": rows }))
    }

    /// The rows in their order, each with what became of it; those that were sent by their `results`.
    pub(super) fn outcomes(self, results: &[Value], target: &Target) -> anyhow::Result<Vec<(Entry, Outcome)>> {
        let mut results = results.iter();
        let outcome = |entry: Entry| {
            let outcome = match &entry.kind {
                Kind::Refused(refusal) => Some(Outcome::Refused(refusal.clone())),
                Kind::Sent => results.next().and_then(|result| outcome(result, entry.line, target)),
            };
            let outcome = outcome.ok_or_else(|| anyhow::anyhow!("the answer does not say what became of each row"))?;
            Ok((entry, outcome))
        };
        self.entries.into_iter().map(outcome).collect()
    }
}

/// What a route says of one row.
fn outcome(result: &Value, line: u64, target: &Target) -> Option<Outcome> {
    match result["outcome"].as_str()? {
        "accepted" => Some(Outcome::Accepted),
        "updated" => Some(Outcome::Updated),
        "unchanged" => Some(Outcome::Unchanged),
        "refused" => Some(Outcome::Refused(refusal(result["mistakes"].as_array()?, line, target)?)),
        "failed" => Some(Outcome::Failed(result["detail"].as_str().unwrap_or("no reason was given").to_owned())),
        _ => None,
    }
}

/// All mistakes of a row as one refusal; where there is one, it is of its column.
fn refusal(mistakes: &[Value], line: u64, target: &Target) -> Option<Refusal> {
    let text = |mistake: &Value, name: &str| mistake[name].as_str().unwrap_or_default().to_owned();
    let problem = |mistake: &Value| format!("{} {}", text(mistake, "field"), text(mistake, "problem"));
    let all = |one: &dyn Fn(&Value) -> String| mistakes.iter().map(one).collect::<Vec<_>>().join(" and ");
    let first = mistakes.first()?;
    Some(match target.column_of(&text(first, "field")).filter(|_| mistakes.len() == 1) {
        Some(column) => {
            Refusal { line, column: Some(column), problem: text(first, "problem"), mend: text(first, "mend") }
        }
        None => Refusal { line, column: None, problem: all(&problem), mend: all(&|mistake| text(mistake, "mend")) },
    })
}
