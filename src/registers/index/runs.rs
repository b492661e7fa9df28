//! Sorting keys by the million in little memory: full pages of them are sorted and front-coded, then all are merged.

use std::cmp::Ordering;

/// Keys of one page.
#[cfg(not(test))]
const PAGE_KEYS: usize = 1 << 18;
#[cfg(test)]
const PAGE_KEYS: usize = 700;
/// Ranges of keys that are merged one after the other.
const LANES: usize = 4;
/// Past the size up to which the C library keeps what was freed.
const BLOCK_BYTES: usize = 48 << 20;
/// Most that the three numbers of an entry take.
const NUMBERS_BYTES_MAX: usize = 15;

/// Keys with the records that bear them, on their way into order.
#[derive(Default)]
pub(super) struct Runs {
    /// Keys end to end as they came, and for each its beginning, its length and its record.
    heap: Vec<u8>,
    page: Vec<Entry>,
    /// What is sorted, by ranges of keys: each is merged and given back before the next.
    lanes: Vec<Lane>,
}

/// Keys of one range.
#[derive(Default)]
struct Lane {
    /// The first key that is not of it any more; the last lane has none.
    end: Option<Vec<u8>>,
    /// Pieces of pages end to end, in blocks so large that the allocator gives each back to the system when it is dropped.
    blocks: Vec<Vec<u8>>,
    /// Block, beginning and end of each piece, and the number from which its records count.
    pieces: Vec<(usize, usize, usize, u32)>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The first bytes as a number: nearly every comparison ends there.
    head: u128,
    begin: u32,
    len: u32,
    record: u32,
}

fn head(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let len = key.len().min(16);
    bytes[..len].copy_from_slice(&key[..len]);
    u128::from_be_bytes(bytes)
}

impl Runs {
    pub fn push(&mut self, key: &[u8], record: u32) {
        // A page's heap is counted in 32 bits.
        if self.page.len() >= PAGE_KEYS || self.heap.len() + key.len() > u32::MAX as usize / 2 {
            self.turn();
        }
        let begin = self.heap.len() as u32;
        self.heap.extend_from_slice(key);
        self.page.push(Entry { head: head(key), begin, len: key.len() as u32, record });
    }

    /// Sorts the page away.
    fn turn(&mut self) {
        let heap = &self.heap;
        let key = |e: &Entry| &heap[e.begin as usize..(e.begin + e.len) as usize];
        self.page.sort_unstable_by(|a, b| {
            let tie = || key(a).cmp(key(b)).then(a.record.cmp(&b.record));
            a.head.cmp(&b.head).then_with(tie)
        });
        if self.lanes.is_empty() {
            // What comes later is spread as the first page is; where it is not, only memory is lost.
            let is_long = self.page.len() == PAGE_KEYS;
            let ends = (1..LANES).filter(|_| is_long).map(|n| key(&self.page[n * self.page.len() / LANES]).to_vec());
            self.lanes = ends.map(Some).chain([None]).map(|end| Lane { end, ..Lane::default() }).collect();
        }
        let first = self.page.iter().map(|entry| entry.record).min().unwrap_or(0);
        let mut rest = &self.page[..];
        for lane in &mut self.lanes {
            let end = lane.end.as_ref().map_or(rest.len(), |end| rest.partition_point(|e| key(e) < end.as_slice()));
            let (own, after) = rest.split_at(end);
            rest = after;
            lane.put(own.iter().map(|entry| (key(entry), entry.record - first)), first);
        }
        self.page.clear();
        self.heap.clear();
    }

    /// Every pair in order of keys, then records.
    pub fn merge(mut self, mut each: impl FnMut(&[u8], u32)) {
        self.turn();
        self.page = Vec::new();
        self.heap = Vec::new();
        self.lanes.into_iter().for_each(|lane| lane.merge(&mut each));
    }
}

impl Lane {
    /// Adds a sorted piece of a page.
    fn put<'a>(&mut self, entries: impl Iterator<Item = (&'a [u8], u32)> + Clone, first: u32) {
        let needed: usize = entries.clone().map(|(key, _)| key.len() + NUMBERS_BYTES_MAX).sum();
        if self.blocks.last().is_none_or(|block| block.capacity() - block.len() < needed) {
            // What is never written takes no memory; small registers need no block of that size.
            let size = if self.end.is_none() && self.blocks.is_empty() { needed } else { needed.max(BLOCK_BYTES) };
            self.blocks.push(Vec::with_capacity(size));
        }
        let block = self.blocks.len() - 1;
        let out = &mut self.blocks[block];
        let begin = out.len();
        let mut last: &[u8] = &[];
        for (key, record) in entries {
            let shared = key.iter().zip(last).take_while(|(a, b)| a == b).count();
            put_number(out, shared as u32);
            put_number(out, (key.len() - shared) as u32);
            out.extend_from_slice(&key[shared..]);
            put_number(out, record);
            last = key;
        }
        self.pieces.push((block, begin, out.len(), first));
    }

    fn merge(self, each: &mut impl FnMut(&[u8], u32)) {
        let piece = |&(block, begin, end, first): &(usize, usize, usize, u32)| -> Reader<'_> {
            Reader::new(&self.blocks[block][begin..end], first)
        };
        // The reader with the least pair last.
        let mut readers: Vec<Reader<'_>> = self.pieces.iter().map(piece).collect();
        readers.retain_mut(Reader::advance);
        readers.sort_by(|a, b| b.order(a));
        while let Some(mut first) = readers.pop() {
            // A piece holds long stretches of what comes next where registers came one after the other.
            loop {
                each(&first.key, first.record);
                if !first.advance() {
                    break;
                }
                if readers.last().is_some_and(|next| next.order(&first).is_lt()) {
                    let place = readers.partition_point(|reader| first.order(reader).is_lt());
                    readers.insert(place, first);
                    break;
                }
            }
        }
    }
}

/// A piece of a page on its way out.
struct Reader<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
    head: u128,
    record: u32,
    /// From which its records count.
    first: u32,
}

impl<'a> Reader<'a> {
    fn new(rest: &'a [u8], first: u32) -> Self {
        Self { rest, key: Vec::new(), head: 0, record: 0, first }
    }

    /// The next pair; false at the end.
    fn advance(&mut self) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        let shared = take_number(&mut self.rest) as usize;
        let len = take_number(&mut self.rest) as usize;
        self.key.truncate(shared);
        let (own, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.key.extend_from_slice(own);
        self.rest = rest;
        self.record = self.first + take_number(&mut self.rest);
        self.head = head(&self.key);
        true
    }

    fn order(&self, other: &Self) -> Ordering {
        let tie = || self.key.cmp(&other.key).then(self.record.cmp(&other.record));
        self.head.cmp(&other.head).then_with(tie)
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(rest: &mut &[u8]) -> u32 {
    let (mut number, mut shift) = (0, 0);
    while let Some((&byte, after)) = rest.split_first() {
        *rest = after;
        number |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 || shift > 28 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_merge_into_one_order() {
        let mut runs = Runs::default();
        let mut expected = Vec::new();
        for n in 0..5000u32 {
            let key = format!("S{}", n.wrapping_mul(2_654_435_761) % 3000).into_bytes();
            runs.push(&key, n);
            expected.push((key, n));
        }
        expected.sort();
        let mut merged = Vec::new();
        runs.merge(|key, record| merged.push((key.to_vec(), record)));
        assert_eq!(merged, expected);
        Runs::default().merge(|_, _| unreachable!("nothing was put in"));
    }
}
