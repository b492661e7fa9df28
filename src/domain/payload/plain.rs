//! Text without any form: a serial if it can be one, else kept and shown.

use super::Understood;
use crate::domain::keys::{canonical, is_usable, split_parts};
use crate::domain::mark::Scheme;

/// Longest canonical key of a serial found as plain text.
const SERIAL_CHARS_MAX: usize = 32;
/// Most words of one: `SER NO AB 1234 C`.
const WORDS_MAX: usize = 6;

/// What could be a serial is one: a mark looked up in vain costs nothing, a mark never looked up may cost a life.
pub fn understand(text: &str) -> Understood {
    if text.is_empty() {
        return Understood::of("other");
    }
    let usable = split_parts(text).iter().any(|part| is_usable(&canonical(part)));
    let form = if usable && is_short(text) { ("plain", Scheme::Serial) } else { ("other", Scheme::Other) };
    Understood::one(form.0, form.1, text)
}

/// A person who types something short means a serial, even one that cannot be looked up; the verdict then says so.
pub fn understand_typed(text: &str) -> Understood {
    match understand(text) {
        other if other.form == "other" && is_short(text) => Understood::one("plain", Scheme::Serial, text),
        understood => understood,
    }
}

fn is_short(text: &str) -> bool {
    let one_line = !text.contains(char::is_control);
    let named_values = text.contains(';') && text.contains(':');
    let prose = named_values || text.contains(['@', '{', '}']) || text.contains("://");
    one_line
        && !prose
        && text.split_whitespace().nth(WORDS_MAX).is_none()
        && split_parts(text).iter().all(|part| canonical(part).chars().nth(SERIAL_CHARS_MAX).is_none())
        && text.chars().any(char::is_alphanumeric)
}
