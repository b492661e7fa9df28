//! What can be done to the pixels of a small upright picture that would cost too much on a whole frame: stretching, even
//! light, undoing blur.

use super::pixels::Grey;
use super::rectify::Patch;

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
        // A few pixels at a time, so that their sums stay in registers.
        const AT_ONCE: usize = 16;
        let mut x = 0;
        while x + AT_ONCE <= width {
            let mut sums = [0.0f32; AT_ONCE];
            for (k, w) in kernel.iter().enumerate() {
                let part = &wide[x + k..x + k + AT_ONCE];
                sums.iter_mut().zip(part).for_each(|(s, p)| *s += w * p);
            }
            out.extend_from_slice(&sums);
            x += AT_ONCE;
        }
        out.extend((x..width).map(|x| kernel.iter().zip(&wide[x..]).map(|(w, p)| w * p).sum::<f32>()));
    }
    out
}

pub(super) fn along_columns(data: &[f32], width: usize, kernel: &[f32]) -> Vec<f32> {
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
            low[at] = chunk.iter().fold(low[at], |l, &p| if p < l { p } else { l });
            high[at] = chunk.iter().fold(high[at], |h, &p| if p > h { p } else { h });
        }
    }
    let span = (reach / BLOCK).max(1);
    let low = spread(&low, bw, bh, span, f32::min);
    let high = spread(&high, bw, bh, span, f32::max);
    let (low, high) = (mean_of(&low, bw, bh, span), mean_of(&high, bw, bh, span));
    let least = low.iter().copied().fold(f32::MAX, f32::min);
    let most = high.iter().copied().fold(f32::MIN, f32::max);
    let apart = ((most - least) * 0.25).max(2.0);
    let columns: Vec<(usize, usize, f32)> = (0..width).map(|x| middle(x, BLOCK, bw)).collect();
    let fine = |coarse: &[f32]| -> Vec<f32> {
        let mut out = Vec::with_capacity(width * height);
        let mut here = vec![0.0f32; bw];
        for y in 0..height {
            let (y0, y1, fy) = middle(y, BLOCK, bh);
            let (top, bottom) = (&coarse[y0 * bw..(y0 + 1) * bw], &coarse[y1 * bw..(y1 + 1) * bw]);
            here.iter_mut().zip(top).zip(bottom).for_each(|((h, t), b)| *h = t + (b - t) * fy);
            out.extend(columns.iter().map(|&(x0, x1, fx)| here[x0] + (here[x1] - here[x0]) * fx));
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
