//! Requests and answers of protocol version 1.
//!
//! Signed things (heads, receipts, manifests) travel as the bytes that were signed: the room that signs them is the only
//! one that takes them apart.

use serde::{Deserialize, Serialize};

use crate::domain::{DeviceId, Hash, PostId, RegisterId, RegisterVersion, Seq};

/// Bytes as hexadecimal text, for JSON.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Hex(pub Vec<u8>);

impl std::fmt::Debug for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hex({} bytes)", self.0.len())
    }
}

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A device asks to be let in. It repeats safely with the same device and key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The token of the code, as text.
    pub token: String,
    /// The id that the device drew for itself.
    pub device: DeviceId,
    /// The device's Ed25519 public key, 32 bytes.
    pub public_key: Hex,
    /// Signature by that key over [`enrol_proof`], so that nobody can enrol a key that they do not hold.
    pub proof: Hex,
    /// Name and version of the program, for the hub's list.
    pub program: String,
    /// What the device's ledger was begun as, when it was begun: a hub of the other sort refuses before the token is spent.
    #[serde(default)]
    pub practice: Option<bool>,
}

/// What the device signs to prove that it holds its key: bound to one hub and one invite.
pub fn enrol_proof(hub: &Hash, token: &Hash, device: DeviceId) -> Vec<u8> {
    let mut bytes = b"tracepost enrol 1\0".to_vec();
    bytes.extend_from_slice(&hub.0);
    bytes.extend_from_slice(&token.0);
    bytes.extend_from_slice(device.0.as_bytes());
    bytes
}

/// The device is in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// The post that the invite names.
    pub post: PostId,
    /// Whether this hub holds made-up records; a device of one sort never enrols with a hub of the other.
    pub practice: bool,
    /// The hub's Ed25519 public key: signs receipts, manifests and certificates.
    pub hub_key: Hex,
    /// Client certificate (DER) for the device's own key.
    pub certificate: Hex,
    /// The hub's clock, milliseconds since 1970.
    pub server_time_ms: i64,
}

/// The start of every sync.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// The device as the hub knows it by its certificate.
    pub device: DeviceId,
    /// Its post now; it may have been moved.
    pub post: PostId,
    /// Whether the hub holds made-up records.
    pub practice: bool,
    /// Whether the device was revoked: nothing comes down any more, its ledger is still taken in.
    pub revoked: bool,
    /// Where the hub's copy of this device's ledger ends.
    pub frontier: Frontier,
    /// Registers on offer.
    pub registers: Vec<Offer>,
    /// The hub's clock, milliseconds since 1970.
    pub server_time_ms: i64,
}

/// The contiguous end of a ledger as the hub holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    /// The sequence number that the hub waits for.
    pub next: Seq,
    /// Chain hash of the entry before it; of the genesis when there is none.
    pub head: Hash,
}

/// A published register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The register.
    pub id: RegisterId,
    /// Its newest version.
    pub version: RegisterVersion,
    /// When the hub signed it last, in milliseconds since 1970; 0 from a hub that does not say.
    #[serde(default)]
    pub signed_ms: i64,
    /// The seal of the version, as hexadecimal digits; empty from a hub that does not say.
    #[serde(default)]
    pub seal: String,
}

/// Consecutive entries, oldest first. The form of this request is frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Sequence number of the first entry.
    pub first: Seq,
    /// Entries as they stand in the device's ledger, byte for byte.
    pub entries: Vec<Vec<u8>>,
    /// The device's signed head after the last entry of this batch, when it has signed there.
    pub head: Option<Vec<u8>>,
}

/// Answer to a [`Batch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The sequence number that the hub waits for next.
    pub next: Seq,
    /// The hub's signed receipt, as the ledger room encodes it: the only proof that something has arrived.
    pub receipt: Vec<u8>,
}

/// Hits that must not wait for the batches before them. They prove nothing: the batches follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Urgent {
    /// Entries with their sequence numbers.
    pub entries: Vec<(Seq, Vec<u8>)>,
}

/// How much of a photo has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoState {
    /// Bytes on the hub's disk; the next piece starts here.
    pub received: u64,
    /// Whether all of it is there and its SHA-256 is right.
    pub whole: bool,
}

/// What a hub says when it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No invite has this token.
    InviteUnknown,
    /// The invite is past its time.
    InviteExpired,
    /// The invite has let in another device.
    InviteUsed,
    /// The device's id is taken by another key, or the key does not fit its proof.
    DeviceMismatch,
    /// One of hub and device is for practice and the other is real; the token is still good.
    PracticeMismatch,
    /// The call needs a client certificate that this hub gave out.
    NotEnrolled,
    /// The device was revoked.
    Revoked,
    /// Entries are missing between the hub's frontier and the batch.
    Gap,
    /// The hub holds other bytes under the same sequence number; both are kept.
    Fork,
    /// The signed head does not fit the entries.
    HeadWrong,
    /// Too many bytes or entries.
    TooLarge,
    /// The request is not of the form that this protocol has.
    Malformed,
    /// The bytes do not have the hash that names them.
    HashWrong,
    /// No such register, chunk, photo or page.
    NotFound,
    /// The hub's disk or database failed; the request may be repeated.
    Unavailable,
}

/// The body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub error: Refusal,
    /// The same in words, for logs and scripts.
    pub message: String,
    /// Where the hub's copy ends, with [`Refusal::Gap`] and [`Refusal::Fork`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontier: Option<Frontier>,
}
