//! One alphabet for all: compatibility forms, case, look-alike scripts, digits of every script, and leading labels.

use unicode_normalization::UnicodeNormalization;

/// The numero sign. It is dropped before normalization, which would make the letters `No` of it.
const NUMERO: char = '\u{2116}';
/// Ordinal indicator and ring above: people type either for the degree sign of `N°`.
const DEGREE_LIKE: [char; 2] = ['\u{BA}', '\u{2DA}'];
const DEGREE: char = '\u{B0}';

/// Labels that may stand before a serial, as they look after folding (СЕР and ЗАВ have met their Latin look-alikes).
/// `SER NO` is `SER` followed by `NO`.
const LABELS: [&str; 24] = [
    "SERIAL",
    "SERIE",
    "SÉRIE",
    "DE SERIE",
    "DE SÉRIE",
    "SERIENNUMMER",
    "SER",
    "S/N",
    "S.N",
    "SN",
    "NUMBER",
    "NUMERO",
    "NUMÉRO",
    "NÚMERO",
    "NO",
    "CEPIЯ",
    "CEPИЯ",
    "CEPIЙHИЙ",
    "CEPИЙHЫЙ",
    "CEP",
    "ЗABOДCЬKИЙ",
    "ЗABOДCKOЙ",
    "ЗAB",
    "HOMEP",
];
/// Labels with the sign that parts them: without it, NR may be the letters of a series.
const PARTED_LABELS: [&str; 3] = ["N°", "NR.", "NR:"];
/// Labels that people write without anything between them and the number, longer ones first. Nobody can say whether they are letters of
/// the serial.
const GLUED_LABELS: [&str; 7] = ["SERIAL", "SER", "SN", "NO", "NR", "CEP", "ЗAB"];

/// Zero of every run of ten decimal digits in Unicode 17, without those that normalization already makes ASCII.
const ZEROS: [u32; 73] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0,
    0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70,
    0x1CCF0, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0, 0x1D7CE,
];

/// Value of a decimal digit of any script.
pub fn decimal_value(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let code = c as u32;
    if code < 0x0660 {
        return None;
    }
    if (0x1D7CE..=0x1D7FF).contains(&code) {
        return Some((code - 0x1D7CE) % 10);
    }
    ZEROS.iter().find_map(|&zero| (zero..zero + 10).contains(&code).then(|| code - zero))
}

/// The Latin capital that an upper-case Cyrillic or Greek letter looks like. Not the UTS #39 skeleton, which sends І to
/// small L. З and Б look like digits, not letters; they are for the skeleton key only.
pub fn latin_look_alike(c: char) -> Option<char> {
    Some(match c {
        'А' | 'Α' | 'Ά' => 'A',
        'В' | 'Β' => 'B',
        'С' | '\u{3F9}' => 'C',
        // Ё is printed without its dots as often as with them.
        'Е' | 'Ё' | '\u{400}' | 'Ε' | 'Έ' => 'E',
        '\u{3DC}' => 'F',
        '\u{50C}' => 'G',
        'Н' | 'Η' | 'Ή' => 'H',
        'І' | '\u{4C0}' | 'Ι' | 'Ί' | 'Ϊ' | 'İ' => 'I',
        'Ј' | '\u{37F}' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' | 'Ό' => 'O',
        'Р' | 'Ρ' => 'P',
        '\u{51A}' => 'Q',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        '\u{474}' => 'V',
        '\u{51C}' => 'W',
        'Х' | 'Χ' => 'X',
        'У' | '\u{4AE}' | 'Υ' | 'Ύ' | 'Ϋ' => 'Y',
        'Ζ' => 'Z',
        _ => return None,
    })
}

/// Whether a letter is Cyrillic.
pub fn is_cyrillic_letter(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52F}' | '\u{1C80}'..='\u{1C8F}' | '\u{A640}'..='\u{A69F}') && c.is_alphabetic()
}

/// Whether any letter of the text is Cyrillic.
pub fn is_cyrillic(raw: &str) -> bool {
    !raw.is_ascii() && raw.chars().any(is_cyrillic_letter)
}

/// Whether any letter of the text is Greek.
pub fn is_greek(raw: &str) -> bool {
    !raw.is_ascii() && raw.chars().any(|c| matches!(c, '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}'))
}

