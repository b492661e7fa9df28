//! Numbers in as few bits as they need: what lets ten million records stay in a tablet's memory.
//!
//! Nothing here trusts its own contents: a place that is out of range reads as zero, so that bytes which pass for an index
//! and are none lead to wrong answers of a search at worst, never to a panic.

use std::ops::Range;

/// Numbers of equal width, end to end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Packed {
    width: u32,
    len: usize,
    words: Vec<u64>,
}

impl Packed {
    /// An empty list for numbers up to `max`.
    pub fn up_to(max: u32) -> Self {
        Self { width: u32::BITS - max.leading_zeros(), len: 0, words: Vec::new() }
    }

    /// Has room for so many numbers as wide as those of another list. A list that grows by itself leaves every smaller one
    /// behind as memory that fits nothing else.
    pub fn reserve_like(&mut self, other: &Self, len: usize) {
        self.words.reserve_exact((len * other.width.max(self.width) as usize).div_ceil(64));
    }

    /// `len` zeros, to be filled by [`Self::set`].
    pub fn zeros(max: u32, len: usize) -> Self {
        let mut list = Self::up_to(max);
        list.len = len;
        list.words = vec![0; list.words_needed()];
        list
    }

    /// From what [`Self::parts`] gave; `None` when it does not fit together.
    pub fn from_parts(width: u32, len: usize, words: Vec<u64>) -> Option<Self> {
        let list = Self { width, len, words };
        let bits = len.checked_mul(width as usize)?;
        (width <= u32::BITS && list.words.len() == bits.div_ceil(64)).then_some(list)
    }

    /// Width, length and words.
    pub fn parts(&self) -> (u32, usize, &[u64]) {
        (self.width, self.len, &self.words)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    fn words_needed(&self) -> usize {
        (self.len * self.width as usize).div_ceil(64)
    }

    fn mask(&self) -> u64 {
        (1u64 << self.width) - 1
    }

    /// Appends a number; its bits past the width are lost.
    pub fn push(&mut self, value: u32) {
        self.len += 1;
        if self.words.len() < self.words_needed() {
            self.words.push(0);
        }
        self.set(self.len - 1, value);
    }

    /// Appends a number however great: when it needs more bits than those before it, all are packed anew.
    pub fn push_wide(&mut self, value: u32) {
        let width = u32::BITS - value.leading_zeros();
        if width > self.width {
            self.widen(width);
        }
        self.push(value);
    }

    /// Packs all anew in the same memory, the last first: each comes to stand at or behind its place of before.
    fn widen(&mut self, width: u32) {
        let narrow = self.width;
        self.width = width;
        self.words.resize(self.words_needed(), 0);
        for at in (0..self.len).rev() {
            let number = number_at(&self.words, narrow, at);
            self.clear(at);
            self.set(at, number);
        }
    }

    /// Puts other numbers up to `max` in place of those that are here, in the same memory where they are as wide. A number
    /// without another one becomes zero.
    pub fn renumber(&mut self, max: u32, others: &[u32]) {
        let other = |n: u32| others.get(n as usize).copied().unwrap_or(0);
        let new = Self::up_to(max);
        if new.width != self.width {
            let mut list = new;
            list.reserve_like(self, self.len);
            (0..self.len).filter_map(|at| self.get(at)).for_each(|n| list.push(other(n)));
            *self = list;
            return;
        }
        // Numbers without any bits are all zero, and stay so.
        let len = if self.width == 0 { 0 } else { self.len };
        for at in 0..len {
            let number = number_at(&self.words, self.width, at);
            self.clear(at);
            self.set(at, other(number));
        }
    }

    /// Makes the number at a place a zero.
    fn clear(&mut self, at: usize) {
        let bit = at * self.width as usize;
        let (word, shift) = (bit / 64, bit % 64);
        self.words[word] &= !(self.mask() << shift);
        if shift + self.width as usize > 64 {
            self.words[word + 1] &= !(self.mask() >> (64 - shift));
        }
    }

    /// Puts a number where there is a zero.
    pub fn set(&mut self, at: usize, value: u32) {
        let bit = at * self.width as usize;
        let (word, shift) = (bit / 64, bit % 64);
        let value = u64::from(value) & self.mask();
        if at >= self.len || self.width == 0 {
            return;
        }
        self.words[word] |= value << shift;
        if shift + self.width as usize > 64 {
            self.words[word + 1] |= value >> (64 - shift);
        }
    }

    /// The number at a place.
    #[inline]
    pub fn get(&self, at: usize) -> Option<u32> {
        if at >= self.len {
            return None;
        }
        Some(number_at(&self.words, self.width, at))
    }

    /// The numbers at these places, one after the other: quicker than each for itself.
    #[inline]
    pub fn run(&self, places: Range<usize>) -> impl Iterator<Item = u32> + '_ {
        let (width, mask) = (self.width as usize, self.mask());
        let mut bit = places.start * width;
        (places.start..places.end.min(self.len)).map(move |_| {
            let (word, shift) = (bit / 64, bit % 64);
            bit += width;
            let low = self.words.get(word).copied().unwrap_or(0) >> shift;
            // In two steps, for none of it is wanted where the shift is 0.
            let high = self.words.get(word + 1).copied().unwrap_or(0) << 1 << (63 - shift);
            ((low | high) & mask) as u32
        })
    }

