//! A static hash table from keys to numbers, in the bits that the numbers need.

use super::packed::Packed;

/// 64 bits of hash, the same on every machine: it is written to disk. FNV-1a with a final mix.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    hash_of(bytes.iter().copied())
}

/// The same for bytes that come one after the other.
pub(super) fn hash_of(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut h = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

/// Numbers in a bucket, on average: a bucket's place costs as much as a number, and a reader compares the keys anyway.
const BUCKET: usize = 4;

/// From the hash of a key to every number that was put under it. Buckets are shared, and of a hash no more than a byte is kept, so the
/// reader compares the key: nearly always one that is right, for an index has such a table in each of its pieces.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Table {
    /// Where each bucket begins in `ids`; one more than there are buckets.
    pub starts: Packed,
    pub ids: Packed,
    /// The last byte of the hash of each.
    pub tags: Vec<u8>,
}

impl Table {
    /// From `len` pairs of hash and number, in any order; no number is greater than `max`. They are asked for twice, so that
    /// nobody need keep them.
    pub fn build(len: usize, max: u32, pairs: impl Fn(&mut dyn FnMut(u64, u32))) -> Self {
        let buckets = len.div_ceil(BUCKET);
        let mut places = vec![0u32; buckets + 1];
        pairs(&mut |hash, _| places[bucket(hash, buckets) + 1] += 1);
        for i in 0..buckets {
            places[i + 1] += places[i];
        }
        let mut starts = Packed::up_to(len as u32);
        places.iter().for_each(|&place| starts.push(place));
        let mut ids = Packed::zeros(max, len);
        let mut tags = vec![0; len];
        pairs(&mut |hash, id| {
            let place = &mut places[bucket(hash, buckets)];
            ids.set(*place as usize, id);
            tags[*place as usize] = tag(hash);
            *place += 1;
        });
        Self { starts, ids, tags }
    }

    /// Every number that may be under that hash.
    pub fn get(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let buckets = self.starts.len().saturating_sub(1);
        let place = |at| self.starts.get(at).unwrap_or(0) as usize;
        let places = if buckets == 0 { 0..0 } else { place(bucket(hash, buckets))..place(bucket(hash, buckets) + 1) };
        let own = self.tags.get(places.clone()).unwrap_or_default();
        let own = places.zip(own).filter(move |(_, of)| **of == tag(hash));
        own.filter_map(|(at, _)| self.ids.get(at))
    }

    /// Whether the parts are as long as each other says.
    pub fn fits_together(&self) -> bool {
        let end = self.starts.len().checked_sub(1).and_then(|last| self.starts.get(last)).unwrap_or(0);
        self.ids.len() == self.tags.len() && end as usize == self.ids.len()
    }

    pub fn memory_bytes(&self) -> usize {
        self.starts.memory_bytes() + self.ids.memory_bytes() + self.tags.len()
    }
}

fn tag(hash: u64) -> u8 {
    hash as u8
}

fn bucket(hash: u64, buckets: usize) -> usize {
    ((u128::from(hash) * buckets as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let pairs: Vec<_> = (0..5000u32).map(|n| (hash(&(n / 2).to_le_bytes()), n)).collect();
        let of = |pairs: &[(u64, u32)], max| {
            Table::build(pairs.len(), max, |take| pairs.iter().for_each(|&(hash, id)| take(hash, id)))
        };
        let table = of(&pairs, 5000);
        let mut others = 0;
        for n in 0..5000u32 {
            let found: Vec<u32> = table.get(hash(&(n / 2).to_le_bytes())).collect();
            assert!(found.contains(&n), "{n}");
            others += found.iter().filter(|&&id| id / 2 != n / 2).count();
        }
        assert!(others < 5000 / 20, "{others} keys would be compared in vain");
        assert_eq!(of(&[], 0).get(7).count(), 0);
        assert_eq!(Table::default().get(7).count(), 0);
    }
}
