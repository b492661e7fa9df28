//! The scan screen: the open item, the entry field, the pickers, the feed.

mod items;
mod picker;
mod rows;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use slint::{ComponentHandle, ModelRc, SharedString, VecModel, Weak};
use tracepost_ui::{App, Detail, MarkRow, ScanBackend, ScanData, Screen, ShellData, Understood};

use super::bench::{Bench, CheckAnswer};
use super::card::{Answer, BEFORE, Card, detail, fields};
use super::choices::Habits;
use super::crew::Crew;
use super::feed::Feed;
use super::mail::{Letter, Mail};
use super::{face, understood};
use crate::decode::{Accepted, View};
use crate::domain::Item;
use crate::domain::keyboard::Readings;
use crate::ledger::CheckSource;

/// The controller.
pub struct Scan {
    app: Weak<App>,
    bench: Arc<dyn Bench>,
    crew: Rc<Crew>,
    mail: Mail,
    /// Whether pictures come from a file, for the ledger's sake.
    from_file: Cell<bool>,
    card: RefCell<Card>,
    /// The item before, for *same item* pressed too late.
    before: RefCell<Option<Card>>,
    /// Items closed before their answer had come; each waits for it, for it may be a match.
    waiting: RefCell<Vec<Card>>,
    /// The highest number given to an item; none is given twice.
    numbers: Cell<u64>,
    /// What was checked last.
    pub feed: Feed,
    habits: RefCell<Habits>,
    page: Cell<usize>,
    each_alone: Cell<bool>,
    marks: Rc<VecModel<MarkRow>>,
    details: Rc<VecModel<Detail>>,
    choices: Rc<VecModel<SharedString>>,
}

impl Scan {
    /// Binds the screen.
    pub fn attach(app: &App, bench: Arc<dyn Bench>, crew: Rc<Crew>, mail: Mail, from_file: bool) -> Rc<Self> {
        let scan = Rc::new(Self {
            app: app.as_weak(),
            bench,
            crew,
            mail,
            from_file: Cell::new(from_file),
            card: RefCell::new(Card::new(1)),
            before: RefCell::default(),
            waiting: RefCell::default(),
            numbers: Cell::new(1),
            feed: Feed::default(),
            habits: RefCell::default(),
            page: Cell::new(0),
            each_alone: Cell::new(false),
            marks: Rc::default(),
            details: Rc::default(),
            choices: Rc::default(),
        });
        let data = app.global::<ScanData>();
        data.set_marks(ModelRc::from(scan.marks.clone()));
        data.set_details(ModelRc::from(scan.details.clone()));
        data.set_feed(scan.feed.model());
        data.set_choices(ModelRc::from(scan.choices.clone()));
        let backend = app.global::<ScanBackend>();
        let on = |f: fn(&Rc<Self>, SharedString)| {
            let scan = Rc::downgrade(&scan);
            move |text: SharedString| {
                if let Some(scan) = scan.upgrade() {
                    f(&scan, text);
                }
            }
        };
        backend.on_edited(on(|scan, text| scan.edited(&text)));
        backend.on_submit(on(|scan, text| scan.submit(&text)));
        backend.on_press(on(|scan, key| scan.press(&key)));
        backend.on_open_picker(on(|scan, field| scan.open_picker(&field)));
        let on = |f: fn(&Rc<Self>)| {
            let scan = Rc::downgrade(&scan);
            move || {
                if let Some(scan) = scan.upgrade() {
                    f(&scan);
                }
            }
        };
        backend.on_turn_each_alone(on(|scan| scan.turn_each_alone()));
        backend.on_next_item(on(|scan| scan.next_item()));
        backend.on_same_item(on(|scan| scan.same_item()));
        backend.on_erase_typed(on(|scan| scan.erase_typed()));
        backend.on_close_picker(on(|scan| {
            scan.close_picker();
        }));
        let on = |f: fn(&Rc<Self>, i32)| {
            let scan = Rc::downgrade(&scan);
            move |n: i32| {
                if let Some(scan) = scan.upgrade() {
                    f(&scan, n);
                }
            }
        };
        backend.on_remove_mark(on(|scan, index| scan.remove_mark(index)));
        backend.on_turn_page(on(|scan, by| scan.turn_page(by)));
        backend.on_open_entry(on(|scan, index| scan.open_entry(index)));
        let weak = Rc::downgrade(&scan);
        backend.on_take_typed(move |field, text| {
            if let Some(scan) = weak.upgrade() {
                scan.take_typed(&field, &text);
            }
        });
        let weak = Rc::downgrade(&scan);
        backend.on_pick(move |field, value| {
            if let Some(scan) = weak.upgrade() {
                scan.pick(&field, &value);
            }
        });
        let weak = Rc::downgrade(&scan);
        backend.on_show_keypad(move |shown| {
            if let Some(scan) = weak.upgrade() {
                scan.with(|data| data.set_keypad(shown));
            }
        });
        scan.edited("");
        scan.refresh();
        scan
    }

