//! The camera: where a label lies before it, and what lens, light and sensor make of it.

use std::f32::consts::FRAC_PI_2;
use std::path::Path;

use tracepost::capture::picture_from_bytes;
use tracepost::decode::{Frame, Layout};

use super::label::Label;
use super::random::Random;

/// A picture in the making, brightness from 0 to 1.
#[derive(Clone)]
pub struct Picture {
    pub light: Vec<f32>,
    pub width: usize,
    pub height: usize,
}

/// How a label lies.
#[derive(Debug, Clone, Copy)]
pub struct Pose {
    pub middle: [f32; 2],
    /// Camera pixels for each module.
    pub module_px: f32,
    pub turn_deg: f32,
    pub tilt_deg: f32,
    /// How far it goes round a cylinder: 1 is half of it.
    pub curve: f32,
    /// Brightness of ink and paper.
    pub ink: f32,
    pub paper: f32,
}

/// What happens between light and file.
#[derive(Debug, Clone, Copy)]
pub struct Optics {
    /// Deviation of the blur, in pixels.
    pub blur_px: f32,
    pub motion_px: f32,
    pub motion_way: f32,
    pub gain: f32,
    pub noise: f32,
    pub glare: f32,
    /// Middle and size of the glare, in pixels.
    pub glare_at: [f32; 2],
    pub glare_px: f32,
    /// Quality of JPEG; 0 for none.
    pub jpeg: u8,
}

impl Picture {
    /// Lays a label into the picture.
    pub fn lay(&mut self, label: &Label, pose: &Pose) {
        let scale = label.fine as f32 / pose.module_px;
        let (half_w, half_h) = (label.width as f32 / scale / 2.0, label.height as f32 / scale / 2.0);
        let reach = half_w.hypot(half_h) * 1.35 + 2.0;
        let span = |middle: f32, limit: usize| {
            (middle - reach).clamp(0.0, limit as f32) as usize..(middle + reach).clamp(0.0, limit as f32) as usize
        };
        let plane = Plane::new(pose, 4.4 * half_w.max(half_h));
        let bend = pose.curve * FRAC_PI_2;
        for y in span(pose.middle[1], self.height) {
            for x in span(pose.middle[0], self.width) {
                let [px, py] = plane.hit(x as f32 + 0.5 - pose.middle[0], y as f32 + 0.5 - pose.middle[1]);
                let (across, shade) = if bend > 0.0 {
                    let on = px / half_w * bend.sin();
                    if on.abs() > 1.0 {
                        continue;
                    }
                    (on.asin() / bend * half_w, 0.35 + 0.65 * on.asin().cos())
                } else {
                    (px, 1.0)
                };
                if let Some(paper) = label.at((across + half_w) * scale, (py + half_h) * scale, scale) {
                    self.light[y * self.width + x] = pose.ink + (pose.paper - pose.ink) * paper * shade;
                }
            }
        }
    }

    /// Lens, light and sensor, and the file.
    pub fn shoot(mut self, optics: &Optics, random: &mut Random) -> Frame {
        let (w, h) = (self.width, self.height);
        self.light.iter_mut().for_each(|p| *p *= optics.gain);
        if optics.glare > 0.0 {
            self.glare(optics);
        }
        if optics.blur_px > 0.05 {
            self.light = soften(&self.light, w, h, optics.blur_px);
        }
        if optics.motion_px > 1.0 {
            self.smear(optics.motion_px, optics.motion_way);
        }
        let noisy = |p: &f32| {
            let deviation = optics.noise * ((p.clamp(0.02, 1.0) / 0.5).sqrt() + 0.3);
            ((p + random.bell() * deviation) * 255.0).clamp(0.0, 255.0) as u8
        };
        let pixels: Vec<u8> = self.light.iter().map(noisy).collect();
        if optics.jpeg > 0 {
            return through_jpeg(&pixels, w, h, optics.jpeg);
        }
        Frame::new(Layout::Grey, w as u32, h as u32, pixels).expect("the pixels fill the frame")
    }

    fn glare(&mut self, optics: &Optics) {
        let ([gx, gy], size) = (optics.glare_at, optics.glare_px);
        for y in 0..self.height {
            for x in 0..self.width {
                let (dx, dy) = ((x as f32 - gx) / (0.55 * size), (y as f32 - gy) / (0.35 * size));
                let off = dx * dx + dy * dy;
                if off < 12.0 {
                    self.light[y * self.width + x] += optics.glare * (-off).exp();
                }
            }
        }
    }

