//! What the demo plays with: its connections and their files of failed rows, built in or from a directory.
//!
//! Must not know: the simulated orgs; a connection's target is filled in when they run.

mod reading;

use std::fs;
use std::path::Path;

use imports::FailedRow;
use rules::connection::Connection;
use rules::fields::{Fields, Mistake, Mistakes};
use rules::ids::{ConnectionId, ObjectName};
use serde_json::{Value, json};

use crate::exit::Failure;
use reading::Listed;

/// One connection and its failures.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) id: ConnectionId,
    /// The settings without a target.
    pub(crate) settings: Value,
    pub(crate) files: Vec<FileOfRows>,
}

/// One file of failed rows.
#[derive(Debug)]
pub(crate) struct FileOfRows {
    pub(crate) object: ObjectName,
    pub(crate) parent: Option<ParentColumn>,
    pub(crate) rows: Vec<FailedRow>,
}

/// Which column of a file names the parent.
#[derive(Debug)]
pub(crate) struct ParentColumn {
    pub(crate) object: ObjectName,
    pub(crate) relation: String,
    pub(crate) key: String,
}

const MANIFEST: &str = "demo.json";

const BUILT_IN: [(&str, &[u8]); 5] = [
    (MANIFEST, include_bytes!("../../../../docs/examples/demo.json")),
    ("contacts-error.csv", include_bytes!("../../../../docs/examples/contacts-error.csv")),
    ("accounts-failedResults.csv", include_bytes!("../../../../docs/examples/accounts-failedResults.csv")),
    ("invoices-failedResults.csv", include_bytes!("../../../../docs/examples/invoices-failedResults.csv")),
    ("invoice-items-failedResults.csv", include_bytes!("../../../../docs/examples/invoice-items-failedResults.csv")),
];

/// Reads the manifest and every file that it names.
pub(crate) fn read(directory: Option<&Path>) -> Result<Vec<Source>, Failure> {
    let text = file(directory, MANIFEST)?;
    let manifest: Value = serde_json::from_slice(&text).map_err(|error| Failure::Unreadable {
        path: shown(directory, MANIFEST),
        problem: format!("it is not JSON (line {}, column {})", error.line(), error.column()),
    })?;
    let entries = manifest.get("connections").and_then(Value::as_array).filter(|list| !list.is_empty());
    let Some(entries) = entries else {
        return Err(wrong(
            directory,
            vec![mistake("connections", "is missing or empty", "list the connections to play")],
        ));
    };
    let mut mistakes = Vec::new();
    let mut sources = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        match source(directory, index, entry)? {
            Ok(source) => sources.push(source),
            Err(found) => mistakes.extend(found),
        }
    }
    mistakes.extend(twice(&sources));
    if mistakes.is_empty() { Ok(sources) } else { Err(wrong(directory, mistakes)) }
}

/// Two connections of one name would share their records.
fn twice(sources: &[Source]) -> Option<Mistake> {
    let mut seen = std::collections::BTreeSet::new();
    let again = sources.iter().position(|source| !seen.insert(&source.id))?;
    Some(mistake(&format!("connections[{again}].settings.id"), "is the id of two connections", "name each differently"))
}

fn wrong(directory: Option<&Path>, mistakes: Vec<Mistake>) -> Failure {
    Failure::Input { what: shown(directory, MANIFEST), mistakes: Mistakes(mistakes) }
}

fn mistake(field: &str, problem: &str, mend: &str) -> Mistake {
    Mistake { field: field.to_owned(), problem: problem.to_owned(), mend: mend.to_owned() }
}

