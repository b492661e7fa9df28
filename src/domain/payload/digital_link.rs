//! GS1 Digital Link (GS1 Digital Link Standard: URI Syntax): a web address whose path holds a primary application
//! identifier and its data, qualifiers after it, attributes in the query.

use super::Understood;
use super::gs1::{self, Element};
use super::web::{self, Address};
use crate::domain::check_digit::gs1_fits;
use crate::domain::mark::Scheme;

/// Keys that a link may begin with.
const PRIMARY: [&str; 21] = [
    "01", "8006", "8013", "8010", "410", "411", "412", "413", "414", "415", "416", "417", "8017", "8018", "255", "00",
    "253", "401", "402", "8003", "8004",
];

/// Names that the first versions of the standard allowed in place of identifiers.
const NAMES: [(&str, &str); 24] = [
    ("gtin", "01"),
    ("itip", "8006"),
    ("gmn", "8013"),
    ("cpid", "8010"),
    ("gln", "414"),
    ("payto", "415"),
    ("partygln", "417"),
    ("gsrnp", "8017"),
    ("gsrn", "8018"),
    ("gcn", "255"),
    ("sscc", "00"),
    ("gdti", "253"),
    ("ginc", "401"),
    ("gsin", "402"),
    ("grai", "8003"),
    ("giai", "8004"),
    ("cpv", "22"),
    ("lot", "10"),
    ("ser", "21"),
    ("tpx", "235"),
    ("cpsn", "8011"),
    ("glnx", "254"),
    ("refno", "8020"),
    ("srin", "8019"),
];

/// Reads a link. A path segment that merely looks like an identifier is not enough: a trade item number must fit its
/// check digit, and the other keys their shape. The compressed form is refused, and said to be.
pub fn understand(text: &str) -> Option<Understood> {
    let address = web::parse(text)?;
    let (path, elements) = match in_path(&address).or_else(|| in_query(&address)) {
        Some(found) => found,
        None => return refuse_compressed(text, &address),
    };
    let mut out = Understood::of("gs1_link");
    out.fact("host", address.host.as_str());
    elements.iter().for_each(|element| gs1::take(element, &mut out));
    let outside = address.path.iter().enumerate().filter(|(at, _)| !path.contains(at));
    outside.for_each(|(_, segment)| out.left(segment));
    for (key, value) in &address.query {
        match element(key, value) {
            Some(found) if elements.contains(&found) => {}
            Some(found) => gs1::take(&found, &mut out),
            None => out.left(&format!("{key}={value}")),
        }
    }
    address.rest.iter().for_each(|piece| out.left(piece));
    out.marks.sort_by_key(|mark| matches!(mark.scheme, Scheme::Gtin | Scheme::Other));
    Some(out)
}

/// The segments that hold elements, and those.
type Found = (std::ops::Range<usize>, Vec<Element>);

/// A primary key in the path, with its qualifiers as far as they go.
fn in_path(address: &Address) -> Option<Found> {
    (0..address.path.len()).find_map(|begin| {
        let pairs = address.path[begin..].chunks_exact(2).map_while(|pair| element(&pair[0], &pair[1]));
        let elements: Vec<Element> = pairs.collect();
        let primary = elements.first()?;
        let is_link = is_sure(primary) || is_misprinted(primary, elements.get(1));
        is_link.then(|| (begin..begin + 2 * elements.len(), elements))
    })
}

/// Keys in the query only, as links are written by hand.
fn in_query(address: &Address) -> Option<Found> {
    let elements: Vec<Element> = address.query.iter().filter_map(|(key, value)| element(key, value)).collect();
    elements.iter().any(is_sure).then_some((0..0, elements))
}

/// Whether an element is a primary key that cannot well be anything else.
fn is_sure(element: &Element) -> bool {
    /// Keys without a check digit.
    const UNCHECKED: [&str; 4] = ["8013", "8010", "401", "8004"];
    PRIMARY.contains(&element.ai.as_str())
        && (UNCHECKED.contains(&element.ai.as_str()) || gs1::fits_its_check_digit(element))
}

/// Whether an element and the one behind it are a trade item number, misprinted, and the serial of a piece, its lot or variant:
/// together they are no accident, and what follows must not be lost over the check digit, which becomes a finding.
fn is_misprinted(element: &Element, next: Option<&Element>) -> bool {
    element.ai == "01"
        && element.data.len() == 14
        && next.is_some_and(|next| matches!(next.ai.as_str(), "21" | "10" | "22"))
}

/// Shorter trade item numbers stand in links without their leading zeros, and identifiers may be given by name.
fn element(key: &str, data: &str) -> Option<Element> {
    let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, ai)| *ai);
    let ai = named.unwrap_or(key);
    let padded = if ai == "01" && matches!(data.len(), 8 | 12 | 13) { format!("{data:0>14}") } else { data.to_owned() };
    gs1::element_of(ai, &padded)
}

/// A compressed link holds its elements as bits in one segment. It is not unpacked here: the text is kept whole, and
/// the segment named.
fn refuse_compressed(text: &str, address: &Address) -> Option<Understood> {
    let segment = address.path.last().filter(|segment| is_compressed(segment))?;
    let mut out = Understood::one("gs1_link", Scheme::Other, text.trim());
    out.fact("host", address.host.as_str());
    out.fact("refused", "compressed link");
    out.left(segment);
    Some(out)
}

/// Whether a segment is the compressed form of a trade item number: base64url, the identifier 01 in two half bytes, then
/// the number in 47 bits, which must fit its check digit.
fn is_compressed(segment: &str) -> bool {
    const NUMBER_BITS: usize = 47;
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    };
    let Some(sextets) = segment.bytes().map(value).collect::<Option<Vec<u8>>>() else { return false };
    let bits: Vec<u8> = sextets.iter().flat_map(|sextet| (0..6).rev().map(move |bit| sextet >> bit & 1)).collect();
    let number = |bits: &[u8]| bits.iter().fold(0u64, |sum, bit| sum << 1 | u64::from(*bit));
    match (bits.get(..8), bits.get(8..8 + NUMBER_BITS)) {
        (Some(identifier), Some(item)) => number(identifier) == 0x01 && gs1_fits(&format!("{:014}", number(item))),
        _ => false,
    }
}
