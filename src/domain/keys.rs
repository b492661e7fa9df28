//! Keys by which serial numbers are compared. The raw text is kept for ever; these are what look-ups see.
//!
//! Both sides of a comparison (the mark in the officer's hand and the mark in a register) are folded by the same
//! functions, so that АВ 1234 typed in Cyrillic and AB-1234 printed in Latin meet. Every key derives from the canonical
//! one, and the canonical key of a canonical key is itself.
//!
//! Millions of records are keyed at each import: plain ASCII takes a path of its own that allocates nothing but the keys.

mod align;
mod fold;
mod note;
mod sound;

pub use align::{are_look_alikes, diff, diff_whole};
pub use fold::{decimal_value, is_cyrillic, is_cyrillic_letter, is_greek, latin_look_alike};
pub use note::{Note, Reading, reading};
pub use sound::{SOUND_VARIANTS_MAX, sound_variants, spellings};

use std::borrow::Cow;

use super::mark::Scheme;

/// The keys of one part of a serial or import mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// K1: letters and digits only, upper case, look-alike scripts as Latin, leading zeros kept.
    pub canonical: String,
    /// K2: K1 with the characters that officers confuse taken as one (O Q 0, I L 1, S 5, B 8, Z 2, G 6 Б, З 3).
    pub skeleton: String,
    /// K3: K1 without the letters between its first and last digit.
    pub core: String,
    /// K4: the longest run of digits of K1 without leading zeros (the first of equals); empty when there is none.
    pub number: String,
    /// KT: K1 with its Cyrillic letters typed as they sound, at most [`SOUND_VARIANTS_MAX`], and K1 with a label that may be a part
    /// of it, or without; empty when it has neither.
    /// A look-up by sound compares `{K1} ∪ KT` of one side with `{K1} ∪ KT` of the other.
    pub sound: Vec<String>,
    /// Whether the mark may be looked up alone.
    pub usable: bool,
}

/// What may stand between two serials; a plus may, too.
const SEPARATORS: [char; 10] = ['/', '\\', ',', ';', '|', '[', ']', '\t', '\n', '\r'];
/// More pieces than these are a code of some other sort.
const BESIDE_SLASHES_MAX: usize = 3;
/// A shorter piece, a year among them, is borne by too many to be a mark by itself.
const BESIDE_SLASH_CHARS_MIN: usize = 5;
/// Words that stand where no serial was found, in their canonical form.
const NO_SERIAL_WORDS: [&str; 7] = ["NONE", "UNK", "UNKNOWN", "NOSER", "SANS", "БH", "БEЗHOMEPA"];

/// `A (B)` is two serials on one weapon (importer's and maker's): gives both. Anything else is one part, as it stands.
pub fn split_parts(raw: &str) -> Vec<String> {
    match two_parts(raw) {
        Some((first, second)) => vec![first.to_owned(), second.to_owned()],
        None => vec![raw.trim().to_owned()],
    }
}

fn two_parts(raw: &str) -> Option<(&str, &str)> {
    let inner = raw.trim().strip_suffix([')', '）'])?;
    let (first, second) = inner.split_once(['(', '（'])?;
    let (first, second) = (first.trim(), second.trim());
    let says_something = |s: &str| s.chars().any(char::is_alphanumeric);
    // Two brackets are a GS1 element string or prose, not a pair of serials.
    let nested = |s: &str| s.contains(['(', ')', '（', '）']);
    (says_something(first) && says_something(second) && !nested(first) && !nested(second)).then_some((first, second))
}

/// A serial with a slash, comma, semicolon, bar, plus or square bracket in it, and what stands beside that where it is a serial by
/// itself: frame and slide, number and year, two weapons in one line. Which is meant nobody can say, so each is looked for, and is a mark
/// of a record. `АВ/12345` is a series and its number, and one.
pub fn beside_separators(text: &str) -> Vec<&str> {
    let is_long = |part: &&str| canonical(part).chars().nth(BESIDE_SLASH_CHARS_MIN - 1).is_some();
    // 1.23457E+11 is one number that a spreadsheet rounded.
    let plus_parts = text.contains('+') && text.split('+').all(|part| is_long(&part));
    let parts = text.split(|c| SEPARATORS.contains(&c) || c == '+' && plus_parts);
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    let has_digit = |part: &&str| part.bytes().any(|b| b.is_ascii_digit());
    let mut marks = vec![text];
    if (2..=BESIDE_SLASHES_MAX).contains(&parts.len()) && parts.iter().all(has_digit) {
        marks.extend(parts.into_iter().filter(is_long));
    }
    marks
}

