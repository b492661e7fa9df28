//! Lots of serials listed by their ends: which of them hold a serial.

use serde::{Deserialize, Serialize};

use super::RecordRef;
use crate::domain::keys;
use crate::domain::range::{SerialRange, shape_and_number};
use crate::registers::pattern::Pattern;

/// The serials of one shape from one number to another, and the record that lists them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Lot {
    shape: String,
    low: u64,
    high: u64,
    record: u32,
    /// The shape is not the lot's own, but how its Cyrillic letters are typed by their sound.
    by_sound: bool,
}

impl Lot {
    fn found(&self) -> InLot {
        let items = self.high.saturating_sub(self.low).saturating_add(1);
        InLot { record: RecordRef(self.record), by_sound: self.by_sound, items }
    }
}

/// A lot that holds a serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InLot {
    /// The record that lists it.
    pub record: RecordRef,
    /// The serial meets the lot only as its letters sound.
    pub by_sound: bool,
    /// How many serials of that length the lot has.
    pub items: u64,
}

/// All lots, by shape and first number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Lots {
    lots: Vec<Lot>,
    /// The highest end of the lots of the same shape up to each: where to stop looking back.
    reach: Vec<u64>,
}

/// A lot contains a few thousand items at most, so a serial is in few of them; past this the answer says that it was cut.
const FOUND_MAX: usize = 200;
/// Lots that are looked at.
const LOOKED_AT_MAX: usize = 20_000;
/// The same where the letters are not known: each lot costs a comparison of two numbers.
const LOOKED_AT_BY_NUMBER_MAX: usize = 50_000;
/// So many lots that hold a number are enough: what they have in common is little.
const FOUND_BY_NUMBER_MAX: usize = 20;
/// A number of fewer than three digits without its noughts agrees with every lot.
const WITHOUT_NOUGHTS_MIN: u64 = 100;

impl Lots {
    /// The lots that hold a serial, the best of each record, in ascending order, and whether there may be more.
    pub fn holding(&self, canonical: &str) -> (Vec<InLot>, bool) {
        let Some((shape, number)) = shape_and_number(canonical) else {
            return (Vec::new(), false);
        };
        let end = self.lots.partition_point(|lot| (lot.shape.as_str(), lot.low) <= (shape.as_str(), number));
        let before = self.lots.get(..end).unwrap_or_default().iter().zip(&self.reach).rev();
        let mut found = Vec::new();
        for (looked_at, (lot, reach)) in before.enumerate() {
            if lot.shape != shape || *reach < number {
                break;
            }
            if looked_at >= LOOKED_AT_MAX || found.len() >= FOUND_MAX {
                return (found, true);
            }
            if lot.high >= number {
                found.push(lot.found());
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|found| found.record);
        (found, false)
    }

    /// Lots that hold the number of a serial with other letters, with letters where it has none, or with more or fewer noughts before
    /// it, and the serial of the lot that is meant; the first of each record. Whether there may be more.
    pub fn holding_number(&self, canonical: &str) -> (Vec<(InLot, String)>, bool) {
        let Some((own_shape, number)) = shape_and_number(canonical) else {
            return (Vec::new(), false);
        };
        let digits_of = |shape: &str| shape.bytes().filter(|&b| b == b'0').count();
        let is_like = |lot: &&Lot| {
            !lot.by_sound
                && (lot.low..=lot.high).contains(&number)
                && lot.shape != own_shape
                && (number >= WITHOUT_NOUGHTS_MIN || digits_of(&lot.shape) == digits_of(&own_shape))
        };
        let mut found: Vec<(InLot, String)> = Vec::new();
        for lot in self.lots.iter().take(LOOKED_AT_BY_NUMBER_MAX).filter(is_like) {
            if found.len() >= FOUND_BY_NUMBER_MAX {
                return (found, true);
            }
            let digits = format!("{number:0width$}", width = digits_of(&lot.shape));
            let mut digits = digits.chars();
            let serial = lot.shape.chars().map(|c| if c == '0' { digits.next().unwrap_or(c) } else { c }).collect();
            if !found.iter().any(|(known, _)| known.record.0 == lot.record) {
                found.push((lot.found(), serial));
            }
        }
        (found, self.lots.len() > LOOKED_AT_BY_NUMBER_MAX)
    }

    /// The lots of which a serial fits a pattern, one of each record, and whether there may be more.
    pub fn matching(&self, pattern: &Pattern) -> (Vec<InLot>, bool) {
        let (mut found, mut at, mut looked_at): (Vec<InLot>, _, _) = (Vec::new(), 0, 0);
        while let Some(first) = self.lots.get(at) {
            let end = self.lots.partition_point(|lot| lot.shape <= first.shape);
            let of_shape = self.lots.get(at..end).unwrap_or_default();
            at = end;
            if !pattern.fits_any(&first.shape, 0, u64::MAX) {
                continue;
            }
            for lot in of_shape.iter().filter(|lot| !lot.by_sound) {
                looked_at += 1;
                if looked_at > LOOKED_AT_MAX || found.len() > FOUND_MAX {
                    return (found, true);
                }
                if pattern.fits_any(&lot.shape, lot.low, lot.high)
                    && !found.iter().any(|known| known.record.0 == lot.record)
                {
                    found.push(lot.found());
                }
            }
        }
        (found, false)
    }

    pub fn is_empty(&self) -> bool {
        self.lots.is_empty()
    }

    pub fn memory_bytes(&self) -> usize {
        self.lots.iter().map(|lot| size_of::<Lot>() + lot.shape.len() + 8).sum()
    }
}

/// Gathers them.
#[derive(Default)]
pub(super) struct LotsBuilder {
    lots: Vec<Lot>,
}

impl LotsBuilder {
    pub fn push(&mut self, range: &SerialRange, record: u32) {
        for span in range.spans() {
            let lot =
                |shape: &str, by_sound| Lot { shape: shape.into(), low: span.low, high: span.high, record, by_sound };
            self.lots.push(lot(&span.shape, false));
            self.lots.extend(keys::sound_variants(&span.shape).iter().map(|shape| lot(shape, true)));
        }
    }

