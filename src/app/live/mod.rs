//! The live picture: one thread takes frames and shows them, another reads the codes in them. The reader takes the newest
//! frame when it is free; frames that it has no time for are only shown. A reader that hangs is left behind and replaced,
//! and the loss is told.
//!
//! Frozen, the last frame stays and is read as a still; the source runs on unseen, so that the picture is fresh when it
//! goes on.

mod hand;
mod knobs;
mod still;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::mail::{Letter, Mail, locked};
use super::outlines;
use crate::capture::{CameraWish, CaptureError, FrameSource, Paced, open_camera, open_footage};
use crate::decode::{Frame, Outline, Region};
use hand::Hand;
pub use knobs::Knobs;
use still::Held;

/// A camera that is gone is looked for again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How often a waiting thread looks whether something else is wanted.
const LISTEN_EVERY: Duration = Duration::from_millis(50);
/// The picture that is kept with a decision is no wider than this.
const PHOTO_WIDTH_MAX: u32 = 1_280;

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A camera.
    Camera(CameraWish),
    /// Footage or a folder of pictures, in real time.
    Footage {
        /// The file or folder.
        path: PathBuf,
        /// Frames a second, where the footage does not say.
        fps: Option<f32>,
        /// Whether it begins again at its end.
        repeat: bool,
    },
}

impl Source {
    fn open(&self) -> Result<Box<dyn FrameSource>, CaptureError> {
        match self {
            Self::Camera(wish) => Ok(Box::new(open_camera(wish)?)),
            Self::Footage { path, fps, .. } => Ok(Box::new(Paced::new(open_footage(path, *fps)?))),
        }
    }

    /// Whether it is a file, for the ledger's sake.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::Footage { .. })
    }
}

/// What was found in a part of a frame; corners count from the part's own.
#[derive(Debug, Clone, Default)]
struct Seen {
    part: Region,
    outlines: Vec<Outline>,
}

/// Ends the threads when it is dropped.
pub struct Live {
    stop: Arc<AtomicBool>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// Starts showing and reading what the knobs name as source; without one it waits for a choice.
///
/// # Errors
/// When the system gives no thread.
pub fn start(mail: Mail, knobs: Arc<Knobs>) -> std::io::Result<Live> {
    let stop = Arc::new(AtomicBool::new(false));
    let stage = Stage { mail, knobs, stop: Arc::clone(&stop) };
    thread::Builder::new().name("pictures".into()).spawn(move || stage.run())?;
    Ok(Live { stop })
}

/// What the thread of the pictures works with.
struct Stage {
    mail: Mail,
    knobs: Arc<Knobs>,
    stop: Arc<AtomicBool>,
}

impl Stage {
    fn say(&self, state: &'static str, why: Option<&CaptureError>) {
        self.mail.send(Letter::Camera(state, why.map(|w| (w.code(), w.to_string()))));
    }