    pub fn memory_bytes(&self) -> usize {
        self.words.len() * 8
    }
}

/// The number at a place of a list of that width; zero past its end.
#[inline]
fn number_at(words: &[u64], width: u32, at: usize) -> u32 {
    let bit = at * width as usize;
    let (word, shift) = (bit / 64, bit % 64);
    let mut value = words.get(word).map_or(0, |w| w >> shift);
    if shift + width as usize > 64 {
        value |= words.get(word + 1).map_or(0, |w| w << (64 - shift));
    }
    (value & ((1u64 << width) - 1)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_whatever_their_width() {
        for max in [0, 1, 2, 100, 65_535, 9_999_999, u32::MAX] {
            let values: Vec<u32> =
                (0..1000u32).map(|n| n.wrapping_mul(2_654_435_761) % max.saturating_add(1).max(1)).collect();
            let mut pushed = Packed::up_to(max);
            let mut filled = Packed::zeros(max, values.len());
            for (at, &value) in values.iter().enumerate() {
                pushed.push(value);
                filled.set(at, value);
            }
            assert_eq!(pushed, filled);
            let mut wide = Packed::default();
            values.iter().for_each(|&value| wide.push_wide(value));
            assert!((0..values.len()).all(|at| wide.get(at) == filled.get(at)), "up to {max}");
            let back: Vec<u32> = (0..values.len()).filter_map(|at| pushed.get(at)).collect();
            assert_eq!(back, values, "up to {max}");
            assert_eq!(pushed.get(values.len()), None);
            let (low, others): (u32, Vec<u32>) = (max.min(999), (0..=max.min(999)).rev().collect());
            let mut few = Packed::default();
            values.iter().for_each(|&value| few.push_wide(value % (low + 1)));
            for max in [low, 70_000] {
                let mut other = few.clone();
                other.renumber(max, &others);
                let mut expected = Packed::up_to(max);
                values.iter().for_each(|&value| expected.push(low - value % (low + 1)));
                assert_eq!(other, expected, "up to {low}, as wide as {max}");
            }
            for places in [0..0, 0..1000, 3..7, 63..130, 990..2000, 1000..1001] {
                let one_by_one: Vec<u32> = places.clone().filter_map(|at| pushed.get(at)).collect();
                assert_eq!(pushed.run(places.clone()).collect::<Vec<_>>(), one_by_one, "up to {max}, {places:?}");
            }
            let (width, len, words) = pushed.parts();
            assert_eq!(Packed::from_parts(width, len, words.to_vec()), Some(filled));
            assert_eq!(Packed::from_parts(40, len, words.to_vec()), None);
            assert_eq!(Packed::from_parts(width.max(1), usize::MAX, words.to_vec()), None);
        }
    }
}
