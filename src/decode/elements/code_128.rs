//! Code 128 (ISO/IEC 15417). One text can be written in many ways: encoders differ in when they turn to pairs of digits, and in
//! which of two sets they write capitals. So the ways are given that encoders take.

/// Six elements each; the last is the stop, which has seven.
const PATTERNS: [&[u8]; 107] = [
    b"212222", b"222122", b"222221", b"121223", b"121322", b"131222", b"122213", b"122312", b"132212", b"221213",
    b"221312", b"231212", b"112232", b"122132", b"122231", b"113222", b"123122", b"123221", b"223211", b"221132",
    b"221231", b"213212", b"223112", b"312131", b"311222", b"321122", b"321221", b"312212", b"322112", b"322211",
    b"212123", b"212321", b"232121", b"111323", b"131123", b"131321", b"112313", b"132113", b"132311", b"211313",
    b"231113", b"231311", b"112133", b"112331", b"132131", b"113123", b"113321", b"133121", b"313121", b"211331",
    b"231131", b"213113", b"213311", b"213131", b"311123", b"311321", b"331121", b"312113", b"312311", b"332111",
    b"314111", b"221411", b"431111", b"111224", b"111422", b"121124", b"121421", b"141122", b"141221", b"112214",
    b"112412", b"122114", b"122411", b"142112", b"142211", b"241211", b"221114", b"413111", b"241112", b"134111",
    b"111242", b"121142", b"121241", b"114212", b"124112", b"124211", b"411212", b"421112", b"421211", b"212141",
    b"214121", b"412121", b"111143", b"111341", b"131141", b"114113", b"114311", b"411113", b"411311", b"113141",
    b"114131", b"311141", b"411131", b"211412", b"211214", b"211232", b"2331112",
];
/// One character of the other of the sets A and B.
const SHIFT: u8 = 98;
const TO_C: u8 = 99;
const TO_B: u8 = 100;
const TO_A: u8 = 101;
const FNC1: u8 = 102;
const START_A: u8 = 103;
const START_B: u8 = 104;
const START_C: u8 = 105;
const STOP: usize = 106;
/// What stands for FNC1 in the text of a GS1 label.
const GS: u8 = 0x1D;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

/// When an encoder writes digits as pairs, and how it writes what both other sets hold.
#[derive(Debug, Clone, Copy)]
struct Manner {
    /// Digits from which on it does so at the beginning, at the end, and between other characters.
    at_start: usize,
    at_end: usize,
    between: usize,
    /// Of an odd number, the first digit stays single; otherwise the last.
    odd_first: bool,
    capitals: Set,
}

/// Widths of all characters but the stop.
pub(super) fn characters() -> Vec<Vec<u8>> {
    PATTERNS[..STOP].iter().map(|p| p.iter().map(|width| width - b'0').collect()).collect()
}

/// The ways in which encoders write a text; none for texts that are no ASCII. `identifier` is that of ISO/IEC 15424: `]C1` for a
/// label of GS1.
pub(super) fn ways(text: &str, identifier: &str) -> Vec<Vec<u8>> {
    if !text.is_ascii() || text.is_empty() {
        return Vec::new();
    }
    let is_gs1 = identifier == "]C1";
    let mut ways: Vec<Vec<u8>> = Vec::new();
    // The standard's own manner first (annex on the shortest symbol), then earlier, always, and never.
    for (at_start, at_end, between) in
        [(4, 4, 6), (4, 4, 4), (2, 4, 6), (2, 2, 2), (usize::MAX, usize::MAX, usize::MAX)]
    {
        for odd_first in [false, true] {
            for capitals in [Set::B, Set::A] {
                let way = codes(text.as_bytes(), is_gs1, Manner { at_start, at_end, between, odd_first, capitals });
                if !ways.contains(&way) {
                    ways.push(way);
                }
            }
        }
    }
    ways.iter().map(|codes| widths(codes)).collect()
}

fn codes(text: &[u8], is_gs1: bool, manner: Manner) -> Vec<u8> {
    let mut codes = Vec::new();
    let mut set = None;
    let mut at = 0;
    let mut first = is_gs1;
    while at < text.len() {
        let rest = &text[at..];
        let wanted = set_for(rest, at == 0, set, is_gs1, manner);
        let is_shifted = is_shifted(rest, set, wanted);
        if is_shifted {
            codes.push(SHIFT);
        } else if set != Some(wanted) {
            codes.push(match (set, wanted) {
                (None, Set::A) => START_A,
                (None, Set::B) => START_B,
                (None, Set::C) => START_C,
                (Some(_), Set::A) => TO_A,
                (Some(_), Set::B) => TO_B,
                (Some(_), Set::C) => TO_C,
            });
            set = Some(wanted);
        }
        if std::mem::take(&mut first) {
            codes.push(FNC1);
        }
        let (code, taken) = match (wanted, rest) {
            (_, [GS, ..]) if is_gs1 => (FNC1, 1),
            (Set::C, [tens, units, ..]) => ((tens - b'0') * 10 + (units - b'0'), 2),
            (Set::A, [control @ 0..0x20, ..]) => (control + 64, 1),
            (_, [c, ..]) => (c.wrapping_sub(32), 1),
            (_, []) => break,
        };
        codes.push(code);
        at += taken;
    }
    codes
}

