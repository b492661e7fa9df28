//! The open item: marks gather on it until the next item closes it. Pure; the scan screen shows it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bench::{CheckAnswer, CheckRequest, Past, Recorded, Standing};
use super::face;
use super::since::{Fate, Since};
use crate::decode::{Accepted, View};
use crate::desk::item::{add_scanned, add_symbol, add_typed};
use crate::domain::keyboard::Readings;
use crate::domain::{Candidate, DecisionCode, Description, Finding, Grade, Item, Object, RegisterId, Seq, Verdict};
use crate::ledger::CheckSource;

/// The details that an officer picks of most objects, in the order of the card.
const OF_OBJECTS: &[&str] = &["object", "kind", "make", "model", "calibre", "year"];
/// And those of a document.
const OF_DOCUMENTS: &[&str] = &["object", "kind", "issuer"];

/// Whether what is scanned or typed next belongs to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// It does: the item is in hand.
    Open,
    /// A decision was made: the item is dealt with.
    Decided,
    /// It is an earlier item that somebody looks at.
    Earlier,
}

/// Numbers of items that were checked before this window: so much, and the number of the entry.
pub const BEFORE: u64 = 1 << 40;

/// One item with what is known of it and what the desk answered last.
#[derive(Clone)]
pub struct Card {
    /// Counts the items of this window, from 1; checks of before have numbers above [`BEFORE`].
    pub number: u64,
    /// Whether marks still gather on it.
    pub intake: Intake,
    /// The decision that was written about its last check.
    pub decided: Option<DecisionCode>,
    /// Grows with each change, so that a late answer to an older state is known as such.
    pub revision: u64,
    /// Marks and description.
    pub item: Item,
    /// What reading the marks showed.
    pub findings: Vec<Finding>,
    /// Details that a payload gave, not the officer.
    pub from_code: BTreeSet<&'static str>,
    /// The frame in which the last symbol was read.
    pub photo: Option<Arc<View>>,
    /// How the last mark came.
    pub source: CheckSource,
    /// The answer to the last check.
    pub answer: Option<Answer>,
}

/// What the desk answered, and to what.
#[derive(Clone)]
pub struct Answer {
    /// The item as it was checked.
    pub item: Item,
    /// Verdict and where it stands.
    pub given: CheckAnswer,
    /// When it came.
    pub at: chrono::DateTime<chrono::Utc>,
    /// It is of before this window, and what its records say is not known.
    pub remembered: bool,
    /// What became of it since, once the registers are others.
    pub since: Option<Since>,
}

impl Answer {
    /// The verdict with its records as they are now, as far as is known.
    pub fn verdict(&self) -> &Verdict {
        self.since.as_ref().map_or(&self.given.verdict, |since| &since.verdict)
    }

    /// Why no record that would have stopped the item is there any more, if so.
    pub fn gone(&self) -> Option<Fate> {
        self.since.as_ref()?.gone
    }

    /// What became of a record of [`Answer::verdict`], by its place in it.
    pub fn fate(&self, index: usize) -> Option<Fate> {
        *self.since.as_ref()?.fates.get(index)?
    }

    /// What the records that match ask for, as a code for the screens.
    pub fn asked(&self) -> &'static str {
        let is_known = self.since.as_ref().map_or(!self.remembered, |since| since.is_asked_known);
        if is_known { self.verdict().asked().code() } else { "unknown" }
    }

    /// The number to write on paper, when the disk refused the entry.
    pub fn paper(&self) -> Option<&str> {
        match &self.given.recorded {
            Recorded::OnDisk(_) => None,
            Recorded::OnPaper { number } => Some(number),
        }
    }

    /// The grade of the verdict, as its records are now.
    pub fn grade(&self) -> Grade {
        self.verdict().grade
    }
}

/// How the records stand that a check has found.
pub struct Stood {
    /// Number of the card.
    pub number: u64,
    /// The item as it was checked.
    pub item: Item,
    /// The records that the check has found.
    pub named: Vec<(RegisterId, String)>,
    /// The registers by which it was looked at.
    pub by: String,
    /// What became of the records, in the order of the check.
    pub standings: Vec<Standing>,
}

impl Stood {
    /// What is to be looked at: the records of an answer.
    pub fn to_ask(number: u64, answer: &Answer, by: String) -> Self {
        let named = names(answer).map(|(register, record)| (register.clone(), record.to_owned())).collect();
        Self { number, item: answer.item.clone(), named, by, standings: Vec::new() }
    }

    /// Whether it is that answer's; another check of the same item may have come meanwhile.
    pub fn is_about(&self, number: u64, answer: &Answer) -> bool {
        let named = self.named.iter().map(|(register, record)| (register, record.as_str()));
        self.number == number && self.item == answer.item && named.eq(names(answer))
    }
}

