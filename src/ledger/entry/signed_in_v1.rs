//! Frozen: an officer signed in, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::domain::PostId;
use crate::ledger::payload::SignedIn;

#[derive(Serialize, Deserialize)]
pub struct SignedInV1 {
    post: Option<String>,
    method: String,
}

impl From<&SignedIn> for SignedInV1 {
    fn from(signed_in: &SignedIn) -> Self {
        Self { post: signed_in.post.as_ref().map(|x| x.0.clone()), method: signed_in.method.clone() }
    }
}

impl TryFrom<SignedInV1> for SignedIn {
    type Error = UnknownWord;
    fn try_from(frozen: SignedInV1) -> Result<Self, UnknownWord> {
        Ok(Self { post: frozen.post.map(PostId), method: frozen.method })
    }
}
