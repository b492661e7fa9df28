//! What is written to and read from a hub's storage, in plain types.

use serde::{Deserialize, Serialize};

use crate::domain::{DeviceId, Hash, PostId, RegisterId, RegisterKind, RegisterVersion, Seq};

/// An invite as it is stored: never the token itself.
#[derive(Debug, Clone)]
pub struct NewInvite {
    /// Hash of the token.
    pub token: Hash,
    /// The post that it lets a device into.
    pub post: PostId,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
    /// When it ends, milliseconds since 1970.
    pub expires_ms: i64,
}

/// A device that asks to be let in.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// Its id.
    pub id: DeviceId,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// Name and version of its program.
    pub program: String,
    /// Chain hash before its first entry.
    pub genesis: Hash,
}

/// What became of an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// The device is in, now or since an earlier call with the same token and key.
    In(PostId),
    /// No such token.
    Unknown,
    /// Too late.
    Expired,
    /// It let in another device.
    Used,
    /// The id belongs to another key, or the key to another id.
    Mismatch,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its Ed25519 public key.
    #[serde(skip)]
    pub public_key: [u8; 32],
    /// Its post.
    pub post: PostId,
    /// Name and version of its program at enrolment.
    pub program: String,
    /// When it was enrolled, milliseconds since 1970.
    pub enrolled_ms: i64,
    /// When it last spoke to the hub.
    pub seen_ms: i64,
    /// When it was revoked.
    pub revoked_ms: Option<i64>,
    /// The sequence number that the hub waits for.
    pub next: Seq,
    /// Chain hash before `next`.
    pub head: Hash,
    /// Fork evidence on file.
    pub forks: u64,
    /// Entries whose kind this hub does not know.
    pub aside: u64,
}

/// An entry to store.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Its place.
    pub seq: Seq,
    /// Its bytes as they came.
    pub bytes: Vec<u8>,
    /// Chain hash up to and with it.
    pub hash: Hash,
    /// Whether this hub could decode it.
    pub understood: bool,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place.
    pub seq: Seq,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The chain hash noted when it came.
    pub hash: Hash,
}

/// Something signed that was stored beside the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSigned {
    /// Sequence number that follows the last entry it covers.
    pub next: Seq,
    /// The bytes as signed.
    pub bytes: Vec<u8>,
}

/// A checked item as the centre lists it. Everything in it comes from ledger entries and can be rebuilt from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The device.
    pub device: DeviceId,
    /// Its ledger entry.
    pub seq: Seq,
    /// The post where it was checked.
    pub post: PostId,
    /// The device's clock at that moment, milliseconds since 1970.
    pub wall_ms: i64,
    /// The hub's clock when it arrived.
    pub received_ms: i64,
    /// Who checked.
    pub officer: String,
    /// Marks: scheme, value, place, and how they came.
    pub marks: Vec<SightedMark>,
    /// Sort of object, as far as known.
    pub object: Option<String>,
    /// The rest of the description: `make Makarov`, `year 1974` …
    pub description: Vec<(String, String)>,
    /// Grade of the verdict, by its code.
    pub grade: String,
    /// Why it was not checked.
    pub reason: Option<String>,
    /// The rule that fired.
    pub rule: Option<String>,
    /// Records that it may be, strongest first: `register/record`.
    pub candidates: Vec<String>,
    /// What the officer decided, by its code.
    pub decision: Option<String>,
    /// The officer's note.
    pub note: Option<String>,
    /// Records that arrived later and match: `register/record`.
    pub retro_hits: Vec<String>,
    /// SHA-256 of the photo.
    pub photo: Option<Hash>,
    /// It came by the urgent call only; the chain does not prove it yet.
    pub unproven: bool,
    /// It is not what the chain counts under its number: SHA-256 of the entry that came with other bytes.
    #[serde(default)]
    pub fork: Option<Hash>,
}

/// A mark of a sighting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SightedMark {
    /// What the mark means.
    pub scheme: String,
    /// Its raw text.
    pub value: String,
    /// Where it stands.
    pub place: Option<String>,
    /// `typed`, `scanner`, or the symbology it was read from.
    pub source: String,
}

/// A change to a sighting that is already stored, or will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projected {
    /// A check.
    Check(Box<Sighting>),
    /// What was decided about an earlier check.
    Decision {
        /// The check.
        of: Seq,
        /// Code of the decision.
        code: String,
        /// The officer's note.
        note: Option<String>,
        /// The check came with other bytes than the chain's, as this decision did.
        beside: bool,
    },
    /// A record that arrived later matches an earlier check.
    RetroHit {
        /// The check.
        of: Seq,
        /// `register/record`.
        record: String,
        /// Code of the grade it has now.
        grade: String,
        /// As of a decision.
        beside: bool,
    },
}

