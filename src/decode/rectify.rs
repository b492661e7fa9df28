//! Small upright pictures of proposed places, and what can be done to their pixels there that would cost too much on a
//! whole frame: even light, undoing blur, averaging along bars.

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
    let mut halved: Option<Grey> = None;
    let mut shrink = 1.0f32;
    while scale * shrink < 0.6 {
        let Some((next, _)) = pixels::halve(halved.as_ref().map_or(luma, Grey::view)) else { break };
        halved = Some(next);
        shrink *= 2.0;
    }
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
    let data = match &halved {
        None => sampled(luma, &warp, width, height, 1.0),
        Some(small) => sampled(small.view(), &warp, width, height, shrink),
    };
    Patch { data, width, height, warp }
}

/// Brightness through a warp, by cubic curves (Catmull-Rom); outside, the nearest pixel of the picture, which is `shrink`
/// times smaller than the frame.
fn sampled(luma: Luma<'_>, warp: &Warp, width: usize, height: usize, shrink: f32) -> Vec<f32> {
    let (last_x, last_y) = (luma.width as i32 - 1, luma.height as i32 - 1);
    let stride = luma.stride as usize;
    let columns = warp.columns(width);
    let mut data = Vec::with_capacity(width * height);
    for v in 0..height {
        let row = warp.row(v as f32);
        for &column in &columns {
            let [x, y] = row(column).map(|c| (c + 0.5) / shrink - 0.5);
            let (x0, y0) = (x.floor(), y.floor());
            let (wx, wy) = (cubic(x - x0), cubic(y - y0));
            let (x0, y0) = (x0 as i32 - 1, y0 as i32 - 1);
            let mut sum = 0.0;
            if x0 >= 0 && y0 >= 0 && x0 + 3 <= last_x && y0 + 3 <= last_y {
                let at = y0 as usize * stride + x0 as usize;
                for (j, wy) in wy.into_iter().enumerate() {
                    let p = &luma.data[at + j * stride..][..4];
                    let here = wx[0] * f32::from(p[0]) + wx[1] * f32::from(p[1]);
                    sum += wy * (here + wx[2] * f32::from(p[2]) + wx[3] * f32::from(p[3]));
                }
            } else {
                let clamp = |at: i32, by: usize, last: i32| at.saturating_add(by as i32).clamp(0, last) as usize;
                for (j, wy) in wy.into_iter().enumerate() {
                    let from = clamp(y0, j, last_y) * stride;
                    for (i, wx) in wx.into_iter().enumerate() {
                        sum += wy * wx * f32::from(luma.data[from + clamp(x0, i, last_x)]);
                    }
                }
            }
            data.push(sum);
        }
    }
    data
}

/// The place with its slant measured: from the directions of the edges in it, how the slope of rows changes downwards and
/// the lean of columns to the right.
pub(super) fn straightened(luma: Luma<'_>, place: &Proposal) -> Proposal {
    let mut place = *place;
    for _ in 0..2 {
        let cut = Cut { margin: [0.0, 0.02], scale: 1.0, shift: 0.0, pixels_max: 90_000.0 };
        let patch = upright(luma, &place, cut);
        let Some((slope, lean)) = slant(&patch) else { return place };
        let shape = &mut place.shape;
        for i in 0..2 {
            shape.slope[i] += slope[i];
            shape.lean[i] += lean[i];
        }
    }
    place
}

/// Slope of rows and lean of columns, each in the middle and its change for a pixel of the frame.
fn slant(patch: &Patch) -> Option<([f32; 2], [f32; 2])> {
    let (width, height) = (patch.width, patch.height);
    // Weight, place, place squared, direction, direction times place: of a straight line through the directions.
    let (mut rows, mut columns) = ([0f64; 5], [0f64; 5]);
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = |dx: usize, dy: usize| patch.data[(y + dy - 1) * width + x + dx - 1];
            let gx = at(2, 0) + 2.0 * at(2, 1) + at(2, 2) - at(0, 0) - 2.0 * at(0, 1) - at(0, 2);
            let gy = at(0, 2) + 2.0 * at(1, 2) + at(2, 2) - at(0, 0) - 2.0 * at(1, 0) - at(2, 0);
            let (h, v) = (gx * gx, gy * gy);
            if v > 4.0 * h {
                add(&mut rows, v, (y as f32 - patch.warp.middle[1]) / patch.warp.scale, -gx / gy);
            } else if h > 4.0 * v {
                add(&mut columns, h, (x as f32 - patch.warp.middle[0]) / patch.warp.scale, -gy / gx);
            }
        }
    }
    let total = rows[0] + columns[0];
    if total <= 0.0 {
        return None;
    }
    // Too few edges of one direction say nothing about it.
    let line = |sums: &[f64; 5], half: f32| if sums[0] > 0.08 * total { fitted(sums, half) } else { [0.0; 2] };
    let half = [width as f32, height as f32].map(|n| n / 2.0 / patch.warp.scale);
    Some((line(&rows, half[1]), line(&columns, half[0])))
}

