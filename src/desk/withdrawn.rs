//! Matches whose record is gone, or was corrected and is another item's now: an item may be held for a record that its owner has
//! withdrawn since, and nobody at the post would know. Told once, at the sync that took the record away or changed it; and the
//! window keeps saying so until somebody has said to have seen it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::retro::PAGE;
use super::status::moment;
use super::{Desk, DeskError, locked};
use crate::domain::keys::canonical;
use crate::domain::{DecisionCode, Grade, Item, Record, RegisterId, Seq, Verdict};
use crate::ledger::CandidateRef;
use crate::store::Sighting;

/// Names the registers, with versions, by which matches were looked through last, then the matches that were told.
const LOOKED_THROUGH: &str = "withdrawn.looked_through";

/// The matches that were told to be gone and that nobody has said to have seen, as JSON.
const WAITING: &str = "withdrawn.waiting";

/// A past match whose record is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawnMatch {
    /// The check that found it.
    pub of: Seq,
    /// When that was, by the device's clock.
    pub checked_at: chrono::DateTime<chrono::Utc>,
    /// The marks that were checked, as they were read.
    pub marks: Vec<String>,
    /// The record's register.
    pub register: RegisterId,
    /// The record's id there.
    pub record: String,
    /// The record is still there, and says something else.
    pub changed: bool,
    /// What the same marks and description meet now: the source may list the item under another id, or another source may.
    pub now: Grade,
}

impl Desk {
    /// The matches of the days that are looked back to whose record this device held and holds no more, each once. Those that
    /// were found not to be the item are nobody's concern any more.
    ///
    /// # Errors
    /// When the ledger or the registers cannot be read.
    pub(super) fn withdrawn_matches(&self) -> Result<Vec<WithdrawnMatch>, DeskError> {
        if !self.records.is_ready() {
            return Ok(Vec::new());
        }
        let held = self.records.registers();
        let versions: Vec<String> = held.iter().map(|r| format!("{}@{}", r.id, r.version)).collect();
        let versions = versions.join(" ");
        let (looked_through, told) = self.told_withdrawn()?;
        if looked_through == versions {
            return Ok(Vec::new());
        }
        let (mut found, mut gone) = (Vec::new(), BTreeSet::new());
        let (since, mut after) = (self.looked_back_to(), Seq(0));
        loop {
            let page = self.ledger.sightings_since(since, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for sighting in page.iter().filter(|s| is_open(s)) {
                for matched in matches(sighting) {
                    // A register that this device has no more says nothing of its records.
                    if !held.iter().any(|r| r.id == matched.register) {
                        continue;
                    }
                    let record = self.records.record(&matched.register, &matched.record)?;
                    // Nearly all are as they were, and need no check of their own.
                    if record.as_ref().is_some_and(|record| shares_a_mark(&sighting.check.item, record)) {
                        continue;
                    }
                    let changed = record.is_some();
                    let now = if changed { Some(self.answer_of_now(sighting)) } else { None };
                    if now.as_ref().is_some_and(|now| !says_no_more(now, matched)) {
                        continue;
                    }
                    let name = name_of(sighting.seq, matched);
                    if !told.contains(&name) && !gone.contains(&name) {
                        let now = now.unwrap_or_else(|| self.answer_of_now(sighting));
                        found.push(withdrawn_match(sighting, matched, changed, now.grade));
                    }
                    gone.insert(name);
                }
            }
        }
        // Before it is noted that these were looked through: a kill between the two finds them again.
        self.change_waiting(|waiting| {
            waiting.retain(|told| gone.contains(&told.name()));
            let held: BTreeSet<String> = waiting.iter().map(WithdrawnMatch::name).collect();
            waiting.extend(found.iter().filter(|told| !held.contains(&told.name())).cloned());
        })?;
        let lines: Vec<String> = std::iter::once(versions).chain(gone).collect();
        self.ledger.set_setting(LOOKED_THROUGH, lines.join("\n").as_bytes())?;
        Ok(found)
    }

    /// The matches that were told to be gone and that nobody has said to have seen, those told first at the front. What is listed
    /// again, or was decided about as not identical, waits no more.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn withdrawn_waiting(&self) -> Result<Vec<WithdrawnMatch>, DeskError> {
        let kept = self.ledger.setting(WAITING)?.unwrap_or_default();
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        Ok(serde_json::from_slice(&kept).unwrap_or_else(|error| {
            tracing::warn!(%error, "the matches that were told to be withdrawn cannot be understood");
            Vec::new()
        }))
    }

