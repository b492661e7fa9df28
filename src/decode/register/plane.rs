//! Brightness of a part of a frame at one size, without slow changes of light.

use super::super::frame::Luma;
use super::super::tones::{along_columns, along_rows};
use super::Motion;

/// Light is evened over so many pixels either way.
const LIGHT_PX: usize = 8;

/// Brightness of a part of a frame, without slow changes of light.
pub struct Plane {
    pub data: Vec<f32>,
    pub width: usize,
    pub height: usize,
    /// The frame's place of the first pixel's middle, and pixels of the frame for one of the plane.
    pub origin: [f32; 2],
    pub step: f32,
}

impl Plane {
    /// `low` and `high` are cut to the frame. `None` where too little of it lies inside.
    pub fn cut(luma: Luma<'_>, low: [f32; 2], high: [f32; 2], level: u32) -> Option<Self> {
        let block = 1usize << level;
        let bound = |v: f32, n: u32| v.clamp(0.0, n as f32) as usize;
        let (x0, y0) = (bound(low[0], luma.width), bound(low[1], luma.height));
        let (x1, y1) = (bound(high[0].ceil(), luma.width), bound(high[1].ceil(), luma.height));
        let (width, height) = (x1.saturating_sub(x0) / block, y1.saturating_sub(y0) / block);
        if width < 8 || height < 8 {
            return None;
        }
        let mut data = vec![0.0f32; width * height];
        for (y, out) in data.chunks_exact_mut(width).enumerate() {
            for j in 0..block {
                let row = &luma.row((y0 + y * block + j) as u32)[x0..];
                for (o, pixels) in out.iter_mut().zip(row.chunks_exact(block)) {
                    *o += pixels.iter().map(|&p| u32::from(p)).sum::<u32>() as f32;
                }
            }
        }
        let part = 1.0 / (block * block) as f32;
        data.iter_mut().for_each(|p| *p *= part);
        let soft = [0.25, 0.5, 0.25];
        let soft = along_columns(&along_rows(&data, width, &soft), width, &soft);
        let light = even(&even(&soft, width, true), width, false);
        let data = soft.iter().zip(&light).map(|(s, l)| s - l).collect();
        let middle = (block as f32 - 1.0) / 2.0;
        Some(Self { data, width, height, origin: [x0 as f32 + middle, y0 as f32 + middle], step: block as f32 })
    }

    /// Between four pixels of the plane; NaN outside.
    #[inline]
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (x0, y0) = (x as usize, y as usize);
        if !(x >= 0.0 && y >= 0.0 && x0 + 1 < self.width && y0 + 1 < self.height) {
            return f32::NAN;
        }
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let i = y0 * self.width + x0;
        let (Some(&[a, b]), Some(&[c, d])) =
            (self.data[i..].first_chunk::<2>(), self.data[i + self.width..].first_chunk::<2>())
        else {
            return f32::NAN;
        };
        let (top, low) = (a + (b - a) * fx, c + (d - c) * fx);
        top + (low - top) * fy
    }

    /// The way from places of the newest frame to places of this plane.
    pub fn way(&self, motion: &Motion) -> impl Fn([f32; 2]) -> [f32; 2] + use<> {
        let part = 1.0 / self.step;
        let turn = motion.turn.map(|row| row.map(|t| t * part));
        let from = motion.from;
        let to = [0, 1].map(|i| (motion.to[i] - self.origin[i]) * part);
        move |[x, y]| {
            let (x, y) = (x - from[0], y - from[1]);
            [to[0] + turn[0][0] * x + turn[0][1] * y, to[1] + turn[1][0] * x + turn[1][1] * y]
        }
    }
}

/// The mean over [`LIGHT_PX`] either way, in rows or in columns.
fn even(data: &[f32], width: usize, rows: bool) -> Vec<f32> {
    let mut out = vec![0.0; data.len()];
    let height = data.len() / width;
    let (lines, length, jump, next) = if rows { (height, width, width, 1) } else { (width, height, 1, width) };
    for line in 0..lines {
        let at = |i: usize| data[line * jump + i * next];
        let mut sum: f32 = (0..LIGHT_PX.min(length)).map(at).sum();
        for i in 0..length {
            if i + LIGHT_PX < length {
                sum += at(i + LIGHT_PX);
            }
            if i > LIGHT_PX {
                sum -= at(i - LIGHT_PX - 1);
            }
            let count = (i + LIGHT_PX).min(length - 1) + 1 - i.saturating_sub(LIGHT_PX);
            out[line * jump + i * next] = sum / count as f32;
        }
    }
    out
}
