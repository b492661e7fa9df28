//! GS1 element strings (GS1 General Specifications, section 3): application identifiers, each with its data.

use super::Understood;
use super::controls::{GS, real, trimmed};
use crate::domain::check_digit::gs1_fits;
use crate::domain::mark::Scheme;
use crate::domain::verdict::Finding;

/// One element: application identifier and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// 2 to 4 digits.
    pub ai: String,
    /// Its data, as it stands.
    pub data: String,
}

/// Symbology identifiers that say "GS1 element strings within" (ISO/IEC 15424).
const GS1_IDENTIFIERS: [&str; 6] = ["]C1", "]d2", "]Q3", "]e0", "]J1", "]z3"];

/// Longest data of any application identifier.
const DATA_CHARS_MAX: usize = 90;

/// Whether a symbology identifier promises GS1 element strings.
pub fn is_gs1(identifier: &str) -> bool {
    GS1_IDENTIFIERS.contains(&identifier)
}

/// How many digits an application identifier has, by its first two (General Specifications, figure 7.8.1-2).
fn ai_length(first_two: &str) -> Option<usize> {
    Some(match first_two {
        "00" | "01" | "02" | "03" | "10" | "11" | "12" | "13" | "15" | "16" | "17" | "20" | "21" | "22" | "30"
        | "37" => 2,
        "90" | "91" | "92" | "93" | "94" | "95" | "96" | "97" | "98" | "99" => 2,
        "23" | "24" | "25" | "40" | "41" | "42" | "71" => 3,
        "31" | "32" | "33" | "34" | "35" | "36" | "39" | "43" | "70" | "72" | "80" | "81" | "82" => 4,
        _ => return None,
    })
}

/// Length of data that is never followed by a separator (General Specifications, figure 7.8.5-2), without the
/// application identifier.
fn predefined_length(ai: &str) -> Option<usize> {
    Some(match ai.get(..2)? {
        "00" => 18,
        "01" | "02" | "03" => 14,
        "11" | "12" | "13" | "15" | "16" | "17" | "18" | "19" => 6,
        "20" => 2,
        "31" | "32" | "33" | "34" | "35" | "36" => 6,
        "41" => 13,
        _ => return None,
    })
}

/// Shortest and longest data of the identifiers that are looked at; whether it holds digits only.
fn shape(ai: &str) -> (usize, usize, bool) {
    match ai {
        "10" | "21" | "22" | "8011" => (1, if ai == "8011" { 12 } else { 20 }, ai == "8011"),
        "235" => (1, 28, false),
        "30" | "37" => (1, 8, true),
        "240" | "241" | "250" | "251" | "400" | "401" | "403" | "7023" | "8002" | "8004" | "8010" | "8013" => {
            (1, 30, false)
        }
        "402" => (17, 17, true),
        "420" => (1, 20, false),
        "421" => (4, 12, false),
        "422" | "424" | "425" | "426" => (3, 15, true),
        "8003" => (14, 30, false),
        "8006" | "8026" => (18, 18, true),
        "8017" | "8018" => (18, 18, true),
        _ => match predefined_length(ai) {
            Some(length) => (length, length, true),
            None => (1, DATA_CHARS_MAX, false),
        },
    }
}

/// Takes apart a string of a symbol, separators between its variable fields. `None` when it is not one from end to end.
pub fn elements(text: &str) -> Option<Vec<Element>> {
    let (found, rest) = leading_elements(text);
    (!found.is_empty() && rest.is_empty()).then_some(found)
}

/// The elements that a string begins with, and what follows the last that could be read.
pub fn leading_elements(text: &str) -> (Vec<Element>, &str) {
    let mut rest = text.trim_matches(GS);
    let mut found = Vec::new();
    while let Some((element, after)) = first_element(rest) {
        found.push(element);
        rest = after;
    }
    (found, rest)
}

fn first_element(text: &str) -> Option<(Element, &str)> {
    let ai = text.get(..ai_length(text.get(..2)?)?)?;
    let after = &text[ai.len()..];
    let data = match predefined_length(ai) {
        Some(length) => after.get(..length)?,
        None => after.split(GS).next()?,
    };
    // A separator after data of predefined length is a fault that many printers make.
    Some((element(ai, data)?, after[data.len()..].trim_start_matches(GS)))
}

