//! Searching by a pattern: `?` one character, `*` any number.
//!
//! Such a search is a leak of police data waiting to happen, so a pattern needs four fixed characters and the answer is
//! short; whoever offers the search also writes it to the ledger.

use super::{RecordRef, Registers};
use crate::domain::keys;

/// Fewest fixed characters of a pattern.
pub const FIXED_CHARS_MIN: usize = 4;
/// A pattern that begins with a wildcard walks every key; this many are looked at before the answer says that it was cut.
const KEYS_MAX: usize = 4_000_000;

/// Why a pattern was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Too wide.
    #[error("a pattern needs at least {FIXED_CHARS_MIN} fixed characters beside ? and *")]
    TooWide,
    /// Longer than any mark.
    #[error("the pattern is longer than any mark")]
    TooLong,
}

/// Records that bear a matching mark, at most as many as asked for, in the order of their marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// The records.
    pub records: Vec<RecordRef>,
    /// There were more.
    pub cut: bool,
}

/// Every class of keys is searched: serials first.
const CLASSES: &[u8] = b"SUVPEDC";

/// Finds marks by a pattern; letters fold as in every other comparison.
pub fn search(index: &Registers, pattern: &str, limit: usize) -> Result<Matches, PatternError> {
    let pattern = fold(pattern)?;
    let prefix: String = pattern.iter().take_while(|c| !matches!(c, '?' | '*')).collect();
    let mut found = Matches { records: Vec::new(), cut: false };
    let mut looked_at = 0;
    for &class in CLASSES {
        for key in index.keys_from(class, &prefix) {
            looked_at += 1;
            if looked_at > KEYS_MAX {
                found.cut = true;
                return Ok(found);
            }
            if !matches(&pattern, &index.key(key)) {
                continue;
            }
            for record in index.records_of(key) {
                if found.records.len() >= limit {
                    found.cut = true;
                    return Ok(found);
                }
                if !found.records.contains(&record) {
                    found.records.push(record);
                }
            }
        }
    }
    Ok(found)
}

/// The pattern with its fixed parts as canonical keys are.
fn fold(pattern: &str) -> Result<Vec<char>, PatternError> {
    let mut out: Vec<char> = Vec::new();
    let mut fixed = String::new();
    let mut count = 0;
    for c in pattern.chars().chain(std::iter::once('*')) {
        if matches!(c, '?' | '*') {
            let folded = keys::canonical(&fixed);
            count += folded.chars().count();
            out.extend(folded.chars());
            fixed.clear();
            if c == '?' || out.last() != Some(&'*') {
                out.push(c);
            }
        } else {
            fixed.push(c);
        }
    }
    // The star that ended the last part was not asked for.
    if !pattern.ends_with('*') {
        out.pop();
    }
    match () {
        () if count < FIXED_CHARS_MIN => Err(PatternError::TooWide),
        () if out.len() > 64 => Err(PatternError::TooLong),
        () => Ok(out),
    }
}

/// Whether a key matches; the usual walk that goes back to the last star.
fn matches(pattern: &[char], key: &str) -> bool {
    let mut rest = key.chars();
    let mut at = 0;
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let here = rest.clone();
        match (pattern.get(at), rest.next()) {
            (Some('*'), _) => {
                at += 1;
                rest = here.clone();
                retry = Some((at, here));
            }
            (Some('?'), Some(_)) => at += 1,
            (Some(p), Some(c)) if *p == c => at += 1,
            (None, None) => return true,
            _ => match retry.as_mut() {
                Some((after_star, from)) => {
                    if from.next().is_none() {
                        return false;
                    }
                    (at, rest) = (*after_star, from.clone());
                }
                None => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_they_should() {
        let table = [
            ("АВ12??", "AB1234", true),
            ("АВ12??", "AB123", false),
            ("*1234", "AB1234", true),
            ("AB*34", "AB1234", true),
            ("AB*34", "AB345", false),
            ("*B12*4", "AB1234", true),
            ("a-b 1234*", "AB1234", true),
            ("AB1?34*", "AB1234", true),
            ("1234", "AB1234", false),
            ("*23*3*", "ABX23423", true),
        ];
        for (pattern, key, expected) in table {
            match fold(pattern) {
                Ok(folded) => assert_eq!(matches(&folded, key), expected, "{pattern} {key}"),
                Err(_) => assert_eq!(pattern.replace(['*', '?'], "").len(), 3, "{pattern} was refused"),
            }
        }
    }

    #[test]
    fn a_wide_pattern_is_refused() {
        for pattern in ["", "*", "AB?", "A*B*1", "???????"] {
            assert_eq!(fold(pattern), Err(PatternError::TooWide), "{pattern}");
        }
    }
}
