//! Vehicle identification numbers (ISO 3779) that stand alone, behind an import character, or among other words.

use super::Understood;
use crate::domain::check_digit::{vin, vin_fits};
use crate::domain::mark::Scheme;
use crate::domain::verdict::Finding;

/// First characters of makers in the United States, Canada and Mexico (ISO 3780), where the check digit is mandatory.
pub fn is_north_american(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'1'..=b'5'))
}

/// 17 characters without I, O and Q, letters among them, the last four digits (ISO 3779, 4.4).
fn is_shaped(text: &str) -> bool {
    let bytes = text.as_bytes();
    vin(text).is_some()
        && bytes[13..].iter().all(u8::is_ascii_digit)
        && bytes[..13].iter().filter(|b| b.is_ascii_alphabetic()).count() >= 2
        && bytes[..3].iter().any(u8::is_ascii_alphabetic)
}

/// Whether a text is a VIN by shape and its check digit fits, wherever it was made.
pub fn is_certain(text: &str) -> bool {
    let upper = folded(text);
    is_shaped(&upper) && vin_fits(&upper)
}

fn folded(text: &str) -> String {
    text.replace([' ', '-'], "").to_ascii_uppercase()
}

/// A code that is a VIN by shape. With its check digit right it is one. Without, it may be a VIN from where none is
/// kept, or a long serial, so it is both.
pub fn understand(text: &str) -> Option<Understood> {
    // Stars are the start and stop signs of Code 39, which some readers give along.
    let text = text.trim().trim_matches('*');
    let Some(number) = number(text) else { return among_words(text) };
    let upper = folded(number);
    let mut out = Understood::of("vin");
    if number.len() < text.len() {
        out.fact("import_character", &text[..text.len() - number.len()]);
    }
    if vin_fits(&upper) {
        out.mark(Scheme::Vin, number);
        return Some(out);
    }
    out.mark(Scheme::Serial, text);
    out.mark(Scheme::Vin, number);
    if is_north_american(&upper) {
        out.finding(Finding::CheckDigitWrong);
    }
    Some(out)
}

/// The number itself: the text, or all but the I that labels of imported vehicles carry before it (AIAG B-2).
fn number(text: &str) -> Option<&str> {
    if is_shaped(&folded(text)) {
        return Some(text);
    }
    text.strip_prefix(['I', 'i']).filter(|rest| is_shaped(&folded(rest)))
}

/// One VIN with a fitting check digit among other words, as makers' labels have it; the rest is left.
fn among_words(text: &str) -> Option<Understood> {
    let separates = |c: char| !c.is_alphanumeric();
    let mut certain = text.split(separates).filter(|word| word.len() == 17 && is_certain(word));
    let (found, None) = (certain.next()?, certain.next()) else { return None };
    let (before, after) = text.split_once(found)?;
    let mut out = Understood::one("vin", Scheme::Vin, found);
    for rest in [before, after] {
        out.left(rest.trim_matches(|c: char| separates(c) && c != '(' && c != ')'));
    }
    Some(out)
}
