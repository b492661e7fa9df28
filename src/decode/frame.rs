//! A picture on its way through the house: pixels as they came, brightness for the decoder, colour for the window.
//!
//! Pixels stay in the layout of their source. Brightness is worked out once, when the decoder asks; colour only for the
//! pixels that a view really shows.

use std::sync::OnceLock;

use super::place::Region;

/// A view of 8-bit brightness, 0 is black. Row `y` begins at `data[y * stride]`.
#[derive(Debug, Clone, Copy)]
pub struct Luma<'a> {
    /// Rows from top to bottom.
    pub data: &'a [u8],
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from one row to the next, at least `width`.
    pub stride: u32,
}

impl<'a> Luma<'a> {
    /// A view of rows that follow each other without gaps. `None` when `data` is too short or a side is zero.
    pub fn new(data: &'a [u8], width: u32, height: u32) -> Option<Self> {
        let view = Self { data, width, height, stride: width };
        view.is_whole().then_some(view)
    }

    /// Whether the data really hold what width, height and stride promise.
    pub fn is_whole(&self) -> bool {
        let (w, h, s) = (self.width as usize, self.height as usize, self.stride as usize);
        w > 0
            && h > 0
            && s >= w
            && (h - 1).checked_mul(s).and_then(|n| n.checked_add(w)).is_some_and(|n| n <= self.data.len())
    }

    /// Brightness at a point, from the four pixels round it; beyond the border as on it.
    pub(super) fn near(&self, [x, y]: [f32; 2]) -> f32 {
        let at = |v: f32, count: u32| {
            let v = (v - 0.5).clamp(0.0, (count - 1) as f32);
            (v as usize, (v as usize + 1).min(count as usize - 1), v.fract())
        };
        let ((x0, x1, u), (y0, y1, v)) = (at(x, self.width), at(y, self.height));
        let row = |y: usize| {
            let line = &self.data[y * self.stride as usize..];
            f32::from(line[x0]) * (1.0 - u) + f32::from(line[x1]) * u
        };
        row(y0) * (1.0 - v) + row(y1) * v
    }

    /// One row; empty when there is no such row.
    pub fn row(&self, y: u32) -> &'a [u8] {
        let from = y as usize * self.stride as usize;
        self.data.get(from..from + self.width as usize).unwrap_or(&[])
    }
}

/// The layouts in which cameras and files give their pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One byte a pixel.
    Grey,
    /// Three bytes a pixel: red, green, blue.
    Rgb,
    /// Four bytes for two pixels: Y, Cb, Y, Cr (V4L2 `YUYV`).
    Yuyv,
    /// A plane of Y, then one of Cb and Cr in turns at half width and half height (V4L2 `NV12`).
    Nv12,
    /// Planes of Y, Cb, Cr; the colour planes at `1/across` width and `1/down` height (Y4M).
    Planar {
        /// Luma columns for each colour column: 1, 2 or 4.
        across: u8,
        /// Luma rows for each colour row: 1 or 2.
        down: u8,
    },
}

impl Layout {
    /// Bytes of a whole picture; `None` when that does not fit into memory's numbers.
    pub fn bytes(self, width: u32, height: u32) -> Option<usize> {
        let (w, h) = (width as usize, height as usize);
        let pixels = w.checked_mul(h)?;
        match self {
            Self::Grey => Some(pixels),
            Self::Rgb => pixels.checked_mul(3),
            Self::Yuyv => w.div_ceil(2).checked_mul(4)?.checked_mul(h),
            Self::Nv12 => pixels.checked_add(w.div_ceil(2).checked_mul(h.div_ceil(2))?.checked_mul(2)?),
            Self::Planar { across, down } => {
                let plane = w.div_ceil(across.max(1).into()).checked_mul(h.div_ceil(down.max(1).into()))?;
                pixels.checked_add(plane.checked_mul(2)?)
            }
        }
    }
}

/// The bytes do not fill a picture of that size and layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the picture's data are cut short")]
pub struct ShortPixels;

