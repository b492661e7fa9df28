//! The viewfinder: the picture, the zoom, the lamp, the frozen picture, and what would help reading.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use slint::{ComponentHandle, ModelRc, SharedString, VecModel, Weak};
use tracepost_ui::{App, Reading, ScanBackend, ScanData};

use super::live::{Knobs, Source};
use super::mail::{Mail, Still};
use super::outlines::Label;
use super::photo;
use super::scan::Scan;
use crate::capture::Powers;
use crate::decode::Advice;

/// The controller.
pub struct Eye {
    app: Weak<App>,
    mail: Mail,
    scan: Rc<Scan>,
    knobs: Arc<Knobs>,
    /// Whether pictures come now; without any there is nothing to freeze.
    running: Cell<bool>,
    advice: Cell<Option<Advice>>,
    readings: Rc<VecModel<Reading>>,
}

impl Eye {
    /// Binds the viewfinder.
    pub fn attach(app: &App, mail: Mail, scan: Rc<Scan>, knobs: Arc<Knobs>) -> Rc<Self> {
        let eye = Rc::new(Self {
            app: app.as_weak(),
            mail,
            scan,
            knobs,
            running: Cell::new(false),
            advice: Cell::new(None),
            readings: Rc::default(),
        });
        let data = app.global::<ScanData>();
        data.set_readings(ModelRc::from(eye.readings.clone()));
        data.set_advice(SharedString::default());
        data.set_still(SharedString::default());
        data.set_zoom(1.0);
        let backend = app.global::<ScanBackend>();
        let on = |f: fn(&Rc<Self>)| {
            let eye = Rc::downgrade(&eye);
            move || {
                if let Some(eye) = eye.upgrade() {
                    f(&eye);
                }
            }
        };
        backend.on_freeze(on(|eye| eye.turn_frozen()));
        backend.on_turn_torch(on(|eye| eye.turn_torch()));
        let weak = Rc::downgrade(&eye);
        backend.on_step_zoom(move |closer| {
            if let Some(eye) = weak.upgrade() {
                eye.step_zoom(closer);
            }
        });
        let weak = Rc::downgrade(&eye);
        backend.on_set_zoom(move |factor| {
            if let Some(eye) = weak.upgrade() {
                let now = eye.knobs.set_zoom(factor);
                eye.with(|data| data.set_zoom(now));
            }
        });
        let (knobs, window) = (Arc::clone(&eye.knobs), app.as_weak());
        backend.on_view_resized(move |width, height| {
            let scale = window.upgrade().map_or(1.0, |app| app.window().scale_factor());
            knobs.set_size((width * scale) as u32, (height * scale) as u32);
        });
        eye
    }

    fn with(&self, f: impl FnOnce(&ScanData<'_>)) {
        if let Some(app) = self.app.upgrade() {
            f(&app.global::<ScanData>());
        }
    }

    /// A new picture.
    pub fn picture(&self) {
        if let Some(view) = self.mail.picture() {
            self.with(|data| {
                data.set_frame(photo::image(&view));
                data.set_has_frame(true);
            });
        }
    }

    /// The source's state, a code of `Words.camera`.
    pub fn camera(&self, code: &str) {
        self.running.set(code.is_empty());
        self.with(|data| data.set_camera(code.into()));
        if !code.is_empty() {
            self.advise(None);
        }
    }

    /// What the running source lets be set.
    pub fn powers(&self, powers: Powers) {
        self.with(|data| data.set_has_torch(powers.torch));
        if !powers.torch {
            self.set_torch(false);
        }
    }

    /// Pictures come from somewhere else from now on.
    pub fn choose(&self, source: Source) {
        self.thaw();
        self.scan.set_from_file(source.is_file());
        self.with(|data| data.set_has_frame(false));
        self.camera("starting");
        self.knobs.choose(source);
    }

    /// F11: the picture stands still, or goes on.
    pub fn turn_frozen(&self) {
        if self.knobs.frozen() {
            self.thaw();
        } else if self.running.get() {
            self.knobs.set_frozen(true);
            self.advise(None);
            self.with(|data| {
                data.set_frozen(true);
                data.set_still("reading".into());
            });
        }
    }

    /// The picture goes on. True when it stood still.
    pub fn thaw(&self) -> bool {
        let was = self.knobs.frozen();
        self.knobs.set_frozen(false);
        self.with(|data| {
            data.set_frozen(false);
            data.set_still(SharedString::default());
        });
        was
    }

    /// How far the frozen picture is read.
    pub fn still(&self, still: Still) {
        if !self.knobs.frozen() {
            return;
        }
        let (code, count) = match still {
            Still::Reading => ("reading", 0),
            Still::Done { read: 0, unread: 0 } => ("nothing", 0),
            Still::Done { read: 0, unread } => ("unread", unread),
            Still::Done { read, .. } => ("read", read),
        };
        self.with(|data| {
            data.set_still(code.into());
            data.set_still_count(i32::try_from(count).unwrap_or(i32::MAX));
        });
    }

    /// A step closer or back.
    pub fn step_zoom(&self, closer: bool) {
        let now = self.knobs.step_zoom(closer);
        self.with(|data| data.set_zoom(now));
    }

    /// The lamp on or off, where there is one.
    pub fn turn_torch(&self) {
        let mut has = false;
        self.with(|data| has = data.get_has_torch());
        self.set_torch(has && !self.knobs.torch());
    }

    fn set_torch(&self, on: bool) {
        self.knobs.set_torch(on);
        self.with(|data| data.set_torch(on));
    }

    /// What would help; none while the picture stands still.
    pub fn advise(&self, advice: Option<Advice>) {
        let advice = advice.filter(|_| self.running.get() && !self.knobs.frozen());
        if self.advice.replace(advice) != advice {
            self.with(|data| data.set_advice(advice.map(Advice::code).unwrap_or_default().into()));
        }
    }

    /// Texts that are being read and not believed yet.
    pub fn reading(&self, labels: Vec<Label>) {
        let row = |l: Label| Reading { x: l.x, y: l.y, text: l.text.into() };
        self.readings.set_vec(labels.into_iter().map(row).collect::<Vec<_>>());
    }
}
