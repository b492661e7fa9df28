//! Keys within one or two edits of a mark: a character wrong, missing, too many, or two neighbours swapped.
//!
//! The tree of keys is walked with the row of edit distances between the mark and the way so far (optimal string
//! alignment); where the row promises nothing, the walk turns back. Only the cells within two of the diagonal are kept.

use super::trie::{END, Trie};

/// Most edits.
const EDITS_MAX: usize = 2;
const CELLS: usize = 2 * EDITS_MAX + 1;
/// In a row: farther than anybody asks.
const FAR: u8 = EDITS_MAX as u8 + 1;

type Row = [u8; CELLS];

/// A walk under way.
pub(super) struct Near<'a, F> {
    trie: &'a Trie,
    /// The number of its first edge.
    first: u32,
    /// The mark.
    asked: &'a [char],
    edits_max: u8,
    /// So many characters at the beginning are as asked.
    intact: usize,
    /// Nodes that may still be visited.
    nodes_left: usize,
    /// The characters on the way to here, and the row after each, the first before any.
    way: Vec<char>,
    rows: Vec<Row>,
    found: F,
}

/// Bytes of a character that is not complete yet.
#[derive(Clone, Copy, Default)]
struct Partial {
    bits: u32,
    missing: u8,
}

impl Partial {
    /// The character that a byte completes; `Err` with what there is otherwise.
    fn with(self, byte: u8) -> Result<char, Self> {
        let next = match (self.missing, byte) {
            (0, 0..0x80) => return Ok(char::from(byte)),
            (0, 0xC0..0xE0) => Self { bits: u32::from(byte & 0x1F), missing: 1 },
            (0, 0xE0..0xF0) => Self { bits: u32::from(byte & 0x0F), missing: 2 },
            (0, _) => Self { bits: u32::from(byte & 0x07), missing: 3 },
            (missing, _) => Self { bits: self.bits << 6 | u32::from(byte & 0x3F), missing: missing - 1 },
        };
        if next.missing == 0 { Ok(char::from_u32(next.bits).unwrap_or(char::REPLACEMENT_CHARACTER)) } else { Err(next) }
    }
}

