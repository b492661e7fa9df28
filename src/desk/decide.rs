//! What the officer did about a check.

use super::{Desk, DeskError};
use crate::domain::{DecisionCode, Seq};
use crate::ledger::{Decided, Payload, RecordOpened, ShiftClosed};
use crate::store::GradeCounts;

/// Most characters of a note; an entry must fit into a request to the hub.
const NOTE_CHARS_MAX: usize = 4_000;

impl Desk {
    /// Records a decision about a check, with a note and, when given, a picture. A later decision stands beside the earlier
    /// one; the latest counts.
    ///
    /// # Errors
    /// When there is no such check, or the disk refuses.
    pub fn decide(&self, of: Seq, code: DecisionCode, note: &str, photo: Option<&[u8]>) -> Result<Seq, DeskError> {
        self.ledger.sighting(of)?;
        let photo = photo.map(|bytes| self.ledger.put_photo(bytes)).transpose()?;
        let decided = Decided { of, code, note: note.chars().take(NOTE_CHARS_MAX).collect(), photo };
        Ok(self.ledger.append(&self.officer(), &Payload::Decision(decided))?)
    }

    /// Notes that somebody opened a candidate's record.
    ///
    /// # Errors
    /// When the disk refuses; the record must then stay closed.
    pub fn open_record(
        &self,
        register: &crate::domain::RegisterId,
        record: &str,
        from: Option<Seq>,
    ) -> Result<Seq, DeskError> {
        let opened = RecordOpened { register: register.clone(), record: record.to_owned(), from };
        Ok(self.ledger.append(&self.officer(), &Payload::RecordOpened(opened))?)
    }

    /// Closes the shift: counts since the last one, and a signed head.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close_shift(&self) -> Result<(Seq, GradeCounts), DeskError> {
        self.write_late_checks();
        let since = self.ledger.last_shift()?.map_or(Seq(0), Seq::next);
        let counts = self.ledger.counts(since)?;
        let closed = ShiftClosed {
            post: self.post(),
            by_grade: counts.as_array(),
            open_hits: self.ledger.open_hits()?,
            photos_pending: self.ledger.photos_pending_count()?,
            unsent: self.ledger.unsent()?,
        };
        let seq = self.ledger.append(&self.officer(), &Payload::ShiftClosed(closed))?;
        self.ledger.sign_head()?;
        Ok((seq, counts))
    }
}
