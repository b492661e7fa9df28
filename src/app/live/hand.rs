//! The thread that reads codes in live frames, and what it last saw.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{PHOTO_WIDTH_MAX, Seen};
use crate::app::mail::{Letter, Mail, locked};
use crate::app::outlines;
use crate::capture::cores;
use crate::decode::{Frame, LiveReader, ReaderOptions, Region, Watch};

/// A reader that takes so long for one frame hangs.
const HANGS_AFTER: Duration = Duration::from_secs(2);

type Job = (Arc<Frame>, Region);

/// Dropping it lets the thread end after its frame, if it ever comes to that.
pub struct Hand {
    frames: SyncSender<Job>,
    /// What was seen last.
    pub seen: Arc<Mutex<Seen>>,
    /// Milliseconds after `began` at which the frame in hand was begun, plus one; 0 when it is free.
    busy_since: Arc<AtomicU64>,
    began: Instant,
}

impl Hand {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(mail: &Mail) -> std::io::Result<Self> {
        let (frames, taken) = sync_channel(1);
        let hand = Self { frames, seen: Arc::default(), busy_since: Arc::default(), began: Instant::now() };
        let (seen, busy, began, mail) =
            (Arc::clone(&hand.seen), Arc::clone(&hand.busy_since), hand.began, mail.clone());
        thread::Builder::new().name("reader".into()).spawn(move || read(&taken, &seen, &busy, began, &mail))?;
        Ok(hand)
    }

    /// Gives a part of a frame when the hand is free; otherwise it is only shown.
    pub fn offer(&self, frame: Arc<Frame>, part: Region) {
        match self.frames.try_send((frame, part)) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }

    /// Whether it has been at one frame for too long.
    pub fn hangs(&self) -> bool {
        let since = self.busy_since.load(Ordering::Acquire);
        since > 0 && self.began.elapsed() > Duration::from_millis(since) + HANGS_AFTER
    }
}

fn read(frames: &Receiver<Job>, seen: &Mutex<Seen>, busy_since: &AtomicU64, began: Instant, mail: &Mail) {
    let mut reader = LiveReader::new(ReaderOptions::default()).on_cores(cores());
    let mut watch = Watch::default();
    let (mut advice, mut readings) = (None, Vec::new());
    for (frame, part) in frames {
        busy_since.store(began.elapsed().as_millis() as u64 + 1, Ordering::Release);
        // Zoomed in, only what the officer sees is read: a code outside the picture would come as a surprise.
        let whole = (part.width, part.height) == (frame.width(), frame.height());
        let cut = (!whole).then(|| frame.cut(part));
        let picture = cut.as_ref().unwrap_or(&frame);
        let result = reader.feed_timed(picture, &|| began.elapsed());
        let sight = watch.look(picture.luma(), picture.at_ms, &result.outlines);
        busy_since.store(0, Ordering::Release);
        let accepted_at = Instant::now();
        let now_reading = outlines::readings(&result.outlines, part.width, part.height);
        *locked(seen) = Seen { part, outlines: result.outlines };
        if !result.accepted.is_empty() {
            let photo = Arc::new(frame.view(PHOTO_WIDTH_MAX, PHOTO_WIDTH_MAX));
            mail.send(Letter::Accepted(result.accepted, photo, accepted_at));
        }
        if now_reading != readings {
            readings.clone_from(&now_reading);
            mail.send(Letter::Readings(now_reading));
        }
        if sight.advice != advice {
            advice = sight.advice;
            mail.send(Letter::Advice(advice));
        }
    }
}
