//! The card of one verdict: what to do, why, and what was decided.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel, Weak};
use tracepost_ui::{
    App, CandidateRow, CharCell, Fact, RegisterRow, Screen, ShellBackend, ShellData, VerdictBackend, VerdictData,
};

use super::bench::Bench;
use super::card::{Answer, Card};
use super::crew::Crew;
use super::mail::{Letter, Mail};
use super::scan::Scan;
use super::{ages, face, photo};
use crate::domain::{DecisionCode, Finding, Seq};

/// The controller.
pub struct Verdict {
    app: Weak<App>,
    bench: Arc<dyn Bench>,
    crew: Rc<Crew>,
    mail: Mail,
    scan: Rc<Scan>,
    shown: RefCell<Option<Card>>,
    /// Records whose opening is written down: entry, index of the candidate.
    opened: RefCell<HashSet<(Option<Seq>, usize)>>,
    candidates: Rc<VecModel<CandidateRow>>,
}

impl Verdict {
    /// Binds the screen.
    pub fn attach(app: &App, bench: Arc<dyn Bench>, crew: Rc<Crew>, mail: Mail, scan: Rc<Scan>) -> Rc<Self> {
        let verdict = Rc::new(Self {
            app: app.as_weak(),
            bench,
            crew,
            mail,
            scan,
            shown: RefCell::default(),
            opened: RefCell::default(),
            candidates: Rc::default(),
        });
        let data = app.global::<VerdictData>();
        data.set_candidates(ModelRc::from(verdict.candidates.clone()));
        data.set_ready(false);
        let backend = app.global::<VerdictBackend>();
        let weak = Rc::downgrade(&verdict);
        backend.on_choose(move |index| {
            if let (Some(verdict), Ok(index)) = (weak.upgrade(), usize::try_from(index)) {
                verdict.choose(index);
            }
        });
        let weak = Rc::downgrade(&verdict);
        backend.on_settle(move |ask| {
            if let Some(verdict) = weak.upgrade() {
                verdict.settle(&ask);
            }
        });
        let weak = Rc::downgrade(&verdict);
        backend.on_decide(move |code, note| {
            if let Some(verdict) = weak.upgrade() {
                verdict.decide(&code, &note);
            }
        });
        let on = |f: fn(&Rc<Self>)| {
            let weak = Rc::downgrade(&verdict);
            move || {
                if let Some(verdict) = weak.upgrade() {
                    f(&verdict);
                }
            }
        };
        backend.on_open_decision(on(|verdict| verdict.open_decision()));
        backend.on_close_decision(on(|verdict| {
            verdict.close_decision();
        }));
        backend.on_next_item(on(|verdict| verdict.next_item()));
        verdict
    }

