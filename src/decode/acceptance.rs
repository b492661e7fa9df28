//! What may be believed. A misread serial is worse than none.
//!
//! An engine's word is a *vote*: this text, of this symbology, from that pass, in that frame. The table below says how
//! many votes each symbology needs, and which texts are refused whatever the votes.

use crate::domain::Symbology;

/// How a vote came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// One default pass over the whole frame.
    Plain,
    /// Any pass over changed pixels, and rqrr.
    Rescue,
}

/// How many votes a text needs, by the pass that gave the strongest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Need {
    /// Votes when one of them is from a plain pass.
    plain: usize,
    /// Votes when all are from rescue passes.
    rescue: usize,
}

/// Votes count within so many frames; in a still each pass counts as a frame.
pub(super) const WINDOW_FRAMES: u64 = 5;

/// Strong error detection (Reed-Solomon over the whole symbol, or a check character modulo 103): one look is enough.
/// The others misread now and then, but rarely twice in the same way.
fn need(symbology: Symbology) -> Need {
    use Symbology::*;
    match symbology {
        QrCode | DataMatrix | Aztec | Code128 => Need { plain: 1, rescue: 2 },
        MicroQr | Pdf417 | Code39 | Code93 => Need { plain: 2, rescue: 2 },
        Ean13 | Ean8 | UpcA | UpcE => Need { plain: 2, rescue: 2 },
        // No check character at all, or none that the symbol demands: only when asked for, and never from one look.
        Codabar | Itf => Need { plain: 2, rescue: 3 },
    }
}

/// Whether votes suffice. `rival` is the most votes that any other text has at the same place: who is contradicted needs
/// as many votes more.
pub(super) fn suffice(symbology: Symbology, votes: &[Source], rival: usize) -> bool {
    let need = need(symbology);
    let wanted = if votes.contains(&Source::Plain) { need.plain } else { need.rescue };
    votes.len() >= wanted + rival
}

/// Whether a text can be what its symbology says, before any votes are counted. `enlarged` says that the pass had
/// enlarged its pixels.
pub(super) fn possible(symbology: Symbology, text: &str, enlarged: bool) -> bool {
    use Symbology::*;
    match symbology {
        QrCode | MicroQr | DataMatrix | Aztec | Pdf417 | Code128 | Code93 => !text.is_empty(),
        // Short Code 39 appears in any row of enlarged noise.
        Code39 => text.chars().count() >= if enlarged { 4 } else { 1 },
        // ITF has no end that a cut-off label could not imitate; only the fixed lengths with a check digit are safe
        // (ITF-14 and ITF-16 of the GS1 and JAN rules).
        Itf => matches!(text.len(), 14 | 16) && mod_10_holds(text),
        Codabar => text.chars().count() >= 4,
        Ean13 => text.len() == 13 && mod_10_holds(text),
        Ean8 => text.len() == 8 && mod_10_holds(text),
        UpcA => matches!(text.len(), 12 | 13) && mod_10_holds(text),
        UpcE => upc_e_holds(text),
    }
}

/// Check digit of the GS1 General Specifications 7.9: weights 3 and 1 from the right, sum a multiple of ten.
fn mod_10_holds(text: &str) -> bool {
    let mut sum = 0;
    for (i, c) in text.chars().rev().enumerate() {
        let Some(digit) = c.to_digit(10) else { return false };
        sum += if i % 2 == 1 { 3 * digit } else { digit };
    }
    sum % 10 == 0
}

/// UPC-E drops zeros of a UPC-A by the rule of its last digit; the check digit is that of the whole number.
fn upc_e_holds(text: &str) -> bool {
    let Ok([system, a, b, c, d, e, last, check]) = <[char; 8]>::try_from(text.chars().collect::<Vec<_>>()) else {
        // Some engines write the whole number.
        return matches!(text.len(), 12 | 13) && mod_10_holds(text);
    };
    let middle = match last {
        '0' | '1' | '2' => format!("{a}{b}{last}0000{c}{d}{e}"),
        '3' => format!("{a}{b}{c}00000{d}{e}"),
        '4' => format!("{a}{b}{c}{d}00000{e}"),
        _ => format!("{a}{b}{c}{d}{e}0000{last}"),
    };
    mod_10_holds(&format!("{system}{middle}{check}"))
}

