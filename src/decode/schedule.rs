//! What is looked at in which frame.
//!
//! Each frame gets a plain pass over what is followed, the whole frame every third time, and with what is left of its
//! budget rescue looks at the spots where a code seems to be: another look each time, and first the one that read
//! something there before. Nothing here waits: what a frame cannot afford, the next one does.

use super::acceptance::Source;
use super::board::{Accepted, Board, Candidate, Voice, Window};
use super::budget::{Budget, Mode, Stopwatch, Task};
use super::engine::Read;
use super::frame::Luma;
use super::looks::{self, Look};
use super::passes::{self, PLAIN, Pass, RESCUE};
use super::pixels;
use super::place::{self, Region};
use super::propose::{Proposal, propose};
use super::spots::{Reason, Spot, Spots};
use crate::domain::{Quad, Symbology};

/// So many proposals are asked for.
const PROPOSALS_MAX: usize = 20;
/// And so many of them are followed, when what lies inside another and what is ground are left out.
const SPOTS_A_FRAME: usize = 8;
/// Larger boxes are the ground.
const GROUND_SHARE: f32 = 0.5;
/// Boxes up to this part of the frame are one code, and not a sheet of them.
const ONE_CODE_SHARE: f32 = 0.15;
/// What finding them costs, as a part of a plain pass.
const PROPOSE_COST: f32 = 0.2;
/// What measuring the slant of a box costs, for its part of the frame.
const STRAIGHTEN_COST: f32 = 2.2;
/// A look takes in so much more than its box, and small pictures cost more for each pixel.
const LOOK_MARGIN: f32 = 1.9;
/// While everything in sight is accepted, proposals are looked for in one of so many frames.
const PROPOSE_EVERY: u64 = 3;
/// An accepted symbol is followed for so long after it was last read.
const FOLLOWED_MS: u64 = 400;
/// Where the edges of a code still are, it is taken to be the accepted one for so long without a read.
const BELIEVED_MS: u64 = 500;
/// An accepted symbol that plain passes do not read is looked at again after so long in the way that read it.
const REREAD_MS: u64 = 200;
/// A spot with a text that is not settled keeps the reader searching for so many frames, though something else is accepted.
const STUBBORN_FRAMES: u64 = 60;
/// Part of the frame's width and height in its middle, where a person points.
const AIM_PART: f32 = 0.6;
/// Rescue passes that cost no more are run over the whole frame while something is looked for.
const CHEAP: f32 = 0.4;
/// rqrr is asked in one of so many frames.
const RQRR_EVERY: u64 = 4;
/// So many open spots get a plain pass between two looks at the whole frame, when they are no larger a part of it.
const PLAIN_SPOTS: usize = 2;
const PLAIN_SHARE_MAX: f32 = 0.3;
/// Looks at one spot in one frame; the others want their turn.
const LOOKS_A_SPOT: usize = 10;

/// Memory of what was looked at, from frame to frame.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub budget: Budget,
    pub spots: Spots,
    /// Which rescue pass over the whole frame comes next.
    turn: usize,
}

/// One frame's work.
pub(super) struct Work<'a> {
    pub luma: Luma<'a>,
    pub symbologies: &'a [Symbology],
    pub board: &'a mut Board,
    pub round: u64,
    pub at_ms: u64,
    pub watch: Option<Stopwatch<'a>>,
    /// The frame's index, for what is accepted in it.
    pub frame: u64,
    /// Patterns that were found without a text.
    pub broken: Vec<(Symbology, Quad)>,
    /// What was accepted.
    pub accepted: Vec<Accepted>,
}

impl Schedule {
    pub fn new(frame_budget_ms: u32) -> Self {
        Self { budget: Budget::new(frame_budget_ms), spots: Spots::default(), turn: 0 }
    }

    /// Another stream: its places mean nothing any more, what looks cost still holds.
    pub fn begin_again(&mut self) {
        self.spots = Spots::default();
    }

