//! Rescue of a frame: places where a code seems to be are found from their edges, and looked at in ever new ways until the
//! budget is used up. First the look that read something there before, since the table in `acceptance.rs` asks for a second
//! frame that agrees; then in turns, more for the places that are worth more. What a frame cannot afford, the next one does.

use super::acceptance::Source;
use super::board::{Candidate, Voice};
use super::budget::{Budget, Mode, Task};
use super::engine::Read;
use super::frame::Luma;
use super::looks::{self, Look};
use super::passes::{self, Pass, RESCUE};
use super::past::Past;
use super::pixels;
use super::place;
use super::propose::{Kind, Proposal, propose};
use super::scene::{Find, Scene};
use super::spots::{Spot, Spots};
use crate::domain::{Quad, Symbology};

mod stacked;

/// So many proposals are asked for.
const PROPOSALS_MAX: usize = 20;
/// And so many of them are followed, when what lies inside another and what is ground are left out.
const SPOTS_A_FRAME: usize = 8;
/// Larger boxes are the ground.
const GROUND_SHARE: f32 = 0.5;
/// Boxes up to this part of the frame are one code, and not a sheet of them.
const ONE_CODE_SHARE: f32 = 0.15;
/// A box that fills so much of another, and lies in its middle but for so much of its half, is the code of that label.
const CORE_SHARE: f32 = 0.2;
const CORE_OFF: f32 = 0.25;
/// What finding them costs, as a part of a plain pass.
const PROPOSE_COST: f32 = 0.2;
/// What measuring the slant of a box costs, for its part of the frame.
const STRAIGHTEN_COST: f32 = 2.2;
/// A look takes in so much more than its box, and small pictures cost more for each pixel.
const LOOK_MARGIN: f32 = 1.9;
/// However small a place, a look at it takes so much of a spot's time.
const SMALL_LOOK: f32 = 0.02;
/// While everything in sight is accepted, proposals are looked for in one of so many frames.
const PROPOSE_EVERY: u64 = 3;
/// An accepted symbol that plain passes do not read is looked at again after so long in the way that read it.
const REREAD_MS: u64 = 200;
/// rqrr is asked in one of so many frames.
const RQRR_EVERY: u64 = 4;
/// Other looks that may give a doubtful text.
const CONFIRMATIONS: usize = 2;
/// Looks at one spot in one frame; the others want their turn.
const LOOKS_A_SPOT: usize = 10;

/// Memory of one stream's rescue.
#[derive(Debug, Clone)]
pub(super) struct Rescue {
    pub budget: Budget,
    pub spots: Spots,
    /// The last frames, while something is looked for.
    past: Past,
    /// Which rescue pass over the whole frame comes next.
    turn: usize,
}

/// One frame's rescue.
struct Work<'a> {
    scene: &'a Scene<'a>,
    finds: Vec<Find>,
    /// Where a text was read in this frame: another look there would not count, since looks in one frame count once.
    read: Vec<Quad>,
}

impl Work<'_> {
    fn found(&mut self, find: Find) {
        self.read.extend(find.reads.iter().filter(|r| !r.broken).map(|r| r.quad));
        self.finds.push(find);
    }
}

impl Rescue {
    pub fn new(budget: Budget) -> Self {
        Self { budget, spots: Spots::default(), past: Past::default(), turn: 0 }
    }

    /// Another stream: nothing of the last one is compared with its frames.
    pub fn begin_again(&mut self) {
        self.spots = Spots::default();
        self.past.clear();
    }

    /// Looks as far as the budget goes. `whole` says that the whole frame gets a plain pass as well.
    pub fn run(&mut self, scene: &Scene<'_>, mode: Mode, whole: bool) -> Vec<Find> {
        let mut work = Work { scene, finds: Vec::new(), read: Vec::new() };
        if mode == Mode::Searching || (!whole && scene.round.is_multiple_of(PROPOSE_EVERY)) {
            self.find_spots(mode, scene);
        }
        self.ask_rqrr(&mut work);
        if mode == Mode::Searching && self.spots.all.is_empty() {
            self.whole_pass(&mut work);
        }
        if mode == Mode::Searching {
            self.lay(&mut work);
        }
        self.look(&mut work);
        self.keep(mode, scene);
        work.finds
    }

