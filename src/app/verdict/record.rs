//! The records of the card: which one is looked at, and opening it.

use std::sync::Arc;

use slint::{ComponentHandle, Model, ModelRc, VecModel};
use tracepost_ui::{Screen, ShellData};

use super::Verdict;
use super::rows::facts;
use crate::app::bench::{Opened, Opening, Standing};
use crate::app::card::Stood;
use crate::app::face;
use crate::app::mail::Letter;
use crate::app::since::{Fate, standing_of, versions};
use crate::domain::{RegisterId, Seq};

/// A record, by the check that led to it, its register and its id.
pub type Name = (Option<Seq>, RegisterId, String);

impl Verdict {
    pub(super) fn chosen(&self) -> usize {
        let mut index = 0;
        self.with(|data| index = data.get_chosen());
        usize::try_from(index).unwrap_or(0)
    }

    pub(super) fn choose(&self, index: usize) {
        self.with(|data| data.set_chosen(i32::try_from(index).unwrap_or(0)));
        self.show_candidate(index);
    }

    /// The record at this place of the card.
    fn name_at(&self, index: usize) -> Option<Name> {
        let shown = self.shown.borrow();
        let verdict = shown.as_ref()?.answer.as_ref()?.verdict();
        let candidate = verdict.candidates.get(index)?;
        Some((verdict.entry, candidate.register.clone(), candidate.record.clone()))
    }

    /// F12: the whole record of the chosen candidate, once its opening is written down.
    pub fn open_record(&self) {
        let index = self.chosen();
        let on_card = self.app.upgrade().is_some_and(|app| app.global::<ShellData>().get_screen() == Screen::Verdict);
        let Some(name) = self.name_at(index).filter(|_| on_card) else { return };
        let shown = self.shown.borrow();
        let Some((card, answer)) = shown.as_ref().and_then(|card| Some((card, card.answer.as_ref()?))) else { return };
        if self.opened.borrow().contains_key(&name) || answer.fate(index) == Some(Fate::Withdrawn) {
            return;
        }
        let mut stood = Stood::to_ask(card.number, answer, String::new());
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.check(move || {
            let opened = bench.open_record(&name.1.0, &name.2, name.0);
            let opened = opened.map(|opened| {
                stood.by = bench.bearings().map(|bearings| versions(&bearings.registers)).unwrap_or_default();
                stood.standings = bench.standings(&stood.item, &stood.named);
                (opened, Box::new(stood))
            });
            mail.send(Letter::Opened(name, opened));
        });
    }

    /// The opening of a record is written down; from now on all that it says is shown, and what the others of its card say now.
    pub fn record_opened(&self, name: Name, opening: Opening, mut stood: Stood) {
        let at = stood.named.iter().position(|(register, record)| (register, record) == (&name.1, &name.2));
        if let Some(at) = at {
            stood.standings.resize_with(stood.named.len(), || Standing::Unknown);
            let shown = self.shown.borrow();
            let about = shown.as_ref().and_then(|card| card.answer.as_ref().filter(|a| stood.is_about(card.number, a)));
            let then = about.and_then(|answer| answer.given.verdict.candidates.get(at));
            let standing = &mut stood.standings[at];
            match (&opening, then) {
                (Opening::Withdrawn, _) => *standing = Standing::Withdrawn,
                (Opening::NoRegister, _) => *standing = Standing::NoRegister,
                (Opening::Whole(opened), Some(then)) if *standing == Standing::Unknown => {
                    *standing = standing_of(&stood.item, then, opened);
                }
                (Opening::Whole(_), _) => {}
            }
        }
        self.stood(&stood);
        // After that, which puts away what was opened of records that say something else by now.
        if let Opening::Whole(opened) = opening {
            self.opened.borrow_mut().insert(name, opened);
        }
        self.show_candidate(self.chosen());
    }

    /// Shows one candidate: what is needed to compare, and all of it once the opening of its record is written down.
    pub(super) fn show_candidate(&self, index: usize) {
        let Some(mut row) = self.candidates.row_data(index) else { return };
        let shown = self.shown.borrow();
        let Some(answer) = shown.as_ref().and_then(|card| card.answer.as_ref()) else { return };
        let Some(candidate) = answer.verdict().candidates.get(index) else { return };
        let opened = self.opened.borrow();
        let name = (answer.verdict().entry, candidate.register.clone(), candidate.record.clone());
        let told: Option<&Opened> = opened.get(&name);
        let fate = answer.fate(index);
        row.opened = told.is_some() || fate == Some(Fate::Withdrawn);
        let is_known = told.is_some() || !fate.is_some_and(Fate::is_gone);
        let facts = if is_known { facts(&answer.item, candidate, told.map(|told| &told.facts)) } else { Vec::new() };
        row.facts = ModelRc::new(VecModel::from(facts));
        // What stands over the whole card is not said twice.
        let over = face::cautions(answer.verdict());
        row.caution =
            Some(face::caution(candidate, None)).filter(|told| !over.contains(told)).unwrap_or_default().into();
        row.discreet = face::is_discreet(candidate, None) && !face::is_any_discreet(answer.verdict());
        self.with(|data| data.set_candidate(row));
    }
}