/// All keys of one part (see [`split_parts`]).
pub fn keys(raw: &str) -> Keys {
    let mut keys = keys_of_canonical(canonical(raw));
    // `SN 88123K` was keyed without its label and `SN88123K` with it. By sound, so that it never makes a hit by itself.
    let otherwise = fold::labelled_otherwise(raw, &keys.canonical);
    keys.sound.extend(otherwise.filter(|key| is_usable(key) && key.chars().nth(BESIDE_SLASH_CHARS_MIN - 1).is_some()));
    keys
}

/// All keys, from a canonical key that is already there.
pub fn keys_of_canonical(canonical: String) -> Keys {
    let sound = if canonical.is_ascii() { Vec::new() } else { sound_variants(&canonical) };
    Keys {
        skeleton: skeleton(&canonical),
        core: core(&canonical).into_owned(),
        number: number(&canonical).to_owned(),
        sound,
        usable: is_usable(&canonical),
        canonical,
    }
}

/// K1 of one part.
pub fn canonical(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    write_canonical(raw, &mut out);
    out
}

/// K1 of one part, appended to `out`; for loops that key many records into one buffer.
pub fn write_canonical(raw: &str, out: &mut String) {
    if raw.is_ascii() {
        let rest = fold::after_ascii_labels(raw);
        out.extend(rest.bytes().filter(u8::is_ascii_alphanumeric).map(|b| char::from(b.to_ascii_uppercase())));
        return;
    }
    let folded = fold::fold(raw);
    let rest = fold::after_labels(&folded);
    let begin = out.len();
    out.extend(rest.chars().filter(|c| c.is_alphanumeric()));
    // Letters that a hyphen kept apart (Hangul jamo, for one) may now join; a second round gives the form that stays.
    for _ in 0..4 {
        if fold::is_simple(&out[begin..]) {
            return;
        }
        let again: String = fold::fold(&out[begin..]).chars().filter(|c| c.is_alphanumeric()).collect();
        if again == out[begin..] {
            return;
        }
        out.truncate(begin);
        out.push_str(&again);
    }
}

/// K2 of a canonical key.
pub fn skeleton(canonical: &str) -> String {
    if canonical.is_ascii() {
        let mut out = String::with_capacity(canonical.len());
        out.extend(canonical.bytes().map(|b| char::from(skeleton_of_ascii(b))));
        return out;
    }
    canonical.chars().map(skeleton_of).collect()
}

fn skeleton_of_ascii(b: u8) -> u8 {
    match b {
        b'O' | b'Q' => b'0',
        b'I' | b'L' => b'1',
        b'S' => b'5',
        b'B' => b'8',
        b'Z' => b'2',
        b'G' => b'6',
        other => other,
    }
}

/// The character that stands for all those which officers confuse with this one.
pub fn skeleton_of(c: char) -> char {
    match c {
        'З' => '3',
        'Б' => '6',
        c if c.is_ascii() => char::from(skeleton_of_ascii(c as u8)),
        c => c,
    }
}

/// K3 of a canonical key: prefix and suffix letters count, letters between the first and the last digit do not.
pub fn core(canonical: &str) -> Cow<'_, str> {
    let is_digit = |b: &u8| b.is_ascii_digit();
    let bytes = canonical.as_bytes();
    let (Some(first), Some(last)) = (bytes.iter().position(is_digit), bytes.iter().rposition(is_digit)) else {
        return Cow::Borrowed(canonical);
    };
    if bytes[first..=last].iter().all(is_digit) {
        return Cow::Borrowed(canonical);
    }
    let mut out = String::with_capacity(canonical.len());
    out.push_str(&canonical[..first]);
    out.extend(bytes[first..=last].iter().filter(|b| b.is_ascii_digit()).map(|b| char::from(*b)));
    out.push_str(&canonical[last + 1..]);
    Cow::Owned(out)
}

