//! The sweep of a frame: plain passes over the whole of it now and then, over what is followed, and over the places where a
//! code seems to be. What plain passes read needs the fewest looks, and most codes need no more.

use super::board::Voice;
use super::budget::{Budget, Task};
use super::passes::{PLAIN, Pass, RESCUE};
use super::place::{self, Region};
use super::scene::{FOLLOWED_MS, Find, Scene};
use super::spots::Spots;
use crate::domain::Quad;

/// Part of the frame's width and height in its middle, where a person points.
const AIM_PART: f32 = 0.6;
/// Rescue passes that cost no more are run over the whole frame while something is looked for.
const CHEAP: f32 = 0.4;
/// So many open spots get a plain pass between two looks at the whole frame, when they are no larger a part of it.
const PLAIN_SPOTS: usize = 2;
const PLAIN_SHARE_MAX: f32 = 0.3;

/// What a sweep takes in.
#[derive(Debug, Clone)]
pub(super) enum Extent {
    /// The whole frame.
    Whole,
    /// What is followed.
    Followed,
    /// What is followed, and these places, the most promising first; the middle of the frame where there are none.
    Searched(Vec<Quad>),
}

/// Memory of one stream's sweeps.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    pub budget: Budget,
    /// Which of the cheap passes over the whole frame comes next.
    turn: usize,
}

/// Open spots, the most promising first.
pub(super) fn by_worth(scene: &Scene<'_>, spots: &Spots) -> Vec<Quad> {
    let (width, height) = (scene.luma.width, scene.luma.height);
    let mut best: Vec<(f32, Quad)> = scene.open(spots).map(|s| (s.worth(width, height), s.quad)).collect();
    best.sort_by(|a, b| b.0.total_cmp(&a.0));
    best.into_iter().map(|b| b.1).collect()
}

impl Sweep {
    pub fn new(budget: Budget) -> Self {
        Self { budget, turn: 0 }
    }

    /// Looks as far as the budget goes.
    pub fn run(&mut self, scene: &Scene<'_>, extent: &Extent) -> Vec<Find> {
        let mut finds = Vec::new();
        match extent {
            Extent::Whole => {
                let task = Task { name: PLAIN.name, cost: 1.0, share: 1.0 };
                let reads = self.budget.spend(task, scene.watch, || PLAIN.run(scene.luma, scene.symbologies));
                finds.push(Find { reads, voice: Voice::of(&PLAIN) });
            }
            Extent::Followed => self.follow(scene, &mut finds),
            Extent::Searched(places) => {
                self.follow(scene, &mut finds);
                if places.is_empty() {
                    self.aim_box(scene, &mut finds);
                } else {
                    self.places(scene, places, &mut finds);
                    self.cheap_pass(scene, &mut finds);
                }
            }
        }
        finds
    }

    /// Plain passes over the places of the symbols in sight; overlapping regions are looked at once.
    fn follow(&mut self, scene: &Scene<'_>, finds: &mut Vec<Find>) {
        let followed = scene.board.candidates.iter().filter(|c| c.track.at_ms() + FOLLOWED_MS >= scene.at_ms);
        let mut places: Vec<(bool, u64, Quad)> =
            followed.map(|c| (c.accepted, c.track.at_ms(), c.track.at(scene.at_ms))).collect();
        // What is not settled goes first, then what was read longest ago.
        places.sort_by_key(|p| (p.0, p.1));
        let mut done: Vec<Region> = Vec::new();
        for (_, _, quad) in places {
            let region = place::region(&quad, 0.2, scene.luma.width, scene.luma.height);
            if !done.iter().any(|d| d.holds(place::centre(&quad))) && self.region(region, scene, finds) {
                done.push(region);
            }
        }
    }

    /// Plain passes over the best of the places.
    fn places(&mut self, scene: &Scene<'_>, places: &[Quad], finds: &mut Vec<Find>) {
        let mut done: Vec<Region> = Vec::new();
        for quad in places {
            let region = place::region(quad, 0.1, scene.luma.width, scene.luma.height);
            let seen = done.iter().any(|d| d.holds(place::centre(quad)));
            if !seen && region.share_of(scene.luma) <= PLAIN_SHARE_MAX && self.region(region, scene, finds) {
                done.push(region);
            }
            if done.len() >= PLAIN_SPOTS {
                return;
            }
        }
    }

    fn region(&mut self, region: Region, scene: &Scene<'_>, finds: &mut Vec<Find>) -> bool {
        let task = Task { name: "plain part", cost: 1.0, share: region.share_of(scene.luma) };
        if !self.budget.affords(task) {
            return false;
        }
        let reads = self.budget.spend(task, scene.watch, || PLAIN.run_in(scene.luma, region, scene.symbologies));
        finds.push(Find { reads, voice: Voice::of(&PLAIN) });
        true
    }

    /// One of the cheapest rescue passes over the whole frame: those that make it smaller, for large and pecked modules.
    fn cheap_pass(&mut self, scene: &Scene<'_>, finds: &mut Vec<Find>) {
        let cheap: Vec<&Pass> = RESCUE.iter().filter(|p| p.cost <= CHEAP).collect();
        let Some(pass) = cheap.get(self.turn % cheap.len().max(1)) else { return };
        let task = Task { name: pass.name, cost: pass.cost, share: 1.0 };
        if self.budget.affords(task) {
            self.turn += 1;
            let reads = self.budget.spend(task, scene.watch, || pass.run(scene.luma, scene.symbologies));
            finds.push(Find { reads, voice: Voice::of(pass) });
        }
    }

    /// With nothing in sight the middle of the frame is where a person points.
    fn aim_box(&mut self, scene: &Scene<'_>, finds: &mut Vec<Find>) {
        let (width, height) = (scene.luma.width, scene.luma.height);
        let part = |n: u32| ((n as f32 * AIM_PART) as u32).max(1);
        let (across, down) = (part(width), part(height));
        let region = Region { x: (width - across) / 2, y: (height - down) / 2, width: across, height: down };
        self.region(region, scene, finds);
    }
}
