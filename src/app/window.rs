//! Puts the window together: platform, fonts, controllers, and the post that comes home.

use std::rc::Rc;
use std::sync::Arc;

use slint::{BackendSelector, ComponentHandle, PlatformError};
use tracepost_ui::{App, Bell, Grade, ShellData, Theme};

use super::bench::{Bench, Past, Trouble};
use super::crew::Crew;
use super::eye::Eye;
use super::hand::Hand;
use super::live::{self, Knobs, Source};
use super::mail::{Letter, Mail};
use super::pace::Pace;
use super::scan::Scan;
use super::search::Search;
use super::settings::{Kept, Settings};
use super::shell::{self, Shell};
use super::sync::Sync;
use super::verdict::Verdict;
use super::{AppError, AppOptions};
use crate::decode::{Accepted, View};
use crate::domain::keyboard::Readings;

/// A window with its controllers, on whatever platform Slint was given.
pub struct Stage {
    app: App,
    mail: Mail,
    desk: Rc<Controllers>,
    knobs: Arc<Knobs>,
}

struct Controllers {
    app: slint::Weak<App>,
    pace: Pace,
    scan: Rc<Scan>,
    eye: Rc<Eye>,
    settings: Rc<Settings>,
    verdict: Rc<Verdict>,
    sync: Rc<Sync>,
    search: Rc<Search>,
    shell: Rc<Shell>,
    hand: Hand,
}

impl Stage {
    /// A window whose work is done by threads, and whose bell is rung through the event loop.
    ///
    /// # Errors
    /// When the platform gives no window, or the system no thread.
    pub fn new(options: &AppOptions) -> Result<Self, AppError> {
        let crew = Crew::threads()?;
        Self::build(options, crew).map_err(no_display)
    }

    /// A window whose work is done at once on the calling thread; [`Stage::settle`] brings the answers home. For tests.
    ///
    /// # Errors
    /// When the platform gives no window.
    pub fn inline(options: &AppOptions) -> Result<Self, AppError> {
        Self::build(options, Crew::inline()).map_err(no_display)
    }

    fn build(options: &AppOptions, crew: Crew) -> Result<Self, PlatformError> {
        tracepost_ui::register_fonts();
        let app = App::new()?;
        let weak = app.as_weak();
        let mail = Mail::new(move || {
            // Fails only when the event loop has ended, and then nobody looks any more.
            let _ = weak.upgrade_in_event_loop(|app| app.global::<Bell>().invoke_ring());
        });
        let crew = Rc::new(crew);
        let bench = || Arc::clone(&options.bench) as Arc<dyn Bench>;
        let kept = Kept::read(&*options.bench);
        let source = match &options.source {
            Some(Source::Camera(wish)) if wish.id.is_none() => Some(Source::Camera(kept.wish())),
            source => source.clone(),
        };
        let from_file = source.as_ref().is_some_and(Source::is_file);
        let waits = if source.is_some() { "starting" } else { "none" };
        let knobs = Arc::new(Knobs::new(source));
        let scan = Scan::attach(&app, bench(), Rc::clone(&crew), mail.clone(), from_file);
        let eye = Eye::attach(&app, mail.clone(), Rc::clone(&scan), Arc::clone(&knobs));
        let verdict = Verdict::attach(&app, bench(), Rc::clone(&crew), mail.clone(), Rc::clone(&scan));
        let sync = Sync::attach(&app, bench(), Rc::clone(&crew), mail.clone(), Rc::clone(&scan));
        let search = Search::attach(&app, bench(), Rc::clone(&crew), mail.clone(), Rc::clone(&scan));
        let shell = Shell::attach(
            &app,
            Rc::clone(&scan),
            Rc::clone(&verdict),
            Rc::clone(&sync),
            Rc::clone(&search),
            Rc::clone(&eye),
            Arc::clone(&options.clock),
        );
        app.global::<Theme>().set_dark(kept.dark.unwrap_or(options.dark));
        app.global::<ShellData>().set_loud(kept.loud.unwrap_or(options.loud));
        shell::say_language(&app, kept.language.as_deref().unwrap_or(&options.language));
        scan.set_each_alone(options.each_alone);
        eye.camera(waits);
        let settings = Settings::attach(&app, bench(), crew, mail.clone(), Rc::clone(&eye), kept, options.cameras);
        let hand = Hand::new(mail.clone());
        let (weak_app, pace) = (app.as_weak(), Pace::from_environment());
        let desk =
            Rc::new(Controllers { app: weak_app, pace, scan, eye, settings, verdict, sync, search, shell, hand });
        let (weak, letters) = (Rc::downgrade(&desk), mail.clone());
        app.global::<Bell>().on_ring(move || {
            if let Some(desk) = weak.upgrade() {
                desk.open_all(&letters);
            }
        });
        desk.listen();
        desk.sync.look(true);
        Ok(Self { app, mail, desk, knobs })
    }

    /// The window.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Shows and reads pictures on threads of their own until the guard is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn go_live(&self) -> Result<live::Live, AppError> {
        Ok(live::start(self.mail.clone(), Arc::clone(&self.knobs))?)
    }

    /// Takes what a picture showed, as the threads of the pictures hand it in. For tests.
    pub fn sees(&self, accepted: Vec<Accepted>, frame: View) {
        self.mail.send(Letter::Accepted(accepted, Arc::new(frame), std::time::Instant::now()));
    }

    /// Opens every letter, and those that opening brings. For tests; a running window does it when the bell rings.
    pub fn settle(&self) {
        for _ in 0..8 {
            self.desk.open_all(&self.mail);
        }
    }
}

