//! From what arrived back to the keys that were pressed.

use unicode_normalization::UnicodeNormalization;

use super::KeyboardLayout;
use super::readings::READINGS_MAX;
use super::tables::{Table, table};

/// One key as it arrived: what it typed, and whether Ctrl was held. Scanners send control characters so (Ctrl and `]` is
/// the group separator).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroke {
    /// What it typed.
    pub typed: char,
    /// Whether Ctrl was held.
    pub control: bool,
}

impl Stroke {
    /// A key without Ctrl.
    pub fn plain(typed: char) -> Self {
        Self { typed, control: false }
    }
}

/// The text as the computer took it.
pub fn as_typed(strokes: &[Stroke]) -> String {
    strokes.iter().map(|stroke| with_control(stroke.typed, stroke.control)).collect()
}

/// What a scanner can have sent which types as on a United States keyboard, where the computer is set to `layout`: mostly one
/// text, some few where a layout types the same with two keys. None when a character lies on no key of that layout, so that it
/// cannot have been set, or when too many texts would be possible.
pub fn undo(strokes: &[Stroke], layout: KeyboardLayout) -> Vec<String> {
    let (Some(from), Some(us)) = (table(layout), table(KeyboardLayout::Us)) else { return Vec::new() };
    let strict = undone(strokes, from, us, false);
    // Where digits need Shift, plain ones come from the number block or with the capitals lock on: they are meant.
    let plain_digits = strokes.iter().any(|stroke| stroke.typed.is_ascii_digit());
    match plain_digits && strict.first().is_some_and(|text| !text.contains(|c: char| c.is_ascii_digit())) {
        true => undone(strokes, from, us, true),
        false => strict,
    }
}

fn undone(strokes: &[Stroke], from: &Table, us: &Table, keep_digits: bool) -> Vec<String> {
    let mut texts = vec![String::with_capacity(strokes.len())];
    let mut rest = strokes;
    while let Some((stroke, after)) = rest.split_first() {
        let c = stroke.typed;
        rest = after;
        let mut ways: Vec<String> = Vec::new();
        if let Some((keys, beyond)) = from_several(from.layout, c, after) {
            ways.extend(keys.iter().map(|key| (*key).to_owned()));
            rest = beyond;
        } else if c.is_control() || c == ' ' || (keep_digits && c.is_ascii_digit()) {
            ways.push(c.into());
        } else if let Some(sent) = key_of(c, from, us) {
            ways.push(with_control(sent, stroke.control).into());
        } else if let Some((accent, letter)) = accented(c).filter(|(accent, _)| from.dead.contains(*accent)) {
            ways.extend(key_of(accent, from, us).zip(key_of(letter, from, us)).map(|(a, l)| format!("{a}{l}")));
        }
        if texts.len() * ways.len() > READINGS_MAX {
            return Vec::new();
        }
        texts = texts.iter().flat_map(|text| ways.iter().map(move |way| format!("{text}{way}"))).collect();
    }
    texts
}

/// Where a layout types the same with several keys, or one key types two letters: the keys, and the strokes behind them.
fn from_several(layout: KeyboardLayout, c: char, after: &[Stroke]) -> Option<(&'static [&'static str], &[Stroke])> {
    let next = after.first().map(|stroke| stroke.typed);
    let (keys, letters): (&[&str], usize) = match (layout, c, next) {
        (KeyboardLayout::Gr, 'Σ', _) => (&["S", "W"], 0),
        // Letters of one case: capitals come from the ligature's key, for no scanner sends "gH".
        (KeyboardLayout::Ara, 'ل', Some('أ')) => (&["G"], 1),
        (KeyboardLayout::Ara, 'ل', Some('إ')) => (&["T"], 1),
        (KeyboardLayout::Ara, 'ل', Some('آ')) => (&["B"], 1),
        (KeyboardLayout::Ara, 'ل', Some('ا')) => (&["b", "gh"], 1),
        _ => return None,
    };
    Some((keys, &after[letters..]))
}

/// What a United States keyboard has on the key that types this character.
fn key_of(c: char, from: &Table, us: &Table) -> Option<char> {
    let on = |row: &str, there: &'static str| there.chars().nth(row.chars().position(|x| x == c)?);
    on(from.plain, us.plain).or_else(|| on(from.shifted, us.shifted))
}

/// An accent typed by a dead key, and the letter or digit that it was put on.
fn accented(c: char) -> Option<(char, char)> {
    if let Some(digit) = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|raised| raised == c) {
        return Some(('^', char::from_digit(u32::try_from(digit).ok()?, 10)?));
    }
    let mut parts = std::iter::once(c).nfd();
    let (letter, mark, None) = (parts.next()?, parts.next()?, parts.next()) else { return None };
    let accent = match mark {
        '\u{300}' => '`',
        '\u{301}' => '´',
        '\u{302}' => '^',
        '\u{303}' => '~',
        '\u{308}' => '¨',
        '\u{30A}' => '°',
        '\u{30C}' => 'ˇ',
        '\u{327}' => '¸',
        _ => return None,
    };
    Some((accent, letter))
}

