//! The frame round the screens: which one is shown, what each key does, and telling a hand scanner from fingers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use slint::platform::Key;
use slint::{ComponentHandle, SharedString, Timer, TimerMode, Weak};
use tracepost_ui::{App, ScanData, Screen, ShellBackend, ShellData, VerdictData};

use super::bench::Trouble;
use super::eye::Eye;
use super::face;
use super::fields::Fields;
use super::scan::Scan;
use super::search::Search;
use super::sync::Sync;
use super::verdict::Verdict;
use super::wedge::{self, Heard, HeardKey, Wedge};
use crate::domain::keyboard::Readings;
use crate::domain::{Grade, HandScannerSettings, Verdict as Answered};

/// How often the clock and the ages are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// The controller.
pub struct Shell {
    app: Weak<App>,
    scan: Rc<Scan>,
    verdict: Rc<Verdict>,
    sync: Rc<Sync>,
    search: Rc<Search>,
    eye: Rc<Eye>,
    wedge: RefCell<Wedge>,
    clock: Arc<dyn Fn() -> u64>,
    /// What the fields held before the burst that may be a scanner's.
    fields: RefCell<Fields>,
    came_from: Cell<Screen>,
    tick: Timer,
    silence: Timer,
}

impl Shell {
    /// Binds the bar, the doors and the keys.
    pub fn attach(
        app: &App,
        scan: Rc<Scan>,
        verdict: Rc<Verdict>,
        sync: Rc<Sync>,
        search: Rc<Search>,
        eye: Rc<Eye>,
        clock: Arc<dyn Fn() -> u64>,
    ) -> Rc<Self> {
        let shell = Rc::new(Self {
            app: app.as_weak(),
            scan,
            verdict,
            sync,
            search,
            eye,
            wedge: RefCell::default(),
            clock,
            fields: RefCell::default(),
            came_from: Cell::new(Screen::Scan),
            tick: Timer::default(),
            silence: Timer::default(),
        });
        let backend = app.global::<ShellBackend>();
        let weak = Rc::downgrade(&shell);
        backend.on_key_first(move |text, control, alt, shift| {
            weak.upgrade().is_some_and(|shell| shell.key_first(&text, control, alt, shift))
        });
        let weak = Rc::downgrade(&shell);
        backend.on_key_last(move |text, control, alt, _shift| {
            weak.upgrade().is_some_and(|shell| shell.key_last(&text, control || alt))
        });
        let weak = Rc::downgrade(&shell);
        backend.on_go(move |screen| {
            if let Some(shell) = weak.upgrade() {
                shell.go(screen);
            }
        });
        let weak = Rc::downgrade(&shell);
        backend.on_open_card(move || {
            if let Some(shell) = weak.upgrade() {
                shell.turn_card();
            }
        });
        let weak = Rc::downgrade(&shell);
        backend.on_open_own_card(move || {
            if let Some(shell) = weak.upgrade() {
                shell.verdict.go_to_own();
            }
        });
        let weak = Rc::downgrade(&shell);
        backend.on_dismiss_trouble(move || {
            if let Some((shell, app)) = weak.upgrade().and_then(|shell| Some((shell.clone(), shell.app.upgrade()?))) {
                app.global::<ShellData>().set_trouble(SharedString::default());
                // The button goes, perhaps with the focus.
                app.invoke_take_focus();
                shell.scan.line_went();
            }
        });
        let data = app.global::<ShellData>();
        data.set_trouble(SharedString::default());
        data.set_paper(SharedString::default());
        shell.show_clock();
        let weak = Rc::downgrade(&shell);
        shell.tick.start(TimerMode::Repeated, LOOK_EVERY, move || {
            if let Some(shell) = weak.upgrade() {
                shell.show_clock();
                shell.sync.look(false);
            }
        });
        shell
    }

    fn screen(&self) -> Screen {
        self.app.upgrade().map_or(Screen::Scan, |app| app.global::<ShellData>().get_screen())
    }

    fn show_clock(&self) {
        if let Some(app) = self.app.upgrade() {
            app.global::<ShellData>().set_clock(super::ages::time(crate::platform::clock::utc_now()).into());
        }
    }

    fn go(&self, screen: Screen) {
        self.go_while(screen, || self.verdict.end_glance());
    }

    /// Goes to a screen; `before` is done before the screen is told of it.
    fn go_while(&self, screen: Screen, before: impl FnOnce()) {
        let Some(app) = self.app.upgrade() else { return };
        let here = self.screen();
        if screen == Screen::Verdict && here != Screen::Verdict {
            self.came_from.set(here);
        }
        if screen != Screen::Scan {
            self.scan.close_picker();
        }
        before();
        app.global::<ShellData>().set_screen(screen);
        match screen {
            // Who is there already looks at a card, and it stays.
            Screen::Verdict if here != Screen::Verdict => self.verdict.entered(),
            Screen::Verdict => self.verdict.saw(),
            Screen::Sync => self.sync.look(false),
            _ => {}
        }
    }

