//! Builds the tree from keys in ascending order, and writes each node once nothing more can hang at it.

use super::super::flags::Flags;
use super::super::packed::Packed;
use super::{EDGES_MAX, END, TAILS_STEP, Trie};

fn put_tail(out: &mut Vec<u8>, tail: &[u8]) {
    let mut len = tail.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(tail);
}

/// Builds a tree from keys in ascending order. What goes with a key comes out again in the order of the keys' numbers.
pub(in crate::registers::index) struct TrieBuilder<T> {
    labels: Vec<u8>,
    inner: Flags,
    last: Flags,
    children: Packed,
    nodes: u32,
    tailed: Flags,
    tails: Vec<u8>,
    tail_starts: Packed,
    tail_count: usize,
    /// Edges not yet written of the nodes on the way to the last key, by depth.
    open: Vec<Vec<Pending<T>>>,
    waiting: Option<(Vec<u8>, T)>,
    /// Bytes that the waiting key shares with the one before it.
    shared: usize,
}

struct Pending<T> {
    label: u8,
    what: What<T>,
}

enum What<T> {
    Node { begin: u32 },
    Key { tail: Vec<u8>, with: T },
}

impl<T> TrieBuilder<T> {
    pub fn new() -> Self {
        Self {
            labels: Vec::new(),
            inner: Flags::default(),
            last: Flags::default(),
            children: Packed::default(),
            nodes: 0,
            tailed: Flags::default(),
            tails: Vec::new(),
            tail_starts: Packed::default(),
            tail_count: 0,
            open: Vec::new(),
            waiting: None,
            shared: 0,
        }
    }

    /// Has room for the keys of another tree and so many more.
    #[cfg(feature = "device")]
    pub fn reserve(&mut self, like: &Trie, more: usize) {
        let keys = like.len().max(1);
        let room = |len: usize| len + len * more / keys + 1;
        let edges = room(like.labels.len());
        self.labels.reserve_exact(edges);
        self.inner.reserve(edges);
        self.last.reserve(edges);
        self.children.reserve_like(&like.children, room(like.children.len()));
        self.tailed.reserve(room(like.tailed.len()));
        self.tails.reserve_exact(room(like.tails.len()));
        self.tail_starts.reserve_like(&like.tail_starts, room(like.tail_starts.len()));
    }

    /// The next key, greater than the one before; `done` gets what came with each key whose number is now certain.
    pub fn push(&mut self, key: &[u8], with: T, done: &mut impl FnMut(T)) {
        let shared =
            self.waiting.as_ref().map_or(0, |(waiting, _)| waiting.iter().zip(key).take_while(|(a, b)| a == b).count());
        if let Some((mut waiting, its)) = self.waiting.take() {
            self.settle(&waiting, its, shared, done);
            waiting.clear();
            waiting.extend_from_slice(key);
            self.waiting = Some((waiting, with));
        } else {
            self.waiting = Some((key.to_vec(), with));
        }
        self.shared = shared;
    }

    /// Hangs the waiting key in, and writes the nodes that are complete: those deeper than what the next key shares.
    fn settle(&mut self, key: &[u8], with: T, shared_after: usize, done: &mut impl FnMut(T)) {
        let depth = self.shared.max(shared_after);
        while self.open.len() <= depth {
            self.open.push(Vec::new());
        }
        let label = key.get(depth).copied().unwrap_or(END);
        let tail = key.get(depth + 1..).unwrap_or_default().to_vec();
        self.open[depth].push(Pending { label, what: What::Key { tail, with } });
        for level in (shared_after + 1..=depth).rev() {
            let edges = std::mem::take(&mut self.open[level]);
            let what = self.write(edges, done);
            self.open[level - 1].push(Pending { label: key[level - 1], what });
        }
    }

    fn write(&mut self, edges: Vec<Pending<T>>, done: &mut impl FnMut(T)) -> What<T> {
        let begin = self.labels.len() as u32;
        let count = edges.len();
        for (n, edge) in edges.into_iter().enumerate() {
            self.labels.push(edge.label);
            self.last.push(n + 1 == count);
            self.inner.push(matches!(edge.what, What::Node { .. }));
            match edge.what {
                What::Node { begin } => self.children.push_wide(begin),
                What::Key { tail, with } => {
                    self.tailed.push(!tail.is_empty());
                    if !tail.is_empty() {
                        if self.tail_count.is_multiple_of(TAILS_STEP) {
                            self.tail_starts.push_wide(self.tails.len() as u32);
                        }
                        self.tail_count += 1;
                        put_tail(&mut self.tails, &tail);
                    }
                    done(with);
                }
            }
        }
        self.nodes += 1;
        What::Node { begin }
    }

    /// Writes the rest. `None`: too many keys for 32 bits.
    pub fn finish(mut self, done: &mut impl FnMut(T)) -> Option<Trie> {
        if let Some((key, with)) = self.waiting.take() {
            self.settle(&key, with, 0, done);
        }
        let root = self.open.first_mut().map(std::mem::take).unwrap_or_default();
        if !root.is_empty() {
            self.write(root, done);
        }
        let count = u32::try_from(self.labels.len()).ok().filter(|&n| n < EDGES_MAX)?;
        u32::try_from(self.tails.len()).ok()?;
        self.labels.shrink_to_fit();
        self.tails.shrink_to_fit();
        let (inner, last) = (self.inner.finish(), self.last.finish());
        let mut parents = Packed::zeros(count, self.nodes as usize);
        let edges = (0..count).filter(|&edge| inner.get(edge as usize));
        for (edge, nth) in edges.zip(0..) {
            parents.set(last.rank(self.children.get(nth).unwrap_or(0) as usize), edge);
        }
        let trie = Trie {
            labels: self.labels,
            inner,
            last,
            children: self.children,
            parents,
            tailed: self.tailed.finish(),
            tails: self.tails,
            tail_starts: self.tail_starts,
            root: None,
        };
        Some(trie.rooted())
    }
}