    /// The mean along a short line.
    fn smear(&mut self, length_px: f32, way: f32) {
        let (sin, cos) = way.sin_cos();
        let taps = length_px.round().max(2.0) as i32;
        let steps: Vec<(i32, i32)> = (0..taps)
            .map(|i| {
                let off = i as f32 - (taps - 1) as f32 / 2.0;
                ((off * cos).round() as i32, (off * sin).round() as i32)
            })
            .collect();
        let was = std::mem::take(&mut self.light);
        let (w, h) = (self.width as i32, self.height as i32);
        let mut sums = vec![0.0; was.len()];
        for (dx, dy) in steps {
            for y in 0..h {
                let from = &was[((y + dy).clamp(0, h - 1) * w) as usize..][..w as usize];
                let to = &mut sums[(y * w) as usize..][..w as usize];
                let inside = (-dx).max(0) as usize..(w - dx).min(w).max(0) as usize;
                for (x, sum) in to.iter_mut().enumerate() {
                    let at = if inside.contains(&x) { (x as i32 + dx) as usize } else { x };
                    *sum += from[at];
                }
            }
        }
        sums.iter_mut().for_each(|s| *s /= taps as f32);
        self.light = sums;
    }
}

/// A tilted plane seen from its front.
struct Plane {
    /// Axes of the plane after turning it in space: x, y and depth of each.
    u: [f32; 3],
    v: [f32; 3],
    away: f32,
    turn: [f32; 2],
}

impl Plane {
    fn new(pose: &Pose, away: f32) -> Self {
        let (sa, ca) = pose.tilt_deg.to_radians().sin_cos();
        let (sb, cb) = (pose.tilt_deg / 3.0).to_radians().sin_cos();
        let (st, ct) = pose.turn_deg.to_radians().sin_cos();
        Self { u: [ca, sb * sa, -cb * sa], v: [0.0, cb, sb], away: away.max(1.0), turn: [st, ct] }
    }

    /// The place on the plane that is seen at a place of the picture.
    fn hit(&self, x: f32, y: f32) -> [f32; 2] {
        let [st, ct] = self.turn;
        let (x, y) = (x * ct + y * st, y * ct - x * st);
        let d = self.away;
        let (a, b) = (d * self.u[0] - x * self.u[2], d * self.v[0] - x * self.v[2]);
        let (c, e) = (d * self.u[1] - y * self.u[2], d * self.v[1] - y * self.v[2]);
        let det = a * e - b * c;
        if det.abs() < 1e-6 {
            return [f32::MAX; 2];
        }
        [(x * d * e - b * y * d) / det, (a * y * d - x * d * c) / det]
    }
}

/// A bell-shaped blur, both ways.
pub fn soften(light: &[f32], width: usize, height: usize, deviation: f32) -> Vec<f32> {
    let reach = (deviation * 2.5).ceil() as usize;
    let raw: Vec<f32> =
        (0..=2 * reach).map(|i| (-(i as f32 - reach as f32).powi(2) / (2.0 * deviation * deviation)).exp()).collect();
    let sum: f32 = raw.iter().sum();
    let kernel: Vec<f32> = raw.iter().map(|k| k / sum).collect();
    let mut rows = vec![0.0; light.len()];
    let mut wide = vec![0.0; width + 2 * reach];
    for (from, to) in light.chunks_exact(width).zip(rows.chunks_exact_mut(width)) {
        wide[..reach].fill(from[0]);
        wide[reach..reach + width].copy_from_slice(from);
        wide[reach + width..].fill(from[width - 1]);
        for (i, k) in kernel.iter().enumerate() {
            to.iter_mut().zip(&wide[i..]).for_each(|(t, p)| *t += k * p);
        }
    }
    let mut out = vec![0.0; light.len()];
    for (y, to) in out.chunks_exact_mut(width).enumerate() {
        for (i, k) in kernel.iter().enumerate() {
            let from = (y + i).saturating_sub(reach).min(height - 1) * width;
            to.iter_mut().zip(&rows[from..from + width]).for_each(|(t, p)| *t += k * p);
        }
    }
    out
}

fn through_jpeg(pixels: &[u8], width: usize, height: usize, quality: u8) -> Frame {
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, quality)
        .encode(pixels, width as u16, height as u16, jpeg_encoder::ColorType::Luma)
        .expect("a picture of this size can be written");
    picture_from_bytes(&bytes, Path::new("frame.jpg")).expect("what was just written can be read")
}
