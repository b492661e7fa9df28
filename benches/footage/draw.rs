//! Symbols as labels and plates: how a code looks on paper, and pecked into metal.

use anyhow::{Context, bail};
use zxingcpp::BarcodeFormat;

/// Pixels of a label drawn for each module of its symbol, before the camera makes it smaller.
const FINE: usize = 12;

/// A label with its quiet zone: brightness of the material (0 to 1), row by row.
pub struct Label {
    pub pixels: Vec<f32>,
    pub width: usize,
    pub height: usize,
    /// Camera pixels for each drawn pixel.
    pub scale: f32,
}

struct Modules {
    dark: Vec<bool>,
    width: usize,
    height: usize,
}

impl Label {
    /// The label of a symbology by its name in the story.
    pub fn of(symbology: &str, text: &str) -> anyhow::Result<Self> {
        let (format, module_px) = match symbology {
            "qr_code" => (BarcodeFormat::QRCode, 9.0),
            "data_matrix" => (BarcodeFormat::DataMatrix, 10.0),
            "code_128" => (BarcodeFormat::Code128, 4.4),
            "code_39" => (BarcodeFormat::Code39, 3.6),
            "pdf_417" => (BarcodeFormat::PDF417, 4.2),
            other => bail!("no label is drawn for {other}"),
        };
        let linear = matches!(symbology, "code_128" | "code_39");
        let modules = modules_of(format, text, linear).with_context(|| format!("{symbology}: {text:?}"))?;
        let scale = module_px / FINE as f32;
        Ok(if symbology == "data_matrix" { pecked(&modules, scale) } else { printed(&modules, linear, scale) })
    }
}

fn modules_of(format: BarcodeFormat, text: &str, linear: bool) -> anyhow::Result<Modules> {
    let writer = zxingcpp::write().scale(1).add_quiet_zones(false);
    let image = zxingcpp::create(format).from_str(text)?.to_image_with(&writer)?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let dark: Vec<bool> = image.data().iter().map(|&p| p < 128).collect();
    if linear {
        let row = &dark[height / 3 * width..][..width];
        let tall = width / 4;
        return Ok(Modules { dark: row.repeat(tall), width, height: tall });
    }
    Ok(Modules { dark, width, height })
}

/// Black ink on white card, with a thin frame.
fn printed(modules: &Modules, linear: bool, scale: f32) -> Label {
    let quiet = if linear { 12 } else { 6 };
    let mut label = blank(modules, quiet, 0.90, scale);
    for y in 0..label.height {
        for x in 0..label.width {
            let inside = |at: usize, limit: usize| (at / FINE).checked_sub(quiet).filter(|&m| m < limit);
            let dark = inside(x, modules.width).zip(inside(y, modules.height));
            if dark.is_some_and(|(mx, my)| modules.dark[my * modules.width + mx]) {
                label.pixels[y * label.width + x] = 0.09;
            }
            let edge = x.min(y).min(label.width - 1 - x).min(label.height - 1 - y);
            if edge < FINE / 3 {
                label.pixels[y * label.width + x] = 0.70;
            }
        }
    }
    label
}

/// Dots pecked into a brushed plate: darker pits that do not quite touch each other.
fn pecked(modules: &Modules, scale: f32) -> Label {
    let quiet = 5;
    let mut label = blank(modules, quiet, 0.66, scale);
    for y in 0..label.height {
        // The brush leaves faint lines along the plate.
        let brushed = ((y * 7919 % 101) as f32 / 101.0 - 0.5) * 0.03;
        label.pixels[y * label.width..(y + 1) * label.width].iter_mut().for_each(|p| *p += brushed);
    }
    let radius = FINE as f32 * 0.47;
    for my in 0..modules.height {
        for mx in (0..modules.width).filter(|mx| modules.dark[my * modules.width + mx]) {
            for dy in 0..FINE {
                for dx in 0..FINE {
                    let mid = FINE as f32 / 2.0 - 0.5;
                    let off = (dx as f32 - mid).hypot(dy as f32 - mid) / radius;
                    if off < 1.0 {
                        let (x, y) = ((mx + quiet) * FINE + dx, (my + quiet) * FINE + dy);
                        label.pixels[y * label.width + x] = 0.17 + 0.12 * off * off;
                    }
                }
            }
        }
    }
    label
}

fn blank(modules: &Modules, quiet: usize, light: f32, scale: f32) -> Label {
    let (width, height) = ((modules.width + 2 * quiet) * FINE, (modules.height + 2 * quiet) * FINE);
    Label { pixels: vec![light; width * height], width, height, scale }
}
