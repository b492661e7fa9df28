//! Frozen: pieces that several kinds share. A change here would change every one of them, so there is none.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::domain::{
    Description, Finding, Grade, Hash, Item, Mark, MarkSource, NotChecked, RegisterAge, RegisterId, RegisterVersion,
    Rule, SeenMark,
};
use crate::ledger::payload::{CandidateRef, CheckSource, PhotoRef};

/// A mark as it came: `source` is `read`, `scanner` or `typed`, and only `read` has a symbology.
#[derive(Serialize, Deserialize)]
pub struct MarkV1 {
    scheme: String,
    value: String,
    place: Option<String>,
    source: String,
    symbology: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub struct ItemV1 {
    marks: Vec<MarkV1>,
    object: Option<String>,
    kind: Option<String>,
    make: Option<String>,
    model: Option<String>,
    calibre: Option<String>,
    year: Option<u16>,
    country: Option<String>,
    issuer: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub struct CandidateV1 {
    register: String,
    record: String,
    grade: String,
    rule: String,
}

#[derive(Serialize, Deserialize)]
pub struct RegisterAgeV1 {
    id: String,
    version: u64,
    as_of_ms: i64,
}

#[derive(Serialize, Deserialize)]
pub struct PhotoV1 {
    hash: [u8; 32],
    len: u64,
}

impl From<&SeenMark> for MarkV1 {
    fn from(seen: &SeenMark) -> Self {
        let (source, symbology) = match seen.source {
            MarkSource::Read(symbology) => ("read", Some(symbology.code().to_owned())),
            MarkSource::Scanner => ("scanner", None),
            MarkSource::Typed => ("typed", None),
        };
        Self {
            scheme: seen.mark.scheme.code().to_owned(),
            value: seen.mark.value.clone(),
            place: seen.mark.place.clone(),
            source: source.to_owned(),
            symbology,
        }
    }
}

impl TryFrom<MarkV1> for SeenMark {
    type Error = UnknownWord;
    fn try_from(frozen: MarkV1) -> Result<Self, UnknownWord> {
        let source = match (frozen.source.as_str(), frozen.symbology) {
            ("read", Some(symbology)) => MarkSource::Read(symbology.parse().map_err(|_| UnknownWord)?),
            ("scanner", None) => MarkSource::Scanner,
            ("typed", None) => MarkSource::Typed,
            _ => return Err(UnknownWord),
        };
        let scheme = frozen.scheme.parse().map_err(|_| UnknownWord)?;
        Ok(Self { mark: Mark { scheme, value: frozen.value, place: frozen.place }, source })
    }
}

impl From<&Item> for ItemV1 {
    fn from(item: &Item) -> Self {
        let about = &item.description;
        Self {
            marks: item.marks.iter().map(MarkV1::from).collect(),
            object: about.object.map(|x| x.code().to_owned()),
            kind: about.kind.clone(),
            make: about.make.clone(),
            model: about.model.clone(),
            calibre: about.calibre.clone(),
            year: about.year,
            country: about.country.clone(),
            issuer: about.issuer.clone(),
        }
    }
}

impl TryFrom<ItemV1> for Item {
    type Error = UnknownWord;
    fn try_from(frozen: ItemV1) -> Result<Self, UnknownWord> {
        let object = frozen.object.map(|x| x.parse().map_err(|_| UnknownWord)).transpose()?;
        Ok(Self {
            marks: frozen.marks.into_iter().map(SeenMark::try_from).collect::<Result<_, _>>()?,
            description: Description {
                object,
                kind: frozen.kind,
                make: frozen.make,
                model: frozen.model,
                calibre: frozen.calibre,
                year: frozen.year,
                country: frozen.country,
                issuer: frozen.issuer,
            },
        })
    }
}

impl From<&CandidateRef> for CandidateV1 {
    fn from(candidate: &CandidateRef) -> Self {
        Self {
            register: candidate.register.0.clone(),
            record: candidate.record.clone(),
            grade: candidate.grade.code().to_owned(),
            rule: candidate.rule.code().to_owned(),
        }
    }
}

impl TryFrom<CandidateV1> for CandidateRef {
    type Error = UnknownWord;
    fn try_from(frozen: CandidateV1) -> Result<Self, UnknownWord> {
        let (grade, rule) = (grade(&frozen.grade)?, rule(&frozen.rule)?);
        Ok(Self { register: RegisterId(frozen.register), record: frozen.record, grade, rule })
    }
}

impl From<&RegisterAge> for RegisterAgeV1 {
    fn from(age: &RegisterAge) -> Self {
        Self { id: age.id.0.clone(), version: age.version.0, as_of_ms: age.as_of.timestamp_millis() }
    }
}

impl TryFrom<RegisterAgeV1> for RegisterAge {
    type Error = UnknownWord;
    fn try_from(frozen: RegisterAgeV1) -> Result<Self, UnknownWord> {
        let as_of = DateTime::from_timestamp_millis(frozen.as_of_ms).ok_or(UnknownWord)?;
        Ok(Self { id: RegisterId(frozen.id), version: RegisterVersion(frozen.version), as_of })
    }
}

impl From<PhotoRef> for PhotoV1 {
    fn from(photo: PhotoRef) -> Self {
        Self { hash: photo.hash.0, len: photo.len }
    }
}

impl From<PhotoV1> for PhotoRef {
    fn from(frozen: PhotoV1) -> Self {
        Self { hash: Hash(frozen.hash), len: frozen.len }
    }
}

/// Turns every element into today's type.
pub fn all<Frozen, Live: TryFrom<Frozen, Error = UnknownWord>>(frozen: Vec<Frozen>) -> Result<Vec<Live>, UnknownWord> {
    frozen.into_iter().map(Live::try_from).collect()
}

pub fn grade(code: &str) -> Result<Grade, UnknownWord> {
    Grade::ALL.into_iter().find(|x| x.code() == code).ok_or(UnknownWord)
}

pub fn rule(code: &str) -> Result<Rule, UnknownWord> {
    // Written for a time, before the word was taken from the closed list of rules.
    if code == "lost_end" {
        return Ok(Rule::LostEnd);
    }
    Rule::ALL.into_iter().find(|x| x.code() == code).ok_or(UnknownWord)
}

pub fn reason(code: &str) -> Result<NotChecked, UnknownWord> {
    NotChecked::ALL.into_iter().find(|x| x.code() == code).ok_or(UnknownWord)
}

pub fn finding(code: &str) -> Result<Finding, UnknownWord> {
    Finding::ALL.into_iter().find(|x| x.code() == code).ok_or(UnknownWord)
}

pub fn source(code: &str) -> Result<CheckSource, UnknownWord> {
    CheckSource::ALL.into_iter().find(|x| x.code() == code).ok_or(UnknownWord)
}
