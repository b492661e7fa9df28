//! The place and the camera: a bench top in daylight, a hand that is not quite still, a sensor with a little noise.

use crate::draw::Label;
use crate::random::Random;

/// Renders frames one after the other.
pub struct Scene {
    width: usize,
    height: usize,
    table: Vec<[f32; 3]>,
    random: Random,
}

/// Where the label lies in a frame.
struct Pose {
    x: f32,
    y: f32,
    turn: f32,
    scale: f32,
    /// How much smaller the far side is.
    lean: f32,
}

impl Scene {
    pub fn new(width: u32, height: u32, seed: u64) -> Self {
        let (width, height) = (width as usize, height as usize);
        let mut random = Random::new(seed);
        let table = table_top(width, height, &mut random);
        Self { width, height, table, random }
    }

    /// One frame as RGB; `label` with its part (0 to 1) of the time before the camera.
    pub fn frame(&mut self, index: u32, label: Option<(&Label, f32)>) -> Vec<u8> {
        let mut light: Vec<[f32; 3]> = self.table.clone();
        if let Some((label, part)) = label {
            let pose = self.pose(index, part, label);
            self.shadow(&mut light, label, &pose);
            self.lay(&mut light, label, &pose);
        }
        let mut rgb = Vec::with_capacity(self.width * self.height * 3);
        for pixel in light {
            // Noise of the sensor is in the brightness, much less in the colour.
            let noise = (self.random.next() + self.random.next() - 1.0) * 0.0015;
            rgb.extend(pixel.map(|c| ((c + noise).clamp(0.0, 1.0) * 255.0) as u8));
        }
        rgb
    }

    /// Comes in from the right, sways, and leaves to the left.
    fn pose(&self, index: u32, part: f32, label: &Label) -> Pose {
        let time = index as f32 * 0.21;
        let sway = [(time * 0.9).sin(), (time * 1.3 + 1.0).sin(), (time * 0.7 + 2.0).sin()];
        let away = ((0.16 - part).max(0.0) - (part - 0.86).max(0.0)) / 0.16;
        let reach = self.width as f32 * 0.9;
        let bent = if (label.width * 3 / 2) < label.height { 0.0 } else { 0.05 };
        Pose {
            x: self.width as f32 * 0.5 + away * away.abs() * reach + sway[0] * 14.0,
            y: self.height as f32 * 0.52 + sway[1] * 9.0,
            turn: bent + sway[2] * 0.06,
            scale: label.scale * (1.0 + 0.05 * sway[1]),
            lean: 0.05 * sway[0],
        }
    }

    /// For each pixel near the label: the place on the label that it shows, in drawn pixels from its middle.
    fn near(&self, label: &Label, pose: &Pose, grow: f32) -> impl Iterator<Item = (usize, f32, f32)> + use<> {
        let reach =
            (label.width as f32).hypot(label.height as f32) * pose.scale * 0.55 * (1.0 + pose.lean.abs()) + grow;
        let span = |mid: f32, limit: usize| {
            ((mid - reach).max(0.0) as usize).min(limit)..((mid + reach).max(0.0) as usize).min(limit)
        };
        let (width, (sin, cos)) = (self.width, pose.turn.sin_cos());
        let (px, py, scale, lean, half) = (pose.x, pose.y, pose.scale, pose.lean, label.width as f32 / 2.0);
        let columns = span(px, self.width);
        span(py, self.height).flat_map(move |y| {
            columns.clone().map(move |x| {
                let (dx, dy) = ((x as f32 - px) / scale, (y as f32 - py) / scale);
                let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
                let depth = 1.0 + lean * u / half;
                (y * width + x, u * depth, v * depth)
            })
        })
    }

    fn shadow(&self, light: &mut [[f32; 3]], label: &Label, pose: &Pose) {
        let below = Pose { x: pose.x + 9.0, y: pose.y + 12.0, ..*pose };
        let soft = 16.0 / pose.scale;
        let (half_w, half_h) = (label.width as f32 / 2.0, label.height as f32 / 2.0);
        for (at, u, v) in self.near(label, &below, 24.0) {
            let outside = (u.abs() - half_w).max(v.abs() - half_h);
            let depth = (0.5 - outside / soft).clamp(0.0, 1.0) * 0.45;
            light[at] = light[at].map(|c| c * (1.0 - depth));
        }
    }

    fn lay(&self, light: &mut [[f32; 3]], label: &Label, pose: &Pose) {
        let (half_w, half_h) = (label.width as f32 / 2.0, label.height as f32 / 2.0);
        // A camera pixel gathers light from a square of the label.
        let taps = ((1.0 / pose.scale).round() as i32).clamp(1, 4);
        for (at, u, v) in self.near(label, pose, 4.0) {
            if u.abs() >= half_w || v.abs() >= half_h {
                continue;
            }
            let (mut sum, mut count) = (0.0, 0.0);
            for ty in 0..taps {
                for tx in 0..taps {
                    let off = |t: i32| (t as f32 + 0.5) / taps as f32 - 0.5;
                    let x = (u + half_w + off(tx) / pose.scale).clamp(0.0, label.width as f32 - 1.0) as usize;
                    let y = (v + half_h + off(ty) / pose.scale).clamp(0.0, label.height as f32 - 1.0) as usize;
                    sum += label.pixels[y * label.width + x];
                    count += 1.0;
                }
            }
            // Daylight from the left.
            let lit = sum / count * (1.02 - 0.10 * (u / half_w + 1.0) / 2.0);
            light[at] = [lit, lit * 0.985, lit * 0.95];
        }
    }
}

/// A painted bench: soft patches of light, a few scratches, an edge.
fn table_top(width: usize, height: usize, random: &mut Random) -> Vec<[f32; 3]> {
    let phases: Vec<f32> = (0..6).map(|_| random.next() * std::f32::consts::TAU).collect();
    let mut top = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let patches = (u * 4.1 + phases[0]).sin() * (v * 3.3 + phases[1]).cos() * 0.05
                + (u * 9.7 + v * 5.0 + phases[2]).sin() * 0.02
                + (v * 13.0 - u * 3.0 + phases[3]).sin() * 0.012;
            let fall = 0.40 - 0.13 * ((u - 0.42).powi(2) + (v - 0.45).powi(2)).sqrt();
            let edge = if v > 0.93 { 0.6 } else { 1.0 };
            let c = (fall + patches) * edge;
            top.push([c * 0.86, c * 0.97, c * 0.90]);
        }
    }
    for _ in 0..26 {
        scratch(&mut top, width, height, random);
    }
    top
}

fn scratch(top: &mut [[f32; 3]], width: usize, height: usize, random: &mut Random) {
    let (mut x, mut y) = (random.next() * width as f32, random.next() * height as f32);
    let angle = random.next() * std::f32::consts::TAU;
    let length = 30.0 + random.next() * 160.0;
    let gain = 0.88 + random.next() * 0.2;
    for _ in 0..length as usize {
        (x, y) = (x + angle.cos(), y + angle.sin());
        if x >= 0.0 && y >= 0.0 && (x as usize) < width && (y as usize) < height {
            let at = y as usize * width + x as usize;
            top[at] = top[at].map(|c| c * gain);
        }
    }
}
