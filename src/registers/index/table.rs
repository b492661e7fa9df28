//! Small static search structures: a hash table from keys to numbers, and a filter that says "surely not".

/// 64 bits of hash, the same on every machine: it is written to disk. FNV-1a with a final mix.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut h = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

/// From the hash of a key to every number that was put under it. Buckets are shared, so the reader compares the key.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Table {
    /// Where each bucket begins in `ids`; one more than there are buckets, which are a power of two.
    pub starts: Vec<u32>,
    pub ids: Vec<u32>,
}

impl Table {
    /// From pairs of hash and number, in any order.
    pub fn build(mut pairs: Vec<(u64, u32)>) -> Self {
        let bits = pairs.len().max(1).next_power_of_two().trailing_zeros();
        let buckets = 1usize << bits;
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = vec![0u32; buckets + 1];
        for (hash, _) in &pairs {
            starts[bucket(*hash, buckets) + 1] += 1;
        }
        for i in 0..buckets {
            starts[i + 1] += starts[i];
        }
        Self { starts, ids: pairs.into_iter().map(|(_, id)| id).collect() }
    }

    /// Every number that may be under that hash.
    pub fn get(&self, hash: u64) -> &[u32] {
        let buckets = self.starts.len().saturating_sub(1);
        if buckets == 0 {
            return &[];
        }
        let b = bucket(hash, buckets);
        self.ids.get(self.starts[b] as usize..self.starts[b + 1] as usize).unwrap_or_default()
    }
}

/// The upper bits, so that pairs sorted by hash are sorted by bucket.
fn bucket(hash: u64, buckets: usize) -> usize {
    ((u128::from(hash) * buckets as u128) >> 64) as usize
}

/// A blocked Bloom filter: one word a key, four bits in it. At 12 bits a key some 3 % of absent keys pass.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Filter {
    pub words: Vec<u64>,
}

const FILTER_BITS_PER_KEY: usize = 12;

impl Filter {
    pub fn with_room_for(keys: usize) -> Self {
        Self { words: vec![0; (keys * FILTER_BITS_PER_KEY).div_ceil(64).max(1)] }
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let word = ((u128::from(hash) * self.words.len() as u128) >> 64) as usize;
        let bit = |shift: u32| 1u64 << (hash >> shift & 63);
        (word, bit(0) | bit(6) | bit(12) | bit(18))
    }

    pub fn add(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        self.words[word] |= bits;
    }

    /// False when the key was surely never added.
    pub fn may_hold(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.words.get(word).is_some_and(|w| w & bits == bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let pairs: Vec<_> = (0..5000u32).map(|n| (hash(&(n / 2).to_le_bytes()), n)).collect();
        let table = Table::build(pairs);
        for n in 0..5000u32 {
            assert!(table.get(hash(&(n / 2).to_le_bytes())).contains(&n), "{n}");
        }
        assert_eq!(Table::build(Vec::new()).get(7), &[] as &[u32]);
        assert_eq!(Table::default().get(7), &[] as &[u32]);
    }

    #[test]
    fn the_filter_forgets_nothing_and_refuses_most() {
        let mut filter = Filter::with_room_for(10_000);
        (0..10_000u32).for_each(|n| filter.add(hash(&n.to_le_bytes())));
        assert!((0..10_000u32).all(|n| filter.may_hold(hash(&n.to_le_bytes()))));
        let passed = (10_000..110_000u32).filter(|n| filter.may_hold(hash(&n.to_le_bytes()))).count();
        assert!(passed < 6_000, "{passed} of 100,000 absent keys pass");
    }
}
