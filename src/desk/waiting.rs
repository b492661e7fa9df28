//! Matches that were told to be otherwise and that nobody has said to have seen yet: the window keeps saying so, over syncs and
//! restarts.

use super::told::{ToldMatches, name};
use super::withdrawn::{Reason, WithdrawnMatch};
use super::{Desk, DeskError, locked};
use crate::domain::{RegisterId, Seq};

/// Where they are kept, as JSON.
const WAITING: &str = "withdrawn.waiting";

impl Desk {
    /// The matches that were told to be otherwise and that nobody has said to have seen, those told first at the front. What is
    /// listed again, or was decided about as not identical, waits no more.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn withdrawn_waiting(&self) -> Result<Vec<WithdrawnMatch>, DeskError> {
        let kept = self.ledger.setting(WAITING)?.unwrap_or_default();
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        let mut waiting: Vec<WithdrawnMatch> = serde_json::from_slice(&kept).unwrap_or_else(|error| {
            tracing::warn!(%error, "the matches that were told to be withdrawn cannot be understood");
            Vec::new()
        });
        // Earlier programs knew two reasons, and kept no word for them.
        for told in waiting.iter_mut().filter(|told| told.changed && told.reason == Reason::Withdrawn) {
            told.reason = Reason::Corrected;
        }
        Ok(waiting)
    }

    /// Somebody has seen these, each named by its check, register and record.
    ///
    /// # Errors
    /// When the disk refuses; they are told again then.
    pub fn withdrawn_seen(&self, seen: &[(Seq, RegisterId, String)]) -> Result<(), DeskError> {
        let is_it = |told: &WithdrawnMatch, (of, register, record): &(Seq, RegisterId, String)| {
            (told.of, &told.register, &told.record) == (*of, register, record)
        };
        self.change_waiting(|waiting| waiting.retain(|told| !seen.iter().any(|seen| is_it(told, seen))))
    }

    /// What was found now waits, each in place of what was told of the same match before; what is no match's concern any more,
    /// or was told to be a match again, does not.
    pub(super) fn put_waiting(
        &self,
        found: &[WithdrawnMatch],
        told: &ToldMatches,
        is_retold: &dyn Fn(&str) -> bool,
    ) -> Result<(), DeskError> {
        let name = |told: &WithdrawnMatch| name(told.of, &told.register, &told.record);
        self.change_waiting(|waiting| {
            waiting.retain(|held| {
                let held = name(held);
                told.matches.contains_key(&held) && !is_retold(&held) && found.iter().all(|new| name(new) != held)
            });
            waiting.extend_from_slice(found);
        })
    }

    fn change_waiting(&self, change: impl FnOnce(&mut Vec<WithdrawnMatch>)) -> Result<(), DeskError> {
        let _one = locked(&self.waiting);
        let before = self.withdrawn_waiting()?;
        let mut waiting = before.clone();
        change(&mut waiting);
        if waiting == before {
            return Ok(());
        }
        Ok(self.ledger.set_setting(WAITING, serde_json::to_string(&waiting).unwrap_or_default().as_bytes())?)
    }
}
