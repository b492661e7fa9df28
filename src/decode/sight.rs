//! Help to the eye: what hinders reading right now, in one piece of advice at a time.
//!
//! Measured on some rows of the frame, which costs a hundredth of a plain pass: the frame's middle, or the places where a
//! symbol is seen and not yet believed. Advice is steady: it must hold for a while to appear and be gone for a while to
//! vanish, and there is none once a symbol in sight is accepted. Advice never touches what is accepted.

mod measure;

use self::measure::Lines;
use super::frame::Luma;
use super::live::{Outline, OutlineState};
use super::place::{self, Region};

/// What the officer can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Too dark: more light.
    MoreLight,
    /// A lamp or the sun shows in the surface: tilt it.
    Glare,
    /// The code's modules are too small: go closer, or zoom.
    Closer,
    /// The picture moves or is out of focus: hold still.
    HoldStill,
}

impl Advice {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MoreLight, Self::Glare, Self::Closer, Self::HoldStill];

    /// How screens and logs name it.
    pub fn code(self) -> &'static str {
        match self {
            Self::MoreLight => "more_light",
            Self::Glare => "glare",
            Self::Closer => "closer",
            Self::HoldStill => "hold_still",
        }
    }
}

/// What was measured on one frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sight {
    /// Steepest step of the good edges as a share of their height: 1 for a drawn edge, below 0.2 for a blurred one; `None`
    /// where too few edges are in sight to tell.
    pub sharpness: Option<f32>,
    /// Brightness that all but the brightest fiftieth stays below, 0 to 255.
    pub light: u8,
    /// Share of what was looked at that is burnt out by a reflection.
    pub glare: f32,
    /// Pixels that the picture moved since the last frame, per thirtieth of a second; saturates at about sixteen.
    pub motion_px: f32,
    /// Pixels of the smallest module of a symbol that is seen and not read.
    pub module_px: Option<f32>,
    /// What to do, steadied over frames.
    pub advice: Option<Advice>,
}

/// Darker than this no code shows enough contrast on any camera that was tried.
const LIGHT_MIN: u8 = 64;
const GLARE_MAX: f32 = 0.015;
/// Engines need two pixels a module and a little room for a slant.
const MODULE_PX_MIN: f32 = 2.2;
const MOTION_PX_MAX: f32 = 6.0;
const SHARPNESS_MIN: f32 = 0.2;

/// How long something must hold before it is said, in milliseconds.
const APPEAR_MS: u64 = 400;
/// Before one piece of advice gives way to another.
const CHANGE_MS: u64 = 700;
/// Before advice goes when nothing is wrong any more.
const VANISH_MS: u64 = 900;

/// Rows looked at in the middle, and in a seen symbol.
const ROWS: u32 = 24;
const SYMBOL_ROWS: u32 = 16;
/// Fewer edges than these say nothing about sharpness.
const EDGES_MIN: usize = 12;
/// Pixels that are averaged for the motion's profile.
const BIN: usize = 8;
/// Differences up to here are noise.
const NOISE: i32 = 4;
/// From here on a pixel is burnt out.
const BURNT: u8 = 250;

/// Watches a stream.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    profile: Vec<u8>,
    last_ms: Option<u64>,
    shown: Option<Advice>,
    rival: Option<Advice>,
    rival_since_ms: u64,
}

impl Watch {
    /// Looks at the next frame, taken at `at_ms` of its stream, with what decoding found in it.
    pub fn look(&mut self, luma: Luma<'_>, at_ms: u64, outlines: &[Outline]) -> Sight {
        if !luma.is_whole() {
            return Sight::default();
        }
        if self.last_ms.is_some_and(|last| at_ms < last) {
            *self = Self::default();
        }
        let middle = middle(luma);
        let lines = Lines::of(luma, middle, ROWS);
        let motion_px = self.motion(&lines, at_ms);
        let whole = lines.measure();
        let seen = outlines.iter().find(|o| o.state == OutlineState::Reading);
        let (close, module_px) = match seen {
            None => (whole, None),
            Some(outline) => {
                let region = place::region(&outline.quad, 0.0, luma.width, luma.height);
                let lines = Lines::of(luma, region, SYMBOL_ROWS);
                (lines.measure(), lines.module_px())
            }
        };
        let mut sight = Sight {
            sharpness: close.sharpness,
            light: close.light,
            glare: close.glare,
            motion_px,
            module_px,
            advice: None,
        };
        let accepted = outlines.iter().any(|o| o.state == OutlineState::Accepted);
        let wish = if accepted { None } else { wish(&sight, seen.is_some()) };
        sight.advice = self.steady(wish, accepted, at_ms);
        self.last_ms = Some(at_ms);
        sight
    }

    /// How far the middle moved: the change over time against the change along the rows.
    fn motion(&mut self, lines: &Lines<'_>, at_ms: u64) -> f32 {
        let profile: Vec<u8> = lines
            .rows
            .iter()
            .flat_map(|row| row.chunks_exact(BIN))
            .map(|bin| (bin.iter().map(|p| u32::from(*p)).sum::<u32>() / BIN as u32) as u8)
            .collect();
        let before = std::mem::replace(&mut self.profile, profile);
        let Some(last) = self.last_ms.filter(|_| before.len() == self.profile.len()) else { return 0.0 };
        let apart = |a: u8, b: u8| (i32::from(a) - i32::from(b)).abs();
        let over_time: i32 = before.iter().zip(&self.profile).map(|(a, b)| apart(*a, *b)).filter(|d| *d > NOISE).sum();
        let along: i32 = self.profile.windows(2).map(|w| apart(w[0], w[1])).sum();
        // In a picture without anything in it noise would count as motion.
        if along < NOISE * self.profile.len() as i32 {
            return 0.0;
        }
        let frames = ((at_ms.saturating_sub(last)) as f32 / 33.0).max(0.5);
        BIN as f32 * over_time as f32 / along as f32 / frames
    }

    fn steady(&mut self, wish: Option<Advice>, accepted: bool, at_ms: u64) -> Option<Advice> {
        if accepted {
            (self.shown, self.rival) = (None, None);
            self.rival_since_ms = at_ms;
            return None;
        }
        if wish != self.rival || wish == self.shown {
            self.rival = wish;
            self.rival_since_ms = at_ms;
        }
        let long_enough = match (self.shown, wish) {
            (None, _) => APPEAR_MS,
            (Some(_), Some(_)) => CHANGE_MS,
            (Some(_), None) => VANISH_MS,
        };
        if at_ms.saturating_sub(self.rival_since_ms) >= long_enough {
            self.shown = wish;
        }
        self.shown
    }
}

/// What hinders most. Light comes first: without it nothing else can be told.
fn wish(sight: &Sight, seen: bool) -> Option<Advice> {
    let blurred = sight.sharpness.is_some_and(|s| s < SHARPNESS_MIN);
    if sight.light < LIGHT_MIN {
        Some(Advice::MoreLight)
    } else if sight.glare > GLARE_MAX {
        Some(Advice::Glare)
    } else if sight.module_px.is_some_and(|px| px < MODULE_PX_MIN) {
        Some(Advice::Closer)
    } else if blurred || (seen && sight.motion_px > MOTION_PX_MAX) {
        Some(Advice::HoldStill)
    } else {
        None
    }
}

/// The middle of the picture, where an officer holds what is to be read.
fn middle(luma: Luma<'_>) -> Region {
    let part = |side: u32| ((side / 5).min(side - 1), (side * 3 / 5).max(1));
    let ((x, width), (y, height)) = (part(luma.width), part(luma.height));
    Region { x, y, width, height }
}

#[cfg(test)]
mod tests;
