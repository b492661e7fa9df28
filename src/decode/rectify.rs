//! Small upright pictures of proposed places. What is done to their pixels stands in `tones.rs`, how their slant is measured in
//! `slant.rs`.

use super::frame::Luma;
use super::pixels::{self, Grey};
use super::propose::Proposal;
use super::warp::Warp;

/// A small picture cut out upright, brightness as numbers that keep their fractions.
#[derive(Debug, Clone)]
pub(super) struct Patch {
    pub data: Vec<f32>,
    pub width: usize,
    pub height: usize,
    pub warp: Warp,
}

/// Patches with fewer pixels for one of the frame are taken from a smaller picture, so that fine detail does not alias.
const HALVED_BELOW: f32 = 0.6;

/// How a place is cut out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    /// Added on either side, along and across, as parts of the place's sides (and then some pixels).
    pub margin: [f32; 2],
    /// Pixels of the patch for a pixel of the frame.
    pub scale: f32,
    /// By how many pixels of the patch the sampling is moved.
    pub shift: f32,
    /// The patch gets no more pixels than this.
    pub pixels_max: f32,
}

/// Cuts the proposed box out, upright.
pub(super) fn upright(luma: Luma<'_>, place: &Proposal, cut: Cut) -> Patch {
    let half = [0, 1].map(|i| place.half[i] * (1.0 + cut.margin[i]) + 6.0);
    let pixels = 4.0 * half[0] * half[1];
    let scale = cut.scale.min((cut.pixels_max / pixels.max(1.0)).sqrt());
    let width = ((2.0 * half[0] * scale) as usize).clamp(8, 4096);
    let height = ((2.0 * half[1] * scale) as usize).clamp(8, 4096);
    let warp = Warp {
        middle: [(width as f32 - 1.0) / 2.0 + cut.shift, (height as f32 - 1.0) / 2.0 + cut.shift],
        scale,
        half: place.half[0],
        shape: place.shape,
        centre: place.centre,
        angle: place.angle,
    };
    let data = if scale < HALVED_BELOW {
        let (part, from) = around(luma, &warp, width, height);
        let mut halved: Option<Grey> = None;
        let mut shrink = 1.0f32;
        while scale * shrink < HALVED_BELOW {
            let Some((next, _)) = pixels::halve(halved.as_ref().map_or(part, Grey::view)) else { break };
            halved = Some(next);
            shrink *= 2.0;
        }
        sampled(halved.as_ref().map_or(part, Grey::view), &warp, [width, height], from, shrink)
    } else {
        sampled(luma, &warp, [width, height], [0.0; 2], 1.0)
    };
    Patch { data, width, height, warp }
}

/// The part of the frame that a patch is taken from, and where it begins.
fn around<'a>(luma: Luma<'a>, warp: &Warp, width: usize, height: usize) -> (Luma<'a>, [f32; 2]) {
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    let columns = warp.columns(width);
    // The sides of a patch are straight, or bowed outwards by little.
    for v in (0..height).step_by(height.div_ceil(8)).chain([height - 1]) {
        let row = warp.row(v as f32);
        for &column in columns.iter().step_by(columns.len().div_ceil(8)).chain(columns.last()) {
            for (i, at) in row(column).into_iter().enumerate() {
                low[i] = low[i].min(at);
                high[i] = high[i].max(at);
            }
        }
    }
    const BESIDE: f32 = 16.0;
    let size = [luma.width, luma.height].map(|n| n as f32);
    // Even places, so that halving falls on the same pixels wherever the part begins.
    let from = [0, 1].map(|i| ((low[i] - BESIDE).clamp(0.0, size[i] - 1.0) as u32) & !1);
    let to = [0, 1].map(|i| (high[i] + BESIDE).clamp(0.0, size[i]) as u32);
    let (wide, high) = (to[0].saturating_sub(from[0]), to[1].saturating_sub(from[1]));
    if wide < BESIDE as u32 || high < BESIDE as u32 {
        return (luma, [0.0; 2]);
    }
    let data = &luma.data[from[1] as usize * luma.stride as usize + from[0] as usize..];
    (Luma { data, width: wide, height: high, stride: luma.stride }, from.map(|n| n as f32))
}

