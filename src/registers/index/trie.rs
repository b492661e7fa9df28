//! The distinct keys as a tree of their bytes, in about three bytes a key where keys are crowded.
//!
//! A node is a run of edges in ascending order of their labels, the last of them flagged. An edge leads to another node,
//! or ends a key; what is left of a key that shares no more with any other (its *tail*) hangs at its last edge. An edge
//! labelled 0 ends a key that others go on from; no key holds that byte.
//!
//! Nodes stand after the nodes below them, so each child lies before its parent and every walk ends, whatever the bytes
//! say. The number of an edge is the number of its key.

mod build;
mod walk;

use super::flags::Flags;
use super::packed::Packed;

pub(super) use build::TrieBuilder;
pub(super) use walk::Walk;

/// The label of a key that ends where others go on.
pub(super) const END: u8 = 0;
/// The upper bit of a key's number belongs to whoever lays one index over another.
pub(super) const EDGES_MAX: u32 = 1 << 31;
/// One tail in so many has its place written down; the others are reached by skipping.
const TAILS_STEP: usize = 8;
/// Nearly no key is longer.
const KEY_BYTES_USUAL: usize = 24;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Trie {
    /// Label of each edge.
    pub labels: Vec<u8>,
    /// Edges that lead to a node.
    pub inner: Flags,
    /// Edges that are the last of their node.
    pub last: Flags,
    /// For each inner edge, in order: the first edge of the node that it leads to.
    pub children: Packed,
    /// For each node, in order: the edge that leads to it; nothing leads to the last, the root.
    pub parents: Packed,
    /// Keys (edges that are not inner, in order) that have a tail.
    pub tailed: Flags,
    /// Tails, each after its length.
    pub tails: Vec<u8>,
    /// Where every [`TAILS_STEP`]th tail begins.
    pub tail_starts: Packed,
    /// See [`Self::root`]; derived, by [`Self::rooted`].
    pub root: Option<u32>,
}

/// An edge of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    /// Its number.
    pub at: u32,
    pub label: u8,
    /// The node that it leads to, by its first edge.
    pub child: Option<u32>,
}

impl Trie {
    /// Number of keys.
    pub fn len(&self) -> usize {
        self.labels.len() - self.inner.ones().min(self.labels.len())
    }

    /// The root, when there are keys.
    #[inline]
    pub fn root(&self) -> Option<u32> {
        self.root
    }

    /// The same, of which the root is known: every search begins there.
    pub fn rooted(self) -> Self {
        let end = self.labels.len().checked_sub(1);
        Self { root: end.map(|end| self.node_begin(end) as u32), ..self }
    }

    /// First edge of the node in which an edge stands.
    fn node_begin(&self, edge: usize) -> usize {
        match self.last.rank(edge) {
            0 => 0,
            before => self.last.select(before - 1).map_or(0, |end| end + 1),
        }
    }