fn names(answer: &Answer) -> impl Iterator<Item = (&RegisterId, &str)> {
    answer.given.verdict.candidates.iter().map(|c| (&c.register, c.record.as_str()))
}

impl Card {
    /// An empty card.
    pub fn new(number: u64) -> Self {
        Self {
            number,
            intake: Intake::Open,
            decided: None,
            revision: 0,
            item: Item::default(),
            findings: Vec::new(),
            from_code: BTreeSet::new(),
            photo: None,
            source: CheckSource::Typed,
            answer: None,
        }
    }

    /// An item that was checked before this window was opened, as far as the ledger knows it.
    pub fn remembered(past: Past) -> Self {
        let answer = Answer {
            item: past.item.clone(),
            given: CheckAnswer { verdict: past.verdict, recorded: Recorded::OnDisk(past.seq) },
            at: past.at,
            remembered: true,
            since: None,
        };
        Self {
            intake: Intake::Earlier,
            decided: past.decided,
            item: past.item,
            answer: Some(answer),
            ..Self::new(BEFORE + past.seq.0)
        }
    }

    /// The entry of its last check, if that stands in the ledger.
    pub fn entry(&self) -> Option<Seq> {
        self.answer.as_ref()?.given.verdict.entry
    }

    /// Whether what is scanned or typed next begins another item.
    pub fn is_closed(&self) -> bool {
        self.intake != Intake::Open
    }

    /// Whether an answer to the item as it stands is still to come.
    pub fn awaits_answer(&self) -> bool {
        !self.is_empty() && self.answer.as_ref().is_none_or(|answer| answer.item != self.item)
    }

    /// Whether its last check is of before this window.
    pub fn is_remembered(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.remembered)
    }

    /// Whether nobody is to notice that a record may be the item.
    pub fn is_hushed(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| face::asks_to_be_hushed(answer.verdict()))
    }

    /// Takes an answer; what was decided was about the one before.
    pub fn answered(&mut self, answer: Answer) {
        self.answer = Some(answer);
        self.decided = None;
    }

    /// Takes what became of the answer to one of its checks.
    pub fn stands(&mut self, since: &Stood) {
        if let Some(answer) = self.answer.as_mut().filter(|answer| since.is_about(self.number, answer)) {
            answer.since = Some(Since::of(answer, &since.standings, since.by.clone()));
        }
    }

    /// Takes what syncs found out since its last check. True when something was that is not in its answer.
    pub fn learns(&mut self, past: &Past) -> bool {
        let Some(answer) = self.answer.as_mut().filter(|a| a.given.verdict.entry == Some(past.seq)) else {
            return false;
        };
        let strong = |c: &&Candidate| c.grade >= Grade::Probable;
        let known = |new: &Candidate| {
            let mut known = answer.given.verdict.candidates.iter().filter(strong);
            known.any(|known| (&known.register, &known.record) == (&new.register, &new.record))
        };
        if past.verdict.candidates.iter().filter(strong).all(known) {
            return false;
        }
        answer.given.verdict = past.verdict.clone();
        (answer.remembered, answer.since) = (true, None);
        true
    }

    /// Whether no mark is on it.
    pub fn is_empty(&self) -> bool {
        self.item.marks.is_empty()
    }

    /// Adds what symbols say. True when anything new came.
    pub fn add_symbols(&mut self, accepted: &[Accepted], source: CheckSource, photo: &Arc<View>) -> bool {
        self.adding(source, |card| {
            for symbol in accepted {
                let found = add_symbol(&mut card.item, symbol.symbology, &symbol.identifier, &symbol.text);
                card.note_findings(found);
            }
            card.photo = Some(Arc::clone(photo));
        })
    }

    /// Adds what fingers entered. True when anything new came.
    pub fn add_text(&mut self, text: &str) -> bool {
        self.adding(CheckSource::Typed, |card| {
            let found = add_typed(&mut card.item, text);
            card.note_findings(found);
        })
    }

    /// Adds what a hand scanner sent, in every reading of it. True when anything new came.
    pub fn add_scan(&mut self, sent: &Readings) -> bool {
        self.adding(CheckSource::Scanner, |card| {
            let found = add_scanned(&mut card.item, sent);
            card.note_findings(found);
        })
    }

    fn adding(&mut self, source: CheckSource, add: impl FnOnce(&mut Self)) -> bool {
        let before = self.item.clone();
        add(self);
        for &field in fields(&self.item.description) {
            if detail(&before.description, field).is_empty() && !detail(&self.item.description, field).is_empty() {
                self.from_code.insert(field);
            }
        }
        let changed = self.item != before;
        if changed {
            self.source = source;
            self.revision += 1;
        }
        changed
    }

    fn note_findings(&mut self, found: Vec<Finding>) {
        for finding in found {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }

    /// Takes a mark off again; out of range does nothing.
    pub fn remove(&mut self, index: usize) {
        if index < self.item.marks.len() {
            self.item.marks.remove(index);
            // A fault belongs to the mark that is gone, as far as can be told.
            self.findings.clear();
            self.revision += 1;
        }
    }

    /// Sets a detail as the officer gives it; an empty value takes it away. False when it makes no sense (a year of five
    /// digits).
    pub fn set(&mut self, field: &str, value: &str) -> bool {
        let value = value.trim();
        let text = (!value.is_empty()).then(|| value.to_owned());
        let d = &mut self.item.description;
        match field {
            "object" => match text {
                None => d.object = None,
                Some(code) => match code.parse() {
                    Ok(object) => d.object = Some(object),
                    Err(_) => return false,
                },
            },
            "kind" => d.kind = text,
            "make" => d.make = text,
            "model" => d.model = text,
            "calibre" => d.calibre = text,
            "issuer" => d.issuer = text,
            "year" => match text {
                None => d.year = None,
                Some(year) => match year.parse() {
                    Ok(year @ 1700..=2100) => d.year = Some(year),
                    _ => return false,
                },
            },
            _ => return false,
        }
        self.from_code.retain(|f| *f != field);
        self.revision += 1;
        true
    }

    /// The mark to name the item by: the one that the strongest candidate is about, else the first.
    pub fn name(&self) -> &str {
        let about = self.answer.as_ref().and_then(|answer| {
            let candidate = answer.verdict().candidates.first()?;
            answer.item.marks.get(face::matched(&answer.item, candidate)?)
        });
        about.or(self.item.marks.first()).map(|m| m.mark.value.as_str()).unwrap_or_default()
    }

    /// The same for a line and a heading: of an item of before nobody knows by which mark it matched, so all are named.
    pub fn title(&self) -> String {
        if !self.is_remembered() {
            return self.name().to_owned();
        }
        let marks: Vec<&str> = self.item.marks.iter().map(|seen| seen.mark.value.as_str()).collect();
        marks.join(" + ")
    }

    /// The check of this item as it stands.
    pub fn request(&self) -> CheckRequest {
        CheckRequest { item: self.item.clone(), findings: self.findings.clone(), source: self.source, photo: None }
    }
}

