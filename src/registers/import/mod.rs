//! Import: a source's file in, records out, one at a time and in bounded memory.
//!
//! A bad *row* (no serial, a status that nobody knows) goes to the rejects with its line and reason, and the rest is imported. A
//! bad *field* (a day that is none) is left out of its record and noted: nobody waves a rifle through for a misspelt day. A bad *file* (empty, binary, in another encoding, broken off in the middle) is refused as a whole: half a
//! register looks exactly like a register in which the other half was found, and a missing record is a gun waved through.
//! So the caller stages what it is handed and commits only when [`import`] returns `Ok`; on `Err` it drops the stage and
//! nothing has changed.
//!
//! Memory: one row, and 12 bytes for each record to know duplicates by (some 25 MB at 1.1 million, 200 MB at ten).

mod cells;
mod days;
mod delimited;
mod intake;
mod json_array;
mod jsonl;
mod mapping;
mod niem;
mod profile;
mod row;
mod seen;
mod source;
mod ua_vehicles;
mod ua_weapons;

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use crate::domain::{Hash, Object, Record, RegisterKind};

pub use mapping::{Mapping, MappingError};
pub use profile::{Profile, ProfileReport, ShapeDensity};

/// The error of a caller's own function; it stops the import.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// The form of a source's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma, semicolon or tab separated, with a header line.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// `weaponswanted.json` of Ukraine's Ministry of Internal Affairs: one array of objects.
    UaWeapons,
    /// `carswanted.json` of the same ministry: one array of objects.
    UaVehicles,
    /// XML with NIEM's firearms.
    Niem,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Jsonl, Self::UaWeapons, Self::UaVehicles, Self::Niem];

    /// The name on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::UaWeapons => "ua-weapons",
            Self::UaVehicles => "ua-vehicles",
            Self::Niem => "niem",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No format has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no register format is called {0:?}; there are csv, jsonl, ua-weapons, ua-vehicles and niem")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|f| f.code() == s).ok_or_else(|| UnknownFormat(s.to_owned()))
    }
}

/// What a row that does not say it itself is taken to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Owner of the record.
    pub owner: String,
    /// What the register lists.
    pub object: Option<Object>,
    /// What the register is kept for.
    pub kind: RegisterKind,
}

/// A record as imported.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The record.
    pub record: Record,
    /// Line on which its row begins, counted from 1.
    pub line: u64,
    /// SHA-256 of [`super::RecordBytes::canonical_bytes`]: equal when nothing about the record changed.
    pub content_hash: Hash,
    /// [`super::chunk::bucket_key`] of its id: the order in which a publisher wants the records.
    pub bucket_key: u32,
}

/// A row that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Line on which the row begins, counted from 1.
    pub line: u64,
    /// The record of which it speaks, when it says so: an earlier one of that id must not count as gone.
    pub id: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// A record that was imported otherwise than its row has it: without what cannot be read (a day that is none, an object or an
/// action of no known name, a text that is too long), or without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Line on which the row begins, counted from 1.
    pub line: u64,
    /// The record.
    pub id: String,
    /// The fields that it does without.
    pub unread: Vec<&'static str>,
    /// The fields whose control characters became a space, or parted two serials.
    pub controls: Vec<&'static str>,
}

/// What an import came to. `rows` is the sum of `imported`, `duplicates` and `rejected`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportSummary {
    /// Rows read.
    pub rows: u64,
    /// Records handed over.
    pub imported: u64,
    /// Rows equal to an earlier one in every field.
    pub duplicates: u64,
    /// Rows set aside with a reason.
    pub rejected: u64,
    /// Records among the imported that no check can find, because none of their marks is usable (БН, 0000).
    pub unusable: u64,
    /// Records among the imported whose row tells a year that cannot be read; they have none.
    pub years_unread: u64,
    /// Records among the imported of which there is a [`Note`].
    pub noted: u64,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Bytes read so far.
    pub bytes: u64,
}

