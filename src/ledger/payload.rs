//! What an entry says, kind by kind, in the words of the field. How it is written down is in [`super::entry`].

use crate::domain::{
    Candidate, DecisionCode, DeviceId, Finding, Fingerprint, Grade, Hash, Item, NotChecked, PostId, RegisterAge,
    RegisterId, RegisterVersion, Rule, Seq, Verdict,
};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// The device was enrolled with a hub.
    Enrolled(Enrolled),
    /// An officer gave a name.
    SignedIn(SignedIn),
    /// The program started.
    Started(Started),
    /// An item was checked, whatever the answer was.
    Check(Box<Check>),
    /// A check whose entry could not be written at the time, and was written on paper.
    LateCheck(Box<LateCheck>),
    /// What the officer did about a checked item.
    Decision(Decided),
    /// A checked item was put right afterwards; the check itself stays as it was.
    Amendment(Box<Amendment>),
    /// Somebody searched the registers by a pattern.
    Search(Search),
    /// Somebody opened a record.
    RecordOpened(RecordOpened),
    /// A register was updated, or an update was refused.
    RegisterUpdate(RegisterUpdate),
    /// A new record matches an item that was checked before.
    RetroHit(RetroHit),
    /// A shift ended.
    ShiftClosed(ShiftClosed),
    /// The wall clock jumped while the device ran.
    ClockStep(ClockStep),
    /// Written by a newer program; kept as it is.
    Opaque(Opaque),
}

/// A photo that belongs to an entry. The file follows later; these two bind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhotoRef {
    /// SHA-256 of the picture's plain bytes.
    pub hash: Hash,
    /// Their number.
    pub len: u64,
}

/// A candidate as the ledger keeps it; the record itself stays in its register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateRef {
    /// The register it stands in.
    pub register: RegisterId,
    /// The record's id.
    pub record: String,
    /// How strongly it agreed.
    pub grade: Grade,
    /// The strongest rule that fired.
    pub rule: Rule,
}

impl CandidateRef {
    /// Whether it is that record.
    pub fn names(&self, candidate: &Candidate) -> bool {
        self.register == candidate.register && self.record == candidate.record
    }
}

impl From<&Candidate> for CandidateRef {
    fn from(candidate: &Candidate) -> Self {
        Self {
            register: candidate.register.clone(),
            record: candidate.record.clone(),
            grade: candidate.grade,
            rule: candidate.rule,
        }
    }
}

/// How an item came to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum CheckSource {
    /// The viewfinder.
    Camera,
    /// A picture or footage from a file.
    File,
    /// A hand scanner.
    Scanner,
    Typed,
}

impl CheckSource {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Camera, Self::File, Self::Scanner, Self::Typed];

    /// The name used in JSON and in ledger entries; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::File => "file",
            Self::Scanner => "scanner",
            Self::Typed => "typed",
        }
    }
}

/// A check and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The marks, raw, each with how it came, and the description.
    pub item: Item,
    /// The answer.
    pub grade: Grade,
    /// Why it was not checked, and only then.
    pub reason: Option<NotChecked>,
    /// The rule of the strongest candidate.
    pub rule: Option<Rule>,
    /// What the item itself showed.
    pub findings: Vec<Finding>,
    /// Strongest first.
    pub candidates: Vec<CandidateRef>,
    /// Every register that was asked, with its version and age.
    pub registers: Vec<RegisterAge>,
    /// The picture taken with it.
    pub photo: Option<PhotoRef>,
    /// Where.
    pub post: Option<PostId>,
    /// How it came.
    pub source: CheckSource,
}

/// An entry names so many candidates at most, the strongest: a hundred records one slip from a short number tell nobody
/// anything later, and entries travel over slow links.
const CANDIDATES_NAMED_MAX: usize = 80;

impl Check {
    /// The entry for a verdict.
    pub fn of(
        item: Item,
        verdict: &Verdict,
        photo: Option<PhotoRef>,
        post: Option<PostId>,
        source: CheckSource,
    ) -> Self {
        Self {
            item,
            grade: verdict.grade,
            reason: verdict.reason,
            rule: verdict.rule,
            findings: verdict.findings.clone(),
            candidates: verdict.candidates.iter().take(CANDIDATES_NAMED_MAX).map(CandidateRef::from).collect(),
            registers: verdict.registers.clone(),
            photo,
            post,
            source,
        }
    }
}

