//! What was decided about the card that is shown.

use std::sync::Arc;

use slint::{ComponentHandle, SharedString};
use tracepost_ui::{Screen, ShellData};

use super::Verdict;
use crate::app::mail::Letter;
use crate::app::photo;
use crate::domain::{DecisionCode, Seq};

impl Verdict {
    /// Opens the decision, if there is an entry to decide about.
    pub fn open_decision(&self) {
        // From another screen it is about the open item; on the card about what is shown.
        let on_card = self.app.upgrade().is_some_and(|app| app.global::<ShellData>().get_screen() == Screen::Verdict);
        let open = self.scan.card();
        let about = if on_card || open.answer.is_none() { self.shown.borrow().clone() } else { Some(open) };
        if about.and_then(|card| card.answer?.given.verdict.entry).is_some() {
            self.go_to_own();
            self.with(|data| data.set_deciding(true));
        }
    }

    /// Leaves the decision; nothing is written. True when it was open.
    pub fn close_decision(&self) -> bool {
        let mut was_open = false;
        self.with(|data| {
            was_open = data.get_deciding();
            data.set_deciding(false);
        });
        was_open
    }

    /// A decision by its number, counted from 0.
    pub fn decision_nth(&self, nth: usize) {
        if let Some(code) = DecisionCode::ALL.get(nth) {
            self.with(|data| data.set_decision(code.code().into()));
        }
    }

    /// Writes what is chosen on the decision screen.
    pub fn decide_now(&self) {
        let (mut code, mut note) = (SharedString::default(), SharedString::default());
        self.with(|data| (code, note) = (data.get_decision(), data.get_note()));
        self.decide(&code, &note);
    }

    pub(super) fn decide(&self, code: &str, note: &str) {
        let shown = self.shown.borrow();
        let Some(card) = shown.as_ref() else { return };
        let entry = card.answer.as_ref().and_then(|a| a.given.verdict.entry);
        let (Some(of), Ok(code)) = (entry, code.parse::<DecisionCode>()) else { return };
        let mut keep = false;
        self.with(|data| keep = data.get_keep_photo());
        let frame = card.photo.clone().filter(|_| keep);
        let (bench, mail, note) = (Arc::clone(&self.bench), self.mail.clone(), note.trim().to_owned());
        let number = card.number;
        drop(shown);
        // At once: what is scanned while this is being written is another item.
        self.scan.close(number);
        self.crew.check(move || {
            let picture = frame.and_then(|view| photo::jpeg(&view));
            let written = bench.decide(of, code, &note, picture.as_deref());
            mail.send(Letter::Decided(number, of, written.map(|()| code)));
        });
    }

    /// The decision about an item's check is written.
    pub fn decided(&self, number: u64, of: Seq, code: DecisionCode) {
        self.scan.decided(number, of, code);
        let mut shown = self.shown.borrow_mut();
        let Some(card) = shown.as_mut().filter(|card| card.number == number && card.entry() == Some(of)) else {
            return;
        };
        card.decided = Some(code);
        self.with(|data| {
            data.set_deciding(false);
            data.set_decided(code.code().into());
        });
    }

    /// Turns keeping the frame on or off.
    pub fn turn_photo(&self) {
        self.with(|data| data.set_keep_photo(!data.get_keep_photo()));
    }
}
