//! Help to the eye: what hinders reading right now, in one piece of advice at a time.
//!
//! Measured on some rows of the frame, which costs a hundredth of a plain pass: the frame's middle, or the places where a
//! symbol is seen and not yet believed. Advice is steady: it must hold for a while to appear and be gone for a while to
//! vanish, and there is none once a symbol in sight is accepted. Advice never touches what is accepted.

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

#[derive(Debug, Clone, Copy)]
struct Measured {
    sharpness: Option<f32>,
    light: u8,
    glare: f32,
}

/// Rows of a region, evenly spread.
struct Lines<'a> {
    rows: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    fn of(luma: Luma<'a>, region: Region, count: u32) -> Self {
        let count = count.min(region.height);
        let columns = region.x as usize..(region.x + region.width).min(luma.width) as usize;
        let rows = (0..count)
            .map(|i| region.y + (2 * i + 1) * region.height / (2 * count))
            .filter_map(|y| luma.row(y).get(columns.clone()))
            .collect();
        Self { rows }
    }

    fn measure(&self) -> Measured {
        let mut counts = [0u32; 256];
        for pixel in self.rows.iter().copied().flatten() {
            counts[usize::from(*pixel)] += 1;
        }
        let (low, light) = (level(&counts, 0.02), level(&counts, 0.98));
        let height_min = ((i32::from(light) - i32::from(low)) / 3).max(24);
        let mut steps: Vec<f32> = self.rows.iter().flat_map(|row| edges(row, height_min)).collect();
        let sharpness = (steps.len() >= EDGES_MIN).then(|| {
            // Of a sharp code before a blurred ground the better edges tell.
            let at = steps.len() * 3 / 4;
            *steps.select_nth_unstable_by(at, f32::total_cmp).1
        });
        let many = |from: usize| counts[from..].iter().sum::<u32>();
        // Where nearly all that is bright is burnt, it is paper in the sun, which reads well.
        let paper = many(usize::from(BURNT)) * 10 > many(150) * 6;
        let glare = if paper { 0.0 } else { self.burnt() };
        Measured { sharpness, light, glare }
    }

    /// Share of pixels in burnt-out runs that fade at their ends, as reflections do; printed edges are steep.
    fn burnt(&self) -> f32 {
        let (mut burnt, mut all) = (0, 0);
        for row in &self.rows {
            all += row.len();
            let shortest = (row.len() / 40).max(6);
            let mut from = 0;
            while from < row.len() {
                let run = row[from..].iter().take_while(|p| **p >= BURNT).count();
                if run >= shortest {
                    let fades = |at: Option<usize>| at.and_then(|at| row.get(at)).is_none_or(|p| *p > 170);
                    let near = shortest / 4 + 1;
                    if fades(from.checked_sub(near)) && fades(Some(from + run - 1 + near)) {
                        burnt += run;
                    }
                }
                from += run.max(1);
            }
        }
        burnt as f32 / all.max(1) as f32
    }

    /// Width of the narrowest bars, taken as a low share of all runs of dark and light.
    fn module_px(&self) -> Option<f32> {
        let mut runs: Vec<u32> = self.rows.iter().flat_map(|row| runs(row)).collect();
        if runs.len() < EDGES_MIN {
            return None;
        }
        // The mean of the shorter third: single runs are whole pixels, modules are not.
        let third = (runs.len() / 3).max(1);
        runs.sort_unstable();
        Some(runs[..third].iter().sum::<u32>() as f32 / third as f32)
    }
}

/// The brightness that the given share of pixels does not exceed.
fn level(counts: &[u32; 256], share: f32) -> u8 {
    let all: u32 = counts.iter().sum();
    let mut left = (all as f32 * share) as i64;
    for (value, count) in counts.iter().enumerate() {
        left -= i64::from(*count);
        if left < 0 {
            return value as u8;
        }
    }
    255
}

/// For each rise or fall of at least `height_min` its steepest step as a share of its height.
fn edges(row: &[u8], height_min: i32) -> Vec<f32> {
    let mut out = Vec::new();
    let (mut height, mut steepest) = (0i32, 0i32);
    let mut close = |height: i32, steepest: i32| {
        if height.abs() >= height_min {
            out.push(steepest as f32 / height.abs() as f32);
        }
    };
    for pair in row.windows(2) {
        let step = i32::from(pair[1]) - i32::from(pair[0]);
        // A flat step, or one against the slope beyond noise, ends it.
        if step == 0 || (height != 0 && step.signum() != height.signum()) {
            close(height, steepest);
            (height, steepest) = (step, step.abs());
        } else {
            height += step;
            steepest = steepest.max(step.abs());
        }
    }
    close(height, steepest);
    out
}

