//! The feed under the viewfinder: one line an item, the newest on top, with what each was answered. And which matches nobody
//! has looked at yet: where one code after the other is read, the next answer must not take a match away from the eye.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use slint::{Model, ModelRc, VecModel};
use tracepost_ui::FeedRow;

use super::bench::Past;
use super::card::{Answer, Card};
use super::{ages, face};
use crate::domain::{Grade, Seq};

/// Lines of the feed.
const FEED_ROWS: usize = 20;
/// Checks of before this window among which matches that nobody decided about are looked for.
pub const REMEMBERED_MAX: usize = 500;
/// Matches nobody has looked at keep their picture up to this many; a picture takes a megabyte.
const PICTURES_WAITING_MAX: usize = 20;
/// A match of before this window waits for the eye when it is no older, nothing was decided about it and no record of it opened.
const REMEMBERED_HOURS: i64 = 24;

/// One line.
struct Told {
    card: Card,
    seq: Option<Seq>,
}

/// What there is to be seen of an item: how strong its answer is, and which records match, by which of its marks.
#[derive(PartialEq, Eq)]
struct Seen {
    grade: Grade,
    matches: BTreeSet<(Grade, String, String, String)>,
}

impl Seen {
    fn of(answer: &Answer) -> Self {
        let candidates = answer.given.verdict.candidates.iter().filter(|c| must_be_seen(c.grade));
        let mark = |candidate| {
            let mark = face::matched(&answer.item, candidate).and_then(|at| answer.item.marks.get(at));
            mark.map(|m| m.mark.value.clone()).unwrap_or_default()
        };
        let matches = candidates.map(|c| (c.grade, c.register.to_string(), c.record.clone(), mark(c)));
        Self { grade: answer.grade(), matches: matches.collect() }
    }

    /// Whether there is nothing in `other` that is not in this.
    fn covers(&self, other: &Self) -> bool {
        self.grade == other.grade && other.matches.is_subset(&self.matches)
    }
}

/// What waits for the eye.
pub struct Waiting {
    /// The strongest of it, of those the oldest.
    pub first: Card,
    /// How many items match.
    pub matches: usize,
    /// How many items must be looked at again.
    pub again: usize,
}

/// The lines and what stands behind them.
#[derive(Default)]
pub struct Feed {
    told: RefCell<Vec<Told>>,
    rows: Rc<VecModel<FeedRow>>,
    /// Matches, and items to look at again, that nobody has looked at, the oldest first.
    unseen: RefCell<Vec<Card>>,
    /// What was seen of each item, by its number.
    seen: RefCell<BTreeMap<u64, Seen>>,
}

impl Feed {
    /// The lines, for the screen.
    pub fn model(&self) -> ModelRc<FeedRow> {
        ModelRc::from(self.rows.clone())
    }

    /// Puts the answer of an item on its line, which is the newest then. True when a line went from where it was.
    pub fn tell(&self, card: &Card) -> bool {
        let Some(answer) = &card.answer else { return false };
        self.wait_for_eyes(card, answer);
        let mut told = self.told.borrow_mut();
        let entry = Told { card: card.clone(), seq: answer.given.verdict.entry };
        let place = told.iter().position(|t| t.card.number == card.number);
        if let Some(at) = place {
            told.remove(at);
            self.rows.remove(at);
        }
        told.insert(0, entry);
        self.rows.insert(0, row(card, answer, true));
        let full = told.len() > FEED_ROWS;
        if full {
            told.truncate(FEED_ROWS);
            self.rows.remove(FEED_ROWS);
        }
        full || place.is_some()
    }

