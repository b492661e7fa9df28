//! Frozen: a decision about a checked item, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use super::common_v1::PhotoV1;
use crate::domain::Seq;
use crate::ledger::payload::Decided;

#[derive(Serialize, Deserialize)]
pub struct DecisionV1 {
    of: u64,
    code: String,
    note: String,
    photo: Option<PhotoV1>,
}

impl From<&Decided> for DecisionV1 {
    fn from(decided: &Decided) -> Self {
        Self {
            of: decided.of.0,
            code: decided.code.code().to_owned(),
            note: decided.note.clone(),
            photo: decided.photo.map(PhotoV1::from),
        }
    }
}

impl TryFrom<DecisionV1> for Decided {
    type Error = UnknownWord;
    fn try_from(frozen: DecisionV1) -> Result<Self, UnknownWord> {
        Ok(Self {
            of: Seq(frozen.of),
            code: frozen.code.parse().map_err(|_| UnknownWord)?,
            note: frozen.note,
            photo: frozen.photo.map(Into::into),
        })
    }
}