    /// Where codes seem to be: in all pixels while something is looked for, otherwise in the picture at half its size.
    fn find_spots(&mut self, mode: Mode, scene: &Scene<'_>) {
        let fine = mode == Mode::Searching;
        let half = if fine { None } else { pixels::halve(scene.luma) };
        let share = if half.is_some() { 0.25 } else { 1.0 };
        let name = if fine { "propose finely" } else { "propose" };
        let task = Task { name, cost: PROPOSE_COST, share };
        if !self.budget.affords(task) {
            return;
        }
        let found = self.budget.spend(task, scene.watch, || match &half {
            None => propose(scene.luma, PROPOSALS_MAX),
            Some((half, _)) => propose(half.view(), PROPOSALS_MAX).into_iter().map(twice).collect(),
        });
        self.spots.propose(&sifted(found, scene.luma), scene.round);
    }

    /// Where zxing-cpp sees a QR code that it cannot read, rqrr may; now and then it is asked about one of them.
    fn ask_rqrr(&mut self, work: &mut Work<'_>) {
        let scene = work.scene;
        if !scene.round.is_multiple_of(RQRR_EVERY) {
            return;
        }
        let codes = scene.open(&self.spots).filter(|s| s.qr_pattern).map(|s| s.quad);
        let Some(quad) = codes.min_by_key(|q| place::size(q) as u32) else { return };
        let region = place::region(&quad, 0.25, scene.luma.width, scene.luma.height);
        let task = Task { name: "rqrr", cost: 1.0, share: region.share_of(scene.luma) };
        if self.budget.affords(task) {
            let reads = self.budget.spend(task, scene.watch, || passes::second_opinion(scene.luma, region));
            work.found(Find { reads, voice: Voice::RQRR });
        }
    }

    /// Where nothing was proposed, one rescue pass over the whole frame.
    fn whole_pass(&mut self, work: &mut Work<'_>) {
        let scene = work.scene;
        let task = |pass: &Pass| Task { name: pass.name, cost: pass.cost, share: 1.0 };
        let affordable: Vec<&Pass> = RESCUE.iter().filter(|p| self.budget.affords(task(p))).collect();
        let Some(pass) = affordable.get(self.turn % affordable.len().max(1)) else { return };
        self.turn += 1;
        let reads = self.budget.spend(task(pass), scene.watch, || pass.run(scene.luma, scene.symbologies));
        work.found(Find { reads, voice: Voice::of(pass) });
    }

    /// Looks at open spots until the budget is used up.
    fn look(&mut self, work: &mut Work<'_>) {
        let scene = work.scene;
        for at in 0..self.spots.all.len() {
            let spot = &self.spots.all[at];
            let explained = scene.explains(spot, &self.spots);
            let unread_ms = explained.map_or(u64::MAX, |c| scene.at_ms.saturating_sub(c.track.at_ms()));
            if let Some(lucky) = spot.lucky
                && unread_ms >= REREAD_MS
            {
                self.look_at(at, lucky, work);
            }
        }
        let (width, height) = (scene.luma.width, scene.luma.height);
        let mut looks = vec![0; self.spots.all.len()];
        let mut left: Vec<usize> =
            (0..looks.len()).filter(|&i| scene.explains(&self.spots.all[i], &self.spots).is_none()).collect();
        loop {
            let is_read = |i: usize| work.read.iter().any(|q| place::overlap(q, &self.spots.all[i].quad));
            left.retain(|&i| looks[i] < LOOKS_A_SPOT && !is_read(i));
            // Each gets its part of the time, not of the looks: at a small place one look costs next to nothing.
            let due = |i: usize| {
                let spot = &self.spots.all[i];
                (spot.spent + next_look(spot, spot.tries, scene.luma).1) / spot.worth(width, height)
            };
            let Some(at) = left.iter().copied().min_by(|&a, &b| due(a).total_cmp(&due(b))) else { return };
            looks[at] += 1;
            let cost = next_look(&self.spots.all[at], self.spots.all[at].tries, scene.luma).1;
            if self.look_at(at, self.spots.all[at].tries, work) {
                self.spots.all[at].tries += 1;
                self.spots.all[at].spent += cost;
            } else {
                left.retain(|&i| i != at);
            }
        }
    }

