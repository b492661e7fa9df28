//! The search screen: a worn mark, looked up by what can be read of it. What was found stays until the next look-up.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use slint::{ComponentHandle, ModelRc, SharedString, VecModel, Weak};
use tracepost_ui::{App, FoundRow, ScanBackend, Screen, SearchBackend, SearchData, ShellBackend};

use super::bench::{Bench, LookUp, Opened, Opening, Standing, Trouble};
use super::crew::Crew;
use super::face;
use super::mail::{Letter, Mail};
use super::scan::Scan;
use super::since::{Fate, still_says};
use super::verdict::rows;
use crate::domain::{Candidate, Item, Seq};

/// The controller.
pub struct Search {
    app: Weak<App>,
    bench: Arc<dyn Bench>,
    crew: Rc<Crew>,
    mail: Mail,
    scan: Rc<Scan>,
    found: Rc<VecModel<FoundRow>>,
    last: RefCell<Option<LookUp>>,
    /// Records of the last look-up whose opening is written down, by their place in it.
    opened: RefCell<HashMap<usize, Opening>>,
}

impl Search {
    /// Binds the screen.
    pub fn attach(app: &App, bench: Arc<dyn Bench>, crew: Rc<Crew>, mail: Mail, scan: Rc<Scan>) -> Rc<Self> {
        let found = Rc::<VecModel<FoundRow>>::default();
        let search = Rc::new(Self {
            app: app.as_weak(),
            bench,
            crew,
            mail,
            scan,
            found: Rc::clone(&found),
            last: RefCell::default(),
            opened: RefCell::default(),
        });
        let data = app.global::<SearchData>();
        data.set_found(ModelRc::from(found));
        data.set_pattern(SharedString::default());
        data.set_outcome(SharedString::default());
        let backend = app.global::<SearchBackend>();
        let weak = Rc::downgrade(&search);
        backend.on_look_up(move |pattern| {
            if let Some(search) = weak.upgrade() {
                search.look_up(&pattern);
            }
        });
        let weak = Rc::downgrade(&search);
        backend.on_press(move |key| {
            if let Some(search) = weak.upgrade() {
                search.press(&key);
            }
        });
        let weak = Rc::downgrade(&search);
        backend.on_choose(move |index| {
            if let (Some(search), Ok(index)) = (weak.upgrade(), usize::try_from(index)) {
                search.choose(index);
            }
        });
        let weak = Rc::downgrade(&search);
        backend.on_open_record(move || {
            if let Some(search) = weak.upgrade() {
                search.open_record();
            }
        });
        let weak = Rc::downgrade(&search);
        backend.on_check_it(move || {
            if let Some(search) = weak.upgrade() {
                search.check_it();
            }
        });
        search
    }