/// Which sightings to list.
#[derive(Debug, Clone, Default)]
pub struct SightingQuery {
    /// Of one device.
    pub device: Option<DeviceId>,
    /// Of one post.
    pub post: Option<PostId>,
    /// Of one grade, by its code.
    pub grade: Option<String>,
    /// At most so many, newest first.
    pub limit: Option<u64>,
}

/// Counts of one post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostCounts {
    /// The post.
    pub post: PostId,
    /// Sightings by grade code.
    pub grades: Vec<(String, u64)>,
    /// Sightings with a retro-hit.
    pub retro_hits: u64,
}

/// How much of a photo is known to have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPhoto {
    /// Its length in bytes.
    pub length: u64,
    /// Whether it is whole and verified.
    pub whole: bool,
}

/// A register as the hub keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Register {
    /// Its name.
    pub id: RegisterId,
    /// The authority that owns its records.
    pub owner: String,
    /// Objects it speaks of, by their codes; empty until something was imported.
    pub objects: Vec<String>,
    /// Records now held.
    pub records: u64,
    /// Moment up to which the source's data reach, milliseconds since 1970.
    pub as_of_ms: Option<i64>,
    /// Whether something changed since the last publication.
    pub changed: bool,
    /// What it is kept for.
    pub kind: RegisterKind,
}

/// A row of a register on its way in.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// First 16 bytes of SHA-256 over the record's id: rows are kept in this order, which is the order of chunks.
    pub key: [u8; 16],
    /// First 16 bytes of SHA-256 over `bytes`.
    pub hash: [u8; 16],
    /// The record, encoded.
    pub bytes: Vec<u8>,
}

impl NewRecord {
    /// Says of a record that the file speaks of it in a row that cannot be used: it is neither changed nor gone.
    pub fn marker(key: [u8; 16]) -> Self {
        Self { key, hash: [0; 16], bytes: Vec::new() }
    }

    /// Whether it is no row but such a word.
    pub fn is_marker(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// What the rows of an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// New rows.
    pub added: u64,
    /// Rows that differ from before.
    pub changed: u64,
    /// Rows that were there as they are.
    pub same: u64,
    /// Rows that the file no longer has; devices forget them with the next version.
    pub withdrawn: u64,
    /// Rows whose new form was rejected; they stay as they were.
    pub kept: u64,
    /// Rows that a partial file does not speak of; they stay as they were.
    pub untouched: u64,
}

impl Taken {
    /// Rows that were there before a whole file came.
    pub fn held(&self) -> u64 {
        self.withdrawn + self.changed + self.same + self.kept
    }

    /// Withdrawals that go through: what a person allowed, else what is to be expected.
    pub fn withdrawals_allowed(&self, withdrawals_max: Option<u64>) -> u64 {
        let is_empty = self.added + self.changed + self.same + self.kept == 0;
        withdrawals_max.unwrap_or_else(|| Extent::withdrawals_expected(self.held(), is_empty))
    }
}

/// How much of its register a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it: what the file no longer has is withdrawn.
    Whole {
        /// How many may be withdrawn; `None`: [`Extent::withdrawals_expected`].
        withdrawals_max: Option<u64>,
    },
    /// A part: nothing is withdrawn.
    Partial,
}

impl Extent {
    /// Withdrawals that need no person's word, in a register of that many records: one in ten, and ten in a small one. A file
    /// in which there is no record at all withdraws none.
    fn withdrawals_expected(held: u64, is_empty: bool) -> u64 {
        if is_empty { 0 } else { (held / 10).max(10) }
    }
}

impl Default for Extent {
    fn default() -> Self {
        Self::Whole { withdrawals_max: None }
    }
}

/// What an import says of a register as a whole.
#[derive(Debug, Clone, Default)]
pub struct ImportNote {
    /// Objects met, by their codes.
    pub objects: Vec<String>,
    /// Age of the data, milliseconds since 1970. It only moves forward.
    pub as_of_ms: i64,
    /// Whether the age holds even when no row changed, because a person said so.
    pub as_of_given: bool,
    /// How much of the register the file is.
    pub extent: Extent,
    /// Count only.
    pub dry_run: bool,
}

/// What was published of a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedState {
    /// The version.
    pub version: RegisterVersion,
    /// The signed manifest, as it is sent.
    pub manifest: Vec<u8>,
    /// The sum of each bucket, end to end.
    pub sums: Vec<u8>,
}