/// A check that was on paper first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateCheck {
    /// The number that the officer wrote on paper.
    pub paper: String,
    /// When the check was made, by the device's clock, in milliseconds since 1970.
    pub checked_ms: i64,
    /// The check.
    pub check: Check,
}

/// A decision about a checked item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The check.
    pub of: Seq,
    /// The outcome.
    pub code: DecisionCode,
    /// In the officer's words; may be empty.
    pub note: String,
    /// A picture of the item, the seal or the papers.
    pub photo: Option<PhotoRef>,
}

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// The check that it puts right.
    pub of: Seq,
    /// The item as it should have been.
    pub item: Item,
    /// Why.
    pub note: String,
}

/// A look-up by pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The pattern as typed.
    pub pattern: String,
    /// How many candidates were shown.
    pub shown: u32,
    /// Whether there were more.
    pub cut: bool,
}

/// A record was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordOpened {
    /// The register.
    pub register: RegisterId,
    /// The record's id.
    pub record: String,
    /// The check or search that led to it.
    pub from: Option<Seq>,
}

/// How an update ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The new version is in use.
    Accepted,
    /// The old version stays in use.
    Refused {
        /// Why.
        reason: String,
    },
}

/// A register changed its version on this device, or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterUpdate {
    /// The register.
    pub register: RegisterId,
    /// The version before; `None` for a register that is new here.
    pub from: Option<RegisterVersion>,
    /// The version offered.
    pub to: RegisterVersion,
    /// The moment up to which its source's data reach, in milliseconds since 1970.
    pub as_of_ms: i64,
    /// How many records it holds.
    pub records: u64,
    /// Taken or refused.
    pub outcome: UpdateOutcome,
}

/// An item seen before is on a list now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetroHit {
    /// The check of that item.
    pub of: Seq,
    /// The grade that it would have today.
    pub grade: Grade,
    /// The records that match now, strongest first.
    pub candidates: Vec<CandidateRef>,
    /// The registers that were asked this time.
    pub registers: Vec<RegisterAge>,
}

/// A shift's end with its counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShiftClosed {
    /// Where.
    pub post: Option<PostId>,
    /// Checks by grade: hit, probable, possible, no record, not checked.
    pub by_grade: [u64; 5],
    /// Hits without a decision.
    pub open_hits: u64,
    /// Photos that the hub does not have.
    pub photos_pending: u64,
    /// Entries without a receipt.
    pub unsent: u64,
}

/// The wall clock jumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockStep {
    /// What the wall clock should have shown, in milliseconds since 1970.
    pub expected_ms: i64,
    /// What it showed.
    pub found_ms: i64,
}

/// The device was enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The device.
    pub device: DeviceId,
    /// Where it will stand.
    pub post: PostId,
    /// The hub's address.
    pub hub_url: String,
    /// The hub's key.
    pub hub: Fingerprint,
    /// Whether it is a practice post.
    pub practice: bool,
}

/// An officer signed in; the name is the entry's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Where.
    pub post: Option<PostId>,
    /// How the officer was recognised: `name` (given, not proven).
    pub method: String,
}

/// The program started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its version.
    pub program: String,
    /// `app`, or the subcommand.
    pub face: String,
}

/// A payload of a kind, version or vocabulary that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The kind's number.
    pub kind: u16,
    /// Its version.
    pub version: u16,
    /// The payload as written.
    pub bytes: Vec<u8>,
}

impl Payload {
    /// The kind's name, as in JSON and on the console.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Enrolled(_) => "enrolled",
            Self::SignedIn(_) => "signed_in",
            Self::Started(_) => "started",
            Self::Check(_) => "check",
            Self::LateCheck(_) => "late_check",
            Self::Decision(_) => "decision",
            Self::Amendment(_) => "amendment",
            Self::Search(_) => "search",
            Self::RecordOpened(_) => "record_opened",
            Self::RegisterUpdate(_) => "register_update",
            Self::RetroHit(_) => "retro_hit",
            Self::ShiftClosed(_) => "shift_closed",
            Self::ClockStep(_) => "clock_step",
            Self::Opaque(_) => "opaque",
        }
    }

    /// The check that it records, on time or late.
    pub fn check(&self) -> Option<&Check> {
        match self {
            Self::Check(check) => Some(check),
            Self::LateCheck(late) => Some(&late.check),
            _ => None,
        }
    }

    /// The photo that belongs to it.
    pub fn photo(&self) -> Option<PhotoRef> {
        match self {
            Self::Decision(decided) => decided.photo,
            other => other.check().and_then(|check| check.photo),
        }
    }
}
