//! The check of an item: look-up, grade, entry on disk, answer, in that order and by no other road.

use chrono::NaiveDate;

use crate::domain::{Candidate, Finding, Grade, Item, Lowered, PostId, Seq, Verdict, check_mark, delivery_told, keys};
use crate::ledger::{Check, CheckSource, LateCheck, Payload};

use super::item::Given;
use super::status::moment;
use super::{Desk, locked};

/// What is to be checked.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// The marks and the description.
    pub item: Item,
    /// What reading the marks already showed (a check digit that does not fit).
    pub findings: Vec<Finding>,
    /// How the item came to the device.
    pub source: CheckSource,
    /// The frame as an encoded picture, when it is to be kept.
    pub photo: Option<Vec<u8>>,
}

impl CheckRequest {
    /// A check without picture or findings of its own.
    pub fn new(item: Item, source: CheckSource) -> Self {
        Self { item, findings: Vec::new(), source, photo: None }
    }

    /// A check of what was given, with what reading its marks showed.
    pub fn given(given: Given, source: CheckSource) -> Self {
        Self { findings: given.findings, ..Self::new(given.item, source) }
    }
}

/// Whether the check stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// The entry was on disk before this answer was given.
    OnDisk(Seq),
    /// The disk refused. The person must write this number and the answer on paper; the entry follows when the disk
    /// recovers, and carries the number.
    OnPaper {
        /// Unique on this device.
        number: String,
    },
}

/// The answer to a check.
#[derive(Debug, Clone)]
pub struct CheckAnswer {
    /// The verdict, with the number of its entry.
    pub verdict: Verdict,
    /// Whether it stands in the ledger.
    pub recorded: Recorded,
}

/// A check that the disk refused, waiting for it to recover.
#[derive(Debug, Clone)]
pub(super) struct Unwritten {
    officer: String,
    late: LateCheck,
}

impl Desk {
    /// Checks one item. There is always an answer: what goes wrong on the way lowers it to *not checked* or marks it as not
    /// recorded, and never hides it, because an officer's safety outranks the log.
    pub fn check(&self, request: CheckRequest) -> CheckAnswer {
        let CheckRequest { item, findings, source, photo } = request;
        let mut verdict = self.records.judge(&item);
        lower_expired(&mut verdict, self.today());
        at_its_place(&mut verdict, self.post().as_ref());
        tell_findings(&mut verdict, &item, findings);
        let officer = self.officer();
        let photo = photo.and_then(|bytes| match self.ledger.put_photo(&bytes) {
            Ok(photo) => Some(photo),
            Err(error) => {
                tracing::error!(%error, "a photo could not be kept; the check goes on without it");
                None
            }
        });
        let check = Check::of(item, &verdict, photo, self.post(), source);
        let recorded = match self.ledger.append(&officer, &Payload::Check(Box::new(check.clone()))) {
            Ok(seq) => {
                verdict.entry = Some(seq);
                self.write_late_checks();
                Recorded::OnDisk(seq)
            }
            Err(error) => {
                tracing::error!(%error, "a check could not be recorded");
                Recorded::OnPaper { number: self.keep_for_later(officer, check) }
            }
        };
        CheckAnswer { verdict, recorded }
    }

    /// Today, by the device's clock (UTC), or by the hub's where the device's is known to be days ahead.
    pub(super) fn today(&self) -> NaiveDate {
        moment(self.sober_ms()).date_naive()
    }

    /// Tries to enter checks that were only on paper. Called after each entry that succeeded and before each sync.
    pub(super) fn write_late_checks(&self) {
        let mut waiting = locked(&self.unwritten);
        while let Some(first) = waiting.first() {
            if self.ledger.append(&first.officer, &Payload::LateCheck(Box::new(first.late.clone()))).is_err() {
                return;
            }
            waiting.remove(0);
        }
    }

    /// How many checks stand on paper only.
    pub fn on_paper(&self) -> usize {
        locked(&self.unwritten).len()
    }

