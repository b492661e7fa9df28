//! What was made of the text in the entry field, shown while it is typed: "АВ 1234 → AB1234, Cyrillic".

use crate::domain::keys::{Note, exact_key, reading};
use crate::domain::{Finding, Scheme, understand_typed};

/// The line under the entry field, in codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Whether there is anything to say.
    pub shown: bool,
    /// Whether it can be looked up alone.
    pub usable: bool,
    /// The key that is compared.
    pub key: String,
    /// The scheme's code.
    pub scheme: &'static str,
    /// What was noticed, as codes of `Words.note`.
    pub notes: Vec<&'static str>,
}

/// Reads the text as the desk would.
pub fn line(text: &str) -> Line {
    if text.trim().is_empty() {
        return Line::default();
    }
    let understood = understand_typed(text);
    let Some(first) = understood.marks.first() else {
        return Line { shown: true, notes: vec!["unusable"], scheme: Scheme::Other.code(), ..Line::default() };
    };
    let mut notes = Vec::new();
    let (key, usable) = if first.scheme.is_compared_loosely() {
        let read = reading(&first.value);
        notes.extend(read.notes.iter().map(|n| note(*n)));
        (read.canonical.join(" · "), !read.notes.contains(&Note::Unusable))
    } else {
        (exact_key(first.scheme, &first.value), first.scheme != Scheme::Other)
    };
    if understood.marks.len() > 1 && !notes.contains(&"several") {
        notes.push("several");
    }
    if understood.findings.contains(&Finding::CheckDigitWrong) {
        notes.push("check_digit_wrong");
    }
    if understood.findings.contains(&Finding::MarkMalformed) {
        notes.push("mark_malformed");
    }
    if first.scheme == Scheme::Other {
        notes.push("unusable");
    }
    notes.dedup();
    Line { shown: true, usable, key, scheme: first.scheme.code(), notes }
}

fn note(note: Note) -> &'static str {
    match note {
        Note::CyrillicAsLatin | Note::CyrillicKept => "cyrillic",
        Note::GreekAsLatin => "greek",
        Note::DigitsConverted => "digits",
        Note::LabelDropped => "label",
        Note::TwoSerials => "several",
        Note::Unusable => "unusable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_is_read_aloud_as_the_desk_reads_it() {
        let table: [(&str, &str, &str, &[&str]); 5] = [
            ("АВ 1234", "AB1234", "serial", &["cyrillic"]),
            ("AB1234", "AB1234", "serial", &[]),
            ("S/N AB1234", "AB1234", "serial", &["label"]),
            ("1HGBH41JXMN109186", "1HGBH41JXMN109186", "vin", &[]),
            ("??", "", "other", &["unusable"]),
        ];
        for (text, key, scheme, notes) in table {
            let got = line(text);
            assert_eq!((got.key.as_str(), got.scheme, got.notes.as_slice()), (key, scheme, notes), "{text}");
        }
        assert!(!line("  ").shown);
    }
}
