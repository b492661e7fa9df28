//! What some rows of a picture tell of its sharpness, light, glare, and of how large a code's modules are in it.

use super::{BURNT, EDGES_MIN};
use crate::decode::frame::Luma;
use crate::decode::place::Region;

/// See [`super::Sight`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub sharpness: Option<f32>,
    pub light: u8,
    pub glare: f32,
}

/// Rows of a region, evenly spread.
pub(super) struct Lines<'a> {
    pub rows: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    pub fn of(luma: Luma<'a>, region: Region, count: u32) -> Self {
        let count = count.min(region.height);
        let columns = region.x as usize..(region.x + region.width).min(luma.width) as usize;
        let rows = (0..count)
            .map(|i| region.y + (2 * i + 1) * region.height / (2 * count))
            .filter_map(|y| luma.row(y).get(columns.clone()))
            .collect();
        Self { rows }
    }

    pub fn measure(&self) -> Measured {
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
    pub fn module_px(&self) -> Option<f32> {
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