    /// Keeps a check that the disk refused, and gives the number for the paper: the day and time to the millisecond, so that
    /// two papers of one shift never bear the same number, also after a restart or from two programs side by side.
    fn keep_for_later(&self, officer: String, check: Check) -> String {
        let checked_ms = self.ledger.clock().now().wall_ms;
        let mut waiting = locked(&self.unwritten);
        let number = |ms| format!("P{}", moment(ms).format("%d%H%M-%S%3f"));
        let mut paper = number(checked_ms);
        for later_ms in checked_ms + 1.. {
            if waiting.iter().all(|other| other.late.paper != paper) {
                break;
            }
            paper = number(later_ms);
        }
        waiting.push(Unwritten { officer, late: LateCheck { paper: paper.clone(), checked_ms, check } });
        paper
    }
}

/// What reading the marks showed, and what they show by themselves: whoever types a mark is told of a digit that does not fit
/// as whoever scans it is.
fn tell_findings(verdict: &mut Verdict, item: &Item, told: Vec<Finding>) {
    let misprinted = item.marks.iter().filter_map(|seen| check_mark(&seen.mark));
    for finding in told.into_iter().chain(misprinted) {
        if !verdict.findings.contains(&finding) {
            verdict.findings.push(finding);
        }
    }
}

/// What was delivered to this very post, by its name or its place, is where it belongs: that is no finding. Names are compared
/// as serials are, for lists write `UA ODS` where the post is called `UAODS`; where they differ or one is not told, the
/// finding stays.
fn at_its_place(verdict: &mut Verdict, post: Option<&PostId>) {
    let Some(here) = post.map(|post| keys::canonical(&post.0)).filter(|here| !here.is_empty()) else { return };
    let is_here = |candidate: &Candidate| {
        let told = ["delivered_place", "delivered_to"].map(|field| candidate.fields.get(field));
        told.into_iter().flatten().any(|name| keys::canonical(name) == here)
    };
    if delivery_told(&verdict.candidates).is_some_and(is_here) {
        verdict.findings.retain(|finding| *finding != Finding::DeliveredElsewhere);
    }
}

/// A record that has expired gives no red, but is still shown and says so. A finding it is where the verdict would be another for it, and
/// not where something like the mark expired beside a match that stands.
pub(super) fn lower_expired(verdict: &mut Verdict, today: NaiveDate) {
    let before: Vec<Grade> = verdict.candidates.iter().map(|c| c.grade).collect();
    if !say_what_expired(&mut verdict.candidates, today) {
        return;
    }
    let has_expired = |c: &Candidate| c.why.lowered.contains(&Lowered::Expired);
    let leads = verdict.candidates.first().is_some_and(has_expired);
    let strongest = verdict.candidates.iter().zip(before).filter(|(c, _)| has_expired(c)).map(|(_, grade)| grade).max();
    verdict.candidates.sort_by_key(|c| std::cmp::Reverse(c.grade));
    if let Some(best) = verdict.candidates.first() {
        verdict.grade = best.grade;
        verdict.rule = Some(best.rule);
        if leads || strongest >= Some(best.grade.max(Grade::Probable)) {
            verdict.findings.push(Finding::RecordExpired);
        }
        let mut leaders = verdict.candidates.iter().take_while(|c| c.grade == best.grade);
        // No answer makes a match of what has expired.
        if leaders.all(|c| !c.why.lowered.is_empty()) {
            verdict.ask.clear();
        }
    }
}

