//! The pickers of the details: kind, make, model and the others, page by page.

use slint::{Model, SharedString};
use tracepost_ui::Screen;

use super::Scan;
use crate::app::card::{detail, fields};
use crate::app::choices::PAGE;

impl Scan {
    /// Opens the picker of a detail.
    pub fn open_picker(&self, field: &str) {
        self.page.set(0);
        self.fill_choices(field);
        let now = detail(&self.card.borrow().item.description, field);
        self.with(|data| {
            // Names of a closed list are chosen, not typed over.
            let typed = if matches!(field, "object" | "kind") { "" } else { now.as_str() };
            let text = if field == "year" { "" } else { typed };
            data.set_picker_text(text.into());
            data.set_picker_known(if text.is_empty() { now.as_str() } else { "" }.into());
            data.set_picker(field.into());
        });
        self.go(Screen::Scan);
    }

    fn fill_choices(&self, field: &str) {
        let all = self.habits.borrow().choices(field, &self.card.borrow().item.description);
        let pages = all.len().div_ceil(PAGE).max(1);
        let page = self.page.get().min(pages - 1);
        self.page.set(page);
        let shown: Vec<SharedString> = all.iter().skip(page * PAGE).take(PAGE).map(SharedString::from).collect();
        self.choices.set_vec(shown);
        self.with(|data| {
            data.set_page(page as i32);
            data.set_pages(pages as i32);
        });
    }

    pub(super) fn turn_page(&self, by: i32) {
        let page = self.page.get().saturating_add_signed(by as isize);
        self.page.set(page);
        let mut field = SharedString::default();
        self.with(|data| field = data.get_picker());
        self.fill_choices(&field);
    }

    /// The first detail that is not known yet, for the key that opens a picker.
    pub fn first_unknown(&self) -> &'static str {
        let card = self.card.borrow();
        let about = &card.item.description;
        fields(about).iter().copied().find(|f| detail(about, f).is_empty()).unwrap_or("kind")
    }

    /// A choice by its number on the page, counted from 0.
    pub fn pick_nth(&self, nth: usize) {
        let mut field = SharedString::default();
        self.with(|data| field = data.get_picker());
        if let Some(value) = self.choices.row_data(nth) {
            self.pick(&field, &value);
        }
    }

    pub(super) fn pick(&self, field: &str, value: &str) {
        let before = self.card.borrow().item.description.clone();
        if !self.card.borrow_mut().set(field, value) {
            // A year of three digits: the picker stays open.
            return;
        }
        if !value.trim().is_empty() {
            self.habits.borrow_mut().note(field, value.trim(), &before);
        }
        self.close_picker();
        if self.card.borrow().item.description != before {
            self.check();
        }
        self.refresh();
    }

    /// Enter in the field: what stands there. Nothing changes nothing, where the field began empty over what is known.
    pub(super) fn take_typed(&self, field: &str, text: &str) {
        let mut known = SharedString::default();
        self.with(|data| known = data.get_picker_known());
        if text.trim().is_empty() && !known.is_empty() {
            self.close_picker();
        } else {
            self.pick(field, text);
        }
    }

    /// The last character of the field goes.
    pub(super) fn erase_typed(&self) {
        self.with(|data| {
            let mut text = data.get_picker_text().to_string();
            text.pop();
            data.set_picker_text(text.into());
        });
    }

    /// Closes the picker; nothing is chosen. True when one was open.
    pub fn close_picker(&self) -> bool {
        let mut was_open = false;
        self.with(|data| {
            was_open = !data.get_picker().is_empty();
            data.set_picker(SharedString::default());
        });
        was_open
    }
}
