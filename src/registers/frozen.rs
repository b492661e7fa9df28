//! The frozen bytes of a record: what is stored, hashed and published.
//!
//! The form is apart from [`Record`], so that a new field there changes neither the hash of a record that does not use it
//! nor the way old bytes are read. Enumerations travel by their codes, which never change; days by their number.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{Action, Delivery, Description, Hash, Mark, Object, Record, Scheme, SerialRange, Status};

/// First byte of the frozen form; a new form gets a new number and the old one stays readable.
const FORM: u8 = 1;
/// First byte of the frozen form with [`More`] behind it; only a record that has more to say is in it, so the hash of every
/// other one is as it was.
const FORM_WITH_MORE: u8 = 2;

/// The bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrozenError {
    /// Written by a newer program.
    #[error("the record is in form {0}, which this version cannot read; update the program")]
    NewerForm(u8),
    /// Damaged.
    #[error("the record is damaged: {0}")]
    Damaged(&'static str),
}

/// A record's mark in frozen form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrozenMark<'a> {
    pub scheme: &'a str,
    pub value: &'a str,
    pub place: Option<&'a str>,
}

/// A record in frozen form. The order of the fields is the format; it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frozen<'a> {
    pub id: &'a str,
    #[serde(borrow)]
    pub marks: Vec<FrozenMark<'a>>,
    pub object: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub make: Option<&'a str>,
    pub model: Option<&'a str>,
    pub calibre: Option<&'a str>,
    pub year: Option<u16>,
    pub country: Option<&'a str>,
    pub issuer: Option<&'a str>,
    pub status: &'a str,
    pub owner: &'a str,
    pub action: Option<&'a str>,
    pub reported_day: Option<i32>,
    pub lost_day: Option<i32>,
    pub expires_day: Option<i32>,
    pub caution: Option<&'a str>,
}

impl<'a> Frozen<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        let d = &record.description;
        Self {
            id: &record.id,
            marks: record
                .marks
                .iter()
                .map(|m| FrozenMark { scheme: m.scheme.code(), value: &m.value, place: m.place.as_deref() })
                .collect(),
            object: d.object.map(Object::code),
            kind: d.kind.as_deref(),
            make: d.make.as_deref(),
            model: d.model.as_deref(),
            calibre: d.calibre.as_deref(),
            year: d.year,
            country: d.country.as_deref(),
            issuer: d.issuer.as_deref(),
            status: record.status.code(),
            owner: &record.owner,
            action: record.action.map(Action::code),
            reported_day: record.reported_on.map(|day| day.num_days_from_ce()),
            lost_day: record.lost_on.map(|day| day.num_days_from_ce()),
            expires_day: record.expires_on.map(|day| day.num_days_from_ce()),
            caution: record.caution.as_deref(),
        }
    }

    pub(crate) fn thaw(&self) -> Result<Record, FrozenError> {
        let text = |t: Option<&str>| t.map(str::to_owned);
        let marks = self
            .marks
            .iter()
            .map(|m| {
                // A scheme that this version does not know is kept and shown, never compared.
                let scheme = m.scheme.parse().unwrap_or(Scheme::Other);
                Mark { scheme, value: m.value.to_owned(), place: text(m.place) }
            })
            .collect();
        Ok(Record {
            id: self.id.to_owned(),
            marks,
            description: Description {
                object: self.object.map(|o| o.parse().unwrap_or(Object::Other)),
                kind: text(self.kind),
                make: text(self.make),
                model: text(self.model),
                calibre: text(self.calibre),
                year: self.year,
                country: text(self.country),
                issuer: text(self.issuer),
            },
            status: self.status.parse().unwrap_or(Status::Wanted),
            owner: self.owner.to_owned(),
            action: self.action.and_then(action_of),
            reported_on: thawed_day(self.reported_day)?,
            lost_on: thawed_day(self.lost_day)?,
            expires_on: thawed_day(self.expires_day)?,
            caution: text(self.caution),
            ..Record::default()
        })
    }
}

