//! Machine readable zones of travel documents (ICAO 9303 parts 4 to 7): TD1 (3 × 30), TD2 (2 × 36), TD3 (2 × 44).
//!
//! Only the number, the issuer, the sort of document and the date of expiry are taken. Names, birth and sex are never
//! returned: what is not held cannot leak.

mod line;

use super::Understood;
use crate::domain::check_digit;
use crate::domain::item::Object;
use crate::domain::mark::Scheme;
use crate::domain::verdict::Finding;

/// What a zone holds beside what is taken.
const WITHHELD: &str = "name, nationality, birth, sex, optional data";

/// Where the fields stand in one size of zone: (line, first, one past the last), the check digit right after.
struct Layout {
    lines: usize,
    columns: usize,
    number: (usize, usize),
    /// Where the rest of a number longer than nine characters goes, TD1 and TD2 only.
    optional: Option<(usize, usize, usize)>,
    birth: (usize, usize),
    expiry: (usize, usize),
    /// Optional data with a check digit of their own, which may be left out where they are empty.
    personal: Option<(usize, usize, usize)>,
    /// Pieces of the composite check digit, and where it stands. Visas have none.
    composite: &'static [(usize, usize, usize)],
    composite_at: (usize, usize),
}

const TD1: Layout = Layout {
    lines: 3,
    columns: 30,
    number: (0, 5),
    optional: Some((0, 15, 30)),
    birth: (1, 0),
    expiry: (1, 8),
    personal: None,
    composite: &[(0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)],
    composite_at: (1, 29),
};
const TD2: Layout = Layout {
    lines: 2,
    columns: 36,
    number: (1, 0),
    optional: Some((1, 28, 35)),
    birth: (1, 13),
    expiry: (1, 21),
    personal: None,
    composite: &[(1, 0, 10), (1, 13, 20), (1, 21, 35)],
    composite_at: (1, 35),
};
const TD3: Layout = Layout {
    lines: 2,
    columns: 44,
    number: (1, 0),
    optional: None,
    birth: (1, 13),
    expiry: (1, 21),
    personal: Some((1, 28, 42)),
    composite: &[(1, 0, 10), (1, 13, 20), (1, 21, 43)],
    composite_at: (1, 43),
};

/// Characters of a document number before it goes on elsewhere.
const NUMBER_CHARS: usize = 9;
/// Characters of a date (YYMMDD).
const DATE_CHARS: usize = 6;

/// Reads a zone: its lines apart or run together, alone or among other lines (as in the PDF417 of some cards).
pub fn understand(text: &str) -> Option<Understood> {
    let zone: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    of_zone(&zone).or_else(|| among_lines(text)).or_else(|| line::understand(&zone)).or_else(|| broken(&zone))
}

/// A zone that is cut short, or its first line alone. It names a person and no document: nothing of it is kept but the sort
/// of document and its issuer.
fn broken(zone: &str) -> Option<Understood> {
    const SHORTEST: usize = 20;
    if zone.len() < SHORTEST || !is_of_zone(zone) {
        return None;
    }
    let kind = kind(zone.as_bytes()[0])?;
    let (names, _) = zone[5..].split_once("<<").filter(|(name, _)| !name.is_empty() && is_of_letters(name))?;
    let given = zone[5 + names.len()..].trim_start_matches('<');
    if !is_of_letters(&zone[1..5]) || !given.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut out = Understood::one("mrz", Scheme::Other, &zone[..5]);
    out.description.object = Some(Object::TravelDocument);
    out.description.kind = Some(kind.to_owned());
    out.fact("withheld", "an incomplete zone");
    Some(out)
}

fn of_zone(zone: &str) -> Option<Understood> {
    let layout = match zone.len() {
        90 => &TD1,
        72 => &TD2,
        88 => &TD3,
        _ => return None,
    };
    let kind = kind(zone.as_bytes()[0])?;
    if !is_of_zone(zone) || !zone.contains("<<") {
        return None;
    }
    let lines: Vec<&str> = (0..layout.lines).map(|i| &zone[i * layout.columns..(i + 1) * layout.columns]).collect();
    french_card(&lines).or_else(|| Some(read(&lines, layout, kind)))
}

/// Lines of the right lengths one after another. The rest is a person's data or unknown: it is left out, and said to be.
fn among_lines(text: &str) -> Option<Understood> {
    let bare = |line: &str| line.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    let lines: Vec<String> = text.split(|c: char| c.is_control()).map(bare).filter(|line| !line.is_empty()).collect();
    let zone = [&TD1, &TD2, &TD3].into_iter().find_map(|layout| {
        let of_size = |window: &[String]| window.iter().all(|line| line.len() == layout.columns);
        let zone = lines.windows(layout.lines).find(|window| of_size(window))?.concat();
        of_zone(&zone)
    });
    zone.map(|mut out| {
        out.fact("withheld", "other lines");
        out
    })
}

