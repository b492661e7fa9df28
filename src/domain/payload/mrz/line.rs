//! Single lines of a zone, as hand scanners send them that take each line for a code of its own. Such a line is a document's
//! number, or a person's name or birth; it is never a serial.

use super::{
    DATE_CHARS, Layout, NUMBER_CHARS, TD1, TD2, TD3, WITHHELD, digit_fits, is_of_letters, is_of_zone, kind, number,
};
use crate::domain::item::Object;
use crate::domain::mark::Scheme;
use crate::domain::payload::Understood;
use crate::domain::verdict::Finding;

/// Reads a line that stands alone, without white space and in capitals.
pub fn understand(line: &str) -> Option<Understood> {
    if !is_of_zone(line) {
        return None;
    }
    match line.len() {
        30 => first_of_three(line).or_else(|| second_of_three(line)).or_else(|| names(line)),
        36 => second_of_two(line, &TD2).or_else(|| second_of_french(line)),
        44 => second_of_two(line, &TD3),
        // Scanners may leave out the fillers at the end.
        15..30 if line.contains('<') => first_of_three(&format!("{line:<<30}")).filter(|out| out.findings.is_empty()),
        _ => None,
    }
}

fn document(number: &str, kind: Option<&str>, issuer: &str) -> Understood {
    let mut out = Understood::one("mrz", Scheme::Document, number);
    let issuer = issuer.trim_end_matches('<');
    out.description.object = Some(Object::TravelDocument);
    out.description.kind = kind.map(str::to_owned);
    out.description.issuer = (!issuer.is_empty()).then(|| issuer.to_owned());
    out
}

/// Kept by a part of it that names nobody.
fn nobody(part: &str) -> Understood {
    let mut out = Understood::one("mrz", Scheme::Other, part);
    out.description.object = Some(Object::TravelDocument);
    out.fact("withheld", WITHHELD);
    out
}

/// Sort, issuer, number and its check digit. What has no filler in it may be a long serial as well; then only a check digit
/// that fits tells it, and it is both.
fn first_of_three(line: &str) -> Option<Understood> {
    let kind = kind(line.as_bytes()[0]).filter(|kind| *kind == "identity card")?;
    let filled = line.contains('<');
    if !is_of_letters(&line[1..5]) || !line[5..].bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let (number, fits) = number(&[line], &TD1, line, TD1.number.1);
    if number.is_empty() || !(fits || filled) {
        return None;
    }
    let mut out = document(&number, Some(kind), &line[2..5]);
    if !filled {
        out.mark(Scheme::Serial, line);
    }
    if !fits {
        out.finding(Finding::CheckDigitWrong);
    }
    out.fact("withheld", "optional data");
    Some(out)
}

/// Birth, sex, expiry and nationality: a person and no document. Nothing of it is kept but the date of expiry.
fn second_of_three(line: &str) -> Option<Understood> {
    if !is_sex(line.as_bytes()[7]) || !is_of_letters(&line[15..18]) {
        return None;
    }
    dates_fit(line, &TD1)?;
    let mut out = nobody(&line[8..15]);
    out.fact("expires", &line[8..14]);
    Some(out)
}

/// A name, and nothing else.
fn names(line: &str) -> Option<Understood> {
    let (name, given) = line.split_once("<<")?;
    let is_name = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
    let filled = line.ends_with('<') || is_name(given);
    (is_of_letters(line) && is_name(name) && filled).then(|| nobody("<<"))
}

/// The line of a passport, a visa or a card of two lines that holds the number. It does not say what it is, but dates with
/// check digits, a sex and a nationality stand in their places.
fn second_of_two(line: &str, layout: &Layout) -> Option<Understood> {
    let dates_fit = dates_fit(line, layout)?;
    if !is_sex(line.as_bytes()[20]) || !is_of_letters(&line[10..13]) {
        return None;
    }
    let (number, number_fits) = number_of_two(line, layout).filter(|(number, _)| !number.is_empty())?;
    let mut out = document(&number, None, "");
    out.fact("expires", &line[layout.expiry.1..layout.expiry.1 + DATE_CHARS]);
    if !(number_fits && dates_fit) {
        out.finding(Finding::CheckDigitWrong);
    }
    out.fact("withheld", WITHHELD);
    Some(out)
}

fn number_of_two(line: &str, layout: &Layout) -> Option<(String, bool)> {
    // The first line is not there, and not asked for.
    let lines = ["", line];
    line.get(NUMBER_CHARS..=NUMBER_CHARS).map(|_| number(&lines, layout, line, layout.number.1))
}

/// The second line of French cards until 2021: number, given names, birth, sex.
fn second_of_french(line: &str) -> Option<Understood> {
    let number_fits = digit_fits(&line[..12], &line[12..13]);
    let shaped =
        line[..4].bytes().all(|b| b.is_ascii_digit()) && is_of_letters(&line[13..27]) && is_sex(line.as_bytes()[34]);
    let birth_fits = digit_fits(&line[27..33], &line[33..34]);
    (shaped && number_fits && birth_fits).then(|| {
        let mut out = document(&line[..12], Some("identity card"), "FRA");
        out.fact("withheld", WITHHELD);
        out
    })
}

/// Whether birth and expiry fit their check digits; `None` where no dates stand there. A birth may be unknown in part.
fn dates_fit(line: &str, layout: &Layout) -> Option<bool> {
    let digits = |at: usize, blank: bool| {
        let date = line.get(at..at + DATE_CHARS)?;
        let is_date = date.bytes().all(|b| b.is_ascii_digit() || (blank && b == b'<'));
        is_date.then(|| digit_fits(date, &line[at + DATE_CHARS..=at + DATE_CHARS]))
    };
    Some(digits(layout.birth.1, true)? & digits(layout.expiry.1, false)?)
}

fn is_sex(b: u8) -> bool {
    matches!(b, b'M' | b'F' | b'X' | b'<')
}
