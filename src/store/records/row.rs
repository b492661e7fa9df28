//! A record as a row: texts that repeat (owner, model, kind …) are kept once and named by number, which makes a row of
//! some 40 bytes out of 250. What few records say (a contact, a delivery) follows the row as it is published.

use std::collections::HashMap;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::RecordsError;
use crate::domain::Record;
use crate::registers::{Frozen, FrozenMark, Lately};

const DAMAGED: RecordsError = RecordsError::Damaged("a record does not decode");

/// The body of a row. Numbers are of texts, 0 for none. The order of the fields is the form of this generation's file.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    id: &'a str,
    /// Scheme, value, place.
    #[serde(borrow)]
    marks: Vec<(u32, &'a str, u32)>,
    object: u32,
    kind: u32,
    make: u32,
    model: u32,
    calibre: u32,
    year: u16,
    country: u32,
    issuer: u32,
    status: u32,
    owner: u32,
    action: u32,
    reported_day: u32,
    lost_day: u32,
    expires_day: u32,
    caution: Option<&'a str>,
}

/// Gives out numbers to texts, from 1.
#[derive(Default, Clone)]
pub(super) struct Texts {
    lately: Lately,
    numbers: HashMap<String, u32>,
}

impl Texts {
    fn number(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else {
            return 0;
        };
        let Self { lately, numbers } = self;
        lately.number(text, || match numbers.get(text) {
            Some(&n) => n,
            None => {
                let n = numbers.len() as u32 + 1;
                numbers.insert(text.to_owned(), n);
                n
            }
        })
    }

    /// All of them in the order of their numbers.
    pub fn list(&self) -> Vec<Box<str>> {
        let mut texts: Vec<(u32, &String)> = self.numbers.iter().map(|(text, n)| (*n, text)).collect();
        texts.sort_unstable();
        texts.into_iter().map(|(_, text)| text.as_str().into()).collect()
    }

    /// Writes them all.
    pub fn store(&self, connection: &Connection) -> Result<(), RecordsError> {
        let mut insert = connection.prepare("INSERT INTO texts (n, text) VALUES (?1, ?2)")?;
        for (n, text) in (1u32..).zip(self.list()) {
            insert.execute((n, text))?;
        }
        Ok(())
    }
}

/// Days are counted from 1 January 2010, so that those of most registers take two bytes.
const DAY_ZERO: i32 = 733_773;

/// 0 for none, else one more than the distance from [`DAY_ZERO`] with its sign in the lowest bit. A day is a number as in
/// the frozen form.
fn day_number(day: Option<i32>) -> u32 {
    day.map_or(0, |day| {
        let distance = day - DAY_ZERO;
        ((distance << 1) ^ (distance >> 31)) as u32 + 1
    })
}

fn day_of(number: u32) -> Option<i32> {
    let number = number.checked_sub(1)?;
    let distance = (number >> 1) as i32 ^ -((number & 1) as i32);
    distance.checked_add(DAY_ZERO)
}

/// Appends a record's length and body. `more` is what it says beyond its first frozen form.
pub(super) fn encode_into(
    frozen: &Frozen<'_>,
    more: &[u8],
    texts: &mut Texts,
    out: &mut Vec<u8>,
) -> Result<(), RecordsError> {
    let mark = |m: &FrozenMark<'_>, texts: &mut Texts| (texts.number(Some(m.scheme)), texts.number(m.place));
    let numbers: Vec<_> = frozen.marks.iter().map(|m| mark(m, texts)).collect();
    let row = Row {
        id: frozen.id,
        marks: frozen.marks.iter().zip(numbers).map(|(m, (scheme, place))| (scheme, m.value, place)).collect(),
        object: texts.number(frozen.object),
        kind: texts.number(frozen.kind),
        make: texts.number(frozen.make),
        model: texts.number(frozen.model),
        calibre: texts.number(frozen.calibre),
        year: frozen.year.unwrap_or(0),
        country: texts.number(frozen.country),
        issuer: texts.number(frozen.issuer),
        status: texts.number(Some(frozen.status)),
        owner: texts.number(Some(frozen.owner)),
        action: texts.number(frozen.action),
        reported_day: day_number(frozen.reported_day),
        lost_day: day_number(frozen.lost_day),
        expires_day: day_number(frozen.expires_day),
        caution: frozen.caution,
    };
    let failed = |_| RecordsError::Damaged("a record does not encode");
    let mut buffer = [0u8; 512];
    match postcard::to_slice(&row, &mut buffer) {
        Ok(body) => put_body(out, body, more),
        Err(_) => put_body(out, &postcard::to_stdvec(&row).map_err(failed)?, more),
    }
    Ok(())
}

