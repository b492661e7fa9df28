//! What the records around a key are like.
//!
//! Factories give serials out in series: the pistols of one year bear АВ, those of the next АГ. Where that is so, a weapon
//! that nobody looks for and whose mark falls on a record by accident is of the same model and year as that record, and
//! their agreement is worth little. So agreement is weighed not by how rare a model is in the whole register, but by how
//! rare it is among the marks next to this one.

use crate::registers::Registers;
use crate::registers::index::{Compact, KeyId};

/// How far is looked around a key.
pub(super) struct Reach {
    /// As many records are looked at,
    records_max: usize,
    /// and ever fewer first digits must be equal until there are so many,
    records_enough: usize,
    /// and as many keys on the way to them.
    keys_max: usize,
}

/// In a check.
pub(super) const NEAR: Reach = Reach { records_max: 150, records_enough: 80, keys_max: 300 };
/// Of a sample, to see what a check cannot: a mark that is red by a short look is often so because that look missed a stranger.
pub(super) const FAR: Reach = Reach { records_max: 1200, records_enough: 600, keys_max: 2000 };

/// So many records' worth the whole register's share counts beside what was seen around.
const WHOLE_COUNTS: f64 = 60.0;

/// The facts of records of that register whose marks have the same letters and the same length, and as many of the same
/// first digits as still gives enough of them. The key's own are not among them.
pub(super) fn of(index: &Registers, register: u8, key: KeyId, reach: &Reach) -> Vec<Compact> {
    let own = index.key_bytes(key);
    let (class, own_text) = own.split_first().map_or((b'S', &own[..]), |(class, text)| (*class, text));
    let digits_at_end = own_text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let mut keys_left = reach.keys_max;
    let (mut found, mut here) = (Vec::new(), Vec::new());
    for open in 2..=digits_at_end {
        found.clear();
        let mut around = index.keys_from(class, own_text.get(..own_text.len() - open).unwrap_or_default());
        while let Some(near) = around.next() {
            let Some(left) = keys_left.checked_sub(1) else { break };
            keys_left = left;
            let text = around.key();
            if text == own || text.len() != own.len() || !text.iter().zip(&own).all(|(&a, &b)| shape(a) == shape(b)) {
                continue;
            }
            here.clear();
            index.facts_of_key(near, &mut here);
            found.extend(here.iter().map(|(_, compact)| *compact).filter(|c| c.register() == register));
            if found.len() >= reach.records_max {
                break;
            }
        }
        if found.len() >= reach.records_enough || keys_left == 0 {
            break;
        }
    }
    found.truncate(reach.records_max);
    found
}

fn shape(byte: u8) -> u8 {
    if byte.is_ascii_digit() { b'0' } else { byte }
}

/// The share in the whole register and what was seen around, taken together.
///
/// That none of a hundred is alike does not make it one in ten thousand: half a record is counted beside those seen.
pub(super) fn blend(share: f64, alike: usize, seen: usize) -> f64 {
    let seen = seen as f64;
    let unseen = 0.5 * seen / (seen + WHOLE_COUNTS);
    (alike as f64 + unseen + WHOLE_COUNTS * share) / (seen + WHOLE_COUNTS)
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