    fn with(&self, f: impl FnOnce(&ScanData<'_>)) {
        if let Some(app) = self.app.upgrade() {
            f(&app.global::<ScanData>());
        }
    }

    fn edited(&self, text: &str) {
        let line = understood::line(text);
        let notes: Vec<SharedString> = line.notes.iter().map(|n| (*n).into()).collect();
        self.with(|data| {
            data.set_understood(Understood {
                shown: line.shown,
                usable: line.usable,
                key: line.key.into(),
                scheme: line.scheme.into(),
                notes: ModelRc::new(VecModel::from(notes)),
            });
        });
    }

    /// Puts text into the entry field as if it had been typed there.
    pub fn set_entry(&self, text: &str) {
        self.with(|data| {
            data.set_entry(text.into());
            // The field takes the focus, with the cursor behind the text.
            data.set_entry_set(data.get_entry_set().wrapping_add(1));
        });
        self.edited(text);
    }

    /// Enter in the entry field: takes the mark. On an empty field it opens the card of the last check.
    pub fn submit(&self, text: &str) {
        if text.trim().is_empty() {
            if self.card.borrow().answer.is_some() {
                self.open_own_card();
            }
            return;
        }
        self.set_entry("");
        self.take(|card| card.add_text(text));
    }

    /// What a hand scanner sent, whatever screen is shown.
    pub fn scanned(&self, sent: &Readings) {
        self.take(|card| card.add_scan(sent));
    }

    /// Takes marks that were entered; `add` says whether anything new came.
    fn take(&self, add: impl Fn(&mut Card) -> bool) {
        // Where each code is an item of its own, so is each text; the same mark given again is the item that is open.
        let mut same = self.card.borrow().clone();
        if same.is_closed() || (self.each_alone.get() && !same.is_empty() && add(&mut same)) {
            self.next_item();
        }
        let changed = add(&mut self.card.borrow_mut());
        // The same mark typed again is a wish to see the answer again.
        if changed || self.card.borrow().answer.is_none() {
            self.check();
        }
        self.refresh();
    }

    /// Says whether pictures come from a file now.
    pub fn set_from_file(&self, from_file: bool) {
        self.from_file.set(from_file);
    }

    /// New sightings of symbols from the camera or footage.
    pub fn accepted(&self, accepted: &[Accepted], frame: &Arc<View>) {
        let source = if self.from_file.get() { CheckSource::File } else { CheckSource::Camera };
        if !self.each_alone.get() && !self.card.borrow().is_closed() {
            if self.card.borrow_mut().add_symbols(accepted, source, frame) {
                self.check();
            }
            return self.refresh();
        }
        for symbol in accepted {
            // A code that stays in sight, or comes back at once, is the item that is open already.
            let mut same = self.card.borrow().clone();
            if !same.is_empty() && !same.add_symbols(std::slice::from_ref(symbol), source, frame) {
                continue;
            }
            let another = self.each_alone.get() || self.card.borrow().is_closed();
            if another && !self.card.borrow().is_empty() {
                self.next_item();
            }
            if self.card.borrow_mut().add_symbols(std::slice::from_ref(symbol), source, frame) {
                self.check();
            }
        }
        self.refresh();
    }

    /// F9: every code read is an item of its own, or marks gather again.
    pub fn turn_each_alone(&self) {
        self.set_each_alone(!self.each_alone.get());
    }

    /// Says whether every code read is an item of its own.
    pub fn set_each_alone(&self, alone: bool) {
        self.each_alone.set(alone);
        self.with(|data| data.set_each_alone(alone));
    }

    /// Sends the open item to be checked.
    fn check(&self) {
        let (number, revision, request) = {
            let card = self.card.borrow();
            if card.is_empty() {
                return;
            }
            (card.number, card.revision, card.request())
        };
        self.with(|data| data.set_checking(true));
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.check(move || {
            let item = request.item.clone();
            let answer = bench.check(request);
            mail.send(Letter::Answered { number, revision, item: Box::new(item), answer: Box::new(answer) });
        });
    }

    /// Takes an answer. Gives the card when it belongs to the newest state of the open item, for the verdict screen.
    pub fn answered(&self, number: u64, revision: u64, item: Item, given: CheckAnswer) -> Option<Card> {
        let answer = Answer { item, given, at: crate::platform::clock::utc_now(), remembered: false, since: None };
        let mut open = self.card.borrow_mut();
        if open.number == number {
            // An older state's answer is still the best there is until the newest comes.
            open.answered(answer);
            let card = open.clone();
            drop(open);
            self.tell(&card);
            return (card.revision == revision).then_some(card);
        }
        // The officer was quicker: the item is closed already.
        let mut before = self.before.borrow_mut();
        if let Some(closed) = before.as_mut().filter(|c| c.number == number) {
            closed.answered(answer);
            self.tell(closed);
            return None;
        }
        let mut waiting = self.waiting.borrow_mut();
        if let Some(at) = waiting.iter().position(|c| c.number == number) {
            waiting[at].answered(answer);
            self.tell(&waiting[at]);
            if waiting[at].revision == revision {
                waiting.remove(at);
            }
        }
        None
    }

    /// Puts an answer into the feed, which shows its newest line.
    fn tell(&self, card: &Card) {
        let went = self.feed.tell(card);
        self.with(|data| data.set_feed_told(data.get_feed_told().wrapping_add(1)));
        if went {
            self.line_went();
        }
    }

    /// After an answer: shows the card as it is now.
    pub fn settle(&self) {
        self.with(|data| data.set_checking(false));
        self.refresh();
    }

    /// Something on the screen went away, perhaps with the focus.
    pub fn line_went(&self) {
        self.with(|data| data.set_lines_gone(data.get_lines_gone().wrapping_add(1)));
    }

    fn remove_mark(&self, index: i32) {
        // What is dealt with stays as it was checked, until somebody takes the item up again.
        if self.card.borrow().is_closed() {
            return;
        }
        if let Ok(index) = usize::try_from(index) {
            let before = self.card();
            self.card.borrow_mut().remove(index);
            if self.card.borrow().is_empty() {
                self.begin_instead_of(before);
            }
            self.check();
            self.refresh();
            self.line_went();
        }
    }

    /// The card as it is.
    pub fn card(&self) -> Card {
        self.card.borrow().clone()
    }

    fn press(&self, key: &str) {
        let mut entry = String::new();
        self.with(|data| entry = data.get_entry().into());
        match key {
            "back" => {
                entry.pop();
                self.set_entry(&entry);
            }
            "enter" => self.submit(&entry),
            key => {
                entry.push_str(key);
                self.set_entry(&entry);
            }
        }
    }

    /// The card of the item that is shown, whatever else waits.
    fn open_own_card(&self) {
        if let Some(app) = self.app.upgrade() {
            app.global::<tracepost_ui::ShellBackend>().invoke_open_own_card();
        }
    }

    fn go(&self, screen: Screen) {
        if let Some(app) = self.app.upgrade() {
            app.global::<tracepost_ui::ShellBackend>().invoke_go(screen);
        }
    }

    /// Shows the open card as it is.
    fn refresh(&self) {
        let card = self.card.borrow();
        let marks: Vec<MarkRow> = card.item.marks.iter().map(rows::mark_row).collect();
        self.marks.set_vec(marks);
        let about = &card.item.description;
        let details = fields(about).iter().map(|&field| Detail {
            field: field.into(),
            value: detail(about, field).into(),
            from_code: card.from_code.contains(field),
        });
        self.details.set_vec(details.collect::<Vec<_>>());
        let grade = card.answer.as_ref().map_or(tracepost_ui::Grade::None, face::shown_grade);
        let ground = card.answer.as_ref().map_or("", face::ground);
        let hushed = card.answer.as_ref().is_some_and(|answer| face::asks_to_be_hushed(answer.verdict()));
        self.with(|data| {
            data.set_open(!card.is_empty());
            data.set_closed(card.is_closed());
            data.set_item_number(i32::try_from(card.number % BEFORE).unwrap_or(i32::MAX));
            data.set_grade(grade);
            data.set_ground(ground.into());
            data.set_hushed(hushed);
        });
        drop(card);
        self.show_grade();
    }

    /// The outline by the post's name: the open item's grade, or that of a stronger match that nobody has looked at.
    pub fn show_grade(&self) {
        let Some(app) = self.app.upgrade() else { return };
        let card = self.card.borrow();
        let unseen = self.feed.unseen();
        let strongest = unseen.as_ref().and_then(|waiting| waiting.first.answer.as_ref());
        let shown = [card.answer.as_ref(), strongest].into_iter().flatten().max_by_key(|answer| answer.grade());
        let bar = app.global::<ShellData>();
        bar.set_grade(shown.map_or(tracepost_ui::Grade::None, face::shown_grade));
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        bar.set_unseen(unseen.as_ref().map_or(0, |waiting| count(waiting.matches)));
        bar.set_unseen_again(unseen.as_ref().map_or(0, |waiting| count(waiting.again)));
    }
}
