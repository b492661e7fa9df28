//! What may be believed. A misread serial is worse than none.
//!
//! One read of a text is a *look*: this text, of this symbology, by that pass, in that frame. [`rule`] says for each
//! symbology how many looks settle a text and which texts are refused whatever the looks; to change when something is
//! believed, change its row. Three rules hold for every row:
//!
//! - looks in the same frame count once; in a still, where there is one frame only, each pass counts as a frame;
//! - looks that disagree about one place take each other away: counting begins anew behind them;
//! - and while the disagreement lies within the row's window, one look more than the row says is asked for.

use super::ends::Ends;
use crate::domain::Symbology;

/// How a look came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A default pass over pixels as the camera gave them, of the whole frame or of a part.
    Plain,
    /// Any pass over changed pixels, and rqrr.
    Rescue,
}

/// How it can be told from the text alone that it was misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// The symbol carries error correction or a check character outside the text, and the engine holds to it.
    Within,
    /// Nothing tells.
    Nothing,
    /// Last digit after the GS1 General Specifications 7.9, weights 3 and 1 from the right.
    Mod10,
    /// The same, of the UPC-A number that a UPC-E stands for.
    ExpandedMod10,
}

/// When texts of one symbology are believed.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// Looked for unless the caller says otherwise.
    on: bool,
    /// Looks that settle a text when one of them is plain.
    plain: usize,
    /// Looks that settle it when all are from rescue passes.
    rescue: usize,
    /// Looks count within so many frames.
    window_frames: u64,
    /// Characters at least, in pixels as the camera gave them.
    chars: usize,
    /// Characters at least in a look at changed pixels, where short linear codes appear in noise and in spoilt labels.
    chars_rescue: usize,
    /// If any are given, no other lengths are believed: a cut-off label imitates a shorter one.
    lengths: &'static [usize],
    check: Check,
    /// What must be seen of the label, from end to end (`ends.rs`).
    ends: Ends,
    /// The same for a look at changed pixels.
    ends_rescue: Ends,
}

/// The whole of acceptance. Reed-Solomon over the symbol, and the check character modulo 103 of Code 128, let one plain
/// look suffice; the others misread now and then, but rarely twice in the same way. Where nothing but a check digit, or
/// nothing at all, stands against a misread that every look repeats, the label must be seen whole; and where it is one check
/// character, whenever pixels were changed. Codes of goods, and those
/// that anything imitates, are off.
#[rustfmt::skip]
const fn rule(symbology: Symbology) -> Rule {
    use Check::*;
    use Ends::*;
    use Symbology::*;
    match symbology {
        //                 on   plain rescue window chars rescued  lengths       check          ends   rescued
        QrCode     => row(true,   1,    2,    15,     1,    1,     &[],          Within,        Any,   Any),
        DataMatrix => row(true,   1,    2,    15,     1,    1,     &[],          Within,        Any,   Any),
        Aztec      => row(true,   1,    2,    15,     1,    1,     &[],          Within,        Any,   Any),
        MicroQr    => row(true,   2,    2,     5,     1,    1,     &[],          Within,        Any,   Any),
        Pdf417     => row(true,   2,    2,    15,     1,    1,     &[],          Within,        Any,   Any),
        Code128    => row(true,   1,    2,     5,     2,    4,     &[],          Within,        Any,   Uncut),
        Code93     => row(true,   2,    2,     5,     2,    4,     &[],          Within,        Any,   Any),
        Code39     => row(true,   2,    2,     5,     2,    4,     &[],          Nothing,       Uncut, Uncut),
        Codabar    => row(false,  2,    3,     5,     4,    4,     &[],          Nothing,       Quiet, Quiet),
        Itf        => row(false,  2,    3,     5,    14,   14,     &[14, 16],    Mod10,         Quiet, Quiet),
        Ean13      => row(false,  2,    2,     5,    13,   13,     &[13],        Mod10,         Bars,  Bars),
        Ean8       => row(false,  2,    2,     5,     8,    8,     &[8],         Mod10,         Quiet, Quiet),
        UpcA       => row(false,  2,    2,     5,    12,   12,     &[12, 13],    Mod10,         Bars,  Bars),
        UpcE       => row(false,  2,    2,     5,     8,    8,     &[8, 12, 13], ExpandedMod10, Quiet, Quiet),
    }
}

#[expect(clippy::too_many_arguments, reason = "one line of the table for each symbology")]
const fn row(
    on: bool,
    plain: usize,
    rescue: usize,
    window_frames: u64,
    chars: usize,
    chars_rescue: usize,
    lengths: &'static [usize],
    check: Check,
    ends: Ends,
    ends_rescue: Ends,
) -> Rule {
    Rule { on, plain, rescue, window_frames, chars, chars_rescue, lengths, check, ends, ends_rescue }
}

