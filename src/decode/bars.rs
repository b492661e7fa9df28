//! Linear codes as one line: along its bars a code says the same thing hundreds of times, and its mean is far clearer than
//! any of its rows.

use super::pixels::Grey;
use super::rectify::Patch;
use super::tones::along_rows;

/// Rows of the picture that is made of one line; the engine wants a few that agree.
const ROWS: usize = 6;
/// Pixels of the line for each pixel of the patch.
pub(super) const FINER: usize = 3;

/// The part of a patch's height that is averaged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strip {
    pub from: f32,
    pub to: f32,
}

/// How the mean line was made.
pub(super) struct Line {
    pub values: Vec<f32>,
    /// Columns by which the bars lean, for each row down.
    pub lean: f32,
    /// The middle row of the strip.
    pub row: f32,
}

/// The mean of the strip's rows along its bars, whose lean is found by trying: the right one gives the steepest edges.
pub(super) fn mean_line(patch: &Patch, strip: Strip) -> Line {
    let from = ((patch.height as f32 * strip.from) as usize).min(patch.height - 1);
    let to = ((patch.height as f32 * strip.to) as usize).clamp(from + 1, patch.height);
    let row = (from + to) as f32 / 2.0;
    let sums = |lean: f32, step: usize| -> Vec<f32> {
        let mut sum = vec![0.0f32; patch.width];
        let mut count = 0.0f32;
        for y in (from..to).step_by(step) {
            let off = lean * (y as f32 - row);
            let whole = off.floor();
            let part = off - whole;
            let line = &patch.data[y * patch.width..(y + 1) * patch.width];
            let at = |x: i64| line[x.clamp(0, patch.width as i64 - 1) as usize];
            for (x, s) in sum.iter_mut().enumerate() {
                let x = x as i64 + whole as i64;
                *s += at(x) * (1.0 - part) + at(x + 1) * part;
            }
            count += 1.0;
        }
        sum.iter().map(|s| s / count).collect()
    };
    let steep = |line: &[f32]| line.windows(3).map(|w| (w[2] - w[0]) * (w[2] - w[0])).sum::<f32>();
    let rows = to - from;
    let step = (rows / 24).max(1);
    // One column over the whole strip is as fine as a lean can be told.
    let fine = (1.0 / rows as f32).max(0.004);
    let best = |around: f32, count: i32, by: f32| {
        (-count..=count)
            .map(|k| around + k as f32 * by)
            .map(|lean| (lean, steep(&sums(lean, step))))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0.0, |b| b.0)
    };
    let coarse = (fine * 3.0).min(0.06);
    let lean = best(0.0, (0.24 / coarse) as i32, coarse);
    let lean = best(lean, 3, coarse / 3.0);
    Line { values: sums(lean, 1), lean, row }
}

/// The line from 0 to 1 between local black and white, over `reach` columns.
pub(super) fn even(line: &[f32], reach: usize) -> Vec<f32> {
    let soft = along_rows(line, line.len(), &[0.25, 0.5, 0.25]);
    let range = |pick: fn(f32, f32) -> f32| -> Vec<f32> {
        let extreme: Vec<f32> = (0..line.len())
            .map(|x| {
                let part = &soft[x.saturating_sub(reach)..(x + reach + 1).min(line.len())];
                part.iter().copied().reduce(pick).unwrap_or(0.0)
            })
            .collect();
        along_rows(&extreme, line.len(), &vec![1.0 / (2 * reach + 1) as f32; 2 * reach + 1])
    };
    let (low, high) = (range(f32::min), range(f32::max));
    let least = low.iter().copied().fold(f32::MAX, f32::min);
    let most = high.iter().copied().fold(f32::MIN, f32::max);
    let apart = ((most - least) * 0.2).max(0.5);
    line.iter()
        .zip(low.iter().zip(&high))
        .map(|(p, (l, h))| (p - (h - (h - l).max(apart))) / (h - l).max(apart))
        .collect()
}

/// The line at three times as many places, by cubic curves.
pub(super) fn finer(line: &[f32]) -> Vec<f32> {
    let at = |i: i64| line[i.clamp(0, line.len() as i64 - 1) as usize];
    (0..line.len() * FINER)
        .map(|i| {
            let x = (i as f32 + 0.5) / FINER as f32 - 0.5;
            let x0 = x.floor();
            let t = x - x0;
            let x0 = x0 as i64;
            let (a, b, c, d) = (at(x0 - 1), at(x0), at(x0 + 1), at(x0 + 2));
            b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
        })
        .collect()
}

/// A picture of the line: black and white by the middle of the range, a few equal rows.
pub(super) fn drawn(line: &[f32], invert: bool) -> Grey {
    let row: Vec<u8> = line.iter().map(|&v| if (v < 0.5) != invert { 0 } else { 255 }).collect();
    Grey { data: row.repeat(ROWS), width: row.len() as u32, height: ROWS as u32 }
}
