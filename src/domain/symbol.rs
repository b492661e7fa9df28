//! What an engine found in a frame, as far as other rooms must know it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A bar code family, named as on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Symbology {
    QrCode,
    MicroQr,
    DataMatrix,
    Aztec,
    #[serde(rename = "pdf_417")]
    Pdf417,
    #[serde(rename = "code_128")]
    Code128,
    #[serde(rename = "code_39")]
    Code39,
    #[serde(rename = "code_93")]
    Code93,
    Codabar,
    Itf,
    #[serde(rename = "ean_13")]
    Ean13,
    #[serde(rename = "ean_8")]
    Ean8,
    UpcA,
    UpcE,
}

impl Symbology {
    /// Every symbology, in the order of the command line's list.
    pub const ALL: [Self; 14] = [
        Self::QrCode,
        Self::MicroQr,
        Self::DataMatrix,
        Self::Aztec,
        Self::Pdf417,
        Self::Code128,
        Self::Code39,
        Self::Code93,
        Self::Codabar,
        Self::Itf,
        Self::Ean13,
        Self::Ean8,
        Self::UpcA,
        Self::UpcE,
    ];

    /// The name used in JSON, on the command line and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::QrCode => "qr_code",
            Self::MicroQr => "micro_qr",
            Self::DataMatrix => "data_matrix",
            Self::Aztec => "aztec",
            Self::Pdf417 => "pdf_417",
            Self::Code128 => "code_128",
            Self::Code39 => "code_39",
            Self::Code93 => "code_93",
            Self::Codabar => "codabar",
            Self::Itf => "itf",
            Self::Ean13 => "ean_13",
            Self::Ean8 => "ean_8",
            Self::UpcA => "upc_a",
            Self::UpcE => "upc_e",
        }
    }
}

impl Symbology {
    /// The symbology that an identifier names (ISO/IEC 15424: `]d2`), as scanners can be set to write before each code.
    /// `None` for those that are not read here, and where the identifier does not settle it.
    pub fn of_identifier(identifier: &str) -> Option<Self> {
        let mut signs = identifier.strip_prefix(']')?.chars();
        let (code, modifier) = (signs.next()?, signs.next()?);
        Some(match code {
            'A' => Self::Code39,
            'C' => Self::Code128,
            'd' => Self::DataMatrix,
            'E' if modifier == '4' => Self::Ean8,
            'E' => Self::Ean13,
            'F' => Self::Codabar,
            'G' => Self::Code93,
            'I' => Self::Itf,
            'L' => Self::Pdf417,
            'Q' => Self::QrCode,
            'z' => Self::Aztec,
            _ => return None,
        })
    }
}

impl fmt::Display for Symbology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No symbology has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no symbology is called {0:?}")]
pub struct UnknownSymbology(pub String);

impl FromStr for Symbology {
    type Err = UnknownSymbology;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.code() == s).ok_or_else(|| UnknownSymbology(s.to_owned()))
    }
}

/// Corners of a symbol in pixels of its frame, from the symbol's own top left, clockwise.
pub type Quad = [[i32; 2]; 4];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_name_their_symbology() {
        let table = [
            ("]d2", Some(Symbology::DataMatrix)),
            ("]C1", Some(Symbology::Code128)),
            ("]Q3", Some(Symbology::QrCode)),
            ("]L0", Some(Symbology::Pdf417)),
            ("]E4", Some(Symbology::Ean8)),
            ("]X0", None),
            ("]d", None),
            ("d2", None),
            ("", None),
        ];
        for (identifier, symbology) in table {
            assert_eq!(Symbology::of_identifier(identifier), symbology, "{identifier}");
        }
    }
}
