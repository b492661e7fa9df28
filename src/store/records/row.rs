//! A record as a row: texts that repeat (owner, model, kind …) are kept once and named by number, which makes a row of
//! some 40 bytes out of 250. What few records say (a contact, a delivery) follows the row as it is published.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::RecordsError;
use crate::domain::{Action, Description, Mark, Object, Record, Scheme, Status};
use crate::registers::RecordBytes;

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

/// Gives out numbers to texts while a generation is built.
#[derive(Default)]
pub(super) struct Texts {
    numbers: HashMap<String, u32>,
}

impl Texts {
    fn number(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else {
            return 0;
        };
        if let Some(&n) = self.numbers.get(text) {
            return n;
        }
        let n = self.numbers.len() as u32 + 1;
        self.numbers.insert(text.to_owned(), n);
        n
    }

    /// Writes them all.
    pub fn store(&self, connection: &Connection) -> Result<(), RecordsError> {
        let mut insert = connection.prepare("INSERT INTO texts (n, text) VALUES (?1, ?2)")?;
        let mut texts: Vec<_> = self.numbers.iter().collect();
        texts.sort_unstable_by_key(|(_, n)| **n);
        for (text, n) in texts {
            insert.execute((n, text))?;
        }
        Ok(())
    }
}

/// Days are counted from 1 January 2010, so that those of most registers take two bytes.
const DAY_ZERO: i32 = 733_773;

/// 0 for none, else one more than the distance from [`DAY_ZERO`] with its sign in the lowest bit.
fn day_number(day: Option<NaiveDate>) -> u32 {
    day.map_or(0, |day| {
        let distance = day.num_days_from_ce() - DAY_ZERO;
        ((distance << 1) ^ (distance >> 31)) as u32 + 1
    })
}

fn day_of(number: u32) -> Option<NaiveDate> {
    let number = number.checked_sub(1)?;
    let distance = (number >> 1) as i32 ^ -((number & 1) as i32);
    NaiveDate::from_num_days_from_ce_opt(distance.checked_add(DAY_ZERO)?)
}

/// Appends a record's length and body.
pub(super) fn encode_into(record: &Record, texts: &mut Texts, out: &mut Vec<u8>) -> Result<(), RecordsError> {
    let d = &record.description;
    let mark = |m: &Mark, texts: &mut Texts| (texts.number(Some(m.scheme.code())), texts.number(m.place.as_deref()));
    let numbers: Vec<_> = record.marks.iter().map(|m| mark(m, texts)).collect();
    let row = Row {
        id: &record.id,
        marks: record.marks.iter().zip(numbers).map(|(m, (scheme, place))| (scheme, m.value.as_str(), place)).collect(),
        object: texts.number(d.object.map(Object::code)),
        kind: texts.number(d.kind.as_deref()),
        make: texts.number(d.make.as_deref()),
        model: texts.number(d.model.as_deref()),
        calibre: texts.number(d.calibre.as_deref()),
        year: d.year.unwrap_or(0),
        country: texts.number(d.country.as_deref()),
        issuer: texts.number(d.issuer.as_deref()),
        status: texts.number(Some(record.status.code())),
        owner: texts.number(Some(&record.owner)),
        action: texts.number(record.action.map(Action::code)),
        reported_day: day_number(record.reported_on),
        lost_day: day_number(record.lost_on),
        expires_day: day_number(record.expires_on),
        caution: record.caution.as_deref(),
    };
    let failed = |_| RecordsError::Damaged("a record does not encode");
    let mut buffer = [0u8; 512];
    let more = record.more_bytes().unwrap_or_default();
    match postcard::to_slice(&row, &mut buffer) {
        Ok(body) => put_body(out, body, &more),
        Err(_) => put_body(out, &postcard::to_stdvec(&row).map_err(failed)?, &more),
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

/// The record of a row's body; `text` gives the text of a number.
pub(super) fn decode(
    body: &[u8],
    text: &mut dyn FnMut(u32) -> Result<String, RecordsError>,
) -> Result<Record, RecordsError> {
    let (row, more) = postcard::take_from_bytes::<Row<'_>>(body).map_err(|_| DAMAGED)?;
    let mut named = |n: u32| if n == 0 { Ok(None) } else { text(n).map(Some) };
    let mut marks = Vec::with_capacity(row.marks.len());
    for (scheme, value, place) in row.marks {
        let scheme = named(scheme)?.and_then(|code| code.parse().ok()).unwrap_or(Scheme::Other);
        marks.push(Mark { scheme, value: value.to_owned(), place: named(place)? });
    }
    let mut record = Record {
        id: row.id.to_owned(),
        marks,
        description: Description {
            object: named(row.object)?.and_then(|code| code.parse().ok()),
            kind: named(row.kind)?,
            make: named(row.make)?,
            model: named(row.model)?,
            calibre: named(row.calibre)?,
            year: (row.year > 0).then_some(row.year),
            country: named(row.country)?,
            issuer: named(row.issuer)?,
        },
        status: named(row.status)?.and_then(|code| code.parse().ok()).unwrap_or(Status::Wanted),
        owner: named(row.owner)?.unwrap_or_default(),
        action: named(row.action)?.and_then(|code| Action::ALL.into_iter().find(|a| a.code() == code)),
        reported_on: day_of(row.reported_day),
        lost_on: day_of(row.lost_day),
        expires_on: day_of(row.expires_day),
        caution: row.caution.map(str::to_owned),
        ..Record::default()
    };
    if !more.is_empty() {
        record.add_more(more).map_err(|_| DAMAGED)?;
    }
    Ok(record)
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
        for day in [
            None,
            NaiveDate::from_ymd_opt(2010, 1, 1),
            NaiveDate::from_ymd_opt(1899, 12, 31),
            Some(NaiveDate::MAX),
            Some(NaiveDate::MIN),
        ] {
            assert_eq!(day_of(day_number(day)), day);
        }
        assert_eq!(day_number(NaiveDate::from_ymd_opt(2010, 1, 1)), 1);
        assert_eq!(day_of(u32::MAX), None);
    }
}