    fn with(&self, f: impl FnOnce(&SearchData<'_>)) {
        if let Some(app) = self.app.upgrade() {
            f(&app.global::<SearchData>());
        }
    }

    fn press(&self, key: &str) {
        let mut pattern = String::new();
        self.with(|data| pattern = data.get_pattern().into());
        match key {
            "enter" => {
                if let Some(app) = self.app.upgrade() {
                    app.global::<ScanBackend>().invoke_show_keypad(false);
                }
                return self.look_up(&pattern);
            }
            "back" => drop(pattern.pop()),
            key => pattern.push_str(key),
        }
        self.with(|data| data.set_pattern(pattern.into()));
    }

    fn look_up(&self, pattern: &str) {
        let pattern = pattern.trim().to_owned();
        let mut runs = false;
        self.with(|data| runs = data.get_outcome() == "running");
        if pattern.is_empty() || runs {
            return;
        }
        self.with(|data| data.set_outcome("running".into()));
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.check(move || {
            let answer = bench.look_up(&pattern);
            mail.send(Letter::LookedUp(pattern, answer.map(Box::new)));
        });
    }

    /// The answer to a look-up.
    pub fn answered(&self, pattern: &str, answer: Result<Box<LookUp>, Trouble>) {
        self.opened.borrow_mut().clear();
        let (answer, why) = match answer {
            Ok(answer) => (Some(*answer), Trouble::default()),
            Err(why) => (None, why),
        };
        let candidates = answer.as_ref().map_or(&[][..], |answer| &answer.candidates);
        let rows = candidates.iter().map(|candidate| FoundRow {
            mark: candidate.mark().into(),
            kind: candidate.fields.get("kind").map(SharedString::from).unwrap_or_default(),
            summary: face::summary(candidate).into(),
            register: candidate.register.to_string().into(),
        });
        self.found.set_vec(rows.collect::<Vec<_>>());
        self.with(|data| {
            data.set_asked(pattern.into());
            data.set_cut(answer.as_ref().is_some_and(|answer| answer.cut));
            data.set_entry(answer.as_ref().map(|answer| answer.entry.to_string()).unwrap_or_default().into());
            data.set_outcome_code(why.code.into());
            data.set_outcome_detail(why.words.into());
            data.set_outcome(if answer.is_some() { "done" } else { "failed" }.into());
        });
        *self.last.borrow_mut() = answer;
        self.choose(0);
    }

    /// Shows the record at this place of the list; beyond its end does nothing.
    pub fn choose(&self, index: usize) {
        let last = self.last.borrow();
        let Some(candidate) = last.as_ref().and_then(|last| last.candidates.get(index)) else { return };
        let opened = self.opened.borrow();
        let (opened, fate) = match opened.get(&index) {
            Some(Opening::Whole(opened)) => (Some(opened), changed(candidate, opened)),
            Some(Opening::Withdrawn) => (None, Some(Fate::Withdrawn)),
            Some(Opening::NoRegister) => (None, Some(Fate::NoRegister)),
            None => (None, None),
        };
        // What was found of it is no fact of the registers any more.
        let none = Opened::default();
        let opened = if fate == Some(Fate::Withdrawn) { Some(&none) } else { opened };
        let told = opened.map(|opened| &opened.facts);
        let facts = rows::facts(&Item::default(), candidate, told);
        self.with(|data| {
            data.set_chosen(i32::try_from(index).unwrap_or(0));
            data.set_opened(opened.is_some());
            data.set_fate(fate.map_or("", Fate::code).into());
            data.set_caution(face::caution(candidate, told).into());
            data.set_discreet(face::is_discreet(candidate, opened));
            data.set_expired(fate != Some(Fate::Withdrawn) && face::is_expired(candidate, opened));
            data.set_facts(ModelRc::new(VecModel::from(facts)));
        });
    }

    fn chosen(&self) -> usize {
        let mut index = 0;
        self.with(|data| index = data.get_chosen());
        usize::try_from(index).unwrap_or(0)
    }

    /// F12: the whole record, once its opening is written down.
    pub fn open_record(&self) {
        let index = self.chosen();
        let last = self.last.borrow();
        let Some(last) = last.as_ref().filter(|_| !self.opened.borrow().contains_key(&index)) else { return };
        let Some(candidate) = last.candidates.get(index) else { return };
        let (entry, register, record) = (last.entry, candidate.register.to_string(), candidate.record.clone());
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.check(move || {
            let opened = bench.open_record(&register, &record, Some(entry));
            mail.send(Letter::FoundOpened(entry, index, opened));
        });
    }

    /// The opening of a record of that look-up is written down; from now on all that it says is shown, or that it is gone.
    pub fn record_opened(&self, entry: Seq, index: usize, opened: Opening) {
        // Another look-up may have come meanwhile.
        if self.last.borrow().as_ref().is_some_and(|last| last.entry == entry) {
            self.opened.borrow_mut().insert(index, opened);
            self.choose(self.chosen());
        }
    }

    /// A look-up is no check: the mark goes into the entry field, for the officer to compare and to enter.
    fn check_it(&self) {
        let last = self.last.borrow();
        let Some(candidate) = last.as_ref().and_then(|last| last.candidates.get(self.chosen())) else { return };
        if let Some(app) = self.app.upgrade() {
            app.global::<ShellBackend>().invoke_go(Screen::Scan);
        }
        self.scan.set_entry(candidate.mark());
    }
}

/// Whether a record says something else than the look-up told of it.
fn changed(then: &Candidate, opened: &Opened) -> Option<Fate> {
    let told = Standing::Listed(Box::new(then.clone()));
    (!still_says(opened, &told)).then_some(Fate::Changed)
}
