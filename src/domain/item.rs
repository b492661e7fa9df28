//! What an officer has in hand: marks and a description.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::mark::{Scheme, SeenMark};

/// The sort of object, as registers are kept by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Object {
    Firearm,
    Part,
    Ammunition,
    Missile,
    Drone,
    Optics,
    Explosive,
    Detonator,
    Vehicle,
    TravelDocument,
    Container,
    Other,
}

impl Object {
    /// Every object.
    pub const ALL: [Self; 12] = [
        Self::Firearm,
        Self::Part,
        Self::Ammunition,
        Self::Missile,
        Self::Drone,
        Self::Optics,
        Self::Explosive,
        Self::Detonator,
        Self::Vehicle,
        Self::TravelDocument,
        Self::Container,
        Self::Other,
    ];

    /// Whether registers of weapons list it, and what belongs to weapons.
    pub fn is_of_arms(self) -> bool {
        !matches!(self, Self::Vehicle | Self::TravelDocument | Self::Container | Self::Other)
    }

    /// The name used in JSON, on the command line and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Firearm => "firearm",
            Self::Part => "part",
            Self::Ammunition => "ammunition",
            Self::Missile => "missile",
            Self::Drone => "drone",
            Self::Optics => "optics",
            Self::Explosive => "explosive",
            Self::Detonator => "detonator",
            Self::Vehicle => "vehicle",
            Self::TravelDocument => "travel_document",
            Self::Container => "container",
            Self::Other => "other",
        }
    }

    /// The object that a scheme alone gives away: a VIN stands on a vehicle, a document number on a document.
    pub fn implied_by(scheme: Scheme) -> Option<Self> {
        match scheme {
            Scheme::Vin | Scheme::Plate | Scheme::Engine => Some(Self::Vehicle),
            Scheme::Document => Some(Self::TravelDocument),
            Scheme::Container => Some(Self::Container),
            Scheme::Serial | Scheme::Import | Scheme::Uii | Scheme::Gtin | Scheme::Other => None,
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No object has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no object is called {0:?}")]
pub struct UnknownObject(pub String);

impl FromStr for Object {
    type Err = UnknownObject;
    /// Accepts the code, and the longer names of the field (`ammunition lot`, `missile or launcher`, `travel document`).
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let name = super::record::coded(s);
        let alias = match name.as_str() {
            "weapon" | "gun" => Some(Self::Firearm),
            "ammunition_lot" => Some(Self::Ammunition),
            "missile_or_launcher" | "launcher" => Some(Self::Missile),
            "document" | "passport" => Some(Self::TravelDocument),
            _ => None,
        };
        alias.or_else(|| Self::ALL.into_iter().find(|x| x.code() == name)).ok_or_else(|| UnknownObject(s.to_owned()))
    }
}

/// What is known of an item beside its marks. Texts are kept as given; comparison folds them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct Description {
    /// The sort of object.
    #[serde(default)]
    pub object: Option<Object>,
    /// Pistol, rifle, …
    #[serde(default)]
    pub kind: Option<String>,
    /// Maker.
    #[serde(default)]
    pub make: Option<String>,
    /// Model as marked or as the reference table names it.
    #[serde(default)]
    pub model: Option<String>,
    /// Calibre as marked.
    #[serde(default)]
    pub calibre: Option<String>,
    /// Year of manufacture.
    #[serde(default)]
    pub year: Option<u16>,
    /// Country of manufacture, ISO 3166 alpha-2 where known.
    #[serde(default)]
    pub country: Option<String>,
    /// Authority that issued a document.
    #[serde(default)]
    pub issuer: Option<String>,
}

/// One item: one or more marks with their places, and a description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Item {
    /// The marks in the order in which they came.
    pub marks: Vec<SeenMark>,
    /// What is known beside the marks.
    pub description: Description,
}