/// Whether a text is made of ASCII and of Ukrainian and Russian letters, with № and ° among them: as nearly all serials
/// outside ASCII are. Each of these folds alone, and stays folded.
pub(super) fn is_simple(text: &str) -> bool {
    let simple = |c: char| {
        c.is_ascii()
            || matches!(c, 'А'..='я' | 'І' | 'і' | 'Ї' | 'ї' | 'Є' | 'є' | 'Ґ' | 'ґ' | 'Ё' | 'ё' | NUMERO | DEGREE)
    };
    text.chars().all(simple)
}

fn fold_simple(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let upper = match c {
        'а'..='я' => char::from_u32(c as u32 - 0x20).unwrap_or(c),
        'і' => 'І',
        'ї' => 'Ї',
        'є' => 'Є',
        'ґ' => 'Ґ',
        'ё' => 'Ё',
        other => other,
    };
    latin_look_alike(upper).unwrap_or(upper)
}

/// Text without №, in NFKC, upper case without locale, look-alike letters as Latin, digits as ASCII; separators stay.
pub(super) fn fold(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    if is_simple(raw) {
        out.extend(raw.chars().filter(|c| *c != NUMERO).map(fold_simple));
        return out;
    }
    let kept = raw.chars().filter(|c| *c != NUMERO).map(|c| if DEGREE_LIKE.contains(&c) { DEGREE } else { c });
    kept.nfkc().for_each(|c| push_folded(c, &mut out));
    out
}

fn push_folded(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_uppercase());
        return;
    }
    for upper in c.to_uppercase() {
        let digit = decimal_value(upper).and_then(|value| char::from_digit(value, 10));
        out.push(latin_look_alike(upper).or(digit).unwrap_or(upper));
    }
}

/// [`fold`], keeping only some characters.
pub(super) fn fold_filtered(raw: &str, keep: impl Fn(char) -> bool) -> String {
    if raw.is_ascii() {
        return raw.chars().map(|c| c.to_ascii_uppercase()).filter(|c| keep(*c)).collect();
    }
    let mut out: String = fold(raw).chars().filter(|c| keep(*c)).collect();
    for _ in 0..4 {
        let again: String = fold(&out).chars().filter(|c| keep(*c)).collect();
        if again == out {
            break;
        }
        out = again;
    }
    out
}

/// What stands after the leading labels of a folded text. A label goes only when punctuation or a space parts it from
/// a rest that holds a digit; the degree sign of `N°` is such punctuation itself.
pub(super) fn after_labels(folded: &str) -> &str {
    let mut rest = folded;
    while let Some(shorter) = after_one_label(rest) {
        rest = shorter;
    }
    rest
}

fn after_one_label(folded: &str) -> Option<&str> {
    let text = folded.trim_start_matches(|c: char| !c.is_alphanumeric());
    let after_label = LABELS.iter().find_map(|label| {
        let rest = text.strip_prefix(label)?;
        rest.chars().next().is_some_and(|c| !c.is_alphanumeric()).then_some(rest)
    });
    let rest = after_label.or_else(|| PARTED_LABELS.iter().find_map(|label| text.strip_prefix(label)))?;
    rest.bytes().any(|b| b.is_ascii_digit()).then_some(rest)
}

/// [`after_labels`] for plain ASCII in any case, without a copy when there is no label to be seen.
pub(super) fn after_ascii_labels(raw: &str) -> &str {
    let mut rest = raw;
    while let Some(shorter) = after_one_ascii_label(rest) {
        rest = shorter;
    }
    rest
}

fn after_one_ascii_label(raw: &str) -> Option<&str> {
    let text = raw.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if !text.starts_with(['S', 's', 'N', 'n', 'C', 'c', 'D', 'd', 'H', 'h']) {
        return None;
    }
    let after = |label: &&str| {
        let begins = text.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label));
        begins.then(|| text.get(label.len()..)).flatten()
    };
    let parted = |rest: &&str| rest.bytes().next().is_some_and(|b| !b.is_ascii_alphanumeric());
    let after_label = LABELS.iter().find_map(|label| after(label).filter(parted));
    let rest = after_label.or_else(|| PARTED_LABELS.iter().find_map(after))?;
    rest.bytes().any(|b| b.is_ascii_digit()).then_some(rest)
}

/// The canonical key with its label where that was left out, and without where it was not: the other side of a comparison may have
/// been written the other way. `None` where there is no label.
pub(super) fn labelled_otherwise(raw: &str, canonical: &str) -> Option<String> {
    let whole = fold_filtered(raw, char::is_alphanumeric);
    if whole != canonical {
        return Some(whole);
    }
    let rest = GLUED_LABELS.iter().find_map(|label| canonical.strip_prefix(label))?;
    Some(rest.to_owned())
}
