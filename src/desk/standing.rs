//! What the registers of now say of the records that an earlier check, or a retro-hit, has found. A card may stand on the screen
//! and a match may wait while a sync takes its record away or changes it. This is a look and no check: nothing is written down.

use std::collections::BTreeSet;

use super::check::lower_expired;
use super::{Desk, DeskError, RetroRecord, locked};
use crate::domain::keys::canonical;
use crate::domain::{Candidate, Item, Record, RegisterId, Seq, asks_for_discretion};
use crate::registers::disclosure::fields;
use crate::store::Sighting;

/// What became of a record that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It cannot be told: the registers are loading, or leave records out unseen.
    Unknown,
    /// Its register is not on this device any more.
    NoRegister,
    /// It is not in its register any more.
    Withdrawn,
    /// It is there, and was changed so that nothing of it agrees with the item: it is another item's.
    Another,
    /// It comes into question, as far as the registers of now say.
    Listed(Box<Candidate>),
}

/// Why a record for which a retro-hit was told is none to act on any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It is not in its register any more.
    Withdrawn,
    /// It was changed, and is another item's.
    Another,
    /// It has expired.
    Expired,
}

/// The checks that have retro-hits, up to an entry.
pub(super) type RetroKnown = (Seq, BTreeSet<Seq>);

impl Desk {
    /// What became of these records, each named by its register and its id, that a check of the item has found.
    pub fn standings(&self, item: &Item, named: &[(RegisterId, String)]) -> Vec<Standing> {
        if !self.records.is_ready() {
            return named.iter().map(|_| Standing::Unknown).collect();
        }
        let held = self.records.registers();
        let mut now = self.records.judge(item);
        lower_expired(&mut now, self.today());
        let leaves_none_out = now.reason.is_none() && !now.more_at_least;
        let standing = |(register, id): &(RegisterId, String)| {
            if !held.iter().any(|held| held.id == *register) {
                return Standing::NoRegister;
            }
            if let Some(listed) = now.candidates.iter().find(|c| c.register == *register && c.record == *id) {
                return Standing::Listed(Box::new(listed.clone()));
            }
            match self.records.record(register, id) {
                Ok(None) => Standing::Withdrawn,
                Ok(Some(record)) if leaves_none_out && !shares_a_mark(item, &record) => Standing::Another,
                Ok(Some(_)) | Err(_) => Standing::Unknown,
            }
        };
        named.iter().map(standing).collect()
    }

    /// The records for which the latest retro-hit on a sighting was told, strongest first, with what they say now of caution and
    /// discretion, and why they are none to act on any more, if so.
    pub fn retro_records_now(&self, sighting: &Sighting) -> Vec<(RetroRecord, Option<Gone>)> {
        let told = self.retro_records(sighting);
        if !self.records.is_ready() {
            return told.into_iter().map(|told| (told, None)).collect();
        }
        let held = self.records.registers();
        let with_fate = |mut told: RetroRecord| {
            let gone = match self.records.record(&told.register, &told.record) {
                Err(_) => None,
                Ok(None) => held.iter().any(|held| held.id == told.register).then_some(Gone::Withdrawn),
                Ok(Some(record)) => {
                    let facts = fields(&record);
                    told.caution = facts.get("caution").cloned();
                    told.discreet = asks_for_discretion(&facts);
                    let is_another = || {
                        let now = self.answer_of_now(sighting);
                        let is_it = |c: &Candidate| c.register == told.register && c.record == told.record;
                        now.reason.is_none() && !now.more_at_least && !now.candidates.iter().any(is_it)
                    };
                    let has_expired = record.expires_on.is_some_and(|day| day < self.today());
                    match shares_a_mark(&sighting.check.item, &record) {
                        false if is_another() => Some(Gone::Another),
                        _ => has_expired.then_some(Gone::Expired),
                    }
                }
            };
            (told, gone)
        };
        told.into_iter().map(with_fate).collect()
    }

    /// How many checks have a retro-hit. Only those that came since are read from the ledger.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn retro_count(&self) -> Result<usize, DeskError> {
        let mut known = locked(&self.retro_known);
        for (entry, sighting) in self.ledger.retro_hits_after(known.0)? {
            known.0 = known.0.max(entry);
            known.1.insert(sighting.seq);
        }
        Ok(known.1.len())
    }
}

/// Whether a mark of the item is one that the record lists.
fn shares_a_mark(item: &Item, record: &Record) -> bool {
    let listed: BTreeSet<String> = record.marks.iter().map(|mark| canonical(&mark.value)).collect();
    item.marks
        .iter()
        .map(|seen| &seen.mark.value)
        .any(|value| listed.contains(&canonical(value)) || record.ranges.iter().any(|range| range.contains(value)))
}
