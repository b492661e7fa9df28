//! Places that no look at one frame reads: their last frames are laid over each other, and the clearer picture is looked at.
//!
//! In the dark and where there is little contrast a place's box is as uncertain as its pixels, so that codes are sought in the
//! stacked picture anew; what is found there is followed as any other spot. What a stack reads counts as a look at all its
//! frames: those that lay under one that read something are not used again, so that a text needs another frame.

use super::super::acceptance::Source;
use super::super::board::Voice;
use super::super::budget::{Mode, Task};
use super::super::engine::Read;
use super::super::frame::Luma;
use super::super::looks::{self, Look};
use super::super::place;
use super::super::propose::{Kind, Proposal, propose};
use super::super::scene::{Find, Scene};
use super::super::slant;
use super::super::stack::Stack;
use super::{Rescue, Work, is_doubtful, share_of, sifted};
use crate::domain::Symbology;

/// A spot is known for so many frames before they are laid over each other.
const AFTER_FRAMES: u64 = 4;
/// And from one time to the next.
const EVERY_FRAMES: u64 = 3;
/// Noise is a few steps of brightness. Where dark and light lie further apart it hides nothing, and a stack shows no more than one
/// frame does.
const DIM_RANGE: f32 = 52.0;
/// Weaker edges beside the strongest in the frame are those of the ground.
const STRENGTH_MIN: f32 = 0.15;
/// Registering and laying cost so much for a stacked picture of the size of the frame.
const STACK_COST: f32 = 3.5;
/// Places in one stacked picture that are looked at.
const PLACES: usize = 2;
/// Looks at each of them.
const LOOKS: usize = 4;

/// A look at a stacked picture: how answers name it, and which it is.
type Named = (&'static str, &'static str);

/// Looks at places full of edges at right angles, the most fruitful first.
const GRID: [Named; 8] = [
    ("stacked_double", "upright_double"),
    ("stacked_soft", "upright_soft"),
    ("stacked_global", "upright_global"),
    ("stacked", "upright"),
    ("stacked_even", "upright_even"),
    ("stacked_deblur", "deblur_more"),
    ("stacked_small", "small"),
    ("stacked_deblur_most", "deblur_most"),
];

/// Looks at places full of bars.
const BARS: [Named; 6] = [
    ("stacked", "upright"),
    ("stacked_soft", "upright_soft"),
    ("stacked_global", "upright_global"),
    ("stacked_double", "upright_double"),
    ("stacked_unrolled_50", "unrolled_50"),
    ("stacked_unrolled_65", "unrolled_65"),
];

/// Texts that error correction makes out of pixels, or none: noise that many frames share gives no other.
fn suits(symbology: Symbology) -> bool {
    use Symbology::*;
    matches!(symbology, QrCode | MicroQr | DataMatrix | Aztec | Pdf417)
}

impl Rescue {
    /// Keeps the frame for later stacks while something is looked for.
    pub(super) fn keep(&mut self, mode: Mode, scene: &Scene<'_>) {
        match mode {
            Mode::Searching => self.past.keep(scene.luma, scene.round),
            Mode::Tracking => self.past.clear(),
        }
    }

    /// Lays frames of the spot that deserves it most over each other, and looks at it.
    pub(super) fn lay(&mut self, work: &mut Work<'_>) {
        let scene = work.scene;
        let wanted: Vec<Symbology> = scene.symbologies.iter().copied().filter(|s| suits(*s)).collect();
        let Some(at) = self.due(scene).filter(|_| !wanted.is_empty()) else { return };
        let spot = &self.spots.all[at];
        let (own, since) = (spot.upright(), spot.stacked.fresh_round);
        let share = Stack::pixels(&own) / (scene.luma.width as f32 * scene.luma.height as f32);
        let task = Task { name: "stack", cost: STACK_COST, share };
        if !self.budget.affords(task) {
            return;
        }
        let stacked = &mut self.spots.all[at].stacked;
        (stacked.round, stacked.count) = (scene.round, stacked.count + 1);
        let past = &self.past;
        let laid = self.budget.spend(task, scene.watch, || {
            let stack = Stack::of(scene.luma, &own, past, scene.round, since)?;
            let view = stack.picture.view();
            let places = sifted(propose(view, 2 * PLACES), view);
            let places: Vec<Proposal> =
                places.into_iter().take(PLACES).map(|p| slant::straightened(view, &p)).collect();
            Some((stack, places))
        });
        let Some((stack, places)) = laid else { return };
        let back: Vec<Proposal> = places.iter().map(|p| stack.back(p)).collect();
        self.spots.found(&back, scene.round);
        let first = self.spots.all[at].stacked.tries;
        let places = if places.is_empty() { vec![stack.place(&own)] } else { places };
        for turn in 0..LOOKS {
            for place in &places {
                let (name, look) = nth(place.kind, first + turn);
                if !self.look_through(&stack, place, name, look, &wanted, work) {
                    return;
                }
                if work.read.iter().any(|q| place::overlap(q, &stack.back(place).quad())) {
                    self.read_in(&stack.back(place), scene.round);
                    return;
                }
            }
            self.spots.all[at].stacked.tries += 1;
        }
    }

