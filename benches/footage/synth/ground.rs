//! What lies behind a label, and scenes in which there is no code at all.

use super::camera::{Picture, soften};
use super::random::Random;

/// Grounds, and scenes that must give nothing: those after the third look more like codes than honest ground does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    Light,
    Cloth,
    Metal,
    DarkMetal,
    Noise,
    Blobs,
    Letters,
    Bars,
    TwoWidths,
    Checks,
    Modules,
}

impl Ground {
    pub const BEHIND_LABELS: [Self; 3] = [Self::Light, Self::Cloth, Self::Metal];
    pub const ALL: [Self; 11] = [
        Self::Light,
        Self::Cloth,
        Self::Metal,
        Self::DarkMetal,
        Self::Noise,
        Self::Blobs,
        Self::Letters,
        Self::Bars,
        Self::TwoWidths,
        Self::Checks,
        Self::Modules,
    ];

    pub fn paint(self, width: usize, height: usize, random: &mut Random) -> Picture {
        let light = match self {
            Self::Light => waves(width, height, random),
            Self::Cloth => {
                let soft = even(soften(&bells(width * height, random), width, height, 3.0));
                over(width, height, |x, y, i| 0.4 + 0.05 * soft[i] + 0.04 * ((x * 0.9).sin() + (y * 0.9).sin()))
            }
            Self::Metal => brushed(width, height, 0.5, 0.08, random),
            Self::DarkMetal => brushed(width, height, 0.18, 0.03, random),
            Self::Noise => (0..width * height).map(|_| random.next()).collect(),
            Self::Blobs => {
                let size = random.between(1.0, 5.0);
                let soft = even(soften(&bells(width * height, random), width, height, size));
                soft.iter().map(|n| (0.5 + 0.24 * n).clamp(0.0, 1.0)).collect()
            }
            Self::Letters => letters(width, height, random),
            Self::Bars => bars(width, height, &[2, 3, 4, 6, 8, 9, 12], random),
            Self::TwoWidths => {
                let narrow = random.pick(&[2, 3, 4]);
                let wide = narrow * random.pick(&[4, 5, 6]) / 2;
                bars(width, height, &[narrow, narrow, wide], random)
            }
            Self::Checks => {
                let side = 6 + random.below(24);
                let turn = random.between(-0.15, 0.15);
                over(width, height, |x, y, _| {
                    let (u, v) = (x + turn * y + 900.0, y - turn * x + 900.0);
                    if (u as usize / side + v as usize / side).is_multiple_of(2) { 0.2 } else { 0.8 }
                })
            }
            Self::Modules => {
                let side = random.pick(&[4, 6, 9]);
                let cells: Vec<bool> =
                    (0..(width / side + 1) * (height / side + 1)).map(|_| random.next() > 0.5).collect();
                over(width, height, |x, y, _| {
                    let cell = (y as usize / side) * (width / side + 1) + x as usize / side;
                    if cells[cell] { 0.9 } else { 0.1 }
                })
            }
        };
        Picture { light, width, height }
    }
}

fn over(width: usize, height: usize, paint: impl Fn(f32, f32, usize) -> f32) -> Vec<f32> {
    (0..width * height).map(|i| paint((i % width) as f32, (i / width) as f32, i)).collect()
}

fn bells(count: usize, random: &mut Random) -> Vec<f32> {
    (0..count).map(|_| random.bell()).collect()
}

/// The same with a deviation of 1.
fn even(mut values: Vec<f32>) -> Vec<f32> {
    let deviation = (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt().max(1e-6);
    values.iter_mut().for_each(|v| *v /= deviation);
    values
}

fn waves(width: usize, height: usize, random: &mut Random) -> Vec<f32> {
    let (a, b) = (random.between(0.0, 6.0), random.between(0.0, 6.0));
    let (w, h) = (width as f32, height as f32);
    over(width, height, |x, y, _| 0.45 + 0.2 * (x / w * 3.0 + a).sin() + 0.15 * (y / h * 3.0 + b).cos())
}

/// Long faint lines across.
fn brushed(width: usize, height: usize, mean: f32, depth: f32, random: &mut Random) -> Vec<f32> {
    let mut lines = Vec::with_capacity(width * height);
    for _ in 0..height {
        let mut at = 0.0;
        for _ in 0..width {
            at = 0.97 * at + 0.24 * random.bell();
            lines.push(at);
        }
    }
    let lines = even(lines);
    lines.iter().map(|n| (mean + depth * n).clamp(0.0, 1.0)).collect()
}

fn bars(width: usize, height: usize, widths: &[usize], random: &mut Random) -> Vec<f32> {
    let turn = random.between(-0.17, 0.17);
    let mut dark = Vec::new();
    while dark.len() < width + height {
        dark.extend(std::iter::repeat_n(true, random.pick(widths)));
        dark.extend(std::iter::repeat_n(false, random.pick(widths)));
    }
    let shift = height as f32 * 0.2;
    over(width, height, |x, y, _| if dark[(x + turn * y + shift) as usize] { 0.13 } else { 0.8 })
}

/// Rows of strokes in boxes, as print looks from afar.
fn letters(width: usize, height: usize, random: &mut Random) -> Vec<f32> {
    let mut light = vec![0.85; width * height];
    let mut top = 8;
    while top + 40 < height {
        let size = 8 + random.below(24);
        let mut left = 6;
        while left + size < width {
            if random.next() < 0.82 {
                for _ in 0..3 {
                    let (across, at) = (random.next() < 0.4, random.below(size));
                    let thick = (size / 8).max(1);
                    for a in 0..size {
                        for t in 0..thick {
                            let (x, y) = if across { (a, (at + t).min(size - 1)) } else { ((at + t).min(size - 1), a) };
                            light[(top + y) * width + left + x * 2 / 3] = 0.1;
                        }
                    }
                }
            }
            left += size * 3 / 4 + 2;
        }
        top += size + 4 + random.below(12);
    }
    light
}