fn add(sums: &mut [f64; 5], weight: f32, place: f32, direction: f32) {
    let (w, p, d) = (f64::from(weight * weight), f64::from(place), f64::from(direction));
    for (sum, add) in sums.iter_mut().zip([w, w * p, w * p * p, w * d, w * d * p]) {
        *sum += add;
    }
}

/// Weighted straight line: its height in the middle and its rise, the rise no more than a slant can give over `half`.
fn fitted([w, p, pp, d, dp]: &[f64; 5], half: f32) -> [f32; 2] {
    let spread = pp / w - (p / w) * (p / w);
    let rise = (dp / w - (p / w) * (d / w)) / spread.max(1.0);
    let most = f64::from(0.3 / half.max(1.0));
    let rise = rise.clamp(-most, most);
    [(d / w - rise * p / w) as f32, rise as f32]
}

/// Weights of four neighbours for a place `t` of the way from the second to the third.
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-0.5 * t3 + t2 - 0.5 * t, 1.5 * t3 - 2.5 * t2 + 1.0, -1.5 * t3 + 2.0 * t2 + 0.5 * t, 0.5 * t3 - 0.5 * t2]
}

impl Patch {
    /// Brightness from 0 to 255 as it is, with everything but the outermost percent stretched over the whole range.
    pub fn stretched(&self) -> Grey {
        let mut some: Vec<f32> = self.data.iter().step_by(7).copied().collect();
        some.sort_by(f32::total_cmp);
        let (low, high) = (some[some.len() / 100], some[some.len() - 1 - some.len() / 100]);
        let gain = 255.0 / (high - low).max(1.0);
        self.grey(|_, p| (p - low) * gain)
    }

    /// From 0 to 1 between the local black and the local white, for light that is uneven.
    pub fn even(&self, reach: usize) -> Patch {
        let (low, high) = local_range(&self.data, self.width, self.height, reach);
        let data = self.data.iter().zip(low.iter().zip(&high)).map(|(p, (l, h))| (p - l) / (h - l)).collect();
        Patch { data, ..*self }
    }

    /// For numbers from 0 to 1.
    pub fn unit_grey(&self) -> Grey {
        self.grey(|_, p| p * 255.0)
    }

    pub fn grey(&self, map: impl Fn(usize, f32) -> f32) -> Grey {
        let data = self.data.iter().enumerate().map(|(i, &p)| map(i, p).clamp(0.0, 255.0) as u8).collect();
        Grey { data, width: self.width as u32, height: self.height as u32 }
    }

    /// Undoes a soft blur of `sigma` pixels: what picture of numbers between 0 and 1 would look like this one, if it were
    /// blurred? Found step by step (projected Landweber); the bounds are what keeps noise from growing.
    pub fn deblurred(&self, sigma: [f32; 2], steps: usize) -> Patch {
        let kernels = sigma.map(gauss);
        let blur = |p: &[f32]| {
            let rows = along_rows(p, self.width, &kernels[0]);
            along_columns(&rows, self.width, &kernels[1])
        };
        let mut x: Vec<f32> = self.data.iter().map(|p| p.clamp(0.0, 1.0)).collect();
        for _ in 0..steps {
            let now = blur(&x);
            let error: Vec<f32> = self.data.iter().zip(&now).map(|(y, n)| y - n).collect();
            let back = blur(&error);
            x.iter_mut().zip(&back).for_each(|(x, b)| *x = (*x + 1.8 * b).clamp(0.0, 1.0));
        }
        Patch { data: x, ..*self }
    }
}