    fn with(&self, f: impl FnOnce(&VerdictData<'_>)) {
        if let Some(app) = self.app.upgrade() {
            f(&app.global::<VerdictData>());
        }
    }

    /// Puts a card on the screen; its answer must be there.
    pub fn show(&self, card: Card) {
        let Some(answer) = card.answer.clone() else { return };
        let now = chrono::Utc::now();
        let verdict = &answer.given.verdict;
        self.candidates.set_vec(verdict.candidates.iter().map(|c| row(&answer, c, now)).collect::<Vec<_>>());
        let places = face::places(verdict.candidates.first());
        let [first, second] = face::asks_to_add(&verdict.ask);
        let (pair_read, pair_record) = places.pair.unwrap_or_default();
        let asks: Vec<SharedString> = verdict.ask.iter().map(|a| a.code().into()).collect();
        let findings: Vec<SharedString> = verdict.findings.iter().map(|f| f.code().into()).collect();
        let registers: Vec<RegisterRow> = verdict
            .registers
            .iter()
            .map(|r| RegisterRow {
                id: r.id.to_string().into(),
                records: SharedString::default(),
                version: r.version.to_string().into(),
                age: ages::age(r.as_of, now),
                old: ages::is_old(r.as_of, now),
            })
            .collect();
        self.with(|data| {
            data.set_ready(true);
            data.set_grade(face::grade(answer.grade()));
            data.set_mark(card.name().into());
            data.set_time(ages::time(answer.at).into());
            data.set_entry(verdict.entry.map(|e| e.to_string()).unwrap_or_default().into());
            data.set_paper(answer.paper().unwrap_or_default().into());
            data.set_place_count(i32::try_from(places.count).unwrap_or(i32::MAX));
            data.set_places(places.list.into());
            data.set_pair_read(pair_read.into());
            data.set_pair_record(pair_record.into());
            data.set_asks(ModelRc::new(VecModel::from(asks)));
            data.set_ask_first(first.into());
            data.set_ask_second(second.into());
            data.set_reason(verdict.reason.map(|r| r.code()).unwrap_or_default().into());
            data.set_object(answer.item.description.object.map(|o| o.code()).unwrap_or_default().into());
            data.set_register_count(i32::try_from(verdict.registers.len()).unwrap_or(i32::MAX));
            data.set_newest(face::newest(&answer).map_or_else(ages::unknown, |as_of| ages::age(as_of, now)));
            data.set_findings(ModelRc::new(VecModel::from(findings)));
            data.set_registers(ModelRc::new(VecModel::from(registers)));
            data.set_has_photo(card.photo.is_some());
            if let Some(view) = &card.photo {
                data.set_photo(photo::image(view));
            }
            data.set_chosen(0);
            data.set_deciding(false);
            data.set_decision(SharedString::default());
            data.set_decided(SharedString::default());
            data.set_note(SharedString::default());
            data.set_keep_photo(true);
        });
        if let Some(app) = self.app.upgrade() {
            app.global::<ShellData>().set_paper(answer.paper().unwrap_or_default().into());
        }
        *self.shown.borrow_mut() = Some(card);
        self.show_candidate(0);
        if self.app.upgrade().is_some_and(|app| app.global::<ShellData>().get_screen() == Screen::Verdict) {
            self.entered();
        }
    }

    /// The card is looked at: the record that it shows is opened, and that is written down first.
    pub fn entered(&self) {
        let open = self.scan.card();
        let newer = open.answer.is_some() && self.shown.borrow().as_ref().is_none_or(|c| c.number != open.number);
        if newer {
            // Shows it and comes back here.
            return self.show(open);
        }
        let mut index = 0;
        self.with(|data| index = data.get_chosen());
        self.choose(usize::try_from(index).unwrap_or(0));
    }

    fn choose(&self, index: usize) {
        self.with(|data| data.set_chosen(i32::try_from(index).unwrap_or(0)));
        self.show_candidate(index);
        let Some((entry, register, record)) = self.record(index) else { return };
        if self.opened.borrow().contains(&(entry, index)) {
            return;
        }
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.check(move || {
            let opened = bench.open_record(&register, &record, entry);
            mail.send(Letter::Opened(entry, index, opened));
        });
    }

    fn record(&self, index: usize) -> Option<(Option<Seq>, String, String)> {
        let shown = self.shown.borrow();
        let verdict = &shown.as_ref()?.answer.as_ref()?.given.verdict;
        let candidate = verdict.candidates.get(index)?;
        Some((verdict.entry, candidate.register.to_string(), candidate.record.clone()))
    }

    /// The opening of a record is written down; from now on its facts are shown.
    pub fn record_opened(&self, entry: Option<Seq>, index: usize) {
        self.opened.borrow_mut().insert((entry, index));
        let mut chosen = 0;
        self.with(|data| chosen = data.get_chosen());
        self.show_candidate(usize::try_from(chosen).unwrap_or(0));
    }

    /// Shows one candidate; its facts only once the opening of its record is written down.
    fn show_candidate(&self, index: usize) {
        let Some(mut row) = self.candidates.row_data(index) else { return };
        let entry = self.record(index).and_then(|(entry, ..)| entry);
        if !self.opened.borrow().contains(&(entry, index)) {
            row.facts = ModelRc::default();
        }
        self.with(|data| data.set_candidate(row));
    }

    /// Goes to where the observation can be made.
    fn settle(&self, ask: &str) {
        match ask {
            "year" | "make" | "model" | "calibre" | "kind" | "object" => self.scan.open_picker(ask),
            "characters" => {
                let card = self.scan.card();
                self.go(Screen::Scan);
                self.scan.set_entry(card.name());
            }
            _ => self.go(Screen::Scan),
        }
    }

    /// An observation by its number, counted from 0.
    pub fn settle_nth(&self, nth: usize) {
        let shown = self.shown.borrow().as_ref().and_then(|c| c.answer.clone());
        let ask = shown.and_then(|a| a.given.verdict.ask.get(nth).map(|ask| ask.code()));
        if let Some(ask) = ask {
            self.settle(ask);
        }
    }

    /// Opens the decision, if there is an entry to decide about.
    pub fn open_decision(&self) {
        let entry = self.shown.borrow().as_ref().and_then(|c| c.answer.as_ref()?.given.verdict.entry);
        if entry.is_some() {
            self.go(Screen::Verdict);
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

    fn decide(&self, code: &str, note: &str) {
        let shown = self.shown.borrow();
        let Some(card) = shown.as_ref() else { return };
        let entry = card.answer.as_ref().and_then(|a| a.given.verdict.entry);
        let (Some(of), Ok(code)) = (entry, code.parse::<DecisionCode>()) else { return };
        let mut keep = false;
        self.with(|data| keep = data.get_keep_photo());
        let frame = card.photo.clone().filter(|_| keep);
        let (bench, mail, note) = (Arc::clone(&self.bench), self.mail.clone(), note.trim().to_owned());
        self.crew.check(move || {
            let picture = frame.and_then(|view| photo::jpeg(&view));
            let written = bench.decide(of, code, &note, picture.as_deref());
            mail.send(Letter::Decided(written.map(|()| code.code())));
        });
    }

    /// The decision is written.
    pub fn decided(&self, code: &str) {
        self.with(|data| {
            data.set_deciding(false);
            data.set_decided(code.into());
        });
    }

    /// Turns keeping the frame on or off.
    pub fn turn_photo(&self) {
        self.with(|data| data.set_keep_photo(!data.get_keep_photo()));
    }

    fn next_item(&self) {
        self.scan.next_item();
        self.go(Screen::Scan);
    }

    fn go(&self, screen: Screen) {
        if let Some(app) = self.app.upgrade() {
            app.global::<ShellBackend>().invoke_go(screen);
        }
    }
}

fn row(answer: &Answer, candidate: &crate::domain::Candidate, now: chrono::DateTime<chrono::Utc>) -> CandidateRow {
    let verdict = &answer.given.verdict;
    let as_of = verdict.registers.iter().find(|r| r.id == candidate.register).map(|r| r.as_of);
    let cells: Vec<CharCell> = face::cells(&answer.item, candidate)
        .into_iter()
        .map(|c| CharCell { read: c.read.into(), record: c.record.into(), differs: c.differs })
        .collect();
    let facts: Vec<Fact> = face::facts(&answer.item, candidate)
        .into_iter()
        .map(|f| Fact {
            field: f.field.into(),
            value: f.value.into(),
            mine: f.mine.into(),
            agrees: f.agrees.map_or(-1, i32::from),
        })
        .collect();
    let field = |name: &str| candidate.fields.get(name).map(String::as_str).unwrap_or_default();
    let today = now.format("%Y-%m-%d").to_string();
    let expired = verdict.findings.contains(&Finding::RecordExpired)
        && !field("expires_on").is_empty()
        && field("expires_on") < today.as_str();
    CandidateRow {
        grade: face::grade(candidate.grade),
        register: candidate.register.to_string().into(),
        record: candidate.record.as_str().into(),
        owner: field("owner").into(),
        rule: candidate.rule.code().into(),
        read_from: SharedString::default(),
        cells: ModelRc::new(VecModel::from(cells)),
        facts: ModelRc::new(VecModel::from(facts)),
        age: as_of.map_or_else(ages::unknown, |as_of| ages::age(as_of, now)),
        caution: field("caution").into(),
        expired,
    }
}
