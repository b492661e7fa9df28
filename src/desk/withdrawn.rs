//! Matches that are none any more, or must be handled otherwise: an item may be held for a record that its owner has withdrawn or
//! corrected since, that has expired, or that asks by now that nobody notices, and nobody at the post would know. The record as it
//! is now is judged as for a check, and held against what the post was told last. Told once, at the sync that changed it; and the
//! window keeps saying so until somebody has said to have seen it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::retro::{PAGE, RetroHitFound};
use super::status::moment;
use super::told::{Handling, Matched, Told, ToldMatches, is_open, name_of};
use super::{Desk, DeskError};
use crate::domain::{Candidate, Grade, Lowered, NotChecked, Record, RegisterId, Seq, Verdict};
use crate::ledger::CandidateRef;
use crate::store::Sighting;

/// A past match that is none any more, or must be handled otherwise.
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
    /// The record is still there, and says something else, or has expired.
    pub changed: bool,
    /// What became of it.
    #[serde(default)]
    pub reason: Reason,
    /// The day after which the record is no ground to act on, where that is over.
    #[serde(default)]
    pub expired_on: Option<NaiveDate>,
    /// What the officer's safety needs, if the record tells it by now.
    #[serde(default)]
    pub caution: Option<String>,
    /// Its owner asks for a discreet check by now.
    #[serde(default)]
    pub discreet: bool,
    /// What other records the same marks and description meet now: the source may list the item under another id, or another
    /// source may.
    pub now: Grade,
}

/// What became of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its record is gone.
    #[default]
    Withdrawn,
    /// Its record is another item's now.
    Corrected,
    /// Its record has expired.
    Expired,
    /// Its record only says by now where the item was delivered, or is expected.
    Delivered,
    /// Its record agrees less than it did.
    Weaker,
    /// It matches as before, and its owner asks now that nobody notices.
    Discreet,
    /// It matches as before, and its owner asks now for no more than a report.
    Report,
    /// It matches as before, and its owner asks now to hold the item.
    Hold,
    /// It matches as before, and what the officer's safety needs is new.
    Caution,
}

impl Reason {
    /// The name used in JSON; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Corrected => "corrected",
            Self::Expired => "expired",
            Self::Delivered => "delivered",
            Self::Weaker => "weaker",
            Self::Discreet => "discreet",
            Self::Report => "report",
            Self::Hold => "hold",
            Self::Caution => "caution",
        }
    }
}

/// How a match is now, and what is to be told of that.
struct Looked {
    told: Told,
    news: Option<WithdrawnMatch>,
}

impl Desk {
    /// The matches of the days that are looked back to which are none any more, or must be handled otherwise than the post was
    /// told last, each once. `retold` was found just now, and is told for itself.
    ///
    /// Looked through only when the registers or the day are others than the last time, or something was retold; and only a
    /// match whose record has changed, or expired since, is judged. Until the hub has told its time, as `has_hub_s_time` says, no
    /// later day counts than that of the last time: a clock that ran ahead since must not make records expire.
    ///
    /// # Errors
    /// When the ledger or the registers cannot be read.
    pub(super) fn withdrawn_matches(
        &self,
        retold: &[RetroHitFound],
        has_hub_s_time: bool,
    ) -> Result<Vec<WithdrawnMatch>, DeskError> {
        if !self.records.is_ready() {
            return Ok(Vec::new());
        }
        let held = self.records.registers();
        let versions: Vec<String> = held.iter().map(|r| format!("{}@{}", r.id, r.version)).collect();
        let before = self.told_matches()?;
        let today = self.today();
        let day = if has_hub_s_time || before.versions.is_empty() { today } else { today.min(before.day) };
        let mut now = ToldMatches { versions: versions.join(" "), day, ..ToldMatches::default() };
        if (&before.versions, before.day) == (&now.versions, now.day) && retold.is_empty() {
            return Ok(Vec::new());
        }
        let retold: BTreeMap<String, Grade> =
            retold.iter().flat_map(|hit| hit.news.iter().map(|c| (name_of(hit.of, c), c.grade))).collect();
        let mut found = Vec::new();
        let since = self.looked_back_to();
        loop {
            let page = self.ledger.sightings_since(since, now.through, PAGE)?;
            let Some(last) = page.last() else { break };
            now.through = last.seq;
            for sighting in page.iter().filter(|sighting| is_open(sighting)) {
                for matched in self.matches_of(sighting)? {
                    let candidate = &matched.candidate;
                    let name = name_of(sighting.seq, candidate);
                    let told = before.matches.get(&name);
                    // A register that this device has no more says nothing of its records.
                    let Some(register) = held.iter().find(|r| r.id == candidate.register) else {
                        now.matches.extend(told.map(|told| (name, told.clone())));
                        continue;
                    };
                    let record = self.records.record(&candidate.register, &candidate.record)?;
                    let as_told = |grade| Told::as_told(grade, record.as_ref());
                    if let Some(grade) = retold.get(&name) {
                        now.matches.insert(name, as_told(*grade));
                        continue;
                    }
                    let told = match told {
                        Some(told) => told.clone(),
                        None if matched.is_of(register.version) => as_told(candidate.grade),
                        // Before the first look, nothing was noted of how any item was to be handled.
                        None if before.versions.is_empty() => Told { record: None, ..as_told(candidate.grade) },
                        None => Told::unknown(candidate.grade),
                    };
                    let Some(looked) = self.look_at(sighting, &matched, told, record.as_ref(), day) else {
                        return Ok(Vec::new());
                    };
                    found.extend(looked.news);
                    now.matches.insert(name, looked.told);
                }
            }
        }
        // Before it is noted that these were looked through: a kill between the two finds them again.
        self.put_waiting(&found, &now, &|name| retold.contains_key(name))?;
        self.keep_told_matches(&now)?;
        Ok(found)
    }