    /// Does what this frame affords.
    pub fn run(&mut self, work: &mut Work<'_>) {
        self.spots.forget(work.round);
        let mode = self.mode(work);
        self.budget.begin(mode);
        let whole = work.round % self.budget.whole_every() == 1;
        if whole {
            self.whole_frame(work);
        } else {
            self.follow(work);
        }
        if mode == Mode::Searching || (!whole && work.round.is_multiple_of(PROPOSE_EVERY)) {
            self.find_spots(mode, work);
        }
        if !whole && mode == Mode::Searching {
            if self.spots.all.is_empty() {
                self.aim_box(work);
            } else {
                self.plain_spots(work);
                self.cheap_pass(work);
            }
        }
        self.ask_rqrr(work);
        self.rescue(work);
    }

    /// Where zxing-cpp sees a QR code that it cannot read, rqrr may; now and then it is asked about one of them.
    fn ask_rqrr(&mut self, work: &mut Work<'_>) {
        if !work.round.is_multiple_of(RQRR_EVERY) {
            return;
        }
        let codes = self.open(work).filter(|s| s.qr_pattern).map(|s| s.quad);
        let Some(quad) = codes.min_by_key(|q| place::size(q) as u32) else { return };
        let region = place::region(&quad, 0.25, work.luma.width, work.luma.height);
        let task = Task { name: "rqrr", cost: 1.0, share: region.share_of(work.luma) };
        if self.budget.affords(task) {
            let reads = self.budget.spend(task, work.watch, || passes::second_opinion(work.luma, region));
            self.count(reads, Voice::RQRR, work);
        }
    }

    fn mode(&self, work: &Work<'_>) -> Mode {
        let accepted = work.board.candidates.iter().any(|c| self.is_in_sight(c, work));
        let stubborn = self.open(work).any(|s| s.reason == Reason::Text && s.age_frames(work.round) < STUBBORN_FRAMES);
        if accepted && !stubborn { Mode::Tracking } else { Mode::Searching }
    }

    /// Whether an accepted symbol is before the camera: it was read just now, or has not been gone for long and the edges
    /// of a code are still where it was.
    fn is_in_sight(&self, candidate: &Candidate, work: &Work<'_>) -> bool {
        let unread_ms = work.at_ms.saturating_sub(candidate.track.at_ms());
        let quad = candidate.track.at(work.at_ms);
        let edges = || self.spots.all.iter().any(|s| s.is_fresh(work.round) && place::overlap(&s.quad, &quad));
        candidate.accepted && (unread_ms <= FOLLOWED_MS || unread_ms <= BELIEVED_MS && edges())
    }

    /// The accepted symbol that explains a spot.
    fn explains<'w>(&self, spot: &Spot, work: &'w Work<'_>) -> Option<&'w Candidate> {
        let over = |c: &&Candidate| place::overlap(&c.track.at(work.at_ms), &spot.quad);
        work.board.candidates.iter().filter(over).find(|c| self.is_in_sight(c, work))
    }