/// Reading and writing without a [`Record`] between, for whoever handles millions.
impl<'a> Frozen<'a> {
    /// Appends the frozen form. `more` is what [`More::bytes_of`] gave, empty for nothing.
    pub(crate) fn write(&self, more: &[u8], out: &mut Vec<u8>) {
        out.push(if more.is_empty() { FORM } else { FORM_WITH_MORE });
        text(out, self.id);
        number(out, self.marks.len() as u64);
        for mark in &self.marks {
            text(out, mark.scheme);
            text(out, mark.value);
            option(out, mark.place, text);
        }
        for word in [self.object, self.kind, self.make, self.model, self.calibre] {
            option(out, word, text);
        }
        option(out, self.year, |out, year| number(out, u64::from(year)));
        option(out, self.country, text);
        option(out, self.issuer, text);
        text(out, self.status);
        text(out, self.owner);
        option(out, self.action, text);
        for day in [self.reported_day, self.lost_day, self.expires_day] {
            option(out, day, |out, day| number(out, u64::from(((day << 1) ^ (day >> 31)) as u32)));
        }
        option(out, self.caution, text);
        out.extend_from_slice(more);
    }

    /// The same, but what this version does not know is written as a [`Record`] keeps it.
    pub(crate) fn write_known(&self, more: &[u8], out: &mut Vec<u8>) -> Result<(), FrozenError> {
        if more.is_empty() && self.is_known() {
            self.write(more, out);
        } else {
            out.extend(self.record(more)?.canonical_bytes());
        }
        Ok(())
    }

    /// The record, with what it says beyond this.
    pub(crate) fn record(&self, more: &[u8]) -> Result<Record, FrozenError> {
        let mut record = self.thaw()?;
        if !more.is_empty() {
            More::add(more, &mut record)?;
        }
        Ok(record)
    }

    /// Reads the frozen form, and what stands behind it for [`More::add`].
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), FrozenError> {
        let (&form, rest) = bytes.split_first().ok_or(FrozenError::Damaged("it is empty"))?;
        if form != FORM && form != FORM_WITH_MORE {
            return Err(FrozenError::NewerForm(form));
        }
        let (frozen, more) =
            postcard::take_from_bytes::<Self>(rest).map_err(|_| FrozenError::Damaged("it does not decode"))?;
        match (form, more.is_empty()) {
            (FORM, false) => Err(FrozenError::Damaged("it is followed by something else")),
            (FORM_WITH_MORE, true) => Err(FrozenError::Damaged("its second half is damaged")),
            _ => Ok((frozen, more)),
        }
    }

    /// Whether a [`Record`] says all of it: every code is known here, and every day is one.
    pub(crate) fn is_known(&self) -> bool {
        let is_day = |day: Option<i32>| day.is_none_or(|day| NaiveDate::from_num_days_from_ce_opt(day).is_some());
        self.marks.iter().all(|mark| Scheme::ALL.iter().any(|scheme| scheme.code() == mark.scheme))
            && self.object.is_none_or(|code| Object::ALL.iter().any(|object| object.code() == code))
            && Status::from_str(self.status).is_ok()
            && self.action.is_none_or(|code| action_of(code).is_some())
            && [self.reported_day, self.lost_day, self.expires_day].into_iter().all(is_day)
    }
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn option<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

/// What a record may say beyond [`Frozen`], in one piece, so that whoever stores or sends records by columns carries it as
/// one column. The order of the fields is the format; it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct More<'a> {
    /// First, last, place.
    #[serde(borrow)]
    ranges: Vec<(&'a str, &'a str, Option<&'a str>)>,
    colour: Option<&'a str>,
    restriction: Option<&'a str>,
    contact: Option<&'a str>,
    /// To whom, where, day.
    delivery: Option<(&'a str, Option<&'a str>, Option<i32>)>,
}

impl<'a> More<'a> {
    fn of(record: &'a Record) -> Self {
        let delivery = record.delivery.as_ref();
        Self {
            ranges: record.ranges.iter().map(|r| (&*r.from, &*r.to, r.place.as_deref())).collect(),
            colour: record.colour.as_deref(),
            restriction: record.restriction.as_deref(),
            contact: record.contact.as_deref(),
            delivery: delivery.map(|d| (&*d.to, d.place.as_deref(), d.on.map(|day| day.num_days_from_ce()))),
        }
    }

