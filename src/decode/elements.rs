//! The bars and spaces of a linear code as its standard draws them: what a text must look like.
//!
//! Only linear symbologies whose text proves nothing by itself, or little (a check digit, or one check character); the others
//! carry a check of their own.

mod characters;
mod code_128;

use std::ops::Range;

use crate::domain::Symbology;

/// Bars and spaces in turns, from the first bar to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Elements {
    /// Widths in modules; where there are two widths only, 1 is narrow and 2 is wide.
    pub widths: Vec<u8>,
    /// Wide elements are two to three times as wide as narrow ones, as the printer likes.
    pub two_widths: bool,
    /// The elements of each character that others could stand for.
    pub characters: Vec<Range<usize>>,
    /// The widths of all characters that could.
    pub set: Vec<Vec<u8>>,
}

impl Elements {
    fn new(symbology: Symbology, widths: Vec<u8>, two_widths: bool) -> Self {
        let characters = characters::places(symbology, widths.len());
        Self { widths, two_widths, characters, set: characters::set(symbology) }
    }
}

/// What a text may look like, the likeliest first; `identifier` as in ISO/IEC 15424. Nothing for other symbologies, and for
/// texts that cannot be drawn.
pub(super) fn ways(symbology: Symbology, text: &str, identifier: &str) -> Vec<Elements> {
    if symbology == Symbology::Code128 {
        let ways = code_128::ways(text, identifier);
        return ways.into_iter().map(|widths| Elements::new(symbology, widths, false)).collect();
    }
    of(symbology, text).into_iter().collect()
}

fn of(symbology: Symbology, text: &str) -> Option<Elements> {
    let (widths, two_widths) = match symbology {
        Symbology::Code39 => (code_39(text)?, true),
        Symbology::Codabar => (codabar(text)?, true),
        Symbology::Itf => (itf(text)?, true),
        Symbology::Ean13 => (ean_13(&digits(text)?)?, false),
        Symbology::UpcA if text.len() == 12 => (ean_13(&digits(&format!("0{text}"))?)?, false),
        Symbology::UpcA => (ean_13(&digits(text)?)?, false),
        Symbology::Ean8 => (ean_8(&digits(text)?)?, false),
        Symbology::UpcE => (upc_e(&digits(text)?)?, false),
        _ => return None,
    };
    Some(Elements::new(symbology, widths, two_widths))
}

fn digits(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| c.to_digit(10).map(|d| d as u8)).collect()
}

/// Narrow (0) and wide (1) elements of a character, the first in the highest of so many bits.
fn push_bits(widths: &mut Vec<u8>, bits: u16, count: u32) {
    widths.extend((0..count).rev().map(|i| if bits >> i & 1 == 1 { 2 } else { 1 }));
}

/// ISO/IEC 16388: nine elements, three of them wide.
const CODE_39: [u16; 44] = [
    0x034, 0x121, 0x061, 0x160, 0x031, 0x130, 0x070, 0x025, 0x124, 0x064, 0x109, 0x049, 0x148, 0x019, 0x118, 0x058,
    0x00D, 0x10C, 0x04C, 0x01C, 0x103, 0x043, 0x142, 0x013, 0x112, 0x052, 0x007, 0x106, 0x046, 0x016, 0x181, 0x0C1,
    0x1C0, 0x091, 0x190, 0x0D0, 0x085, 0x184, 0x0C4, 0x0A8, 0x0A2, 0x08A, 0x02A, 0x094,
];
const CODE_39_CHARS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*";

fn code_39(text: &str) -> Option<Vec<u8>> {
    let mut widths = Vec::new();
    let mut add = |c: char| {
        if !widths.is_empty() {
            widths.push(1);
        }
        push_bits(&mut widths, CODE_39[CODE_39_CHARS.find(c)?], 9);
        Some(())
    };
    add('*')?;
    for c in text.chars() {
        match shifted(c) {
            Some([shift, letter]) => {
                add(shift)?;
                add(letter)?;
            }
            None => add(c)?,
        }
    }
    add('*')?;
    Some(widths)
}