    /// Spots that no accepted symbol explains.
    fn open<'s>(&'s self, work: &'s Work<'_>) -> impl Iterator<Item = &'s Spot> {
        self.spots.all.iter().filter(|s| self.explains(s, work).is_none())
    }

    fn whole_frame(&mut self, work: &mut Work<'_>) {
        let task = Task { name: PLAIN.name, cost: 1.0, share: 1.0 };
        let reads = self.budget.spend(task, work.watch, || PLAIN.run(work.luma, work.symbologies));
        self.count(reads, Voice::of(&PLAIN), work);
    }

    /// Plain passes over the places of the symbols in sight; overlapping regions are looked at once.
    fn follow(&mut self, work: &mut Work<'_>) {
        let mut places: Vec<(bool, u64, Quad)> = work
            .board
            .candidates
            .iter()
            .filter(|c| c.track.at_ms() + FOLLOWED_MS >= work.at_ms)
            .map(|c| (c.accepted, c.track.at_ms(), c.track.at(work.at_ms)))
            .collect();
        // What is not settled goes first, then what was read longest ago.
        places.sort_by_key(|p| (p.0, p.1));
        let mut done: Vec<Region> = Vec::new();
        for (_, _, quad) in places {
            let region = place::region(&quad, 0.2, work.luma.width, work.luma.height);
            if done.iter().any(|d| d.holds(place::centre(&quad))) {
                continue;
            }
            if self.plain_region(region, work) {
                done.push(region);
            }
        }
    }

    /// One of the cheapest rescue passes over the whole frame: those that make it smaller, for large and pecked modules.
    fn cheap_pass(&mut self, work: &mut Work<'_>) {
        let cheap: Vec<&Pass> = RESCUE.iter().filter(|p| p.cost <= CHEAP).collect();
        let Some(pass) = cheap.get(self.turn % cheap.len().max(1)) else { return };
        let task = Task { name: pass.name, cost: pass.cost, share: 1.0 };
        if self.budget.affords(task) {
            self.turn += 1;
            let reads = self.budget.spend(task, work.watch, || pass.run(work.luma, work.symbologies));
            self.count(reads, Voice::of(pass), work);
        }
    }

    /// Plain passes over the best of the open spots.
    fn plain_spots(&mut self, work: &mut Work<'_>) {
        let (width, height) = (work.luma.width, work.luma.height);
        let mut best: Vec<(f32, Quad)> = self.open(work).map(|s| (s.worth(width, height), s.quad)).collect();
        best.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut done: Vec<Region> = Vec::new();
        for (_, quad) in best {
            let region = place::region(&quad, 0.1, width, height);
            let seen = done.iter().any(|d| d.holds(place::centre(&quad)));
            if !seen && region.share_of(work.luma) <= PLAIN_SHARE_MAX && self.plain_region(region, work) {
                done.push(region);
            }
            if done.len() >= PLAIN_SPOTS {
                return;
            }
        }
    }

    fn plain_region(&mut self, region: Region, work: &mut Work<'_>) -> bool {
        let task = Task { name: "plain part", cost: 1.0, share: region.share_of(work.luma) };
        if !self.budget.affords(task) {
            return false;
        }
        let reads = self.budget.spend(task, work.watch, || PLAIN.run_in(work.luma, region, work.symbologies));
        self.count(reads, Voice::of(&PLAIN), work);
        true
    }

    /// With nothing in sight the middle of the frame is where a person points.
    fn aim_box(&mut self, work: &mut Work<'_>) {
        let (width, height) = (work.luma.width, work.luma.height);
        let part = |n: u32| ((n as f32 * AIM_PART) as u32).max(1);
        let (across, down) = (part(width), part(height));
        let region = Region { x: (width - across) / 2, y: (height - down) / 2, width: across, height: down };
        self.plain_region(region, work);
        let pass = &RESCUE[self.turn % RESCUE.len()];
        let task = Task { name: pass.name, cost: pass.cost, share: 1.0 };
        if self.budget.affords(task) {
            let reads = self.budget.spend(task, work.watch, || pass.run(work.luma, work.symbologies));
            self.count(reads, Voice::of(pass), work);
        }
        self.turn += 1;
    }

    /// Where codes seem to be: in all pixels while something is looked for, otherwise in the picture at half its size.
    fn find_spots(&mut self, mode: Mode, work: &mut Work<'_>) {
        let fine = mode == Mode::Searching;
        let half = if fine { None } else { pixels::halve(work.luma) };
        let share = if half.is_some() { 0.25 } else { 1.0 };
        let name = if fine { "propose finely" } else { "propose" };
        let task = Task { name, cost: PROPOSE_COST, share };
        if !self.budget.affords(task) {
            return;
        }
        let found = self.budget.spend(task, work.watch, || match &half {
            None => propose(work.luma, PROPOSALS_MAX),
            Some((half, _)) => propose(half.view(), PROPOSALS_MAX).into_iter().map(twice).collect(),
        });
        self.spots.propose(&sifted(found, work.luma), work.round);
    }

    /// Rescue looks at open spots until the budget is used up: first what read something before, then in turns, more for
    /// the spots that are worth more.
    fn rescue(&mut self, work: &mut Work<'_>) {
        for at in 0..self.spots.all.len() {
            let spot = &self.spots.all[at];
            let unread_ms = self.explains(spot, work).map_or(u64::MAX, |c| work.at_ms.saturating_sub(c.track.at_ms()));
            if let Some(lucky) = spot.lucky
                && unread_ms >= REREAD_MS
            {
                self.look_at(at, lucky, work);
            }
        }
        let (width, height) = (work.luma.width, work.luma.height);
        let mut looks = vec![0; self.spots.all.len()];
        let mut left: Vec<usize> = (0..looks.len()).collect();
        loop {
            left.retain(|&i| looks[i] < LOOKS_A_SPOT && self.explains(&self.spots.all[i], work).is_none());
            let due = |i: usize| {
                let spot = &self.spots.all[i];
                (spot.tries + 1) as f32 / spot.worth(width, height)
            };
            let Some(at) = left.iter().copied().min_by(|&a, &b| due(a).total_cmp(&due(b))) else { return };
            looks[at] += 1;
            if self.look_at(at, self.spots.all[at].tries, work) {
                self.spots.all[at].tries += 1;
            } else {
                left.retain(|&i| i != at);
            }
        }
    }

    /// One look at a spot; false when it cannot be afforded in this frame.
    fn look_at(&mut self, at: usize, which: usize, work: &mut Work<'_>) -> bool {
        if self.spots.all[at].is_askew(work.round) {
            let share = share_of(&self.spots.all[at].upright(), work.luma).min(0.1);
            let task = Task { name: "straighten", cost: STRAIGHTEN_COST, share };
            if !self.budget.affords(task) {
                return false;
            }
            let spot = &mut self.spots.all[at];
            self.budget.spend(task, work.watch, || spot.straighten(work.luma, work.round));
        }
        let place = self.spots.all[at].upright();
        let list = looks::looks(place.kind);
        let look = &list[which % list.len()];
        let task = Task { name: look.name, cost: look.cost, share: share_of(&place, work.luma) };
        // What is too dear for any frame's budget must not stop the turn: it is passed over.
        if !self.budget.affords(task) {
            return false;
        }
        let reads = self.budget.spend(task, work.watch, || look.run(work.luma, &place, work.symbologies));
        if reads.iter().any(|r| !r.broken) {
            self.spots.all[at].lucky = Some(which);
        }
        self.count(reads, voice_of(look), work);
        true
    }

    fn count(&mut self, reads: Vec<Read>, voice: Voice, work: &mut Work<'_>) {
        let places: Vec<(bool, Symbology, Quad)> = reads.iter().map(|r| (r.broken, r.symbology, r.quad)).collect();
        for read in reads {
            if read.broken {
                work.broken.push((read.symbology, read.quad));
            } else {
                work.board.vote(read, voice, work.round, work.at_ms, Window::Frames);
            }
        }
        let accepted = work.board.accept(work.round, Window::Frames, work.frame);
        work.accepted.extend(accepted);
        for (broken, symbology, quad) in places {
            let settled = work.board.candidates.iter().any(|c| c.accepted && place::overlap(&c.quad(), &quad));
            if !settled {
                let reason = if broken { Reason::Pattern } else { Reason::Text };
                self.spots.saw(quad, reason, broken && symbology == Symbology::QrCode, work.round);
            }
        }
    }
}

