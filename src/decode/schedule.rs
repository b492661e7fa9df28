//! What is looked at in which frame, and by whom.
//!
//! Each frame has two parts: the *sweep* ([`Sweep`]) looks at pixels as they are, *rescue* ([`Rescue`]) looks closer where a
//! code seems to be. While something is looked for, both run at once, each with a budget of its own, and neither sees what
//! the other reads before both are done; then the sweep's reads are counted, then those of rescue, so that the same frames
//! give the same answers on any number of cores. While all in sight is accepted, both share one small budget and one
//! thread, so that following a symbol costs little.

use super::board::{Accepted, Board};
use super::budget::{Budget, Mode, ONE_THREAD, RESCUE, RESCUE_BESIDE_WHOLE, SWEEP, Stopwatch, TRACKING};
use super::ends;
use super::frame::Luma;
use super::joined;
use super::place;
use super::rescue::Rescue;
use super::scene::{Find, Scene};
use super::spots::{Reason, Spots};
use super::sweep::{Extent, Sweep, by_worth};
use super::workers::both;
use crate::decode::board::Window;
use crate::domain::{Quad, Symbology};

/// A spot with a text that is not settled keeps the reader searching for so many frames, though something else is accepted.
const STUBBORN_FRAMES: u64 = 60;

/// After so many frames in which nothing was read, rescue takes things easier: a device that lies on a table with its camera
/// at a pattern should keep its battery.
const TIRED_FRAMES: u32 = 300;
/// The part of its budget that rescue then gets.
const TIRED_PART: f32 = 0.4;

/// Without a clock looks on hard footage take a little more than their table says: rescue plans with less.
const BY_TABLE: f32 = 0.95;

/// Memory of what was looked at, from frame to frame.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    sweep: Sweep,
    rescue: Rescue,
    /// Frames since something was read.
    idle_frames: u32,
    /// Threads that may look at once.
    pub threads: usize,
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

impl Work<'_> {
    fn scene(&self) -> Scene<'_> {
        Scene {
            luma: self.luma,
            symbologies: self.symbologies,
            board: self.board,
            round: self.round,
            at_ms: self.at_ms,
            watch: self.watch,
        }
    }
}

impl Schedule {
    pub fn new(frame_budget_ms: u32, threads: usize) -> Self {
        let budget = Budget::new(frame_budget_ms);
        Self { sweep: Sweep::new(budget.clone()), rescue: Rescue::new(budget), idle_frames: 0, threads }
    }

    /// Another stream: its places mean nothing any more, what looks cost still holds.
    pub fn begin_again(&mut self) {
        self.rescue.begin_again();
        self.idle_frames = 0;
    }

    fn rescue_budget(&self, whole: bool) -> f32 {
        let fresh = if whole { RESCUE_BESIDE_WHOLE } else { RESCUE };
        if self.idle_frames > TIRED_FRAMES { TIRED_PART * fresh } else { fresh }
    }

    /// Does what this frame affords.
    pub fn run(&mut self, work: &mut Work<'_>) {
        self.rescue.spots.forget(work.round);
        self.idle_frames = self.idle_frames.saturating_add(1);
        let whole = work.round % self.sweep.budget.whole_every() == 1;
        match self.mode(&work.scene()) {
            Mode::Tracking => self.in_turn(Mode::Tracking, TRACKING, whole, work),
            // By the clock one thread affords less than two. Without a clock it does as much, only later.
            Mode::Searching if self.threads < 2 && work.watch.is_some() => {
                self.in_turn(Mode::Searching, ONE_THREAD, whole, work);
            }
            Mode::Searching => self.at_once(whole, work),
        }
    }

    /// The sweep, then rescue with what is left.
    fn in_turn(&mut self, mode: Mode, budget: f32, whole: bool, work: &mut Work<'_>) {
        let extent = self.extent(mode, whole, &work.scene());
        self.sweep.budget.begin(budget);
        let finds = self.sweep.run(&work.scene(), &extent);
        self.count(finds, work);
        self.rescue.budget.go_on(&self.sweep.budget);
        let finds = self.rescue.run(&work.scene(), mode, whole);
        self.count(finds, work);
    }

    /// The sweep and rescue at the same time.
    fn at_once(&mut self, whole: bool, work: &mut Work<'_>) {
        let scene = work.scene();
        let extent = self.extent(Mode::Searching, whole, &scene);
        let afforded = self.rescue_budget(whole) * if work.watch.is_some() { 1.0 } else { BY_TABLE };
        let Self { sweep, rescue, threads, .. } = self;
        rescue.budget.go_on(&sweep.budget);
        rescue.budget.begin(afforded);
        sweep.budget.begin(SWEEP);
        let (seen, rescued) =
            both(*threads, || sweep.run(&scene, &extent), || rescue.run(&scene, Mode::Searching, whole));
        if rescued.is_none() {
            // It broke down on this frame: what it knew may be half changed.
            rescue.spots = Spots::default();
        }
        self.count(seen, work);
        self.count(rescued.unwrap_or_default(), work);
    }

