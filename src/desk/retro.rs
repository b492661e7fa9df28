//! Retro-hits: past sightings, checked again when new records have come. Where only changes came, a sighting is first held
//! against those alone: that takes a small part of a check, and nearly every sighting ends there. One that no register has
//! answered yet is judged whole, once.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::check::lower_expired;
use super::status::moment;
use super::told::{Matched, ToldMatches, name_of};
use super::{Desk, DeskError, RetroRecord, RetroReport, SyncReport};
use crate::domain::{Candidate, Finding, Grade, NotChecked, Rule, Seq, Verdict};
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
/// Names the registers, with versions, against which the past was checked last, the last check that was looked at, and the day
/// that was today then, a line each. Programs that passed over checks without an answer kept theirs under another name.
const CHECKED_AGAINST: &str = "retro.judged_against";

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
        let (registers, today) = (registers.join(" "), self.today());
        let earlier = self.ledger.setting(CHECKED_AGAINST)?.unwrap_or_default();
        // By a clock that is known to be behind, everything is of a day that has not come.
        let day = if self.is_clock_behind()? { NaiveDate::MAX } else { today };
        let earlier = CheckedAgainst::read(&String::from_utf8(earlier).unwrap_or_default(), day);
        // With the same registers only what was checked since is looked at: such a check may have been answered from the
        // registers before, while the new ones were being taken over.
        let mut after = if earlier.registers == registers { earlier.through } else { Seq(0) };
        let since = self.looked_back_to();
        let only_news = self.only_changes_since(&earlier.registers);
        let told = self.told_matches()?;
        let (mut found, mut done) = (Vec::new(), 0);
        loop {
            let page = self.ledger.sightings_since(since, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for sighting in &page {
                // What was looked at before was judged whole then, and the registers of now may only add to that.
                let is_due = sighting.seq > earlier.through && (is_unanswered(sighting) || is_of_later(sighting, day));
                let asked: Vec<_> =
                    sighting.check.registers.iter().map(|r| format!("{}@{}", r.id, r.version)).collect();
                let same = !asked.is_empty() && asked.join(" ") == registers;
                if !is_due && (same || (only_news && !self.records.touches_news(&sighting.check.item))) {
                    continue;
                }
                match self.check_again(sighting, &told)? {
                    Again::Nothing => {}
                    Again::Found(hit) => found.push(*hit),
                    Again::CannotAsk => return Ok(found),
                }
            }
            done += page.len() as u64;
            progress(done);
        }
        self.ledger.set_setting(CHECKED_AGAINST, format!("{registers}\n{after}\n{today}").as_bytes())?;
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

    /// Whether the clock shows a day before the hub's last receipt.
    fn is_clock_behind(&self) -> Result<bool, DeskError> {
        let now_ms = self.ledger.clock().now().wall_ms;
        let receipt = self.ledger.last_receipt()?;
        Ok(receipt.is_some_and(|receipt| now_ms.saturating_add(DAY_MS) < receipt.server_ms))
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

    fn check_again(&self, sighting: &Sighting, told: &ToldMatches) -> Result<Again, DeskError> {
        let mut verdict = self.records.judge(&sighting.check.item);
        if matches!(verdict.reason, Some(NotChecked::IndexLoading | NotChecked::RegistersUnreadable)) {
            return Ok(Again::CannotAsk);
        }
        lower_expired(&mut verdict, self.today());
        let news = news(sighting.seq, &verdict.candidates, &self.matches_of(sighting)?, told);
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

/// Against what the past was checked last.
#[derive(Debug, Default, PartialEq, Eq)]
struct CheckedAgainst {
    registers: String,
    /// The last check that was looked at.
    through: Seq,
}

impl CheckedAgainst {
    /// As it was kept. What was judged by the day of a clock that ran ahead, and is right again, counts as not judged: records
    /// may have seemed expired then.
    fn read(kept: &str, today: NaiveDate) -> Self {
        let mut lines = kept.split('\n');
        let (registers, through) = (lines.next().unwrap_or_default(), lines.next().and_then(|seq| seq.parse().ok()));
        let is_of_later = lines.next().and_then(|day| day.parse::<NaiveDate>().ok()).is_none_or(|day| day > today);
        match through {
            Some(through) if !is_of_later => Self { registers: registers.to_owned(), through: Seq(through) },
            _ => Self::default(),
        }
    }
}

/// Whether no register has answered.
fn is_unanswered(sighting: &Sighting) -> bool {
    let cannot_ask = matches!(sighting.check.reason, Some(NotChecked::IndexLoading | NotChecked::RegistersUnreadable));
    cannot_ask || sighting.check.registers.is_empty()
}

/// Whether a record had expired by a clock that ran ahead, for that day has not come yet.
fn is_of_later(sighting: &Sighting, today: NaiveDate) -> bool {
    sighting.check.findings.contains(&Finding::RecordExpired) && moment(sighting.wall_ms).date_naive() > today
}

/// The strong candidates that are stronger than the post was told last: by a note of what became of them since, or else by the
/// answer of then and earlier retro-hits.
fn news(of: Seq, candidates: &[Candidate], matches: &[Matched], told: &ToldMatches) -> Vec<CandidateRef> {
    let known = |c: &Candidate| {
        let matched = matches.iter().map(|m| &m.candidate).find(|m| m.names(c))?;
        Some(told.matches.get(&name_of(of, matched)).map_or(matched.grade, |told| told.grade))
    };
    let new = candidates.iter().filter(|c| is_strong(c) && known(c).is_none_or(|grade| grade < c.grade));
    new.map(CandidateRef::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_judged_by_a_day_that_has_not_come_counts_as_not_judged() {
        let today = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
        let judged = CheckedAgainst { registers: "a@1 b@2".into(), through: Seq(7) };
        for (kept, is_judged) in [
            ("a@1 b@2\n7\n2026-05-01", true),
            ("a@1 b@2\n7\n2026-04-01", true),
            ("a@1 b@2\n7\n2026-05-02", false),
            ("a@1 b@2\n7", false),
            ("a@1 b@2", false),
            ("", false),
        ] {
            let wanted = if is_judged { &judged } else { &CheckedAgainst::default() };
            assert_eq!(&CheckedAgainst::read(kept, today), wanted, "{kept:?}");
        }
    }
}
