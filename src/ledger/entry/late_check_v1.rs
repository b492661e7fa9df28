//! Frozen: a check that was on paper first, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use super::check_v1::CheckV1;
use crate::ledger::payload::LateCheck;

#[derive(Serialize, Deserialize)]
pub struct LateCheckV1 {
    paper: String,
    checked_ms: i64,
    check: CheckV1,
}

impl From<&LateCheck> for LateCheckV1 {
    fn from(late: &LateCheck) -> Self {
        Self { paper: late.paper.clone(), checked_ms: late.checked_ms, check: CheckV1::from(&late.check) }
    }
}

impl TryFrom<LateCheckV1> for LateCheck {
    type Error = UnknownWord;
    fn try_from(frozen: LateCheckV1) -> Result<Self, UnknownWord> {
        Ok(Self { paper: frozen.paper, checked_ms: frozen.checked_ms, check: frozen.check.try_into()? })
    }
}
