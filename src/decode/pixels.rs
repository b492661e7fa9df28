//! What the rescue passes do to brightness before it is read again, and the way back to the frame's own corners.

use super::frame::Luma;

/// Brightness that a pass made for itself, rows without gaps.
#[derive(Debug, Clone, Default)]
pub(super) struct Grey {
    pub data: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// From a pass's picture back to the frame: `x = a·u + b·v + c`, `y = d·u + e·v + f`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WayBack(pub [f32; 6]);

impl WayBack {
    pub const STRAIGHT: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);

    pub fn shift(x: u32, y: u32) -> Self {
        Self([1.0, 0.0, x as f32, 0.0, 1.0, y as f32])
    }

    pub fn point(self, [u, v]: [i32; 2]) -> [i32; 2] {
        let ([a, b, c, d, e, f], u, v) = (self.0, u as f32, v as f32);
        [(a * u + b * v + c).round() as i32, (d * u + e * v + f).round() as i32]
    }
}

impl Grey {
    pub fn view(&self) -> Luma<'_> {
        Luma { data: &self.data, width: self.width, height: self.height, stride: self.width }
    }

    /// A rectangle of a view; it is cut to what lies inside, `None` when nothing does.
    pub fn crop(from: Luma<'_>, x: u32, y: u32, width: u32, height: u32) -> Option<Self> {
        let width = width.min(from.width.checked_sub(x)?);
        let height = height.min(from.height.checked_sub(y)?);
        if width == 0 || height == 0 {
            return None;
        }
        let columns = x as usize..(x + width) as usize;
        let data = (y..y + height).flat_map(|row| from.row(row)[columns.clone()].iter().copied()).collect();
        Some(Self { data, width, height })
    }

    pub fn copy(from: Luma<'_>) -> Self {
        let data = (0..from.height).flat_map(|y| from.row(y).iter().copied()).collect();
        Self { data, width: from.width, height: from.height }
    }
}

/// Upside down: turned by 180°.
pub(super) fn turn_half(from: Luma<'_>) -> (Grey, WayBack) {
    let data = (0..from.height).rev().flat_map(|y| from.row(y).iter().rev().copied()).collect();
    let way = WayBack([-1.0, 0.0, from.width as f32 - 1.0, 0.0, -1.0, from.height as f32 - 1.0]);
    (Grey { data, width: from.width, height: from.height }, way)
}

/// Half the width and height, each pixel the mean of four. `None` for pictures too small to halve.
pub(super) fn halve(from: Luma<'_>) -> Option<(Grey, WayBack)> {
    let (width, height) = (from.width / 2, from.height / 2);
    if width < 8 || height < 8 {
        return None;
    }
    let mut data = Vec::with_capacity(width as usize * height as usize);
    for y in 0..height {
        let (top, low) = (from.row(2 * y).as_chunks::<2>().0, from.row(2 * y + 1).as_chunks::<2>().0);
        data.extend(
            top.iter()
                .zip(low)
                .take(width as usize)
                .map(|(a, b)| ((u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]) + 2) / 4) as u8),
        );
    }
    Some((Grey { data, width, height }, WayBack([2.0, 0.0, 0.5, 0.0, 2.0, 0.5])))
}

/// Twice the width and height, in between by straight lines.
pub(super) fn double(from: Luma<'_>) -> (Grey, WayBack) {
    let (width, height) = (from.width * 2, from.height * 2);
    let mut data = Vec::with_capacity(width as usize * height as usize);
    let mut mixed = vec![0u16; from.width as usize];
    for y in 0..height {
        // A new row lies a quarter of a pixel above or below the middle of its old one.
        let (near, far) = neighbours(y, from.height);
        let (near, far) = (from.row(near), from.row(far));
        for ((m, &n), &f) in mixed.iter_mut().zip(near).zip(far) {
            *m = 3 * u16::from(n) + u16::from(f);
        }
        for x in 0..width {
            let (n, f) = neighbours(x, from.width);
            data.push(((3 * mixed[n as usize] + mixed[f as usize] + 8) / 16) as u8);
        }
    }
    (Grey { data, width, height }, WayBack([0.5, 0.0, -0.25, 0.0, 0.5, -0.25]))
}