/// Lowers the records that have expired. True when there is one.
pub(super) fn say_what_expired(candidates: &mut [Candidate], today: NaiveDate) -> bool {
    let mut lowered = false;
    for candidate in candidates {
        let expires = candidate.fields.get("expires_on").and_then(|day| day.parse::<NaiveDate>().ok());
        if expires.is_some_and(|day| day < today) {
            candidate.grade = candidate.grade.min(Grade::Possible);
            candidate.why.lowered.push(Lowered::Expired);
            lowered = true;
        }
    }
    lowered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ask, Mark, NotChecked, RegisterId, Rule, Scheme, SeenMark};

    fn candidate(record: &str, grade: Grade, expires_on: Option<&str>) -> Candidate {
        Candidate {
            register: RegisterId("r".into()),
            record: record.into(),
            grade,
            rule: if grade == Grade::Hit { Rule::Exact } else { Rule::LookAlike },
            differs: Vec::new(),
            why: crate::domain::Why::default(),
            fields: expires_on.map(|day| ("expires_on".into(), day.to_owned())).into_iter().collect(),
        }
    }

    #[test]
    fn what_was_delivered_here_is_where_it_belongs() {
        let post = PostId("UAODS".into());
        for (fields, here, stays) in [
            (&[("delivered_to", "1st Unit"), ("delivered_place", "UA ODS")][..], Some(&post), false),
            (&[("delivered_to", "uaods")], Some(&post), false),
            (&[("delivered_to", "1st Unit"), ("delivered_place", "UAIEV")], Some(&post), true),
            (&[("delivered_to", "1st Unit")], Some(&post), true),
            (&[("delivered_to", "1st Unit"), ("delivered_place", "UA ODS")], None, true),
        ] {
            let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
            let mut listed = candidate("a", Grade::Possible, None);
            listed.why.lowered.push(Lowered::Delivered);
            listed.fields =
                fields.iter().map(|(name, value)| ((*name).to_owned().into(), (*value).to_owned())).collect();
            verdict.candidates = vec![listed];
            verdict.findings = vec![Finding::PartsDiffer, Finding::DeliveredElsewhere];
            at_its_place(&mut verdict, here);
            assert_eq!(verdict.findings.contains(&Finding::DeliveredElsewhere), stays, "{fields:?}");
            assert!(verdict.findings.contains(&Finding::PartsDiffer));
        }
    }

    #[test]
    fn a_digit_that_does_not_fit_is_told_however_the_mark_came() {
        for (scheme, value, told, findings) in [
            (Scheme::Vin, "1M8GDM9AXKP042788", vec![], vec![]),
            (Scheme::Vin, "1M8GDM9A1KP042788", vec![], vec![Finding::CheckDigitWrong]),
            (Scheme::Vin, "1M8GDM9A1KP042788", vec![Finding::CheckDigitWrong], vec![Finding::CheckDigitWrong]),
            (Scheme::Vin, "WVWZZZ1JZXW000001", vec![Finding::SerialAltered], vec![Finding::SerialAltered]),
            (Scheme::Serial, "1M8GDM9A1KP042788", vec![], vec![]),
        ] {
            let item = Item { marks: vec![SeenMark::typed(Mark::new(scheme, value))], ..Item::default() };
            let mut verdict = Verdict::not_checked(NotChecked::NoRegisterForObject);
            tell_findings(&mut verdict, &item, told);
            assert_eq!(verdict.findings, findings, "{scheme:?} {value}");
        }
    }

    #[test]
    fn an_expired_record_gives_no_red_and_says_so() {
        let today = NaiveDate::from_ymd_opt(2026, 5, 1).expect("a day");
        let table = [
            (vec![("a", Grade::Hit, Some("2026-04-30"))], Grade::Possible, true),
            (vec![("a", Grade::Hit, Some("2026-05-01"))], Grade::Hit, false),
            (vec![("a", Grade::Hit, Some("2020-01-01")), ("b", Grade::Probable, None)], Grade::Probable, true),
            (vec![("a", Grade::Hit, None)], Grade::Hit, false),
            (vec![("a", Grade::Hit, None), ("b", Grade::Possible, Some("2020-01-01"))], Grade::Hit, false),
            (vec![("a", Grade::Hit, None), ("b", Grade::Hit, Some("2020-01-01"))], Grade::Hit, true),
            (vec![("a", Grade::Possible, Some("2020-01-01"))], Grade::Possible, true),
        ];
        for (rows, grade, expired) in table {
            let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
            verdict.candidates = rows.iter().map(|(id, g, day)| candidate(id, *g, *day)).collect();
            verdict.grade = verdict.candidates[0].grade;
            verdict.ask = vec![Ask::Year];
            lower_expired(&mut verdict, today);
            assert_eq!(verdict.grade, grade, "{rows:?}");
            assert_eq!(verdict.findings.contains(&Finding::RecordExpired), expired, "{rows:?}");
            assert_eq!(verdict.ask.is_empty(), grade == Grade::Possible, "an answer would change nothing: {rows:?}");
        }
    }
}