fn source(directory: Option<&Path>, index: usize, entry: &Value) -> Result<Result<Source, Vec<Mistake>>, Failure> {
    let path = format!("connections[{index}]");
    let mut fields = Fields::of(&path, entry);
    let settings = fields.required("settings").cloned().unwrap_or(Value::Null);
    let listed = fields.required("files").map(|files| files.as_array().cloned().unwrap_or_default());
    if listed.as_ref().is_some_and(Vec::is_empty) {
        fields.wrong("files", "is no list, or an empty one", "list the files of failed rows");
    }
    let mut mistakes = fields.strict();
    let connection = with_target(&settings, "https://example.my.salesforce.com");
    let read = Connection::read(&connection).map_err(|found| {
        let inside = |one: Mistake| Mistake { field: format!("{path}.settings.{}", one.field), ..one };
        mistakes.extend(found.0.into_iter().map(inside));
    });
    let mut files = Vec::new();
    for (number, listed) in listed.iter().flatten().enumerate() {
        match listed_file(&format!("{path}.files[{number}]"), listed) {
            Ok(file) => files.push(file),
            Err(found) => mistakes.extend(found),
        }
    }
    Ok(match read {
        Ok(connection) if mistakes.is_empty() => {
            let rows = |listed| file_of_rows(directory, &connection, listed);
            let files = files.into_iter().map(rows).collect::<Result<_, Failure>>()?;
            Ok(Source { id: connection.id, settings, files })
        }
        Ok(_) | Err(()) => Err(mistakes),
    })
}

/// The settings with a target at `url`, whose secret is named like the connection.
pub(crate) fn with_target(settings: &Value, url: &str) -> Value {
    let mut settings = settings.clone();
    if let Some(object) = settings.as_object_mut() {
        let secret = object.get("id").cloned().unwrap_or(Value::Null);
        object.insert("target".to_owned(), json!({ "login_url": url, "flow": "client_credentials", "secret": secret }));
    }
    settings
}

fn listed_file(path: &str, listed: &Value) -> Result<Listed, Vec<Mistake>> {
    let mut fields = Fields::of(path, listed);
    let name: Option<String> = fields.text("path");
    let object: Option<ObjectName> = fields.text("object");
    let parent = parent_column(path, &mut fields);
    let mistakes = fields.strict();
    match (name, object) {
        (Some(path), Some(object)) if mistakes.is_empty() => Ok(Listed { path, object, parent }),
        (_, _) => Err(mistakes),
    }
}

fn file_of_rows(directory: Option<&Path>, connection: &Connection, listed: Listed) -> Result<FileOfRows, Failure> {
    let bytes = file(directory, &listed.path)?;
    let rows = reading::rows(connection, &listed, &bytes).map_err(|problem| Failure::Unreadable {
        path: shown(directory, &listed.path),
        problem: format!("{problem:#}"),
    })?;
    Ok(FileOfRows { object: listed.object, parent: listed.parent, rows })
}

fn parent_column(path: &str, fields: &mut Fields<'_>) -> Option<ParentColumn> {
    let value = fields.value("parent")?;
    let mut parent = Fields::of(&format!("{path}.parent"), value);
    let object: Option<ObjectName> = parent.text("object");
    let column: Option<String> = parent.text("column");
    let parts = column.as_deref().and_then(|column| column.split_once('.'));
    if column.is_some() && parts.is_none() {
        parent.wrong("column", "is not a reference", "name a column such as Account__r.Account_Key__c");
    }
    let read = parts.map(|(relation, key)| (relation.to_owned(), key.to_owned()));
    fields.gather(parent.strict());
    let (relation, key) = read?;
    Some(ParentColumn { object: object?, relation, key })
}

fn file(directory: Option<&Path>, name: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |problem: String| Failure::Unreadable { path: shown(directory, name), problem };
    match directory {
        Some(directory) => fs::read(directory.join(name)).map_err(|error| unreadable(error.to_string())),
        None => BUILT_IN
            .iter()
            .find(|(built_in, _)| *built_in == name)
            .map(|(_, bytes)| bytes.to_vec())
            .ok_or_else(|| unreadable("it is not one of the built-in examples".to_owned())),
    }
}

fn shown(directory: Option<&Path>, name: &str) -> String {
    directory.map_or_else(|| name.to_owned(), |directory| directory.join(name).display().to_string())
}
