//! The engines: zxing-cpp for everything, rqrr as a second opinion on QR. One call, one pass; no memory.
//!
//! Nothing here decides what may be believed; that is `acceptance.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zxingcpp::{
    BarcodeError, BarcodeFormat, BarcodeFormats, BarcodeReader, Binarizer, FromStr, ImageFormat, ImageView, TextMode,
};

use super::frame::Luma;
use super::pixels::Grey;
use crate::domain::{Quad, Symbology};

/// What an engine says of one symbol in one pass, in pixels of the picture it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub symbology: Symbology,
    /// ISO/IEC 15424 symbology identifier (`]C1`, `]d2`); empty when the engine does not say.
    pub identifier: String,
    pub text: String,
    pub bytes: Vec<u8>,
    pub quad: Quad,
    /// The pattern was found but its content failed its own check: there is no text, only a place.
    pub broken: bool,
}

/// How zxing-cpp is to make black and white of grey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threshold {
    /// Each block by its surroundings: zxing-cpp's default.
    Local,
    /// One threshold for each row or picture, from its histogram.
    Global,
    /// The picture is black and white already.
    Made,
}

/// What zxing-cpp is to try besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct How {
    pub threshold: Threshold,
    /// Linear codes and PDF417 also from bottom to top.
    pub turns: bool,
    /// Also at a third of the size.
    pub shrinks: bool,
    /// Light on dark besides dark on light.
    pub inverts: bool,
}

impl From<Threshold> for How {
    /// All that the engine does by default.
    fn from(threshold: Threshold) -> Self {
        Self { threshold, turns: true, shrinks: true, inverts: true }
    }
}

/// One default pass of zxing-cpp, in the given way. Also reports patterns that were found and could not be read.
pub(super) fn zxing(luma: Luma<'_>, symbologies: &[Symbology], how: impl Into<How>) -> Vec<Read> {
    let how = how.into();
    if !luma.is_whole() || symbologies.is_empty() {
        return Vec::new();
    }
    let packed;
    let luma = if luma.stride == luma.width {
        luma
    } else {
        packed = Grey::copy(luma);
        packed.view()
    };
    let Ok(view) = ImageView::from_slice(luma.data, luma.width, luma.height, ImageFormat::Lum) else {
        return Vec::new();
    };
    let names: Vec<&str> = symbologies.iter().map(|&s| engine_name(s)).collect();
    let Ok(formats) = BarcodeFormats::from_str(names.join(",")) else {
        return Vec::new();
    };
    let reader = BarcodeReader::new()
        .formats(&formats)
        .text_mode(TextMode::Plain)
        .binarizer(match how.threshold {
            Threshold::Local => Binarizer::LocalAverage,
            Threshold::Global => Binarizer::GlobalHistogram,
            Threshold::Made => Binarizer::FixedThreshold,
        })
        .try_rotate(how.turns)
        .try_downscale(how.shrinks)
        .try_invert(how.inverts)
        .return_errors(true);
    let found = reader.from(&view).unwrap_or_default();
    found.iter().filter_map(read_of).filter(|r| symbologies.contains(&r.symbology)).collect()
}

fn read_of(found: &zxingcpp::Barcode) -> Option<Read> {
    let symbology = symbology_of(found)?;
    let place = found.position();
    let quad = [place.top_left, place.top_right, place.bottom_right, place.bottom_left].map(|p| [p.x, p.y]);
    let broken = !matches!(found.error(), BarcodeError::None());
    let (text, bytes) = if broken { Default::default() } else { text_of(found) };
    if !broken && text.is_empty() && bytes.is_empty() {
        return None;
    }
    Some(Read { symbology, identifier: found.symbology_identifier(), text, bytes, quad, broken })
}

/// The text with every control character kept. The engine hands text over as a C string, which ends at the first NUL;
/// where the bytes hold one, the text is made from them instead.
fn text_of(found: &zxingcpp::Barcode) -> (String, Vec<u8>) {
    let (text, bytes) = (found.text(), found.bytes());
    if bytes.contains(&0) {
        let whole =
            std::str::from_utf8(&bytes).map_or_else(|_| bytes.iter().map(|&b| char::from(b)).collect(), str::to_owned);
        return (whole, bytes);
    }
    (text, bytes)
}

/// The engine's names of formats, as its list of formats is given by name.
///
/// Code 39 is asked for without its pharmaceutical variant (Code 32): that reading turns every tenth plain label of six
/// characters, a common length of serials, into another text of ten.
fn engine_name(symbology: Symbology) -> &'static str {
    match symbology {
        Symbology::QrCode => "QRCode",
        Symbology::MicroQr => "MicroQRCode",
        Symbology::DataMatrix => "DataMatrix",
        Symbology::Aztec => "Aztec",
        Symbology::Pdf417 => "PDF417",
        Symbology::Code128 => "Code128",
        Symbology::Code39 => "Code39Std,Code39Ext",
        Symbology::Code93 => "Code93",
        Symbology::Codabar => "Codabar",
        Symbology::Itf => "ITF",
        Symbology::Ean13 => "EAN13",
        Symbology::Ean8 => "EAN8",
        Symbology::UpcA => "UPCA",
        Symbology::UpcE => "UPCE",
    }
}

