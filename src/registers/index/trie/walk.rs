//! The keys of a tree one after the other.

use super::{Below, END, Edge, Edges, KEY_BYTES_USUAL, Trie};

impl Trie {
    /// The keys that begin so, in ascending order, one after the other.
    pub fn walk(&self, prefix: &[u8]) -> Walk<'_> {
        let mut walk =
            Walk { trie: self, open: Vec::new(), alone: None, way: Vec::with_capacity(KEY_BYTES_USUAL), entered: 0 };
        match self.below(prefix) {
            Some(Below::Node(node)) => {
                walk.way.extend_from_slice(prefix);
                walk.entered = prefix.len();
                walk.open.push(self.edges(node));
            }
            Some(Below::Key(edge)) => walk.alone = Some(edge),
            None => {}
        }
        walk
    }
}

/// See [`Trie::walk`].
pub(in crate::registers::index) struct Walk<'a> {
    trie: &'a Trie,
    /// What is left of the nodes on the way to the last key.
    open: Vec<Edges<'a>>,
    alone: Option<u32>,
    /// The labels on that way, and behind them the rest of the key.
    way: Vec<u8>,
    /// How many of those are on the way.
    entered: usize,
}

impl Walk<'_> {
    /// The next key.
    pub fn next(&mut self) -> Option<u32> {
        self.way.truncate(self.entered);
        while let Some(edges) = self.open.last_mut() {
            match edges.next() {
                Some(Edge { child: Some(child), label, .. }) => {
                    self.way.push(label);
                    self.entered += 1;
                    self.open.push(self.trie.edges(child));
                }
                Some(edge) => {
                    if edge.label != END {
                        self.way.push(edge.label);
                    }
                    self.way.extend_from_slice(self.trie.tail(edge.at));
                    return Some(edge.at);
                }
                None => {
                    self.open.pop();
                    self.entered = self.entered.saturating_sub(1);
                    self.way.truncate(self.entered);
                }
            }
        }
        let alone = self.alone.take()?;
        self.way = self.trie.key(alone);
        Some(alone)
    }

    /// The bytes of the key that came last.
    pub fn key(&self) -> &[u8] {
        &self.way
    }
}
