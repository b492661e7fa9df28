//! How a text is spelt where only its letters and digits count.

use crate::domain::keys;

/// Letters and digits only, upper case, Cyrillic as it sounds.
pub(super) fn by_sound(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars().flat_map(char::to_uppercase) {
        push_sound(c, &mut out);
    }
    one_spelling(out)
}

/// Romanizations differ: ТОЗ is TOZ for all, but МЦ is MTS and MC, ИЖ is IZH and IJ, САЙГА is SAIGA and SAYGA.
fn one_spelling(text: String) -> String {
    const SPELLINGS: [(&str, &str); 6] =
        [("SHCH", "SCH"), ("TS", "C"), ("KH", "H"), ("ZH", "J"), ("Y", "I"), ("W", "V")];
    SPELLINGS.iter().fold(text, |text, (from, to)| if text.contains(from) { text.replace(from, to) } else { text })
}

/// Letters and digits only, upper case, Cyrillic as it looks where it looks Latin, else as it sounds.
pub(super) fn by_look(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars().flat_map(char::to_uppercase) {
        push_sound(keys::latin_look_alike(c).unwrap_or(c), &mut out);
    }
    one_spelling(out)
}

pub(super) fn push_sound(c: char, out: &mut String) {
    let spelling = match c {
        'А' => "A",
        'Б' => "B",
        'В' => "V",
        'Г' | 'Ґ' => "G",
        'Д' => "D",
        'Е' | 'Є' | 'Ё' | 'Э' => "E",
        'Ж' => "ZH",
        'З' => "Z",
        'И' | 'І' | 'Ї' | 'Й' | 'Ы' => "I",
        'К' => "K",
        'Л' => "L",
        'М' => "M",
        'Н' => "N",
        'О' => "O",
        'П' => "P",
        'Р' => "R",
        'С' => "S",
        'Т' => "T",
        'У' => "U",
        'Ф' => "F",
        'Х' => "KH",
        'Ц' => "TS",
        'Ч' => "CH",
        'Ш' => "SH",
        'Щ' => "SHCH",
        'Ю' => "YU",
        'Я' => "YA",
        'Ь' | 'Ъ' => "",
        c if c.is_alphanumeric() => return out.push(c),
        _ => "",
    };
    out.push_str(spelling);
}
