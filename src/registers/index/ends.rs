//! The keys in the order of their ends, for marks whose beginning is lost and for patterns that begin with a star.
//!
//! The order goes by the last eight bytes, last byte first. Keys that agree in all eight stand in no order; whoever asks
//! for more than that compares the key itself.

#[cfg(feature = "device")]
use std::cmp::Reverse;
#[cfg(feature = "device")]
use std::collections::{BinaryHeap, binary_heap::PeekMut};
use std::ops::{Range, RangeInclusive};

use super::packed::Packed;
use super::trie::Trie;

/// Bytes by which keys are ordered.
pub(super) const ORDERED_BYTES: usize = 8;
/// One key in so many has its end written out, so that a search reads the keys themselves in its last steps only.
const STEP: usize = 64;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ends {
    /// Numbers of keys' edges.
    order: Packed,
    /// Ends of every [`STEP`]th of them; derived, not stored.
    samples: Vec<u64>,
}

/// The last bytes of a key, the last one first; zeros where the key is shorter.
fn end_of(key: &[u8]) -> u64 {
    key.iter().rev().take(ORDERED_BYTES).enumerate().fold(0, |end, (n, &b)| end | u64::from(b) << (56 - 8 * n))
}

/// The same of the key of an edge, of which no more is read.
pub(super) fn end_at(trie: &Trie, edge: u32) -> u64 {
    let (mut end, mut shift) = (0, u64::BITS);
    trie.backwards(edge, &mut |byte| {
        shift -= u8::BITS;
        end |= u64::from(byte) << shift;
        shift > 0
    });
    end
}

/// The least and the greatest end of keys that end in `suffix`, with one of `before` standing before it where there is room for
/// that.
pub(super) fn range_of(suffix: &[u8], before: RangeInclusive<u8>) -> (u64, u64) {
    let bound = |next: u8, fill: u8| {
        let mut bytes = [fill; ORDERED_BYTES];
        for (slot, byte) in bytes.iter_mut().zip(suffix.iter().rev().chain(std::iter::once(&next))) {
            *slot = *byte;
        }
        u64::from_be_bytes(bytes)
    };
    (bound(*before.start(), 0), bound(*before.end(), 0xFF))
}

impl Ends {
    /// Of so many keys that `each` hands over with their edges, whose numbers are below `edges`. Sorts so many keys at a time, give or
    /// take those that share an end: all at once would take more memory than the whole index.
    pub fn in_parts(edges: u32, keys: usize, part_keys: usize, each: impl Fn(&mut dyn FnMut(u32, &[u8]))) -> Self {
        // Keys by their last two bytes.
        let mut counts = vec![0u32; 1 << 16];
        each(&mut |_, key| counts[(end_of(key) >> 48) as usize] += 1);
        let mut order = Packed::zeros(edges, keys);
        let mut samples = Vec::with_capacity(keys.div_ceil(STEP));
        // The two halves of an end, and its key: twelve bytes.
        let mut pairs: Vec<[u32; 3]> = Vec::new();
        let (mut from, mut at) = (0, 0);
        while from < counts.len() {
            let mut to = from;
            let mut keys = 0;
            while to < counts.len() && (keys == 0 || keys + counts[to] as usize <= part_keys) {
                keys += counts[to] as usize;
                to += 1;
            }
            pairs.clear();
            pairs.reserve_exact(keys);
            if keys > 0 {
                each(&mut |edge, key| {
                    let end = end_of(key);
                    if (from..to).contains(&((end >> 48) as usize)) {
                        pairs.push([(end >> 32) as u32, end as u32, edge]);
                    }
                });
            }
            pairs.sort_unstable();
            for &[high, low, edge] in &pairs {
                if at % STEP == 0 {
                    samples.push(u64::from(high) << 32 | u64::from(low));
                }
                order.set(at, edge);
                at += 1;
            }
            from = to;
        }
        Self { order, samples }
    }

