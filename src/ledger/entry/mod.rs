//! An entry as bytes: the envelope, and one frozen encoding for each kind and version of payload.
//!
//! The bytes are what is chained, stored and sent; they are written once and kept as they are. Each `…_v1.rs` holds a
//! struct of plain fields in postcard's form, apart from the types of `domain`, which may change. Such a struct never
//! changes: what a kind must say beyond it goes into a new version in a new file, and the old one stays readable. Golden
//! bytes in the tests hold them. Enumerations are written as their codes, words that mean the same in every version.
//!
//! Three things can come back from bytes: a payload; [`Opaque`], when the kind, the version or a word is newer than this
//! program; or an error, when they are no entry at all.

mod amendment_v1;
mod check_v1;
mod clock_step_v1;
mod common_v1;
mod decision_v1;
mod enrolled_v1;
mod late_check_v1;
mod record_opened_v1;
mod register_update_v1;
mod retro_hit_v1;
mod search_v1;
mod shift_closed_v1;
mod signed_in_v1;
mod started_v1;

#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::payload::{Opaque, Payload};

/// An entry, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the wall clock showed, in milliseconds since 1970. A claim: clocks are wrong, order is the sequence.
    pub wall_ms: i64,
    /// The boot of the machine during which it was written.
    pub boot: [u8; 16],
    /// Milliseconds since that boot, which no setting of the clock changes.
    pub mono_ms: u64,
    /// The officer's name.
    pub officer: String,
    /// What happened.
    pub payload: Payload,
}

/// An entry as it is chained, stored and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryBytes(pub Vec<u8>);

/// The bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The envelope does not parse.
    #[error("the entry's envelope is malformed")]
    Envelope,
    /// The envelope parses, the payload of a known kind and version does not.
    #[error("the payload of kind {kind} version {version} is malformed")]
    Payload {
        /// The kind's number.
        kind: u16,
        /// Its version.
        version: u16,
    },
}

/// The envelope, frozen together with the chain's format.
#[derive(Serialize, Deserialize)]
struct Envelope {
    kind: u16,
    version: u16,
    wall_ms: i64,
    boot: [u8; 16],
    mono_ms: u64,
    officer: String,
    payload: Vec<u8>,
}

/// A frozen field holds a word that this program does not know: a newer program wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownWord;

impl Entry {
    /// Writes the entry down, in the newest version of its kind.
    pub fn encode(&self) -> EntryBytes {
        let (kind, version, payload) = encode_payload(&self.payload);
        let envelope = Envelope {
            kind,
            version,
            wall_ms: self.wall_ms,
            boot: self.boot,
            mono_ms: self.mono_ms,
            officer: self.officer.clone(),
            payload,
        };
        EntryBytes(to_bytes(&envelope))
    }

    /// Reads an entry. Never panics, whatever the bytes are.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Envelope { kind, version, wall_ms, boot, mono_ms, officer, payload } =
            from_bytes(bytes).ok_or(DecodeError::Envelope)?;
        let payload = match decode_payload(kind, version, &payload)? {
            Some(known) => known,
            None => Payload::Opaque(Opaque { kind, version, bytes: payload }),
        };
        Ok(Self { wall_ms, boot, mono_ms, officer, payload })
    }
}

/// Kinds by number; a number is never given twice.
mod kind {
    pub const ENROLLED: u16 = 1;
    pub const SIGNED_IN: u16 = 2;
    pub const CHECK: u16 = 3;
    pub const LATE_CHECK: u16 = 4;
    pub const DECISION: u16 = 5;
    pub const AMENDMENT: u16 = 6;
    pub const SEARCH: u16 = 7;
    pub const RECORD_OPENED: u16 = 8;
    pub const REGISTER_UPDATE: u16 = 9;
    pub const RETRO_HIT: u16 = 10;
    pub const SHIFT_CLOSED: u16 = 11;
    pub const CLOCK_STEP: u16 = 12;
    pub const STARTED: u16 = 13;
}