/// One picture of a stream, or a still (index 0).
#[derive(Debug)]
pub struct Frame {
    /// Position in its stream, counted from 0; broken frames count too.
    pub index: u64,
    /// Milliseconds since the stream began; from here, not from a clock, sightings get their length.
    pub at_ms: u64,
    width: u32,
    height: u32,
    layout: Layout,
    pixels: Vec<u8>,
    luma: OnceLock<Vec<u8>>,
}

/// A picture at the size of a view: RGB, three bytes a pixel, rows without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

impl Frame {
    /// A frame of pixels in the given layout, rows without gaps.
    ///
    /// # Errors
    /// When a side is zero or there are fewer bytes than the picture needs. More are ignored.
    pub fn new(layout: Layout, width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, ShortPixels> {
        let enough = width > 0 && height > 0 && layout.bytes(width, height).is_some_and(|need| pixels.len() >= need);
        if !enough {
            return Err(ShortPixels);
        }
        Ok(Self { index: 0, at_ms: 0, width, height, layout, pixels, luma: OnceLock::new() })
    }

    /// The same frame at a place in a stream.
    pub fn at(mut self, index: u64, at_ms: u64) -> Self {
        self.index = index;
        self.at_ms = at_ms;
        self
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Brightness of every pixel; worked out at the first call where the layout does not hold it as a plane.
    pub fn luma(&self) -> Luma<'_> {
        let (width, height) = (self.width, self.height);
        let data: &[u8] = match self.layout {
            Layout::Grey | Layout::Nv12 | Layout::Planar { .. } => &self.pixels,
            Layout::Rgb | Layout::Yuyv => self.luma.get_or_init(|| self.brightness()),
        };
        Luma { data, width, height, stride: width }
    }

    fn brightness(&self) -> Vec<u8> {
        let count = self.width as usize * self.height as usize;
        match self.layout {
            Layout::Rgb => self.pixels.as_chunks::<3>().0.iter().take(count).map(|&p| luma_of(p)).collect(),
            Layout::Yuyv => {
                let row_bytes = (self.width as usize).div_ceil(2) * 4;
                let rows = self.pixels.chunks_exact(row_bytes).take(self.height as usize);
                rows.flat_map(|row| row.iter().step_by(2).take(self.width as usize).copied()).collect()
            }
            Layout::Grey | Layout::Nv12 | Layout::Planar { .. } => self.pixels[..count].to_vec(),
        }
    }

    /// Colour of one pixel inside the picture.
    fn rgb_at(&self, x: usize, y: usize) -> [u8; 3] {
        let (w, h, p) = (self.width as usize, self.height as usize, &self.pixels);
        let at = y * w + x;
        match self.layout {
            Layout::Grey => [p[at]; 3],
            Layout::Rgb => [p[at * 3], p[at * 3 + 1], p[at * 3 + 2]],
            Layout::Yuyv => {
                let pair = y * w.div_ceil(2) * 4 + (x / 2) * 4;
                rgb_of(p[pair + (x % 2) * 2], p[pair + 1], p[pair + 3])
            }
            Layout::Nv12 => {
                let colour = w * h + (y / 2) * w.div_ceil(2) * 2 + (x / 2) * 2;
                rgb_of(p[at], p[colour], p[colour + 1])
            }
            Layout::Planar { across, down } => {
                let (across, down) = (usize::from(across.max(1)), usize::from(down.max(1)));
                let (cw, ch) = (w.div_ceil(across), h.div_ceil(down));
                let colour = w * h + (y / down) * cw + x / across;
                rgb_of(p[at], p[colour], p[colour + cw * ch])
            }
        }
    }

    /// The picture in colour, no larger than the given box, never enlarged, sides in proportion.
    pub fn view(&self, max_width: u32, max_height: u32) -> View {
        let whole = Region { x: 0, y: 0, width: self.width, height: self.height };
        let scale = fitting(whole, max_width, max_height).min(1.0);
        self.view_at(whole, scale)
    }

    /// A part of the picture in colour, as large as fits into the given box, enlarged when it is smaller. The part is cut to
    /// what lies inside.
    pub fn view_of(&self, part: Region, max_width: u32, max_height: u32) -> View {
        let part = self.inside(part);
        self.view_at(part, fitting(part, max_width, max_height))
    }

    /// The middle of the picture at a zoom of `factor`, 1 for the whole.
    pub fn middle(&self, factor: f32) -> Region {
        let side = |side: u32| ((side as f32 / factor.max(1.0)).round() as u32).clamp(1, side);
        let (width, height) = (side(self.width), side(self.height));
        Region { x: (self.width - width) / 2, y: (self.height - height) / 2, width, height }
    }

    /// The brightness of a part as a frame of its own, at the same place in the stream.
    pub fn cut(&self, part: Region) -> Self {
        let part = self.inside(part);
        let luma = self.luma();
        let columns = part.x as usize..(part.x + part.width) as usize;
        let pixels =
            (part.y..part.y + part.height).flat_map(|y| luma.row(y)[columns.clone()].iter().copied()).collect();
        let luma = OnceLock::new();
        let (width, height, layout) = (part.width, part.height, Layout::Grey);
        Self { index: self.index, at_ms: self.at_ms, width, height, layout, pixels, luma }
    }

    fn inside(&self, part: Region) -> Region {
        let (x, y) = (part.x.min(self.width - 1), part.y.min(self.height - 1));
        Region { x, y, width: part.width.clamp(1, self.width - x), height: part.height.clamp(1, self.height - y) }
    }

    fn view_at(&self, part: Region, scale: f64) -> View {
        let width = ((f64::from(part.width) * scale).round() as u32).max(1);
        let height = ((f64::from(part.height) * scale).round() as u32).max(1);
        let columns = sample_pairs(part.x, part.width, width);
        let rows = sample_pairs(part.y, part.height, height);
        let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
        for &(y0, y1) in &rows {
            for &(x0, x1) in &columns {
                if x0 == x1 && y0 == y1 {
                    rgb.extend_from_slice(&self.rgb_at(x0, y0));
                    continue;
                }
                let taps = [self.rgb_at(x0, y0), self.rgb_at(x1, y0), self.rgb_at(x0, y1), self.rgb_at(x1, y1)];
                rgb.extend((0..3).map(|c| (taps.iter().map(|t| u16::from(t[c])).sum::<u16>() / 4) as u8));
            }
        }
        View { width, height, rgb }
    }
}

/// The largest scale at which a part fits into a box.
fn fitting(part: Region, max_width: u32, max_height: u32) -> f64 {
    let along = |side: u32, max: u32| f64::from(max.max(1)) / f64::from(side);
    along(part.width, max_width).min(along(part.height, max_height))
}

/// For each of `to` positions the two source positions, a quarter in from either side of its share, that stand for it. The
/// source is `from` positions long and begins at `start`.
fn sample_pairs(start: u32, from: u32, to: u32) -> Vec<(usize, usize)> {
    let step = f64::from(from) / f64::from(to);
    let last = from as usize - 1;
    (0..to)
        .map(|i| {
            let at = |part: f64| start as usize + (((f64::from(i) + part) * step) as usize).min(last);
            (at(0.25), at(0.75))
        })
        .collect()
}

/// Brightness after ITU-R BT.601.
fn luma_of([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 306 + u32::from(g) * 601 + u32::from(b) * 117 + 512) >> 10).min(255) as u8
}

