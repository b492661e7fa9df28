//! What the post was told last of each past match. Only beside that can be said what is otherwise by now, and said once. All of it
//! is one setting: among many sightings there are few matches.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Desk, DeskError};
use crate::domain::{Action, DecisionCode, Grade, Hash, Record, RegisterAge, RegisterId, RegisterVersion, Seq};
use crate::ledger::CandidateRef;
use crate::store::Sighting;

const SETTING: &str = "matches.told";
/// What earlier programs kept: the registers with versions, then the matches whose record was told to be gone.
const EARLIER: &str = "withdrawn.looked_through";

/// What was told of all matches, and by what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ToldMatches {
    /// The registers, with versions, by which they were looked through last; empty before the first time.
    pub versions: String,
    /// Today, when that was.
    pub day: NaiveDate,
    /// Up to this entry, every match that could be noted is.
    pub through: Seq,
    /// Each by its [`name_of`].
    pub matches: BTreeMap<String, Told>,
}

/// What was told of one match: how its record was, and what that asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// How strongly it agreed; *no record* once it was told to be gone or another item's.
    pub grade: Grade,
    /// The whole record, hashed; none when it is gone, or was not seen as it was then.
    pub record: Option<Hash>,
    /// It had expired.
    pub expired: bool,
    /// How its owner asked to treat the item.
    pub handling: Handling,
    /// What the officer's safety needs, hashed.
    pub caution: Option<Hash>,
}

/// How an owner asks to treat an item that is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Handling {
    /// It is held until the owner has spoken.
    #[default]
    Hold,
    /// It is noted and reported, and goes on.
    Report,
    /// The same, and nobody may notice.
    Discreet,
}

/// A record that would have stopped the item, as it was told: by the check, or by a retro-hit later.
#[derive(Debug, Clone)]
pub(super) struct Matched {
    pub candidate: CandidateRef,
    /// The version of its register in that answer.
    version: Option<RegisterVersion>,
}

impl Told {
    pub fn of(grade: Grade, record: Option<&Record>, today: NaiveDate) -> Self {
        let handling = match record.and_then(|record| record.action) {
            Some(Action::DiscreetCheck) => Handling::Discreet,
            Some(Action::Report) => Handling::Report,
            _ => Handling::Hold,
        };
        let caution = record.and_then(|record| record.caution.as_deref()).filter(|caution| !caution.is_empty());
        Self {
            grade,
            record: record.map(|record| hash(&serde_json::to_vec(record).unwrap_or_default())),
            expired: record.is_some_and(|record| record.expires_on.is_some_and(|day| day < today)),
            handling,
            caution: caution.map(|caution| hash(caution.as_bytes())),
        }
    }

    /// Of a match that was just told, whose record has not changed since: what has expired is no match, so it had not then.
    pub fn as_told(grade: Grade, record: Option<&Record>) -> Self {
        Self::of(grade, record, NaiveDate::MIN)
    }

    /// Of a match about which nobody knows any more what its record said. Then no caution was told, and nothing but to hold
    /// the item: rather twice than never.
    pub fn unknown(grade: Grade) -> Self {
        Self::as_told(grade, None)
    }

    /// The post's last word of it is that it would stop the item.
    pub fn is_match(&self) -> bool {
        self.grade >= Grade::Probable
    }
}

fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

impl Matched {
    /// Whether it was told with the register as it is here now.
    pub fn is_of(&self, version: RegisterVersion) -> bool {
        self.version == Some(version)
    }
}

/// A match: the check, register and record, in one line.
pub(super) fn name_of(of: Seq, matched: &CandidateRef) -> String {
    name(of, &matched.register, &matched.record)
}

pub(super) fn name(of: Seq, register: &RegisterId, record: &str) -> String {
    format!("{of} {register} {}", record.escape_default())
}

/// Those that were found not to be the item are nobody's concern any more.
pub(super) fn is_open(sighting: &Sighting) -> bool {
    sighting.decision.as_ref().is_none_or(|decided| decided.code != DecisionCode::NotIdentical)
}

impl Desk {
    /// What was told of past matches.
    pub(super) fn told_matches(&self) -> Result<ToldMatches, DeskError> {
        if let Some(kept) = self.ledger.setting(SETTING)? {
            return Ok(serde_json::from_slice(&kept).unwrap_or_else(|error| {
                tracing::warn!(%error, "what was told of past matches cannot be understood");
                ToldMatches::default()
            }));
        }
        let earlier = String::from_utf8(self.ledger.setting(EARLIER)?.unwrap_or_default()).unwrap_or_default();
        let gone = earlier.lines().skip(1).map(|name| (name.to_owned(), Told::unknown(Grade::NoRecord)));
        Ok(ToldMatches { matches: gone.collect(), ..ToldMatches::default() })
    }

    pub(super) fn keep_told_matches(&self, told: &ToldMatches) -> Result<(), DeskError> {
        let text = serde_json::to_vec(told).unwrap_or_default();
        Ok(self.ledger.set_setting(SETTING, &text)?)
    }

    /// The records that would have stopped the item: in the answer of then, and in every later retro-hit, for a record may be
    /// withdrawn by the very version that brings another one. Each as it was told when it agreed most.
    pub(super) fn matches_of(&self, sighting: &Sighting) -> Result<Vec<Matched>, DeskError> {
        let mut found = Vec::new();
        take(&mut found, &sighting.check.candidates, &sighting.check.registers);
        if sighting.retro_hit.is_some() {
            for hit in self.ledger.retro_hits_on(sighting.seq)? {
                take(&mut found, &hit.candidates, &hit.registers);
            }
        }
        Ok(found)
    }

    /// Notes what the records of new matches say, before other versions of the registers take their place: entries only name
    /// records, and nobody could tell later what of them has changed.
    ///
    /// # Errors
    /// When the ledger or the registers cannot be read, or the disk refuses.
    pub(super) fn note_matches(&self) -> Result<(), DeskError> {
        if !self.records.is_ready() {
            return Ok(());
        }
        let held = self.records.registers();
        let mut told = self.told_matches()?;
        let before = told.through;
        let since = self.looked_back_to();
        loop {
            let page = self.ledger.sightings_since(since, told.through, super::retro::PAGE)?;
            let Some(last) = page.last() else { break };
            told.through = last.seq;
            for sighting in page.iter().filter(|sighting| is_open(sighting)) {
                for matched in self.matches_of(sighting)? {
                    let candidate = &matched.candidate;
                    let is_as_told = held.iter().any(|r| r.id == candidate.register && matched.is_of(r.version));
                    let name = name_of(sighting.seq, candidate);
                    if is_as_told && !told.matches.contains_key(&name) {
                        let record = self.records.record(&candidate.register, &candidate.record)?;
                        told.matches.insert(name, Told::as_told(candidate.grade, record.as_ref()));
                    }
                }
            }
        }
        if told.through == before { Ok(()) } else { self.keep_told_matches(&told) }
    }
}

fn take(found: &mut Vec<Matched>, candidates: &[CandidateRef], registers: &[RegisterAge]) {
    for candidate in candidates.iter().filter(|c| c.grade >= Grade::Probable) {
        let version = registers.iter().find(|r| r.id == candidate.register).map(|r| r.version);
        let this = Matched { candidate: candidate.clone(), version };
        let same =
            |m: &&mut Matched| (&m.candidate.register, &m.candidate.record) == (&candidate.register, &candidate.record);
        match found.iter_mut().find(same) {
            None => found.push(this),
            Some(earlier) if earlier.candidate.grade < candidate.grade => *earlier = this,
            Some(_) => {}
        }
    }
}