/// Without boxes of most of the frame, which are its ground, and without parts of a box that holds one code at most.
fn sifted(found: Vec<Proposal>, luma: Luma<'_>) -> Vec<Proposal> {
    let frame = luma.width as f32 * luma.height as f32;
    let mut kept: Vec<Proposal> = Vec::new();
    for place in found {
        let part_of = |whole: &Proposal| {
            whole.kind == place.kind
                && whole.area() <= ONE_CODE_SHARE * frame
                && place.area() < 0.7 * whole.area()
                && place::overlap(&whole.quad(), &place.quad())
        };
        if place.area() <= GROUND_SHARE * frame && !kept.iter().any(part_of) {
            kept.push(place);
        }
    }
    kept.truncate(SPOTS_A_FRAME);
    kept
}

/// A box of the picture at half its size, in pixels of the whole.
fn twice(place: Proposal) -> Proposal {
    Proposal { centre: place.centre.map(|c| 2.0 * c + 0.5), half: place.half.map(|h| 2.0 * h), ..place }
}

fn voice_of(look: &Look) -> Voice {
    Voice { pass: look.name, source: Source::Rescue, enlarges: false }
}

fn share_of(place: &Proposal, luma: Luma<'_>) -> f32 {
    LOOK_MARGIN * place.area() / (luma.width as f32 * luma.height as f32)
}
