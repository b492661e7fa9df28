//! What the window asks of the desk, as one small face: the tests put a made-up desk behind it, the program the real one.

use chrono::{DateTime, Utc};

pub use crate::desk::{CheckAnswer, CheckRequest, Gone, LookUp, Reason, Recorded, Standing};
pub use crate::domain::Facts;
use crate::domain::{
    DecisionCode, Difference, Grade, HandScannerSettings, Item, RegisterAge, RegisterId, Seq, Verdict,
};

/// What failed, for people: a code that the screens have words for in their language, and the desk's own words for codes
/// that they do not know yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trouble {
    /// Its code.
    pub code: &'static str,
    /// In English, for the log and for unknown codes.
    pub words: String,
}

/// A register held here.
#[derive(Debug, Clone)]
pub struct Held {
    /// Id, version and age.
    pub age: RegisterAge,
    /// How many records it holds.
    pub records: u64,
    /// Whether the hub has not vouched for it as lately as it meant to.
    pub late: bool,
}

/// Where the device stands.
#[derive(Debug, Clone, Default)]
pub struct Bearings {
    /// The post; empty before enrolment.
    pub post: String,
    /// Who checks.
    pub officer: String,
    /// Whether the records are made up.
    pub practice: bool,
    /// The hub's address; none before enrolment.
    pub hub: Option<String>,
    /// Every register held; none while they are loaded.
    pub registers: Vec<Held>,
    /// Whether they are being loaded.
    pub loading: bool,
    /// Entries written.
    pub entries: u64,
    /// Entries that no receipt covers.
    pub unsent: u64,
    /// Photos that the hub does not have.
    pub photos_pending: u64,
    /// The last receipt: how many entries it covers, and the hub's time.
    pub receipt: Option<(u64, DateTime<Utc>)>,
    /// Why nothing can be recorded since the start, as a code of `Words.error`; mostly nothing.
    pub unrecorded: Option<&'static str>,
    /// Whether the ledger on this disk was not whole when it was last verified.
    pub damaged: bool,
    /// Checks that stand on paper only.
    pub on_paper: usize,
}

/// A check of the past, for the feed and its card.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its entry.
    pub seq: Seq,
    /// The item as it was checked.
    pub item: Item,
    /// The answer, as far as the ledger keeps it: of records only which they are.
    pub verdict: Verdict,
    /// The latest decision about it.
    pub decided: Option<DecisionCode>,
    /// A record of its answer was opened: somebody has looked at it.
    pub looked_into: bool,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Whether no receipt covers it.
    pub unsent: bool,
}

/// A record, opened.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// All that it says.
    pub facts: Facts,
    /// It has expired, and is no ground to act on by itself.
    pub expired: bool,
}

/// What came of opening a record.
#[derive(Debug, Clone)]
pub enum Opening {
    /// All of it.
    Whole(Opened),
    /// It is not in its register any more.
    Withdrawn,
    /// Its register is not on this device any more.
    NoRegister,
}

/// Past sightings that newer records match.
#[derive(Debug, Clone, Default)]
pub struct RetroHits {
    /// The newest of them, newest first.
    pub newest: Vec<Retro>,
    /// How many there are.
    pub all: usize,
}

/// A past sighting that a newer record matches.
#[derive(Debug, Clone)]
pub struct Retro {
    /// The check of then, with the records found since.
    pub past: Past,
    /// The grade now.
    pub grade: Grade,
    /// The rule by which they agree, as [`crate::domain::Rule::on_screen`] names it.
    pub rule: &'static str,
    /// Where the marks differ.
    pub differs: Vec<Difference>,
    /// The mark seen then.
    pub mark: String,
    /// When it was seen.
    pub seen: DateTime<Utc>,
    /// The register that brought the record.
    pub register: String,
    /// The record.
    pub record: String,
    /// What the records that stand tell of the officer's safety.
    pub cautions: Vec<String>,
    /// One of them asks that nobody notices.
    pub discreet: bool,
    /// Why none of its records is one to act on any more, if so.
    pub gone: Option<Gone>,
}

