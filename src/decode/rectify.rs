//! Small upright pictures of proposed places, and what can be done to their pixels there that would cost too much on a
//! whole frame: even light, undoing blur, averaging along bars.

use super::frame::Luma;
use super::pixels::{self, Grey};
use super::propose::Proposal;
use super::warp::{Shape, Warp};

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
    let (last_x, last_y) = (luma.width as i32 - 1, luma.height as i32 - 1);
    let stride = luma.stride as usize;
    let columns = warp.columns(width);
    let mut data = Vec::with_capacity(width * height);
    for v in 0..height {
        let row = warp.row(v as f32);
        for &column in &columns {
            let [x, y] = row(column);
            let [x, y] = [x - from[0], y - from[1]].map(|c| (c + 0.5) / shrink - 0.5);
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
                    let line = clamp(y0, j, last_y) * stride;
                    for (i, wx) in wx.into_iter().enumerate() {
                        sum += wy * wx * f32::from(luma.data[line + clamp(x0, i, last_x)]);
                    }
                }
            }
            data.push(sum);
        }
    }
    data
}

/// The place with its slant measured, and cut to where its edges end: from the directions of the edges in it, how the slope
/// of rows changes downwards and the lean of columns to the right.
pub(super) fn straightened(luma: Luma<'_>, place: &Proposal) -> Proposal {
    let mut place = *place;
    let mut steps = 2;
    let mut done = 0;
    loop {
        let cut = Cut { margin: [0.0, 0.02], scale: 1.0, shift: 0.0, pixels_max: 90_000.0 };
        let patch = upright(luma, &place, cut);
        let Some(seen) = slant(&patch) else { return place };
        let shape = &mut place.shape;
        for i in 0..2 {
            shape.slope[i] += seen.slope[i];
            shape.lean[i] += seen.lean[i];
        }
        done += 1;
        // A strong slant is not seen at once.
        if done == 1 && seen.slope[0].abs().max(seen.lean[0].abs()) > STRONG_SLANT {
            steps = 4;
        }
        if done == steps {
            return trimmed(&place, &patch, &seen);
        }
    }
}

/// Rows or columns that run so far off after the first look are looked at more often.
const STRONG_SLANT: f32 = 0.2;
/// Edges of a code end where a line across it has less than this part of the difference between its busy and its quiet lines.
const ENDS_BELOW: f32 = 0.2;
/// A code fills at least this part of the box that was proposed for it.
const FILLS_MIN: f32 = 0.4;

/// The box without its quiet margins, as far as they can be told.
fn trimmed(place: &Proposal, patch: &Patch, seen: &Slant) -> Proposal {
    let mut trimmed = *place;
    let mut off = [0.0f32; 2];
    for (i, profile) in [&seen.along, &seen.across].into_iter().enumerate() {
        let Some((from, to)) = ends(profile) else { continue };
        let (from, to) = [from, to].map(|at| (at as f32 - patch.warp.middle[i]) / patch.warp.scale).into();
        let half = (to - from) / 2.0 + 1.5;
        if half < place.half[i] && half > FILLS_MIN * place.half[i] {
            trimmed.half[i] = half;
            off[i] = (from + to) / 2.0;
        }
    }
    // What was measured about the old middle holds about the new one.
    let Shape { slope, lean, .. } = &mut trimmed.shape;
    slope[0] += slope[1] * off[1];
    lean[0] += lean[1] * off[0];
    let (sin, cos) = place.angle.sin_cos();
    let [x, y] = [off[0] + place.shape.lean[0] * off[1], off[1] + place.shape.slope[0] * off[0]];
    trimmed.centre = [place.centre[0] + x * cos - y * sin, place.centre[1] + x * sin + y * cos];
    trimmed
}

/// First and last line that is busy; `None` where busy and quiet ones are hard to tell apart.
fn ends(profile: &[f32]) -> Option<(usize, usize)> {
    let mut sorted = profile.to_vec();
    sorted.sort_by(f32::total_cmp);
    let (quiet, busy) = (*sorted.get(sorted.len() / 20)?, sorted[sorted.len() * 4 / 5]);
    let least = quiet + ENDS_BELOW * (busy - quiet);
    if quiet > 0.5 * busy {
        return None;
    }
    let is_busy = |&p: &f32| p > least;
    Some((profile.iter().position(is_busy)?, profile.iter().rposition(is_busy)?))
}

/// What the edges of a patch say.
struct Slant {
    /// Slope of rows and lean of columns, each in the middle and its change for a pixel of the frame.
    slope: [f32; 2],
    lean: [f32; 2],
    /// Strength of edges in each column and in each row.
    along: Vec<f32>,
    across: Vec<f32>,
}

fn slant(patch: &Patch) -> Option<Slant> {
    let (width, height) = (patch.width, patch.height);
    // Weight, place, place squared, direction, direction times place: of a straight line through the directions.
    let (mut rows, mut columns, mut steep_rows) = ([0f64; 5], [0f64; 5], [0f64; 5]);
    let (mut along, mut across) = (vec![0f32; width], vec![0f32; height]);
    for (y, across) in across.iter_mut().enumerate().take(height - 1).skip(1) {
        for (x, along) in along.iter_mut().enumerate().take(width - 1).skip(1) {
            let at = |dx: usize, dy: usize| patch.data[(y + dy - 1) * width + x + dx - 1];
            let gx = at(2, 0) + 2.0 * at(2, 1) + at(2, 2) - at(0, 0) - 2.0 * at(0, 1) - at(0, 2);
            let gy = at(0, 2) + 2.0 * at(1, 2) + at(2, 2) - at(0, 0) - 2.0 * at(1, 0) - at(2, 0);
            let (h, v) = (gx * gx, gy * gy);
            let strength = h.max(v).sqrt();
            *along += strength;
            *across += strength;
            if v > 4.0 * h {
                add(&mut rows, v, (y as f32 - patch.warp.middle[1]) / patch.warp.scale, -gx / gy);
            } else if h > 4.0 * v {
                add(&mut columns, h, (x as f32 - patch.warp.middle[0]) / patch.warp.scale, -gy / gx);
            }
            if 4.0 * v > h && v <= 16.0 * h {
                add(&mut steep_rows, v, (y as f32 - patch.warp.middle[1]) / patch.warp.scale, -gx / gy);
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
    // Where hardly any rows are seen, they may run too steeply to be told from columns by a look at each edge.
    let steeply = rows[0] <= 0.08 * total && steep_rows[0] > 0.02 * total;
    let slope = if steeply { [fitted(&steep_rows, half[1])[0], 0.0] } else { line(&rows, half[1]) };
    Some(Slant { slope, lean: line(&columns, half[0]), along, across })
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