fn encode_payload(payload: &Payload) -> (u16, u16, Vec<u8>) {
    match payload {
        Payload::Enrolled(x) => (kind::ENROLLED, 1, to_bytes(&enrolled_v1::EnrolledV1::from(x))),
        Payload::SignedIn(x) => (kind::SIGNED_IN, 1, to_bytes(&signed_in_v1::SignedInV1::from(x))),
        Payload::Check(x) => (kind::CHECK, 1, to_bytes(&check_v1::CheckV1::from(&**x))),
        Payload::LateCheck(x) => (kind::LATE_CHECK, 1, to_bytes(&late_check_v1::LateCheckV1::from(&**x))),
        Payload::Decision(x) => (kind::DECISION, 1, to_bytes(&decision_v1::DecisionV1::from(x))),
        Payload::Amendment(x) => (kind::AMENDMENT, 1, to_bytes(&amendment_v1::AmendmentV1::from(&**x))),
        Payload::Search(x) => (kind::SEARCH, 1, to_bytes(&search_v1::SearchV1::from(x))),
        Payload::RecordOpened(x) => (kind::RECORD_OPENED, 1, to_bytes(&record_opened_v1::RecordOpenedV1::from(x))),
        Payload::RegisterUpdate(x) => {
            (kind::REGISTER_UPDATE, 1, to_bytes(&register_update_v1::RegisterUpdateV1::from(x)))
        }
        Payload::RetroHit(x) => (kind::RETRO_HIT, 1, to_bytes(&retro_hit_v1::RetroHitV1::from(x))),
        Payload::ShiftClosed(x) => (kind::SHIFT_CLOSED, 1, to_bytes(&shift_closed_v1::ShiftClosedV1::from(x))),
        Payload::ClockStep(x) => (kind::CLOCK_STEP, 1, to_bytes(&clock_step_v1::ClockStepV1::from(x))),
        Payload::Started(x) => (kind::STARTED, 1, to_bytes(&started_v1::StartedV1::from(x))),
        Payload::Opaque(x) => (x.kind, x.version, x.bytes.clone()),
    }
}

/// `None` when the kind, the version or a word in it is not known here.
fn decode_payload(kind: u16, version: u16, bytes: &[u8]) -> Result<Option<Payload>, DecodeError> {
    let malformed = DecodeError::Payload { kind, version };
    Ok(match (kind, version) {
        (kind::ENROLLED, 1) => thaw::<enrolled_v1::EnrolledV1, _>(bytes, malformed)?.map(Payload::Enrolled),
        (kind::SIGNED_IN, 1) => thaw::<signed_in_v1::SignedInV1, _>(bytes, malformed)?.map(Payload::SignedIn),
        (kind::CHECK, 1) => thaw::<check_v1::CheckV1, _>(bytes, malformed)?.map(|x| Payload::Check(Box::new(x))),
        (kind::LATE_CHECK, 1) => {
            thaw::<late_check_v1::LateCheckV1, _>(bytes, malformed)?.map(|x| Payload::LateCheck(Box::new(x)))
        }
        (kind::DECISION, 1) => thaw::<decision_v1::DecisionV1, _>(bytes, malformed)?.map(Payload::Decision),
        (kind::AMENDMENT, 1) => {
            thaw::<amendment_v1::AmendmentV1, _>(bytes, malformed)?.map(|x| Payload::Amendment(Box::new(x)))
        }
        (kind::SEARCH, 1) => thaw::<search_v1::SearchV1, _>(bytes, malformed)?.map(Payload::Search),
        (kind::RECORD_OPENED, 1) => {
            thaw::<record_opened_v1::RecordOpenedV1, _>(bytes, malformed)?.map(Payload::RecordOpened)
        }
        (kind::REGISTER_UPDATE, 1) => {
            thaw::<register_update_v1::RegisterUpdateV1, _>(bytes, malformed)?.map(Payload::RegisterUpdate)
        }
        (kind::RETRO_HIT, 1) => thaw::<retro_hit_v1::RetroHitV1, _>(bytes, malformed)?.map(Payload::RetroHit),
        (kind::SHIFT_CLOSED, 1) => {
            thaw::<shift_closed_v1::ShiftClosedV1, _>(bytes, malformed)?.map(Payload::ShiftClosed)
        }
        (kind::CLOCK_STEP, 1) => thaw::<clock_step_v1::ClockStepV1, _>(bytes, malformed)?.map(Payload::ClockStep),
        (kind::STARTED, 1) => thaw::<started_v1::StartedV1, _>(bytes, malformed)?.map(Payload::Started),
        _ => None,
    })
}

/// Reads a frozen struct and turns it into today's type.
fn thaw<Frozen, Live>(bytes: &[u8], malformed: DecodeError) -> Result<Option<Live>, DecodeError>
where
    Frozen: DeserializeOwned,
    Live: TryFrom<Frozen, Error = UnknownWord>,
{
    let frozen: Frozen = from_bytes(bytes).ok_or(malformed)?;
    Ok(Live::try_from(frozen).ok())
}

fn to_bytes<T: Serialize>(frozen: &T) -> Vec<u8> {
    postcard::to_stdvec(frozen)
        .expect("postcard writes any struct of numbers, strings and vectors of known length to memory")
}

/// The value, if the bytes hold exactly one and nothing after it.
fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}
