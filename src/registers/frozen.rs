//! The frozen bytes of a record: what is stored, hashed and published.
//!
//! The form is apart from [`Record`], so that a new field there changes neither the hash of a record that does not use it
//! nor the way old bytes are read. Enumerations travel by their codes, which never change; days by their number.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{Action, Description, Hash, Mark, Object, Record, Scheme, Status};

/// First byte of the frozen form; a new form gets a new number and the old one stays readable.
const FORM: u8 = 1;

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
        let day = |n: Option<i32>| {
            n.map(|n| NaiveDate::from_num_days_from_ce_opt(n).ok_or(FrozenError::Damaged("a day out of range")))
                .transpose()
        };
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
            reported_on: day(self.reported_day)?,
            lost_on: day(self.lost_day)?,
            expires_on: day(self.expires_day)?,
            caution: text(self.caution),
        })
    }
}

/// The action of that code; an unknown one is no action, so the finder asks the owner.
pub(crate) fn action_of(code: &str) -> Option<Action> {
    [Action::Seize, Action::Detain, Action::DiscreetCheck, Action::Report].into_iter().find(|a| a.code() == code)
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
}

impl RecordBytes for Record {
    fn canonical_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.push(FORM);
        // Writing into a vector cannot fail, and every field has a length known beforehand; should postcard ever refuse,
        // the bytes stay short and `from_canonical_bytes` calls them damaged.
        postcard::to_extend(&Frozen::of(self), out).unwrap_or_default()
    }

    fn content_hash(&self) -> Hash {
        Hash(Sha256::digest(self.canonical_bytes()).into())
    }

    fn from_canonical_bytes(bytes: &[u8]) -> Result<Self, FrozenError> {
        let (&form, rest) = bytes.split_first().ok_or(FrozenError::Damaged("it is empty"))?;
        if form != FORM {
            return Err(FrozenError::NewerForm(form));
        }
        let (frozen, left) =
            postcard::take_from_bytes::<Frozen>(rest).map_err(|_| FrozenError::Damaged("it does not decode"))?;
        if !left.is_empty() {
            return Err(FrozenError::Damaged("it is followed by something else"));
        }
        frozen.thaw()
    }

    fn derived_id(&self) -> String {
        let nameless = Frozen { id: "", ..Frozen::of(self) };
        let bytes = postcard::to_extend(&nameless, Vec::with_capacity(256)).unwrap_or_default();
        let digest = Sha256::digest(bytes);
        format!("h:{}", data_encoding::HEXLOWER.encode(&digest[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn full() -> Record {
        Record {
            id: "9000000".into(),
            marks: vec![
                Mark::new(Scheme::Serial, "ЕВ1234"),
                Mark { scheme: Scheme::Uii, value: "D7A72000000001".into(), place: Some("frame".into()) },
            ],
            description: Description {
                object: Some(Object::Firearm),
                kind: Some("ПІСТОЛЕТ".into()),
                model: Some("ПМ".into()),
                calibre: Some("9".into()),
                year: Some(1978),
                ..Description::default()
            },
            status: Status::Stolen,
            owner: "ВИГАДАНИЙ ЗАПИС".into(),
            action: Some(Action::DiscreetCheck),
            reported_on: NaiveDate::from_ymd_opt(2017, 10, 3),
            lost_on: NaiveDate::from_ymd_opt(2014, 3, 31),
            expires_on: None,
            caution: Some("armed".into()),
        }
    }

    #[test]
    fn a_record_survives_its_bytes() {
        let record = full();
        assert_eq!(Record::from_canonical_bytes(&record.canonical_bytes()), Ok(record));
    }

    #[test]
    fn the_bytes_are_golden() {
        // Stored and published records are known by this hash; a change here means a new form, not a new expectation.
        assert_eq!(full().content_hash().to_string(), GOLDEN);
    }
    const GOLDEN: &str = "4ee8b52b903098ee776c7d94fc17386baf45b32ca9444f8c72dea880d5b024f0";

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let bytes = full().canonical_bytes();
        for cut in 0..bytes.len() {
            assert!(Record::from_canonical_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(Record::from_canonical_bytes(&[9, 0]), Err(FrozenError::NewerForm(9)));
    }

    #[test]
    fn the_derived_id_does_not_depend_on_the_id() {
        let mut other = full();
        other.id = "x".into();
        assert_eq!(other.derived_id(), full().derived_id());
        other.description.year = None;
        assert_ne!(other.derived_id(), full().derived_id());
    }
}