    /// The bytes, or `None` when the record says nothing of all this. A program that knows no [`More`] must never take a
    /// delivered item for a wanted one, so a record that is not wanted always has some.
    pub(crate) fn bytes_of(record: &'a Record) -> Option<Vec<u8>> {
        let more = Self::of(record);
        if more == Self::default() && record.status.is_wanted() {
            return None;
        }
        // Writing into a vector cannot fail; see `canonical_bytes`.
        Some(postcard::to_stdvec(&more).unwrap_or_default())
    }

    /// Only the lots.
    #[cfg(feature = "device")]
    pub(crate) fn ranges_of(bytes: &'a [u8]) -> Result<Vec<SerialRange>, FrozenError> {
        let mut record = Record::default();
        Self::add(bytes, &mut record)?;
        Ok(record.ranges)
    }

    /// Adds what the bytes say to a record.
    pub(crate) fn add(bytes: &'a [u8], record: &mut Record) -> Result<(), FrozenError> {
        let (more, left) =
            postcard::take_from_bytes::<Self>(bytes).map_err(|_| FrozenError::Damaged("its second half is damaged"))?;
        if !left.is_empty() {
            return Err(FrozenError::Damaged("it is followed by something else"));
        }
        let text = |t: Option<&str>| t.map(str::to_owned);
        let range = |&(from, to, place): &(&str, &str, Option<&str>)| SerialRange {
            from: from.to_owned(),
            to: to.to_owned(),
            place: text(place),
        };
        record.ranges = more.ranges.iter().map(range).collect();
        record.colour = text(more.colour);
        record.restriction = text(more.restriction);
        record.contact = text(more.contact);
        let delivery =
            |(to, place, on)| Ok(Delivery { to: str::to_owned(to), place: text(place), on: thawed_day(on)? });
        record.delivery = more.delivery.map(delivery).transpose()?;
        Ok(())
    }
}

fn thawed_day(number: Option<i32>) -> Result<Option<NaiveDate>, FrozenError> {
    let day = |n| NaiveDate::from_num_days_from_ce_opt(n).ok_or(FrozenError::Damaged("a day out of range"));
    number.map(day).transpose()
}

/// The action of that code; an unknown one is no action, so the finder asks the owner.
pub(crate) fn action_of(code: &str) -> Option<Action> {
    Action::ALL.into_iter().find(|a| a.code() == code)
}

/// What every register needs of a record's bytes.
pub trait RecordBytes: Sized {
    /// The frozen form: equal records give equal bytes, on every machine and in every version.
    fn canonical_bytes(&self) -> Vec<u8>;
    /// SHA-256 of the frozen form.
    fn content_hash(&self) -> Hash;
    /// Reads the frozen form.
    fn from_canonical_bytes(bytes: &[u8]) -> Result<Self, FrozenError>;
    /// `h:` and 32 hexadecimal digits of the hash of every field but the id: the id of a row whose source gives none.
    fn derived_id(&self) -> String;
    /// What the record says beyond the first frozen form, for whoever stores it by fields; `None` when it says no more.
    fn more_bytes(&self) -> Option<Vec<u8>>;
    /// Adds what [`RecordBytes::more_bytes`] gave.
    fn add_more(&mut self, bytes: &[u8]) -> Result<(), FrozenError>;
}

impl RecordBytes for Record {
    fn canonical_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        Frozen::of(self).write(&More::bytes_of(self).unwrap_or_default(), &mut out);
        out
    }

    fn content_hash(&self) -> Hash {
        Hash(Sha256::digest(self.canonical_bytes()).into())
    }

    fn from_canonical_bytes(bytes: &[u8]) -> Result<Self, FrozenError> {
        let (frozen, more) = Frozen::read(bytes)?;
        frozen.record(more)
    }

    fn derived_id(&self) -> String {
        let nameless = Frozen { id: "", ..Frozen::of(self) };
        let mut bytes = postcard::to_extend(&nameless, Vec::with_capacity(256)).unwrap_or_default();
        bytes.extend(More::bytes_of(self).into_iter().flatten());
        let digest = Sha256::digest(bytes);
        format!("h:{}", data_encoding::HEXLOWER.encode(&digest[..16]))
    }

    fn more_bytes(&self) -> Option<Vec<u8>> {
        More::bytes_of(self)
    }

    fn add_more(&mut self, bytes: &[u8]) -> Result<(), FrozenError> {
        More::add(bytes, self)
    }
}

#[cfg(test)]
mod tests;
