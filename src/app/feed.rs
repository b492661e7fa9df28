//! The feed under the viewfinder: one line an item, the newest on top, with what each was answered. And which matches nobody
//! has looked at yet: where one code after the other is read, the next answer must not take a match away from the eye.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use slint::{Model, ModelRc, SharedString, VecModel};
use tracepost_ui::FeedRow;

use super::bench::Past;
use super::card::Card;
use super::{ages, face};
use crate::domain::{Grade, Seq};

/// Lines of the feed.
pub const FEED_ROWS: usize = 20;
/// Matches nobody has looked at keep their picture up to this many; a picture takes a megabyte.
const PICTURES_WAITING_MAX: usize = 20;

/// One line; checks of this window carry their card.
struct Told {
    card: Option<Card>,
    seq: Option<Seq>,
}

/// The lines and what stands behind them.
#[derive(Default)]
pub struct Feed {
    told: RefCell<Vec<Told>>,
    rows: Rc<VecModel<FeedRow>>,
    /// Matches that nobody has looked at, the oldest first.
    unseen: RefCell<Vec<Card>>,
    /// What was seen of each item, by its number.
    seen: RefCell<BTreeMap<u64, Grade>>,
}

impl Feed {
    /// The lines, for the screen.
    pub fn model(&self) -> ModelRc<FeedRow> {
        ModelRc::from(self.rows.clone())
    }

    /// Puts the answer of an item on its line, or on a new one.
    pub fn tell(&self, card: &Card) {
        let Some(answer) = &card.answer else { return };
        self.wait_for_eyes(card, answer.grade());
        let mut told = self.told.borrow_mut();
        let row = FeedRow {
            grade: face::shown_grade(answer),
            mark: card.name().into(),
            about: SharedString::default(),
            time: ages::time(answer.at).into(),
            unsent: true,
        };
        let entry = Told { card: Some(card.clone()), seq: answer.given.verdict.entry };
        let place = told.iter().position(|t| t.card.as_ref().is_some_and(|c| c.number == card.number));
        if let Some(at) = place {
            told[at] = entry;
            self.rows.set_row_data(at, row);
            return;
        }
        told.insert(0, entry);
        self.rows.insert(0, row);
        if told.len() > FEED_ROWS {
            told.truncate(FEED_ROWS);
            self.rows.remove(FEED_ROWS);
        }
    }

    /// Fills the feed with the checks before this window was opened.
    pub fn remember(&self, past: Vec<Past>) {
        let mut told = self.told.borrow_mut();
        if !told.is_empty() {
            return;
        }
        for check in past.into_iter().take(FEED_ROWS) {
            self.rows.push(FeedRow {
                grade: face::grade(check.grade),
                mark: check.mark.into(),
                about: SharedString::default(),
                time: ages::time(check.at).into(),
                unsent: check.unsent,
            });
            told.push(Told { card: None, seq: Some(check.seq) });
        }
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

    fn wait_for_eyes(&self, card: &Card, grade: Grade) {
        let mut unseen = self.unseen.borrow_mut();
        unseen.retain(|waiting| waiting.number != card.number);
        let known = self.seen.borrow().get(&card.number) == Some(&grade);
        if is_match(grade) && !known {
            let mut waiting = card.clone();
            if unseen.len() >= PICTURES_WAITING_MAX {
                waiting.photo = None;
            }
            unseen.push(waiting);
        }
    }

    /// The strongest match that nobody has looked at, of those the oldest, and how many there are.
    pub fn unseen(&self) -> Option<(Card, usize)> {
        let unseen = self.unseen.borrow();
        let grade = |card: &Card| card.answer.as_ref().map(super::card::Answer::grade);
        // Of equals the last counts, and that is the oldest when the newest comes first.
        let strongest = unseen.iter().rev().max_by_key(|card| grade(card))?;
        Some((strongest.clone(), unseen.len()))
    }

    /// The card of this item is on the screen.
    pub fn saw(&self, card: &Card) {
        self.unseen.borrow_mut().retain(|waiting| waiting.number != card.number);
        if let Some(answer) = &card.answer {
            self.seen.borrow_mut().insert(card.number, answer.grade());
        }
    }

    /// The card behind a line, if it was checked in this window.
    pub fn card(&self, index: i32) -> Option<Card> {
        self.told.borrow().get(usize::try_from(index).ok()?)?.card.clone()
    }
}

/// What an officer must not miss.
fn is_match(grade: Grade) -> bool {
    matches!(grade, Grade::Hit | Grade::Probable)
}
