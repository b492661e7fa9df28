//! From what arrived back to the keys that were pressed.

use unicode_normalization::UnicodeNormalization;

use super::KeyboardLayout;
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

/// The text that a scanner sent which types as on a United States keyboard, where the computer is set to `layout`. `None`
/// when a character lies on no key of that layout, so that it cannot have been set.
pub fn undo(strokes: &[Stroke], layout: KeyboardLayout) -> Option<String> {
    let (from, us) = (table(layout)?, table(KeyboardLayout::Us)?);
    let strict = undone(strokes, from, us, false)?;
    // Where digits need Shift, plain ones come from the number block or with the capitals lock on: they are meant.
    let plain_digits = strokes.iter().any(|stroke| stroke.typed.is_ascii_digit());
    match plain_digits && !strict.contains(|c: char| c.is_ascii_digit()) {
        true => undone(strokes, from, us, true),
        false => Some(strict),
    }
}

fn undone(strokes: &[Stroke], from: &Table, us: &Table, keep_digits: bool) -> Option<String> {
    let mut out = String::with_capacity(strokes.len());
    for stroke in strokes {
        let c = stroke.typed;
        if c.is_control() || c == ' ' || (keep_digits && c.is_ascii_digit()) {
            out.push(c);
        } else if let Some(sent) = key_of(c, from, us) {
            out.push(with_control(sent, stroke.control));
        } else {
            let (accent, letter) = accented(c).filter(|(accent, _)| from.dead.contains(*accent))?;
            out.push(key_of(accent, from, us)?);
            out.push(key_of(letter, from, us)?);
        }
    }
    Some(out)
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
                let back = undo(&arriving(text, layout), layout);
                assert_eq!(back.as_deref(), Some(text), "{layout}: {:?}", as_typed(&arriving(text, layout)));
            }
        }
    }

    #[test]
    fn given_examples() {
        let table = [
            ("&é\"'", FrAzerty, Some("1234")),
            ("TR°°", FrAzerty, Some("TR__")),
            ("QZ", FrAzerty, Some("AW")),
            (",", FrAzerty, Some("m")),
            ("ФЛ", Ua, Some("AK")),
            ("ФЛ", Ru, Some("AK")),
            ("ФЛ", FrAzerty, None),
            ("AK", Ua, None),
            ("ß", DeQwertz, Some("-")),
            ("yz", DeQwertz, Some("zy")),
            ("+ěščřžýáíé", Cz, Some("1234567890")),
            ("ö123456789", Hu, Some("0123456789")),
            ("Q1234", FrAzerty, Some("A1234")),
            ("êô", FrAzerty, Some("[e[o")),
            ("⁰/", FrAzerty, Some("[)>")),
        ];
        for (arrived, layout, sent) in table {
            let strokes: Vec<Stroke> = arrived.chars().map(Stroke::plain).collect();
            assert_eq!(undo(&strokes, layout).as_deref(), sent, "{arrived} under {layout}");
        }
    }
}
