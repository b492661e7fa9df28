//! Where a thing in front of the camera is, and where it will be in the next frame.

use super::place;
use crate::domain::Quad;

/// A movement is believed to go on for so long; then the hand has turned round.
const CARRY_ON_MS: u64 = 200;
/// How much a new step counts against the steps before it.
const FRESH: f32 = 0.6;
/// Faster than this, in pixels a millisecond, is no movement but another place.
const SPEED_MAX: f32 = 4.0;

/// Place and movement of one symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Track {
    quad: Quad,
    at_ms: u64,
    /// Pixels a millisecond.
    velocity: [f32; 2],
}

impl Track {
    pub fn new(quad: Quad, at_ms: u64) -> Self {
        Self { quad, at_ms, velocity: [0.0; 2] }
    }

    /// Corners as they were last seen.
    pub fn quad(&self) -> Quad {
        self.quad
    }

    /// When they were last seen.
    pub fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// It was seen again. Two looks at the same time only correct the place.
    pub fn saw(&mut self, quad: Quad, at_ms: u64) {
        let elapsed = at_ms.saturating_sub(self.at_ms);
        if elapsed > 0 {
            let ([x0, y0], [x1, y1]) = (place::centre(&self.quad), place::centre(&quad));
            let step = [(x1 - x0) / elapsed as f32, (y1 - y0) / elapsed as f32];
            let credible = elapsed <= 2 * CARRY_ON_MS && step[0].hypot(step[1]) <= SPEED_MAX;
            self.velocity = if credible { mix(self.velocity, step) } else { [0.0; 2] };
        }
        (self.quad, self.at_ms) = (quad, at_ms.max(self.at_ms));
    }

    /// Where the corners will be.
    pub fn at(&self, at_ms: u64) -> Quad {
        let [dx, dy] = self.drift(at_ms);
        self.quad.map(|[x, y]| [x.saturating_add(dx.round() as i32), y.saturating_add(dy.round() as i32)])
    }

    fn drift(&self, at_ms: u64) -> [f32; 2] {
        let elapsed = at_ms.saturating_sub(self.at_ms).min(CARRY_ON_MS) as f32;
        self.velocity.map(|v| v * elapsed)
    }
}

fn mix(was: [f32; 2], step: [f32; 2]) -> [f32; 2] {
    [0, 1].map(|axis| was[axis] * (1.0 - FRESH) + step[axis] * FRESH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: i32, y: i32) -> Quad {
        [[x, y], [x + 40, y], [x + 40, y + 40], [x, y + 40]]
    }

    #[test]
    fn steady_movement_is_foreseen() {
        let mut track = Track::new(square(0, 0), 0);
        for i in 1..=8 {
            track.saw(square(9 * i, -3 * i), 33 * i as u64);
        }
        let [x, y] = place::centre(&track.at(33 * 9));
        assert!((x - 101.0).abs() <= 1.0 && (y + 7.0).abs() <= 1.0, "{x} {y}");
    }

    #[test]
    fn what_was_lost_for_long_stays_where_it_was_about() {
        let mut track = Track::new(square(0, 0), 0);
        track.saw(square(10, 0), 10);
        assert_eq!(track.at(60_000), track.at(10 + CARRY_ON_MS));
        track.saw(square(0, 0), 5_000);
        assert_eq!(track.at(5_100), square(0, 0), "after a gap nothing is known of its movement");
    }

    #[test]
    fn a_leap_is_no_movement_and_two_looks_in_one_frame_none_either() {
        let mut track = Track::new(square(0, 0), 0);
        track.saw(square(900, 0), 33);
        assert_eq!(track.at(66), square(900, 0));
        track.saw(square(910, 0), 33);
        assert_eq!(track.at(66), square(910, 0));
    }

    #[test]
    fn numbers_past_the_end_do_not_overflow() {
        let mut track = Track::new([[i32::MAX; 2]; 4], u64::MAX);
        track.saw([[i32::MIN; 2]; 4], 0);
        let _ = track.at(u64::MAX);
    }
}
