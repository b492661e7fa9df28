//! What a frame may cost, and what each kind of look was seen to cost on this machine.
//!
//! The unit is one plain pass over the whole frame. Without a stopwatch the table of passes is believed; with one, each
//! look is measured, and the next is planned with what was learnt.

use std::time::Duration;

/// Time since any fixed moment. This room reads no clock; who feeds frames may hand one in.
/// Two threads may ask it at once; each compares only its own answers.
pub type Stopwatch<'a> = &'a (dyn Fn() -> Duration + Sync);

/// What a frame may cost while something accepted is in sight, in plain passes over the whole frame.
pub(super) const TRACKING: f32 = 0.48;
/// What the sweep may cost while something is looked for, in frames without a look at the whole of them.
pub(super) const SWEEP: f32 = 1.0;
/// What rescue may cost meanwhile on the other thread.
pub(super) const RESCUE: f32 = 1.45;
/// What it may cost in a frame that is looked at whole, so that both threads together take about the same in each frame.
pub(super) const RESCUE_BESIDE_WHOLE: f32 = 1.35;
/// What both together may cost where there is one thread only.
pub(super) const ONE_THREAD: f32 = 1.55;
/// On the slowest machine a frame still gets so much.
const LEAST: f32 = 0.3;
/// How much a new measurement counts against those before it.
const FRESH: f32 = 0.2;
/// Setting up a look costs so much, however small its region.
const SETTING_UP: f32 = 0.01;

/// What the reader is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing accepted is in sight, or something seen is not settled yet.
    Searching,
    /// Everything in sight is accepted.
    Tracking,
}

/// A kind of look of which the cost is learnt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Task {
    /// Name of the pass.
    pub name: &'static str,
    /// What it should cost over the whole frame.
    pub cost: f32,
    /// The part of the frame that it looks at.
    pub share: f32,
}

#[derive(Debug, Clone, Copy)]
struct Learnt {
    name: &'static str,
    /// Measured cost as a multiple of the expected one.
    factor: f32,
}

/// The purse of one stream. Clones go on from what was learnt.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    frame_budget_ms: f32,
    /// One plain pass over the whole frame; `None` until it was measured.
    plain_ms: Option<f32>,
    learnt: Vec<Learnt>,
    /// Left for this frame.
    left: f32,
}

impl Budget {
    pub fn new(frame_budget_ms: u32) -> Self {
        Self { frame_budget_ms: frame_budget_ms as f32, plain_ms: None, learnt: Vec::new(), left: 0.0 }
    }

    /// Begins a frame with so many plain passes, or fewer on a slow machine.
    pub fn begin(&mut self, wanted: f32) {
        let reachable = self.plain_ms.map_or(wanted, |ms| self.frame_budget_ms / ms.max(0.01));
        self.left = wanted.min(reachable.max(LEAST));
    }

    /// Goes on with what another purse has left, and with what it knows of the machine.
    pub fn go_on(&mut self, other: &Self) {
        (self.plain_ms, self.left) = (other.plain_ms, other.left);
    }

    /// How many frames lie between two looks at the whole frame: more on machines on which one takes longer than a
    /// frame's time.
    pub fn whole_every(&self) -> u64 {
        let over = self.plain_ms.map_or(1.0, |ms| ms / self.frame_budget_ms.max(1.0));
        3 * (over.clamp(1.0, 4.0).ceil() as u64)
    }

    /// What a look will probably cost.
    pub fn expected(&self, task: Task) -> f32 {
        let factor = self.learnt.iter().find(|l| l.name == task.name).map_or(1.0, |l| l.factor);
        SETTING_UP + task.cost * task.share * factor
    }

    /// Whether it can be afforded in this frame.
    pub fn affords(&self, task: Task) -> bool {
        self.expected(task) <= self.left
    }

