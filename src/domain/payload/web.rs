//! Web addresses on labels: `https://reg.example/w/W1234567`. The address is never opened, only read.

use super::keyed::{self, Field};
use super::{Understood, container, vin};
use crate::domain::keys::{canonical, is_usable};
use crate::domain::mark::Scheme;

/// The pieces of an address, percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Host and port, as written.
    pub host: String,
    /// Segments of the path, none empty.
    pub path: Vec<String>,
    /// Pairs of the query, and of the fragment where that has any.
    pub query: Vec<(String, String)>,
    /// Pieces of either that are no pairs.
    pub rest: Vec<String>,
}

/// `None` for anything but `http://`, `https://` and `www.`
pub fn parse(text: &str) -> Option<Address> {
    let text = text.trim();
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let after = |prefix: &str| {
        let head = text.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
    };
    let rest = after("https://").or_else(|| after("http://")).or_else(|| after("www.").map(|_| text))?;
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.is_empty() {
        return None;
    }
    let pieces = query.split(['&', ';']).chain(fragment.split('&')).filter(|piece| !piece.is_empty());
    let (pairs, rest): (Vec<&str>, Vec<&str>) = pieces.partition(|piece| piece.contains('='));
    let pair = |piece: &str| {
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        (decode(key), decode(&value.replace('+', " ")))
    };
    Some(Address {
        host: host.to_owned(),
        path: path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect(),
        query: pairs.into_iter().map(pair).collect(),
        rest: rest.into_iter().map(decode).collect(),
    })
}

/// Percent-decoding (RFC 3986, 2.1); what is not UTF-8 then stays as it was written.
pub(super) fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let pair = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        let hex =
            pair.filter(|p| p.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|p| u8::from_str_radix(p, 16).ok());
        out.push(hex.unwrap_or(bytes[i]));
        i += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Reads an address: named values of the query first, then a named segment (`/sn/W123`), then the last segment that is a
/// number with a check digit, or looks like a serial. An address that carries none is kept whole and not compared. What
/// was not taken is left, the host is a fact.
pub fn understand(text: &str) -> Option<Understood> {
    let address = parse(text)?;
    let mut out = Understood::of("url");
    out.fact("host", address.host.as_str());
    let mut left = Vec::new();
    for (key, value) in &address.query {
        match keyed::field(key) {
            Some(field) if keyed::take(field, value, &mut out) => {}
            _ => left.push(format!("{key}={value}")),
        }
    }
    let mut taken = None;
    if out.marks.is_empty() {
        taken = segment_with_mark(&address);
        match taken {
            Some((at, scheme)) => out.mark(scheme, &address.path[at]),
            None => out.mark(Scheme::Other, text.trim()),
        }
    }
    // A name says what the segment after it is; it is used up with it.
    let used = |at: usize| {
        taken.is_some_and(|(of, _)| at == of || (at + 1 == of && keyed::field(&address.path[at]).is_some()))
    };
    address.path.iter().enumerate().filter(|(at, _)| !used(*at)).for_each(|(_, segment)| out.left(segment));
    left.iter().chain(&address.rest).for_each(|piece| out.left(piece));
    Some(out)
}

/// The segment that carries the mark, and what it is.
fn segment_with_mark(address: &Address) -> Option<(usize, Scheme)> {
    let named = address.path.windows(2).enumerate().rev().find_map(|(at, pair)| match keyed::field(&pair[0])? {
        Field::Mark(scheme) if is_usable(&canonical(&pair[1])) => Some((at + 1, scheme)),
        _ => None,
    });
    let by_itself = |segment: &str| match segment {
        s if vin::is_certain(s) => Some(Scheme::Vin),
        s if container::is_certain(s) => Some(Scheme::Container),
        s if looks_like_serial(s) => Some(Scheme::Serial),
        _ => None,
    };
    named.or_else(|| address.path.iter().enumerate().rev().find_map(|(at, s)| Some((at, by_itself(s)?))))
}

/// Stricter than for a plain text, because paths are full of other things: file names, dates, words, random tokens.
fn looks_like_serial(segment: &str) -> bool {
    let plain = segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') || !segment.is_ascii();
    let separators = segment.bytes().filter(|b| matches!(b, b'-' | b'_')).count();
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let has = |test: fn(char) -> bool| segment.chars().any(test);
    let one_case = !(has(char::is_uppercase) && has(char::is_lowercase));
    let key = canonical(segment);
    let letters_in_a_row = key.split(|c: char| !c.is_alphabetic()).map(|run| run.chars().count()).max().unwrap_or(0);
    let length = key.chars().count();
    plain && separators <= 2 && digits >= 3 && one_case && letters_in_a_row <= 5 && (4..=24).contains(&length)
}
