//! Labels: invented texts as symbols, finely drawn, some of them spoilt.

use tracepost::domain::Symbology;
use zxingcpp::BarcodeFormat;

use super::random::Random;

/// A label with its quiet zone, brightness from 0 (ink) to 1 (paper), row by row.
pub struct Label {
    pub pixels: Vec<f32>,
    pub width: usize,
    pub height: usize,
    /// Drawn pixels for each module.
    pub fine: usize,
}

/// How a linear label was spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    CutLeft,
    CutRight,
    Covered,
    Smeared,
}

impl Damage {
    pub const ALL: [Self; 4] = [Self::CutLeft, Self::CutRight, Self::Covered, Self::Smeared];
}

/// A text as it might stand on a weapon's label; every one is invented.
pub fn text(symbology: Symbology, random: &mut Random) -> String {
    let mut digits = |count: usize| (0..count).map(|_| char::from(b'0' + random.below(10) as u8)).collect::<String>();
    let (number, small, pair) = (digits(7), digits(4), digits(2));
    let long = digits(13);
    let serial = format!("{}{number}", random.pick(&["W", "AK", "M4-", "SN-", "GL", "B"]));
    match symbology {
        Symbology::DataMatrix => format!("[)>\u{1e}06\u{1d}17V0CVA5\u{1d}1PM4A1-{pair}\u{1d}S{serial}\u{1e}\u{4}"),
        Symbology::QrCode => format!("https://reg.example/w/{serial}?c={small}"),
        Symbology::Pdf417 => format!("SERIAL:{serial};MODEL:RIFLE-{pair};CAL:5.56;LOT:{small}"),
        Symbology::Itf => with_check_digit(&long),
        Symbology::Ean13 => with_check_digit(&long[..12]),
        Symbology::Codabar => format!("A{small}{small}B"),
        Symbology::Aztec => format!("AZ:{serial}"),
        _ => serial,
    }
}

