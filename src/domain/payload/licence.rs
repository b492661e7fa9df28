//! Driving licences and identity cards of North America (AAMVA DL/ID Card Design Standard, annex D; PDF417).
//!
//! Only the number of the document, its country, its sort and its date of expiry are taken. Names, addresses, birth and
//! looks are withheld; which elements those were is said by their codes.

use super::Understood;
use crate::domain::item::Object;
use crate::domain::mark::Scheme;

/// Signs of the file type: `ANSI ` since version 1, `AAMVA` in the first cards.
const FILE_TYPES: [&str; 2] = ["ANSI ", "AAMVA"];
const ISSUER_DIGITS: usize = 6;
/// Sort, offset and length of a subfile.
const DESIGNATOR_CHARS: usize = 10;
/// Characters that part elements: the standard's are LF and, at the end of a subfile, CR.
const SEPARATORS: [char; 4] = ['\n', '\r', '\u{1E}', '\u{1C}'];

/// Whether a text begins as a card does, its sign lost.
pub(super) fn begins(text: &str) -> bool {
    FILE_TYPES.iter().any(|sign| text.starts_with(sign))
}

struct Header<'a> {
    /// Number of the issuing authority (ISO/IEC 7812).
    issuer: &'a str,
    version: u8,
    /// Sort of the first subfile.
    subfile: &'a str,
    /// What follows the designators.
    body: &'a str,
}

/// Reads a card. Cards of every version since the first are alike in what is taken here; a card whose number cannot be
/// found is said to be one, and gives no number.
pub fn understand(text: &str) -> Option<Understood> {
    let header = header(text)?;
    let mut out = Understood::of("licence");
    out.description.object = Some(Object::TravelDocument);
    let mut withheld = Vec::new();
    let (mut number, mut country, mut expires) = (None, None, None);
    for line in header.body.split(SEPARATORS) {
        let Some((code, data)) = element(line) else { continue };
        let slot = match code {
            "DAQ" => &mut number,
            "DCG" => &mut country,
            "DBA" => &mut expires,
            _ => {
                withheld.push(code);
                continue;
            }
        };
        // A card has one subfile for driving and may have one for the State; the first to say something counts.
        if slot.is_none() && !data.is_empty() {
            *slot = Some(data);
        }
    }
    match number {
        Some(number) => out.mark(Scheme::Document, number),
        // Never the text itself: it holds a person's data.
        None => out.mark(Scheme::Other, &format!("{}{}", FILE_TYPES[0], header.issuer)),
    }
    let kind = match header.subfile {
        "ID" => "identity card",
        "EN" => "enhanced driving licence",
        _ => "driving licence",
    };
    out.description.kind = Some(kind.to_owned());
    out.description.issuer = country.map(str::to_owned);
    out.fact("issuer_number", header.issuer);
    out.fact("version", header.version.to_string());
    if let Some(date) = expires {
        out.fact("expires", written_date(date, country, header.version));
    }
    if !withheld.is_empty() {
        out.fact("withheld", withheld.join(" "));
    }
    Some(out)
}

/// Compliance sign `@`, LF, RS, CR, file type, issuer, version, from version 2 on the version of the State, number of
/// subfiles, and a designator for each. Readers lose the control characters between, and then the sign too.
fn header(text: &str) -> Option<Header<'_>> {
    let text = text.trim_start_matches(|c: char| c == '@' || c.is_whitespace() || c.is_control());
    let rest = FILE_TYPES.iter().find_map(|sign| text.strip_prefix(sign))?.trim_start();
    let digits = |from: usize, count: usize| {
        rest.get(from..from + count).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let issuer = digits(0, ISSUER_DIGITS)?;
    let version: u8 = digits(ISSUER_DIGITS, 2)?.parse().ok()?;
    let counts_at = ISSUER_DIGITS + if version >= 2 { 4 } else { 2 };
    let count: usize = digits(counts_at, 2).and_then(|n| n.parse().ok()).unwrap_or(0);
    let designators = rest.get(counts_at + 2..).unwrap_or_default();
    let known = (0..count.min(16)).take_while(|at| is_designator(designators, at * DESIGNATOR_CHARS)).count();
    let subfile = designators.get(..2).filter(|_| known > 0).unwrap_or_default();
    Some(Header { issuer, version, subfile, body: designators.get(known * DESIGNATOR_CHARS..).unwrap_or_default() })
}

fn is_designator(text: &str, at: usize) -> bool {
    text.get(at..at + DESIGNATOR_CHARS).is_some_and(|d| {
        let (sort, numbers) = d.as_bytes().split_at(2);
        sort.iter().all(u8::is_ascii_alphanumeric) && numbers.iter().all(u8::is_ascii_digit)
    })
}

/// A line of a subfile: three letters and their data. The first line has the sort of its subfile before it.
fn element(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let is_code = |text: &str| {
        text.get(..3).is_some_and(|code| {
            let code = code.as_bytes();
            matches!(code[0], b'D' | b'P' | b'Z') && code.iter().all(u8::is_ascii_uppercase)
        })
    };
    let sorted = ["DL", "ID", "EN"].iter().find_map(|sort| line.strip_prefix(sort)).filter(|rest| is_code(rest));
    let line = sorted.or_else(|| Some(line).filter(|line| is_code(line)))?;
    let (code, data) = line.split_at(3);
    Some((code, data.trim()))
}

/// Year first. The United States write month, day, year; Canada and the first version year, month, day. A date that is
/// neither stays as it is.
fn written_date(date: &str, country: Option<&str>, version: u8) -> String {
    if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
        return date.to_owned();
    }
    let month_first = match country {
        Some("USA") => true,
        Some(_) => false,
        None => version >= 2 && !(date.starts_with("19") || date.starts_with("20")),
    };
    match month_first {
        true => format!("{}-{}-{}", &date[4..], &date[..2], &date[2..4]),
        false => format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]),
    }
}