/// Why a file was refused as a whole. Nothing of it may be kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No bytes, or only white space.
    #[error("the file is empty; nothing was changed; name the file that is meant, or fetch it again")]
    Empty,
    /// Not text.
    #[error("the file is not text ({0}); nothing was changed; unpack or export it as UTF-8 text first")]
    Binary(&'static str),
    /// Text in another encoding.
    #[error(
        "the file is not UTF-8 (line {line}{hint}); nothing was changed; save it as UTF-8 where it was made, or convert it with `iconv -f ITS-ENCODING -t UTF-8`, and import it again"
    )]
    Encoding {
        /// First line that is not UTF-8.
        line: u64,
        /// What it may be instead, with a leading separator.
        hint: &'static str,
    },
    /// Broken off.
    #[error(
        "the file breaks off in line {line}{}; nothing was changed; fetch it again: half a list must not stand in for the list",
        whole_rows(*rows)
    )]
    Truncated {
        /// Where it ends.
        line: u64,
        /// Rows that could be read.
        rows: u64,
    },
    /// Not of the form that was named.
    #[error(
        "line {line} is not {expected} ({detail}){}; nothing was changed; {}",
        whole_rows(*rows),
        advice(*rows)
    )]
    Malformed {
        /// Where.
        line: u64,
        /// Rows that could be read.
        rows: u64,
        /// The form that was named.
        expected: &'static str,
        /// What the parser said.
        detail: String,
    },
    /// A header without a serial.
    #[error(
        "no column is called {missing:?}, and the columns are: {columns}; nothing was changed; name the column in a mapping file (--map)"
    )]
    Columns {
        /// What was looked for.
        missing: String,
        /// What there is, cut after a few.
        columns: String,
    },
    /// A header that says one thing twice.
    #[error(
        "two columns are called {name:?}, and nothing says which is meant; nothing was changed; name one of them otherwise"
    )]
    Twice {
        /// What both are called.
        name: String,
    },
    /// Reading failed.
    #[error("the file could not be read; nothing was changed")]
    Read(#[from] std::io::Error),
    /// The caller could not keep a record or a reject.
    #[error("the import could not be stored; nothing was changed")]
    Sink(#[source] SinkError),
}

/// How many rows could be read before a fault.
fn whole_rows(rows: u64) -> String {
    match rows {
        0 => String::new(),
        1 => ", after 1 whole row".to_owned(),
        _ => format!(", after {rows} whole rows"),
    }
}

/// What to do about a file that is not of its form: where no row could be read it is most likely of another.
fn advice(rows: u64) -> String {
    match rows {
        0 => format!(
            "name the form that the file has with --format ({}), or export it anew",
            Format::ALL.map(Format::code).join(", ")
        ),
        _ => "mend that line or export the file anew, and import it again".to_owned(),
    }
}

/// Where an import hands what it read.
pub struct Sinks<'a> {
    /// Gets each record once.
    pub record: &'a mut dyn FnMut(Imported) -> Result<(), SinkError>,
    /// Gets each row that was set aside.
    pub reject: &'a mut dyn FnMut(Reject) -> Result<(), SinkError>,
    /// Gets what is to be said of records that are imported otherwise than their rows have them.
    pub note: &'a mut dyn FnMut(Note) -> Result<(), SinkError>,
    /// Is told now and then how far it is.
    pub progress: &'a mut dyn FnMut(Progress),
}

/// Reads a whole file. Stage what the sinks get and commit only on `Ok` (see the module's text).
///
/// Two rows with one id: equal in every field, the second is a duplicate; different, the first stands and the second is
/// rejected, so that a second import of the same file ends in the same state.
pub fn import<R: Read>(
    format: Format,
    reader: R,
    mapping: &Mapping,
    defaults: &Defaults,
    sinks: Sinks<'_>,
) -> Result<ImportSummary, ImportError> {
    let source = source::Source::open(reader)?;
    let intake = intake::Intake::new(sinks);
    match format {
        Format::Csv => delimited::read(source, mapping, defaults, intake),
        Format::Jsonl => jsonl::read(source, mapping, defaults, intake),
        Format::UaWeapons => json_array::read(&ua_weapons::FORM, source, mapping, defaults, intake),
        Format::Niem => niem::read(source, mapping, defaults, intake),
        Format::UaVehicles => json_array::read(&ua_vehicles::FORM, source, mapping, defaults, intake),
    }
}

#[cfg(test)]
mod tests;