/// K4 of a canonical key.
pub fn number(canonical: &str) -> &str {
    let mut longest = "";
    for run in canonical.split(|c: char| !c.is_ascii_digit()) {
        if run.len() > longest.len() {
            longest = run;
        }
    }
    longest.trim_start_matches('0')
}

/// Whether a canonical key may be looked up alone: it holds a digit, is not only zeros, has two characters or more, and
/// is not one of the words written where there is no serial (with or without zeros after it).
pub fn is_usable(canonical: &str) -> bool {
    let has_digit = canonical.bytes().any(|b| b.is_ascii_digit());
    let beside_zeros = canonical.trim_matches('0');
    has_digit
        && !beside_zeros.is_empty()
        && canonical.chars().nth(1).is_some()
        && !NO_SERIAL_WORDS.contains(&beside_zeros)
}

/// The key by which a mark of this scheme is compared exactly. Empty means: cannot be compared.
///
/// Serials and import marks give K1. Every other scheme keeps what it may hold and gives up only what it forbids itself:
/// separators, look-alike scripts, O, Q and I in a VIN, letters among the digits of a container number (ISO 6346). UIIs keep `-` and
/// `/`, which are part of them (MIL-STD-130N). The code of the country before a plate is no part of it.
/// Trade item numbers are padded to 14 digits, so that the 13 digits of a label and the 14 of a symbol meet.
pub fn exact_key(scheme: Scheme, raw: &str) -> String {
    match scheme {
        Scheme::Serial | Scheme::Import => canonical(raw),
        Scheme::Uii => fold::fold_filtered(raw, |c| c.is_alphanumeric() || matches!(c, '-' | '/')),
        Scheme::Vin => {
            let mut key = fold::fold_filtered(raw, char::is_alphanumeric);
            if key.contains(['O', 'Q', 'I']) {
                key = key.replace(['O', 'Q'], "0").replace('I', "1");
            }
            key
        }
        Scheme::Plate => without_country(fold::fold_filtered(raw, char::is_alphanumeric)),
        Scheme::Container => with_digits(fold::fold_filtered(raw, char::is_alphanumeric)),
        Scheme::Engine | Scheme::Document => fold::fold_filtered(raw, char::is_alphanumeric),
        Scheme::Gtin => {
            let digits = fold::fold_filtered(raw, |c| c.is_ascii_digit());
            if matches!(digits.len(), 8 | 12 | 13) { format!("{digits:0>14}") } else { digits }
        }
        Scheme::Other => String::new(),
    }
}

/// A Ukrainian plate, of two letters, four digits and two letters, without the country's code from its blue band. Of plates of other
/// shapes two letters may be a town's, and Bulgarian ones of the same shape are other plates.
fn without_country(plate: String) -> String {
    let is_one = |rest: &&str| {
        let bytes = rest.as_bytes();
        let shape = |b: &u8| (b.is_ascii_digit(), b.is_ascii_alphabetic());
        let (letter, digit) = ((false, true), (true, false));
        bytes.iter().map(shape).eq([letter, letter, digit, digit, digit, digit, letter, letter])
    };
    plate.strip_prefix("UA").filter(is_one).map(str::to_owned).unwrap_or(plate)
}

/// A container number with digits for the letters that look like them behind its owner's four letters (ISO 6346).
fn with_digits(number: String) -> String {
    let is_owner = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase()) && text.ends_with(['U', 'J', 'Z']);
    let Some((owner, digits)) = number.split_at_checked(4).filter(|(owner, _)| is_owner(owner)) else { return number };
    let read: String = digits.chars().map(skeleton_of).collect();
    let is_number = matches!(read.len(), 6 | 7) && read.bytes().all(|b| b.is_ascii_digit());
    if is_number { format!("{owner}{read}") } else { number }
}

#[cfg(test)]
mod tests;
