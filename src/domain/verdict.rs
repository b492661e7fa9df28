//! The answer to the check of an item: graded, explained, never a bare "clear".

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{RegisterId, RegisterVersion, Seq};
use super::record::Action;

/// How strongly an item and a record agree. Ordered from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// No register could be asked; [`Verdict::reason`] says why.
    NotChecked,
    /// At least one register of that object was really asked and holds nothing like it.
    NoRecord,
    /// Worth one more observation.
    Possible,
    /// Look again at the characters that differ.
    Probable,
    /// The mark is equal and specific, or is borne out by the description.
    Hit,
}

impl Grade {
    /// Every grade, from weak to strong.
    pub const ALL: [Self; 5] = [Self::NotChecked, Self::NoRecord, Self::Possible, Self::Probable, Self::Hit];

    /// The name used in JSON and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotChecked => "not_checked",
            Self::NoRecord => "no_record",
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Hit => "hit",
        }
    }
}

/// Why an item was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum NotChecked {
    NoRegisterForObject,
    UnusableMark,
    IndexLoading,
    RegistersUnreadable,
}

impl NotChecked {
    /// Every reason.
    pub const ALL: [Self; 4] =
        [Self::NoRegisterForObject, Self::UnusableMark, Self::IndexLoading, Self::RegistersUnreadable];

    /// The name used in JSON and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoRegisterForObject => "no_register_for_object",
            Self::UnusableMark => "unusable_mark",
            Self::IndexLoading => "index_loading",
            Self::RegistersUnreadable => "registers_unreadable",
        }
    }
}

/// The rule by which a mark and a record's mark agree. Ordered from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Two characters differ.
    TwoEdits,
    /// One mark is what is left of the other when up to four characters at an end are lost. Scripts and entries know a closed
    /// list of words, and call it [`Self::TwoEdits`]: two characters or more are missing; `differs` names each.
    #[serde(rename(serialize = "two_edits"))]
    LostEnd,
    /// One character differs, is missing or is too many.
    OneEdit,
    /// The longest run of digits is equal (key K4).
    Number,
    /// Equal when Cyrillic letters are written as they sound (key KT).
    BySound,
    /// Equal without the letters between the first and last digit (key K3).
    Core,
    /// Equal when look-alike characters are taken for each other (key K2).
    LookAlike,
    /// The mark lies within a lot that is listed by its first and last serial.
    Range,
    /// The canonical keys are equal (key K1).
    Exact,
}

impl Rule {
    /// Every rule, from weak to strong.
    pub const ALL: [Self; 9] = [
        Self::TwoEdits,
        Self::LostEnd,
        Self::OneEdit,
        Self::Number,
        Self::BySound,
        Self::Core,
        Self::LookAlike,
        Self::Range,
        Self::Exact,
    ];

    /// The name used in JSON and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::TwoEdits | Self::LostEnd => "two_edits",
            Self::OneEdit => "one_edit",
            Self::Number => "number",
            Self::BySound => "by_sound",
            Self::Core => "core",
            Self::LookAlike => "look_alike",
            Self::Exact => "exact",
        }
    }
}

/// One more observation that would settle the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Ask {
    /// Read the mark again, at the characters that differ.
    Characters,
    Year,
    Make,
    Model,
    Calibre,
    Kind,
    SecondMark,
    /// Say what sort of object it is.
    Object,
    /// Who issued the document: other issuers give out the same numbers.
    Issuer,
}

impl Ask {
    /// The name used in JSON; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Year => "year",
            Self::Make => "make",
            Self::Model => "model",
            Self::Calibre => "calibre",
            Self::Kind => "kind",
            Self::SecondMark => "second_mark",
            Self::Object => "object",
            Self::Issuer => "issuer",
        }
    }
}

/// What the item itself shows, or how it contradicts its papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Finding {
    SerialRemoved,
    SerialAltered,
    NeverMarked,
    /// Parts of one weapon bear numbers that do not belong together, or lead to different records.
    PartsDiffer,
    DeliveredElsewhere,
    /// The mark's own check digit does not fit it.
    CheckDigitWrong,
    /// A candidate's record has expired.
    RecordExpired,
    /// A part of the mark is not of the length or the characters that its standard gives it.
    MarkMalformed,
}

impl Finding {
    /// Every finding.
    pub const ALL: [Self; 8] = [
        Self::SerialRemoved,
        Self::SerialAltered,
        Self::NeverMarked,
        Self::PartsDiffer,
        Self::DeliveredElsewhere,
        Self::CheckDigitWrong,
        Self::RecordExpired,
        Self::MarkMalformed,
    ];

    /// The name used in JSON and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::SerialRemoved => "serial_removed",
            Self::SerialAltered => "serial_altered",
            Self::NeverMarked => "never_marked",
            Self::PartsDiffer => "parts_differ",
            Self::DeliveredElsewhere => "delivered_elsewhere",
            Self::CheckDigitWrong => "check_digit_wrong",
            Self::RecordExpired => "record_expired",
            Self::MarkMalformed => "mark_malformed",
        }
    }
}

/// One place where the mark read and the record's mark differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Position in the canonical key as read, counted from 1.
    pub at: u16,
    /// What was read there; empty when a character is missing.
    pub read: String,
    /// What the record has there; empty when a character is too many.
    pub record: String,
}