    /// The edges of a node.
    #[inline]
    pub fn edges(&self, node: u32) -> Edges<'_> {
        let begin = node as usize;
        let end = self.last.next(begin).unwrap_or(self.labels.len());
        let labels = self.labels.get(begin..=end).unwrap_or_default();
        Edges { trie: self, labels, node, at: node, inner_before: self.inner.rank(begin) }
    }

    /// The edge of a node that has a label.
    pub fn edge(&self, node: u32, label: u8) -> Option<Edge> {
        let begin = node as usize;
        let end = self.last.next(begin)?;
        let place = self.labels.get(begin..=end)?.binary_search(&label).ok()?;
        let at = begin + place;
        Some(Edge { at: at as u32, label, child: self.child(at, node) })
    }

    fn child(&self, edge: usize, node: u32) -> Option<u32> {
        if !self.inner.get(edge) {
            return None;
        }
        self.children.get(self.inner.rank(edge)).filter(|&child| child < node)
    }

    /// The number of a key among the keys: its place in the lists kept beside the tree.
    #[inline]
    pub fn ordinal(&self, edge: u32) -> usize {
        edge as usize - self.inner.rank(edge as usize).min(edge as usize)
    }

    /// What hangs at the last edge of a key.
    #[inline]
    pub fn tail(&self, edge: u32) -> &[u8] {
        let ordinal = self.ordinal(edge);
        if !self.tailed.get(ordinal) {
            return &[];
        }
        let nth = self.tailed.rank(ordinal);
        let start = self.tail_starts.get(nth / TAILS_STEP).unwrap_or(0) as usize;
        let mut rest = self.tails.get(start..).unwrap_or_default();
        for _ in 0..nth % TAILS_STEP {
            rest = split_tail(rest).1;
        }
        split_tail(rest).0
    }

    /// The key of an edge.
    pub fn key(&self, edge: u32) -> Vec<u8> {
        let mut reversed = Vec::with_capacity(KEY_BYTES_USUAL);
        self.backwards(edge, &mut |byte| {
            reversed.push(byte);
            true
        });
        reversed.reverse();
        reversed
    }

    /// The bytes of a key from its last to its first, while `take` wants more.
    pub fn backwards(&self, edge: u32, take: &mut impl FnMut(u8) -> bool) {
        if !self.tail(edge).iter().rev().all(|&byte| take(byte)) {
            return;
        }
        let mut at = edge as usize;
        while let Some(&label) = self.labels.get(at) {
            if label != END && !take(label) {
                return;
            }
            match self.parent(at) {
                Some(parent) => at = parent,
                None => return,
            }
        }
    }

    /// The edge that leads to the node in which an edge stands.
    #[inline]
    fn parent(&self, edge: usize) -> Option<usize> {
        let node = self.last.rank(edge);
        // The last node is the root.
        let parent = self.parents.get(node).filter(|_| node + 1 < self.parents.len())? as usize;
        (parent > edge).then_some(parent)
    }

    /// The edge of a key.
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let mut node = self.root()?;
        let mut rest = key;
        loop {
            let Some((&label, after)) = rest.split_first() else {
                return self.edge(node, END).map(|e| e.at);
            };
            let edge = self.edge(node, label)?;
            match edge.child {
                Some(child) => (node, rest) = (child, after),
                None => return (label != END && self.tail(edge.at) == after).then_some(edge.at),
            }
        }
    }

    /// The node at which all keys that begin with `prefix` hang, or the one edge whose key does.
    pub fn below(&self, prefix: &[u8]) -> Option<Below> {
        let mut node = self.root()?;
        let mut rest = prefix;
        while let Some((&label, after)) = rest.split_first() {
            let edge = self.edge(node, label)?;
            match edge.child {
                Some(child) => (node, rest) = (child, after),
                None => {
                    let held = label != END && self.tail(edge.at).starts_with(after);
                    return held.then_some(Below::Key(edge.at));
                }
            }
        }
        Some(Below::Node(node))
    }

    /// Every key in ascending order.
    pub fn for_each(&self, mut each: impl FnMut(u32, &[u8])) {
        let mut walk = self.walk(&[]);
        while let Some(edge) = walk.next() {
            each(edge, walk.key());
        }
    }

    /// Whether the parts are as long as each other says.
    pub fn fits_together(&self) -> bool {
        let inner = self.inner.ones();
        self.inner.len() == self.labels.len()
            && self.last.len() == self.labels.len()
            && self.children.len() == inner
            && self.parents.len() == self.last.ones()
            && self.tailed.len() == self.labels.len() - inner
            && self.tail_starts.len() == self.tailed.ones().div_ceil(TAILS_STEP)
            && (self.labels.is_empty() || self.last.get(self.labels.len() - 1))
            && u32::try_from(self.labels.len()).is_ok_and(|len| len < EDGES_MAX)
    }

    pub fn memory_bytes(&self) -> usize {
        self.labels.len()
            + self.tails.len()
            + [&self.children, &self.parents, &self.tail_starts].iter().map(|p| p.memory_bytes()).sum::<usize>()
            + [&self.inner, &self.last, &self.tailed].iter().map(|f| f.memory_bytes()).sum::<usize>()
    }
}

/// The keys of many edges, each with its tree; empty where there is none. All go up one step at a time: what one waits for from
/// memory comes while others wait for theirs.
pub(super) fn keys<'a>(edges: impl Iterator<Item = Option<(&'a Trie, u32)>>) -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = Vec::with_capacity(edges.size_hint().0);
    let mut under_way: Vec<(usize, &Trie, usize)> = Vec::with_capacity(edges.size_hint().0);
    for (place, edge) in edges.enumerate() {
        let mut key = Vec::with_capacity(KEY_BYTES_USUAL);
        if let Some((trie, edge)) = edge {
            key.extend(trie.tail(edge).iter().rev());
            under_way.push((place, trie, edge as usize));
        }
        keys.push(key);
    }
    while !under_way.is_empty() {
        under_way.retain_mut(|(place, trie, at)| {
            let Some(&label) = trie.labels.get(*at) else { return false };
            if label != END {
                keys[*place].push(label);
            }
            trie.parent(*at).is_some_and(|parent| {
                *at = parent;
                true
            })
        });
    }
    keys.iter_mut().for_each(|key| key.reverse());
    keys
}