    /// The open spot that was known for long enough and had the fewest stacks for its worth.
    fn due(&self, scene: &Scene<'_>) -> Option<usize> {
        let (width, height) = (scene.luma.width, scene.luma.height);
        let is_due = |i: &usize| {
            let spot = &self.spots.all[*i];
            spot.age_frames(scene.round) >= AFTER_FRAMES
                && spot.stacked.round + EVERY_FRAMES <= scene.round
                && spot.is_fresh(scene.round)
                && spot.strength >= STRENGTH_MIN
                && range(scene.luma, &spot.upright()) < DIM_RANGE
                && scene.explains(spot, &self.spots).is_none()
        };
        let turn = |i: usize| {
            let spot = &self.spots.all[i];
            (1.0 + spot.stacked.count as f32) / spot.worth(width, height)
        };
        (0..self.spots.all.len()).filter(is_due).min_by(|&a, &b| turn(a).total_cmp(&turn(b)))
    }

    /// One look at a stacked picture; false when it cannot be afforded in this frame.
    fn look_through(
        &mut self,
        stack: &Stack,
        place: &Proposal,
        name: &'static str,
        look: &Look,
        wanted: &[Symbology],
        work: &mut Work<'_>,
    ) -> bool {
        let scene = work.scene;
        let view = stack.picture.view();
        let task = Task { name, cost: look.cost, share: share_of(&stack.back(place), scene.luma) };
        if !self.budget.affords(task) {
            return false;
        }
        let look = look.enlarged(1.0 / stack.scale);
        let mut reads = self.budget.spend(task, scene.watch, || look.run(view, place, wanted));
        let frames = |reads: &mut Vec<Read>| reads.iter_mut().for_each(|r| r.quad = stack.quad(r.quad));
        frames(&mut reads);
        if reads.iter().any(|r| is_doubtful(r, scene)) {
            let twice = |r: &Read| {
                let mut others = look.again().take(super::CONFIRMATIONS);
                others.any(|other| other.run(view, place, wanted).iter().any(|o| o.text == r.text))
            };
            self.budget.spend(task, scene.watch, || reads.retain(|r| !is_doubtful(r, scene) || twice(r)));
        }
        let over = scene.round - stack.since_round;
        work.found(Find { reads, voice: Voice { pass: name, source: Source::Rescue, over } });
        true
    }

    /// Something was read in a stack: its frames are used up, for every spot there.
    fn read_in(&mut self, place: &Proposal, round: u64) {
        let quad = place.quad();
        for spot in self.spots.all.iter_mut().filter(|s| place::overlap(&s.quad, &quad)) {
            spot.stacked.fresh_round = round + 1;
            spot.stacked.round = round;
        }
    }
}

/// How far dark and light lie apart in a place, but for the outermost pixels of each twenty.
fn range(luma: Luma<'_>, place: &Proposal) -> f32 {
    const SIDE: usize = 20;
    let (sin, cos) = place.angle.sin_cos();
    let part = |i: usize| (i as f32 + 0.5) / SIDE as f32 * 2.0 - 1.0;
    let mut seen: Vec<f32> = (0..SIDE * SIDE)
        .map(|i| {
            let (u, v) = (part(i % SIDE) * place.half[0], part(i / SIDE) * place.half[1]);
            luma.near([place.centre[0] + u * cos - v * sin, place.centre[1] + u * sin + v * cos])
        })
        .collect();
    seen.sort_by(f32::total_cmp);
    seen[seen.len() - 1 - seen.len() / 20] - seen[seen.len() / 20]
}

fn nth(kind: Kind, which: usize) -> (&'static str, &'static Look) {
    let list: &[Named] = match kind {
        Kind::Bars => &BARS,
        Kind::Grid => &GRID,
    };
    let (name, look) = list[which % list.len()];
    let all = looks::looks(kind);
    (name, all.iter().find(|l| l.name == look).unwrap_or(&all[0]))
}
