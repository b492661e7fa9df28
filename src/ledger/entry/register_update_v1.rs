//! Frozen: a register changed its version, or an update was refused (`refused` says why), version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::domain::{RegisterId, RegisterVersion};
use crate::ledger::payload::{RegisterUpdate, UpdateOutcome};

#[derive(Serialize, Deserialize)]
pub struct RegisterUpdateV1 {
    register: String,
    from: Option<u64>,
    to: u64,
    as_of_ms: i64,
    records: u64,
    refused: Option<String>,
}

impl From<&RegisterUpdate> for RegisterUpdateV1 {
    fn from(update: &RegisterUpdate) -> Self {
        Self {
            register: update.register.0.clone(),
            from: update.from.map(|x| x.0),
            to: update.to.0,
            as_of_ms: update.as_of_ms,
            records: update.records,
            refused: match &update.outcome {
                UpdateOutcome::Accepted => None,
                UpdateOutcome::Refused { reason } => Some(reason.clone()),
            },
        }
    }
}

impl TryFrom<RegisterUpdateV1> for RegisterUpdate {
    type Error = UnknownWord;
    fn try_from(frozen: RegisterUpdateV1) -> Result<Self, UnknownWord> {
        Ok(Self {
            register: RegisterId(frozen.register),
            from: frozen.from.map(RegisterVersion),
            to: RegisterVersion(frozen.to),
            as_of_ms: frozen.as_of_ms,
            records: frozen.records,
            outcome: match frozen.refused {
                None => UpdateOutcome::Accepted,
                Some(reason) => UpdateOutcome::Refused { reason },
            },
        })
    }
}
