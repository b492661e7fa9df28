//! A graded record as a verdict shows it: what differs, what speaks for and against it, and its facts.

use super::Judged;
use super::gather::Met;
use crate::domain::keys;
use crate::domain::{Candidate, Lot, Lowered, Record, RegisterId, Rule, Status, Why};
use crate::registers::Registers;
use crate::registers::disclosure::into_fields;

pub(super) fn candidate(index: &Registers, judged: &Judged, record: Record) -> Candidate {
    let found = &judged.found;
    let (differs, shared_by, lot) = match found.met {
        Met::Key(key) => {
            let bearers = u32::try_from(index.count_of(key)).unwrap_or(u32::MAX);
            let differs = if found.rule == Rule::Exact { Vec::new() } else { keys::diff(&found.read, &index.key(key)) };
            (differs, bearers, None)
        }
        Met::Lot { .. } => (keys::diff(&found.read, &found.meets), 1, lot_of(&record, &found.meets)),
    };
    let register = index.registers().get(index.register_of(judged.record));
    Candidate {
        register: register.map_or_else(|| RegisterId(String::new()), |r| r.id.clone()),
        record: record.id.clone(),
        grade: judged.grade,
        rule: judged.found.rule,
        differs,
        why: Why {
            agrees: judged.weight.agrees.names(),
            contradicts: judged.weight.against.names(),
            shared_by,
            crowded: !judged.evidence.is_specific(),
            second_mark: judged.evidence.second_mark,
            lot,
            lowered: lowered(&record),
        },
        fields: into_fields(record),
    }
}

/// The record's lot that holds the mark as read, or the only one that may be meant.
fn lot_of(record: &Record, read: &str) -> Option<Lot> {
    let lot = record.ranges.iter().find(|range| range.contains(read)).or(record.ranges.first())?;
    let items = lot.spans().iter().fold(0u64, |sum, span| sum.saturating_add(span.items()));
    Some(Lot { from: lot.from.clone(), to: lot.to.clone(), items })
}

fn lowered(record: &Record) -> Vec<Lowered> {
    match record.status {
        Status::Delivered => vec![Lowered::Delivered],
        Status::Expected => vec![Lowered::Expected],
        _ => Vec::new(),
    }
}
