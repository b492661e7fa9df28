//! What the text of a symbol says: one parser per standard, each `text -> Option<Understood>`.
//!
//! A parser answers `None` when the text is not of its form at all, so that the next may try; a text of its form with
//! faults in it is still understood, with the faults as findings and the rest in `left`. Nothing is guessed here: a
//! wrong scheme means a wrong "nothing found". [`super::understand`] decides the order.
//!
//! Nothing is lost either: every value of a text is taken (a mark, a fact, the description), or left over, or, in
//! documents of persons and enrolment codes only, withheld, with the names of what was withheld as a fact.

pub mod container;
pub mod controls;
pub mod digital_link;
pub mod enrolment;
pub mod envelope;
pub mod epc;
pub mod gs1;
pub mod iuid;
pub mod keyed;
pub mod licence;
pub mod marking;
pub mod mrz;
pub mod plain;
pub mod vin;
pub mod web;

use super::item::Description;
use super::mark::{Mark, Scheme};
use super::verdict::Finding;

/// Most marks taken from one text; a symbol that claims more is no label of an item.
pub const MARKS_MAX: usize = 16;

/// Longest text that is looked into, in bytes; the largest symbol (a QR code, version 40) holds 7,089 digits.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Whether a text as it came so far has more lines to come, though a line has ended: licences, whose header holds line
/// ends, and machine readable zones. Scanners that end each line as if it were a code would give them in pieces, and the
/// first piece holds a name.
pub fn goes_on(text: &str) -> bool {
    if text.starts_with('@') || licence::begins(text) {
        return true;
    }
    let mut lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    let wanted = match lines.clone().next().map(str::len) {
        Some(30) => 3,
        Some(36 | 44) => 2,
        _ => return false,
    };
    let of_zone = |line: &str| line.contains('<') && line.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'<');
    lines.clone().count() < wanted && lines.all(of_zone)
}

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Understood {
    /// The marks, the most telling first. Values are kept as they were read.
    pub marks: Vec<Mark>,
    /// What the text says of the item beside its marks. A part number names a piece of a maker's catalogue and no model, so it is a
    /// fact and never stands here.
    pub description: Description,
    /// Faults of the marks themselves, each at most once.
    pub findings: Vec<Finding>,
    /// Other things the text says, by name (`enterprise`, `part`, `lot`, `expires` …), for showing; never compared.
    pub facts: Vec<(&'static str, String)>,
    /// The form that fitted: `enrolment iuid envelope gs1 gs1_link epc ean licence mrz vin container keyed marking url plain
    /// other`.
    pub form: &'static str,
    /// What the parser could make nothing of.
    pub left: Option<String>,
}

impl Understood {
    /// Nothing yet, of this form.
    pub fn of(form: &'static str) -> Self {
        Self { form, ..Self::default() }
    }

    /// One mark and nothing else.
    pub fn one(form: &'static str, scheme: Scheme, value: &str) -> Self {
        Self { marks: vec![Mark::new(scheme, value)], ..Self::of(form) }
    }

    pub(super) fn mark(&mut self, scheme: Scheme, value: &str) {
        let mark = Mark::new(scheme, value);
        if value.is_empty() || self.marks.contains(&mark) {
            return;
        }
        match self.marks.len() < MARKS_MAX {
            true => self.marks.push(mark),
            false => self.left(value),
        }
    }

    pub(super) fn finding(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    pub(super) fn fact(&mut self, name: &'static str, value: impl Into<String>) {
        match self.facts.len() < 4 * MARKS_MAX {
            true => self.facts.push((name, value.into())),
            false => self.left(&value.into()),
        }
    }

    pub(super) fn left(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let left = self.left.get_or_insert_default();
        if !left.is_empty() {
            left.push(' ');
        }
        left.push_str(text);
    }
}