impl Controllers {
    /// Listens to the hand scanner as it is set up now.
    fn listen(&self) {
        let settings = self.settings.scanner();
        self.hand.listen_by(&settings);
        self.shell.listen_by(settings);
    }

    fn open_all(&self, mail: &Mail) {
        for letter in mail.take() {
            self.open(letter);
        }
    }

    fn open(&self, letter: Letter) {
        match letter {
            Letter::Picture => self.eye.picture(),
            Letter::Accepted(accepted, frame, at) => {
                self.pace.accepted(at);
                self.eye.advise(None);
                self.scan.accepted(&accepted, &frame);
            }
            Letter::Camera(state, why) => {
                self.eye.camera(state);
                if let Some((code, words)) = why {
                    self.shell.trouble("source", &Trouble { code, words });
                }
            }
            Letter::Powers(powers) => self.eye.powers(powers),
            Letter::Advice(advice) => self.eye.advise(advice),
            Letter::Readings(labels) => self.eye.reading(labels),
            Letter::Still(still) => self.eye.still(still),
            Letter::Cameras(cameras) => self.settings.cameras_are(cameras),
            Letter::NotKept(why) => self.shell.trouble("setting", &why),
            Letter::NotSeen(why) => self.shell.trouble("seen", &why),
            Letter::ScannerSet => {
                let settings = self.settings.scanner();
                self.hand.listen_by(&settings);
                self.shell.listen_by(settings);
            }
            Letter::Sent(text) => self.scan.scanned(&Readings::plain(self.settings.scanner().without_frame(&text))),
            Letter::ScannerFailed(why) => self.shell.trouble("scanner", &why),
            Letter::Answered { number, revision, item, answer } => {
                let verdict = answer.verdict.clone();
                if let Some(card) = self.scan.answered(number, revision, *item, *answer) {
                    self.verdict.came(card);
                    self.scan.settle();
                    self.shell.verdict_came(&verdict);
                    self.pace.shown(&self.app);
                } else if self.scan.feed.unseen().is_some_and(|waiting| waiting.first.number == number) {
                    // The officer or the camera went on already; a match is not lost by that.
                    self.scan.show_grade();
                    self.shell.verdict_came(&verdict);
                }
                self.sync.look(false);
            }
            Letter::Opened(name, Ok((opened, stood))) => self.verdict.record_opened(name, opened, *stood),
            Letter::Opened(_, Err(why)) => self.shell.trouble("record", &why),
            Letter::Stood(all) => self.verdict.all_stood(&all),
            Letter::LookedUp(pattern, answer) => {
                self.search.answered(&pattern, answer);
                self.sync.look(false);
            }
            Letter::FoundOpened(entry, index, Ok(facts)) => self.search.record_opened(entry, index, facts),
            Letter::FoundOpened(_, _, Err(why)) => self.shell.trouble("record", &why),
            Letter::Decided(number, of, Ok(code)) => {
                self.verdict.decided(number, of, code);
                self.sync.look(false);
            }
            Letter::Decided(_, _, Err(why)) => self.shell.trouble("decide", &why),
            Letter::Step(phase, done, total) => self.sync.step(phase, done, total),
            Letter::Synced(end) => self.sync.ended(end),
            Letter::Bearings(bearings, past, found) => match *bearings {
                Ok(bearings) => {
                    let listed = found.retro.newest.iter().filter(|hit| hit.gone.is_none());
                    let learnt: Vec<Past> = listed.map(|hit| hit.past.clone()).collect();
                    if let Some((what, code)) = self.sync.stands(&bearings, past, found) {
                        self.shell.trouble(what, &Trouble { code, words: String::new() });
                    }
                    self.verdict.learns(&learnt);
                    self.verdict.look_again(&bearings.registers);
                }
                Err(why) => self.shell.trouble("status", &why),
            },
        }
    }
}

fn no_display(error: PlatformError) -> AppError {
    AppError::NoDisplay(error.to_string())
}

/// Drawing by the processor needs no graphics stack and is the faster one on the tablets at hand.
fn choose_renderer(gpu: bool) -> Result<(), PlatformError> {
    let select =
        |renderer: &str| BackendSelector::new().backend_name("winit".into()).renderer_name(renderer.into()).select();
    if gpu { select("femtovg").or_else(|_| select("software")) } else { select("software") }
}

pub(super) fn run(options: AppOptions) -> Result<(), AppError> {
    choose_renderer(options.gpu).map_err(no_display)?;
    let stage = Stage::new(&options)?;
    let live = stage.go_live()?;
    stage.app.global::<ShellData>().set_grade(Grade::None);
    // A tablet has no room to give away. Asked for once the window is there; before, window managers do not listen.
    let weak = stage.app.as_weak();
    slint::Timer::single_shot(std::time::Duration::from_millis(50), move || {
        if let Some(app) = weak.upgrade() {
            app.window().set_maximized(true);
        }
    });
    let ran = stage.app.run().map_err(no_display);
    drop(live);
    ran
}
