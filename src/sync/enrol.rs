//! Enrolment: a device shows a one-time token and its own key, and is given a post and a certificate.

use super::cancel::Cancel;
use super::client::{Client, Patience};
use super::error::SyncError;
use crate::domain::{DeviceId, Fingerprint, PostId};
use crate::ledger::{SigningKey, VerifyingKey};
use crate::wire::{self, EnrolAnswer, EnrolCode, EnrolRequest, Hex, enrol_proof};

/// What a device keeps of its enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Address of the hub.
    pub url: String,
    /// What the code pinned.
    pub fingerprint: Fingerprint,
    /// The key behind it.
    pub hub_key: VerifyingKey,
    /// The post.
    pub post: PostId,
    /// Whether it is for practice.
    pub practice: bool,
    /// Client certificate (DER).
    pub certificate: Vec<u8>,
    /// The hub's clock at that moment, milliseconds since 1970.
    pub server_time_ms: i64,
}

/// Shows the code's token to the hub that the code names. It may be repeated with the same key until it has succeeded,
/// also when an answer was lost. `practice` is what this device's ledger was begun as, when it was begun already.
///
/// # Errors
/// When the hub cannot be reached, is another one, or refuses; the error's text says which.
pub fn enrol_with(
    code: &EnrolCode,
    device: DeviceId,
    signing: &SigningKey,
    practice: Option<bool>,
    patience: Patience,
) -> Result<Enrolled, SyncError> {
    let mut client = Client::new(&code.url, code.fingerprint, None, patience, Cancel::default())?;
    let proof = enrol_proof(&code.fingerprint, &code.token.hash(), device);
    let request = EnrolRequest {
        token: code.token.to_string(),
        device,
        public_key: Hex(signing.verifying_key().to_bytes().to_vec()),
        proof: Hex(ed25519_dalek::Signer::sign(signing, &proof).to_bytes().to_vec()),
        program: concat!("tracepost ", env!("CARGO_PKG_VERSION")).to_owned(),
        practice,
    };
    let answer: EnrolAnswer = client.post_json("/v1/enrol", &request)?;
    let wrong_key = || SyncError::WrongKey { url: code.url.clone() };
    let raw: [u8; 32] = answer.hub_key.0.as_slice().try_into().map_err(|_| wrong_key())?;
    let hub_key = VerifyingKey::from_bytes(&raw).map_err(|_| wrong_key())?;
    if wire::fingerprint(&hub_key) != code.fingerprint {
        return Err(wrong_key());
    }
    if practice.is_some_and(|practice| practice != answer.practice) {
        return Err(SyncError::PracticeMismatch);
    }
    Ok(Enrolled {
        url: code.url.clone(),
        fingerprint: code.fingerprint,
        hub_key,
        post: answer.post,
        practice: answer.practice,
        certificate: answer.certificate.0,
        server_time_ms: answer.server_time_ms,
    })
}
