//! The layouts by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The layout that the computer is set to while a hand scanner types as on a United States keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum KeyboardLayout {
    /// Not known: what arrives is taken as it is, unless only one layout explains it; where two readings make sense, both
    /// are checked.
    #[default]
    Auto,
    /// The scanner and the computer agree: nothing is undone.
    Us,
    Gb,
    FrAzerty,
    BeAzerty,
    DeQwertz,
    ChQwertz,
    Es,
    Pt,
    Br,
    It,
    Cz,
    Sk,
    Hu,
    Tr,
    Ua,
    Ru,
    Latam,
    Hr,
    TrF,
    Gr,
    Ara,
    Il,
    Dvorak,
}

impl KeyboardLayout {
    /// Every layout, in the order of a list to choose from.
    pub const ALL: [Self; 24] = [
        Self::Auto,
        Self::Us,
        Self::Gb,
        Self::FrAzerty,
        Self::BeAzerty,
        Self::DeQwertz,
        Self::ChQwertz,
        Self::Es,
        Self::Pt,
        Self::Br,
        Self::It,
        Self::Cz,
        Self::Sk,
        Self::Hu,
        Self::Tr,
        Self::Ua,
        Self::Ru,
        Self::Latam,
        Self::Hr,
        Self::TrF,
        Self::Gr,
        Self::Ara,
        Self::Il,
        Self::Dvorak,
    ];

    /// Those that may be guessed from what arrived. A layout of the same letters in other places betrays itself by nothing,
    /// and makes some other text of every serial.
    pub(super) fn guessed() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|layout| !matches!(layout, Self::Auto | Self::Dvorak))
    }

    /// The name used in settings and on the command line; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Us => "us",
            Self::Gb => "gb",
            Self::FrAzerty => "fr_azerty",
            Self::BeAzerty => "be_azerty",
            Self::DeQwertz => "de_qwertz",
            Self::ChQwertz => "ch_qwertz",
            Self::Es => "es",
            Self::Pt => "pt",
            Self::Br => "br",
            Self::It => "it",
            Self::Cz => "cz",
            Self::Sk => "sk",
            Self::Hu => "hu",
            Self::Tr => "tr",
            Self::Ua => "ua",
            Self::Ru => "ru",
            Self::Latam => "latam",
            Self::Hr => "hr",
            Self::TrF => "tr_f",
            Self::Gr => "gr",
            Self::Ara => "ara",
            Self::Il => "il",
            Self::Dvorak => "dvorak",
        }
    }

    /// The name for people, in the layout's own language as far as the bundled fonts have its letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Us => "English (US)",
            Self::Gb => "English (UK)",
            Self::FrAzerty => "Français (AZERTY)",
            Self::BeAzerty => "Belge (AZERTY)",
            Self::DeQwertz => "Deutsch (QWERTZ)",
            Self::ChQwertz => "Schweiz / Suisse (QWERTZ)",
            Self::Es => "Español",
            Self::Pt => "Português",
            Self::Br => "Português (Brasil)",
            Self::It => "Italiano",
            Self::Cz => "Čeština",
            Self::Sk => "Slovenčina",
            Self::Hu => "Magyar",
            Self::Tr => "Türkçe",
            Self::Ua => "Українська",
            Self::Ru => "Русская",
            Self::Latam => "Español (Latinoamérica)",
            Self::Hr => "Hrvatski / Bosanski / Srpski (QWERTZ)",
            Self::TrF => "Türkçe (F)",
            Self::Gr => "Ελληνικά",
            Self::Ara => "Arabic",
            Self::Il => "Hebrew",
            Self::Dvorak => "Dvorak",
        }
    }
}

impl fmt::Display for KeyboardLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No layout has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no keyboard layout is called {0:?}")]
pub struct UnknownLayout(pub String);

impl FromStr for KeyboardLayout {
    type Err = UnknownLayout;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.code() == s).ok_or_else(|| UnknownLayout(s.to_owned()))
    }
}
