//! Vehicle identification numbers (ISO 3779) that stand alone.

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

/// A code that is a VIN by shape. With its check digit right it is one. Without, it may be a VIN from where none is
/// kept, or a long serial, so it is both.
pub fn understand(text: &str) -> Option<Understood> {
    let text = text.trim();
    let upper = text.replace([' ', '-'], "").to_ascii_uppercase();
    if !is_shaped(&upper) {
        return None;
    }
    let mut out = Understood::of("vin");
    if vin_fits(&upper) {
        out.mark(Scheme::Vin, text);
        return Some(out);
    }
    out.mark(Scheme::Serial, text);
    out.mark(Scheme::Vin, text);
    if is_north_american(&upper) {
        out.finding(Finding::CheckDigitWrong);
    }
    Some(out)
}