/// What an item and a record can agree in beside their marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Trait {
    Kind,
    Make,
    Model,
    Calibre,
    Year,
}

impl Trait {
    /// The name used in JSON; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Make => "make",
            Self::Model => "model",
            Self::Calibre => "calibre",
            Self::Year => "year",
        }
    }
}

/// A lot in which a mark lies, as its record names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// The first serial, as written.
    pub from: String,
    /// The last serial, as written.
    pub to: String,
    /// How many serials lie from one to the other, both counted.
    pub items: u64,
}

/// The delivery of which *seen outside its place* speaks: of those whose marks agree best, the newest.
pub fn delivery_told(candidates: &[Candidate]) -> Option<&Candidate> {
    let delivered = candidates.iter().filter(|c| c.why.lowered.contains(&Lowered::Delivered));
    // The first of equals: lists come in the order of likelihood.
    delivered.rev().max_by_key(|c| (c.rule, c.fields.get("delivered_on")))
}

/// Why a candidate is no more than *possible*, however well its mark agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lowered {
    /// The item was handed over to somebody: the record says no more, and nothing of whether it is wanted.
    Delivered,
    /// The item is announced to somebody, and the record says no more.
    Expected,
    /// The record has expired.
    Expired,
}

impl Lowered {
    /// The name used in JSON; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Expected => "expected",
            Self::Expired => "expired",
        }
    }
}

/// Why a candidate has its grade, beside the rule and the characters that differ.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Why {
    /// What the item and the record both tell, and the same.
    pub agrees: Vec<Trait>,
    /// What they tell differently; the make, too, which changes no grade.
    pub contradicts: Vec<Trait>,
    /// How many records bear the mark by which this one was found, itself among them.
    pub shared_by: u32,
    /// Marks like this one are so many that an equal one says little by itself.
    pub crowded: bool,
    /// Another mark of the item agrees with the record, too.
    pub second_mark: bool,
    /// The lot in which the mark lies; for [`Rule::Range`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<Lot>,
    /// What keeps it from being more than *possible*.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lowered: Vec<Lowered>,
}

/// Facts of a record by name, as scripts read them. The names are few, and a verdict lists them up to four hundred times.
pub type Facts = BTreeMap<Cow<'static, str>, String>;

/// Whether a record with these facts asks that nobody notices.
pub fn asks_for_discretion(facts: &Facts) -> bool {
    facts.get("action").is_some_and(|action| action == Action::DiscreetCheck.code())
}

/// A record that may be the item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The register it stands in.
    pub register: RegisterId,
    /// The record's id.
    pub record: String,
    /// How strongly it agrees.
    pub grade: Grade,
    /// The strongest rule that fired.
    pub rule: Rule,
    /// Where the marks differ, in order.
    pub differs: Vec<Difference>,
    /// What speaks for it and against it.
    #[serde(default)]
    pub why: Why,
    /// The record's facts by name: `object kind make model calibre year serial country status owner reported_on action …`.
    pub fields: Facts,
}

/// A register that was asked, and how old it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterAge {
    /// The register.
    pub id: RegisterId,
    /// Its version on this device.
    pub version: RegisterVersion,
    /// The moment up to which the source's data reach.
    pub as_of: DateTime<Utc>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The strongest grade of any candidate, or *no record*, or *not checked*.
    pub grade: Grade,
    /// Why it was not checked, and only then.
    pub reason: Option<NotChecked>,
    /// The rule of the strongest candidate.
    pub rule: Option<Rule>,
    /// Observations that would settle it, best first.
    pub ask: Vec<Ask>,
    /// What the item itself shows.
    pub findings: Vec<Finding>,
    /// Strongest first; a weaker one is never hidden by a stronger one.
    pub candidates: Vec<Candidate>,
    /// How many more records come into question, but agree less than those listed or are too many to be told apart (a bare
    /// number, say); `ask` names what would single one out.
    #[serde(default)]
    pub more: u32,
    /// There are more than [`Self::more`] says: a search ended before it had counted all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_at_least: bool,
    /// Every register that was asked and is kept for such items, or lists one that may be this.
    pub registers: Vec<RegisterAge>,
    /// Those of [`Self::registers`] that only list what was delivered or is expected somewhere: they cannot say that an
    /// item is not stolen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_known: Vec<RegisterId>,
    /// The ledger entry of this check; `None` when it could not be written.
    pub entry: Option<Seq>,
}

impl Verdict {
    /// The registers that were asked and list what somebody looks for: only these can say that nobody does.
    pub fn of_wanted(&self) -> impl Iterator<Item = &RegisterAge> {
        self.registers.iter().filter(|r| !self.only_known.contains(&r.id))
    }

    /// Why the strongest candidate is no ground to act on, where that is so.
    pub fn lowered(&self) -> Option<Lowered> {
        self.candidates.first().and_then(|c| c.why.lowered.first()).copied()
    }

    /// An answer that no register gave.
    pub fn not_checked(reason: NotChecked) -> Self {
        Self {
            grade: Grade::NotChecked,
            reason: Some(reason),
            rule: None,
            ask: Vec::new(),
            findings: Vec::new(),
            candidates: Vec::new(),
            more: 0,
            more_at_least: false,
            registers: Vec::new(),
            only_known: Vec::new(),
            entry: None,
        }
    }
}