/// The details that an officer picks of an item that is known so far, in the order of the card.
pub fn fields(d: &Description) -> &'static [&'static str] {
    if d.object == Some(Object::TravelDocument) || d.issuer.is_some() { OF_DOCUMENTS } else { OF_OBJECTS }
}

/// A detail as text; empty when it is not known.
pub fn detail(d: &Description, field: &str) -> String {
    match field {
        "object" => d.object.map(|o| o.code().to_owned()),
        "kind" => d.kind.clone(),
        "make" => d.make.clone(),
        "model" => d.model.clone(),
        "calibre" => d.calibre.clone(),
        "year" => d.year.map(|y| y.to_string()),
        "country" => d.country.clone(),
        "issuer" => d.issuer.clone(),
        _ => None,
    }
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_gather_and_the_same_one_twice_changes_nothing() {
        let mut card = Card::new(1);
        assert!(card.add_text("AB1234"));
        assert!(!card.add_text("AB1234"), "the same again");
        assert!(card.add_scan(&Readings::plain("AB1234")), "from the scanner it stands apart");
        assert_eq!(card.item.marks.len(), 2);
        assert_eq!(card.source, CheckSource::Scanner);
        card.remove(7);
        card.remove(0);
        assert_eq!(card.item.marks.len(), 1);
    }

    #[test]
    fn details_that_a_payload_gave_are_told_from_picked_ones() {
        let mut card = Card::new(1);
        card.add_scan(&Readings::plain("1HGBH41JXMN109186"));
        assert!(card.from_code.contains("object"), "a VIN stands on a vehicle");
        assert!(card.set("object", "vehicle"));
        assert!(card.from_code.is_empty(), "the officer said so too");
    }

    #[test]
    fn of_a_document_is_asked_who_issued_it() {
        let mut card = Card::new(1);
        assert!(fields(&card.item.description).contains(&"calibre"));
        card.add_scan(&Readings::plain(
            "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ));
        assert_eq!(fields(&card.item.description), ["object", "kind", "issuer"]);
        assert!(card.from_code.contains("issuer"));
        assert!(card.set("issuer", "POL"));
        assert_eq!(detail(&card.item.description, "issuer"), "POL");
        assert!(!card.from_code.contains("issuer"), "the officer said so");
    }

    #[test]
    fn senseless_details_are_refused() {
        let mut card = Card::new(1);
        for (field, value, good) in [
            ("year", "1978", true),
            ("year", "19780", false),
            ("year", "", true),
            ("object", "spoon", false),
            ("hat", "x", false),
        ] {
            assert_eq!(card.set(field, value), good, "{field} {value}");
        }
    }
}
