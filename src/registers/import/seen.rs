//! Which ids a file has already named, and with what content: 12 bytes each, for ten million of them.

use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

use crate::registers::as_it_is::ByHash;

/// A table that grows holds old and new at once; in many small ones only one of them grows at a time.
const TABLES: usize = 64;

/// Half of an id's hash, in two pieces so that an entry needs no padding. Two different ids that share 64 bits (one chance
/// in 30 million registers) end as a visible reject, never as a silent loss.
#[derive(PartialEq, Eq)]
struct IdHash([u32; 2]);

impl Hash for IdHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.0[0]) << 32 | u64::from(self.0[1]));
    }
}

type Table = ByHash<IdHash, u32>;

/// How a row stands to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    /// No row had this id.
    None,
    /// One had it, with the same content.
    Same,
    /// One had it, with other content.
    Other,
}

/// The ids seen so far.
pub(super) struct Seen(Vec<Table>);

impl Seen {
    pub fn new() -> Self {
        Self((0..TABLES).map(|_| Table::default()).collect())
    }

    /// Notes a row by the hashes of its id and of its content, and says what was there.
    pub fn note(&mut self, id: u64, content: u64) -> Earlier {
        // The tables themselves go by the lowest and the highest bits.
        let table = &mut self.0[(id >> 40) as usize % TABLES];
        let content = content as u32;
        match table.entry(IdHash([(id >> 32) as u32, id as u32])) {
            Entry::Occupied(earlier) if *earlier.get() == content => Earlier::Same,
            Entry::Occupied(_) => Earlier::Other,
            Entry::Vacant(place) => {
                place.insert(content);
                Earlier::None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_known_again_with_its_content() {
        let mut seen = Seen::new();
        // Spread like hashes; neighbours in every bit too.
        let id = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n % 64);
        for n in 0..50_000 {
            assert_eq!(seen.note(id(n), n), Earlier::None, "{n}");
        }
        for n in 0..50_000 {
            assert_eq!(seen.note(id(n), n), Earlier::Same, "{n}");
            assert_eq!(seen.note(id(n), n + 1), Earlier::Other, "{n}");
        }
        assert_eq!(size_of::<(IdHash, u32)>(), 12);
    }
}
