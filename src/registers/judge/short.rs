//! What a short mark may have been before a slip for which the index does not look.
//!
//! It looks for neighbours of longer marks only. Of one of two or three characters they are so few that each can be asked for. And noughts
//! before a number fall together.

use std::collections::BTreeSet;

/// Letters that keys hold: Latin ones, and Cyrillic ones that look like no Latin one.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZБГДЖЗИЙЛПФЦЧШЩЫЬЭЮЯЄЇҐ";
const DIGITS: &str = "0123456789";

/// The canonical keys one slip away, for marks of two and three characters: a character lost, and of three also one wrong,
/// one too many, or two swapped. Letters are thought of where a series stands: before the first digit.
pub(super) fn one_edit(canonical: &str) -> BTreeSet<String> {
    let chars: Vec<char> = canonical.chars().collect();
    let mut near = BTreeSet::new();
    if !(2..=3).contains(&chars.len()) {
        return near;
    }
    let series = chars.iter().position(char::is_ascii_digit).unwrap_or(chars.len());
    let with = |from: usize, to: usize, c: Option<char>| {
        chars[..from].iter().copied().chain(c).chain(chars[to..].iter().copied()).collect::<String>()
    };
    for at in 0..=chars.len() {
        let letters = LETTERS.chars().filter(|_| at <= series);
        near.extend(letters.chain(DIGITS.chars()).map(|c| with(at, at, Some(c))));
    }
    // Of two characters, one wrong leaves nothing to go by.
    if chars.len() == 3 {
        for (at, read) in chars.iter().enumerate() {
            near.insert(with(at, at + 1, None));
            let others = if read.is_ascii_digit() { DIGITS } else { LETTERS };
            near.extend(others.chars().map(|c| with(at, at + 1, Some(c))));
            let mut swapped = chars.clone();
            swapped.swap(at, (at + 1).min(2));
            near.insert(swapped.into_iter().collect());
        }
    }
    near.remove(canonical);
    near
}

/// Digits of the numbers that are written with noughts before them.
const PADDED_DIGITS_MAX: usize = 7;

/// The same series and number with two noughts more or fewer between them, or several (`ДГ20`, `ДГ 0020`). One alone is one edit.
pub(super) fn other_noughts(canonical: &str) -> Vec<String> {
    let digits = canonical.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (series, padded) = canonical.split_at(canonical.len() - digits);
    let number = padded.trim_start_matches('0');
    let is_series = !series.is_empty() && !series.bytes().any(|b| b.is_ascii_digit());
    if !is_series || number.is_empty() {
        return Vec::new();
    }
    let lengths = number.len()..=PADDED_DIGITS_MAX.max(digits);
    let others = lengths.filter(|&length| length.abs_diff(digits) > 1);
    others.map(|length| format!("{series}{number:0>length$}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noughts_fall_together() {
        assert_eq!(other_noughts("ДГ20"), ["ДГ0020", "ДГ00020", "ДГ000020", "ДГ0000020"]);
        assert_eq!(other_noughts("H00320"), ["H320", "H0000320"]);
        assert_eq!(other_noughts("БA9")[..2], ["БA009", "БA0009"]);
        for none in ["1234", "0020", "A00", "AB", "12A20"] {
            assert!(other_noughts(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn what_one_slip_makes_of_a_short_mark() {
        let table = [
            (
                "123",
                &["A123", "Б123", "1203", "223", "213", "132", "1239", "12", "23"][..],
                &["123", "1", "12A3", "321"][..],
            ),
            ("A12", &["A123", "AB12", "Б12", "A21", "A13"][..], &["A12", "A1B2", "AA1"][..]),
            ("12", &["A12", "112", "120"][..], &["13", "21", "1"][..]),
            ("1", &[][..], &["12"][..]),
            ("1234", &[][..], &["1235"][..]),
        ];
        for (read, may_be, is_not) in table {
            let near = one_edit(read);
            assert!(may_be.iter().all(|key| near.contains(*key)), "{read}: {near:?}");
            assert!(!is_not.iter().any(|key| near.contains(*key)), "{read}: {near:?}");
        }
        assert!(one_edit("АБ1").len() < 500, "few enough to ask for each");
    }
}
