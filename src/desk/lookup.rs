//! Looking records up by a pattern: each one an entry, because a look-up tells what police data hold.

use super::{Desk, DeskError};
use crate::domain::Candidate;
use crate::ledger::{Payload, Search};

/// An officer sees so many candidates at most.
pub const SHOWN_MAX: usize = 20;

/// What a look-up found.
#[derive(Debug, Clone)]
pub struct LookUp {
    /// The records, at most [`SHOWN_MAX`].
    pub candidates: Vec<Candidate>,
    /// Whether more would have matched.
    pub cut: bool,
    /// The entry that records the look-up.
    pub entry: crate::domain::Seq,
}

impl Desk {
    /// Looks up marks by a pattern: `?` is one character, `*` any number, and at least four characters are fixed.
    ///
    /// # Errors
    /// When the pattern fixes too little, the registers cannot be asked, or the disk refuses the entry: without an entry
    /// nothing is shown.
    pub fn search(&self, pattern: &str) -> Result<LookUp, DeskError> {
        self.records.wait();
        if self.records.is_ready() && self.records.registers().is_empty() {
            return Err(DeskError::NoRegisters);
        }
        let found = self.records.search(pattern, SHOWN_MAX)?;
        let shown = u32::try_from(found.candidates.len()).unwrap_or(u32::MAX);
        let entry = Payload::Search(Search { pattern: pattern.to_owned(), shown, cut: found.cut });
        let entry = self.ledger.append(&self.officer(), &entry)?;
        Ok(LookUp { candidates: found.candidates, cut: found.cut, entry })
    }
}
