//! What the records around a key are like.
//!
//! Factories give serials out in series: the pistols of one year bear АВ, those of the next АГ. Where that is so, a weapon
//! that nobody looks for and whose mark falls on a record by accident is of the same model and year as that record, and
//! their agreement is worth little. So agreement is weighed not by how rare a model is in the whole register, but by how
//! rare it is among the marks next to this one.

use crate::registers::Registers;
use crate::registers::index::{KeyId, RecordRef};

/// As many records around a key are looked at, and as many keys on the way to them.
const RECORDS_MAX: usize = 300;
const RECORDS_ENOUGH: usize = 100;
const KEYS_MAX: usize = 1500;
/// So many records' worth the whole register's share counts beside what was seen around.
const WHOLE_COUNTS: f64 = 60.0;

/// Records of that register whose marks have the same letters and the same length, and as many of the same first digits as
/// still gives enough of them. The key's own are not among them.
pub(super) fn of(index: &Registers, register: usize, key: KeyId) -> Vec<RecordRef> {
    let own = index.key(key);
    let own: &str = own.as_ref();
    let class = index.key_bytes(key).first().copied().unwrap_or(b'S');
    let own_shape: Vec<char> = own.chars().map(shape).collect();
    let digits_at_end = own.bytes().rev().take_while(u8::is_ascii_digit).count();
    let mut found = Vec::new();
    for open in 2..=digits_at_end {
        found.clear();
        let prefix = own.get(..own.len() - open).unwrap_or_default();
        for near in index.keys_from(class, prefix).take(KEYS_MAX) {
            let text = index.key(near);
            let text: &str = text.as_ref();
            if text == own || text.len() != own.len() || !text.chars().map(shape).eq(own_shape.iter().copied()) {
                continue;
            }
            found.extend(index.records_of(near).filter(|&r| index.register_of(r) == register));
            if found.len() >= RECORDS_MAX {
                break;
            }
        }
        if found.len() >= RECORDS_ENOUGH {
            break;
        }
    }
    found.truncate(RECORDS_MAX);
    found
}

fn shape(c: char) -> char {
    if c.is_ascii_digit() { '0' } else { c }
}

/// The share in the whole register and what was seen around, taken together.
pub(super) fn blend(share: f64, alike: usize, seen: usize) -> f64 {
    (alike as f64 + WHOLE_COUNTS * share) / (seen as f64 + WHOLE_COUNTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_outweighs_the_whole_register() {
        assert_eq!(blend(0.02, 0, 0), 0.02, "nothing around: the whole register");
        assert!(blend(0.02, 280, 300) > 0.7, "one model's series");
        assert!(blend(0.02, 0, 300) > 0.003, "never nothing");
    }
}