#[cfg(test)]
mod tests {
    use super::Source::{Plain, Rescue};
    use super::Symbology::*;
    use super::*;

    #[test]
    fn votes() {
        let table: &[(Symbology, &[Source], usize, bool)] = &[
            // One plain look is enough for the four strong ones, and only for them.
            (QrCode, &[Plain], 0, true),
            (DataMatrix, &[Plain], 0, true),
            (Aztec, &[Plain], 0, true),
            (Code128, &[Plain], 0, true),
            (MicroQr, &[Plain], 0, false),
            (Pdf417, &[Plain], 0, false),
            (Code39, &[Plain], 0, false),
            (Code93, &[Plain], 0, false),
            (Ean13, &[Plain], 0, false),
            (Itf, &[Plain], 0, false),
            (Codabar, &[Plain], 0, false),
            // A rescue pass is never believed alone.
            (QrCode, &[Rescue], 0, false),
            (DataMatrix, &[Rescue], 0, false),
            (Code128, &[Rescue], 0, false),
            (QrCode, &[Rescue, Rescue], 0, true),
            (Code128, &[Rescue, Rescue], 0, true),
            // Two looks for the others.
            (Pdf417, &[Plain, Plain], 0, true),
            (Code39, &[Plain, Rescue], 0, true),
            (Code39, &[Rescue, Rescue], 0, true),
            (Ean8, &[Plain, Plain], 0, true),
            (Itf, &[Rescue, Rescue], 0, false),
            // Who is contradicted must be seen more often.
            (QrCode, &[Plain], 1, false),
            (QrCode, &[Plain, Plain], 1, true),
            (Code39, &[Plain, Plain], 1, false),
            (Code39, &[Plain, Plain, Plain], 1, true),
            (Code39, &[Plain, Plain, Plain], 2, false),
            (QrCode, &[], 0, false),
        ];
        for &(symbology, votes, rival, want) in table {
            assert_eq!(suffice(symbology, votes, rival), want, "{symbology} {votes:?} against {rival}");
        }
    }

    #[test]
    fn texts() {
        let table: &[(Symbology, &str, bool, bool)] = &[
            (QrCode, "A", false, true),
            (QrCode, "", false, false),
            (Code39, "AB1", false, true),
            (Code39, "AB1", true, false),
            (Code39, "AB12", true, true),
            (Ean13, "4006381333931", false, true),
            (Ean13, "4006381333930", false, false),
            (Ean13, "400638133393", false, false),
            (Ean13, "400638133393A", false, false),
            (Ean8, "96385074", false, true),
            (Ean8, "96385075", false, false),
            (UpcA, "036000291452", false, true),
            (UpcA, "036000291453", false, false),
            (UpcE, "01234565", false, true),
            (UpcE, "01234566", false, false),
            (UpcE, "012345", false, false),
            (Itf, "00012345678905", false, true),
            (Itf, "00012345678906", false, false),
            (Itf, "1234567895", false, false),
            (Itf, "123456", false, false),
            (Codabar, "A1B", false, false),
            (Codabar, "A40156B", false, true),
        ];
        for &(symbology, text, enlarged, want) in table {
            assert_eq!(possible(symbology, text, enlarged), want, "{symbology} {text} enlarged {enlarged}");
        }
    }

    #[test]
    fn every_form_of_upc_e_is_expanded() {
        // Number system 0; the whole UPC-A numbers are 012000003455, 012300000451, 012340000051, 012345000065 with
        // their own check digits.
        for whole in ["01200000345", "01230000045", "01234000005", "01234500006"] {
            let check = (0..10).find(|d| mod_10_holds(&format!("{whole}{d}"))).unwrap();
            let short = match whole {
                "01200000345" => "0123450",
                "01230000045" => "0123453",
                "01234000005" => "0123454",
                _ => "0123456",
            };
            assert!(upc_e_holds(&format!("{short}{check}")), "{whole}");
            assert!(!upc_e_holds(&format!("{short}{}", (check + 1) % 10)), "{whole}");
        }
    }
}
