//! How work done on other threads comes home to the thread that draws: letters in a box, and one ring of the bell however
//! many letters lie in it. Pictures do not queue: each takes the place of the one before.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::bench::{Bearings, CheckAnswer, LookUp, Opening, Past, RetroHits, SyncEnd, Trouble, Withdrawn};
use super::card::Stood;
use super::outlines::Label;
use super::verdict::Name;
use crate::capture::{CameraInfo, Powers};
use crate::decode::{Accepted, Advice, View};
use crate::domain::{DecisionCode, Item, Seq};

/// What other threads have to say.
pub enum Letter {
    /// A picture for the viewfinder lies in the slot.
    Picture,
    /// New sightings of symbols, the frame that settled them, and when that was.
    Accepted(Vec<Accepted>, Arc<View>, Instant),
    /// The camera's state as a code of `Words.camera`; the empty one means that it runs. And what failed: a code and words.
    Camera(&'static str, Option<(&'static str, String)>),
    /// What the running source lets be set.
    Powers(Powers),
    /// What would help reading.
    Advice(Option<Advice>),
    /// Texts that are being read and not believed yet.
    Readings(Vec<Label>),
    /// How far the frozen picture is read.
    Still(Still),
    /// The cameras that are connected.
    Cameras(Vec<CameraInfo>),
    /// A setting could not be kept.
    NotKept(Trouble),
    /// That somebody has seen what was withdrawn was not kept.
    NotSeen(Trouble),
    /// The hand scanner was set up anew.
    ScannerSet,
    /// A hand scanner at a serial port sent this.
    Sent(String),
    /// That scanner cannot be listened to.
    ScannerFailed(Trouble),
    /// A check was answered.
    Answered {
        /// Number of the card.
        number: u64,
        /// The card's revision that was checked.
        revision: u64,
        /// The item as it was checked.
        item: Box<Item>,
        /// The answer.
        answer: Box<CheckAnswer>,
    },
    /// A decision about an item was written, or not: the item's number, the check's entry, and which or why not.
    Decided(u64, Seq, Result<DecisionCode, Trouble>),
    /// A candidate's record may be shown, with how all records of its card stand now, or not, and why.
    Opened(Name, Result<(Opening, Box<Stood>), Trouble>),
    /// How the records of cards stand now.
    Stood(Vec<Stood>),
    /// What a pattern was looked up to find, or why not: the pattern, and the answer.
    LookedUp(String, Result<Box<LookUp>, Trouble>),
    /// A record that a look-up found may be shown, or not: the look-up's entry, the index, and why not.
    FoundOpened(Seq, usize, Result<Opening, Trouble>),
    /// A step of the running sync: phase, done, of all.
    Step(&'static str, u64, u64),
    /// The sync ended.
    Synced(Result<SyncEnd, Trouble>),
    /// Where the device stands, the last checks (only when asked for), and what syncs found out about the past.
    Bearings(Box<Result<Bearings, Trouble>>, Option<Vec<Past>>, OfThePast),
}

/// What syncs found out about past checks.
#[derive(Debug, Default)]
pub struct OfThePast {
    /// Sightings that newer records match.
    pub retro: RetroHits,
    /// Matches whose record is gone, which nobody has said to have seen.
    pub withdrawn: Vec<Withdrawn>,
}

/// How far the frozen picture is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Still {
    /// The passes run.
    Reading,
    /// They are through.
    Done {
        /// Symbols accepted.
        read: usize,
        /// Places where a symbol was seen and not accepted.
        unread: usize,
    },
}

type Bell = Box<dyn Fn() + Send + Sync>;

/// The box. Clones share it.
#[derive(Clone)]
pub struct Mail {
    letters: Arc<Mutex<VecDeque<Letter>>>,
    picture: Arc<Mutex<Option<View>>>,
    rung: Arc<AtomicBool>,
    bell: Arc<Bell>,
}

impl Mail {
    /// A box whose bell is `bell`; it is called on any thread and must come to [`Mail::take`] later, on the right one.
    pub fn new(bell: impl Fn() + Send + Sync + 'static) -> Self {
        Self { letters: Arc::default(), picture: Arc::default(), rung: Arc::default(), bell: Arc::new(Box::new(bell)) }
    }

    /// Puts a letter in, and rings unless the bell has rung already.
    pub fn send(&self, letter: Letter) {
        locked(&self.letters).push_back(letter);
        self.ring();
    }

    /// Puts the newest picture in the slot; an older one that nobody took is gone.
    pub fn show(&self, picture: View) {
        let was_empty = locked(&self.picture).replace(picture).is_none();
        if was_empty {
            self.send(Letter::Picture);
        }
    }

    /// The newest picture.
    pub fn picture(&self) -> Option<View> {
        locked(&self.picture).take()
    }

    /// All letters, oldest first; the bell may ring again.
    pub fn take(&self) -> VecDeque<Letter> {
        self.rung.store(false, Ordering::Release);
        std::mem::take(&mut *locked(&self.letters))
    }

    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            (self.bell)();
        }
    }
}

/// The content of a lock; whoever panicked while holding one left a whole value.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn picture(n: u8) -> View {
        View { width: 1, height: 1, rgb: vec![n; 3] }
    }

    #[test]
    fn the_bell_rings_once_for_many_letters_and_pictures_do_not_queue() {
        let rings = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&rings);
        let mail = Mail::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        for n in 0..30 {
            mail.show(picture(n));
        }
        mail.send(Letter::Step("up", 1, 2));
        assert_eq!(rings.load(Ordering::Relaxed), 1);
        assert_eq!(mail.take().len(), 2, "one word of a picture, one step");
        assert_eq!(mail.picture(), Some(picture(29)), "the newest");
        assert_eq!(mail.picture(), None);
        mail.show(picture(30));
        assert_eq!(rings.load(Ordering::Relaxed), 2, "the bell may ring again");
    }
}
