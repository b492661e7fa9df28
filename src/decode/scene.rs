//! What all that looks at one frame sees, and what a look brings back. Nothing in it changes while the frame is looked at,
//! so that two threads may look at once.

use super::board::{Board, Candidate, Voice};
use super::budget::Stopwatch;
use super::engine::Read;
use super::frame::Luma;
use super::place;
use super::spots::{Spot, Spots};
use crate::domain::Symbology;

/// An accepted symbol is followed for so long after it was last read.
pub(super) const FOLLOWED_MS: u64 = 400;
/// Where the edges of a code still are, it is taken to be the accepted one for so long without a read.
const BELIEVED_MS: u64 = 500;
/// The same for one that plain passes read: they look at it in every frame, so that a short silence tells that it is gone,
/// and what has edges there may be another code.
const PLAINLY_BELIEVED_MS: u64 = 200;

/// One frame, and what was known before it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub luma: Luma<'a>,
    pub symbologies: &'a [Symbology],
    pub board: &'a Board,
    pub round: u64,
    pub at_ms: u64,
    pub watch: Option<Stopwatch<'a>>,
}

/// What one look read, broken patterns included.
#[derive(Debug)]
pub(super) struct Find {
    pub reads: Vec<Read>,
    pub voice: Voice,
}

impl Scene<'_> {
    /// Whether an accepted symbol is before the camera: it was read just now, or has not been gone for long and the edges
    /// of a code are still where it was; and nothing else was read there since.
    pub fn is_in_sight(&self, candidate: &Candidate, spots: &Spots) -> bool {
        let unread_ms = self.at_ms.saturating_sub(candidate.track.at_ms());
        let quad = candidate.track.at(self.at_ms);
        let edges = || spots.all.iter().any(|s| s.is_fresh(self.round) && place::overlap(&s.quad, &quad));
        let recent = if candidate.is_plainly_read() {
            unread_ms <= PLAINLY_BELIEVED_MS
        } else {
            unread_ms <= FOLLOWED_MS || unread_ms <= BELIEVED_MS && edges()
        };
        let replaced = || {
            let newer = |c: &&Candidate| c.track.at_ms() > candidate.track.at_ms();
            self.board.candidates.iter().filter(newer).any(|c| place::overlap(&c.quad(), &candidate.quad()))
        };
        candidate.accepted && recent && !replaced()
    }

    /// The accepted symbol that explains a spot.
    pub fn explains(&self, spot: &Spot, spots: &Spots) -> Option<&Candidate> {
        let over = |c: &&Candidate| place::overlap(&c.track.at(self.at_ms), &spot.quad);
        self.board.candidates.iter().filter(over).find(|c| self.is_in_sight(c, spots))
    }

    /// Spots that no accepted symbol explains.
    pub fn open<'s>(&'s self, spots: &'s Spots) -> impl Iterator<Item = &'s Spot> {
        spots.all.iter().filter(|s| self.explains(s, spots).is_none())
    }
}