    /// Does the work, pays for it and learns from it.
    pub fn spend<T>(&mut self, task: Task, watch: Option<Stopwatch<'_>>, work: impl FnOnce() -> T) -> T {
        let Some(watch) = watch else {
            self.left -= self.expected(task);
            return work();
        };
        let before = watch();
        let done = work();
        let took_ms = watch().saturating_sub(before).as_secs_f32() * 1000.0;
        if task.share >= 1.0 && task.cost == 1.0 && task.name == "plain" {
            let was = self.plain_ms.unwrap_or(took_ms);
            self.plain_ms = Some(was + FRESH * (took_ms - was));
        }
        let cost = self.plain_ms.map_or_else(|| self.expected(task), |plain| took_ms / plain.max(0.01));
        self.learn(task, cost);
        self.left -= cost;
        done
    }

    fn learn(&mut self, task: Task, cost: f32) {
        let seen = ((cost - SETTING_UP) / (task.cost * task.share).max(0.001)).clamp(0.1, 10.0);
        match self.learnt.iter_mut().find(|l| l.name == task.name) {
            Some(learnt) => learnt.factor += FRESH * (seen - learnt.factor),
            None => self.learnt.push(Learnt { name: task.name, factor: 1.0 + FRESH * (seen - 1.0) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::*;

    const WHOLE: Task = Task { name: "plain", cost: 1.0, share: 1.0 };
    const PART: Task = Task { name: "blur", cost: 1.0, share: 0.17 };

    /// Tasks of this kind that a frame affords.
    fn afforded(budget: &mut Budget, wanted: f32, task: Task) -> usize {
        budget.begin(wanted);
        (0..100).take_while(|_| budget.affords(task) && budget.spend(task, None, || true)).count()
    }

    /// Spends once on a machine on which it takes so long.
    fn took(budget: &mut Budget, task: Task, ms: u64) {
        let now_ms = AtomicU64::new(0);
        let watch = || Duration::from_millis(now_ms.load(Relaxed));
        budget.spend(task, Some(&watch), || now_ms.fetch_add(ms, Relaxed));
    }

    #[test]
    fn tracking_affords_less_than_searching() {
        let mut budget = Budget::new(100);
        assert_eq!(afforded(&mut budget, TRACKING, PART), 2);
        assert_eq!(afforded(&mut budget, ONE_THREAD, PART), 8);
        assert_eq!(afforded(&mut budget, TRACKING, WHOLE), 0);
    }

    #[test]
    fn what_proves_dear_is_afforded_less_often() {
        let mut budget = Budget::new(100);
        took(&mut budget, WHOLE, 10);
        for _ in 0..20 {
            // A sixth of the frame takes as long as the whole of it.
            took(&mut budget, PART, 10);
        }
        assert_eq!(afforded(&mut budget, ONE_THREAD, PART), 1);
    }

    #[test]
    fn on_a_slow_machine_a_frame_gets_less_and_the_whole_frame_is_rarer() {
        let mut budget = Budget::new(100);
        assert_eq!(budget.whole_every(), 3);
        took(&mut budget, WHOLE, 20);
        assert_eq!((budget.whole_every(), afforded(&mut budget, ONE_THREAD, PART)), (3, 8));
        let mut slow = Budget::new(100);
        took(&mut slow, WHOLE, 250);
        assert_eq!((slow.whole_every(), afforded(&mut slow, ONE_THREAD, PART)), (9, 2));
    }

    #[test]
    fn a_stopwatch_that_stands_still_or_runs_back_harms_nothing() {
        let mut budget = Budget::new(100);
        took(&mut budget, WHOLE, 0);
        took(&mut budget, PART, 0);
        let now_ms = AtomicU64::new(100);
        let watch = || Duration::from_millis(now_ms.fetch_sub(7, Relaxed));
        budget.spend(WHOLE, Some(&watch), || ());
        budget.begin(ONE_THREAD);
        assert!(budget.affords(PART));
    }
}
