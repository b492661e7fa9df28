//! Frozen: the device was enrolled with a hub, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::domain::{DeviceId, Hash, PostId};
use crate::ledger::payload::Enrolled;

#[derive(Serialize, Deserialize)]
pub struct EnrolledV1 {
    device: [u8; 16],
    post: String,
    hub_url: String,
    hub: [u8; 32],
    practice: bool,
}

impl From<&Enrolled> for EnrolledV1 {
    fn from(enrolled: &Enrolled) -> Self {
        Self {
            device: enrolled.device.0.into_bytes(),
            post: enrolled.post.0.clone(),
            hub_url: enrolled.hub_url.clone(),
            hub: enrolled.hub.0,
            practice: enrolled.practice,
        }
    }
}

impl TryFrom<EnrolledV1> for Enrolled {
    type Error = UnknownWord;
    fn try_from(frozen: EnrolledV1) -> Result<Self, UnknownWord> {
        Ok(Self {
            device: DeviceId(uuid::Uuid::from_bytes(frozen.device)),
            post: PostId(frozen.post),
            hub_url: frozen.hub_url,
            hub: Hash(frozen.hub),
            practice: frozen.practice,
        })
    }
}