/// How full ASCII writes a character that plain Code 39 lacks. Where both write it alike, nothing.
fn shifted(c: char) -> Option<[char; 2]> {
    let from = |base: char, shift: char, first: char| {
        let letter = char::from_u32(first as u32 + (c as u32 - base as u32))?;
        Some([shift, letter])
    };
    match c {
        'a'..='z' => from('a', '+', 'A'),
        '!'..='#' | '&'..='*' | ',' => from('!', '/', 'A'),
        ':' => Some(['/', 'Z']),
        ';'..='?' => from(';', '%', 'F'),
        '@' => Some(['%', 'V']),
        '['..='_' => from('[', '%', 'K'),
        '`' => Some(['%', 'W']),
        '{'..='\u{7f}' => from('{', '%', 'P'),
        '\u{1}'..='\u{1a}' => from('\u{1}', '$', 'A'),
        '\u{1b}'..='\u{1f}' => from('\u{1b}', '%', 'A'),
        '\0' => Some(['%', 'U']),
        _ => None,
    }
}

/// EN 798: seven elements, two or three of them wide.
const CODABAR: [u16; 20] = [
    0x03, 0x06, 0x09, 0x60, 0x12, 0x42, 0x21, 0x24, 0x30, 0x48, 0x0C, 0x18, 0x45, 0x51, 0x54, 0x15, 0x1A, 0x29, 0x0B,
    0x0E,
];
const CODABAR_CHARS: &str = "0123456789-$:/.+ABCD";

fn codabar(text: &str) -> Option<Vec<u8>> {
    let mut widths = Vec::new();
    for c in text.chars() {
        if !widths.is_empty() {
            widths.push(1);
        }
        push_bits(&mut widths, CODABAR[CODABAR_CHARS.find(c)?], 7);
    }
    Some(widths)
}

/// ISO/IEC 16390: five elements, two of them wide; bars carry one digit and the spaces between them the next.
const ITF: [u8; 10] = [0x06, 0x11, 0x09, 0x18, 0x05, 0x14, 0x0C, 0x03, 0x12, 0x0A];

fn itf(text: &str) -> Option<Vec<u8>> {
    let mut widths = vec![1; 4];
    for pair in digits(text)?.chunks(2) {
        let &[bars, spaces] = pair else { return None };
        for i in (0..5).rev() {
            widths.extend([ITF[bars as usize], ITF[spaces as usize]].map(|bits| 1 + (bits >> i & 1)));
        }
    }
    widths.extend([2, 1, 1]);
    Some(widths)
}

/// GS1 General Specifications 5.2: number set A; B runs backwards, C has the widths of A.
const EAN: [[u8; 4]; 10] = [
    [3, 2, 1, 1],
    [2, 2, 2, 1],
    [2, 1, 2, 2],
    [1, 4, 1, 1],
    [1, 1, 3, 2],
    [1, 2, 3, 1],
    [1, 1, 1, 4],
    [1, 3, 1, 2],
    [1, 2, 1, 3],
    [3, 1, 1, 2],
];
/// Which of the six digits on the left are of set B, by the first digit.
const EAN_13_B: [u8; 10] =
    [0b000000, 0b001011, 0b001101, 0b001110, 0b010011, 0b011001, 0b011100, 0b010101, 0b010110, 0b011010];
/// The same of UPC-E, by the check digit, number system 0.
const UPC_E_B: [u8; 10] =
    [0b111000, 0b110100, 0b110010, 0b110001, 0b101100, 0b100110, 0b100011, 0b101010, 0b101001, 0b100101];

fn push_six(widths: &mut Vec<u8>, digits: &[u8], set_b: u8) {
    for (i, &digit) in digits.iter().enumerate() {
        let mut four = EAN[digit as usize];
        if set_b >> (5 - i) & 1 == 1 {
            four.reverse();
        }
        widths.extend(four);
    }
}

fn ean_13(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.len() != 13 {
        return None;
    }
    let mut widths = vec![1; 3];
    push_six(&mut widths, &digits[1..7], EAN_13_B[digits[0] as usize]);
    widths.extend([1; 5]);
    push_six(&mut widths, &digits[7..], 0);
    widths.extend([1; 3]);
    Some(widths)
}

fn ean_8(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.len() != 8 {
        return None;
    }
    let mut widths = vec![1; 3];
    push_six(&mut widths, &digits[..4], 0);
    widths.extend([1; 5]);
    push_six(&mut widths, &digits[4..], 0);
    widths.extend([1; 3]);
    Some(widths)
}

fn upc_e(digits: &[u8]) -> Option<Vec<u8>> {
    let [system, six @ .., check] = match digits.len() {
        8 => <[u8; 8]>::try_from(digits).ok()?,
        12 => shortened(digits)?,
        13 if digits[0] == 0 => shortened(&digits[1..])?,
        _ => return None,
    };
    let set_b = UPC_E_B[check as usize] ^ if system == 1 { 0b111111 } else { 0 };
    let mut widths = vec![1; 3];
    push_six(&mut widths, &six, set_b);
    widths.extend([1; 6]);
    Some(widths)
}