/// The control character of a key that was held with Ctrl; the key itself where it has none.
fn with_control(key: char, control: bool) -> char {
    if !control {
        return key;
    }
    match key {
        // Where Shift is not told apart: `6` bears `^`, `-` bears `_`.
        '6' => '\u{1E}',
        '-' => '\u{1F}',
        'a'..='z' | 'A'..='Z' | '[' | '\\' | ']' | '^' | '_' => char::from(key as u8 & 0x1F),
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyboardLayout::*;

    /// What arrives when a scanner types a text while the computer has this layout.
    fn arriving(text: &str, layout: KeyboardLayout) -> Vec<Stroke> {
        let (to, us) = (table(layout).unwrap(), table(Us).unwrap());
        text.chars()
            .map(|c| match c {
                '\u{1D}' => Stroke { typed: key_of(']', us, to).unwrap(), control: true },
                '\u{1E}' => Stroke { typed: key_of('^', us, to).unwrap(), control: true },
                '\u{4}' => Stroke { typed: key_of('d', us, to).unwrap(), control: true },
                ' ' => Stroke::plain(' '),
                'W' if layout == Gr => Stroke::plain('Σ'),
                // Scanners have no key beside the left Shift; these are on the keys of comma and stop.
                '<' | '>' => {
                    let key = us.shifted.chars().count() - 1 - us.shifted.chars().rev().position(|x| x == c).unwrap();
                    Stroke::plain(to.shifted.chars().nth(key).unwrap())
                }
                c => Stroke::plain(key_of(c, us, to).unwrap()),
            })
            .collect()
    }

    #[test]
    fn tables_have_a_place_for_every_key() {
        for layout in KeyboardLayout::ALL.into_iter().filter(|l| *l != Auto) {
            let table = table(layout).expect("a table");
            assert_eq!((table.plain.chars().count(), table.shifted.chars().count()), (48, 48), "{layout}");
            assert!(table.dead.chars().all(|c| table.plain.contains(c) || table.shifted.contains(c)), "{layout}");
        }
    }

    #[test]
    fn what_a_scanner_sent_comes_back_from_every_layout() {
        let texts = [
            "1234567890",
            "AB-1234/XYZ 09.Q",
            "abcxyzqwm",
            "[)>\u{1E}06\u{1D}17V0CVA5\u{1D}1P1234\u{1D}S786950\u{1E}\u{4}",
            "https://reg.example/w/W1234567?c=12&d=3",
            "(01)09501101530003(21)W1",
            "SERIAL:W123;MODEL:RIFLE-3;CAL:5.56",
            "P<UTOERIKSSON<<ANNA",
        ];
        for layout in KeyboardLayout::ALL.into_iter().filter(|l| *l != Auto) {
            for text in texts {
                let arrived = arriving(text, layout);
                let back = undo(&arrived, layout);
                let lost = || format!("{layout}: {:?} gave {back:?}", as_typed(&arrived));
                assert!(back.iter().any(|back| back == text), "{}", lost());
                assert!(back.len() == 1 || (layout == Gr && text.contains(['S', 'W'])), "{}", lost());
            }
        }
    }

    #[test]
    fn given_examples() {
        let table: [(&str, KeyboardLayout, &[&str]); 28] = [
            ("&é\"'", FrAzerty, &["1234"]),
            ("TR°°", FrAzerty, &["TR__"]),
            ("QZ", FrAzerty, &["AW"]),
            (",", FrAzerty, &["m"]),
            ("ФЛ", Ua, &["AK"]),
            ("ФЛ", Ru, &["AK"]),
            ("ФЛ", FrAzerty, &[]),
            ("AK", Ua, &[]),
            ("ß", DeQwertz, &["-"]),
            ("yz", DeQwertz, &["zy"]),
            ("+ěščřžýáíé", Cz, &["1234567890"]),
            ("ö123456789", Hu, &["0123456789"]),
            ("Q1234", FrAzerty, &["A1234"]),
            ("êô", FrAzerty, &["[e[o"]),
            ("⁰/", FrAzerty, &["[)>"]),
            ("ΑΚ0087341", Gr, &["AK0087341"]),
            ("ΣΑ1", Gr, &["SA1", "WA1"]),
            ("ΣΣΣ1", Gr, &[]),
            (":1ΰ", Gr, &[]),
            ("\u{650}ن1234", Ara, &["Ak1234"]),
            ("ﻹ\u{64C}ﻵ-42", Ara, &["TRB-42"]),
            ("لإ\u{64C}لآ-42", Ara, &["TRB-42"]),
            ("لا1", Ara, &["b1", "gh1"]),
            ("\u{5E9}\u{5DC}", Il, &["ak"]),
            ("AK1234", Il, &["AK1234"]),
            ("İN1234", TrF, &["SI1234"]),
            ("AT1234", Dvorak, &["AK1234"]),
            ("PR'1234", Latam, &["PR-1234"]),
        ];
        for (arrived, layout, sent) in table {
            let strokes: Vec<Stroke> = arrived.chars().map(Stroke::plain).collect();
            assert_eq!(undo(&strokes, layout), sent, "{arrived} under {layout}");
        }
    }
}