    /// Fills the feed with the checks before this window was opened.
    pub fn remember(&self, past: Vec<Past>) {
        let mut told = self.told.borrow_mut();
        if !told.is_empty() {
            return;
        }
        let since = crate::platform::clock::utc_now() - chrono::Duration::hours(REMEMBERED_HOURS);
        // The newest come first, and an item that gathered marks was checked with each.
        let mut newer: Vec<BTreeSet<String>> = Vec::new();
        for check in past {
            let (seq, unsent, looked_into) = (Some(check.seq), check.unsent, check.looked_into);
            let card = Card::remembered(check);
            let Some(answer) = &card.answer else { continue };
            let marks: BTreeSet<String> = card.item.marks.iter().map(|seen| seen.mark.value.clone()).collect();
            let is_last = !newer.iter().any(|newer| marks.is_subset(newer));
            let is_open = card.decided.is_none() && !looked_into;
            if is_last && must_be_seen(answer.grade()) && is_open && answer.at >= since {
                self.unseen.borrow_mut().insert(0, card.clone());
            }
            newer.push(marks);
            if told.len() < FEED_ROWS {
                self.rows.push(row(&card, answer, unsent));
                told.push(Told { card, seq });
            }
        }
    }

    /// Changes the card of an item wherever it lies.
    pub fn change(&self, number: u64, change: impl Fn(&mut Card)) {
        self.told.borrow_mut().iter_mut().map(|told| &mut told.card).filter(|c| c.number == number).for_each(&change);
        self.unseen.borrow_mut().iter_mut().filter(|c| c.number == number).for_each(&change);
        for (at, told) in self.told.borrow().iter().enumerate().filter(|(_, told)| told.card.number == number) {
            self.show(at, &told.card);
        }
    }

    /// Shows a line as its card is now.
    fn show(&self, at: usize, card: &Card) {
        if let (Some(was), Some(answer)) = (self.rows.row_data(at), &card.answer) {
            let now = row(card, answer, was.unsent);
            if now != was {
                self.rows.set_row_data(at, now);
            }
        }
    }

    /// All cards of the lines, and those that wait.
    pub fn cards(&self) -> Vec<Card> {
        let told = self.told.borrow();
        told.iter().map(|told| &told.card).chain(self.unseen.borrow().iter()).cloned().collect()
    }

    /// What syncs found out about past checks is put on their lines, and waits for the eye. Gives the cards that changed.
    pub fn learns(&self, past: &[Past]) -> Vec<Card> {
        let mut learnt = Vec::new();
        for (at, told) in self.told.borrow_mut().iter_mut().enumerate() {
            let found = past.iter().find(|past| told.seq == Some(past.seq));
            if found.is_some_and(|past| told.card.learns(past)) {
                self.show(at, &told.card);
                learnt.push(told.card.clone());
            }
        }
        for card in &learnt {
            card.answer.iter().for_each(|answer| self.wait_for_eyes(card, answer));
        }
        learnt
    }

    /// The card of a check, where its line is still there.
    pub fn card_of(&self, entry: Seq) -> Option<Card> {
        let told = self.told.borrow();
        told.iter().find(|told| told.seq == Some(entry)).map(|told| told.card.clone())
    }

    /// Which lines no receipt covers: all entries behind `proven_to` (how many entries the last receipt covers).
    pub fn mark_sent(&self, proven_to: u64) {
        for (at, told) in self.told.borrow().iter().enumerate() {
            if let (Some(mut row), Some(seq)) = (self.rows.row_data(at), told.seq) {
                row.unsent = seq.0 > proven_to;
                self.rows.set_row_data(at, row);
            }
        }
    }

    fn wait_for_eyes(&self, card: &Card, answer: &Answer) {
        let mut unseen = self.unseen.borrow_mut();
        unseen.retain(|waiting| waiting.number != card.number);
        let known = self.seen.borrow().get(&card.number).is_some_and(|seen| seen.covers(&Seen::of(answer)));
        if must_be_seen(answer.grade()) && !known {
            let mut waiting = card.clone();
            if unseen.len() >= PICTURES_WAITING_MAX {
                waiting.photo = None;
            }
            unseen.push(waiting);
        }
    }

    /// What nobody has looked at, if there is anything.
    pub fn unseen(&self) -> Option<Waiting> {
        self.unseen_among(|_| true)
    }

    /// The same of what may come to the eye without being asked for: no match of before this window, and none of which nobody is
    /// to notice anything.
    pub fn unseen_aloud(&self) -> Option<Waiting> {
        self.unseen_among(|card| !card.is_remembered() && !card.is_hushed())
    }