    fn extent(&self, mode: Mode, whole: bool, scene: &Scene<'_>) -> Extent {
        match mode {
            _ if whole => Extent::Whole,
            Mode::Tracking => Extent::Followed,
            Mode::Searching => Extent::Searched(by_worth(scene, &self.rescue.spots)),
        }
    }

    fn mode(&self, scene: &Scene<'_>) -> Mode {
        let spots = &self.rescue.spots;
        let accepted = scene.board.candidates.iter().any(|c| scene.is_in_sight(c, spots));
        let is_stubborn =
            |s: &super::spots::Spot| s.reason == Reason::Text && s.age_frames(scene.round) < STUBBORN_FRAMES;
        let stubborn = scene.open(spots).any(is_stubborn);
        if accepted && !stubborn { Mode::Tracking } else { Mode::Searching }
    }

    fn count(&mut self, finds: Vec<Find>, work: &mut Work<'_>) {
        for Find { mut reads, voice } in finds {
            joined::join(work.luma, &mut reads);
            ends::examine(work.luma, &mut reads, voice.source, |read| work.board.has_accepted(read));
            let places: Vec<(bool, Symbology, Quad)> = reads.iter().map(|r| (r.broken, r.symbology, r.quad)).collect();
            for read in reads {
                if !read.broken {
                    self.idle_frames = 0;
                }
                if read.broken {
                    work.broken.push((read.symbology, read.quad));
                } else {
                    work.board.vote(read, voice, work.round, work.at_ms, Window::Frames);
                }
            }
            work.accepted.extend(work.board.accept(work.round, Window::Frames, work.frame));
            for (broken, symbology, quad) in places {
                let settled = work.board.candidates.iter().any(|c| c.accepted && place::overlap(&c.quad(), &quad));
                if !settled {
                    let reason = if broken { Reason::Pattern } else { Reason::Text };
                    self.rescue.spots.saw(quad, reason, broken && symbology == Symbology::QrCode, work.round);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::pixels::Grey;
    use crate::decode::tests::{draw, frame, turned};
    use crate::decode::{Frame, LiveReader};

    #[test]
    fn rescue_tires_where_nothing_is_read_and_wakes_when_something_is() {
        let label = draw(BarcodeFormat::Code128, "W7654321", 2);
        let mut reader = LiveReader::default();
        let mut budget_after = |scene: fn(&Grey) -> Frame, at: u32| {
            reader.feed(&scene(&label).at(at.into(), 33 * u64::from(at)));
            reader.schedule().rescue_budget(false)
        };
        for i in 0..=TIRED_FRAMES {
            assert_eq!(
                budget_after(|_| frame(64, 64, &[]), i),
                if i < TIRED_FRAMES { RESCUE } else { TIRED_PART * RESCUE }
            );
        }
        let woken = (1..=3).map(|i| budget_after(|label| frame(600, 300, &[(label, 50, 50)]), TIRED_FRAMES + i)).last();
        assert_eq!(woken, Some(RESCUE));
    }

    #[test]
    fn one_core_and_two_give_the_same_answers() {
        let pdf = draw(BarcodeFormat::PDF417, "SERIAL:AB1234;CAL:5.56", 2);
        let label = draw(BarcodeFormat::Code39, "SN-445566", 2);
        let scene = |i: u32| match i {
            0..5 => turned(800, 600, &pdf, 25.0, 200 + 2 * i, 150 + i),
            _ => frame(800, 600, &[(&pdf, 40, 60), (&label, 300, 400 + i)]),
        };
        let frames: Vec<_> = (0..8).map(|i| scene(i).at(i.into(), 33 * u64::from(i))).collect();
        let answers = |cores: usize| -> Vec<_> {
            let mut reader = LiveReader::default().on_cores(cores);
            frames.iter().map(|f| reader.feed(f)).collect()
        };
        let alone = answers(1);
        assert_eq!(alone, answers(2));
        assert_eq!(alone, answers(8));
        let rescued = alone.iter().flat_map(|r| &r.accepted).find(|a| !a.passes.contains(&"plain".to_owned()));
        assert!(rescued.is_some(), "rescue settled nothing here: the test proves little");
    }
}