/// The set in which the next character is written.
fn set_for(rest: &[u8], is_start: bool, set: Option<Set>, is_gs1: bool, manner: Manner) -> Set {
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    if set == Some(Set::C) {
        if digits >= 2 || (is_gs1 && rest.first() == Some(&GS)) {
            return Set::C;
        }
    } else {
        let least = match () {
            () if is_start => manner.at_start,
            () if digits == rest.len() => manner.at_end,
            () => manner.between,
        };
        let single_first = manner.odd_first && digits % 2 == 1;
        if digits >= least && !single_first {
            return Set::C;
        }
    }
    // What only one of the sets holds comes first somewhere; where it never does, either will do.
    let needs = |c: &u8| if is_gs1 && *c == GS { None } else { only_set_of(*c) };
    let only = rest.iter().find_map(needs);
    let next_needs = rest.first().and_then(needs);
    next_needs.or(set.filter(|&set| set != Set::C)).or(only).unwrap_or(manner.capitals)
}

/// Which of the sets A and B alone holds a character.
fn only_set_of(c: u8) -> Option<Set> {
    match c {
        0..0x20 => Some(Set::A),
        0x60.. => Some(Set::B),
        _ => None,
    }
}

/// Whether one character alone is of the other set: behind it, what only this set holds comes first.
fn is_shifted(rest: &[u8], set: Option<Set>, wanted: Set) -> bool {
    let is_other = matches!((set, wanted), (Some(Set::A), Set::B) | (Some(Set::B), Set::A));
    is_other && rest.iter().skip(1).find_map(|&c| only_set_of(c)).is_some_and(|next| Some(next) == set)
}

/// With the check character modulo 103 and the stop.
fn widths(codes: &[u8]) -> Vec<u8> {
    let weighted = codes.iter().enumerate().map(|(at, &code)| at.max(1) * usize::from(code));
    let check = weighted.sum::<usize>() % 103;
    let patterns = codes.iter().map(|&code| usize::from(code)).chain([check, STOP]);
    patterns.filter_map(|n| PATTERNS.get(n)).flat_map(|p| p.iter().map(|width| width - b'0')).collect()
}

#[cfg(test)]
mod tests {
    use zxingcpp::BarcodeFormat;

    use super::*;
    use crate::decode::elements::tests::drawn;

    #[test]
    fn one_of_the_ways_is_what_the_engine_draws() {
        let texts = [
            "A",
            "AB1234",
            "GL155601",
            "M4-9272949",
            "12",
            "1234",
            "12345",
            "TR0087341",
            "abc1234567def",
            "AB12CD345678",
            "00123456789",
            "D0PRA7AR55-KW7318842",
            " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
            "ABC\tDEF\u{1}",
            "x\ty",
            "99999",
        ];
        for text in texts {
            let runs = drawn(BarcodeFormat::Code128, text);
            assert!(ways(text, "]C0").contains(&runs), "{text}");
        }
    }

    #[test]
    fn ways_of_gs1_carry_the_function_character() {
        // FNC1 stands first and where a separator is; pairs of digits go on behind it.
        let manner = Manner { at_start: 4, at_end: 4, between: 6, odd_first: false, capitals: Set::B };
        let table: &[(&[u8], bool, &[u8])] = &[
            (b"0101234567", true, &[START_C, FNC1, 1, 1, 23, 45, 67]),
            (b"21AB\x1D10", true, &[START_B, FNC1, 18, 17, 33, 34, FNC1, 17, 16]),
            (b"1234\x1D56", true, &[START_C, FNC1, 12, 34, FNC1, 56]),
            (b"A\x1DB", false, &[START_A, 33, 93, 34]),
        ];
        for &(text, is_gs1, want) in table {
            assert_eq!(codes(text, is_gs1, manner), want, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn other_texts_have_no_way() {
        assert!(ways("Ґ12", "]C0").is_empty());
        assert!(ways("", "]C0").is_empty());
        // Whatever is asked, each way is whole patterns and a stop.
        for text in ["1", "a1b2", "\u{0}\u{7f}", "1234567890123"] {
            for way in ways(text, "]C1").into_iter().chain(ways(text, "")) {
                assert_eq!(way.len() % 6, 1, "{text:?}");
            }
        }
    }
}