    /// Somebody has seen that these are gone, each named by its check, register and record.
    ///
    /// # Errors
    /// When the disk refuses; they are told again then.
    pub fn withdrawn_seen(&self, seen: &[(Seq, RegisterId, String)]) -> Result<(), DeskError> {
        let is_it = |told: &WithdrawnMatch, (of, register, record): &(Seq, RegisterId, String)| {
            (told.of, &told.register, &told.record) == (*of, register, record)
        };
        self.change_waiting(|waiting| waiting.retain(|told| !seen.iter().any(|seen| is_it(told, seen))))
    }

    fn change_waiting(&self, change: impl FnOnce(&mut Vec<WithdrawnMatch>)) -> Result<(), DeskError> {
        let _one = locked(&self.waiting);
        let before = self.withdrawn_waiting()?;
        let mut waiting = before.clone();
        change(&mut waiting);
        if waiting == before {
            return Ok(());
        }
        Ok(self.ledger.set_setting(WAITING, serde_json::to_string(&waiting).unwrap_or_default().as_bytes())?)
    }

    /// The registers that matches were looked through by, and those matches, as [`name_of`], whose record was told to be gone.
    pub(super) fn told_withdrawn(&self) -> Result<(String, BTreeSet<String>), DeskError> {
        let kept = self.ledger.setting(LOOKED_THROUGH)?.unwrap_or_default();
        let kept = String::from_utf8(kept).unwrap_or_default();
        let (versions, told) = kept.split_once('\n').unwrap_or((&kept, ""));
        Ok((versions.to_owned(), told.lines().map(str::to_owned).collect()))
    }

    /// The same marks and description, held against the registers of now.
    pub(super) fn answer_of_now(&self, sighting: &Sighting) -> Verdict {
        let mut now = self.records.judge(&sighting.check.item);
        super::check::lower_expired(&mut now, self.today());
        now
    }
}

/// Whether a mark of the item is one that the record lists.
pub(super) fn shares_a_mark(item: &Item, record: &Record) -> bool {
    let listed: BTreeSet<String> = record.marks.iter().map(|mark| canonical(&mark.value)).collect();
    item.marks
        .iter()
        .map(|seen| &seen.mark.value)
        .any(|value| listed.contains(&canonical(value)) || record.ranges.iter().any(|range| range.contains(value)))
}

/// Whether that record is not even among what comes into question, in an answer that leaves nothing out unseen.
fn says_no_more(now: &Verdict, matched: &CandidateRef) -> bool {
    now.reason.is_none() && !now.more_at_least && !now.candidates.iter().any(|c| matched.names(c))
}

fn withdrawn_match(sighting: &Sighting, matched: &CandidateRef, changed: bool, now: Grade) -> WithdrawnMatch {
    WithdrawnMatch {
        of: sighting.seq,
        checked_at: moment(sighting.wall_ms),
        marks: sighting.check.item.marks.iter().map(|seen| seen.mark.value.clone()).collect(),
        register: matched.register.clone(),
        record: matched.record.clone(),
        changed,
        now,
    }
}

/// A match: the check, register and record, in one line.
pub(super) fn name_of(of: Seq, matched: &CandidateRef) -> String {
    name(of, &matched.register, &matched.record)
}

fn name(of: Seq, register: &RegisterId, record: &str) -> String {
    format!("{of} {register} {}", record.escape_default())
}

impl WithdrawnMatch {
    /// As [`name_of`] has it.
    fn name(&self) -> String {
        name(self.of, &self.register, &self.record)
    }
}

fn is_open(sighting: &Sighting) -> bool {
    sighting.decision.as_ref().is_none_or(|decided| decided.code != DecisionCode::NotIdentical)
}

/// The records that would have stopped the item, in the answer of then or in a later retro-hit.
fn matches(sighting: &Sighting) -> impl Iterator<Item = &CandidateRef> {
    let later = sighting.retro_hit.iter().flat_map(|r| &r.candidates);
    sighting.check.candidates.iter().chain(later).filter(|c| c.grade >= Grade::Probable)
}
