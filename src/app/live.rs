//! The live picture: one thread takes frames and shows them, another reads the codes in them. The reader takes the newest
//! frame when it is free; frames that it has no time for are only shown. A reader that hangs is left behind and replaced,
//! and the loss is told.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::mail::{Letter, Mail, locked};
use super::outlines;
use crate::capture::{CaptureError, FrameSource, Paced, open_camera, open_footage};
use crate::decode::{Frame, LiveReader, Outline, ReaderOptions};

/// A reader that takes so long for one frame hangs.
const HANGS_AFTER: Duration = Duration::from_secs(2);
/// A camera that is gone is looked for again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The picture that is kept with a decision is no wider than this.
const PHOTO_WIDTH_MAX: u32 = 1_280;

/// Where pictures come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A camera, by the id that the platform gives it, or the first one.
    Camera(Option<String>),
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
            Self::Camera(id) => Ok(Box::new(open_camera(id.as_deref())?)),
            Self::Footage { path, fps, .. } => Ok(Box::new(Paced::new(open_footage(path, *fps)?))),
        }
    }
}

/// The size of the viewfinder in pixels of the screen, told by the screen and read by the thread that scales.
#[derive(Debug, Default)]
pub struct ViewSize {
    width: AtomicU32,
    height: AtomicU32,
}

impl ViewSize {
    /// Takes a new size.
    pub fn set(&self, width: u32, height: u32) {
        self.width.store(width, Ordering::Relaxed);
        self.height.store(height, Ordering::Relaxed);
    }

    fn get(&self) -> (u32, u32) {
        (self.width.load(Ordering::Relaxed).clamp(1, 3_840), self.height.load(Ordering::Relaxed).clamp(1, 2_160))
    }
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

/// Starts showing and reading a source.
///
/// # Errors
/// When the system gives no thread.
pub fn start(source: Source, mail: Mail, size: Arc<ViewSize>) -> std::io::Result<Live> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    thread::Builder::new().name("pictures".into()).spawn(move || show(&source, &mail, &size, &stopped))?;
    Ok(Live { stop })
}

fn show(source: &Source, mail: &Mail, size: &ViewSize, stop: &AtomicBool) {
    let mut reader = match Hand::start(mail) {
        Ok(reader) => reader,
        Err(error) => return mail.send(Letter::Camera("lost", error.to_string())),
    };
    mail.send(Letter::Camera("starting", String::new()));
    let mut lost = false;
    while !stop.load(Ordering::Acquire) {
        match source.open() {
            Ok(mut open) => {
                lost = false;
                match run(&mut *open, mail, size, stop, &mut reader) {
                    Ok(()) => match source {
                        Source::Footage { repeat: true, .. } => {}
                        Source::Footage { .. } => return mail.send(Letter::Camera("ended", String::new())),
                        Source::Camera(_) => mail.send(Letter::Camera("lost", String::new())),
                    },
                    Err(error) => mail.send(Letter::Camera("lost", error.to_string())),
                }
            }
            Err(error) if !lost => {
                lost = true;
                mail.send(Letter::Camera("lost", error.to_string()));
            }
            Err(_) => {}
        }
        match source {
            Source::Camera(_) => thread::sleep(LOOK_AGAIN),
            // A file that cannot be read will not be better in two seconds.
            Source::Footage { .. } if lost => return,
            Source::Footage { .. } => thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn run(
    source: &mut dyn FrameSource,
    mail: &Mail,
    size: &ViewSize,
    stop: &AtomicBool,
    reader: &mut Hand,
) -> Result<(), CaptureError> {
    let mut running = false;
    while !stop.load(Ordering::Acquire) {
        let frame = match source.next() {
            Ok(Some(frame)) => Arc::new(frame),
            Ok(None) => return Ok(()),
            Err(error) if error.is_one_frame() => continue,
            Err(error) => return Err(error),
        };
        if !running {
            running = true;
            mail.send(Letter::Camera("", String::new()));
        }
        let (width, height) = size.get();
        let mut view = frame.view(width, height);
        outlines::draw(&mut view, &locked(&reader.outlines), frame.width(), frame.height());
        mail.show(view);
        if reader.hangs() {
            mail.send(Letter::Camera("stuck", String::new()));
            running = false;
            if let Ok(next) = Hand::start(mail) {
                *reader = next;
            }
        }
        reader.offer(frame);
    }
    Ok(())
}

/// The thread that reads codes. Dropping it lets the thread end after its frame, if it ever comes to that.
struct Hand {
    frames: SyncSender<Arc<Frame>>,
    outlines: Arc<Mutex<Vec<Outline>>>,
    /// Milliseconds after `began` at which the frame in hand was begun, plus one; 0 when it is free.
    busy_since: Arc<AtomicU64>,
    began: Instant,
}

impl Hand {
    fn start(mail: &Mail) -> std::io::Result<Self> {
        let (frames, taken) = sync_channel(1);
        let hand = Self { frames, outlines: Arc::default(), busy_since: Arc::default(), began: Instant::now() };
        let (outlines, busy, began, mail) =
            (Arc::clone(&hand.outlines), Arc::clone(&hand.busy_since), hand.began, mail.clone());
        thread::Builder::new().name("reader".into()).spawn(move || read(&taken, &outlines, &busy, began, &mail))?;
        Ok(hand)
    }

    /// Gives the frame when the hand is free; otherwise it is only shown.
    fn offer(&self, frame: Arc<Frame>) {
        match self.frames.try_send(frame) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }

    fn hangs(&self) -> bool {
        let since = self.busy_since.load(Ordering::Acquire);
        since > 0 && self.began.elapsed() > Duration::from_millis(since) + HANGS_AFTER
    }
}

fn read(
    frames: &Receiver<Arc<Frame>>,
    outlines: &Mutex<Vec<Outline>>,
    busy_since: &AtomicU64,
    began: Instant,
    mail: &Mail,
) {
    let mut reader = LiveReader::new(ReaderOptions::default());
    for frame in frames {
        busy_since.store(began.elapsed().as_millis() as u64 + 1, Ordering::Release);
        let result = reader.feed(&frame);
        busy_since.store(0, Ordering::Release);
        *locked(outlines) = result.outlines;
        if !result.accepted.is_empty() {
            let photo = Arc::new(frame.view(PHOTO_WIDTH_MAX, PHOTO_WIDTH_MAX));
            mail.send(Letter::Accepted(result.accepted, photo));
        }
    }
}
