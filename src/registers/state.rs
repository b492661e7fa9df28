//! A hash of a *set* of records: the same whatever the order, and changed by one record in the time of one record.
//!
//! Each record's content hash is stretched to 1,024 bits and the numbers are added, lane by lane; a record that goes is
//! subtracted. Why so wide: whoever may put records into a register can choose their hashes among many. With exclusive or, a
//! linear system over a few hundred records cancels any change; with a sum of 256 bits, lattice reduction does the same.
//! Sixteen lanes of 64 bits put both out of reach (short vectors of that lattice are harder to find than a collision of
//! SHA-256). What travels is the SHA-256 of the sum.

use sha2::block_api::compress512;
use sha2::{Digest, Sha256};

use crate::domain::Hash;

const LANES: usize = 16;
/// A sum as bytes.
pub const SUM_BYTES: usize = LANES * 8;

/// The hash of a set, in the form that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum([u64; LANES]);

impl Sum {
    /// A record came.
    pub fn add(&mut self, content: &Hash) {
        stretch(content).iter().zip(&mut self.0).for_each(|(&x, lane)| *lane = lane.wrapping_add(x));
    }

    /// A record went.
    pub fn remove(&mut self, content: &Hash) {
        stretch(content).iter().zip(&mut self.0).for_each(|(&x, lane)| *lane = lane.wrapping_sub(x));
    }

    /// What another sum counts, counted here.
    pub fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(lane, more)| *lane = lane.wrapping_add(more));
    }

    /// What is compared and sent.
    pub fn digest(&self) -> Hash {
        Hash(
            Sha256::new().chain_update(b"tracepost set of records\x00").chain_update(self.to_bytes()).finalize().into(),
        )
    }

    /// The bytes that are kept.
    pub fn to_bytes(&self) -> [u8; SUM_BYTES] {
        let mut out = [0; SUM_BYTES];
        out.as_chunks_mut::<8>().0.iter_mut().zip(self.0).for_each(|(to, lane)| *to = lane.to_le_bytes());
        out
    }

    /// Reads [`Self::to_bytes`]; `None` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; SUM_BYTES] = bytes.try_into().ok()?;
        let mut sum = Self::default();
        sum.0.iter_mut().zip(bytes.as_chunks::<8>().0).for_each(|(lane, from)| *lane = u64::from_le_bytes(*from));
        Some(sum)
    }
}

/// SHA-512 of 0 and the hash, and of 1 and the hash. Each text fits one block, so the block is laid out here: millions of
/// records are counted in at a time, and going through the hasher's buffer takes half as long again.
fn stretch(content: &Hash) -> [u64; LANES] {
    const TEXT_BYTES: usize = 33;
    let mut block = [0; 128];
    block[1..TEXT_BYTES].copy_from_slice(&content.0);
    block[TEXT_BYTES] = 0x80;
    block[120..].copy_from_slice(&(8 * TEXT_BYTES as u64).to_be_bytes());
    let mut lanes = [0; LANES];
    for (part, half) in lanes.chunks_exact_mut(LANES / 2).enumerate() {
        block[0] = part as u8;
        let mut words = SHA512_BEGIN;
        compress512(&mut words, &[block]);
        half.iter_mut().zip(words).for_each(|(lane, word)| *lane = word.swap_bytes());
    }
    lanes
}

/// Where SHA-512 begins (FIPS 180-4, 5.3.5).
const SHA512_BEGIN: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The hashes of all buckets end to end: what a device fetches when it must know which of its buckets is wrong.
pub fn list_of(sums: &[Sum]) -> Vec<u8> {
    sums.iter().flat_map(|sum| sum.digest().0).collect()
}

/// Reads [`list_of`]; `None` when it is not of so many buckets.
pub fn read_list(bytes: &[u8], buckets: usize) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == buckets).then(|| hashes.iter().map(|h| Hash(*h)).collect())
}

/// The hash of a whole register: SHA-256 of [`list_of`].
pub fn root(sums: &[Sum]) -> Hash {
    Hash(Sha256::digest(list_of(sums)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(n: u8) -> Hash {
        Hash([n; 32])
    }

    #[test]
    fn order_does_not_matter_and_number_does() {
        let sum = |all: &[u8]| {
            let mut sum = Sum::default();
            all.iter().for_each(|&n| sum.add(&content(n)));
            sum
        };
        assert_eq!(sum(&[1, 2, 3]), sum(&[3, 1, 2]));
        assert_ne!(sum(&[1, 2, 3]), sum(&[1, 2, 4]));
        assert_ne!(sum(&[1, 1]), Sum::default(), "a record that comes twice does not cancel itself");
        let mut changed = sum(&[1, 2, 3]);
        changed.remove(&content(2));
        assert_eq!(changed, sum(&[1, 3]));
        assert_eq!(Sum::from_bytes(&changed.to_bytes()), Some(changed));
        assert_eq!(Sum::from_bytes(&[0; 3]), None);
    }

    #[test]
    fn what_is_laid_out_by_hand_is_sha_512() {
        for n in 0..20 {
            let digests =
                [0u8, 1].map(|part| sha2::Sha512::new().chain_update([part]).chain_update([n; 32]).finalize());
            let lanes: Vec<u8> = stretch(&content(n)).iter().flat_map(|lane| lane.to_le_bytes()).collect();
            assert_eq!(lanes, digests.concat());
        }
    }

    #[test]
    fn the_stretched_hash_is_golden() {
        // Device and hub of different versions must agree on it.
        let mut sum = Sum::default();
        sum.add(&content(7));
        assert_eq!(sum.digest().to_string(), GOLDEN);
        assert_eq!(read_list(&list_of(&[sum, sum]), 2), Some(vec![sum.digest(); 2]));
        assert_eq!(read_list(&list_of(&[sum]), 2), None);
    }
    const GOLDEN: &str = "234840f785befdadedf13968da277e16c12491a934326927fce2a796d4b11825";
}
