//! Where the bars of a linear code really run. An engine gives the rows in which it read a text, sometimes a single one
//! that crosses the bars aslant and leaves them at their feet; from there the bars are followed up and down.

use super::frame::Luma;
use crate::domain::Quad;

/// A row of a code, from its first bar to its last, and how far it may be moved along the bars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rows {
    from: [f32; 2],
    to: [f32; 2],
    /// Direction of the bars, of length 1.
    bars: [f32; 2],
    /// Pixels along the bars, from the highest row (negative) to the lowest.
    reach: [f32; 2],
}

/// Places compared in a row.
const PLACES: usize = 160;
/// Rows are alike, as long as they correlate so much.
const ALIKE: f32 = 0.7;
/// Bars are followed for so much of their line's length, each way.
const HIGH_MAX: f32 = 0.35;
/// The rows nearest to the ends of the bars are left out: so much of the height.
const INSET: f32 = 0.08;

impl Rows {
    /// Follows the bars of what was read between these corners. `None` for a place without length.
    pub fn follow(luma: Luma<'_>, quad: &Quad) -> Option<Self> {
        let middle = |a: [i32; 2], b: [i32; 2]| [0, 1].map(|i| (a[i] + b[i]) as f32 / 2.0);
        let (from, to) = (middle(quad[0], quad[3]), middle(quad[1], quad[2]));
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        if length < 12.0 {
            return None;
        }
        let along = [0, 1].map(|i| (to[i] - from[i]) / length);
        let mut rows = Self { from, to, bars: [-along[1], along[0]], reach: [0.0; 2] };
        // Twice: the lean is found better once the row stands square on the bars.
        for _ in 0..2 {
            rows.bars = rows.lean(luma)?;
            rows.stand_square();
        }
        rows.reach = [-1.0, 1.0].map(|way| way * rows.run(luma, way));
        Some(rows)
    }

    pub fn length(&self) -> f32 {
        (self.to[0] - self.from[0]).hypot(self.to[1] - self.from[1])
    }

    /// The ends of a row, from the highest (0) to the lowest (1).
    pub fn row(&self, down: f32) -> [[f32; 2]; 2] {
        let off = self.reach[0] + (self.reach[1] - self.reach[0]) * (INSET + (1.0 - 2.0 * INSET) * down);
        [self.from, self.to].map(|p| self.moved(p, off))
    }

    fn moved(&self, p: [f32; 2], by: f32) -> [f32; 2] {
        [0, 1].map(|i| p[i] + self.bars[i] * by)
    }

    fn line(&self, luma: Luma<'_>, bars: [f32; 2], off: f32) -> Vec<f32> {
        (0..PLACES)
            .map(|i| {
                let t = (i as f32 + 0.5) / PLACES as f32;
                luma.near([0, 1].map(|k| self.from[k] + (self.to[k] - self.from[k]) * t + bars[k] * off))
            })
            .collect()
    }

    /// The direction in which rows a little up and down say the same.
    fn lean(&self, luma: Luma<'_>) -> Option<[f32; 2]> {
        let length = self.length();
        let here = self.line(luma, self.bars, 0.0);
        let off = (length / 40.0).clamp(2.0, 8.0);
        let turned = |degrees: f32| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let [x, y] = self.bars;
            [x * cos - y * sin, x * sin + y * cos]
        };
        let worth = |degrees: f32| -> f32 {
            let bars = turned(degrees);
            [-2.0, -1.0, 1.0, 2.0].iter().map(|by| correlation(&here, &self.line(luma, bars, by * off))).fold(
                0.0,
                |s, c| {
                    // Beyond the ends of the bars there is nothing alike: that says nothing about the lean.
                    s + c.max(0.0)
                },
            )
        };
        let best = |from: f32, count: i32, by: f32| {
            (-count..=count)
                .map(|i| from + i as f32 * by)
                .map(|degrees| (degrees, worth(degrees)))
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .map(|b| b.0)
        };
        let degrees = best(0.0, 10, 6.0)?;
        let degrees = best(degrees, 3, 1.5)?;
        Some(turned(degrees))
    }

    /// Moves both ends along the bars until the row crosses them squarely.
    fn stand_square(&mut self) {
        let centre = [0, 1].map(|i| (self.from[i] + self.to[i]) / 2.0);
        for end in [&mut self.from, &mut self.to] {
            let off = (0..2).map(|i| (end[i] - centre[i]) * self.bars[i]).sum::<f32>();
            *end = [0, 1].map(|i| end[i] - self.bars[i] * off);
        }
    }

    /// How far the bars run on that way.
    fn run(&self, luma: Luma<'_>, way: f32) -> f32 {
        let here = self.line(luma, self.bars, 0.0);
        let most = self.length() * HIGH_MAX;
        let step = (most / 24.0).max(1.0);
        let mut off = 0.0;
        let within = |off: f32| {
            [self.from, self.to].iter().all(|&p| {
                let [x, y] = self.moved(p, way * off);
                // An end may lie on the border itself.
                x >= -2.0 && y >= -2.0 && x <= luma.width as f32 + 2.0 && y <= luma.height as f32 + 2.0
            })
        };
        while off + step <= most
            && within(off + step + 2.0)
            && correlation(&here, &self.line(luma, self.bars, way * (off + step))) >= ALIKE
        {
            off += step;
        }
        off
    }
}

/// How alike two lines are, from -1 to 1.
pub(super) fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len().max(1) as f32;
    let (ma, mb) = (a.iter().sum::<f32>() / count, b.iter().sum::<f32>() / count);
    let (mut ab, mut aa, mut bb) = (0.0, 1e-6, 1e-6);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - ma, y - mb);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    ab / (aa * bb).sqrt()
}
