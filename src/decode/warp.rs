//! The way from a small upright picture back to the frame: flat, turned, seen at a slant, or wrapped round a cylinder.

/// How a code lies, beyond being turned.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Shape {
    /// Slope of its rows in the middle, and how that grows for each pixel down: keystone.
    pub slope: [f32; 2],
    /// Lean of its columns in the middle, and how that grows for each pixel to the right.
    pub lean: [f32; 2],
    /// Half of the angle of a cylinder that it is wrapped round, in radians; 0 when flat. The axis runs from top to bottom.
    pub bend: f32,
}

/// From pixels of a patch to pixels of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Warp {
    /// Middle of the patch, in its own pixels, and pixels of the patch for one of the frame.
    pub middle: [f32; 2],
    pub scale: f32,
    /// Half of the code's length in pixels of the frame: where the cylinder's edge lies.
    pub half: f32,
    pub shape: Shape,
    /// Middle of the code in the frame, and its direction.
    pub centre: [f32; 2],
    pub angle: f32,
}

impl Warp {
    /// Horizontal place on the label, unrolled, to horizontal place as seen.
    fn seen(&self, x: f32) -> f32 {
        let (bend, t) = (self.shape.bend, x / self.half);
        if bend == 0.0 {
            return x;
        }
        let s = if t.abs() <= 1.0 {
            (t * bend).sin() / bend.sin()
        } else {
            t.signum() * (1.0 + (t.abs() - 1.0) * (bend * bend.cos() / bend.sin()).max(0.2))
        };
        s * self.half
    }

    /// Horizontal places as seen, for every column of a patch.
    pub fn columns(&self, width: usize) -> Vec<f32> {
        (0..width).map(|u| self.seen((u as f32 - self.middle[0]) / self.scale)).collect()
    }

    /// The way of one row: for a horizontal place as seen, the pixel of the frame.
    pub fn row(&self, v: f32) -> impl Fn(f32) -> [f32; 2] + use<> {
        let y = (v - self.middle[1]) / self.scale;
        let Shape { slope, lean, .. } = self.shape;
        let (sin, cos) = self.angle.sin_cos();
        let [cx, cy] = self.centre;
        move |x| {
            // A plane seen at a slant, to the first order: what lies nearer is larger.
            let near = 1.0 / (1.0 - slope[1] * x - lean[1] * y).max(0.3);
            let (x, y) = ((x + lean[0] * y) * near, (y + slope[0] * x) * near);
            [cx + x * cos - y * sin, cy + x * sin + y * cos]
        }
    }

    /// The pixel of the frame for a pixel of the patch.
    pub fn point(&self, [u, v]: [i32; 2]) -> [i32; 2] {
        let x = self.seen((u as f32 - self.middle[0]) / self.scale);
        self.row(v as f32)(x).map(|c| c.round().clamp(-1e6, 1e6) as i32)
    }
}
