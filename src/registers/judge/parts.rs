//! What the marks of an item's parts say of each other: one weapon put together from two.
//!
//! Small parts often bear the last digits only of the number on the receiver, and look-alike characters are one reading: neither
//! is another number. A record that lists both numbers says that they belong together.

use std::collections::BTreeSet;

use super::{Judged, Listed};
use crate::domain::keys::{canonical, skeleton};
use crate::domain::{Grade, Item, Mark, Scheme};
use crate::registers::index::RecordRef;

/// A serial on a part that is named, as it is compared.
struct OnPart {
    part: String,
    reading: String,
}

impl OnPart {
    fn of(mark: &Mark) -> Option<Self> {
        let part = mark.place.as_deref().map(|place| place.trim().to_lowercase()).filter(|place| !place.is_empty())?;
        let reading = skeleton(&canonical(&mark.value));
        (mark.scheme == Scheme::Serial && !reading.is_empty()).then_some(Self { part, reading })
    }
}

fn are_one_number(a: &str, b: &str) -> bool {
    a.ends_with(b) || b.ends_with(a)
}

/// Whether parts of the item bear numbers that do not belong together: two of the item's marks lead to different records;
/// or two of its parts bear different numbers and no record shown lists both; or a part bears another number than a likely
/// record has for that very part; or one of its marks is none of all those that a likely record lists of that scheme. `records` are those shown, in their order; `marks` counts the item's usable marks.
pub(super) fn differ(item: &Item, shown: &[Judged], records: &[Listed], marks: usize) -> bool {
    if item.marks.len() < 2 {
        return false;
    }
    lead_apart(shown, marks)
        || bear_different_numbers(item, shown, records)
        || is_none_of_the_record_s(item, shown, records)
}

/// Another number under a plate that is listed, a second serial that the record does not know: as many marks of a scheme as the record
/// has, and one of them another.
fn is_none_of_the_record_s(item: &Item, shown: &[Judged], records: &[Listed]) -> bool {
    let reading = |mark: &Mark| skeleton(&canonical(&mark.value));
    let likely = shown.iter().zip(records).filter(|(judged, _)| judged.grade >= Grade::Probable);
    likely.into_iter().any(|(_, record)| {
        Scheme::ALL.into_iter().any(|scheme| {
            let on_item: Vec<_> = item.marks.iter().map(|seen| &seen.mark).filter(|m| m.scheme == scheme).collect();
            let listed: Vec<_> = record.several.iter().filter(|m| m.scheme == scheme).map(reading).collect();
            let is_listed = |mark: &&Mark| listed.iter().any(|known| are_one_number(&reading(mark), known));
            on_item.len() <= listed.len() && !on_item.iter().all(is_listed)
        })
    })
}

/// Two marks of one item, each with its own strong candidates and none in common.
fn lead_apart(shown: &[Judged], marks: usize) -> bool {
    let strong: Vec<&Judged> = shown.iter().filter(|j| j.strength >= Grade::Probable).collect();
    let records_of = |mark: usize| -> BTreeSet<RecordRef> {
        strong.iter().filter(|j| j.marks.contains(&mark)).map(|j| j.record).collect()
    };
    let sets: Vec<_> = (0..marks).map(records_of).filter(|set| !set.is_empty()).collect();
    sets.iter().enumerate().any(|(n, a)| sets[n + 1..].iter().any(|b| a.is_disjoint(b)))
}

fn bear_different_numbers(item: &Item, shown: &[Judged], records: &[Listed]) -> bool {
    let on_item: Vec<OnPart> = item.marks.iter().filter_map(|seen| OnPart::of(&seen.mark)).collect();
    let lists = |record: &Listed, reading: &str| {
        record.several.iter().any(|mark| are_one_number(&skeleton(&canonical(&mark.value)), reading))
    };
    let apart = on_item.iter().enumerate().any(|(n, a)| {
        on_item[n + 1..].iter().any(|b| {
            a.part != b.part
                && !are_one_number(&a.reading, &b.reading)
                && !records.iter().any(|record| lists(record, &a.reading) && lists(record, &b.reading))
        })
    });
    let likely = shown.iter().zip(records).filter(|(judged, _)| judged.grade >= Grade::Probable);
    apart
        || likely.flat_map(|(_, record)| record.several.iter().map(move |mark| (record, mark))).any(|(record, mark)| {
            OnPart::of(mark)
                .is_some_and(|listed| on_item.iter().any(|own| own.part == listed.part && !lists(record, &own.reading)))
        })
}
