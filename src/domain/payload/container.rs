//! Freight containers (ISO 6346) whose number stands alone, or with the code of its size and type behind it.

use super::Understood;
use crate::domain::check_digit::{self, container_fits};
use crate::domain::keys::exact_key;
use crate::domain::mark::Scheme;
use crate::domain::verdict::Finding;

const NUMBER_CHARS: usize = 11;
const WITHOUT_CHECK_DIGIT_CHARS: usize = 10;
const SIZE_TYPE_CHARS: usize = 4;

/// Three letters of the owner, U, J or Z, six digits and the right check digit; a letter read among them is the digit that it looks like,
/// and the text a serial beside. With a wrong one, or with none, it may as
/// well be a serial and stays one, unless it is set apart or followed by a size and type as containers are: then it is
/// both, and a missing digit is put to it as the standard gives it.
pub fn understand(text: &str) -> Option<Understood> {
    let text = text.trim();
    let mut out = Understood::of("container");
    let (whole, behind) = split(text, NUMBER_CHARS).unwrap_or((text, ""));
    let sized = is_size_type(behind);
    if is_certain(whole) && (behind.is_empty() || behind.starts_with(char::is_whitespace) || sized) {
        out.mark(Scheme::Container, whole);
        return Some(with_rest(out, behind));
    }
    let complete = behind.is_empty() || sized;
    let read = exact_key(Scheme::Container, whole);
    if complete && is_shaped(&read) && container_fits(&read) {
        // A letter was read among the digits: as a serial it may be right.
        out.mark(Scheme::Serial, whole);
        out.mark(Scheme::Container, whole);
        return Some(with_rest(out, behind));
    }
    if sized && is_shaped(&folded(whole)) {
        out.mark(Scheme::Serial, whole);
        out.mark(Scheme::Container, whole);
        out.finding(Finding::CheckDigitWrong);
        return Some(with_rest(out, behind));
    }
    let (number, behind) = split(text, WITHOUT_CHECK_DIGIT_CHARS)?;
    let set_apart = number.get(4..).is_some_and(|rest| rest.starts_with([' ', '-']));
    let complete = is_size_type(behind) || (behind.is_empty() && set_apart);
    let key = folded(number);
    let digit = check_digit::container(&key).filter(|_| complete && is_shaped(&key))?;
    out.mark(Scheme::Serial, number);
    out.mark(Scheme::Container, &format!("{key}{digit}"));
    out.fact("check_digit_added", digit);
    Some(with_rest(out, behind))
}

/// The same of a text that was said to be a container's: the shape is enough.
pub fn understand_named(text: &str) -> Option<Understood> {
    let number = exact_key(Scheme::Container, text);
    if is_certain(text) || !is_shaped(&number) {
        return None;
    }
    let mut out = Understood::of("container");
    out.mark(Scheme::Serial, text);
    match number.len() {
        NUMBER_CHARS => {
            out.mark(Scheme::Container, text);
            if !container_fits(&number) {
                out.finding(Finding::CheckDigitWrong);
            }
        }
        WITHOUT_CHECK_DIGIT_CHARS => {
            let digit = check_digit::container(&number)?;
            out.mark(Scheme::Container, &format!("{number}{digit}"));
            out.fact("check_digit_added", digit);
        }
        _ => return None,
    }
    Some(out)
}

/// Whether a text is a container number with the right check digit, and nothing else.
pub fn is_certain(text: &str) -> bool {
    let number = folded(text);
    is_shaped(&number) && container_fits(&number)
}

fn is_shaped(number: &str) -> bool {
    let first = number.get(..WITHOUT_CHECK_DIGIT_CHARS);
    matches!(number.as_bytes().get(3), Some(b'U' | b'J' | b'Z')) && first.and_then(check_digit::container).is_some()
}

/// Size and type (ISO 6346, 4.2): length, height and width, then a letter for the group of types and its detail.
fn is_size_type(text: &str) -> bool {
    let code = folded(text.split_whitespace().next().unwrap_or_default());
    matches!(
        code.as_bytes(),
        [b'1'..=b'4' | b'A'..=b'P', b'0'..=b'9' | b'C'..=b'P', b'A'..=b'Z', b'0'..=b'9' | b'A'..=b'Z']
    )
}

fn with_rest(mut out: Understood, behind: &str) -> Understood {
    let behind = behind.trim();
    let (code, rest) = split(behind, SIZE_TYPE_CHARS).filter(|_| is_size_type(behind)).unwrap_or(("", behind));
    if !code.is_empty() {
        out.fact("size_type", code);
    }
    out.left(rest.trim());
    out
}

fn folded(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>().to_ascii_uppercase()
}

/// The text up to so many letters and digits, and what follows.
fn split(text: &str, chars: usize) -> Option<(&str, &str)> {
    let mut signs = text.char_indices().filter(|(_, c)| !matches!(c, ' ' | '-'));
    let (at, last) = signs.nth(chars - 1)?;
    Some(text.split_at(at + last.len_utf8()))
}
