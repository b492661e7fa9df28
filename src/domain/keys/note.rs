//! What was done to a mark before it was compared, as codes; the window and the command line put them into words.

use super::fold::{after_labels, decimal_value, fold, is_cyrillic_letter, is_greek, latin_look_alike};
use super::{canonical, is_usable, two_parts};

/// Something worth telling the officer about how a mark was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// Cyrillic letters that look Latin were read as Latin.
    CyrillicAsLatin,
    /// Cyrillic letters with no Latin look-alike stay; they are also compared by sound.
    CyrillicKept,
    /// Greek letters that look Latin were read as Latin.
    GreekAsLatin,
    /// Digits of another script were read as 0 to 9.
    DigitsConverted,
    /// A label before the number (`S/N`, `No`, № …) was left out.
    LabelDropped,
    /// Two serials stand in one field.
    TwoSerials,
    /// Too little to be looked up alone.
    Unusable,
}

impl Note {
    /// The name under which translations keep its words; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::CyrillicAsLatin => "cyrillic_as_latin",
            Self::CyrillicKept => "cyrillic_kept",
            Self::GreekAsLatin => "greek_as_latin",
            Self::DigitsConverted => "digits_converted",
            Self::LabelDropped => "label_dropped",
            Self::TwoSerials => "two_serials",
            Self::Unusable => "unusable",
        }
    }
}

/// A serial as it will be compared, with what was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The canonical key of each part.
    pub canonical: Vec<String>,
    /// In the order of [`Note`], each at most once.
    pub notes: Vec<Note>,
}

/// How a typed or read serial is understood: `АВ 1234` → `AB1234`, Cyrillic read as Latin.
pub fn reading(raw: &str) -> Reading {
    let parts: Vec<&str> = two_parts(raw).map_or_else(|| vec![raw], |(a, b)| vec![a, b]);
    let canonical: Vec<String> = parts.iter().map(|part| canonical(part)).collect();
    let upper = || raw.chars().flat_map(char::to_uppercase);
    let folds = |c: char| latin_look_alike(c).is_some();
    let label_dropped = raw.contains('\u{2116}') || parts.iter().any(|part| has_label(part));
    let mut notes = Vec::new();
    let mut note = |applies: bool, note: Note| {
        if applies {
            notes.push(note);
        }
    };
    note(upper().any(|c| is_cyrillic_letter(c) && folds(c)), Note::CyrillicAsLatin);
    note(canonical.iter().any(|key| key.chars().any(is_cyrillic_letter)), Note::CyrillicKept);
    note(is_greek(raw) && upper().any(|c| folds(c) && !is_cyrillic_letter(c)), Note::GreekAsLatin);
    note(raw.chars().any(|c| !c.is_ascii() && decimal_value(c).is_some()), Note::DigitsConverted);
    note(label_dropped, Note::LabelDropped);
    note(parts.len() > 1, Note::TwoSerials);
    note(!canonical.iter().any(|key| is_usable(key)), Note::Unusable);
    Reading { canonical, notes }
}

fn has_label(part: &str) -> bool {
    let folded = fold(part);
    after_labels(&folded).len() != folded.len()
}