/// National identity cards of France until 2021: two lines of 36 with a number of twelve characters in a place of its
/// own, before given names. Only with its check digit right, since the general form may be meant.
fn french_card(lines: &[&str]) -> Option<Understood> {
    const NUMBER_CHARS: usize = 12;
    let [first, second] = lines else { return None };
    let number = second.get(..NUMBER_CHARS).filter(|_| first.starts_with("IDFRA") && second.len() == TD2.columns)?;
    let whole = format!("{first}{}", &second[..35]);
    let fits = digit_fits(number, &second[NUMBER_CHARS..=NUMBER_CHARS]) && digit_fits(&whole, &second[35..]);
    let mut out = Understood::one("mrz", Scheme::Document, number);
    out.description.object = Some(Object::TravelDocument);
    out.description.kind = Some("identity card".to_owned());
    out.description.issuer = Some("FRA".to_owned());
    out.fact("withheld", WITHHELD);
    fits.then_some(out)
}

/// Only characters that zones have.
fn is_of_zone(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'<')
}

/// Only letters and fillers.
fn is_of_letters(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b == b'<')
}

fn kind(first: u8) -> Option<&'static str> {
    match first {
        b'P' => Some("passport"),
        b'V' => Some("visa"),
        b'A' | b'C' | b'I' => Some("identity card"),
        _ => None,
    }
}

fn read(lines: &[&str], layout: &Layout, kind: &str) -> Understood {
    let mut out = Understood::of("mrz");
    let (line, at) = layout.number;
    let (number, number_fits) = number(lines, layout, lines[line], at);
    match number.is_empty() {
        false => out.mark(Scheme::Document, &number),
        // Never the text itself: it holds a person's data.
        true => out.mark(Scheme::Other, &lines[0][..5]),
    }
    out.description.object = Some(Object::TravelDocument);
    out.description.kind = Some(kind.to_owned());
    let issuer = lines[0][2..5].trim_end_matches('<');
    out.description.issuer = (!issuer.is_empty()).then(|| issuer.to_owned());

    let expiry = &lines[layout.expiry.0][layout.expiry.1..layout.expiry.1 + DATE_CHARS];
    if !expiry.contains('<') {
        out.fact("expires", expiry);
    }
    let date_fits = |(line, at): (usize, usize)| {
        let field = &lines[line][at..at + DATE_CHARS];
        digit_fits(field, &lines[line][at + DATE_CHARS..=at + DATE_CHARS])
    };
    let personal_fits = layout
        .personal
        .is_none_or(|(line, from, to)| kind == "visa" || digit_fits(&lines[line][from..to], &lines[line][to..=to]));
    let composite: String = layout.composite.iter().map(|(line, from, to)| &lines[*line][*from..*to]).collect();
    let (line, at) = layout.composite_at;
    let composite_fits = kind == "visa" || digit_fits(&composite, &lines[line][at..=at]);
    if !(number_fits && date_fits(layout.birth) && date_fits(layout.expiry) && personal_fits && composite_fits) {
        out.finding(Finding::CheckDigitWrong);
    }
    out.fact("withheld", WITHHELD);
    out
}

/// The number and whether its check digit fits. A number of more than nine characters has `<` for its check digit, goes
/// on in the optional data, and has its check digit at its end there (ICAO 9303-5, 4.2.2.2).
fn number(lines: &[&str], layout: &Layout, line: &str, at: usize) -> (String, bool) {
    let first = &line[at..at + NUMBER_CHARS];
    let check = &line[at + NUMBER_CHARS..=at + NUMBER_CHARS];
    if check == "<"
        && let Some((line, from, to)) = layout.optional
        && let Some((rest, digit)) = lines[line][from..to].split('<').next().and_then(|rest| {
            let last = rest.len().checked_sub(1)?;
            Some(rest.split_at(last))
        })
    {
        let whole = format!("{first}{rest}");
        let fits = digit_fits(&whole, digit);
        // A check digit that does not fit may also mean that the optional data are something else.
        return if fits { (whole, true) } else { (first.trim_end_matches('<').to_owned(), false) };
    }
    (first.trim_end_matches('<').to_owned(), digit_fits(first, check))
}

/// An empty field may have `<` for its check digit, which counts as 0.
fn digit_fits(field: &str, digit: &str) -> bool {
    let wanted = check_digit::mrz(field);
    match digit {
        "<" => wanted == Some('0') && field.bytes().all(|b| b == b'<'),
        _ => wanted.is_some_and(|wanted| digit.starts_with(wanted)),
    }
}