/// Brightness through a warp, by cubic curves (Catmull-Rom); outside, the nearest pixel of the picture, which begins at
/// `from` in the frame and is `shrink` times smaller.
fn sampled(luma: Luma<'_>, warp: &Warp, [width, height]: [usize; 2], from: [f32; 2], shrink: f32) -> Vec<f32> {
    let columns = warp.columns(width);
    let taps = Taps::new();
    let inverse = 1.0 / shrink;
    let mut data = Vec::with_capacity(width * height);
    for v in 0..height {
        let row = warp.row(v as f32);
        data.extend(columns.iter().map(|&column| {
            let [x, y] = row(column);
            taps.sample(luma, (x - from[0] + 0.5) * inverse - 0.5, (y - from[1] + 0.5) * inverse - 0.5)
        }));
    }
    data
}

/// The same where some of the sixteen pixels lie outside.
fn at_the_edge(luma: Luma<'_>, x: f32, y: f32) -> f32 {
    let (last_x, last_y) = (luma.width as i32 - 1, luma.height as i32 - 1);
    let (x0, y0) = (x.floor(), y.floor());
    let (wx, wy) = (cubic(x - x0), cubic(y - y0));
    let (x0, y0) = (x0 as i32, y0 as i32);
    let clamp = |at: i32, by: i32, last: i32| at.saturating_add(by - 1).clamp(0, last) as usize;
    let mut sum = 0.0;
    for (j, wy) in (0i32..).zip(wy) {
        let line = clamp(y0, j, last_y) * luma.stride as usize;
        for (i, wx) in (0i32..).zip(wx) {
            sum += wy * wx * f32::from(luma.data[line + clamp(x0, i, last_x)]);
        }
    }
    sum
}

/// Weights of cubic curves for places a part of a pixel apart.
pub(super) struct Taps([[f32; 4]; Taps::STEPS + 1]);

impl Taps {
    /// Finer than brightness can tell.
    const STEPS: usize = 128;

    pub fn new() -> Self {
        Self(std::array::from_fn(|i| cubic(i as f32 / Self::STEPS as f32)))
    }

    /// Brightness between pixels; outside, the nearest pixel.
    #[inline]
    pub fn sample(&self, luma: Luma<'_>, x: f32, y: f32) -> f32 {
        if !(x >= 1.0 && y >= 1.0 && x < luma.width as f32 - 3.0 && y < luma.height as f32 - 3.0) {
            return at_the_edge(luma, x, y);
        }
        let (x0, y0) = (x as i32, y as i32);
        let (wx, wy) = (self.at(x - x0 as f32), self.at(y - y0 as f32));
        let at = (y0 as usize - 1) * luma.stride as usize + x0 as usize - 1;
        let mut sums = [0.0f32; 4];
        for (j, w) in wy.iter().enumerate() {
            let Some(pixels) = luma.data[at + j * luma.stride as usize..].first_chunk::<4>() else { return 0.0 };
            for i in 0..4 {
                sums[i] += w * f32::from(pixels[i]);
            }
        }
        (sums[0] * wx[0] + sums[1] * wx[1]) + (sums[2] * wx[2] + sums[3] * wx[3])
    }

    /// For a place `t` of the way, from 0 to 1.
    #[inline]
    fn at(&self, t: f32) -> &[f32; 4] {
        &self.0[((t * Self::STEPS as f32 + 0.5) as usize).min(Self::STEPS)]
    }
}

/// Weights of four neighbours for a place `t` of the way from the second to the third.
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-0.5 * t3 + t2 - 0.5 * t, 1.5 * t3 - 2.5 * t2 + 1.0, -1.5 * t3 + 2.0 * t2 + 0.5 * t, 0.5 * t3 - 0.5 * t2]
}
