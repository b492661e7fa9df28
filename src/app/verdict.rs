//! The card of one verdict: what to do, why, and what was decided.

mod decision;
mod record;
pub mod rows;
mod standing;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub use record::Name;
use rows::{codes, finding, over, row};
use slint::{ComponentHandle, ModelRc, SharedString, Timer, TimerMode, VecModel, Weak};
use tracepost_ui::{
    App, CandidateRow, FindingRow, RegisterRow, Screen, ShellBackend, ShellData, VerdictBackend, VerdictData,
};

use super::bench::{Bench, Opened};
use super::card::{Answer, Card};
use super::crew::Crew;
use super::mail::Mail;
use super::scan::Scan;
use super::{ages, face, photo};
use crate::domain::{DecisionCode, RegisterAge};
use crate::ledger::CheckSource;

/// Candidates that have a tab, strongest first; the others are counted.
const SHOWN_MAX: usize = 80;
/// A card that came by itself is seen once it was there for so long and nobody typed on.
const SEEN_AFTER: Duration = Duration::from_secs(1);

/// The controller.
pub struct Verdict {
    app: Weak<App>,
    bench: Arc<dyn Bench>,
    crew: Rc<Crew>,
    mail: Mail,
    scan: Rc<Scan>,
    shown: RefCell<Option<Card>>,
    /// Whether the card is entered for the sake of the open item.
    about_open: Cell<bool>,
    /// Runs while a card that came by itself has not been there long enough to be seen.
    glance: Timer,
    /// Records whose opening is written down, with all that they say.
    opened: RefCell<HashMap<Name, Opened>>,
    /// Whether it is being asked how the records of cards stand.
    asking: Cell<bool>,
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
            about_open: Cell::default(),
            glance: Timer::default(),
            opened: RefCell::default(),
            asking: Cell::default(),
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
        backend.on_open_record(on(|verdict| verdict.open_record()));
        backend.on_check_again(on(|verdict| verdict.check_again()));
        verdict
    }

    fn with(&self, f: impl FnOnce(&VerdictData<'_>)) {
        if let Some(app) = self.app.upgrade() {
            f(&app.global::<VerdictData>());
        }
    }

    /// An answer came. The card under the officer's finger stays as it is while a decision about it is being written, and while
    /// the camera merely goes on to another item; what came is shown when the card is looked at again.
    pub fn came(&self, card: Card) {
        let Some(app) = self.app.upgrade() else { return };
        let paper = card.answer.as_ref().and_then(Answer::paper).unwrap_or_default();
        app.global::<ShellData>().set_paper(paper.into());
        let looking = app.global::<ShellData>().get_screen() == Screen::Verdict;
        let other = self.shown.borrow().as_ref().is_some_and(|shown| shown.number != card.number);
        let by_itself = matches!(card.source, CheckSource::Camera | CheckSource::File);
        // Nobody asked for a card that came by itself, and nobody for the one that would take its place.
        let unasked = other && self.is_at_a_glance() && card.is_hushed();
        if looking && (app.global::<VerdictData>().get_deciding() || (other && by_itself) || unasked) {
            return self.say_whether_earlier();
        }
        self.show(card);
    }

    /// Puts a card on the screen; its answer must be there.
    fn show(&self, card: Card) {
        if card.answer.is_none() {
            return;
        }
        self.with(|data| {
            data.set_has_photo(card.photo.is_some());
            if let Some(view) = &card.photo {
                data.set_photo(photo::image(view));
            }
            data.set_deciding(false);
            data.set_decision(SharedString::default());
            data.set_decided(card.decided.map_or("", DecisionCode::code).into());
            data.set_note(SharedString::default());
            data.set_keep_photo(true);
        });
        *self.shown.borrow_mut() = Some(card);
        self.fill();
        self.choose(0);
        self.saw();
    }

    /// Shows what the card says now; what somebody has chosen or written on it stays.
    fn fill(&self) {
        let shown = self.shown.borrow();
        let Some((card, answer)) = shown.as_ref().and_then(|card| Some((card, card.answer.as_ref()?))) else { return };
        let now = crate::platform::clock::utc_now();
        let verdict = answer.verdict();
        let shown = verdict.candidates.iter().enumerate().take(SHOWN_MAX);
        self.candidates.set_vec(shown.map(|(at, c)| row(answer, at, c, now)).collect::<Vec<_>>());
        let further = u32::try_from(verdict.candidates.len().saturating_sub(SHOWN_MAX)).unwrap_or(u32::MAX);
        let places = face::places(verdict.foremost().map_or(&[][..], |first| &first.differs));
        let [first, second] = face::asks_to_add(&verdict.ask);
        let (pair_read, pair_record) = places.pair.unwrap_or_default();
        let findings: Vec<FindingRow> = verdict.findings.iter().map(|f| finding(*f, &verdict.candidates)).collect();
        let row = |r: &RegisterAge| RegisterRow {
            id: r.id.to_string().into(),
            records: SharedString::default(),
            version: r.version.to_string().into(),
            age: ages::age(r.as_of, now),
            old: ages::is_old(r.as_of, now),
            late: false,
        };
        let registers: Vec<RegisterRow> = verdict.of_wanted().map(row).collect();
        let is_delivery = |r: &&RegisterAge| verdict.only_known.contains(&r.id);
        let deliveries: Vec<RegisterRow> = verdict.registers.iter().filter(is_delivery).map(row).collect();
        let (old, oldest) = face::old(answer, now);
        let (lowered, bearing) = face::on_record(verdict);
        let delivered_to =
            verdict.foremost().and_then(|first| first.fields.get("delivered_to").cloned()).unwrap_or_default();
        let over = over(answer);
        self.with(|data| {
            data.set_ready(true);
            data.set_grade(face::card_grade(answer));
            data.set_mark(card.title().into());
            data.set_time(ages::time(answer.at).into());
            data.set_entry(verdict.entry.map(|e| e.to_string()).unwrap_or_default().into());
            data.set_paper(answer.paper().unwrap_or_default().into());
            data.set_place_count(i32::try_from(places.count).unwrap_or(i32::MAX));
            data.set_places(places.list.into());
            data.set_pair_read(pair_read.into());
            data.set_pair_record(pair_record.into());
            data.set_asks(codes(verdict.ask.iter().map(|a| a.code())));
            data.set_ask_first(first.into());
            data.set_ask_second(second.into());
            data.set_differing(codes(verdict.to_compare().iter().map(|t| t.code())));
            data.set_asked(answer.asked().into());
            data.set_lowered(lowered.into());
            data.set_bearing(bearing.into());
            data.set_delivered_to(delivered_to.into());
            data.set_of_wanted(face::of_wanted(answer).into());
            data.set_reason(face::reason(verdict).into());
            data.set_object(answer.item.description.object.map(|o| o.code()).unwrap_or_default().into());
            data.set_register_count(i32::try_from(verdict.of_wanted().count()).unwrap_or(i32::MAX));
            data.set_newest(face::newest(answer).map_or_else(ages::unknown, |as_of| ages::age(as_of, now)));
            data.set_old_count(i32::try_from(old).unwrap_or(i32::MAX));
            data.set_oldest(oldest.map_or_else(ages::unknown, |as_of| ages::age(as_of, now)));
            data.set_ground(face::ground(answer).into());
            data.set_remembered(answer.remembered);
            data.set_over(ModelRc::new(VecModel::from(over)));
            data.set_is_other(answer.since.as_ref().is_some_and(|since| since.fates.iter().any(Option::is_some)));
            data.set_findings(ModelRc::new(VecModel::from(findings)));
            data.set_registers(ModelRc::new(VecModel::from(registers)));
            data.set_deliveries(ModelRc::new(VecModel::from(deliveries)));
            data.set_more_at_least(verdict.more_at_least);
            data.set_more(i32::try_from(verdict.more.saturating_add(further)).unwrap_or(i32::MAX));
        });
    }

    /// Says whether the card that is shown is an earlier item's.
    fn say_whether_earlier(&self) {
        let earlier = self.shown.borrow().as_ref().is_some_and(|card| !self.scan.has_in_hand(card.number));
        self.with(|data| data.set_earlier(earlier));
    }

    /// A card that came by itself: whoever types on has not seen it yet.
    pub fn glance(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        self.glance.start(TimerMode::SingleShot, SEEN_AFTER, move || {
            if let Some(verdict) = weak.upgrade() {
                verdict.saw();
            }
        });
    }

    /// Whether the card came by itself a moment ago.
    pub fn is_at_a_glance(&self) -> bool {
        self.glance.running()
    }

    /// Whoever comes or goes by hand knows what is on the screen.
    pub fn end_glance(&self) {
        self.glance.stop();
    }

    /// The card that is shown was seen, if it is on the screen.
    pub fn saw(&self) {
        self.say_whether_earlier();
        if self.is_at_a_glance()
            || !self.app.upgrade().is_some_and(|app| app.global::<ShellData>().get_screen() == Screen::Verdict)
        {
            return;
        }
        if let Some(card) = self.shown.borrow().as_ref() {
            self.scan.feed.saw(card);
        }
        self.scan.show_grade();
    }

    /// The open item's card, whatever else waits.
    pub fn go_to_own(&self) {
        self.about_open.set(true);
        self.go(Screen::Verdict);
        self.about_open.set(false);
    }

    /// The card is looked at: the open item's, unless that was seen or is a weaker one, and a match that nobody has looked at
    /// waits.
    pub fn entered(&self) {
        let open = self.scan.card();
        let glance = self.is_at_a_glance();
        let feed = &self.scan.feed;
        // Without being asked for comes nothing of which nobody is to notice anything.
        let waiting = if glance { feed.unseen_aloud() } else { feed.unseen() }.map(|waiting| waiting.first);
        let open = Some(open).filter(|open| open.answer.is_some() && !(glance && open.is_hushed()));
        let grade = |card: &Card| card.answer.as_ref().map(Answer::grade);
        let first = |card: &Card| {
            open.as_ref().is_none_or(|open| grade(card) > grade(open) || !self.scan.feed.waits(open.number))
        };
        let waiting = waiting.filter(|card| !self.about_open.get() && first(card));
        let wanted = waiting.or(open);
        let is_shown = |wanted: &Card| {
            let shown = self.shown.borrow();
            shown.as_ref().is_some_and(|shown| (shown.number, shown.revision) == (wanted.number, wanted.revision))
        };
        if let Some(card) = wanted.filter(|card| !is_shown(card)) {
            return self.show(card);
        }
        self.choose(self.chosen());
        self.saw();
    }

    /// Makes the item whose card is shown the open one.
    pub fn take_up_shown(&self) {
        let shown = self.shown.borrow().clone().filter(|shown| shown.number != self.scan.card().number);
        if let Some(shown) = shown {
            self.scan.take_up(shown);
        }
    }

    /// Goes to where the observation can be made.
    fn settle(&self, ask: &str) {
        // What is added belongs to the item whose card this is, whatever the camera has read since.
        self.take_up_shown();
        match ask {
            "year" | "make" | "model" | "calibre" | "kind" | "object" | "issuer" => self.scan.open_picker(ask),
            "characters" => {
                self.scan.same_item();
                let card = self.scan.card();
                self.go(Screen::Scan);
                self.scan.set_entry(card.name());
            }
            _ => {
                self.scan.same_item();
                self.go(Screen::Scan);
            }
        }
    }

    /// An observation by its number, counted from 0.
    pub fn settle_nth(&self, nth: usize) {
        let shown = self.shown.borrow().as_ref().and_then(|c| c.answer.clone());
        let ask = shown.and_then(|a| a.verdict().ask.get(nth).map(|ask| ask.code()));
        if let Some(ask) = ask {
            self.settle(ask);
        }
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
