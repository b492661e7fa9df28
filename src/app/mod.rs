//! Between the window and the desk: one controller a screen, each owning its models; the screens themselves are in `ui/`.
//!
//! Layer 6: may import everything below, and is the only room that knows Slint. No rule of the domain lives here: grades,
//! keys and entries are the desk's.
//!
//! The thread that draws does nothing else: checks, look-ups and syncs run on a [`crew`], pictures are taken and read on
//! threads of their own ([`live`]), and all of them write [`mail`]. What never happens here: a verdict is drawn that did not
//! come from the desk; a picture queues; a key of a hand scanner ends in the wrong field.

mod ages;
mod bench;
mod bind;
mod card;
mod choices;
mod crew;
mod eye;
mod face;
mod feed;
mod fields;
mod hand;
mod live;
mod mail;
mod outlines;
mod pace;
mod photo;
mod retro;
mod scan;
mod search;
mod settings;
mod shell;
mod since;
mod sync;
mod understood;
mod verdict;
mod wedge;
mod window;

use std::path::PathBuf;
use std::sync::Arc;

use crate::capture::{CameraInfo, CameraWish, list_cameras};
pub use bench::{
    Bearings, Bench, CheckAnswer, CheckRequest, Facts, Gone, Held, LookUp, Opened, Opening, Past, Reason, Recorded,
    Retro, RetroHits, Standing, Steps, SyncEnd, Trouble, Withdrawn,
};
pub use live::Source;
pub use window::Stage;

/// What the window is opened with.
pub struct AppOptions {
    /// The desk.
    pub bench: Arc<dyn Bench>,
    /// Where pictures come from; `None`: no viewfinder, typing and hand scanners only.
    pub source: Option<Source>,
    /// `en`, `fr` or `uk`; anything else is English. What the officer chose in an earlier window goes first, here and in the
    /// next two.
    pub language: String,
    /// The dark theme.
    pub dark: bool,
    /// The card opens by itself.
    pub loud: bool,
    /// Every code read is an item of its own, until the officer says otherwise.
    pub each_alone: bool,
    /// How the cameras that are connected are found.
    pub cameras: fn() -> Vec<CameraInfo>,
    /// Milliseconds since some moment: the pace of keys tells a hand scanner from fingers.
    pub clock: Arc<dyn Fn() -> u64>,
    /// Draw with the graphics processor; without one that works, the window falls back to drawing by itself.
    pub gpu: bool,
}

impl AppOptions {
    /// A window over a desk, in English, light and discreet, with the camera or the given footage. Footage repeats itself.
    pub fn new(bench: Arc<impl Bench>, footage: Option<PathBuf>) -> Self {
        let source = footage.map_or(Source::Camera(CameraWish::default()), |path| Source::Footage {
            path,
            fps: None,
            repeat: true,
        });
        let began = std::time::Instant::now();
        Self {
            bench,
            source: Some(source),
            language: "en".into(),
            dark: false,
            loud: false,
            each_alone: false,
            cameras: list_cameras,
            clock: Arc::new(move || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)),
            gpu: false,
        }
    }

    /// In the language of a POSIX locale (`fr_FR.UTF-8`), as far as there is a translation.
    pub fn in_language(self, locale: &str) -> Self {
        let known = tracepost_ui::LANGUAGES.iter().find(|code| locale.starts_with(**code));
        Self { language: known.unwrap_or(&"en").to_string(), ..self }
    }
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No display.
    #[error("there is no display to open a window on ({0})")]
    NoDisplay(String),
    /// The system gives no thread.
    #[error("the window's helpers cannot be started ({0}); nothing was changed: close other programs and try again")]
    Threads(#[from] std::io::Error),
}

/// Whether a window could be opened at all, told before anything is begun for it.
///
/// # Errors
/// When the session names no display.
pub fn display_is_there() -> Result<(), AppError> {
    let named = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let unix = cfg!(all(unix, not(target_os = "macos")));
    if unix && !["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(named) {
        return Err(AppError::NoDisplay("neither DISPLAY nor WAYLAND_DISPLAY is set".into()));
    }
    Ok(())
}

/// Opens the window and stays until it is closed.
///
/// # Errors
/// When there is no display.
pub fn run(options: AppOptions) -> Result<(), AppError> {
    window::run(options)
}

/// Closes the window, from any thread. False while there is none yet.
pub fn close() -> bool {
    slint::quit_event_loop().is_ok()
}