/// Lengths of runs between crossings of the row's middle brightness, without those at its ends. A crossing must go through
/// a band, so that noise makes none.
fn runs(row: &[u8]) -> Vec<u32> {
    let (Some(low), Some(high)) = (row.iter().min(), row.iter().max()) else { return Vec::new() };
    let (low, high) = (i32::from(*low), i32::from(*high));
    if high - low < 30 {
        return Vec::new();
    }
    let (under, over) = (low + (high - low) * 2 / 5, low + (high - low) * 3 / 5);
    let (mut out, mut light, mut since) = (Vec::new(), None, None);
    for (at, pixel) in row.iter().enumerate() {
        let now = match i32::from(*pixel) {
            p if p > over => true,
            p if p < under => false,
            _ => continue,
        };
        if light.is_some_and(|light| light != now)
            && let Some(since) = since.replace(at)
        {
            out.push((at - since) as u32);
        }
        light = Some(now);
    }
    out
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::tests::{draw, frame};
    use crate::domain::Quad;

    const SIZE: [u32; 2] = [640, 360];
    const PLACE: [u32; 2] = [220, 70];

    /// A grey desk with a label on it, `scale` pixels a module; the label's corners beside it.
    fn label(scale: i32) -> (Vec<u8>, Quad) {
        let qr = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", scale);
        let scene = frame(SIZE[0], SIZE[1], &[(&qr, PLACE[0], PLACE[1])]);
        let mut pixels: Vec<u8> = scene.luma().data.iter().map(|p| if *p == 220 { 120 } else { *p }).collect();
        // Paper that a camera exposes well is not quite white, and ink not quite black.
        pixels.iter_mut().for_each(|p| *p = 20 + (u32::from(*p) * 4 / 5) as u8);
        let (x, y) = (PLACE[0] as i32, PLACE[1] as i32);
        let (r, b) = (x + qr.width as i32, y + qr.height as i32);
        (pixels, [[x, y], [r, y], [r, b], [x, b]])
    }

    fn smear(pixels: &[u8], reach: usize) -> Vec<u8> {
        let row = |row: &[u8]| -> Vec<u8> {
            (0..row.len())
                .map(|x| {
                    let part = &row[x.saturating_sub(reach)..(x + reach + 1).min(row.len())];
                    (part.iter().map(|p| u32::from(*p)).sum::<u32>() / part.len() as u32) as u8
                })
                .collect()
        };
        pixels.chunks(SIZE[0] as usize).flat_map(row).collect()
    }

    fn lamp(pixels: &[u8], x: i32, y: i32) -> Vec<u8> {
        let lit = |(at, p): (usize, &u8)| {
            let (dx, dy) = ((at % SIZE[0] as usize) as i32 - x, (at / SIZE[0] as usize) as i32 - y);
            let light = 600.0 * (-f64::from(dx * dx + dy * dy) / (2.0 * 22.0 * 22.0)).exp();
            (f64::from(*p) + light).min(255.0) as u8
        };
        pixels.iter().enumerate().map(lit).collect()
    }

    fn shift(pixels: &[u8], by: usize) -> Vec<u8> {
        pixels.chunks(SIZE[0] as usize).flat_map(|row| [&row[by..], &row[..by]].concat()).collect()
    }

    fn look(watch: &mut Watch, pixels: &[u8], at_ms: u64, state: OutlineState, quad: Option<Quad>) -> Sight {
        let outlines: Vec<Outline> = quad.map(|quad| outline(quad, state)).into_iter().collect();
        watch.look(Luma::new(pixels, SIZE[0], SIZE[1]).unwrap(), at_ms, &outlines)
    }

    fn outline(quad: Quad, state: OutlineState) -> Outline {
        Outline { quad, state, text: String::new() }
    }

    /// The advice after half a second of the same kind of picture.
    fn advice(pictures: &[Vec<u8>], quad: Option<Quad>) -> (Option<&'static str>, Sight) {
        let mut watch = Watch::default();
        let mut last = Sight::default();
        for i in 0..16 {
            last = look(&mut watch, &pictures[i % pictures.len()], i as u64 * 33, OutlineState::Reading, quad);
        }
        (last.advice.map(Advice::code), last)
    }

    #[test]
    fn each_hindrance_has_its_advice() {
        let (good, quad) = label(6);
        let (small, small_quad) = label(1);
        let dark: Vec<u8> = good.iter().map(|p| p / 5).collect();
        let noisy: Vec<u8> = good.iter().enumerate().map(|(i, p)| p.saturating_add((i * 7_919 % 9) as u8)).collect();
        let desk = vec![116; (SIZE[0] * SIZE[1]) as usize];
        let moving: Vec<Vec<u8>> = (0..16).map(|i| shift(&good, i * 14)).collect();
        let trembling: Vec<Vec<u8>> = (0..16).map(|i| shift(&good, i % 2)).collect();
        let white: Vec<u8> = good.iter().map(|p| if *p > 200 { 255 } else { *p }).collect();
        type Row<'a> = (&'a str, Vec<Vec<u8>>, Option<Quad>, Option<&'static str>);
        let table: [Row<'_>; 12] = [
            ("a good picture", vec![good.clone()], Some(quad), None),
            ("a good picture, nothing found", vec![good.clone()], None, None),
            ("noise", vec![noisy], Some(quad), None),
            ("an empty desk", vec![desk.clone()], None, None),
            ("an empty desk at night", vec![desk.iter().map(|p| p / 4).collect()], None, Some("more_light")),
            ("dark", vec![dark], Some(quad), Some("more_light")),
            ("out of focus", vec![smear(&smear(&good, 5), 5)], Some(quad), Some("hold_still")),
            ("out of focus, nothing found", vec![smear(&smear(&good, 5), 5)], None, Some("hold_still")),
            ("moving", moving, Some(quad), Some("hold_still")),
            ("a trembling hand", trembling, Some(quad), None),
            ("far", vec![small], Some(small_quad), Some("closer")),
            ("a label burnt white is paper", vec![white], Some(quad), None),
        ];
        for (name, pictures, quad, want) in table {
            let (got, sight) = advice(&pictures, quad);
            assert_eq!(got, want, "{name}: {sight:?}");
        }
        let (got, sight) = advice(&[lamp(&good, 300, 150)], Some(quad));
        assert_eq!(got, Some("glare"), "a lamp in the label: {sight:?}");
    }

    #[test]
    fn modules_are_measured_in_pixels() {
        for scale in [1, 2, 3, 6] {
            let (pixels, quad) = label(scale);
            let sight = look(&mut Watch::default(), &pixels, 0, OutlineState::Reading, Some(quad));
            let px = sight.module_px.unwrap();
            assert!((px - scale as f32).abs() <= 0.3, "{scale}: {px}");
        }
    }

    #[test]
    fn advice_is_steady_and_gone_at_once_when_a_symbol_is_accepted() {
        let (good, quad) = label(6);
        let bad = smear(&smear(&good, 5), 5);
        let mut watch = Watch::default();
        let mut said = Vec::new();
        for i in 0..120u64 {
            // Every fourth frame happens to be good, which must not make the words flicker.
            let pixels = if i % 4 == 3 { &good } else { &bad };
            let sight = look(&mut watch, pixels, i * 33, OutlineState::Reading, Some(quad));
            if said.last() != Some(&sight.advice) {
                said.push(sight.advice);
            }
        }
        assert_eq!(said, [None], "never long enough in one piece to be said");
        for i in 120..140u64 {
            look(&mut watch, &bad, i * 33, OutlineState::Reading, Some(quad));
        }
        let kept = look(&mut watch, &good, 141 * 33, OutlineState::Reading, Some(quad));
        assert_eq!(kept.advice, Some(Advice::HoldStill), "one good frame takes nothing back");
        let done = look(&mut watch, &bad, 142 * 33, OutlineState::Accepted, Some(quad));
        assert_eq!(done.advice, None);
        let again = look(&mut watch, &bad, 0, OutlineState::Reading, Some(quad));
        assert_eq!((again.advice, again.motion_px), (None, 0.0), "a stream that begins again");
    }

    #[test]
    fn odd_pictures_and_places_are_survived() {
        for (w, h) in [(1, 1), (2, 1), (1, 9), (7, 3), (16, 16), (640, 2)] {
            let scene = frame(w, h, &[]);
            for quad in [[[0, 0]; 4], [[-50, -50], [900, -3], [900, 900], [4, 2_000_000]], [[w as i32, h as i32]; 4]] {
                let mut watch = Watch::default();
                for at_ms in [0, 0, 40, 10] {
                    watch.look(scene.luma(), at_ms, &[outline(quad, OutlineState::Reading)]);
                }
            }
        }
        let cut = Luma { data: &[0; 10], width: 100, height: 100, stride: 100 };
        assert_eq!(Watch::default().look(cut, 0, &[]), Sight::default());
    }
}
