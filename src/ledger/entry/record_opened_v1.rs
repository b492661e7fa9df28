//! Frozen: a record was looked at, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::domain::{RegisterId, Seq};
use crate::ledger::payload::RecordOpened;

#[derive(Serialize, Deserialize)]
pub struct RecordOpenedV1 {
    register: String,
    record: String,
    from: Option<u64>,
}

impl From<&RecordOpened> for RecordOpenedV1 {
    fn from(opened: &RecordOpened) -> Self {
        Self { register: opened.register.0.clone(), record: opened.record.clone(), from: opened.from.map(|x| x.0) }
    }
}

impl TryFrom<RecordOpenedV1> for RecordOpened {
    type Error = UnknownWord;
    fn try_from(frozen: RecordOpenedV1) -> Result<Self, UnknownWord> {
        Ok(Self { register: RegisterId(frozen.register), record: frozen.record, from: frozen.from.map(Seq) })
    }
}