/// No row looks back further than this many frames.
pub(super) const WINDOW_FRAMES_MAX: u64 = 15;

/// What is looked for unless the caller says otherwise.
pub(super) fn on_by_default() -> Vec<Symbology> {
    Symbology::ALL.into_iter().filter(|&s| rule(s).on).collect()
}

/// Whether the symbol is a matrix whose error correction makes a text out of it or none: another text than its own is next
/// to impossible.
pub(super) fn corrects(symbology: Symbology) -> bool {
    matches!(symbology, Symbology::QrCode | Symbology::DataMatrix | Symbology::Aztec)
}

/// What must be seen of the label of such a text.
pub(super) fn ends(symbology: Symbology, source: Source) -> Ends {
    let rule = rule(symbology);
    match source {
        Source::Plain => rule.ends,
        Source::Rescue => rule.ends_rescue,
    }
}

/// In how many frames looks at this symbology count together.
pub(super) fn window_frames(symbology: Symbology) -> u64 {
    rule(symbology).window_frames
}

/// Whether looks, one for each frame within the window, settle a text; `disputed` says that within the window another
/// text was read at the same place.
pub(super) fn suffice(symbology: Symbology, looks: &[Source], disputed: bool) -> bool {
    let rule = rule(symbology);
    let wanted = if looks.contains(&Source::Plain) { rule.plain } else { rule.rescue };
    looks.len() >= wanted + usize::from(disputed)
}

/// Whether a text that was seen in such pixels can be what its symbology says, before any look is counted.
pub(super) fn possible(symbology: Symbology, text: &str, source: Source) -> bool {
    let rule = rule(symbology);
    let chars = text.chars().count();
    let least = match source {
        Source::Plain => rule.chars,
        Source::Rescue => rule.chars_rescue,
    };
    let long_enough = chars >= least && (rule.lengths.is_empty() || rule.lengths.contains(&chars));
    long_enough
        && match rule.check {
            Check::Within | Check::Nothing => true,
            Check::Mod10 => mod_10_holds(text),
            Check::ExpandedMod10 => upc_e_holds(text),
        }
}

/// Digits of an ITF whose label was seen whole, at least.
const WHOLE_ITF_DIGITS_MIN: usize = 6;