/// A bell curve that sums to one; a single 1 for no blur.
fn gauss(sigma: f32) -> Vec<f32> {
    if sigma < 0.1 {
        return vec![1.0];
    }
    let reach = (sigma * 2.2).ceil() as i32;
    let raw: Vec<f32> = (-reach..=reach).map(|i| (-(i * i) as f32 / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f32 = raw.iter().sum();
    raw.into_iter().map(|w| w / sum).collect()
}

pub(super) fn along_rows(data: &[f32], width: usize, kernel: &[f32]) -> Vec<f32> {
    let reach = kernel.len() / 2;
    if reach == 0 {
        return data.to_vec();
    }
    let mut out = Vec::with_capacity(data.len());
    let mut wide = vec![0.0; width + 2 * reach];
    for row in data.chunks_exact(width) {
        wide[..reach].fill(row[0]);
        wide[reach..reach + width].copy_from_slice(row);
        wide[reach + width..].fill(row[width - 1]);
        let from = out.len();
        out.resize(from + width, 0.0);
        for (k, w) in kernel.iter().enumerate() {
            out[from..].iter_mut().zip(&wide[k..]).for_each(|(o, p)| *o += w * p);
        }
    }
    out
}

fn along_columns(data: &[f32], width: usize, kernel: &[f32]) -> Vec<f32> {
    let reach = kernel.len() / 2;
    if reach == 0 {
        return data.to_vec();
    }
    let height = data.len() / width;
    let mut out = vec![0.0; data.len()];
    for (y, row) in out.chunks_exact_mut(width).enumerate() {
        for (k, w) in kernel.iter().enumerate() {
            let from = (y + k).saturating_sub(reach).min(height - 1) * width;
            row.iter_mut().zip(&data[from..from + width]).for_each(|(o, p)| *o += w * p);
        }
    }
    out
}

/// Local black and white for each pixel: the extremes of small blocks, spread over `reach` pixels and smoothed; never
/// closer to each other than a quarter of the whole range.
fn local_range(data: &[f32], width: usize, height: usize, reach: usize) -> (Vec<f32>, Vec<f32>) {
    const BLOCK: usize = 8;
    let (bw, bh) = (width.div_ceil(BLOCK), height.div_ceil(BLOCK));
    let (mut low, mut high) = (vec![f32::MAX; bw * bh], vec![f32::MIN; bw * bh]);
    for (y, row) in data.chunks_exact(width).enumerate() {
        for (x, chunk) in row.chunks(BLOCK).enumerate() {
            let at = (y / BLOCK) * bw + x;
            for &p in chunk {
                low[at] = low[at].min(p);
                high[at] = high[at].max(p);
            }
        }
    }
    let span = (reach / BLOCK).max(1);
    let low = spread(&low, bw, bh, span, f32::min);
    let high = spread(&high, bw, bh, span, f32::max);
    let (low, high) = (mean_of(&low, bw, bh, span), mean_of(&high, bw, bh, span));
    let least = low.iter().copied().fold(f32::MAX, f32::min);
    let most = high.iter().copied().fold(f32::MIN, f32::max);
    let apart = ((most - least) * 0.25).max(2.0);
    let fine = |coarse: &[f32]| -> Vec<f32> {
        let mut out = Vec::with_capacity(width * height);
        for y in 0..height {
            let (y0, y1, fy) = middle(y, BLOCK, bh);
            for x in 0..width {
                let (x0, x1, fx) = middle(x, BLOCK, bw);
                let top = coarse[y0 * bw + x0] * (1.0 - fx) + coarse[y0 * bw + x1] * fx;
                let bottom = coarse[y1 * bw + x0] * (1.0 - fx) + coarse[y1 * bw + x1] * fx;
                out.push(top * (1.0 - fy) + bottom * fy);
            }
        }
        out
    };
    let (mut low, mut high) = (fine(&low), fine(&high));
    for (l, h) in low.iter_mut().zip(&mut high) {
        let lack = apart - (*h - *l);
        if lack > 0.0 {
            // A place without contrast is paper (or, on dark things, ground): its own brightness stays the white.
            *l -= lack;
        }
    }
    (low, high)
}

/// The two blocks between whose middles a pixel lies, and how far it is to the second.
fn middle(at: usize, block: usize, count: usize) -> (usize, usize, f32) {
    let place = ((at as f32 + 0.5) / block as f32 - 0.5).max(0.0);
    let first = (place as usize).min(count - 1);
    (first, (first + 1).min(count - 1), place - first as f32)
}

fn spread(data: &[f32], width: usize, height: usize, span: usize, pick: fn(f32, f32) -> f32) -> Vec<f32> {
    let mut rows = vec![0.0; data.len()];
    for y in 0..height {
        for x in 0..width {
            let part = &data[y * width + x.saturating_sub(span)..y * width + (x + span + 1).min(width)];
            rows[y * width + x] = part.iter().copied().reduce(pick).unwrap_or(0.0);
        }
    }
    let mut out = vec![0.0; data.len()];
    for y in 0..height {
        for x in 0..width {
            let column = (y.saturating_sub(span)..(y + span + 1).min(height)).map(|v| rows[v * width + x]);
            out[y * width + x] = column.reduce(pick).unwrap_or(0.0);
        }
    }
    out
}

fn mean_of(data: &[f32], width: usize, height: usize, span: usize) -> Vec<f32> {
    let kernel = vec![1.0 / (2 * span + 1) as f32; 2 * span + 1];
    let _ = height;
    along_columns(&along_rows(data, width, &kernel), width, &kernel)
}
