//! What the options say about a file's columns, and keeping it under a name for the next file of the same kind.
//!
//! Must not know: any file, or the connection.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use imports::{Empty, Layout};
use rules::ids::{FieldName, ObjectName};
use serde::{Deserialize, Serialize};

use super::args::{ImportArgs, ParentColumn};
use crate::exit::Failure;
use crate::local::{DataDir, Missing, locate};

/// What is said about a kind of file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) object: Option<ObjectName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) external_id: Option<FieldName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<ParentColumn>,
    #[serde(default)]
    pub(super) layout: Layout,
}

impl Mapping {
    /// The options, those that a saved mapping gives included.
    pub(super) fn of(args: &ImportArgs) -> Result<Self, Failure> {
        let saved = match &args.mapping {
            Some(name) => Self::read(&directory(args)?, name)?,
            None => Self::default(),
        };
        Ok(saved.overridden(args))
    }

    /// An option goes before what was saved.
    fn overridden(self, args: &ImportArgs) -> Self {
        let given = |option: &Option<String>, saved: Option<String>| option.clone().or(saved);
        let parent = args.parent.clone().or(self.parent);
        let mut fields = self.layout.fields;
        for mapped in &args.map {
            fields.retain(|saved| !saved.field.eq_ignore_ascii_case(&mapped.field));
        }
        fields.extend(args.map.iter().cloned());
        Self {
            object: args.object.clone().or(self.object),
            external_id: args.external_id.clone().or(self.external_id),
            layout: Layout {
                delimiter: args.delimiter.or(self.layout.delimiter),
                fields,
                error: given(&args.error_column, self.layout.error),
                code: given(&args.code_column, self.layout.code),
                message: given(&args.message_column, self.layout.message),
                version: given(&args.version_column, self.layout.version),
                parent: parent.as_ref().map(|parent| parent.column.clone()),
                empty: args.empty_as_null.then_some(Empty::Null).or(self.layout.empty),
            },
            parent,
        }
    }

    fn read(directory: &Path, name: &str) -> Result<Self, Failure> {
        let path = file(directory, name);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::Wrong(unknown(directory, name)),
            _ => Failure::unusable(&path, &error.to_string()),
        })?;
        serde_json::from_str(&text).map_err(|error| {
            let problem = format!("{error}; correct it, or save the mapping anew");
            Failure::unusable(&path, &problem)
        })
    }

    /// Saves it under the name that the options give, if they give one.
    pub(super) fn save(&self, args: &ImportArgs) -> Result<(), Failure> {
        let Some(name) = &args.save_mapping else {
            return Ok(());
        };
        let directory = directory(args)?;
        let path = file(&directory, name);
        let text = serde_json::to_string_pretty(self).map_err(anyhow::Error::from)? + "\n";
        let write = || {
            fs::create_dir_all(&directory)?;
            let mut new = tempfile::NamedTempFile::new_in(&directory)?;
            new.write_all(text.as_bytes())?;
            new.as_file().sync_all()?;
            new.persist(&path).map_err(|error| error.error).map(drop)
        };
        write().map_err(|error| Failure::unusable(&path, &error.to_string()))
    }
}

fn directory(args: &ImportArgs) -> Result<PathBuf, Failure> {
    let data = DataDir::open(&locate(args.common.data.as_deref())?, Missing::Refuse)?;
    Ok(data.path().join("mappings"))
}

fn file(directory: &Path, name: &str) -> PathBuf {
    directory.join(name).with_added_extension("json")
}

/// That there is no such mapping, and which there are.
fn unknown(directory: &Path, name: &str) -> String {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut known: Vec<String> =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned)).collect();
    known.sort_unstable();
    match known.as_slice() {
        [] => format!("no mapping {name} was saved, and no other; save one by --save-mapping {name}"),
        known => format!("no mapping {name} was saved; there are {}", known.join(", ")),
    }
}