    /// One look at a spot; false when it cannot be afforded in this frame.
    fn look_at(&mut self, at: usize, which: usize, work: &mut Work<'_>) -> bool {
        let scene = work.scene;
        if self.spots.all[at].is_askew(scene.round) {
            let share = share_of(&self.spots.all[at].upright(), scene.luma).min(0.1);
            let task = Task { name: "straighten", cost: STRAIGHTEN_COST, share };
            if !self.budget.affords(task) {
                return false;
            }
            let spot = &mut self.spots.all[at];
            self.budget.spend(task, scene.watch, || spot.straighten(scene.luma, scene.round));
        }
        let place = self.spots.all[at].upright();
        let (look, _) = next_look(&self.spots.all[at], which, scene.luma);
        let task = Task { name: look.name, cost: look.cost, share: share_of(&place, scene.luma) };
        // What is too dear for any frame's budget must not stop the turn: it is passed over.
        if !self.budget.affords(task) {
            return false;
        }
        let mut reads = self.budget.spend(task, scene.watch, || look.run(scene.luma, &place, scene.symbologies));
        if reads.iter().any(|r| is_doubtful(r, scene)) {
            let again = Task { name: look.again_name, cost: look.cost, ..task };
            let twice = |r: &Read| {
                let mut others = look.again().take(CONFIRMATIONS);
                others.any(|other| other.run(scene.luma, &place, scene.symbologies).iter().any(|o| o.text == r.text))
            };
            self.budget.spend(again, scene.watch, || reads.retain(|r| !is_doubtful(r, scene) || twice(r)));
        }
        if reads.iter().any(|r| !r.broken) {
            self.spots.all[at].lucky = Some(which);
        }
        work.found(Find { reads, voice: voice_of(look) });
        true
    }
}

/// Noise in which an engine saw a PDF417 can come out of its error correction as a text, another one in each look. Texts
/// that disagree take each other away, so that one look's noise would hold back what the others read: a new text counts
/// only if another look at the same pixels gives it too.
fn is_doubtful(read: &Read, scene: &Scene<'_>) -> bool {
    let known = |c: &Candidate| c.text() == read.text && place::overlap(&c.quad(), &read.quad);
    !read.broken && read.symbology == Symbology::Pdf417 && !scene.board.candidates.iter().any(known)
}

/// Without boxes of most of the frame, which are its ground, and without parts of a box that holds one code at most.
fn sifted(found: Vec<Proposal>, luma: Luma<'_>) -> Vec<Proposal> {
    let frame = luma.width as f32 * luma.height as f32;
    let mut kept: Vec<Proposal> = Vec::new();
    for place in found {
        let part_of = |whole: &Proposal| {
            let off = (whole.centre[0] - place.centre[0]).hypot(whole.centre[1] - place.centre[1]);
            // A matrix code within its label.
            let core = place.kind == Kind::Grid
                && place.area() > CORE_SHARE * whole.area()
                && off < CORE_OFF * place.half[0].min(place.half[1]);
            whole.kind == place.kind
                && whole.area() <= ONE_CODE_SHARE * frame
                && place.area() < 0.7 * whole.area()
                && !core
                && place::overlap(&whole.quad(), &place.quad())
        };
        if place.area() <= GROUND_SHARE * frame && !place.is_an_edge() && !kept.iter().any(part_of) {
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

/// One of the looks at a spot, and what it should cost.
fn next_look(spot: &Spot, which: usize, luma: Luma<'_>) -> (&'static Look, f32) {
    let place = spot.upright();
    let list = looks::looks(place.kind);
    let look = &list[which % list.len()];
    (look, (SMALL_LOOK + look.cost * share_of(&place, luma)).sqrt())
}

fn voice_of(look: &Look) -> Voice {
    Voice { pass: look.name, source: Source::Rescue, over: 0 }
}

fn share_of(place: &Proposal, luma: Luma<'_>) -> f32 {
    LOOK_MARGIN * place.area() / (luma.width as f32 * luma.height as f32)
}
