//! Frozen: a new record matches an item checked before, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use super::common_v1::{self as common, CandidateV1, RegisterAgeV1};
use crate::domain::Seq;
use crate::ledger::payload::RetroHit;

#[derive(Serialize, Deserialize)]
pub struct RetroHitV1 {
    of: u64,
    grade: String,
    candidates: Vec<CandidateV1>,
    registers: Vec<RegisterAgeV1>,
}

impl From<&RetroHit> for RetroHitV1 {
    fn from(hit: &RetroHit) -> Self {
        Self {
            of: hit.of.0,
            grade: hit.grade.code().to_owned(),
            candidates: hit.candidates.iter().map(CandidateV1::from).collect(),
            registers: hit.registers.iter().map(RegisterAgeV1::from).collect(),
        }
    }
}

impl TryFrom<RetroHitV1> for RetroHit {
    type Error = UnknownWord;
    fn try_from(frozen: RetroHitV1) -> Result<Self, UnknownWord> {
        Ok(Self {
            of: Seq(frozen.of),
            grade: common::grade(&frozen.grade)?,
            candidates: common::all(frozen.candidates)?,
            registers: common::all(frozen.registers)?,
        })
    }
}
