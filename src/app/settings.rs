//! The settings: what an officer or operator chooses once and finds again after a restart. They are kept with the home.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use slint::{ComponentHandle, ModelRc, SharedString, Timer, TimerMode, VecModel, Weak};
use tracepost_ui::{App, CameraRow, SettingsBackend, SettingsData, ShellData, Theme};

use super::bench::Bench;
use super::crew::Crew;
use super::eye::Eye;
use super::live::Source;
use super::mail::{Letter, Mail};
use super::shell::say_language;
use crate::capture::{CameraInfo, CameraWish};
use crate::domain::hand_scanner::BAUD_RATES;
use crate::domain::{HandScannerSettings, KeyboardLayout};

const NAME: &str = "choices";
/// A text holds once nothing was typed for so long, or when its field is left: what a hand scanner sends into a field is taken
/// out again before that, and must change nothing.
const TYPED_AFTER: Duration = Duration::from_millis(800);
/// Sizes that are offered when a camera does not say which it has.
const USUAL_SIZES: [(u32, u32); 3] = [(640, 480), (1_280, 720), (1_920, 1_080)];
/// So many sizes of one camera are offered; some drivers name dozens.
const SIZES_MAX: usize = 6;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// `None`: as the session has it.
    pub language: Option<String>,
    /// The theme for the night.
    pub dark: Option<bool>,
    /// The card opens by itself.
    pub loud: Option<bool>,
    /// The camera's id; `None`: the first one.
    pub camera: Option<String>,
    /// Size of the camera's pictures.
    pub size: Option<(u32, u32)>,
}

impl Kept {
    /// What the home has kept; nothing where that cannot be understood.
    pub fn read(bench: &dyn Bench) -> Self {
        let kept = bench.setting(NAME).and_then(|text| serde_json::from_str(&text).ok());
        kept.unwrap_or_default()
    }

    /// The camera as it is wished for.
    pub fn wish(&self) -> CameraWish {
        CameraWish { id: self.camera.clone(), size: self.size }
    }
}

/// The controller.
pub struct Settings {
    app: Weak<App>,
    bench: Arc<dyn Bench>,
    crew: Rc<Crew>,
    mail: Mail,
    eye: Rc<Eye>,
    kept: RefCell<Kept>,
    scanner: RefCell<HandScannerSettings>,
    /// Runs while a text of the hand scanner's settings is being typed.
    typing: Timer,
    cameras: RefCell<Vec<CameraInfo>>,
    /// Looks for cameras; the tests have their own.
    look: fn() -> Vec<CameraInfo>,
    looking: Cell<bool>,
    rows: Rc<VecModel<CameraRow>>,
    sizes: Rc<VecModel<SharedString>>,
}

impl Settings {
    /// Binds the screen and shows what was kept.
    pub fn attach(
        app: &App,
        bench: Arc<dyn Bench>,
        crew: Rc<Crew>,
        mail: Mail,
        eye: Rc<Eye>,
        kept: Kept,
        look: fn() -> Vec<CameraInfo>,
    ) -> Rc<Self> {
        let scanner = bench.hand_scanner();
        let settings = Rc::new(Self {
            app: app.as_weak(),
            bench,
            crew,
            mail,
            eye,
            kept: RefCell::new(kept),
            scanner: RefCell::new(scanner),
            typing: Timer::default(),
            cameras: RefCell::default(),
            look,
            looking: Cell::new(false),
            rows: Rc::default(),
            sizes: Rc::default(),
        });
        let data = app.global::<SettingsData>();
        data.set_cameras(ModelRc::from(settings.rows.clone()));
        data.set_sizes(ModelRc::from(settings.sizes.clone()));
        let names = KeyboardLayout::ALL.map(|layout| SharedString::from(layout.name()));
        data.set_layouts(ModelRc::new(VecModel::from(names.to_vec())));
        let bauds = BAUD_RATES.map(|baud| SharedString::from(baud.to_string()));
        data.set_bauds(ModelRc::new(VecModel::from(bauds.to_vec())));
        settings.bind(app);
        settings.show_texts();
        settings.show_scanner();
        settings.show_cameras();
        settings
    }

