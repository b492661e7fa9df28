//! The rows of the card: findings, facts and candidates as the screens take them.

use slint::{ModelRc, SharedString, VecModel};
use tracepost_ui::{CandidateRow, CharCell, Fact, FindingRow, OverRow};

use crate::app::bench::Facts;
use crate::app::card::Answer;
use crate::app::since::Fate;
use crate::app::{ages, face};
use crate::domain::{Candidate, Finding, Item, Lowered, delivery_told};

/// Codes for the screens, which have the words.
pub fn codes(codes: impl IntoIterator<Item = &'static str>) -> ModelRc<SharedString> {
    ModelRc::new(VecModel::from_iter(codes.into_iter().map(SharedString::from)))
}

/// What the item shows, and whom it is about.
pub fn finding(finding: Finding, candidates: &[Candidate]) -> FindingRow {
    let about = match finding {
        Finding::DeliveredElsewhere => delivery_told(candidates).and_then(|c| c.fields.get("delivered_to")),
        _ => None,
    };
    let about = about.map(String::as_str);
    FindingRow {
        code: finding.code().into(),
        about: about.unwrap_or_default().into(),
        plain: face::plain(finding.code()).into(),
    }
}

/// The facts of a record beside the item's own.
pub fn facts(item: &Item, candidate: &Candidate, opened: Option<&Facts>) -> Vec<Fact> {
    face::facts(item, candidate, opened)
        .into_iter()
        .map(|f| Fact {
            plain: face::plain(&f.field).into(),
            field: f.field.into(),
            value: f.value.into(),
            mine: f.mine.into(),
            agrees: f.agrees.map_or(-1, i32::from),
        })
        .collect()
}

/// What must be known before anything is done, whichever of the records is looked at.
pub fn over(answer: &Answer) -> Vec<OverRow> {
    let verdict = answer.verdict();
    let line = |code: &str, text: &str| OverRow { code: code.into(), text: text.into() };
    let cautions = face::cautions(verdict).into_iter().map(|told| line("caution", told));
    let discreet = face::is_any_discreet(verdict).then(|| line("discreet", ""));
    cautions.chain(discreet).collect()
}

/// One candidate, by its place in the answer.
pub fn row(answer: &Answer, at: usize, candidate: &Candidate, now: chrono::DateTime<chrono::Utc>) -> CandidateRow {
    let verdict = answer.verdict();
    let fate = answer.fate(at);
    let is_gone = fate.is_some_and(Fate::is_gone);
    let as_of = verdict.registers.iter().find(|r| r.id == candidate.register).map(|r| r.as_of);
    // Of a check of before this window the ledger keeps which record it was, and not what it says.
    let known = !answer.remembered;
    let cells: Vec<CharCell> = face::cells(&answer.item, candidate)
        .into_iter()
        .filter(|_| known && !is_gone)
        .map(|c| CharCell { read: c.read.into(), record: c.record.into(), differs: c.differs })
        .collect();
    let field = |name: &str| candidate.fields.get(name).map(String::as_str).unwrap_or_default();
    let lot = candidate.why.lot.as_ref();
    CandidateRow {
        grade: if is_gone { tracepost_ui::Grade::Withdrawn } else { face::grade(candidate.grade) },
        fate: fate.map_or("", Fate::code).into(),
        gone: is_gone,
        register: candidate.register.to_string().into(),
        record: candidate.record.as_str().into(),
        mark: candidate.mark().into(),
        kind: field("kind").into(),
        summary: face::summary(candidate).into(),
        opened: false,
        rule: candidate.rule.on_screen(&candidate.differs).into(),
        read_from: SharedString::default(),
        cells: ModelRc::new(VecModel::from(cells)),
        facts: ModelRc::default(),
        age: as_of.map_or_else(ages::unknown, |as_of| ages::age(as_of, now)),
        caution: face::caution(candidate, None).into(),
        discreet: face::is_discreet(candidate, None),
        expired: face::is_expired(candidate, None),
        shared_by: i32::try_from(candidate.why.shared_by).unwrap_or(i32::MAX),
        crowded: candidate.why.crowded,
        second_mark: candidate.why.second_mark,
        telling: Some(face::telling(candidate)).filter(|_| known).unwrap_or_default().into(),
        differing: codes(candidate.why.contradicts.iter().map(|t| t.code())),
        lot_from: lot.map(|lot| lot.from.as_str()).unwrap_or_default().into(),
        lot_to: lot.map(|lot| lot.to.as_str()).unwrap_or_default().into(),
        // That it has expired stands over all else.
        lowered: codes(candidate.why.lowered.iter().filter(|why| **why != Lowered::Expired).map(|why| why.code())),
    }
}
