//! The rows of a file of the demo: all of them are played, so a file with a row that cannot be used is refused.
//!
//! Must not know: where the file is.

use anyhow::{Context, bail};
use imports::{FailedRow, Layout, Reader, Row};
use rules::connection::Connection;
use rules::ids::ObjectName;

use super::ParentColumn;

/// A file as the manifest lists it.
#[derive(Debug)]
pub(super) struct Listed {
    /// Its path as the manifest gives it.
    pub(super) path: String,
    pub(super) object: ObjectName,
    pub(super) parent: Option<ParentColumn>,
}

/// Reads a file; fails with its first problem and the line.
pub(super) fn rows(connection: &Connection, file: &Listed, bytes: &[u8]) -> anyhow::Result<Vec<FailedRow>> {
    let external_id = connection.external_ids.get(&file.object).with_context(|| {
        format!("the connection {} sets no external id for {}; add it to external_ids", connection.id, file.object)
    })?;
    let parent = file.parent.as_ref().map(|parent| format!("{}.{}", parent.relation, parent.key));
    let mut rows = Vec::new();
    for row in Reader::open(bytes, &Layout { parent, ..Layout::default() }, external_id)? {
        match row? {
            Row::Failed(row) => rows.push(row),
            Row::Refused(refused) => bail!("{refused}"),
        }
    }
    if rows.is_empty() {
        bail!("the file has a header and no rows");
    }
    Ok(rows)
}