fn neighbours(at: u32, len: u32) -> (u32, u32) {
    let near = at / 2;
    let far = if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(len - 1) };
    (near, far)
}

/// Three numbers of one line beside each other, the outermost repeated.
fn triples(row: &[u8]) -> impl Iterator<Item = [u8; 3]> + '_ {
    let last = row.len().saturating_sub(1);
    (0..row.len()).map(move |x| [row[x.saturating_sub(1)], row[x], row[(x + 1).min(last)]])
}

/// Each pixel from its neighbours in the row, then in the column, by one rule of three numbers.
fn in_both_ways(from: Luma<'_>, rule: impl Fn([u8; 3]) -> u8) -> Grey {
    let (width, height) = (from.width as usize, from.height as usize);
    let rows: Vec<u8> = (0..from.height).flat_map(|y| triples(from.row(y)).map(&rule)).collect();
    let row = |y: usize| &rows[y * width..(y + 1) * width];
    let mut data = Vec::with_capacity(rows.len());
    for y in 0..height {
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        data.extend(above.iter().zip(here).zip(below).map(|((&a, &h), &b)| rule([a, h, b])));
    }
    Grey { data, width: from.width, height: from.height }
}

/// A soft blur (1 2 1 both ways), against noise and screens of dots.
pub(super) fn blur(from: Luma<'_>) -> Grey {
    in_both_ways(from, |[a, b, c]| ((u16::from(a) + 2 * u16::from(b) + u16::from(c) + 2) / 4) as u8)
}

/// Each pixel the darkest of its 3 × 3: dark dots grow together.
pub(super) fn grow_dark(from: Luma<'_>) -> Grey {
    in_both_ways(from, |[a, b, c]| a.min(b).min(c))
}

/// Each pixel the lightest of its 3 × 3: light dots grow together.
pub(super) fn grow_light(from: Luma<'_>) -> Grey {
    in_both_ways(from, |[a, b, c]| a.max(b).max(c))
}

/// All but the lightest made dark: for codes printed in colours or over a picture on white paper.
pub(super) fn near_white(from: Luma<'_>) -> Grey {
    let mut counts = [0u32; 256];
    let mut grey = Grey::copy(from);
    grey.data.iter().for_each(|&p| counts[usize::from(p)] += 1);
    let tenth = grey.data.len() as u32 / 10;
    let mut above = 0;
    let white = (0..256).rev().find(|&v| {
        above += counts[v];
        above >= tenth
    });
    let least = white.unwrap_or(255) as u16 * 7 / 8;
    grey.data.iter_mut().for_each(|p| *p = if u16::from(*p) >= least { 255 } else { 0 });
    grey
}

/// Dark and light changed over.
pub(super) fn invert(from: Luma<'_>) -> Grey {
    let mut grey = Grey::copy(from);
    grey.data.iter_mut().for_each(|p| *p = 255 - *p);
    grey
}

/// Edges lifted over a soft blur, against defocus.
pub(super) fn sharpen(from: Luma<'_>) -> Grey {
    let soft = blur(blur(from).view());
    let mut grey = Grey::copy(from);
    for (p, &s) in grey.data.iter_mut().zip(&soft.data) {
        *p = (3 * i16::from(*p) - 2 * i16::from(s)).clamp(0, 255) as u8;
    }
    grey
}

/// Turned by some degrees clockwise about the middle, into a picture that holds all of it; the corners are filled with
/// the mean brightness, so that they look like no edge.
pub(super) fn turn(from: Luma<'_>, degrees: f32) -> (Grey, WayBack) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (from.width as f32, from.height as f32);
    let width = ((w * cos.abs() + h * sin.abs()).ceil() as u32).max(1);
    let height = ((w * sin.abs() + h * cos.abs()).ceil() as u32).max(1);
    let (mid_u, mid_v) = (width as f32 / 2.0, height as f32 / 2.0);
    let way = WayBack([cos, sin, w / 2.0 - cos * mid_u - sin * mid_v, -sin, cos, h / 2.0 + sin * mid_u - cos * mid_v]);
    let fill = mean(from);
    let [a, b, c, d, e, f] = way.0;
    let (last_x, last_y) = (w - 1.001, h - 1.001);
    let mut data = Vec::with_capacity(width as usize * height as usize);
    for v in 0..height {
        let (row_x, row_y) = (b * v as f32 + c, e * v as f32 + f);
        for u in 0..width {
            let (x, y) = (a * u as f32 + row_x, d * u as f32 + row_y);
            let inside = x >= 0.0 && y >= 0.0 && x <= last_x && y <= last_y;
            data.push(if inside { between(from, x, y) } else { fill });
        }
    }
    (Grey { data, width, height }, way)
}

