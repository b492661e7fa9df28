//! Sorting keys by the million in little memory: full pages of them are sorted and front-coded, then all are merged.

/// Keys of one page.
const PAGE_KEYS: usize = 1 << 20;

/// Keys with the records that bear them, on their way into order.
#[derive(Default)]
pub(super) struct Runs {
    /// Keys end to end as they came, and for each its beginning, its length and its record.
    heap: Vec<u8>,
    page: Vec<Entry>,
    sorted: Vec<Vec<u8>>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The first bytes as a number: nearly every comparison ends there.
    head: u64,
    begin: u32,
    len: u32,
    record: u32,
}

fn head(key: &[u8]) -> u64 {
    match key.first_chunk::<8>() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => key.iter().enumerate().fold(0, |head, (n, &b)| head | u64::from(b) << (56 - 8 * n)),
    }
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
        let mut out = Vec::with_capacity(self.page.len() * 7);
        let mut last: &[u8] = &[];
        for entry in &self.page {
            let key = key(entry);
            let shared = key.iter().zip(last).take_while(|(a, b)| a == b).count();
            put_number(&mut out, shared as u32);
            put_number(&mut out, (key.len() - shared) as u32);
            out.extend_from_slice(&key[shared..]);
            put_number(&mut out, entry.record);
            last = key;
        }
        out.shrink_to_fit();
        self.sorted.push(out);
        self.page.clear();
        self.heap.clear();
    }

    /// Every pair in order of keys, then records.
    pub fn merge(mut self, mut each: impl FnMut(&[u8], u32)) {
        self.turn();
        self.page = Vec::new();
        self.heap = Vec::new();
        let mut readers: Vec<Reader<'_>> = self.sorted.iter().map(|bytes| Reader::new(bytes)).collect();
        readers.retain_mut(Reader::advance);
        loop {
            let mut least: Option<usize> = None;
            for (n, reader) in readers.iter().enumerate() {
                if least.is_none_or(|l| reader.is_before(&readers[l])) {
                    least = Some(n);
                }
            }
            let Some(n) = least else {
                return;
            };
            each(&readers[n].key, readers[n].record);
            if !readers[n].advance() {
                readers.remove(n);
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
    head: u64,
    record: u32,
}

impl<'a> Reader<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, key: Vec::new(), head: 0, record: 0 }
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
        self.record = take_number(&mut self.rest);
        self.head = head(&self.key);
        true
    }

    fn is_before(&self, other: &Self) -> bool {
        let tie = || self.key.cmp(&other.key).then(self.record.cmp(&other.record));
        self.head.cmp(&other.head).then_with(tie).is_lt()
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
            if n % 700 == 0 {
                runs.turn();
            }
        }
        expected.sort();
        let mut merged = Vec::new();
        runs.merge(|key, record| merged.push((key.to_vec(), record)));
        assert_eq!(merged, expected);
        Runs::default().merge(|_, _| unreachable!("nothing was put in"));
    }
}
