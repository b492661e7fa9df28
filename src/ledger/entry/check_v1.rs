//! Frozen: a check and its answer, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use super::common_v1::{self as common, CandidateV1, ItemV1, PhotoV1, RegisterAgeV1};
use crate::domain::PostId;
use crate::ledger::payload::Check;

#[derive(Serialize, Deserialize)]
pub struct CheckV1 {
    item: ItemV1,
    grade: String,
    reason: Option<String>,
    rule: Option<String>,
    findings: Vec<String>,
    candidates: Vec<CandidateV1>,
    registers: Vec<RegisterAgeV1>,
    photo: Option<PhotoV1>,
    post: Option<String>,
    source: String,
}

impl From<&Check> for CheckV1 {
    fn from(check: &Check) -> Self {
        Self {
            item: ItemV1::from(&check.item),
            grade: check.grade.code().to_owned(),
            reason: check.reason.map(|x| x.code().to_owned()),
            rule: check.rule.map(|x| x.code().to_owned()),
            findings: check.findings.iter().map(|x| x.code().to_owned()).collect(),
            candidates: check.candidates.iter().map(CandidateV1::from).collect(),
            registers: check.registers.iter().map(RegisterAgeV1::from).collect(),
            photo: check.photo.map(PhotoV1::from),
            post: check.post.as_ref().map(|x| x.0.clone()),
            source: check.source.code().to_owned(),
        }
    }
}

impl TryFrom<CheckV1> for Check {
    type Error = UnknownWord;
    fn try_from(frozen: CheckV1) -> Result<Self, UnknownWord> {
        Ok(Self {
            item: frozen.item.try_into()?,
            grade: common::grade(&frozen.grade)?,
            reason: frozen.reason.as_deref().map(common::reason).transpose()?,
            rule: frozen.rule.as_deref().map(common::rule).transpose()?,
            findings: frozen.findings.iter().map(|x| common::finding(x)).collect::<Result<_, _>>()?,
            candidates: common::all(frozen.candidates)?,
            registers: common::all(frozen.registers)?,
            photo: frozen.photo.map(Into::into),
            post: frozen.post.map(PostId),
            source: common::source(&frozen.source)?,
        })
    }
}