/// Colour after ITU-R BT.601 over the full range (JFIF).
fn rgb_of(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 10, i32::from(cb) - 128, i32::from(cr) - 128);
    let clamp = |v: i32| ((v + 512) >> 10).clamp(0, 255) as u8;
    [clamp(y + 1436 * cr), clamp(y - 352 * cb - 731 * cr), clamp(y + 1815 * cb)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_gives_the_same_brightness_and_colour() {
        // Two by two pixels of one colour: Y 100, Cb 90, Cr 200.
        let want = rgb_of(100, 90, 200);
        let table: [(Layout, Vec<u8>); 4] = [
            (Layout::Yuyv, [100, 90, 100, 200].repeat(2)),
            (Layout::Nv12, vec![100, 100, 100, 100, 90, 200]),
            (Layout::Planar { across: 2, down: 2 }, vec![100, 100, 100, 100, 90, 200]),
            (Layout::Planar { across: 1, down: 1 }, [vec![100; 4], vec![90; 4], vec![200; 4]].concat()),
        ];
        for (layout, pixels) in table {
            let frame = Frame::new(layout, 2, 2, pixels).unwrap();
            assert_eq!(frame.luma().data[..4], [100; 4], "{layout:?}");
            assert_eq!(frame.view(2, 2).rgb, want.repeat(4), "{layout:?}");
        }
    }

    #[test]
    fn odd_widths_keep_their_rows_apart() {
        let frame = Frame::new(Layout::Yuyv, 3, 2, (0..16).collect()).unwrap();
        assert_eq!(frame.luma().data, [0, 2, 4, 8, 10, 12]);
        let frame = Frame::new(Layout::Nv12, 3, 3, (0..17).collect()).unwrap();
        assert_eq!(frame.luma().row(2), [6, 7, 8]);
        assert_eq!(frame.view(9, 9).rgb.len(), 27, "a view never enlarges");
    }

    #[test]
    fn colours_are_the_known_ones() {
        for (ycc, rgb) in [((0, 128, 128), [0, 0, 0]), ((255, 128, 128), [255; 3]), ((76, 85, 255), [254, 0, 0])] {
            assert_eq!(rgb_of(ycc.0, ycc.1, ycc.2), rgb);
        }
        assert_eq!(luma_of([255, 255, 255]), 255);
        assert_eq!(luma_of([255, 0, 0]), 76);
    }

    #[test]
    fn short_data_and_empty_sides_are_refused() {
        for (layout, w, h, len) in
            [(Layout::Grey, 4, 4, 15), (Layout::Rgb, 2, 2, 11), (Layout::Nv12, 4, 4, 23), (Layout::Grey, 0, 4, 9)]
        {
            assert_eq!(Frame::new(layout, w, h, vec![0; len]).err(), Some(ShortPixels), "{layout:?}");
        }
        assert!(Frame::new(Layout::Rgb, u32::MAX, u32::MAX, vec![]).is_err());
    }

    #[test]
    fn a_part_is_cut_and_enlarged() {
        let frame = Frame::new(Layout::Grey, 80, 40, (0..80 * 40).map(|i| (i % 80) as u8).collect()).unwrap().at(3, 99);
        let middle = frame.middle(4.0);
        assert_eq!(middle, Region { x: 30, y: 15, width: 20, height: 10 });
        let cut = frame.cut(middle);
        assert_eq!((cut.width(), cut.height(), cut.index, cut.at_ms), (20, 10, 3, 99));
        assert_eq!(cut.luma().row(9)[..3], [30, 31, 32]);
        let view = frame.view_of(middle, 40, 400);
        assert_eq!((view.width, view.height), (40, 20), "twice as large");
        assert_eq!((view.rgb[0], view.rgb[39 * 3]), (30, 49));
        let odd = Region { x: 79, y: 900, width: 0, height: 7 };
        assert_eq!((frame.cut(odd).width(), frame.view_of(odd, 0, 0).width), (1, 1));
        assert_eq!(frame.middle(0.0).width, 80);
    }

    #[test]
    fn a_view_keeps_proportion() {
        let view = Frame::new(Layout::Grey, 1280, 720, vec![7; 1280 * 720]).unwrap().view(640, 640);
        assert_eq!((view.width, view.height, view.rgb[5]), (640, 360, 7));
    }
}