impl<'a, F: FnMut(u32, u8, &[char])> Near<'a, F> {
    /// Calls `found` with each key of that class in some trees, each given with the number of its first edge, within `edits_max` edits that begins with as many characters of the mark as
    /// `intact` says, how many edits they are, and its characters. False: the walk was cut after `nodes_max` nodes.
    pub fn search(
        trees: impl Iterator<Item = (&'a Trie, u32)>,
        class: u8,
        asked: &'a [char],
        intact: usize,
        (edits_max, nodes_max): (u8, usize),
        found: F,
    ) -> bool {
        let edits_max = edits_max.min(EDITS_MAX as u8);
        let mut row = [FAR; CELLS];
        for (at, cell) in row.iter_mut().skip(EDITS_MAX).enumerate() {
            *cell = if at <= asked.len() { at as u8 } else { FAR };
        }
        let (mut way, mut rows) = (Vec::with_capacity(asked.len() + 2), vec![row]);
        let (mut nodes_left, mut found) = (nodes_max, found);
        for (trie, first) in trees {
            let Some(edge) = trie.root().and_then(|root| trie.edge(root, class)) else { continue };
            let mut walk = Near { trie, first, asked, edits_max, intact, nodes_left, way, rows, found };
            let went = match edge.child {
                Some(node) => walk.node(node, Partial::default()),
                None => {
                    walk.tail(edge.at, Partial::default());
                    true
                }
            };
            if !went {
                return false;
            }
            Near { nodes_left, way, rows, found, .. } = walk;
        }
        true
    }

    fn node(&mut self, node: u32, partial: Partial) -> bool {
        let Some(left) = self.nodes_left.checked_sub(1) else {
            return false;
        };
        self.nodes_left = left;
        let hopes = if partial.missing == 0 { self.hopes() } else { Hopes::Any };
        for edge in self.trie.edges(node) {
            if edge.label == END {
                self.end(edge.at);
                continue;
            }
            if !hopes.may_begin(edge.label) {
                continue;
            }
            let went = match (partial.with(edge.label), edge.child) {
                (Err(partial), Some(child)) => self.node(child, partial),
                (Err(partial), None) => {
                    self.tail(edge.at, partial);
                    true
                }
                (Ok(c), child) => {
                    if !self.enter(c) {
                        continue;
                    }
                    let went = match child {
                        Some(child) => self.node(child, Partial::default()),
                        None => {
                            self.tail(edge.at, Partial::default());
                            true
                        }
                    };
                    self.leave();
                    went
                }
            };
            if !went {
                return false;
            }
        }
        true
    }

    /// The rest of a key that shares it with no other.
    fn tail(&mut self, edge: u32, mut partial: Partial) {
        let entered = self.way.len();
        let mut alive = true;
        let trie = self.trie;
        for &byte in trie.tail(edge) {
            match partial.with(byte) {
                Ok(c) => {
                    partial = Partial::default();
                    alive = self.enter(c);
                    if !alive {
                        break;
                    }
                }
                Err(more) => partial = more,
            }
        }
        if alive {
            self.end(edge);
        }
        while self.way.len() > entered {
            self.leave();
        }
    }

    fn end(&mut self, edge: u32) {
        // The cell of the whole mark against the whole key.
        let cell = (self.asked.len() + EDITS_MAX).checked_sub(self.way.len());
        let edits = cell.and_then(|cell| self.row().get(cell).copied()).unwrap_or(FAR);
        if edits <= self.edits_max {
            (self.found)(self.first + edge, edits, &self.way);
        }
    }

    fn row(&self) -> Row {
        self.rows.last().copied().unwrap_or([FAR; CELLS])
    }

    /// Goes on by a character, unless nothing can come of it.
    fn enter(&mut self, c: char) -> bool {
        let depth = self.way.len() + 1;
        if depth <= self.intact && self.asked.get(depth - 1) != Some(&c) {
            return false;
        }
        let above = self.row();
        let before = (depth >= 2).then(|| (self.rows[depth - 2], self.way[depth - 2]));
        let mut row = [FAR; CELLS];
        let mut least = FAR;
        for cell in 0..CELLS {
            // Cell `EDITS_MAX` stands on the diagonal: as many characters of the mark as of the key.
            let Some(of_mark) = (depth + cell).checked_sub(EDITS_MAX).filter(|&n| n <= self.asked.len()) else {
                continue;
            };
            let mut best = above.get(cell + 1).map_or(FAR, |n| n + 1);
            if cell > 0 {
                best = best.min(row[cell - 1] + 1);
            }
            if of_mark > 0 {
                let here = self.asked[of_mark - 1];
                best = best.min(above[cell] + u8::from(here != c));
                if let Some((earlier, last)) = before
                    && of_mark > 1
                    && here == last
                    && self.asked[of_mark - 2] == c
                {
                    best = best.min(earlier[cell] + 1);
                }
            }
            row[cell] = best.min(FAR);
            least = least.min(best);
        }
        if least > self.edits_max {
            return false;
        }
        self.way.push(c);
        self.rows.push(row);
        true
    }

    fn leave(&mut self) {
        self.way.pop();
        self.rows.pop();
    }

    /// What may come next. Where no edit is left, few characters go on, and most edges need not be tried at all.
    fn hopes(&self) -> Hopes {
        let row = self.row();
        let depth = self.way.len();
        let mut few = Hopes::none();
        if depth < self.intact {
            self.asked.get(depth).iter().for_each(|&&next| few.allow(next));
            return few;
        }
        for (cell, &edits) in row.iter().enumerate() {
            if edits < self.edits_max {
                return Hopes::Any;
            }
            let of_mark = (depth + cell).wrapping_sub(EDITS_MAX);
            if edits == self.edits_max
                && let Some(&next) = self.asked.get(of_mark)
            {
                few.allow(next);
            }
        }
        // The second of two swapped characters costs nothing more.
        if depth > 0 {
            for (cell, &edits) in self.rows[depth - 1].iter().enumerate() {
                let of_mark = (depth - 1 + cell).wrapping_sub(EDITS_MAX);
                if edits < self.edits_max
                    && let Some(&next) = self.asked.get(of_mark)
                {
                    few.allow(next);
                }
            }
        }
        few
    }
}

/// First bytes of the characters that may come next.
enum Hopes {
    Any,
    Few { bytes: [u8; 2 * CELLS], len: usize },
}

impl Hopes {
    fn none() -> Self {
        Self::Few { bytes: [0; 2 * CELLS], len: 0 }
    }

    fn allow(&mut self, c: char) {
        if let Self::Few { bytes, len } = self {
            let first = c.encode_utf8(&mut [0; 4]).as_bytes()[0];
            if !bytes[..*len].contains(&first) {
                bytes[*len] = first;
                *len += 1;
            }
        }
    }

    #[inline]
    fn may_begin(&self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Few { bytes, len } => bytes[..*len].contains(&byte),
        }
    }
}
