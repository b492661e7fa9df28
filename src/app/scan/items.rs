//! From one item to the next, and back to an earlier one only when somebody says so.

use super::Scan;
use crate::app::bench::Past;
use crate::app::card::{Answer, Card, Intake, Stood};
use crate::domain::{DecisionCode, Description, Seq};

impl Scan {
    /// F2: closes the item that is shown, and begins the next. An empty card is the next already; what was said of an item
    /// that then never came is forgotten.
    pub fn next_item(&self) {
        if self.card.borrow().is_empty() {
            self.card.borrow_mut().item.description = Description::default();
            return self.refresh();
        }
        self.numbers.set(self.numbers.get() + 1);
        let closed = self.card.replace(Card::new(self.numbers.get()));
        let earlier = self.before.replace(Some(closed));
        self.waiting.borrow_mut().extend(earlier.filter(Card::awaits_answer));
        self.with(|data| data.set_checking(false));
        self.refresh();
    }

    /// The last mark was taken off an item: what comes next is another one, described as this was, and a match of what was taken off
    /// still waits for the eye.
    pub(super) fn begin_instead_of(&self, gone: Card) {
        self.numbers.set(self.numbers.get() + 1);
        let mut next = Card::new(self.numbers.get());
        next.item.description = gone.item.description.clone();
        self.card.replace(next);
        self.waiting.borrow_mut().extend(Some(gone).filter(Card::awaits_answer));
        self.with(|data| data.set_checking(false));
    }

    /// Shift+F2: what comes next belongs to the item that is shown; on an empty card, to the one before.
    pub fn same_item(&self) {
        let mut card = self.card.borrow_mut();
        if card.is_empty() {
            let Some(last) = self.before.borrow_mut().take() else { return };
            *card = last;
        }
        card.intake = Intake::Open;
        drop(card);
        self.refresh();
    }

    /// A line of the feed: shows its card. What comes next is another item, unless somebody says otherwise.
    pub(super) fn open_entry(&self, index: i32) {
        if let Some(card) = self.feed.card(index) {
            self.open_card(card);
        }
    }

    /// Takes an earlier item up and shows its card.
    pub fn open_card(&self, card: Card) {
        self.take_up(card);
        self.open_own_card();
    }

    /// Shows an item of before again.
    pub fn take_up(&self, card: Card) {
        let mut open = self.card.borrow_mut();
        if open.number != card.number {
            let intake = if card.decided.is_some() { Intake::Decided } else { Intake::Earlier };
            let shown = std::mem::replace(&mut *open, Card { intake, ..card });
            if !shown.is_empty() {
                let earlier = self.before.replace(Some(shown));
                self.waiting.borrow_mut().extend(earlier.filter(Card::awaits_answer));
            }
        }
        drop(open);
        self.with(|data| data.set_checking(self.card.borrow().awaits_answer()));
        self.refresh();
    }

    /// The item once more, as it is: its records may be others by now.
    pub fn check_again(&self, card: Card) {
        self.take_up(card);
        let mut open = self.card.borrow_mut();
        // What is still on its way answers the question of before.
        open.revision += 1;
        drop(open);
        self.check();
        self.refresh();
    }

    /// Cards whose records may stand otherwise by now.
    pub fn to_look_at(&self, is_of_others: impl Fn(&Answer) -> bool) -> Vec<Card> {
        let mut found = self.feed.cards();
        found.push(self.card());
        found.retain(|card| card.answer.as_ref().is_some_and(&is_of_others));
        found.sort_by_key(|card| card.number);
        found.dedup_by_key(|card| card.number);
        found
    }

    /// It is known how the records of a card stand.
    pub fn stood(&self, stood: &Stood) {
        self.card.borrow_mut().stands(stood);
        self.before.borrow_mut().iter_mut().for_each(|card| card.stands(stood));
        self.feed.change(stood.number, |card| card.stands(stood));
        self.refresh();
    }

    /// What syncs found out about past checks is put on their cards. Gives those that changed.
    pub fn learns(&self, past: &[Past]) -> Vec<Card> {
        let learnt = self.feed.learns(past);
        for card in &learnt {
            let mut open = self.card.borrow_mut();
            if open.number == card.number {
                open.answer.clone_from(&card.answer);
            }
        }
        self.refresh();
        learnt
    }

    /// Whether this is the item that is being dealt with, and no earlier one.
    pub fn has_in_hand(&self, number: u64) -> bool {
        let open = self.card.borrow();
        open.number == number && open.intake != Intake::Earlier
    }

    /// The decision about an item's check is written.
    pub fn decided(&self, number: u64, of: Seq, code: DecisionCode) {
        let decide = |card: &mut Card| {
            if card.number == number && card.entry() == Some(of) {
                card.decided = Some(code);
            }
        };
        decide(&mut self.card.borrow_mut());
        self.before.borrow_mut().iter_mut().for_each(decide);
        self.feed.change(number, decide);
        self.refresh();
    }

    /// A decision about this item is being written: nothing more belongs to it.
    pub fn close(&self, number: u64) {
        let mut card = self.card.borrow_mut();
        if card.number == number {
            card.intake = Intake::Decided;
        }
        drop(card);
        self.refresh();
    }
}