    /// F4: the card comes and goes.
    fn turn_card(&self) {
        if self.screen() == Screen::Verdict {
            self.verdict.close_decision();
            self.go(self.came_from.get());
        } else {
            self.go(Screen::Verdict);
        }
    }

    /// Says that something failed: a code of `Words.trouble`, and why.
    pub fn trouble(&self, code: &str, why: &Trouble) {
        if let Some(app) = self.app.upgrade() {
            let data = app.global::<ShellData>();
            data.set_trouble_code(why.code.into());
            data.set_trouble_detail(why.words.as_str().into());
            data.set_trouble(code.into());
        }
    }

    /// A verdict is there. Loud: the card opens by itself when a record may be the item, or such a card still waits for the
    /// eye; but not under the fingers of somebody who types, and never where a record asks that nobody notices.
    pub fn verdict_came(&self, verdict: &Answered) {
        let Some(app) = self.app.upgrade() else { return };
        let strong = matches!(verdict.grade, Grade::Hit | Grade::Probable | Grade::Possible);
        let scan = app.global::<ScanData>();
        let types = !scan.get_entry().is_empty() || !scan.get_picker().is_empty();
        let waits = strong || self.scan.feed.unseen_aloud().is_some();
        let may_come = app.global::<ShellData>().get_loud() && !face::asks_to_be_hushed(verdict);
        if may_come && waits && !types && self.screen() == Screen::Scan {
            self.open_by_itself();
        }
    }

    /// The card comes without being asked for; whoever types on has not seen it.
    fn open_by_itself(&self) {
        self.go_while(Screen::Verdict, || self.verdict.glance());
    }

    /// Every key on its way to a field. True when it goes no further.
    fn key_first(self: &Rc<Self>, text: &str, control: bool, alt: bool, shift: bool) -> bool {
        if self.hear(text, control, alt) {
            return true;
        }
        if alt && !control {
            return self.chosen_by_number(text);
        }
        if control {
            return self.command(text);
        }
        let Some(key) = text.chars().next() else { return false };
        let is = |k: Key| key == char::from(k);
        if is(Key::F1) {
            self.go(Screen::Scan);
        } else if is(Key::F2) {
            if shift {
                // The item that somebody looks at is the one that is meant.
                if self.screen() == Screen::Verdict {
                    self.verdict.take_up_shown();
                }
                self.scan.same_item();
            } else {
                self.scan.next_item();
            }
            self.go(Screen::Scan);
        } else if is(Key::F3) {
            self.turn_keypad();
        } else if is(Key::F4) {
            self.turn_card();
        } else if is(Key::F5) {
            if self.screen() == Screen::Sync { self.sync.turn() } else { self.go(Screen::Sync) }
        } else if is(Key::F6) {
            self.verdict.open_decision();
        } else if is(Key::F7) {
            self.scan.open_picker(self.scan.first_unknown());
        } else if is(Key::F8) {
            self.verdict.turn_photo();
        } else if is(Key::F9) {
            self.scan.turn_each_alone();
        } else if is(Key::F10) {
            self.go(Screen::Settings);
        } else if is(Key::F11) {
            self.go(Screen::Scan);
            self.eye.turn_frozen();
        } else if is(Key::F12) {
            if self.screen() == Screen::Search { self.search.open_record() } else { self.verdict.open_record() }
        } else if is(Key::PageUp) || is(Key::PageDown) {
            self.eye.step_zoom(is(Key::PageUp));
        } else if is(Key::Escape) {
            self.back();
        } else {
            return false;
        }
        true
    }

    /// Control and a key: zoom, lamp, search, the item of the card once more.
    fn command(&self, text: &str) -> bool {
        match text {
            "+" | "=" => self.eye.step_zoom(true),
            "-" => self.eye.step_zoom(false),
            "l" | "L" => self.eye.turn_torch(),
            "f" | "F" => self.go(Screen::Search),
            "r" | "R" if self.screen() == Screen::Verdict => self.verdict.check_again(),
            _ => return false,
        }
        true
    }

    /// How the hand scanner is set up, from now on.
    pub fn listen_by(&self, settings: HandScannerSettings) {
        self.wedge.borrow_mut().set(settings);
    }

    /// Lets the wedge detector hear the key. True when it goes no further: it ended a scan, or is part of one that must do
    /// nothing else.
    fn hear(self: &Rc<Self>, text: &str, control: bool, alt: bool) -> bool {
        let Some(app) = self.app.upgrade() else { return false };
        let key = text.chars().next().unwrap_or('\0');
        let ends = key == char::from(Key::Return) || key == char::from(Key::Tab);
        let is_alt = key == char::from(Key::Alt) || key == char::from(Key::AltGr);
        // Some systems give the control character itself, others the key that was pressed with Ctrl.
        let separator = matches!(key, '\u{1c}'..='\u{1f}' | '\u{1}'..='\u{4}');
        let types_nothing = ends || (key.is_control() && !separator) || is_private(key);
        let typed = if types_nothing || is_alt { "" } else { text };
        let key = HeardKey { text: typed, control: control && !separator, alt, is_alt, ends };
        let heard = self.wedge.borrow_mut().hear(key, self.now_ms());
        match heard {
            Heard::Key { first: true } => {
                *self.fields.borrow_mut() = Fields::of(&app);
            }
            Heard::Key { first: false } | Heard::Swallowed => {}
            Heard::Scan(ref sent) => self.scanned(&app, sent),
        }
        if self.wedge.borrow().waits() {
            let weak = Rc::downgrade(self);
            let silence = Duration::from_millis(wedge::SILENCE_MS + 1);
            self.silence.start(TimerMode::SingleShot, silence, move || {
                if let Some(shell) = weak.upgrade() {
                    shell.fell_silent();
                }
            });
        }
        !matches!(heard, Heard::Key { .. })
    }

    fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    fn fell_silent(&self) {
        let sent = self.wedge.borrow_mut().silence(self.now_ms());
        if let (Some(sent), Some(app)) = (sent, self.app.upgrade()) {
            self.scanned(&app, &sent);
        }
    }

    /// A scan that was typed: what it left in the fields is taken out again.
    fn scanned(&self, app: &App, sent: &Readings) {
        let fields = self.fields.borrow().clone();
        fields.put_back(app, &self.scan);
        self.scan.scanned(sent);
    }

    /// Alt and a digit: the choice of that number on the screen.
    fn chosen_by_number(&self, text: &str) -> bool {
        let nth = match text.chars().next().and_then(|c| c.to_digit(10)) {
            Some(digit @ 1..=9) => digit as usize - 1,
            _ => return false,
        };
        let Some(app) = self.app.upgrade() else { return false };
        let deciding = app.global::<VerdictData>().get_deciding();
        match self.screen() {
            Screen::Verdict if deciding => self.verdict.decision_nth(nth),
            Screen::Verdict => self.verdict.settle_nth(nth),
            Screen::Search => self.search.choose(nth),
            Screen::Scan if !app.global::<ScanData>().get_picker().is_empty() => self.scan.pick_nth(nth),
            _ => return false,
        }
        true
    }

    fn turn_keypad(&self) {
        let Some(app) = self.app.upgrade() else { return };
        let data = app.global::<ScanData>();
        let shown = data.get_keypad();
        if self.screen() != Screen::Search {
            self.go(Screen::Scan);
        }
        data.set_keypad(!shown);
    }

    /// Escape: one step back, never further than the scan screen.
    fn back(&self) {
        let Some(app) = self.app.upgrade() else { return };
        let data = app.global::<ScanData>();
        if self.scan.close_picker() || self.verdict.close_decision() {
            return;
        }
        if self.screen() != Screen::Scan {
            return self.go(if self.screen() == Screen::Verdict { self.came_from.get() } else { Screen::Scan });
        }
        if self.eye.thaw() {
            return;
        }
        if data.get_keypad() {
            data.set_keypad(false);
        } else {
            self.scan.set_entry("");
        }
    }

    /// A key that no field wanted: typing goes to the entry field from wherever on the scan screen, and Enter does what the
    /// screen is for.
    fn key_last(&self, text: &str, command: bool) -> bool {
        let Some(app) = self.app.upgrade() else { return false };
        let Some(key) = text.chars().next() else { return false };
        let picking = !app.global::<ScanData>().get_picker().is_empty();
        // Typing over a card that came by itself is no look at it.
        let glance = self.screen() == Screen::Verdict && self.verdict.is_at_a_glance();
        if glance && !command && !is_private(key) {
            self.verdict.glance();
            if !key.is_control() {
                self.type_on(text);
            }
            return true;
        }
        if key == char::from(Key::Return) {
            match self.screen() {
                Screen::Scan if !picking => {
                    self.scan.submit(&app.global::<ScanData>().get_entry());
                }
                Screen::Verdict if app.global::<VerdictData>().get_deciding() => self.verdict.decide_now(),
                Screen::Verdict => self.turn_card(),
                Screen::Sync => self.sync.sync(),
                _ => return false,
            }
            return true;
        }
        if command || self.screen() != Screen::Scan || picking || key.is_control() || is_private(key) {
            return false;
        }
        self.type_on(text);
        true
    }

    /// Puts what was typed elsewhere into the entry field.
    fn type_on(&self, text: &str) {
        let Some(app) = self.app.upgrade() else { return };
        let mut entry = app.global::<ScanData>().get_entry().to_string();
        entry.push_str(text);
        self.scan.set_entry(&entry);
    }
}

/// Keys that type nothing come as characters of the private use area.
fn is_private(c: char) -> bool {
    ('\u{e000}'..='\u{f8ff}').contains(&c)
}

/// Switches the language of everything on the screen. An unknown code changes nothing.
pub fn say_language(app: &App, code: &str) {
    if !tracepost_ui::LANGUAGES.contains(&code) {
        return;
    }
    // English is what the screens are written in, so it has no translation of its own.
    let bundled = if code == "en" { "" } else { code };
    if slint::select_bundled_translation(bundled).is_ok() {
        app.global::<ShellData>().set_language(code.into());
    }
}