/// UPC-E of a UPC-A number: zeros left out (GS1 General Specifications 5.2.2.4.2).
fn shortened(upc_a: &[u8]) -> Option<[u8; 8]> {
    let &[s, a, b, c, d, e, f, g, h, i, j, check] = upc_a else { return None };
    let six = match [c, d, e, f, g, h, i, j] {
        [0..=2, 0, 0, 0, 0, ..] => [a, b, h, i, j, c],
        [_, 0, 0, 0, 0, 0, ..] => [a, b, c, i, j, 3],
        [_, _, 0, 0, 0, 0, 0, _] => [a, b, c, d, j, 4],
        [_, _, _, 0, 0, 0, 0, 5..=9] => [a, b, c, d, e, j],
        _ => return None,
    };
    let [a, b, c, d, e, f] = six;
    Some([s, a, b, c, d, e, f, check])
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::tests::draw;

    /// Runs of black and white along the middle row of what the engine draws, one pixel a module.
    pub(super) fn drawn(format: BarcodeFormat, text: &str) -> Vec<u8> {
        let picture = draw(format, text, 1);
        let row = &picture.data[picture.width as usize * (picture.height as usize / 2)..][..picture.width as usize];
        let mut runs: Vec<u8> = row.chunk_by(|a, b| a == b).map(|run| run.len() as u8).collect();
        // Paper on both sides.
        runs.remove(0);
        runs.pop();
        runs
    }

    #[test]
    fn every_character_is_what_the_engine_draws() {
        let upc_e = ["01234565", "01234505", "01200000", "09876531"];
        let table: Vec<(Symbology, BarcodeFormat, Vec<String>)> = vec![
            (
                Symbology::Code39,
                BarcodeFormat::Code39,
                vec!["0123456789ABCDEFGHIJKLM".into(), "NOPQRSTUVWXYZ-. $/+%".into()],
            ),
            (Symbology::Codabar, BarcodeFormat::Codabar, vec!["A0123456789B".into(), "C-$:/.+D".into()]),
            (Symbology::Itf, BarcodeFormat::ITF, vec!["0123456789".into(), "1032547698".into()]),
            (
                Symbology::Ean13,
                BarcodeFormat::EAN13,
                (0..10).map(|d| checked(&format!("{d}01234567890")[..12])).collect(),
            ),
            (Symbology::UpcA, BarcodeFormat::UPCA, vec![checked("03600029145")]),
            (Symbology::Ean8, BarcodeFormat::EAN8, vec![checked("9638507"), checked("0123456")]),
            (Symbology::UpcE, BarcodeFormat::UPCE, upc_e.map(|t| t[..7].to_owned()).into()),
        ];
        for (symbology, format, texts) in table {
            for text in texts {
                let runs = drawn(format, &text);
                let text = if symbology == Symbology::UpcE { read(format, &text) } else { text };
                let is = of(symbology, &text).unwrap();
                let runs =
                    if is.two_widths { runs.into_iter().map(|r| if r > 1 { 2 } else { 1 }).collect() } else { runs };
                assert_eq!(is.widths, runs, "{symbology} {text}");
            }
        }
    }

    /// The text as the engine gives it.
    fn read(format: BarcodeFormat, text: &str) -> String {
        let picture = draw(format, text, 3);
        let all =
            crate::decode::engine::zxing(picture.view(), &[Symbology::UpcE], crate::decode::engine::Threshold::Local);
        all[0].text.clone()
    }

    fn checked(text: &str) -> String {
        let sum: u32 =
            text.bytes().rev().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 3 } else { 1 }).sum();
        format!("{text}{}", (10 - sum % 10) % 10)
    }

    #[test]
    fn lower_case_is_written_in_pairs() {
        assert_eq!(of(Symbology::Code39, "aZ!").unwrap(), of(Symbology::Code39, "+AZ/A").unwrap());
    }

    #[test]
    fn what_cannot_be_drawn_is_nothing() {
        let table = [
            (Symbology::Code39, "\u{e9}"),
            (Symbology::Codabar, "A12E"),
            (Symbology::Itf, "123"),
            (Symbology::Ean13, "123"),
            (Symbology::Ean8, "1234567A"),
            (Symbology::UpcE, "012345678905"),
            (Symbology::QrCode, "A"),
            (Symbology::Code128, "A"),
        ];
        for (symbology, text) in table {
            assert_eq!(of(symbology, text), None, "{symbology} {text}");
        }
    }
}
