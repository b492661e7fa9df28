//! Whether what a card says still holds: its records may be withdrawn or changed while it is on the screen, or while it waits.

use std::sync::Arc;

use super::Verdict;
use crate::app::bench::{Held, Past};
use crate::app::card::Stood;
use crate::app::mail::Letter;
use crate::app::since::{is_of_other_registers, still_says, versions};

impl Verdict {
    /// Asks how the records of the cards stand for which other registers were asked than are held now.
    pub fn look_again(&self, held: &[Held]) {
        if self.asking.get() {
            return;
        }
        let mut cards = self.scan.to_look_at(|answer| is_of_other_registers(answer, held));
        let shown = self.shown.borrow().clone();
        let is_missed = |shown: &_, answer: &_| {
            let number = |card: &crate::app::card::Card| card.number;
            is_of_other_registers(answer, held) && !cards.iter().any(|card| number(card) == number(shown))
        };
        let missed = shown.filter(|shown| shown.answer.as_ref().is_some_and(|answer| is_missed(shown, answer)));
        cards.extend(missed);
        let to_ask =
            cards.iter().filter_map(|card| Some(Stood::to_ask(card.number, card.answer.as_ref()?, versions(held))));
        let mut asked: Vec<Stood> = to_ask.collect();
        if asked.is_empty() {
            return;
        }
        self.asking.set(true);
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.look(move || {
            for stood in &mut asked {
                stood.standings = bench.standings(&stood.item, &stood.named);
            }
            mail.send(Letter::Stood(asked));
        });
    }

    /// It is known how the records of some cards stand.
    pub fn all_stood(&self, all: &[Stood]) {
        self.asking.set(false);
        all.iter().for_each(|stood| self.stood(stood));
    }

    /// It is known how the records of one card stand.
    pub(super) fn stood(&self, stood: &Stood) {
        self.scan.stood(stood);
        let mut shown = self.shown.borrow_mut();
        let Some(card) = shown.as_mut().filter(|card| card.number == stood.number) else { return };
        card.stands(stood);
        let entry = card.entry();
        drop(shown);
        self.opened.borrow_mut().retain(|(of, register, record), opened| {
            let at = stood.named.iter().position(|named| (&named.0, &named.1) == (&*register, &*record));
            let standing = at.filter(|_| *of == entry).and_then(|at| stood.standings.get(at));
            standing.is_none_or(|standing| still_says(opened, standing))
        });
        self.refill();
    }

    /// What syncs found out about past checks is put on their cards.
    pub fn learns(&self, past: &[Past]) {
        let learnt = self.scan.learns(past);
        let mut shown = self.shown.borrow_mut();
        let Some(card) = shown.as_mut() else { return };
        if let Some(learnt) = learnt.into_iter().find(|learnt| learnt.number == card.number) {
            card.answer = learnt.answer;
            drop(shown);
            self.refill();
        }
    }

    /// Shows the card as it is by now, and of its records the one that was looked at.
    fn refill(&self) {
        let at = |wanted: Option<&str>| {
            let shown = self.shown.borrow();
            let verdict = shown.as_ref()?.answer.as_ref()?.verdict();
            verdict.candidates.iter().position(|c| Some(c.record.as_str()) == wanted)
        };
        let mut looked_at = None;
        self.with(|data| looked_at = Some(data.get_candidate().record));
        self.fill();
        self.choose(at(looked_at.as_deref()).unwrap_or(0));
    }

    /// The item whose card is shown, once more.
    pub fn check_again(&self) {
        let mut decides = false;
        self.with(|data| decides = data.get_deciding());
        let Some(card) = self.shown.borrow().clone().filter(|_| !decides) else { return };
        self.scan.check_again(card);
    }
}
