//! What has changed since a base was built: an index of its own, and the rows of the base that it hides.

use super::OVER;
use crate::domain::Record;
#[cfg(feature = "device")]
use crate::registers::Frozen;
use crate::registers::index::{Index, IndexBuilder, IndexError, RecordRef, RegisterFacts};

/// Rows of the base that no search may find any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hidden {
    pub(super) words: Vec<u64>,
    count: u64,
}

impl Hidden {
    /// Hides a row; `false` when it was hidden already.
    pub fn hide(&mut self, row: u32) -> bool {
        let at = (row / 64) as usize;
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        let bit = 1u64 << (row % 64);
        let is_new = self.words[at] & bit == 0;
        self.words[at] |= bit;
        self.count += u64::from(is_new);
        is_new
    }

    /// Whether a row is hidden.
    pub fn holds(&self, row: u32) -> bool {
        self.words.get((row / 64) as usize).is_some_and(|word| word & (1u64 << (row % 64)) != 0)
    }

    /// Number of rows hidden.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// What has changed since a base was built.
#[derive(Debug, Clone)]
pub struct Overlay {
    pub(super) index: Index,
    pub(super) hidden: Hidden,
}

impl Overlay {
    /// The overlay of `base`: `registers` as they are now (in the base's order), the rows that it hides, and the changed and
    /// new records with the number of the register of each. A record's position in `records` is its row.
    ///
    /// # Errors
    /// When there are more registers or records than an index holds.
    pub fn build<'a>(
        base: &Index,
        registers: Vec<RegisterFacts>,
        hidden: Hidden,
        records: impl IntoIterator<Item = (usize, &'a Record)>,
    ) -> Result<Self, IndexError> {
        let mut builder = IndexBuilder::beside(base, registers)?;
        for (register, record) in records {
            within(builder.push(register, record)?)?;
        }
        Ok(Self { index: builder.finish()?, hidden })
    }

    /// The same of records in frozen form, each with the number of its register and what it says beyond that form: `fill`
    /// hands them over.
    ///
    /// # Errors
    /// Also when `fill` fails.
    #[cfg(feature = "device")]
    pub(crate) fn build_with<E: From<IndexError>>(
        base: &Index,
        registers: Vec<RegisterFacts>,
        hidden: Hidden,
        fill: impl FnOnce(&mut dyn FnMut(usize, &Frozen<'_>, &[u8]) -> Result<(), IndexError>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut builder = IndexBuilder::beside(base, registers)?;
        fill(&mut |register, frozen, more| within(builder.push_frozen(register, frozen, more)?))?;
        Ok(Self { index: builder.finish()?, hidden })
    }

    /// Changed and new records.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Hides nothing and adds nothing.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty() && self.hidden.is_empty()
    }

    /// The rows of the base that are hidden.
    pub fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// Bytes in memory, without what the allocator adds.
    pub fn memory_bytes(&self) -> usize {
        self.index.memory_bytes() + self.hidden.words.len() * 8
    }
}

/// Positions leave the bit free that says of a record that it is the overlay's.
fn within(record: RecordRef) -> Result<(), IndexError> {
    if record.0 >= OVER - 1 { Err(IndexError::TooManyRecords) } else { Ok(()) }
}