    fn bind(self: &Rc<Self>, app: &App) {
        let backend = app.global::<SettingsBackend>();
        let on = |f: fn(&Self, SharedString)| {
            let settings = Rc::downgrade(self);
            move |text: SharedString| {
                if let Some(settings) = settings.upgrade() {
                    f(&settings, text);
                }
            }
        };
        backend.on_say_language(on(|s, code| s.say_language(&code)));
        backend.on_choose_footage(on(|s, path| s.choose_footage(&path)));
        let settings = Rc::downgrade(self);
        backend.on_typing(move || {
            let settings = settings.clone();
            if let Some(now) = settings.upgrade() {
                let take = move || {
                    if let Some(settings) = settings.upgrade() {
                        settings.take_texts();
                    }
                };
                now.typing.start(TimerMode::SingleShot, TYPED_AFTER, take);
            }
        });
        let settings = Rc::downgrade(self);
        backend.on_typed(move || {
            if let Some(settings) = settings.upgrade() {
                settings.take_texts();
            }
        });
        let on = |f: fn(&Self, usize)| {
            let settings = Rc::downgrade(self);
            move |nth: i32| {
                if let (Some(settings), Ok(nth)) = (settings.upgrade(), usize::try_from(nth)) {
                    f(&settings, nth);
                }
            }
        };
        backend.on_choose_camera(on(Self::choose_camera));
        backend.on_choose_size(on(Self::choose_size));
        backend.on_set_layout(on(|s, nth| {
            if let Some(layout) = KeyboardLayout::ALL.get(nth) {
                s.change_scanner(|scanner| scanner.layout = *layout);
            }
        }));
        backend.on_set_baud(on(|s, nth| {
            if let Some(baud) = BAUD_RATES.get(nth) {
                s.change_scanner(|scanner| scanner.baud = *baud);
            }
        }));
        let on = |f: fn(&Self, bool)| {
            let settings = Rc::downgrade(self);
            move |on: bool| {
                if let Some(settings) = settings.upgrade() {
                    f(&settings, on);
                }
            }
        };
        backend.on_say_dark(on(|s, dark| {
            s.with_app(|app| app.global::<Theme>().set_dark(dark));
            s.keep(|kept| kept.dark = Some(dark));
        }));
        backend.on_say_loud(on(|s, loud| {
            s.with_app(|app| app.global::<ShellData>().set_loud(loud));
            s.keep(|kept| kept.loud = Some(loud));
        }));
        backend.on_set_ends_by_pause(on(|s, pause| s.change_scanner(|scanner| scanner.ends_by_pause = pause)));
        let settings = Rc::downgrade(self);
        backend.on_look(move || {
            if let Some(settings) = settings.upgrade() {
                settings.look_for_cameras();
            }
        });
    }

    fn with_app(&self, f: impl FnOnce(&App)) {
        if let Some(app) = self.app.upgrade() {
            f(&app);
        }
    }

    fn with(&self, f: impl FnOnce(&SettingsData<'_>)) {
        self.with_app(|app| f(&app.global::<SettingsData>()));
    }

    fn say_language(&self, code: &str) {
        self.with_app(|app| say_language(app, code));
        self.keep(|kept| kept.language = Some(code.to_owned()));
    }

    fn keep(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.borrow_mut());
        let Ok(text) = serde_json::to_string(&*self.kept.borrow()) else { return };
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.look(move || {
            if let Err(why) = bench.keep_setting(NAME, &text) {
                mail.send(Letter::NotKept(why));
            }
        });
    }

    /// How the hand scanner is set up.
    pub fn scanner(&self) -> HandScannerSettings {
        self.scanner.borrow().clone()
    }

    fn change_scanner(&self, change: impl FnOnce(&mut HandScannerSettings)) {
        let before = self.scanner();
        change(&mut self.scanner.borrow_mut());
        let now = self.scanner();
        if now == before {
            return;
        }
        self.show_scanner();
        self.mail.send(Letter::ScannerSet);
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.look(move || {
            if let Err(why) = bench.keep_hand_scanner(&now) {
                mail.send(Letter::NotKept(why));
            }
        });
    }

    /// Takes over what stands in the fields.
    fn take_texts(&self) {
        self.typing.stop();
        let Some(app) = self.app.upgrade() else { return };
        let data = app.global::<SettingsData>();
        let (prefix, suffix, port) = (data.get_prefix(), data.get_suffix(), data.get_port());
        self.change_scanner(|scanner| {
            scanner.prefix = prefix.into();
            scanner.suffix = suffix.into();
            scanner.serial_port = Some(port.trim().to_owned()).filter(|port| !port.is_empty());
        });
    }