    /// One order of several trees' edges, which count from the number given with each; all are below `edges`.
    #[cfg(feature = "device")]
    pub fn together(edges: u32, of: &[(&Trie, &Self, u32)]) -> Self {
        let keys = of.iter().map(|(trie, ..)| trie.len()).sum();
        let mut order = Packed::zeros(edges, keys);
        let mut samples = Vec::with_capacity(keys.div_ceil(STEP));
        let next = |nth: usize, at: usize| {
            let (trie, ends, first) = of[nth];
            let edge = ends.order.get(at)?;
            // Among equal ends the first edge comes first, as where all are sorted.
            Some(Reverse((end_at(trie, edge), first + edge, nth, at)))
        };
        let mut heads: BinaryHeap<_> = (0..of.len()).filter_map(|nth| next(nth, 0)).collect();
        for place in 0..keys {
            let Some(mut head) = heads.peek_mut() else { break };
            let Reverse((end, edge, nth, at)) = *head;
            if place % STEP == 0 {
                samples.push(end);
            }
            order.set(place, edge);
            match next(nth, at + 1) {
                Some(next) => *head = next,
                None => _ = PeekMut::pop(head),
            }
        }
        Self { order, samples }
    }

    /// From the stored order; `end_at` gives the end of the key of an edge.
    pub fn from_order(order: Packed, end_at: impl Fn(u32) -> u64) -> Self {
        let samples = (0..order.len()).step_by(STEP).map(|at| end_at(order.get(at).unwrap_or(0))).collect();
        Self { order, samples }
    }

    pub fn order(&self) -> &Packed {
        &self.order
    }

    /// The edges at these places of the order.
    pub fn edges(&self, places: Range<usize>) -> impl ExactSizeIterator<Item = u32> + '_ {
        places.map(|at| self.order.get(at).unwrap_or(u32::MAX))
    }

    /// Places of the keys whose ends lie from `low` to `high`.
    pub fn between(&self, low: u64, high: u64, end_at: impl Fn(u32) -> u64) -> Range<usize> {
        let first = self.first(&end_at, |end| end >= low);
        let end = self.first(&end_at, |end| end > high);
        first..end.max(first)
    }

    /// Place of the first key for which `reached` holds; it holds for all after it.
    fn first(&self, end_at: impl Fn(u32) -> u64, reached: impl Fn(u64) -> bool) -> usize {
        let sample = self.samples.partition_point(|&end| !reached(end));
        let (mut low, mut high) = (sample.saturating_sub(1) * STEP, (sample * STEP).min(self.order.len()));
        while low < high {
            let middle = low + (high - low) / 2;
            let end = self.order.get(middle).map_or(0, &end_at);
            if reached(end) { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// Places outside of which no key's end lies from `low` to `high`, and places at which every key's does: what can be told
    /// without reading a key.
    pub fn about(&self, low: u64, high: u64) -> (Range<usize>, Range<usize>) {
        let first = self.samples.partition_point(|&end| end < low);
        let after = self.samples.partition_point(|&end| end <= high);
        let outer = first.saturating_sub(1) * STEP..(after * STEP).min(self.order.len());
        let inner = first * STEP..after.checked_sub(1).map_or(0, |last| last * STEP + 1);
        (outer, inner)
    }

    pub fn memory_bytes(&self) -> usize {
        self.order.memory_bytes() + self.samples.len() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::super::trie::TrieBuilder;
    use super::*;

    #[test]
    fn sorted_in_parts_or_at_once_the_order_is_the_same() {
        let mut keys: Vec<String> = (0..3000u32).map(|n| format!("S{}", n.wrapping_mul(2_654_435_761) >> 12)).collect();
        keys.extend(["S".into(), "SЖ".into(), "SAB".into()]);
        keys.sort();
        keys.dedup();
        let mut builder = TrieBuilder::new();
        keys.iter().for_each(|key| builder.push(key.as_bytes(), (), &mut |()| ()));
        let trie = builder.finish(&mut |()| ()).unwrap();
        let in_parts = |trie: &Trie, part: usize| {
            Ends::in_parts(trie.labels.len() as u32, trie.len(), part, |take| trie.for_each(take))
        };
        let whole = in_parts(&trie, keys.len());
        let mut backwards: Vec<u64> = keys.iter().map(|key| end_of(key.as_bytes())).collect();
        backwards.sort_unstable();
        let order = |ends: &Ends| -> Vec<u64> {
            (0..ends.order.len()).map(|at| end_of(&trie.key(ends.order.get(at).unwrap()))).collect()
        };
        assert_eq!(order(&whole), backwards);
        for part in [1, 7, 100, 2999] {
            assert_eq!(in_parts(&trie, part), whole, "{part} at a time");
        }
        assert_eq!(Ends::from_order(whole.order.clone(), |edge| end_at(&trie, edge)), whole);
    }
}
