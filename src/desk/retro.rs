//! Retro-hits: past sightings, checked again when new records have come. Where only changes came, a sighting is first held
//! against those alone: that takes a small part of a check, and nearly every sighting ends there.

use std::collections::{BTreeMap, BTreeSet};

use super::check::lower_expired;
use super::status::moment;
use super::withdrawn::name_of;
use super::{Desk, DeskError, RetroRecord, RetroReport, SyncReport};
use crate::domain::{Candidate, Grade, NotChecked, Rule, Seq, Verdict};
use crate::ledger::{CandidateRef, Payload, RetroHit};
use crate::registers::disclosure::fields;
use crate::store::Sighting;

/// Sightings of so many days are checked again.
pub const DAYS: i64 = 90;
/// Name of the setting that says another number of days.
pub const DAYS_SETTING: &str = "retro.days";
const DAY_MS: i64 = 86_400_000;
/// The hub's last word is no older than that where it has a new one, give or take what clocks differ by.
const WORD_DAYS: i64 = 2;
/// Sightings read at once; bounds memory, whatever the ledger holds.
pub(super) const PAGE: u32 = 500;
/// Names the registers, with versions, against which the past was checked last, and the last check that was looked at.
const CHECKED_AGAINST: &str = "retro.checked_against";

/// The entry up to which retro-hits were told by a sync that came to its end.
const TOLD: &str = "retro.told";

/// A past sighting that a new record turns out to match.
#[derive(Debug, Clone)]
pub struct RetroHitFound {
    /// The check of then.
    pub of: Seq,
    /// When that was, by the device's clock, in milliseconds since 1970.
    pub checked_ms: i64,
    /// The marks that were checked, as they were read.
    pub marks: Vec<String>,
    /// The entry of the retro-hit.
    pub entry: Seq,
    /// The records that were not known then, or did not agree as well, strongest first.
    pub news: Vec<CandidateRef>,
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
        if !self.records.is_ready() {
            return Ok(Vec::new());
        }
        let registers: Vec<_> =
            self.records.registers().into_iter().map(|r| format!("{}@{}", r.id, r.version)).collect();
        let registers = registers.join(" ");
        let earlier = self.ledger.setting(CHECKED_AGAINST)?.unwrap_or_default();
        let earlier = String::from_utf8(earlier).unwrap_or_default();
        // With the same registers only what was checked since is looked at: such a check may have been answered from the
        // registers before, while the new ones were being taken over.
        let mut after = match earlier.split_once('\n') {
            Some((against, seen)) if against == registers => Seq(seen.parse().unwrap_or(0)),
            _ => Seq(0),
        };
        let since = self.looked_back_to();
        let only_news = self.only_changes_since(earlier.split_once('\n').map_or("", |(against, _)| against));
        let (_, withdrawn) = self.told_withdrawn()?;
        let (mut found, mut done) = (Vec::new(), 0);
        loop {
            let page = self.ledger.sightings_since(since, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for sighting in &page {
                let asked: Vec<_> =
                    sighting.check.registers.iter().map(|r| format!("{}@{}", r.id, r.version)).collect();
                let same = !asked.is_empty() && asked.join(" ") == registers;
                if same || (only_news && !self.records.touches_news(&sighting.check.item)) {
                    continue;
                }
                match self.check_again(sighting, &withdrawn)? {
                    Again::Nothing => {}
                    Again::Found(hit) => found.push(*hit),
                    Again::CannotAsk => return Ok(found),
                }
            }
            done += page.len() as u64;
            progress(done);
        }
        self.ledger.set_setting(CHECKED_AGAINST, format!("{registers}\n{after}").as_bytes())?;
        Ok(found)
    }

    /// The entry up to which retro-hits were told; where none ever were, what stands in the ledger by now counts as told.
    pub(super) fn retro_hits_told(&self) -> Result<Seq, DeskError> {
        let kept = self.ledger.setting(TOLD)?.and_then(|kept| String::from_utf8(kept).ok()?.parse().ok());
        match kept {
            Some(told) => Ok(Seq(told)),
            None => {
                let head = self.ledger.head()?.0;
                self.ledger.set_setting(TOLD, head.to_string().as_bytes())?;
                Ok(head)
            }
        }
    }

    /// Puts the retro-hits of syncs that did not come to their end into the report, and notes that all were told.
    pub(super) fn tell_retro_hits(&self, told: Seq, report: &mut SyncReport) -> Result<(), DeskError> {
        let head = self.ledger.head()?.0;
        for (entry, sighting) in self.ledger.retro_hits_after(told)? {
            let Some(hit) = &sighting.retro_hit else { continue };
            if report.retro_hits.iter().any(|told| told.of == sighting.seq) {
                continue;
            }
            let now = self.answer_of_now(&sighting);
            let record = |candidate: &CandidateRef| {
                let listed = now.candidates.iter().find(|listed| candidate.names(listed));
                let record = self.records.record(&candidate.register, &candidate.record).ok().flatten();
                RetroRecord::of(candidate, listed, record.as_ref().map(fields).as_ref())
            };
            let records = sighting.found_later().into_iter().map(record).collect();
            report.retro_hits.push(RetroReport {
                of: sighting.seq,
                entry,
                grade: hit.grade,
                checked_at: moment(sighting.wall_ms),
                marks: sighting.check.item.marks.iter().map(|seen| seen.mark.value.clone()).collect(),
                records,
            });
        }
        Ok(self.ledger.set_setting(TOLD, head.to_string().as_bytes())?)
    }