/// Brightness between four pixels; the place must lie at least a thousandth inside the last row and column.
fn between(from: Luma<'_>, x: f32, y: f32) -> u8 {
    let (x0, y0) = (x as usize, y as usize);
    let (fx, fy) = (((x - x0 as f32) * 256.0) as u32, ((y - y0 as f32) * 256.0) as u32);
    let at = y0 * from.stride as usize + x0;
    let below = at + from.stride as usize;
    let pixel = |i: usize| from.data.get(i).copied().map_or(0, u32::from);
    let top = pixel(at) * (256 - fx) + pixel(at + 1) * fx;
    let low = pixel(below) * (256 - fx) + pixel(below + 1) * fx;
    ((top * (256 - fy) + low * fy) >> 16) as u8
}

fn mean(from: Luma<'_>) -> u8 {
    let rows = (0..from.height).step_by(8);
    let (sum, count) = rows.fold((0u64, 0u64), |(sum, count), y| {
        let row = from.row(y);
        (sum + row.iter().step_by(8).map(|&p| u64::from(p)).sum::<u64>(), count + row.len().div_ceil(8) as u64)
    });
    (sum / count.max(1)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: u32, height: u32) -> Grey {
        let data = (0..height).flat_map(|y| (0..width).map(move |x| (x * 5 + y * 3) as u8)).collect();
        Grey { data, width, height }
    }

    #[test]
    fn every_turn_leads_back_to_the_same_pixel() {
        let grey = ramp(30, 20);
        let half = turn_half(grey.view());
        let ten = turn(grey.view(), 10.0);
        let quarter = turn(grey.view(), 45.0);
        for (name, (picture, way)) in [("half", half), ("10", ten), ("45", quarter)] {
            let mut tried = 0;
            for v in 0..picture.height {
                for u in 0..picture.width {
                    let [x, y] = way.point([u as i32, v as i32]);
                    if (2..28).contains(&x) && (2..18).contains(&y) {
                        let (was, is) =
                            (grey.data[(y * 30 + x) as usize], picture.data[(v * picture.width + u) as usize]);
                        assert!(was.abs_diff(is) <= 5, "{name} {u},{v} -> {x},{y}: {was} {is}");
                        tried += 1;
                    }
                }
            }
            assert!(tried > 300, "{name}: {tried}");
        }
    }

    #[test]
    fn sizes_and_ways_back() {
        let grey = ramp(31, 21);
        let (half, way) = halve(grey.view()).unwrap();
        assert_eq!((half.width, half.height, way.point([3, 3])), (15, 10, [7, 7]));
        let (twice, way) = double(grey.view());
        assert_eq!((twice.width, twice.height, way.point([6, 6])), (62, 42, [3, 3]));
        assert_eq!(twice.data.len(), 62 * 42);
        assert!(halve(ramp(15, 40).view()).is_none());
    }

    #[test]
    fn growing_takes_the_extreme_of_nine() {
        let mut grey = ramp(5, 5);
        grey.data[12] = 200;
        assert_eq!(grow_light(grey.view()).data[6], 200);
        grey.data[12] = 0;
        assert_eq!(grow_dark(grey.view()).data[18], 0);
    }

    #[test]
    fn a_crop_is_cut_to_the_picture() {
        let grey = ramp(10, 10);
        let crop = Grey::crop(grey.view(), 7, 8, 100, 100).unwrap();
        assert_eq!((crop.width, crop.height, crop.data[0]), (3, 2, 7 * 5 + 8 * 3));
        assert!(Grey::crop(grey.view(), 10, 0, 1, 1).is_none());
    }
}