/// Whether a text can be what its symbology says, when the picture shows both ends of its label. Only for ITF, and only
/// where a person asked for nothing else: its lengths and check digit are the rule of some trades, and the labels of all
/// others have neither. The looks of its row are asked for all the same.
pub(super) fn possible_when_whole(symbology: Symbology, text: &str) -> bool {
    let digits = text.len();
    symbology == Symbology::Itf
        && digits >= WHOLE_ITF_DIGITS_MIN
        && digits.is_multiple_of(2)
        && text.bytes().all(|b| b.is_ascii_digit())
}

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

    /// Looks of successive frames, whether another text was read there, and whether that settles it.
    #[test]
    fn looks() {
        let table: &[(Symbology, &[Source], bool, bool)] = &[
            // One plain look is enough for the four strong ones, and only for them.
            (QrCode, &[Plain], false, true),
            (DataMatrix, &[Plain], false, true),
            (Aztec, &[Plain], false, true),
            (Code128, &[Plain], false, true),
            (MicroQr, &[Plain], false, false),
            (Pdf417, &[Plain], false, false),
            (Code39, &[Plain], false, false),
            (Code93, &[Plain], false, false),
            (Ean13, &[Plain], false, false),
            (Ean8, &[Plain], false, false),
            (UpcA, &[Plain], false, false),
            (UpcE, &[Plain], false, false),
            (Itf, &[Plain], false, false),
            (Codabar, &[Plain], false, false),
            // A rescue pass is never believed alone.
            (QrCode, &[Rescue], false, false),
            (DataMatrix, &[Rescue], false, false),
            (Aztec, &[Rescue], false, false),
            (Code128, &[Rescue], false, false),
            (QrCode, &[Rescue, Rescue], false, true),
            (Code128, &[Rescue, Rescue], false, true),
            // Two looks for the others.
            (MicroQr, &[Plain, Plain], false, true),
            (Pdf417, &[Plain, Plain], false, true),
            (Code39, &[Plain, Rescue], false, true),
            (Code39, &[Rescue, Rescue], false, true),
            (Code93, &[Rescue, Plain], false, true),
            (Ean13, &[Plain, Plain], false, true),
            (Ean8, &[Plain, Plain], false, true),
            (UpcA, &[Plain, Plain], false, true),
            (UpcE, &[Plain, Plain], false, true),
            (Itf, &[Plain, Rescue], false, true),
            (Itf, &[Rescue, Rescue], false, false),
            (Codabar, &[Rescue, Rescue], false, false),
            (Codabar, &[Rescue, Rescue, Rescue], false, true),
            // Who is contradicted must be seen once more.
            (QrCode, &[Plain], true, false),
            (QrCode, &[Plain, Plain], true, true),
            (QrCode, &[Rescue, Rescue], true, false),
            (Code39, &[Plain, Plain], true, false),
            (Code39, &[Plain, Plain, Plain], true, true),
            (QrCode, &[], false, false),
        ];
        for &(symbology, looks, disputed, want) in table {
            assert_eq!(suffice(symbology, looks, disputed), want, "{symbology} {looks:?} disputed {disputed}");
        }
    }

    #[test]
    fn an_itf_seen_whole_needs_neither_length_nor_check_digit() {
        let table = [
            (Itf, "070429", true),
            (Itf, "0053611912", true),
            (Itf, "0704", false),
            (Itf, "07042", false),
            (Itf, "07042A", false),
            (Code39, "070429", false),
            (Codabar, "A40156B", false),
        ];
        for (symbology, text, want) in table {
            assert_eq!(possible_when_whole(symbology, text), want, "{symbology} {text}");
        }
    }

    #[test]
    fn what_must_be_seen_of_a_label() {
        let table = [
            (QrCode, Ends::Any, Ends::Any),
            (Pdf417, Ends::Any, Ends::Any),
            (Code93, Ends::Any, Ends::Any),
            // One check character holds against a chance read, not against some hundred passes over a smear.
            (Code128, Ends::Any, Ends::Uncut),
            // They begin and end in a way that the middle of a label does not.
            (Code39, Ends::Uncut, Ends::Uncut),
            // Of fixed length, with three guards; more bars beside them may be an add-on of two or five digits.
            (Ean13, Ends::Bars, Ends::Bars),
            (UpcA, Ends::Bars, Ends::Bars),
            // Their ends are found within longer labels too.
            (Codabar, Ends::Quiet, Ends::Quiet),
            (Itf, Ends::Quiet, Ends::Quiet),
            (Ean8, Ends::Quiet, Ends::Quiet),
            (UpcE, Ends::Quiet, Ends::Quiet),
        ];
        for (symbology, plain, rescue) in table {
            assert_eq!((ends(symbology, Plain), ends(symbology, Rescue)), (plain, rescue), "{symbology}");
        }
    }

    #[test]
    fn what_is_on() {
        assert_eq!(on_by_default(), [QrCode, MicroQr, DataMatrix, Aztec, Pdf417, Code128, Code39, Code93]);
    }

    #[test]
    fn one_look_never_settles_what_has_no_strong_check() {
        for symbology in Symbology::ALL {
            let rule = rule(symbology);
            assert!(rule.rescue >= 2 && rule.plain >= 1 && rule.window_frames >= 5, "{symbology}");
            assert!(rule.plain >= 2 || rule.check == Check::Within, "{symbology}");
            assert!(rule.chars >= 1 && rule.chars_rescue >= rule.chars, "{symbology}");
            assert_eq!(rule.ends == Ends::Any, rule.check == Check::Within, "{symbology}");
            let is_weaker = rule.ends_rescue == Ends::Any && rule.ends != Ends::Any;
            assert!(!is_weaker, "{symbology}: changed pixels are asked for no less");
        }
    }

    #[test]
    fn texts() {
        let table: &[(Symbology, &str, Source, bool)] = &[
            (QrCode, "A", Plain, true),
            (QrCode, "", Plain, false),
            (Code39, "AB1", Plain, true),
            (Code39, "AB1", Rescue, false),
            (Code39, "AB12", Rescue, true),
            (Code128, "AB1", Plain, true),
            (Code128, "U", Plain, false),
            (Code128, "U", Rescue, false),
            (Code128, "AB1", Rescue, false),
            (Code93, "AB1", Rescue, false),
            (Pdf417, "A", Rescue, true),
            (DataMatrix, "", Rescue, false),
            (Ean13, "4006381333931", Plain, true),
            (Ean13, "4006381333930", Plain, false),
            (Ean13, "400638133393", Plain, false),
            (Ean13, "400638133393A", Plain, false),
            (Ean8, "96385074", Plain, true),
            (Ean8, "96385075", Plain, false),
            (UpcA, "036000291452", Plain, true),
            (UpcA, "036000291453", Plain, false),
            (UpcE, "01234565", Plain, true),
            (UpcE, "01234566", Plain, false),
            (UpcE, "012345", Plain, false),
            (Itf, "00012345678905", Plain, true),
            (Itf, "00012345678906", Plain, false),
            (Itf, "1234567895", Plain, false),
            (Itf, "123456", Plain, false),
            (Codabar, "A1B", Plain, false),
            (Codabar, "A40156B", Plain, true),
        ];
        for &(symbology, text, source, want) in table {
            assert_eq!(possible(symbology, text, source), want, "{symbology} {text} {source:?}");
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
