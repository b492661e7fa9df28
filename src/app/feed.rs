//! The feed under the viewfinder: one line an item, the newest on top, with what each was answered.

use std::cell::RefCell;
use std::rc::Rc;

use slint::{Model, ModelRc, SharedString, VecModel};
use tracepost_ui::FeedRow;

use super::bench::Past;
use super::card::Card;
use super::{ages, face};
use crate::domain::Seq;

/// Lines of the feed.
pub const FEED_ROWS: usize = 20;

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
}

impl Feed {
    /// The lines, for the screen.
    pub fn model(&self) -> ModelRc<FeedRow> {
        ModelRc::from(self.rows.clone())
    }

    /// Puts the answer of an item on its line, or on a new one.
    pub fn tell(&self, card: &Card) {
        let Some(answer) = &card.answer else { return };
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

    /// The card behind a line, if it was checked in this window.
    pub fn card(&self, index: i32) -> Option<Card> {
        self.told.borrow().get(usize::try_from(index).ok()?)?.card.clone()
    }
}