    fn ended(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Waits until something else is chosen, or the time is up.
    fn wait(&self, choice: u64, most: Option<Duration>) {
        let mut waited = Duration::ZERO;
        while !self.ended() && self.knobs.choice() == choice && most.is_none_or(|most| waited < most) {
            thread::sleep(LISTEN_EVERY);
            waited += LISTEN_EVERY;
        }
    }

    fn run(&self) {
        let mut hand = match Hand::start(&self.mail) {
            Ok(hand) => hand,
            Err(error) => return self.mail.send(Letter::Camera("lost", Some(("threads", error.to_string())))),
        };
        while !self.ended() {
            let (source, choice) = self.knobs.source();
            let Some(source) = source else {
                self.wait(choice, None);
                continue;
            };
            self.say("starting", None);
            self.follow(&source, choice, &mut hand);
        }
    }

    /// Shows one source until another is chosen.
    fn follow(&self, source: &Source, choice: u64, hand: &mut Hand) {
        let mut lost = false;
        let mut kept = Kept::default();
        while !self.ended() && self.knobs.choice() == choice {
            let outcome = source.open().and_then(|mut open| {
                lost = false;
                self.show(&mut *open, choice, hand, &mut kept)
            });
            if self.knobs.choice() != choice {
                return;
            }
            match (source, outcome) {
                (Source::Footage { repeat: true, .. }, Ok(())) => self.wait(choice, Some(LISTEN_EVERY)),
                (Source::Footage { .. }, Ok(())) => {
                    self.say("ended", None);
                    self.wait(choice, None);
                }
                // A file that cannot be read will not be better in two seconds.
                (Source::Footage { .. }, Err(error)) => {
                    self.say("unreadable", Some(&error));
                    self.wait(choice, None);
                }
                (Source::Camera(_), outcome) => {
                    if !lost {
                        lost = true;
                        let none = matches!(outcome, Err(CaptureError::NoCamera { .. }));
                        self.say(if none { "none" } else { "lost" }, outcome.err().filter(|_| !none).as_ref());
                    }
                    self.wait(choice, Some(LOOK_AGAIN));
                }
            }
        }
    }

    fn show(
        &self,
        source: &mut dyn FrameSource,
        choice: u64,
        hand: &mut Hand,
        kept: &mut Kept,
    ) -> Result<(), CaptureError> {
        self.mail.send(Letter::Powers(source.powers()));
        let mut running = false;
        let mut set = Set::default();
        while !self.ended() && self.knobs.choice() == choice {
            let frame = match source.next() {
                Ok(Some(frame)) => Arc::new(frame),
                Ok(None) => return Ok(()),
                Err(error) if error.is_one_frame() => continue,
                Err(error) => return Err(error),
            };
            if !running {
                running = true;
                self.say("", None);
            }
            let digital = set.follow(&self.knobs, source);
            if self.knobs.frozen() {
                // The frame that the officer saw when the finger came down, not the one after it.
                let still = kept.last.get_or_insert(frame);
                let part = still.middle(digital);
                let held = kept.held.get_or_insert_with(|| Held::start(Arc::clone(still), part, &self.mail));
                held.show(part, self.knobs.size(), &self.mail);
                continue;
            }
            if kept.held.take().is_some() {
                self.mail.send(Letter::Readings(Vec::new()));
            }
            let part = frame.middle(digital);
            self.draw(&frame, part, digital, &locked(&hand.seen));
            if hand.hangs() {
                self.say("stuck", None);
                running = false;
                if let Ok(next) = Hand::start(&self.mail) {
                    *hand = next;
                }
            }
            hand.offer(Arc::clone(&frame), part);
            kept.last = Some(frame);
        }
        Ok(())
    }

    fn draw(&self, frame: &Frame, part: Region, digital: f32, seen: &Seen) {
        let (width, height) = self.knobs.size();
        let mut view = if digital > 1.0 { frame.view_of(part, width, height) } else { frame.view(width, height) };
        if seen.part == part {
            outlines::draw(&mut view, &seen.outlines, part.width, part.height);
        }
        self.mail.show(view);
    }
}

/// What outlasts an opening of the source: footage that begins again does not unfreeze the picture.
#[derive(Default)]
struct Kept {
    last: Option<Arc<Frame>>,
    held: Option<Held>,
}

/// What the source was told last.
#[derive(Default)]
struct Set {
    zoom: f32,
    digital: f32,
    torch: bool,
}

impl Set {
    /// Hands changed knobs on to the source. Gives the factor that is left to zoom here.
    fn follow(&mut self, knobs: &Knobs, source: &mut dyn FrameSource) -> f32 {
        // Bit by bit the same value, or another one; nothing is computed with it.
        if self.zoom.to_bits() != knobs.zoom().to_bits() {
            self.zoom = knobs.zoom();
            self.digital = self.zoom / source.set_zoom(self.zoom).max(1.0);
        }
        if self.torch != knobs.torch() {
            self.torch = knobs.torch();
            source.set_torch(self.torch);
        }
        self.digital.max(1.0)
    }
}
