//! The mapping file: how a source's headers and words are called here.
//!
//! ```toml
//! delimiter = ";"                          # of CSV; guessed from the header when absent
//! date_format = "%d/%m/%Y"                 # of all dates; ISO and DD.MM.YYYY when absent
//!
//! [columns]
//! serial = ["Series", "Number"]            # several are joined in this order
//! "serial@barrel" = "Barrel no."           # a further mark, with where it stands
//! model = "Type of weapon"
//!
//! [values.status]
//! "Found missing" = "lost"
//!
//! [constants]
//! object = "firearm"
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::row::{self, Target};

/// Why a mapping file was refused.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// Not TOML, or with a table that there is none of.
    #[error("the mapping file cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A form of dates by which none can be read.
    #[error("date_format {0:?} is no form of dates; write it like \"%d/%m/%Y\"")]
    DateFormat(String),
    /// A field that records do not have.
    #[error("the mapping file names {0:?}, and records have no such field; they have: {fields}", fields = row::FIELDS.join(", "))]
    UnknownField(String),
    /// More than one character.
    #[error("the delimiter in the mapping file must be one ASCII character")]
    Delimiter,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    delimiter: Option<String>,
    date_format: Option<String>,
    #[serde(default)]
    columns: BTreeMap<String, OneOrMore>,
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
}

/// A mapping that was read. The default one changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    pub(super) delimiter: Option<u8>,
    pub(super) date_format: Option<String>,
    /// Our field to their headers.
    pub(super) columns: BTreeMap<String, Vec<String>>,
    values: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) constants: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a mapping file's text.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let file: File = toml::from_str(text)?;
        let named = file.columns.keys().chain(file.values.keys()).chain(file.constants.keys());
        if let Some(unknown) = named.into_iter().find(|name| Target::named(name, 0).is_none()) {
            return Err(MappingError::UnknownField(unknown.clone()));
        }
        if let Some(marked) = file.constants.keys().find(|name| name.contains('@')) {
            return Err(MappingError::UnknownField(marked.clone()));
        }
        let delimiter = match file.delimiter.as_deref().map(str::as_bytes) {
            None => None,
            Some(&[one]) if one.is_ascii() => Some(one),
            Some(_) => return Err(MappingError::Delimiter),
        };
        let columns = file.columns.into_iter().map(|(field, headers)| {
            let headers = match headers {
                OneOrMore::One(header) => vec![header],
                OneOrMore::More(headers) => headers,
            };
            (field, headers)
        });
        Ok(Self {
            delimiter,
            date_format: file.date_format.map(known_format).transpose()?,
            columns: columns.collect(),
            values: file.values,
            constants: file.constants,
        })
    }

    /// Our word for a source's, or the source's own.
    pub(super) fn value(&self, field: &str, text: String) -> String {
        self.values.get(field).and_then(|words| words.get(text.trim())).cloned().unwrap_or(text)
    }

    /// Where the texts under a header go: to the field of its own name (whatever its case), or to every field that the
    /// file gives it to.
    pub(super) fn targets_of(&self, header: &str) -> Vec<Target> {
        let header = header.trim();
        let mapped = self.columns.iter().flat_map(|(field, headers)| {
            headers.iter().enumerate().filter(|(_, h)| h.trim() == header).map(move |(order, _)| (field, order))
        });
        let mut found: Vec<_> = mapped.filter_map(|(name, order)| Target::named(name, order)).collect();
        let own = header.to_lowercase();
        if found.is_empty() && !self.columns.contains_key(&own) {
            found.extend(Target::named(&own, 0));
        }
        found
    }

    /// Puts the constants where a row has nothing.
    pub(super) fn fill(&self, row: &mut row::Row) {
        for (name, value) in &self.constants {
            // A constant with a place (`serial@frame`) would give every row one mark; it is refused when the file is read.
            if let Some(at) = row::field(name) {
                let slot = &mut row.values[at];
                if slot.as_deref().is_none_or(|v| v.trim().is_empty()) {
                    *slot = Some(value.clone());
                }
            }
        }
    }
}

/// A form that chrono knows; by any other every day of a file would be left out.
fn known_format(format: String) -> Result<String, MappingError> {
    let is_known = !chrono::format::StrftimeItems::new(&format).any(|item| item == chrono::format::Item::Error);
    if is_known && format.contains('%') { Ok(format) } else { Err(MappingError::DateFormat(format)) }
}
