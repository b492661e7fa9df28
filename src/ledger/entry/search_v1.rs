//! Frozen: a look-up by pattern, version 1.

use serde::{Deserialize, Serialize};

use super::UnknownWord;
use crate::ledger::payload::Search;

#[derive(Serialize, Deserialize)]
pub struct SearchV1 {
    pattern: String,
    shown: u32,
    cut: bool,
}

impl From<&Search> for SearchV1 {
    fn from(search: &Search) -> Self {
        Self { pattern: search.pattern.clone(), shown: search.shown, cut: search.cut }
    }
}

impl TryFrom<SearchV1> for Search {
    type Error = UnknownWord;
    fn try_from(frozen: SearchV1) -> Result<Self, UnknownWord> {
        Ok(Self { pattern: frozen.pattern, shown: frozen.shown, cut: frozen.cut })
    }
}
