//! What each column of a file is used for: decided once from the header, then asked for every row.
//!
//! Must not know: bytes, or a row's cells.

use std::collections::HashSet;

use rules::ids::FieldName;

use crate::fields::Target;
use crate::format::Format;
use crate::layout::{Empty, Layout, MappedField};
use crate::problem::BadFile;
use crate::{MOST_COLUMNS, PROBLEM_COLUMN};

/// Where a row's error stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorAt {
    /// In the column of a tool.
    Tool { format: Format, error: usize, status: Option<usize> },
    /// In one column that was named.
    Text(usize),
    /// In a column for the code, one for the message, or both.
    Parts { code: Option<usize>, message: Option<usize> },
}

/// A file's columns and their uses.
#[derive(Debug)]
pub(crate) struct Columns {
    /// The names as the header has them.
    pub(crate) names: Vec<String>,
    /// Which columns are written to which fields, the external id left out.
    pub(crate) fields: Vec<(usize, Target)>,
    pub(crate) key: usize,
    pub(crate) error: ErrorAt,
    pub(crate) object: Option<usize>,
    pub(crate) parent: Option<usize>,
    pub(crate) version: Option<usize>,
    pub(crate) empty: Empty,
}

impl Columns {
    /// Decides on a header of `count` columns, the names of which are `names`.
    pub(crate) fn decide(
        names: Vec<String>,
        count: usize,
        layout: &Layout,
        external_id: &FieldName,
    ) -> Result<Self, BadFile> {
        if count > MOST_COLUMNS {
            return Err(BadFile::TooWide(count));
        }
        let format = Format::of(&names);
        let error = error_at(&names, layout, format)?;
        if names.iter().any(String::is_empty) {
            return Err(BadFile::NoName);
        }
        if let Some(twice) = repeated(names.iter()) {
            return Err(BadFile::TwiceInHeader(twice.clone()));
        }
        let (key, fields) = key_and_fields(&names, layout, format, external_id)?;
        let parent = layout
            .parent
            .as_deref()
            .map(|column| at(&names, column).ok_or_else(|| BadFile::NoParent(column.to_owned())));
        let version = layout.version.as_deref().map(|column| named(&names, column));
        Ok(Self {
            fields,
            key,
            error,
            object: (format == Some(Format::Inspector)).then(|| at(&names, "_")).flatten(),
            parent: parent.transpose()?,
            version: version.transpose()?,
            empty: layout.empty.or(format.map(Format::empty)).unwrap_or(Empty::LeftOut),
            names,
        })
    }
}

fn at(names: &[String], wanted: &str) -> Option<usize> {
    names.iter().position(|name| name.eq_ignore_ascii_case(wanted.trim()))
}

fn named(names: &[String], column: &str) -> Result<usize, BadFile> {
    at(names, column).ok_or_else(|| BadFile::NoColumn { column: column.to_owned(), found: names.to_vec() })
}

fn error_at(names: &[String], layout: &Layout, format: Option<Format>) -> Result<ErrorAt, BadFile> {
    if let Some(column) = &layout.error {
        return Ok(ErrorAt::Text(named(names, column)?));
    }
    if layout.names_an_error() {
        let column = |column: &Option<String>| column.as_deref().map(|column| named(names, column)).transpose();
        return Ok(ErrorAt::Parts { code: column(&layout.code)?, message: column(&layout.message)? });
    }
    if let Some(instead) = Format::holds_successes(names) {
        return Err(BadFile::Successes { instead });
    }
    let format = format.ok_or(BadFile::NoHeader)?;
    let status = format.status_column().and_then(|column| at(names, column));
    Ok(ErrorAt::Tool { format, error: named(names, format.error_column())?, status })
}

/// The column of the external id, and the other columns with their fields.
fn key_and_fields(
    names: &[String],
    layout: &Layout,
    format: Option<Format>,
    external_id: &FieldName,
) -> Result<(usize, Vec<(usize, Target)>), BadFile> {
    let mut wanted =
        if layout.fields.is_empty() { own_names(names, layout, format)? } else { mapped(names, &layout.fields)? };
    let is_key = |target: &Target| match target {
        Target::Field(name) => name.eq_ignore_ascii_case(external_id.as_str()),
        Target::Reference { .. } => false,
    };
    let key = wanted.iter().position(|(_, target)| is_key(target));
    let key = key.ok_or_else(|| BadFile::NoKey(external_id.as_str().to_owned()))?;
    Ok((wanted.remove(key).0, wanted))
}

/// Every column under its own name, those that are no field left out.
fn own_names(names: &[String], layout: &Layout, format: Option<Format>) -> Result<Vec<(usize, Target)>, BadFile> {
    let told = [&layout.error, &layout.code, &layout.message, &layout.version];
    let is_told =
        |name: &str| told.iter().any(|told| told.as_deref().is_some_and(|told| told.eq_ignore_ascii_case(name)));
    // Records are matched by their external id; their Salesforce id is no field that can be written.
    let is_none = |name: &str| {
        name.eq_ignore_ascii_case("Id")
            || name.eq_ignore_ascii_case(PROBLEM_COLUMN)
            || is_told(name)
            || format.is_some_and(|format| format.is_tools_own(name))
    };
    let (mut fields, mut unfit) = (Vec::new(), Vec::new());
    for (index, name) in names.iter().enumerate().filter(|(_, name)| !is_none(name)) {
        match Target::parse(name) {
            Some(target) => fields.push((index, target)),
            None => unfit.push(name.clone()),
        }
    }
    if unfit.is_empty() { Ok(fields) } else { Err(BadFile::NotFields(unfit)) }
}

/// The columns that were mapped, and no others.
fn mapped(names: &[String], mapping: &[MappedField]) -> Result<Vec<(usize, Target)>, BadFile> {
    if let Some(twice) = repeated(mapping.iter().map(|mapped| &mapped.field)) {
        return Err(BadFile::MappedTwice(twice.clone()));
    }
    let field = |mapped: &MappedField| {
        let target =
            Target::parse(mapped.field.trim()).ok_or_else(|| BadFile::NotFields(vec![mapped.field.clone()]))?;
        Ok((named(names, &mapped.column)?, target))
    };
    mapping.iter().map(field).collect()
}

fn repeated<'a>(names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = HashSet::new();
    let mut names = names;
    names.find(|name| !seen.insert(name.to_ascii_lowercase()))
}
