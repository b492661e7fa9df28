//! Frozen: the program started, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::ledger::payload::Started;

#[derive(Serialize, Deserialize)]
pub struct StartedV1 {
    program: String,
    face: String,
}

impl From<&Started> for StartedV1 {
    fn from(started: &Started) -> Self {
        Self { program: started.program.clone(), face: started.face.clone() }
    }
}

impl TryFrom<StartedV1> for Started {
    type Error = UnknownWord;
    fn try_from(frozen: StartedV1) -> Result<Self, UnknownWord> {
        Ok(Self { program: frozen.program, face: frozen.face })
    }
}
