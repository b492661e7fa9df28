//! What a sync did, for people and scripts to read.

use serde::Serialize;

use super::status::{ReceiptStatus, moment};
use super::{DeskError, RetroHitFound, WithdrawnMatch};
use crate::domain::{Candidate, Difference, Facts, Grade, RegisterId, RegisterVersion, Rule, Seq, asks_for_discretion};
use crate::ledger::CandidateRef;

/// What a sync did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SyncReport {
    /// Bytes of bodies sent.
    pub bytes_up: u64,
    /// Bytes of bodies received.
    pub bytes_down: u64,
    /// Entries that the hub has acknowledged now.
    pub entries: u64,
    /// Photos that the hub has now.
    pub photos: u64,
    /// Registers that changed, or were refused.
    pub registers: Vec<RegisterReport>,
    /// Past sightings that new records turn out to match.
    pub retro_hits: Vec<RetroReport>,
    /// Past matches whose record was withdrawn.
    pub withdrawn_matches: Vec<WithdrawnMatch>,
    /// The proof of arrival.
    pub receipt: Option<ReceiptStatus>,
    /// What failed; the rest was done all the same.
    pub failed: Vec<String>,
    /// Registers for which the hub has not vouched as lately as it meant to: nothing new comes, or somebody keeps it back.
    pub late: Vec<LateRegister>,
    /// The code of each failure, in the same order; see [`DeskError::code`].
    #[serde(skip)]
    pub failed_codes: Vec<&'static str>,
}

impl SyncReport {
    pub(super) fn fail(&mut self, code: &'static str, words: String) {
        self.failed.push(words);
        self.failed_codes.push(code);
    }

    pub(super) fn fail_for(&mut self, error: impl Into<DeskError>) {
        let error = error.into();
        self.fail(error.code(), error.to_string());
    }
}

/// A register that came down.
#[derive(Debug, Clone, Serialize)]
pub struct RegisterReport {
    /// Its id.
    pub id: RegisterId,
    /// The version before.
    pub from: Option<RegisterVersion>,
    /// The version offered.
    pub to: RegisterVersion,
    /// Its records.
    pub records: u64,
    /// Why it was not taken over, if so.
    pub refused: Option<String>,
}

/// A register whose feed stands still.
#[derive(Debug, Clone, Serialize)]
pub struct LateRegister {
    /// Its id.
    pub id: RegisterId,
    /// When the hub vouched for it last.
    pub signed: chrono::DateTime<chrono::Utc>,
    /// When it meant to have done so again.
    pub next: chrono::DateTime<chrono::Utc>,
}

/// A retro-hit, for printing.
#[derive(Debug, Clone, Serialize)]
pub struct RetroReport {
    /// The check of then.
    pub of: Seq,
    /// The entry of the retro-hit.
    pub entry: Seq,
    /// Its grade.
    pub grade: Grade,
    /// When the item was checked.
    pub checked_at: chrono::DateTime<chrono::Utc>,
    /// The marks that were checked, as they were read.
    pub marks: Vec<String>,
    /// The records that match now and did not then, strongest first.
    pub records: Vec<RetroRecord>,
}

/// A record that a past check turns out to match.
#[derive(Debug, Clone, Serialize)]
pub struct RetroRecord {
    /// Its register.
    pub register: RegisterId,
    /// Its id there.
    pub record: String,
    /// How strongly it agrees.
    pub grade: Grade,
    /// The rule by which it does.
    pub rule: Rule,
    /// Where the marks differ, in order.
    pub differs: Vec<Difference>,
    /// What the officer's safety needs, if the record tells it.
    pub caution: Option<String>,
    /// Its owner asks for a discreet check.
    pub discreet: bool,
}

impl From<&RetroHitFound> for RetroReport {
    fn from(found: &RetroHitFound) -> Self {
        let record = |c: &CandidateRef| {
            let mut listed = found.verdict.candidates.iter();
            RetroRecord::of(c, listed.find(|listed| c.names(listed)), None)
        };
        Self {
            of: found.of,
            entry: found.entry,
            grade: found.verdict.grade,
            checked_at: moment(found.checked_ms),
            marks: found.marks.clone(),
            records: found.news.iter().map(record).collect(),
        }
    }
}

impl RetroRecord {
    /// With what the answer of now says of it, or else with its facts, where they are at hand.
    pub(super) fn of(candidate: &CandidateRef, now: Option<&Candidate>, facts: Option<&Facts>) -> Self {
        let fields = now.map(|now| &now.fields).or(facts);
        Self {
            register: candidate.register.clone(),
            record: candidate.record.clone(),
            grade: candidate.grade,
            rule: now.map_or(candidate.rule, |now| now.rule),
            differs: now.map(|now| now.differs.clone()).unwrap_or_default(),
            caution: fields.and_then(|fields| fields.get("caution").cloned()),
            discreet: fields.is_some_and(asks_for_discretion),
        }
    }
}
