//! From the text of a symbol, or of a keyboard, to marks: the parsers of [`super::payload`] in their order.
//!
//! The order goes from forms that say themselves what they are (an envelope, a symbology identifier, an address) to
//! forms that are only known by shape and check digit, and ends at the plain serial.

use std::borrow::Cow;

use super::check_digit;
use super::keys::exact_key;
use super::mark::{Mark, Scheme};
pub use super::payload::Understood;
use super::payload::controls::{GS, real, trimmed};
use super::payload::{
    TEXT_BYTES_MAX, container, digital_link, enrolment, envelope, epc, gs1, keyed, licence, marking, mrz, plain, vin,
    web,
};
use super::verdict::Finding;

/// What the text of a decoded symbol says. `identifier` is its symbology identifier (ISO/IEC 15424, `]d2`), or empty
/// where the reader gives none.
pub fn understand(text: &str, identifier: &str) -> Understood {
    let (text, identifier) = with_identifier(text, identifier);
    let identifier = identifier_of_first(text, identifier);
    let text = trimmed(text);
    if text.len() > TEXT_BYTES_MAX {
        return Understood::one("other", Scheme::Other, text);
    }
    kept(formed(text, identifier).unwrap_or_else(|| plain::understand(text)), text)
}

/// What a person typed, or a hand scanner sent as if typed: no symbology is known unless the scanner writes it before the text,
/// separators may be lost, and something short is meant as a serial.
pub fn understand_typed(text: &str) -> Understood {
    let (text, identifier) = with_identifier(text.trim_start(), "");
    let identifier = identifier_of_first(text, identifier);
    let text = trimmed(text);
    if text.len() > TEXT_BYTES_MAX {
        return Understood::one("other", Scheme::Other, text);
    }
    let named = named_by_a_space(text);
    let understood = formed(&named, identifier).unwrap_or_else(|| plain::understand_typed(text));
    kept(understood, text)
}

/// What was typed of a container: a number of its shape is one, whether its check digit fits or not; a missing one is put to
/// it. `None` where it has another shape, and where [`understand_typed`] says as much.
pub fn understand_container(text: &str) -> Option<Understood> {
    container::understand_named(trimmed(text))
}

/// The fault of a mark whose scheme was given and not understood from a payload, if its check digit shows one.
pub fn check_mark(mark: &Mark) -> Option<Finding> {
    let key = exact_key(mark.scheme, &mark.value);
    let fits = match mark.scheme {
        // Position 9 is a check digit by law in North America only.
        Scheme::Vin => check_digit::vin_fits(&key) || !vin::is_north_american(&key),
        Scheme::Container => check_digit::container_fits(&key),
        Scheme::Gtin => check_digit::gs1_fits(&key),
        _ => true,
    };
    (!fits).then_some(Finding::CheckDigitWrong)
}

/// A text that gave no mark is kept whole as one that is never compared.
fn kept(mut understood: Understood, text: &str) -> Understood {
    if understood.marks.is_empty() && !text.is_empty() {
        understood.marks.push(Mark::new(Scheme::Other, text));
    }
    understood
}

fn formed(text: &str, identifier: &str) -> Option<Understood> {
    enrolment::understand(text)
        .or_else(|| envelope::understand(text))
        .or_else(|| gs1::understand(text, identifier))
        .or_else(|| gs1::understand_retail(text, identifier))
        .or_else(|| gs1::understand_bare(text))
        .or_else(|| digital_link::understand(text))
        .or_else(|| epc::understand(text))
        .or_else(|| web::understand(text))
        .or_else(|| licence::understand(text))
        .or_else(|| mrz::understand(text))
        .or_else(|| keyed::understand(text))
        .or_else(|| marking::understand(text))
        .or_else(|| vin::understand(text))
        .or_else(|| container::understand(text))
}

/// Some scanners write the symbology identifier before the text.
fn with_identifier<'a>(text: &'a str, identifier: &'a str) -> (&'a str, &'a str) {
    let bytes = text.as_bytes();
    let written = identifier.is_empty()
        && bytes.len() > 3
        && bytes[0] == b']'
        && bytes[1].is_ascii_alphabetic()
        && bytes[2].is_ascii_alphanumeric();
    if written { (&text[3..], &text[..3]) } else { (text, identifier) }
}

/// A separator before anything else is how a scanner shows the FNC1 that begins a GS1 symbol.
fn identifier_of_first<'a>(text: &str, identifier: &'a str) -> &'a str {
    let begins = identifier.is_empty() && text.len() < TEXT_BYTES_MAX && real(text).starts_with(GS);
    if begins { "]d2" } else { identifier }
}

/// `VIN 1M8…` and `UII D7A…`: people leave the colon out. No other label is sure enough without it.
fn named_by_a_space(text: &str) -> Cow<'_, str> {
    let named = text.split_once(' ').filter(|(name, rest)| {
        ["VIN", "UII", "IUID"].iter().any(|label| name.eq_ignore_ascii_case(label)) && rest.len() >= 8
    });
    match named {
        Some((name, rest)) => Cow::Owned(format!("{name}:{}", rest.trim_start_matches([':', '=', ' ']))),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