/// How a sync ended.
#[derive(Debug, Clone, Default)]
pub struct SyncEnd {
    /// Bytes sent.
    pub bytes_up: u64,
    /// Bytes received.
    pub bytes_down: u64,
    /// What failed, although the rest was done; each kind of failure once.
    pub failed: Vec<Trouble>,
    /// Some register's feed stands still: nothing failed, and yet nothing new may be coming.
    pub late: bool,
}

/// A past match whose record is no longer in its register, is another item's, or asks for something else by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The check that found it.
    pub of: Seq,
    /// What was checked.
    pub mark: String,
    /// When.
    pub seen: DateTime<Utc>,
    /// The register that held the record.
    pub register: String,
    /// Its id there.
    pub record: String,
    /// What became of it.
    pub reason: Reason,
    /// The day on which the record expired, or what the officer's safety needs, where there is such a thing.
    pub detail: String,
    /// Another record agrees with the item.
    pub still_listed: bool,
}

/// Is told the phase of a sync and how far it is: done, of all.
pub type Steps<'a> = dyn FnMut(&'static str, u64, u64) + 'a;

/// The desk as the window sees it. Calls may take their time; none is made on the thread that draws, but for the settings,
/// which are read once before the window opens.
pub trait Bench: Send + Sync + 'static {
    /// Checks an item; always answers.
    fn check(&self, request: CheckRequest) -> CheckAnswer;

    /// Writes a decision about a check, with a note and an encoded picture.
    ///
    /// # Errors
    /// When the disk refuses.
    fn decide(&self, of: Seq, code: DecisionCode, note: &str, photo: Option<&[u8]>) -> Result<(), Trouble>;

    /// Opens a candidate's record, which is written down first.
    ///
    /// # Errors
    /// When the disk refuses; the record stays closed then.
    fn open_record(&self, register: &str, record: &str, from: Option<Seq>) -> Result<Opening, Trouble>;

    /// What the registers of now say of records that a check of the item has found, each named by its register and its id. Nothing
    /// is written down.
    fn standings(&self, item: &Item, named: &[(RegisterId, String)]) -> Vec<Standing>;

    /// Looks marks up by a pattern, which is written down first.
    ///
    /// # Errors
    /// When the pattern tells too little, the registers cannot be asked, or the disk refuses.
    fn look_up(&self, pattern: &str) -> Result<LookUp, Trouble>;

    /// One full sync.
    ///
    /// # Errors
    /// When the hub was not reached.
    fn sync(&self, step: &mut Steps<'_>) -> Result<SyncEnd, Trouble>;

    /// Ends the sync that runs, within a moment; what was confirmed is kept.
    fn stop_sync(&self);

    /// Where the device stands.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn bearings(&self) -> Result<Bearings, Trouble>;

    /// The last checks, newest first.
    fn feed(&self, most: usize) -> Vec<Past>;

    /// Past sightings that newer records match: at most so many, and how many there are.
    fn retro_hits(&self, most: usize) -> RetroHits;

    /// Past matches whose record is gone or was corrected, and that nobody has said to have seen; those told first at the front.
    fn withdrawn(&self) -> Vec<Withdrawn>;

    /// An officer has seen these.
    ///
    /// # Errors
    /// When the disk refuses; they are told again then.
    fn withdrawn_seen(&self, seen: &[Withdrawn]) -> Result<(), Trouble>;

    /// A setting of the window that was kept with the home; `None` when it never was, or cannot be read.
    fn setting(&self, name: &str) -> Option<String>;

    /// Keeps a setting of the window.
    ///
    /// # Errors
    /// When the disk refuses.
    fn keep_setting(&self, name: &str, value: &str) -> Result<(), Trouble>;

    /// How the hand scanner is set up.
    fn hand_scanner(&self) -> HandScannerSettings;

    /// Keeps how the hand scanner is set up.
    ///
    /// # Errors
    /// When the disk refuses.
    fn keep_hand_scanner(&self, settings: &HandScannerSettings) -> Result<(), Trouble>;
}
