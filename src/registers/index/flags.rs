//! Flags, with the number of those set before any place: what says where a node, a key or a record of a key begins.

use std::mem::take;

/// Flags, with the number of those set before any place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Flags {
    len: usize,
    words: Vec<Word>,
    /// The word that holds every [`STEP`]th set flag; made by [`Self::finish`].
    steps: Vec<u32>,
}

/// Sixty-four flags beside the number of those set before them, made by [`Flags::finish`]: whoever asks for one asks for the
/// other, and memory is slow. Halves, for a word of eight bytes would leave four unused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Word {
    bits: [u32; 2],
    before: u32,
}

/// One set flag in so many has the place of its word written down.
const STEP: usize = 256;

impl Word {
    #[inline]
    fn of(bits: u64) -> Self {
        Self { bits: [bits as u32, (bits >> 32) as u32], before: 0 }
    }

    #[inline]
    fn bits(&self) -> u64 {
        u64::from(self.bits[0]) | u64::from(self.bits[1]) << 32
    }
}

impl Flags {
    pub fn from_parts(len: usize, words: Vec<u64>) -> Option<Self> {
        // Flags past the end must be off, or they would be counted.
        let spare = (words.len() * 64).checked_sub(len).filter(|&spare| spare < 64)?;
        let clean = words.last().is_none_or(|last| spare == 0 || last >> (64 - spare) == 0);
        let words = words.into_iter().map(Word::of).collect();
        (clean && u32::try_from(len).is_ok()).then(|| Self { len, words, steps: Vec::new() }.finish())
    }

    /// Has room for so many flags.
    #[cfg(feature = "device")]
    pub fn reserve(&mut self, len: usize) {
        self.words.reserve_exact(len.div_ceil(64));
    }

    /// Length and words.
    pub fn parts(&self) -> (usize, impl ExactSizeIterator<Item = u64>) {
        (self.len, self.words.iter().map(Word::bits))
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push(&mut self, flag: bool) {
        let at = self.len % 64;
        if at == 0 {
            self.words.push(Word::default());
        }
        if let Some(word) = self.words.last_mut() {
            word.bits[at / 32] |= u32::from(flag) << (at % 32);
        }
        self.len += 1;
    }

    /// Counts, so that [`Self::rank`] and [`Self::select`] answer.
    pub fn finish(mut self) -> Self {
        let mut words = take(&mut self.words);
        let mut sum = 0u32;
        let mut steps = Vec::new();
        for (at, word) in words.iter_mut().enumerate() {
            word.before = sum;
            sum = sum.saturating_add(word.bits().count_ones());
            // A word holds fewer flags than a step.
            if steps.len() * STEP < sum as usize {
                steps.push(at as u32);
            }
        }
        words.shrink_to_fit();
        steps.shrink_to_fit();
        Self { len: self.len, words, steps }
    }

    #[inline]
    pub fn get(&self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|word| word.bits() >> (at % 64) & 1 == 1)
    }

    /// Number of flags set before a place.
    #[inline]
    pub fn rank(&self, at: usize) -> usize {
        match self.words.get(at / 64) {
            Some(word) => word.before as usize + (word.bits() & ((1u64 << (at % 64)) - 1)).count_ones() as usize,
            None => self.ones(),
        }
    }

    /// Number of flags set.
    pub fn ones(&self) -> usize {
        self.words.last().map_or(0, |word| word.before as usize + word.bits().count_ones() as usize)
    }

    /// The first set flag at or after a place.
    #[inline]
    pub fn next(&self, at: usize) -> Option<usize> {
        let mut word = at / 64;
        let mut bits = self.words.get(word)?.bits() & (u64::MAX << (at % 64));
        while bits == 0 {
            word += 1;
            bits = self.words.get(word)?.bits();
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }

    /// Place of the set flag that has `nth` others before it.
    pub fn select(&self, nth: usize) -> Option<usize> {
        let first = *self.steps.get(nth / STEP)? as usize;
        let end = self.steps.get(nth / STEP + 1).map_or(self.words.len(), |&last| last as usize + 1);
        let near = self.words.get(first..end)?;
        let place = near.partition_point(|word| word.before as usize <= nth).checked_sub(1)?;
        let word = near.get(place)?;
        let mut bits = word.bits();
        for _ in 0..nth - word.before as usize {
            bits &= bits.wrapping_sub(1);
        }
        (bits != 0).then(|| (first + place) * 64 + bits.trailing_zeros() as usize)
    }

    /// Reads what [`Self::select`] will need, and gives something of it. Whoever asks for many at a time asks so for all of
    /// them first: memory is waited for once then, not once for each.
    #[inline]
    pub fn touch(&self, nth: usize) -> u32 {
        let first = self.steps.get(nth / STEP).copied().unwrap_or(0) as usize;
        let end = self.steps.get(nth / STEP + 1).map_or(self.words.len(), |&last| last as usize);
        let about = first + end.saturating_sub(first) * (nth % STEP) / STEP;
        self.words.get(about).map_or(0, |word| word.before)
    }

    pub fn memory_bytes(&self) -> usize {
        self.words.len() * size_of::<Word>() + self.steps.len() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_set_flags_are_found_by_their_number() {
        for apart in [1, 2, 63, 64, 65, 200, 5000] {
            let mut flags = Flags::default();
            (0..70_000).for_each(|n| flags.push(n % apart == apart - 1));
            let flags = flags.finish();
            for nth in 0..flags.ones() {
                assert_eq!(flags.select(nth), Some(nth * apart + apart - 1), "one in {apart}");
            }
            assert_eq!((flags.ones(), flags.select(flags.ones())), (70_000 / apart, None));
        }
    }

    #[test]
    fn flags_are_counted_and_found() {
        let set = |n: usize| n.is_multiple_of(3) || (200..330).contains(&n);
        let mut flags = Flags::default();
        (0..1000).for_each(|n| flags.push(set(n)));
        let flags = flags.finish();
        let ones: Vec<usize> = (0..1000).filter(|&n| set(n)).collect();
        for n in 0..1000 {
            assert_eq!(flags.get(n), set(n));
            assert_eq!(flags.rank(n), ones.iter().filter(|&&o| o < n).count(), "{n}");
            assert_eq!(flags.next(n), ones.iter().copied().find(|&o| o >= n), "{n}");
        }
        for (nth, &place) in ones.iter().enumerate() {
            assert_eq!(flags.select(nth), Some(place), "{nth}");
        }
        assert_eq!((flags.select(ones.len()), flags.ones()), (None, ones.len()));
        assert_eq!((Flags::default().rank(7), Flags::default().select(0), Flags::default().next(0)), (0, None, None));
        let (len, words) = (flags.parts().0, flags.parts().1.collect::<Vec<u64>>());
        assert_eq!(Flags::from_parts(len, words.clone()), Some(flags.clone()));
        assert_eq!(Flags::from_parts(len + 64, words), None);
    }
}