fn with_check_digit(digits: &str) -> String {
    let weigh = |(i, d): (usize, u32)| if i % 2 == 0 { 3 * d } else { d };
    let sum: u32 = digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate().map(weigh).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

fn is_linear(symbology: Symbology) -> bool {
    use Symbology::*;
    !matches!(symbology, QrCode | MicroQr | DataMatrix | Aztec | Pdf417)
}

fn format(symbology: Symbology) -> BarcodeFormat {
    match symbology {
        Symbology::DataMatrix => BarcodeFormat::DataMatrix,
        Symbology::Aztec => BarcodeFormat::Aztec,
        Symbology::Pdf417 => BarcodeFormat::PDF417,
        Symbology::Code128 => BarcodeFormat::Code128,
        Symbology::Code39 => BarcodeFormat::Code39,
        Symbology::Itf => BarcodeFormat::ITF,
        Symbology::Ean13 => BarcodeFormat::EAN13,
        Symbology::Codabar => BarcodeFormat::Codabar,
        _ => BarcodeFormat::QRCode,
    }
}

impl Label {
    /// Prints a text. `dot` is the size of a pecked dot as a part of its module; 0 for ink.
    pub fn print(symbology: Symbology, text: &str, dot: f32) -> Self {
        let writer = zxingcpp::write().scale(1).add_quiet_zones(false);
        // Square, as on weapons; the writer would choose the long low forms of DMRE, which hardly anybody marks with.
        let options = if symbology == Symbology::DataMatrix { "forceSquare" } else { "" };
        let image = zxingcpp::create(format(symbology))
            .options(options)
            .from_str(text)
            .and_then(|code| code.to_image_with(&writer))
            .unwrap_or_else(|error| panic!("{symbology} cannot say {text:?}: {error}"));
        let (mut width, mut height) = (image.width() as usize, image.height() as usize);
        let mut dark: Vec<bool> = image.data().iter().map(|&p| p < 128).collect();
        let quiet = if is_linear(symbology) { 10 } else { 4 };
        if is_linear(symbology) {
            let row = dark[height / 3 * width..][..width].to_vec();
            let first = row.iter().position(|&d| d).unwrap_or(0);
            let last = row.iter().rposition(|&d| d).unwrap_or(width - 1);
            let row = &row[first..=last];
            (width, height) = (row.len(), (row.len() * 28 / 100).max(12));
            dark = row.repeat(height);
        }
        let fine = if dot > 0.0 { 16 } else { 8 };
        let (w, h) = ((width + 2 * quiet) * fine, (height + 2 * quiet) * fine);
        let mut pixels = vec![1.0; w * h];
        for (i, _) in dark.iter().enumerate().filter(|(_, d)| **d) {
            let (left, top) = ((i % width + quiet) * fine, (i / width + quiet) * fine);
            if dot > 0.0 {
                peck(&mut pixels, w, [left, top], fine, dot);
            } else {
                (top..top + fine).for_each(|y| pixels[y * w + left..][..fine].fill(0.0));
            }
        }
        Self { pixels, width: w, height: h, fine }
    }

    /// Spoils a linear label across its bars.
    pub fn spoil(&mut self, damage: Damage, random: &mut Random) {
        let quiet = 10 * self.fine;
        let bars = self.width - 2 * quiet;
        let part = |p: f32| (bars as f32 * p) as usize;
        let (from, to, ink) = match damage {
            Damage::CutLeft => (0, quiet + part(random.between(0.08, 0.5)), Some(1.0)),
            Damage::CutRight => (self.width - quiet - part(random.between(0.08, 0.5)), self.width, Some(1.0)),
            Damage::Covered => {
                let from = quiet + part(random.between(0.1, 0.8));
                (from, from + part(random.between(0.03, 0.15)).max(4), Some(random.pick(&[0.0, 1.0])))
            }
            Damage::Smeared => {
                let from = quiet + part(random.between(0.1, 0.7));
                (from, from + part(0.2), None)
            }
        };
        let reach = self.fine as i32 * 2;
        for row in self.pixels.chunks_exact_mut(self.width) {
            let was = row.to_vec();
            for x in from..to.min(row.len()) {
                row[x] = ink.unwrap_or_else(|| {
                    let near = |k: i32| was[(x as i32 + k).clamp(0, was.len() as i32 - 1) as usize];
                    (-reach..=reach).map(near).sum::<f32>() / (2 * reach + 1) as f32
                });
            }
        }
    }

    /// Brightness round a place (in drawn pixels), over a square of so many.
    pub fn at(&self, u: f32, v: f32, size: f32) -> Option<f32> {
        if u < 0.0 || v < 0.0 || u >= self.width as f32 || v >= self.height as f32 {
            return None;
        }
        let taps = (size / 2.0).ceil().clamp(1.0, 5.0) as i32;
        let mut sum = 0.0;
        for j in 0..taps {
            for i in 0..taps {
                let off = |t: i32| ((t as f32 + 0.5) / taps as f32 - 0.5) * size;
                let x = (u + off(i)).clamp(0.0, self.width as f32 - 1.0) as usize;
                let y = (v + off(j)).clamp(0.0, self.height as f32 - 1.0) as usize;
                sum += self.pixels[y * self.width + x];
            }
        }
        Some(sum / (taps * taps) as f32)
    }
}

fn peck(pixels: &mut [f32], width: usize, [left, top]: [usize; 2], fine: usize, dot: f32) {
    let middle = fine as f32 / 2.0 - 0.5;
    let radius = fine as f32 * dot / 2.0;
    for y in 0..fine {
        for x in 0..fine {
            let off = (x as f32 - middle).hypot(y as f32 - middle);
            let at = (top + y) * width + left + x;
            let cover = (radius - off + 0.5).clamp(0.0, 1.0);
            pixels[at] = (pixels[at] - cover).max(0.0);
        }
    }
}