/// Takes apart the form printed for people: every application identifier in round brackets, or in square ones. Gives the
/// elements, and those pieces whose data do not fit their identifier. `None` when the text is no such form.
pub fn bracketed(text: &str) -> Option<(Vec<Element>, Vec<String>)> {
    let mut rest = text.trim();
    let (open, close) = if rest.starts_with('[') { ('[', ']') } else { ('(', ')') };
    let (mut found, mut misfits) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let (ai, after) = rest.strip_prefix(open)?.split_once(close)?;
        if !is_identifier(ai) {
            return None;
        }
        // Brackets may stand in data; the next identifier is the next bracket that holds one.
        let ends = after.match_indices(open).map(|(at, _)| at);
        let end = ends
            .into_iter()
            .find(|at| after[at + 1..].split_once(close).is_some_and(|(next, _)| is_identifier(next)))
            .unwrap_or(after.len());
        match element(ai, after[..end].trim_matches([' ', '\r', '\n', GS])) {
            Some(element) => found.push(element),
            None => misfits.push(rest[..rest.len() - after.len() + end].to_owned()),
        }
        rest = &after[end..];
    }
    (!found.is_empty()).then_some((found, misfits))
}

fn is_identifier(ai: &str) -> bool {
    ai.bytes().all(|b| b.is_ascii_digit()) && ai.get(..2).and_then(ai_length) == Some(ai.len())
}

/// An element of a known identifier whose data are of its shape.
pub fn element_of(ai: &str, data: &str) -> Option<Element> {
    is_identifier(ai).then(|| element(ai, data)).flatten()
}

fn element(ai: &str, data: &str) -> Option<Element> {
    let (least, most, digits) = shape(ai);
    let fits = ai.bytes().all(|b| b.is_ascii_digit())
        && (least..=most).contains(&data.chars().count())
        && (!digits || data.bytes().all(|b| b.is_ascii_digit()))
        && data.chars().all(|c| !c.is_control());
    fits.then(|| Element { ai: ai.to_owned(), data: data.to_owned() })
}

/// Whether an element is of a kind that has a check digit, and fits it: then it can hardly be anything else.
pub fn fits_its_check_digit(element: &Element) -> bool {
    let digits = match element.ai.as_str() {
        "01" | "8003" | "8006" => 14,
        "00" | "8017" | "8018" => 18,
        "402" => 17,
        "253" | "255" => 13,
        ai if ai.len() == 3 && ai.starts_with("41") => 13,
        _ => return false,
    };
    element.data.get(..digits).is_some_and(gs1_fits)
}

/// What one element means for an item.
pub fn take(element: &Element, out: &mut Understood) {
    let data = element.data.as_str();
    let number = |scheme: Scheme, digits: &str, value: &str, out: &mut Understood| {
        out.mark(scheme, value);
        if !gs1_fits(digits) {
            out.finding(Finding::CheckDigitWrong);
        }
    };
    match element.ai.as_str() {
        "00" => number(Scheme::Other, data, data, out),
        "01" => number(Scheme::Gtin, data, data, out),
        // A piece of a whole: which piece, and of how many.
        "8006" | "8026" => {
            number(Scheme::Gtin, &data[..14], &data[..14], out);
            out.fact("piece", &data[14..]);
        }
        "8003" => {
            // A filler, the asset type with its check digit, then the serial.
            let digits = data.get(..14).unwrap_or_default();
            number(Scheme::Uii, digits, data, out);
        }
        "8004" => out.mark(Scheme::Uii, data),
        "21" | "250" | "8002" | "8011" => out.mark(Scheme::Serial, data),
        "240" | "8010" => out.fact("part", data),
        "11" => {
            out.fact("manufactured", data);
            out.description.year = out.description.year.or_else(|| century(data.get(..2)?));
        }
        "95" => out.fact("enterprise", data),
        ai if ai.starts_with("41") => {
            out.fact(fact_name(ai), data);
            if !gs1_fits(data) {
                out.finding(Finding::CheckDigitWrong);
            }
        }
        ai => match fact_name(ai) {
            "" => out.left(&format!("({ai}){data}")),
            name => out.fact(name, data),
        },
    }
}