    /// Those of another index whose records stay, `row` tells where.
    #[cfg(feature = "device")]
    pub fn take(&mut self, lots: &Lots, row: &dyn Fn(u32) -> Option<u32>) {
        let moved = |lot: &Lot| row(lot.record).map(|record| Lot { record, ..lot.clone() });
        self.lots.extend(lots.lots.iter().filter_map(moved));
    }

    pub fn finish(mut self) -> Lots {
        self.lots.sort_unstable();
        self.lots.dedup();
        let mut reach: Vec<u64> = Vec::with_capacity(self.lots.len());
        for (n, lot) in self.lots.iter().enumerate() {
            let same = n > 0 && self.lots[n - 1].shape == lot.shape;
            reach.push(if same { lot.high.max(reach[n - 1]) } else { lot.high });
        }
        Lots { lots: self.lots, reach }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_agree_with_asking_each() {
        let ends =
            [("AB1000", "AB1999"), ("AB1500", "AB1600"), ("998", "1005"), ("AB0001", "AB9999"), ("A1B200", "A1B299")];
        let ranges: Vec<SerialRange> = ends.iter().map(|(from, to)| SerialRange::new(*from, *to).unwrap()).collect();
        let mut builder = LotsBuilder::default();
        (0u32..).zip(&ranges).for_each(|(n, range)| builder.push(range, n));
        let lots = builder.finish();
        for serial in ["AB1550", "AB1000", "AB2000", "AB0000", "999", "1000", "0999", "A1B250", "A2B250", "", "ABC"] {
            let expected: Vec<u32> =
                (0u32..).zip(&ranges).filter(|(_, r)| r.contains(serial)).map(|(n, _)| n).collect();
            let (found, cut) = lots.holding(serial);
            assert_eq!((found.iter().map(|f| f.record.0).collect(), cut), (expected, false), "{serial}");
            let has =
                |f: &InLot| ranges[f.record.0 as usize].spans().iter().any(|s| s.items() == f.items && !f.by_sound);
            assert!(found.iter().all(has), "{serial}");
        }
    }

    #[test]
    fn a_lot_is_met_by_its_number_when_the_letters_are_others_or_none() {
        let mut builder = LotsBuilder::default();
        builder.push(&SerialRange::new("AB123000", "AB123999").unwrap(), 7);
        builder.push(&SerialRange::new("123000", "123999").unwrap(), 8);
        let lots = builder.finish();
        let by_number = |serial: &str| {
            let (found, cut) = lots.holding_number(serial);
            assert!(!cut);
            found.into_iter().map(|(lot, serial)| (lot.record.0, serial)).collect::<Vec<_>>()
        };
        assert_eq!(by_number("123456"), [(7, "AB123456".to_owned())]);
        assert_eq!(by_number("AB123456"), [(8, "123456".to_owned())]);
        assert_eq!(by_number("A123456"), [(8, "123456".to_owned()), (7, "AB123456".to_owned())]);
        assert_eq!(by_number("0123456"), [(8, "123456".to_owned()), (7, "AB123456".to_owned())]);
        for none in ["124000", "12345", "AB", ""] {
            assert!(by_number(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn noughts_before_a_number_may_be_lost_or_too_many() {
        let mut builder = LotsBuilder::default();
        builder.push(&SerialRange::new("КЩ0100", "КЩ0450").unwrap(), 7);
        builder.push(&SerialRange::new("АБ0001", "АБ0099").unwrap(), 8);
        let lots = builder.finish();
        for serial in ["КЩ200", "КЩ00200", "200"] {
            let (found, _) = lots.holding_number(serial);
            assert_eq!(
                found.iter().map(|(lot, meant)| (lot.record.0, meant.as_str())).collect::<Vec<_>>(),
                [(7, "KЩ0200")],
                "{serial}"
            );
        }
        for none in ["КЩ99", "КЩ0500", "АБ50", "50"] {
            assert!(lots.holding_number(none).0.is_empty(), "{none}");
        }
    }

    #[test]
    fn a_lot_is_met_by_the_sound_of_its_letters() {
        let mut builder = LotsBuilder::default();
        builder.push(&SerialRange::new("ЗЯ1000", "ЗЯ1999").unwrap(), 7);
        let lots = builder.finish();
        let by_sound = |serial: &str| lots.holding(serial).0.iter().map(|f| f.by_sound).collect::<Vec<_>>();
        assert_eq!(by_sound("ЗЯ1500"), [false]);
        assert_eq!(by_sound("ZYA1500"), [true]);
        assert!(by_sound("ZYA2500").is_empty());
    }

    #[test]
    fn a_serial_in_very_many_lots_says_so() {
        let mut builder = LotsBuilder::default();
        let range = SerialRange::new("AB1000", "AB1999").unwrap();
        (0..1000).for_each(|n| builder.push(&range, n));
        let (found, cut) = builder.finish().holding("AB1500");
        assert!(cut && found.len() == FOUND_MAX);
    }
}
