//! What the records around a key are like.
//!
//! Factories give serials out in series: the pistols of one year bear АВ, those of the next АГ. Where that is so, a weapon
//! that nobody looks for and whose mark falls on a record by accident is of the same model and year as that record, and
//! their agreement is worth little. So agreement is weighed not by how rare a model is in the whole register, but by how
//! rare it is among the marks next to this one.

use crate::registers::Registers;
use crate::registers::index::{Compact, KeyId};
use crate::registers::lessons::{Lessons, OPEN_MAX, OPEN_MIN, Window};

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

/// What was seen around a key, but for the records themselves.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The narrowest first.
    pub windows: Vec<Window>,
    /// Records of the widest window that bear another's mark, and how many would if numbers were given out by dice.
    pub doubled: f64,
    pub doubled_by_dice: f64,
}

/// So many records would bear another's mark by dice before it means anything that hardly any does,
const DOUBLED_ENOUGH: f64 = 6.0;
/// and of so many at the most one does.
const DOUBLED_ONE_OF: f64 = 6.0;

impl Around {
    /// Whether they stand close and hardly any bears another's mark: each number was given out once, and what was lost together is
    /// no crowd of strangers.
    pub fn is_given_out_once(&self) -> bool {
        self.doubled_by_dice >= DOUBLED_ENOUGH && self.doubled * DOUBLED_ONE_OF <= self.doubled_by_dice
    }

    /// Records for each mark here, where the whole series has `usual` of them.
    pub fn density(&self, usual: f64, lessons: &Lessons) -> f64 {
        match lessons.looks_around {
            true if self.is_given_out_once() => lessons.clumps.density(usual, &self.windows).min(usual),
            true => lessons.clumps.density(usual, &self.windows),
            false => usual,
        }
    }
}

/// The records of that register whose marks have the same letters and the same length, and as many of the same
/// first digits as still gives enough of them. The key's own are not among them. Gives what was seen, and the facts of the records in
/// the widest window that was looked into.
pub(super) fn of(index: &Registers, register: u8, key: KeyId, reach: &Reach) -> (Around, Vec<Compact>) {
    let own = index.key_bytes(key);
    let (class, own_text) = own.split_first().map_or((b'S', &own[..]), |(class, text)| (*class, text));
    let after = own_text.iter().rev().take_while(|b| !b.is_ascii_digit()).count();
    let count = own_text.iter().rev().skip(after).take_while(|b| b.is_ascii_digit()).count();
    let mut keys_left = reach.keys_max;
    let (mut around, mut records, mut here) = (Around::default(), Vec::new(), Vec::new());
    for open in OPEN_MIN..=count {
        records.clear();
        let (mut keys, mut is_whole) = (0, true);
        let begin = own_text.len() - after - open;
        let mut near = index.keys_from(class, own_text.get(..begin).unwrap_or_default());
        while let Some(id) = near.next() {
            let text = near.key();
            if keys_left == 0 || records.len() >= reach.records_max {
                is_whole = false;
                break;
            }
            keys_left -= 1;
            if text == own || text.len() != own.len() || !text.iter().zip(&own).all(|(&a, &b)| shape(a) == shape(b)) {
                continue;
            }
            here.clear();
            index.facts_of_key(id, &mut here);
            let before = records.len();
            records.extend(here.iter().map(|(_, compact)| *compact).filter(|c| c.register() == register));
            keys += usize::from(records.len() > before);
        }
        let all = 10f64.powi(open as i32) - 1.0;
        // The keys come in order, so what was not looked at lies behind the last.
        // A shorter one stands where it would stand with noughts behind it.
        let digit = |b: Option<&u8>| b.filter(|b| b.is_ascii_digit()).map_or(0.0, |b| f64::from(b - b'0'));
        let upto = |key: &[u8]| (1 + begin..1 + begin + open).fold(0.0, |n, at| 10.0 * n + digit(key.get(at)));
        let marks = if is_whole { all } else { upto(near.key()).clamp(1.0, all) };
        let others = records.len();
        if open <= OPEN_MAX {
            around.windows.push(Window { open, others: u32::try_from(others).unwrap_or(u32::MAX), marks });
        }
        around.doubled = (others - keys) as f64;
        around.doubled_by_dice = others as f64 - marks * (1.0 - (-(others as f64) / marks).exp());
        if others >= reach.records_enough || keys_left == 0 {
            break;
        }
    }
    records.truncate(reach.records_max);
    (around, records)
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
    use crate::domain::{Mark, Object, Record, RegisterId, RegisterVersion, Scheme, Status};
    use crate::registers::{IndexBuilder, RegisterFacts};

    /// Every third number of some length, and many that are a digit longer or shorter.
    fn counted() -> Registers {
        let facts = RegisterFacts {
            id: RegisterId("invented".into()),
            version: RegisterVersion(1),
            as_of_ms: 0,
            owner: "invented".into(),
            objects: vec![Object::Firearm],
            records: 4000,
            practice: true,
        };
        let mut builder = IndexBuilder::new(vec![facts]).unwrap();
        let numbers = (0..1000).step_by(3).map(|n| format!("А00193{n:03}"));
        for serial in numbers.chain((0..100).flat_map(|n| [format!("А00193{n:02}"), format!("А00193{:04}", n * 3)])) {
            let marks = vec![Mark::new(Scheme::Serial, serial)];
            builder.push(0, &Record { marks, status: Status::Stolen, ..Record::default() }).unwrap();
        }
        builder.finish().unwrap().into()
    }

    #[test]
    fn windows_hold_what_stands_in_them_however_far_they_were_looked_through() {
        let index = counted();
        let key = index.exact(b'S', "A00193153").next().unwrap();
        for reach in [&NEAR, &FAR] {
            let (around, _) = of(&index, 0, key, reach);
            let (hundred, thousand) = (around.windows[0], around.windows[1]);
            assert_eq!((hundred.open, hundred.others, hundred.marks), (2, 32, 99.0));
            let density = f64::from(thousand.others) / thousand.marks;
            assert!((0.3..0.36).contains(&density), "{thousand:?}");
            assert_eq!(around.doubled, 0.0);
        }
    }

    #[test]
    fn what_stands_around_outweighs_the_whole_register() {
        assert_eq!(blend(0.02, 0, 0), 0.02, "nothing around: the whole register");
        assert!(blend(0.02, 280, 300) > 0.7, "one model's series");
        assert!(blend(0.02, 0, 300) > 0.003, "never nothing");
    }
}
