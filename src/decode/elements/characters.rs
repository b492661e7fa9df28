//! Which bars and spaces of a label make one character, and which other characters could stand there instead.

use std::ops::Range;

use super::{CODABAR, CODE_39, EAN, ITF, code_128, push_bits};
use crate::domain::Symbology;

/// The elements of each character whose like are told apart, the first element being 0. Guards, starts and stops that are
/// the same in every label are left out.
pub(super) fn places(symbology: Symbology, elements: usize) -> Vec<Range<usize>> {
    let run = |from: usize, long: usize, gap: usize, count: usize| {
        (0..count).map(move |i| from + i * (long + gap)).map(move |at| at..at + long)
    };
    match symbology {
        Symbology::Code39 => run(0, 9, 1, elements.div_ceil(10)).collect(),
        Symbology::Codabar => run(0, 7, 1, elements.div_ceil(8)).collect(),
        Symbology::Itf => run(4, 10, 0, elements.saturating_sub(7) / 10).collect(),
        Symbology::Ean13 | Symbology::UpcA => run(3, 4, 0, 6).chain(run(32, 4, 0, 6)).collect(),
        Symbology::Ean8 => run(3, 4, 0, 4).chain(run(24, 4, 0, 4)).collect(),
        Symbology::UpcE => run(3, 4, 0, 6).collect(),
        // The stop is the same in all.
        Symbology::Code128 => run(0, 6, 0, elements.saturating_sub(7) / 6).collect(),
        _ => Vec::new(),
    }
}

/// Widths of all characters of a symbology, as in [`super::Elements`].
pub(super) fn set(symbology: Symbology) -> Vec<Vec<u8>> {
    let of_bits = |bits: &[u16], count: u32| {
        let one = |&bits: &u16| {
            let mut widths = Vec::new();
            push_bits(&mut widths, bits, count);
            widths
        };
        bits.iter().map(one).collect()
    };
    match symbology {
        Symbology::Code39 => of_bits(&CODE_39, 9),
        Symbology::Codabar => of_bits(&CODABAR, 7),
        Symbology::Itf => {
            let pair = |bars: u8, spaces: u8| {
                (0..5).rev().flat_map(|i| [bars, spaces].map(|bits| 1 + (bits >> i & 1))).collect()
            };
            ITF.iter().flat_map(|&bars| ITF.iter().map(move |&spaces| pair(bars, spaces))).collect()
        }
        Symbology::Ean13 | Symbology::UpcA | Symbology::Ean8 | Symbology::UpcE => {
            let backwards = |digit: &[u8; 4]| digit.iter().rev().copied().collect();
            EAN.iter().flat_map(|digit| [digit.to_vec(), backwards(digit)]).collect()
        }
        Symbology::Code128 => code_128::characters(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::elements::ways;

    #[test]
    fn every_character_of_a_label_is_one_of_its_set() {
        let table = [
            (Symbology::Code39, "SN-445566", 11, 44),
            (Symbology::Codabar, "A40156B", 7, 20),
            (Symbology::Itf, "00012345678905", 7, 100),
            (Symbology::Ean13, "4006381333931", 12, 20),
            (Symbology::UpcA, "036000291452", 12, 20),
            (Symbology::Ean8, "96385074", 8, 20),
            (Symbology::UpcE, "01234565", 6, 20),
            (Symbology::Code128, "GL155601", 8, 106),
        ];
        for (symbology, text, count, of) in table {
            let label = ways(symbology, text, "").remove(0);
            assert_eq!((label.characters.len(), label.set.len()), (count, of), "{symbology}");
            for at in label.characters {
                assert!(label.set.contains(&label.widths[at.clone()].to_vec()), "{symbology} {at:?}");
            }
        }
    }
}
