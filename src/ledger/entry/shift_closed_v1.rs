//! Frozen: the end of a shift with its counts (hit, probable, possible, no record, not checked), version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::domain::PostId;
use crate::ledger::payload::ShiftClosed;

#[derive(Serialize, Deserialize)]
pub struct ShiftClosedV1 {
    post: Option<String>,
    by_grade: [u64; 5],
    open_hits: u64,
    photos_pending: u64,
    unsent: u64,
}

impl From<&ShiftClosed> for ShiftClosedV1 {
    fn from(shift: &ShiftClosed) -> Self {
        Self {
            post: shift.post.as_ref().map(|x| x.0.clone()),
            by_grade: shift.by_grade,
            open_hits: shift.open_hits,
            photos_pending: shift.photos_pending,
            unsent: shift.unsent,
        }
    }
}

impl TryFrom<ShiftClosedV1> for ShiftClosed {
    type Error = UnknownWord;
    fn try_from(frozen: ShiftClosedV1) -> Result<Self, UnknownWord> {
        Ok(Self {
            post: frozen.post.map(PostId),
            by_grade: frozen.by_grade,
            open_hits: frozen.open_hits,
            photos_pending: frozen.photos_pending,
            unsent: frozen.unsent,
        })
    }
}