    fn unseen_among(&self, counts: impl Fn(&Card) -> bool) -> Option<Waiting> {
        let unseen = self.unseen.borrow();
        // What was withdrawn since is no match, and comes back when its record does.
        let unseen: Vec<&Card> = unseen.iter().filter(|card| still_matches(card) && counts(card)).collect();
        let grade = |card: &Card| card.answer.as_ref().map(Answer::grade);
        // Of equals the last counts, and that is the oldest when the newest comes first.
        let strongest = unseen.iter().rev().max_by_key(|card| grade(card))?;
        let matches = unseen.iter().filter(|card| grade(card) == Some(Grade::Hit)).count();
        Some(Waiting { first: (*strongest).clone(), matches, again: unseen.len() - matches })
    }

    /// Whether this item is a match that nobody has looked at.
    pub fn waits(&self, number: u64) -> bool {
        self.unseen.borrow().iter().any(|waiting| waiting.number == number && still_matches(waiting))
    }

    /// The card of this item is on the screen.
    pub fn saw(&self, card: &Card) {
        self.unseen.borrow_mut().retain(|waiting| waiting.number != card.number);
        if let Some(answer) = &card.answer {
            self.seen.borrow_mut().insert(card.number, Seen::of(answer));
        }
    }

    /// The card behind a line.
    pub fn card(&self, index: i32) -> Option<Card> {
        Some(self.told.borrow().get(usize::try_from(index).ok()?)?.card.clone())
    }
}

fn row(card: &Card, answer: &Answer, unsent: bool) -> FeedRow {
    FeedRow {
        grade: face::shown_grade(answer),
        ground: face::ground(answer).into(),
        caution: face::cautions(answer.verdict()).join("; ").into(),
        discreet: face::is_any_discreet(answer.verdict()),
        mark: card.title().into(),
        time: ages::time(answer.at).into(),
        unsent,
    }
}

fn still_matches(card: &Card) -> bool {
    card.answer.as_ref().is_some_and(|answer| must_be_seen(answer.grade()))
}

/// What an officer must not miss.
fn must_be_seen(grade: Grade) -> bool {
    matches!(grade, Grade::Hit | Grade::Probable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DecisionCode, Item, Mark, NotChecked, Scheme, SeenMark, Verdict};

    fn past(seq: u64, marks: &[&str], grade: Grade, decided: Option<DecisionCode>) -> Past {
        let marks = marks.iter().map(|mark| SeenMark::typed(Mark::new(Scheme::Serial, *mark))).collect();
        let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
        (verdict.grade, verdict.reason, verdict.entry) = (grade, None, Some(Seq(seq)));
        let at = crate::platform::clock::utc_now();
        let item = Item { marks, ..Item::default() };
        Past { seq: Seq(seq), item, verdict, decided, looked_into: false, at, unsent: true }
    }

    #[test]
    fn of_before_a_window_the_last_state_of_each_undecided_match_waits_however_many_items_came_since() {
        let mut checks: Vec<Past> =
            (0..60).map(|n| past(900 - n, &[format!("KT{n}").as_str()], Grade::NoRecord, None)).collect();
        checks.push(past(800, &["AB1", "CD2"], Grade::Hit, None));
        checks.push(past(799, &["AB1"], Grade::Probable, None));
        checks.push(past(798, &["EF3"], Grade::Hit, Some(DecisionCode::Seized)));
        checks.push(past(797, &["GH4"], Grade::Probable, None));
        checks.push(Past { looked_into: true, ..past(796, &["IJ5"], Grade::Hit, None) });
        let feed = Feed::default();
        feed.remember(checks);
        let waiting = feed.unseen().expect("items wait");
        let found = (waiting.first.title(), waiting.matches, waiting.again);
        assert_eq!(found, ("AB1 + CD2".to_owned(), 1, 1), "what asks for a second look is no match");
        assert_eq!(feed.rows.row_count(), FEED_ROWS);
    }
}
