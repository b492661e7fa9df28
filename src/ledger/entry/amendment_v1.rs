//! Frozen: a correction of a checked item, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use super::common_v1::ItemV1;
use crate::domain::Seq;
use crate::ledger::payload::Amendment;

#[derive(Serialize, Deserialize)]
pub struct AmendmentV1 {
    of: u64,
    item: ItemV1,
    note: String,
}

impl From<&Amendment> for AmendmentV1 {
    fn from(amendment: &Amendment) -> Self {
        Self { of: amendment.of.0, item: ItemV1::from(&amendment.item), note: amendment.note.clone() }
    }
}

impl TryFrom<AmendmentV1> for Amendment {
    type Error = UnknownWord;
    fn try_from(frozen: AmendmentV1) -> Result<Self, UnknownWord> {
        Ok(Self { of: Seq(frozen.of), item: frozen.item.try_into()?, note: frozen.note })
    }
}