/// The binding's list of formats lacks some variants of Code 39 and ITF, so the variant is asked for only in the two
/// families where it is needed and where the binding knows every one.
fn symbology_of(found: &zxingcpp::Barcode) -> Option<Symbology> {
    Some(match found.symbology() {
        BarcodeFormat::QRCode => match found.format() {
            BarcodeFormat::MicroQRCode => Symbology::MicroQr,
            BarcodeFormat::RMQRCode => return None,
            _ => Symbology::QrCode,
        },
        BarcodeFormat::EANUPC => match found.format() {
            BarcodeFormat::EAN13 | BarcodeFormat::ISBN => Symbology::Ean13,
            BarcodeFormat::EAN8 => Symbology::Ean8,
            BarcodeFormat::UPCA => Symbology::UpcA,
            BarcodeFormat::UPCE => Symbology::UpcE,
            _ => return None,
        },
        BarcodeFormat::DataMatrix => Symbology::DataMatrix,
        BarcodeFormat::Aztec => Symbology::Aztec,
        BarcodeFormat::PDF417 => Symbology::Pdf417,
        BarcodeFormat::Code128 => Symbology::Code128,
        BarcodeFormat::Code39 => Symbology::Code39,
        BarcodeFormat::Code93 => Symbology::Code93,
        BarcodeFormat::Codabar => Symbology::Codabar,
        BarcodeFormat::ITF => Symbology::Itf,
        _ => return None,
    })
}

/// QR codes as rqrr reads them: a second opinion, never the only one. It panics on some pictures; such a picture holds
/// nothing for it.
pub(super) fn rqrr(luma: Luma<'_>) -> Vec<Read> {
    if !luma.is_whole() {
        return Vec::new();
    }
    catch_unwind(AssertUnwindSafe(|| rqrr_unguarded(luma))).unwrap_or_default()
}

fn rqrr_unguarded(luma: Luma<'_>) -> Vec<Read> {
    let at = |x: usize, y: usize| luma.data[y * luma.stride as usize + x];
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(luma.width as usize, luma.height as usize, at);
    let grids = picture.detect_grids();
    grids
        .iter()
        .filter_map(|grid| {
            let mut bytes = Vec::new();
            grid.decode_to(&mut bytes).ok()?;
            let text = String::from_utf8(bytes.clone()).ok().filter(|t| !t.is_empty())?;
            let quad = grid.bounds.map(|p| [p.x, p.y]);
            Some(Read { symbology: Symbology::QrCode, identifier: "]Q1".into(), text, bytes, quad, broken: false })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::{draw, draw_bytes};

    #[test]
    fn control_characters_and_the_identifier_survive() {
        let text = "[)>\u{1e}06\u{1d}17V0CVA5\u{1d}1PM4A1\u{1d}SW1234567\u{1e}\u{4}";
        let picture = draw(BarcodeFormat::DataMatrix, text, 4);
        let read = zxing(picture.view(), &[Symbology::DataMatrix], Threshold::Local);
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].text.as_str(), read[0].bytes.as_slice()), (text, text.as_bytes()));
        assert!(read[0].identifier.starts_with("]d"), "{}", read[0].identifier);
    }

    #[test]
    fn a_nul_does_not_cut_the_text() {
        let picture = draw_bytes(BarcodeFormat::DataMatrix, b"AB\0CD", 4);
        let read = zxing(picture.view(), &[Symbology::DataMatrix], Threshold::Local);
        assert_eq!(read[0].text, "AB\0CD");
    }

    #[test]
    fn corners_run_clockwise_from_the_symbols_own_top_left() {
        let picture = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", 4);
        let [a, b, c, d] = zxing(picture.view(), &[Symbology::QrCode], Threshold::Local)[0].quad;
        assert!(a[0] < b[0] && b[1] < c[1] && c[0] > d[0] && d[1] > a[1], "{a:?} {b:?} {c:?} {d:?}");
    }

    #[test]
    fn only_what_was_asked_for_is_looked_for() {
        let picture = draw(BarcodeFormat::Code128, "AB1234", 2);
        assert_eq!(zxing(picture.view(), &[Symbology::QrCode], Threshold::Local), []);
        assert_eq!(zxing(picture.view(), &[], Threshold::Local), []);
    }

    #[test]
    fn six_characters_of_code_39_stay_what_they_are() {
        // Each of these also is a valid Code 32 number.
        let mut tried = 0;
        for serial in ["123454", "123457", "123475", "B12346", "B12348", "W12358", "W12363", "B12351"] {
            let picture = draw(BarcodeFormat::Code39, serial, 2);
            let read = zxing(picture.view(), &[Symbology::Code39], Threshold::Local);
            assert_eq!(read.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), [serial]);
            tried += 1;
        }
        assert_eq!(tried, 8);
    }

    #[test]
    fn micro_qr_is_told_from_qr() {
        let qr = draw(BarcodeFormat::QRCodeModel2, "AB1234", 4);
        assert!(zxing(qr.view(), &[Symbology::MicroQr], Threshold::Local).iter().all(|r| r.broken));
        assert_eq!(
            zxing(qr.view(), &[Symbology::QrCode, Symbology::MicroQr], Threshold::Local)[0].symbology,
            Symbology::QrCode
        );
    }

    #[test]
    fn rqrr_agrees_on_a_clean_code_and_survives_nonsense() {
        let picture = draw(BarcodeFormat::QRCodeModel2, "https://reg.example/w/AK123456", 4);
        assert_eq!(rqrr(picture.view())[0].text, "https://reg.example/w/AK123456");
        for (w, h) in [(1, 1), (1, 400), (400, 1), (7, 7)] {
            let data = vec![0; w * h];
            assert_eq!(rqrr(Luma::new(&data, w as u32, h as u32).unwrap()), []);
        }
    }
}
