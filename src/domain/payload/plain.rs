//! Text without any form: a serial if it can be one, or several, else kept and shown.

use super::{MARKS_MAX, Understood};
use crate::domain::controls::is_control;
use crate::domain::keys::{canonical, is_usable, split_parts};
use crate::domain::mark::Scheme;

/// Longest canonical key of a serial found as plain text.
const SERIAL_CHARS_MAX: usize = 32;
/// Most words of one: `SERIAL NUMBER AB 1234 C`. What is written apart, character by character, is no word.
const WORDS_MAX: usize = 6;
const WORD_LETTERS_MIN: usize = 3;
/// Most lines that may be one serial, and fewest characters of each where they are several.
const LINES_OF_ONE_MAX: usize = 3;
const LINE_CHARS_MIN: usize = 4;

/// What could be a serial is one: a mark looked up in vain costs nothing, a mark never looked up may cost a life. Lines and columns
/// that can each be a serial are several; any others are one, with something between its characters.
pub fn understand(text: &str) -> Understood {
    if text.is_empty() {
        return Understood::of("other");
    }
    let lines: Vec<&str> = text.split(is_control).map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() < 2 {
        return understand_line(text).unwrap_or_else(|| kept(text));
    }
    // What has names or a person in it is a form that nobody knows here.
    if text.contains([':', '<']) {
        return kept(text);
    }
    if lines.len() <= MARKS_MAX && lines.iter().all(|line| is_one_of_several(line)) {
        let mut out = Understood::of("plain");
        lines.iter().for_each(|line| out.mark(Scheme::Serial, line));
        return out;
    }
    let joined = (lines.len() <= LINES_OF_ONE_MAX).then(|| lines.join(" "));
    joined.and_then(|line| understand_line(&line)).unwrap_or_else(|| kept(text))
}

/// A person who types something short means a serial, even one that cannot be looked up; the verdict then says so.
pub fn understand_typed(text: &str) -> Understood {
    match understand(text) {
        other if other.form == "other" && !text.contains(is_control) && is_short(text) => {
            Understood::one("plain", Scheme::Serial, text)
        }
        understood => understood,
    }
}

fn understand_line(line: &str) -> Option<Understood> {
    let can_be_one = is_short(line) && split_parts(line).iter().any(|part| is_usable(&canonical(part)));
    can_be_one.then(|| Understood::one("plain", Scheme::Serial, line))
}

fn kept(text: &str) -> Understood {
    Understood::one("other", Scheme::Other, text)
}

fn is_one_of_several(line: &str) -> bool {
    let key = canonical(line);
    is_short(line) && is_usable(&key) && key.chars().nth(LINE_CHARS_MIN - 1).is_some()
}

fn is_short(line: &str) -> bool {
    let named_values = line.contains(';') && line.contains(':');
    let prose = named_values || line.contains(['@', '{', '}']) || line.contains("://");
    let is_word = |word: &&str| {
        word.chars().all(|c| !c.is_numeric())
            && word.chars().filter(|c| c.is_alphabetic()).nth(WORD_LETTERS_MIN - 1).is_some()
    };
    !prose
        && line.split_whitespace().filter(is_word).nth(WORDS_MAX).is_none()
        && split_parts(line).iter().all(|part| canonical(part).chars().nth(SERIAL_CHARS_MAX).is_none())
        && line.chars().any(char::is_alphanumeric)
}
