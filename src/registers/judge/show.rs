//! A graded record as a verdict shows it: what differs, what speaks for and against it, and its facts.

use super::Judged;
use super::gather::Met;
use crate::domain::keys;
use crate::domain::{Candidate, Facts, Lot, Lowered, Mark, Record, RegisterId, Rule, SerialRange, Status, Why};
use crate::registers::Registers;
use crate::registers::disclosure::into_fields;

/// What a verdict needs of a record that it lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    id: String,
    pub(super) status: Status,
    pub(super) issuer: Option<String>,
    /// How many.
    pub(super) marks: usize,
    /// All of them where there are several, else none.
    pub(super) several: Vec<Mark>,
    ranges: Vec<SerialRange>,
    fields: Facts,
}

impl Listed {
    /// Of a record that nobody needs any more.
    pub fn of(mut record: Record) -> Self {
        Self {
            id: std::mem::take(&mut record.id),
            status: record.status,
            issuer: record.description.issuer.clone(),
            marks: record.marks.len(),
            several: if record.marks.len() > 1 { record.marks.clone() } else { Vec::new() },
            ranges: record.ranges.clone(),
            fields: into_fields(record),
        }
    }
}

pub(super) fn candidate(index: &Registers, judged: &Judged, record: Listed) -> Candidate {
    let found = &judged.found;
    let (differs, shared_by, lot) = match found.met {
        Met::Key(key) => {
            let bearers = u32::try_from(index.count_of(key)).unwrap_or(u32::MAX);
            let differs = match found.rule {
                Rule::Exact => Vec::new(),
                // One letter stands for several: no character stands against another.
                Rule::BySound => keys::diff_whole(&found.read, &index.key(key)),
                _ => keys::diff(&found.read, &index.key(key)),
            };
            (differs, bearers, None)
        }
        Met::Lot { .. } => (keys::diff(&found.read, &found.meets), 1, lot_of(&record, &found.meets)),
    };
    let register = index.registers().get(usize::from(judged.compact.register()));
    Candidate {
        register: register.map_or_else(|| RegisterId(String::new()), |r| r.id.clone()),
        record: record.id,
        grade: judged.grade,
        rule: judged.found.rule,
        differs,
        why: Why {
            agrees: judged.weight.agrees.names(),
            contradicts: judged.weight.differs().names(),
            shared_by,
            crowded: !judged.evidence.is_specific(),
            second_mark: judged.evidence.second_mark,
            lot,
            lowered: lowered(record.status),
        },
        fields: record.fields,
    }
}

/// The record's lot that holds the mark as read, or the only one that may be meant.
fn lot_of(record: &Listed, read: &str) -> Option<Lot> {
    let lot = record.ranges.iter().find(|range| range.contains(read)).or(record.ranges.first())?;
    let items = lot.spans().iter().fold(0u64, |sum, span| sum.saturating_add(span.items()));
    Some(Lot { from: lot.from.clone(), to: lot.to.clone(), items })
}

fn lowered(status: Status) -> Vec<Lowered> {
    match status {
        Status::Delivered => vec![Lowered::Delivered],
        Status::Expected => vec![Lowered::Expected],
        _ => Vec::new(),
    }
}
