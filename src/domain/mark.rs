//! A mark: what stands on an item, with where it stands and how it came to us.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::symbol::Symbology;

/// What a mark means, and with it how it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Maker's serial number.
    #[default]
    Serial,
    /// Importer's mark or serial.
    Import,
    /// Unique item identifier (ISO/IEC 15459, MIL-STD-130).
    Uii,
    /// Vehicle identification number (ISO 3779).
    Vin,
    /// Registration plate.
    Plate,
    /// Engine number.
    Engine,
    /// Number of a travel or other document (ICAO 9303).
    Document,
    /// Freight container (ISO 6346).
    Container,
    /// GS1 trade item number: names a kind of goods, never one item.
    Gtin,
    /// Anything else: kept and shown, never compared.
    Other,
}

impl Scheme {
    /// Every scheme, in the order of the command line's list.
    pub const ALL: [Self; 10] = [
        Self::Serial,
        Self::Import,
        Self::Uii,
        Self::Vin,
        Self::Plate,
        Self::Engine,
        Self::Document,
        Self::Container,
        Self::Gtin,
        Self::Other,
    ];

    /// The name used in JSON, on the command line and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Import => "import",
            Self::Uii => "uii",
            Self::Vin => "vin",
            Self::Plate => "plate",
            Self::Engine => "engine",
            Self::Document => "document",
            Self::Container => "container",
            Self::Gtin => "gtin",
            Self::Other => "other",
        }
    }

    /// Serials and import marks are stamped by hand, worn and retyped, so they are compared by look-alike, core, sound,
    /// number and one edit; every other scheme is compared exactly (and by the look-alikes it forbids itself).
    pub fn is_compared_loosely(self) -> bool {
        matches!(self, Self::Serial | Self::Import)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No scheme has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scheme is called {0:?}")]
pub struct UnknownScheme(pub String);

impl FromStr for Scheme {
    type Err = UnknownScheme;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.code() == s).ok_or_else(|| UnknownScheme(s.to_owned()))
    }
}

/// A mark as it stands on an item or in a record. `value` is the raw text and is kept for ever as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// What the mark means.
    pub scheme: Scheme,
    /// The raw text.
    pub value: String,
    /// Where on the item it stands (`frame`, `barrel`, `slide`), when known.
    #[serde(default)]
    pub place: Option<String>,
}

impl Mark {
    /// A mark of unknown place.
    pub fn new(scheme: Scheme, value: impl Into<String>) -> Self {
        Self { scheme, value: value.into(), place: None }
    }
}

/// How a mark came to the device; what was typed is always shown apart from what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkSource {
    /// Decoded from a camera frame or picture.
    Read(Symbology),
    /// From a hand scanner (keyboard wedge or serial port); such a scanner does not tell the symbology.
    Scanner,
    /// Typed by a person.
    Typed,
}

/// A mark together with how it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeenMark {
    /// The mark.
    pub mark: Mark,
    /// How it came.
    pub source: MarkSource,
}

impl SeenMark {
    /// A mark that a person typed.
    pub fn typed(mark: Mark) -> Self {
        Self { mark, source: MarkSource::Typed }
    }
}
