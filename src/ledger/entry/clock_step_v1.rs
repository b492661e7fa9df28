//! Frozen: the wall clock jumped, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::ledger::payload::ClockStep;

#[derive(Serialize, Deserialize)]
pub struct ClockStepV1 {
    expected_ms: i64,
    found_ms: i64,
}

impl From<&ClockStep> for ClockStepV1 {
    fn from(step: &ClockStep) -> Self {
        Self { expected_ms: step.expected_ms, found_ms: step.found_ms }
    }
}

impl TryFrom<ClockStepV1> for ClockStep {
    type Error = UnknownWord;
    fn try_from(frozen: ClockStepV1) -> Result<Self, UnknownWord> {
        Ok(Self { expected_ms: frozen.expected_ms, found_ms: frozen.found_ms })
    }
}