fn fact_name(ai: &str) -> &'static str {
    match ai {
        "02" => "contains",
        "10" => "lot",
        "13" => "packed",
        "15" => "best_before",
        "17" | "7003" => "expires",
        "22" | "20" => "variant",
        "30" | "37" => "count",
        "241" => "part_of_customer",
        "400" => "order",
        "401" => "consignment",
        "402" => "shipment",
        "420" | "421" => "ship_to_postal_code",
        "422" => "country_of_origin",
        "7023" => "asset_of_assembly",
        "235" => "serial_of_third_party",
        "251" => "source",
        "253" => "document_type",
        "403" => "route",
        "8008" => "produced",
        "8013" => "model_number",
        "8017" | "8018" => "service_relation",
        "7001" => "nato_stock_number",
        "7040" => "identifier_of_entity",
        "8020" => "payment_reference",
        ai if ai.starts_with("42") => "country",
        ai if matches!(ai.as_bytes(), [b'3', b'1'..=b'6', ..]) => "measure",
        ai if ai.starts_with('9') => "internal",
        ai if ai.starts_with("41") => "location",
        _ => "",
    }
}

/// Years of production dates have two digits. GS1 reads them within 51 years back and 49 ahead of now; goods are not
/// made in the future, and no clock is at hand here, so 00 to 49 are taken as this century.
fn century(two_digits: &str) -> Option<u16> {
    let year: u16 = two_digits.parse().ok()?;
    Some(if year < 50 { 2000 + year } else { 1900 + year })
}

/// Element strings of a symbol whose identifier promises them, or the bracketed form anywhere. A string that breaks off
/// is read as far as it goes, if that far it names an item or goods.
pub fn understand(text: &str, identifier: &str) -> Option<Understood> {
    let text = text.trim_matches(['\r', '\n', ' ']);
    if let Some((found, misfits)) = text.starts_with(['(', '[']).then(|| bracketed(text)).flatten() {
        let mut out = of_elements(&found);
        misfits.iter().for_each(|piece| out.left(piece));
        return (!out.marks.is_empty() || found.iter().any(fits_its_check_digit)).then_some(out);
    }
    if !is_gs1(identifier) {
        return None;
    }
    let text = real(text);
    let (found, rest) = leading_elements(&text);
    let mut out = of_elements(&found);
    out.left(rest);
    let sure = found.iter().any(|e| e.ai == "01" && gs1_fits(&e.data));
    (!found.is_empty() && (rest.is_empty() || sure)).then_some(out)
}

/// A string without identifier and without brackets, as hand scanners type it and as labels carry it whose maker forgot
/// the FNC1: only when it begins with a trade item number whose check digit fits and goes on with a serial or lot.
/// Anything less may be a plain serial.
pub fn understand_bare(text: &str) -> Option<Understood> {
    let text = real(trimmed(text));
    let gtin = text.strip_prefix("01")?.get(..14)?;
    let after = text.get(16..)?.trim_start_matches(GS);
    let found = elements(&text)?;
    (gs1_fits(gtin) && ["21", "10", "17", "11"].iter().any(|ai| after.starts_with(ai)) && found.len() > 1)
        .then(|| of_elements(&found))
}

/// A retail code (EAN, UPC): names goods. `identifier` is `]E0` or `]E4`, or `]E3` where two or five digits are added.
pub fn understand_retail(text: &str, identifier: &str) -> Option<Understood> {
    if !identifier.starts_with("]E") {
        return None;
    }
    let text = text.trim();
    let main = text.split(' ').next()?;
    let main = match main.len() {
        8 | 12 | 13 => main,
        // The added digits follow at once.
        15 | 18 => main.get(..13)?,
        _ => return None,
    };
    if !main.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut out = Understood::one("ean", Scheme::Gtin, main);
    // The check digit of the short American form (8 digits, no EAN-8) belongs to the number that it stands for.
    if main.len() != 8 && !gs1_fits(main) {
        out.finding(Finding::CheckDigitWrong);
    }
    out.left(text[main.len()..].trim());
    Some(out)
}

fn of_elements(found: &[Element]) -> Understood {
    let mut out = Understood::of("gs1");
    found.iter().for_each(|element| take(element, &mut out));
    // What names one item comes before what names its kind.
    out.marks.sort_by_key(|mark| matches!(mark.scheme, Scheme::Gtin | Scheme::Other));
    out
}
