//! Looking records up by a pattern, and opening one: each an entry, because a look-up tells what police data hold.
//!
//! Two steps: candidates first, with what is needed to compare; the whole record, with how its owner is reached and what
//! the owner forbids, when it is opened.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::say_what_expired;
use super::{Desk, DeskError};
use crate::domain::{Candidate, Facts, Lowered, Record, RegisterId, Seq};
use crate::ledger::{Payload, Search};
use crate::registers::disclosure;
use crate::store::StoreError;

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
    pub entry: Seq,
}

/// A record that a look-up found, as scripts read it: nothing was judged, so it has neither grade nor rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Found {
    /// The register it stands in.
    pub register: RegisterId,
    /// The record's id.
    pub record: String,
    /// What is needed to compare.
    pub fields: Facts,
    /// It has expired, and is no ground to act on by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
}

impl LookUp {
    /// As scripts read it.
    pub fn to_json(&self) -> Value {
        let found: Vec<Found> = self.candidates.iter().map(Found::from).collect();
        json!({ "candidates": found, "cut": self.cut, "entry": self.entry })
    }
}

impl From<&Candidate> for Found {
    fn from(candidate: &Candidate) -> Self {
        Self {
            register: candidate.register.clone(),
            record: candidate.record.clone(),
            fields: candidate.fields.clone(),
            expired: candidate.why.lowered.contains(&Lowered::Expired),
        }
    }
}

/// A record, opened.
#[derive(Debug, Clone)]
pub struct OpenedRecord {
    /// All of it.
    pub record: Record,
    /// The entry that says so.
    pub entry: Seq,
    /// The record has expired, and is no ground to act on by itself.
    pub expired: bool,
}

impl OpenedRecord {
    /// As scripts read it.
    pub fn to_json(&self, register: &str) -> Value {
        json!({
            "register": register,
            "record": self.record.id,
            "entry": self.entry,
            "fields": disclosure::whole(&self.record),
            "marks": self.record.marks,
            "ranges": self.record.ranges,
            "expired": self.expired,
        })
    }
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
        let mut found = self.records.search(pattern, SHOWN_MAX)?;
        say_what_expired(&mut found.candidates, self.today());
        let shown = u32::try_from(found.candidates.len()).unwrap_or(u32::MAX);
        let entry = Payload::Search(Search { pattern: pattern.to_owned(), shown, cut: found.cut });
        let entry = self.ledger.append(&self.officer(), &entry)?;
        Ok(LookUp { candidates: found.candidates, cut: found.cut, entry })
    }

    /// Opens a record: the second step, after the candidate. `from` is the check or look-up that led to it.
    ///
    /// # Errors
    /// When the registers cannot be asked, hold no such record, `from` is nothing that leads to one, or the disk refuses the entry: without an
    /// entry nothing is shown. Asking for a record that is not there is an entry too, for the answer tells something.
    pub fn read_record(&self, register: &RegisterId, id: &str, from: Option<Seq>) -> Result<OpenedRecord, DeskError> {
        self.records.wait();
        if let Some(from) = from {
            let led = self.ledger.payload(from)?;
            let leads = |said: &Payload| {
                matches!(said, Payload::Check(_) | Payload::LateCheck(_) | Payload::Search(_) | Payload::RetroHit(_))
            };
            led.filter(leads).ok_or(StoreError::NoSuchCheck(from))?;
        }
        let record = self.records.record(register, id)?;
        let entry = self.open_record(register, id, from)?;
        let is_held = self.records.registers().iter().any(|held| held.id == *register);
        let record = record.ok_or_else(|| match is_held {
            true => DeskError::NoSuchRecord { register: register.clone(), record: id.to_owned() },
            false => DeskError::NoSuchRegister { register: register.clone() },
        })?;
        let expired = record.expires_on.is_some_and(|day| day < self.today());
        Ok(OpenedRecord { record, entry, expired })
    }
}