    /// How a match is now. Nothing when the registers cannot be asked.
    fn look_at(
        &self,
        sighting: &Sighting,
        matched: &Matched,
        told: Told,
        record: Option<&Record>,
        day: NaiveDate,
    ) -> Option<Looked> {
        let is = Told::of(told.grade, record, day);
        // Nearly all are as they were, and need no check of their own.
        let is_as_told = if record.is_some() { is == told } else { !told.is_match() };
        if is_as_told {
            return Some(Looked { told, news: None });
        }
        let now = self.answer_by(sighting, day);
        if matches!(now.reason, Some(NotChecked::IndexLoading | NotChecked::RegistersUnreadable)) {
            return None;
        }
        let candidate = now.candidates.iter().find(|listed| matched.candidate.names(listed));
        if record.is_some() && candidate.is_none() && now.more_at_least {
            // Among more than are listed: that tells nothing of this one.
            return Some(Looked { told, news: None });
        }
        // What is stronger than it was told is for a retro-hit to tell.
        let grade = candidate.map_or(Grade::NoRecord, |c| c.grade).min(told.grade);
        let reason = match candidate {
            _ if !told.is_match() => None,
            None if record.is_none() => Some(Reason::Withdrawn),
            None => Some(Reason::Corrected),
            Some(candidate) => otherwise(candidate, &told, &is),
        };
        let news = reason.map(|reason| {
            let record = record.filter(|_| candidate.is_some());
            WithdrawnMatch {
                changed: reason != Reason::Withdrawn,
                reason,
                expired_on: record.and_then(|record| record.expires_on).filter(|_| is.expired),
                caution: record.and_then(|record| record.caution.clone()),
                discreet: record.is_some() && is.handling == Handling::Discreet,
                ..withdrawn_match(sighting, &matched.candidate, of_others(&now, &matched.candidate))
            }
        });
        Some(Looked { told: Told { grade, ..is }, news })
    }

    /// The same marks and description, held against the registers of now.
    pub(super) fn answer_of_now(&self, sighting: &Sighting) -> Verdict {
        self.answer_by(sighting, self.today())
    }

    fn answer_by(&self, sighting: &Sighting, day: NaiveDate) -> Verdict {
        let mut now = self.records.judge(&sighting.check.item);
        super::check::lower_expired(&mut now, day);
        now
    }
}

/// What is otherwise with a record that still comes into question, the gravest first.
fn otherwise(candidate: &Candidate, told: &Told, is: &Told) -> Option<Reason> {
    let lowered = |why| candidate.why.lowered.contains(&why);
    if lowered(Lowered::Expired) {
        Some(Reason::Expired)
    } else if lowered(Lowered::Delivered) || lowered(Lowered::Expected) {
        Some(Reason::Delivered)
    } else if candidate.grade < told.grade {
        Some(Reason::Weaker)
    } else if is.handling != told.handling {
        Some(match is.handling {
            Handling::Discreet => Reason::Discreet,
            Handling::Report => Reason::Report,
            Handling::Hold => Reason::Hold,
        })
    } else {
        (is.caution.is_some() && is.caution != told.caution).then_some(Reason::Caution)
    }
}

/// What the answer says without that record.
fn of_others(now: &Verdict, matched: &CandidateRef) -> Grade {
    let others = now.candidates.iter().filter(|c| !matched.names(c)).map(|c| c.grade).max();
    others.unwrap_or(if now.candidates.is_empty() { now.grade } else { Grade::NoRecord })
}

fn withdrawn_match(sighting: &Sighting, matched: &CandidateRef, now: Grade) -> WithdrawnMatch {
    WithdrawnMatch {
        of: sighting.seq,
        checked_at: moment(sighting.wall_ms),
        marks: sighting.check.item.marks.iter().map(|seen| seen.mark.value.clone()).collect(),
        register: matched.register.clone(),
        record: matched.record.clone(),
        changed: false,
        reason: Reason::Withdrawn,
        expired_on: None,
        caution: None,
        discreet: false,
        now,
    }
}