    /// The records for which the latest retro-hit on a sighting was told, strongest first, each with where its mark and the item's
    /// differ by the registers of now.
    pub fn retro_records(&self, sighting: &Sighting) -> Vec<RetroRecord> {
        let news = sighting.found_later();
        // Equal marks differ nowhere, and most are equal.
        let now = news.iter().any(|c| c.rule != Rule::Exact).then(|| self.answer_of_now(sighting));
        let listed = |c: &CandidateRef| now.as_ref()?.candidates.iter().find(|listed| c.names(listed));
        news.into_iter().map(|c| RetroRecord::of(c, listed(c), None)).collect()
    }

    /// The moment from which sightings are checked again. A clock that runs ahead must not make those of yesterday old: what
    /// the hub signed says that it is not later than soon after, for it is a sync that brings new records.
    pub(super) fn looked_back_to(&self) -> i64 {
        let now_ms = self.ledger.clock().now().wall_ms;
        let signed = self.records.registers().iter().map(|r| r.signed.timestamp_millis()).max();
        let now_ms = signed.map_or(now_ms, |signed| now_ms.min(signed.saturating_add(WORD_DAYS * DAY_MS)));
        now_ms.saturating_sub(self.retro_days() * DAY_MS)
    }

    /// For how many days a sighting is checked again when registers change.
    pub fn retro_days(&self) -> i64 {
        let told = self.ledger.setting(DAYS_SETTING).ok().flatten();
        let told = told.and_then(|bytes| String::from_utf8(bytes).ok()?.trim().parse().ok());
        told.filter(|days| (1..=3650).contains(days)).unwrap_or(DAYS)
    }

    /// Whether all that is new since the past was checked against these registers still stands apart, so that only that
    /// need be asked. Otherwise (a register that is new or came whole, changes that were merged) all is asked again.
    fn only_changes_since(&self, checked_against: &str) -> bool {
        let checked: BTreeMap<&str, u64> = checked_against
            .split(' ')
            .filter_map(|text| text.split_once('@'))
            .filter_map(|(id, version)| Some((id, version.parse().ok()?)))
            .collect();
        let news_since = self.records.news_since();
        !news_since.is_empty()
            && news_since.iter().all(|(id, version)| checked.get(id.0.as_str()).is_some_and(|seen| *seen >= version.0))
    }

    fn check_again(&self, sighting: &Sighting, withdrawn: &BTreeSet<String>) -> Result<Again, DeskError> {
        let mut verdict = self.records.judge(&sighting.check.item);
        if matches!(verdict.reason, Some(NotChecked::IndexLoading | NotChecked::RegistersUnreadable)) {
            return Ok(Again::CannotAsk);
        }
        lower_expired(&mut verdict, self.today());
        let news = news(sighting, &verdict.candidates, withdrawn);
        if news.is_empty() {
            return Ok(Again::Nothing);
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
        let marks = sighting.check.item.marks.iter().map(|seen| seen.mark.value.clone()).collect();
        let (of, checked_ms) = (sighting.seq, sighting.wall_ms);
        Ok(Again::Found(Box::new(RetroHitFound { of, checked_ms, marks, entry, news, verdict })))
    }
}

/// What came of checking a sighting again.
enum Again {
    Nothing,
    Found(Box<RetroHitFound>),
    /// The registers became unreadable; the past is not done with.
    CannotAsk,
}

/// Only what would have stopped the item counts: a *possible* of yesterday's hundred items is noise.
fn is_strong(candidate: &Candidate) -> bool {
    candidate.grade >= Grade::Probable
}

/// The strong candidates that were not as strong in the answer of then, nor in an earlier retro-hit, or whose record was told
/// to be `withdrawn` since: the last word that the post has of it is that nobody looks for the item.
fn news(sighting: &Sighting, candidates: &[Candidate], withdrawn: &BTreeSet<String>) -> Vec<CandidateRef> {
    let later = sighting.retro_hit.iter().flat_map(|r| &r.candidates);
    let known: BTreeSet<_> = sighting
        .check
        .candidates
        .iter()
        .chain(later)
        .filter(|c| c.grade >= Grade::Probable && !withdrawn.contains(&name_of(sighting.seq, c)))
        .map(|c| (&c.register, c.record.as_str()))
        .collect();
    let new = candidates.iter().filter(|c| is_strong(c) && !known.contains(&(&c.register, c.record.as_str())));
    new.map(CandidateRef::from).collect()
}
