//! Keys that look or sound like a mark, found on the tree itself: at each node only those letters are followed that the
//! mark's next letter may stand for. No table of such keys is kept.

use super::trie::{END, Edge, Trie};
use crate::domain::keys;

/// What a mark still asks for, on some way down the tree.
pub(in crate::registers) trait Follow: Copy {
    /// What is left after a character of a key, in every way in which it may be read; each is handed to `go`.
    fn after(self, c: char, go: &mut dyn FnMut(Self));
    /// Whether a key may end here.
    fn is_done(self) -> bool;
}

/// A skeleton that is still to come (K2).
#[derive(Clone, Copy)]
pub(super) struct Look<'a>(pub &'a str);

impl Follow for Look<'_> {
    fn after(self, c: char, go: &mut dyn FnMut(Self)) {
        let mut rest = self.0.chars();
        if rest.next() == Some(keys::skeleton_of(c)) {
            go(Self(rest.as_str()));
        }
    }
    fn is_done(self) -> bool {
        self.0.is_empty()
    }
}

/// A spelling by sound that is still to come (KT).
#[derive(Clone, Copy)]
pub(super) struct Sound<'a>(pub &'a str);

impl Follow for Sound<'_> {
    fn after(self, c: char, go: &mut dyn FnMut(Self)) {
        match keys::spellings(c) {
            Some(ways) => ways.iter().filter_map(|way| self.0.strip_prefix(way)).for_each(|rest| go(Self(rest))),
            None => {
                if let Some(rest) = self.0.strip_prefix(c) {
                    go(Self(rest));
                }
            }
        }
    }
    fn is_done(self) -> bool {
        self.0.is_empty()
    }
}

/// Calls `found` with every key of a class that can be read so, while it wants more. False: cut by it, or because there
/// are more nodes to visit than `nodes_left`.
pub(super) fn search(
    trie: &Trie,
    class: u8,
    asked: impl Follow,
    nodes_left: &mut usize,
    found: &mut dyn FnMut(u32) -> bool,
) -> bool {
    let Some(edge) = trie.root().and_then(|root| trie.edge(root, class)) else {
        return true;
    };
    let mut walk = Walk { trie, nodes_left, found };
    match edge.child {
        Some(node) => walk.node(node, asked, &mut Vec::new()),
        None => !reads_bytes(trie.tail(edge.at), asked) || (walk.found)(edge.at),
    }
}

struct Walk<'a> {
    trie: &'a Trie,
    nodes_left: &'a mut usize,
    found: &'a mut dyn FnMut(u32) -> bool,
}

impl Walk<'_> {
    /// `partial`: bytes of a character that is not complete.
    fn node<A: Follow>(&mut self, node: u32, asked: A, partial: &mut Vec<u8>) -> bool {
        let Some(left) = self.nodes_left.checked_sub(1) else {
            return false;
        };
        *self.nodes_left = left;
        let trie = self.trie;
        let mut whole = true;
        for edge in trie.edges(node) {
            if edge.label == END {
                if asked.is_done() && !(self.found)(edge.at) {
                    return false;
                }
                continue;
            }
            let Some(child) = edge.child else {
                if self.ends_well(edge, asked, partial) && !(self.found)(edge.at) {
                    return false;
                }
                continue;
            };
            partial.push(edge.label);
            match complete(partial) {
                Some(c) => asked.after(c, &mut |rest| whole = whole && self.node(child, rest, &mut Vec::new())),
                None => whole = self.node(child, asked, partial),
            }
            partial.pop();
            if !whole {
                return false;
            }
        }
        true
    }

    /// Whether a key can be read so to its end, from its last edge on.
    fn ends_well<A: Follow>(&self, edge: Edge, asked: A, partial: &[u8]) -> bool {
        let tail = self.trie.tail(edge.at);
        if partial.is_empty() && edge.label.is_ascii() {
            let mut held = false;
            asked.after(char::from(edge.label), &mut |left| held = held || reads_bytes(tail, left));
            return held;
        }
        reads_bytes(&[partial, &[edge.label], tail].concat(), asked)
    }
}

fn reads_bytes(bytes: &[u8], asked: impl Follow) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| reads(text, asked))
}

/// Whether a text can be read so.
pub(in crate::registers) fn reads<A: Follow>(text: &str, asked: A) -> bool {
    let mut rest = text.chars();
    match rest.next() {
        None => asked.is_done(),
        Some(c) => {
            let mut held = false;
            asked.after(c, &mut |left| held = held || reads(rest.as_str(), left));
            held
        }
    }
}

fn complete(bytes: &[u8]) -> Option<char> {
    match bytes {
        [byte] if byte.is_ascii() => Some(char::from(*byte)),
        _ => std::str::from_utf8(bytes).ok()?.chars().next(),
    }
}