/// Where a prefix leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    Node(u32),
    Key(u32),
}

/// See [`Trie::edges`].
pub(super) struct Edges<'a> {
    trie: &'a Trie,
    labels: &'a [u8],
    node: u32,
    at: u32,
    inner_before: usize,
}

impl Iterator for Edges<'_> {
    type Item = Edge;

    #[inline]
    fn next(&mut self) -> Option<Edge> {
        let (&label, rest) = self.labels.split_first()?;
        let at = self.at;
        let mut child = None;
        if self.trie.inner.get(at as usize) {
            child = self.trie.children.get(self.inner_before).filter(|&child| child < self.node);
            self.inner_before += 1;
        }
        self.labels = rest;
        self.at += 1;
        Some(Edge { at, label, child })
    }
}

/// The first tail of a row of tails, and the others.
fn split_tail(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (mut len, mut shift, mut rest) = (0usize, 0, bytes);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        len |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 || shift > 28 {
            break;
        }
    }
    rest.split_at_checked(len).unwrap_or((&[], &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(keys: &[&str]) -> (Trie, Vec<usize>) {
        let mut builder = TrieBuilder::new();
        let mut order = Vec::new();
        for (n, key) in keys.iter().enumerate() {
            builder.push(key.as_bytes(), n, &mut |n| order.push(n));
        }
        (builder.finish(&mut |n| order.push(n)).unwrap(), order)
    }

    #[test]
    fn every_key_is_found_and_read_back_and_no_other() {
        let long = "X".repeat(700);
        let mut keys = vec!["A", "AB", "AB1", "AB12", "ABC", "B", "BXYZ123", "BXYZ124", "Б", "Б1", "ЖЖ", long.as_str()];
        keys.sort_unstable();
        let (trie, order) = trie(&keys);
        assert!(trie.fits_together());
        assert_eq!(trie.len(), keys.len());
        for (n, key) in keys.iter().enumerate() {
            let edge = trie.find(key.as_bytes()).unwrap_or_else(|| panic!("{key} is lost"));
            assert_eq!(trie.key(edge), key.as_bytes());
            assert_eq!(order[trie.ordinal(edge)], n);
        }
        for absent in ["", "AB123", "BX", "BXYZ125", "C", "Ж", "\0", "A\0"] {
            assert_eq!(trie.find(absent.as_bytes()), None, "{absent:?}");
        }
        let mut all = Vec::new();
        trie.for_each(|edge, key| {
            assert_eq!(trie.key(edge), key);
            all.push(String::from_utf8(key.to_vec()).unwrap());
        });
        assert_eq!(all, keys);
        let edges: Vec<u32> = keys.iter().rev().filter_map(|key| trie.find(key.as_bytes())).collect();
        let together: Vec<Vec<u8>> = keys.iter().rev().map(|key| key.as_bytes().to_vec()).collect();
        let at_once = |edges: &[u32]| super::keys(edges.iter().map(|&edge| Some((&trie, edge))));
        assert_eq!(at_once(&edges), together, "many at a time");
        assert_eq!(at_once(&[u32::MAX]), [Vec::<u8>::new()]);
        assert_eq!(
            trie.below(b"BXYZ12"),
            trie.edge(trie.root().unwrap(), b'B').map(|e| {
                let node = |n| match trie.edges(n).last().unwrap() {
                    Edge { child: Some(c), .. } => c,
                    _ => n,
                };
                Below::Node((0..5).fold(e.child.unwrap(), |n, _| node(n)))
            })
        );
        assert!(matches!(trie.below("ЖЖ".as_bytes()), Some(Below::Key(_) | Below::Node(_))));
        assert_eq!(trie.below(b"Q"), None);
    }

    #[test]
    fn none_and_one_are_trees_too() {
        let (empty, _) = trie(&[]);
        assert_eq!((empty.len(), empty.root(), empty.find(b"A")), (0, None, None));
        assert!(empty.fits_together());
        let (one, _) = trie(&["AB1234"]);
        assert_eq!(one.find(b"AB1234").map(|e| one.key(e)), Some(b"AB1234".to_vec()));
        assert_eq!(one.find(b"AB1235"), None);
    }
}