    fn show_texts(&self) {
        let scanner = self.scanner();
        self.with(|data| {
            data.set_prefix(scanner.prefix.as_str().into());
            data.set_suffix(scanner.suffix.as_str().into());
            data.set_port(scanner.serial_port.as_deref().unwrap_or_default().into());
        });
    }

    fn show_scanner(&self) {
        let scanner = self.scanner();
        let nth = |at: Option<usize>| at.and_then(|at| i32::try_from(at).ok()).unwrap_or(-1);
        self.with(|data| {
            data.set_layout(nth(KeyboardLayout::ALL.iter().position(|l| *l == scanner.layout)));
            data.set_ends_by_pause(scanner.ends_by_pause);
            data.set_baud(nth(BAUD_RATES.iter().position(|b| *b == scanner.baud)));
        });
    }

    /// Asks which cameras are connected; the answer comes by letter.
    pub fn look_for_cameras(&self) {
        // A driver that takes long is not asked twice at once.
        if self.looking.replace(true) {
            return;
        }
        let (look, mail) = (self.look, self.mail.clone());
        self.crew.look(move || mail.send(Letter::Cameras(look())));
    }

    /// Which cameras are connected now.
    pub fn cameras_are(&self, cameras: Vec<CameraInfo>) {
        self.looking.set(false);
        if *self.cameras.borrow() != cameras {
            *self.cameras.borrow_mut() = cameras;
            self.show_cameras();
        }
    }

    /// The camera that is in use, or would be.
    fn chosen(&self) -> Option<usize> {
        let kept = self.kept.borrow();
        match &kept.camera {
            None => (!self.cameras.borrow().is_empty()).then_some(0),
            Some(id) => self.cameras.borrow().iter().position(|c| c.id == *id),
        }
    }

    /// The sizes that are offered for the chosen camera.
    fn offered(&self) -> Vec<(u32, u32)> {
        let sizes = self.chosen().map(|nth| self.cameras.borrow()[nth].sizes.clone()).unwrap_or_default();
        let mut sizes = if sizes.is_empty() { USUAL_SIZES.to_vec() } else { sizes };
        // The large ones matter; of many the smallest go.
        sizes.sort_unstable();
        sizes.drain(..sizes.len().saturating_sub(SIZES_MAX));
        sizes
    }

    fn show_cameras(&self) {
        let chosen = self.chosen();
        let rows: Vec<CameraRow> = self
            .cameras
            .borrow()
            .iter()
            .enumerate()
            .map(|(nth, camera)| CameraRow {
                name: camera.name.as_str().into(),
                id: camera.id.as_str().into(),
                chosen: chosen == Some(nth),
            })
            .collect();
        self.rows.set_vec(rows);
        let offered = self.offered();
        let size = self.kept.borrow().size;
        let at = offered.iter().position(|s| Some(*s) == size).and_then(|at| i32::try_from(at).ok()).unwrap_or(-1);
        self.sizes.set_vec(offered.iter().map(|(w, h)| SharedString::from(format!("{w} × {h}"))).collect::<Vec<_>>());
        self.with(|data| data.set_size(at));
    }

    fn choose_camera(&self, nth: usize) {
        let Some(id) = self.cameras.borrow().get(nth).map(|c| c.id.clone()) else { return };
        self.keep(|kept| {
            if kept.camera.as_ref() != Some(&id) {
                kept.size = None;
            }
            kept.camera = Some(id);
        });
        self.show_cameras();
        self.eye.choose(Source::Camera(self.kept.borrow().wish()));
    }

    fn choose_size(&self, nth: usize) {
        let Some(size) = self.offered().get(nth).copied() else { return };
        self.keep(|kept| kept.size = Some(size));
        self.show_cameras();
        self.eye.choose(Source::Camera(self.kept.borrow().wish()));
    }

    fn choose_footage(&self, path: &str) {
        let path = path.trim();
        if !path.is_empty() {
            self.eye.choose(Source::Footage { path: PathBuf::from(path), fps: None, repeat: false });
        }
    }
}
