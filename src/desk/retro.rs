//! Retro-hits: past sightings, checked again when new records have come.

use std::collections::BTreeSet;

use super::{Desk, DeskError};
use crate::domain::{Candidate, Grade, Seq, Verdict};
use crate::ledger::{CandidateRef, Payload, RetroHit};
use crate::store::Sighting;

/// Sightings of so many days are checked again.
pub const DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;
/// Sightings read at once; bounds memory, whatever the ledger holds.
const PAGE: u32 = 500;
/// Names the registers, with versions, against which the past was checked last.
const CHECKED_AGAINST: &str = "retro.checked_against";

/// A past sighting that a new record turns out to match.
#[derive(Debug, Clone)]
pub struct RetroHitFound {
    /// The check of then.
    pub of: Seq,
    /// The entry of the retro-hit.
    pub entry: Seq,
    /// The answer of now.
    pub verdict: Verdict,
}

impl Desk {
    /// Checks the sightings of the last [`DAYS`] days again, if the registers are others than when that was done last. A
    /// kill on the way costs nothing: it begins again, and what was found stands already.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub fn check_past_again(&self, progress: &mut dyn FnMut(u64)) -> Result<Vec<RetroHitFound>, DeskError> {
        let now: Vec<_> = self.records.registers().into_iter().map(|r| format!("{}@{}", r.id, r.version)).collect();
        let now = now.join("\n").into_bytes();
        if !self.records.is_ready() || self.ledger.setting(CHECKED_AGAINST)?.as_deref() == Some(&now) {
            return Ok(Vec::new());
        }
        let since = self.ledger.clock().now().wall_ms.saturating_sub(DAYS * DAY_MS);
        let (mut found, mut after, mut done) = (Vec::new(), Seq(0), 0);
        loop {
            let page = self.ledger.sightings_since(since, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for sighting in &page {
                found.extend(self.check_again(sighting)?);
            }
            done += page.len() as u64;
            progress(done);
        }
        self.ledger.set_setting(CHECKED_AGAINST, &now)?;
        Ok(found)
    }

    fn check_again(&self, sighting: &Sighting) -> Result<Option<RetroHitFound>, DeskError> {
        let mut verdict = self.records.judge(&sighting.check.item);
        if !brings_news(sighting, &verdict.candidates) {
            return Ok(None);
        }
        let strong = verdict.candidates.iter().filter(|c| is_strong(c)).map(CandidateRef::from).collect();
        let hit = RetroHit {
            of: sighting.seq,
            grade: verdict.grade,
            candidates: strong,
            registers: verdict.registers.clone(),
        };
        let entry = self.ledger.append(&self.officer(), &Payload::RetroHit(hit))?;
        verdict.entry = Some(entry);
        Ok(Some(RetroHitFound { of: sighting.seq, entry, verdict }))
    }
}

/// Only what would have stopped the item counts: a *possible* of yesterday's hundred items is noise.
fn is_strong(candidate: &Candidate) -> bool {
    candidate.grade >= Grade::Probable
}

/// Whether a strong candidate was neither in the answer of then nor in an earlier retro-hit.
fn brings_news(sighting: &Sighting, candidates: &[Candidate]) -> bool {
    let later = sighting.retro_hit.iter().flat_map(|r| &r.candidates);
    let known: BTreeSet<_> =
        sighting.check.candidates.iter().chain(later).map(|c| (&c.register, c.record.as_str())).collect();
    candidates.iter().any(|c| is_strong(c) && !known.contains(&(&c.register, c.record.as_str())))
}