fn put_body(out: &mut Vec<u8>, body: &[u8], more: &[u8]) {
    let mut len = body.len() + more.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(body);
    out.extend_from_slice(more);
}

/// The length before a body, and what comes after it; `None` at the end.
pub(super) fn take_len(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (mut len, mut rest) = (0usize, bytes);
    for shift in [0, 7, 14, 21, 28] {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        len |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((len, rest));
        }
    }
    None
}

/// The numbers of the texts that a row's body names.
pub(super) fn names(body: &[u8]) -> Result<Vec<u32>, RecordsError> {
    let (row, _) = postcard::take_from_bytes::<Row<'_>>(body).map_err(|_| DAMAGED)?;
    let own = [
        row.object,
        row.kind,
        row.make,
        row.model,
        row.calibre,
        row.country,
        row.issuer,
        row.status,
        row.owner,
        row.action,
    ];
    Ok(row.marks.iter().flat_map(|&(scheme, _, place)| [scheme, place]).chain(own).collect())
}

/// Hands a row's body to `take` in frozen form, with what it says beyond that; `text` gives the text of a number.
pub(super) fn thawing<'t, T>(
    body: &[u8],
    text: impl Fn(u32) -> Result<&'t str, RecordsError>,
    take: impl FnOnce(&Frozen<'_>, &[u8]) -> Result<T, RecordsError>,
) -> Result<T, RecordsError> {
    let (row, more) = postcard::take_from_bytes::<Row<'_>>(body).map_err(|_| DAMAGED)?;
    let named = |n: u32| if n == 0 { Ok(None) } else { text(n).map(Some) };
    let mark = |&(scheme, value, place): &(u32, _, u32)| {
        Ok(FrozenMark { scheme: named(scheme)?.ok_or(DAMAGED)?, value, place: named(place)? })
    };
    let frozen = Frozen {
        id: row.id,
        marks: row.marks.iter().map(mark).collect::<Result<_, RecordsError>>()?,
        object: named(row.object)?,
        kind: named(row.kind)?,
        make: named(row.make)?,
        model: named(row.model)?,
        calibre: named(row.calibre)?,
        year: (row.year > 0).then_some(row.year),
        country: named(row.country)?,
        issuer: named(row.issuer)?,
        status: named(row.status)?.ok_or(DAMAGED)?,
        owner: named(row.owner)?.ok_or(DAMAGED)?,
        action: named(row.action)?,
        reported_day: day_of(row.reported_day),
        lost_day: day_of(row.lost_day),
        expires_day: day_of(row.expires_day),
        caution: row.caution,
    };
    take(&frozen, more)
}

/// The record that those are.
pub(super) fn record_of(frozen: &Frozen<'_>, more: &[u8]) -> Result<Record, RecordsError> {
    frozen.record(more).map_err(|_| DAMAGED)
}

/// Only the id of a row's body.
pub(super) fn id_of(body: &[u8]) -> Result<&str, RecordsError> {
    postcard::take_from_bytes::<&str>(body).map(|(id, _)| id).map_err(|_| DAMAGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_back() {
        // Those of `NaiveDate::MIN` and `MAX`, and some between.
        for day in [None, Some(DAY_ZERO), Some(693_595), Some(95_746_000), Some(-95_746_000)] {
            assert_eq!(day_of(day_number(day)), day);
        }
        assert_eq!(day_number(Some(DAY_ZERO)), 1);
        assert_eq!(day_of(u32::MAX), None);
    }
}
