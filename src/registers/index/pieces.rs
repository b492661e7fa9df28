//! The pieces of an index, and one numbering of the keys of all.
//!
//! While a new index takes the place of one in use, some pieces are the new one's already. Their rows are those of the next
//! generation; each is read as the row in use that holds the same record ([`Back`]), and what came with the changes over the index in
//! use is passed over, for it is found there. So whoever searches finds what it would have found before, whichever pieces have
//! been replaced. The order by ends is one for all pieces but those, which bring their own until all are new.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::ends::{Ends, end_at, range_of};
use super::piece::Piece;
use super::renumber::Back;
use super::trie::{self, Trie};

/// Stands for a place that is none.
const GONE: u32 = u32::MAX;

/// A piece among others.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub piece: Arc<Piece>,
    /// The number that its first edge has among those of all pieces.
    pub first: u32,
    /// Its first key.
    begin: Arc<[u8]>,
    /// Where its rows are those of the next generation: the way back.
    back: Option<Arc<Back>>,
    /// Its own order by ends, by the numbers of its own edges.
    ends: Option<Arc<Ends>>,
}

impl Held {
    /// Its first key.
    #[cfg(feature = "device")]
    pub fn begin(&self) -> &[u8] {
        &self.begin
    }

    /// Whether its rows are those in use.
    pub fn is_settled(&self) -> bool {
        self.back.is_none()
    }

    /// The row in use of one of its postings.
    #[inline]
    pub fn row(&self, posting: u32) -> Option<u32> {
        match &self.back {
            None => Some(posting),
            Some(back) => back.row(posting),
        }
    }

    /// Whether a record in use bears the key of one of its edges: what came with changes is found where they stand.
    fn is_borne(&self, edge: u32) -> bool {
        self.is_settled() || self.rows_of(edge).next().is_some()
    }

    /// The rows in use of the records that bear the key of one of its edges.
    pub fn rows_of(&self, edge: u32) -> impl Iterator<Item = u32> + '_ {
        let places = self.piece.postings_of_nth(self.piece.trie.ordinal(edge));
        self.piece.postings.run(places).filter_map(|posting| self.row(posting))
    }
}

/// The keys of an index.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces {
    /// In the order of their keys.
    held: Vec<Held>,
    /// Number of each piece's first edge, ascending, and its place in `held`, or [`GONE`] when it was replaced.
    spans: Vec<(u32, u32)>,
    /// One more than the number of the last edge.
    edges: u32,
    ends: Arc<Ends>,
}

impl PartialEq for Pieces {
    fn eq(&self, other: &Self) -> bool {
        self.held.iter().map(|held| &held.piece).eq(other.held.iter().map(|held| &held.piece))
            && self.ends == other.ends
    }
}

impl Pieces {
    /// Of pieces in the order of their keys; `ends` is made when their edges are numbered. `None`: too many edges, or another order.
    pub fn new(pieces: impl IntoIterator<Item = Arc<Piece>>, ends: impl FnOnce(&Self) -> Ends) -> Option<Self> {
        let mut own = Self::default();
        own.append(pieces.into_iter().map(|piece| (piece, None)))?;
        if !own.held.is_sorted_by(|a, b| a.begin < b.begin) {
            return None;
        }
        own.ends = Arc::new(ends(&own));
        Some(own)
    }

    fn append(&mut self, pieces: impl Iterator<Item = (Arc<Piece>, Option<Arc<Back>>)>) -> Option<()> {
        for (piece, back) in pieces.filter(|(piece, _)| piece.trie.len() > 0) {
            let held = self.number(piece, back, None)?;
            self.spans.push((held.first, self.held.len() as u32));
            self.held.push(held);
        }
        Some(())
    }

    fn number(&mut self, piece: Arc<Piece>, back: Option<Arc<Back>>, ends: Option<Arc<Ends>>) -> Option<Held> {
        let first = self.edges;
        let edges = u32::try_from(piece.trie.labels.len()).ok()?;
        self.edges = first.checked_add(edges).filter(|&edges| edges < trie::EDGES_MAX)?;
        Some(Held { begin: piece.begin().into(), piece, first, back, ends })
    }

    /// Puts pieces of the next generation, each with its order by ends, in the place of some, and tells how many; those without keys are left
    /// out. `None`: too many edges.
    #[cfg(feature = "device")]
    pub fn replace(&mut self, places: Range<usize>, by: Vec<(Piece, Ends)>, back: &Arc<Back>) -> Option<usize> {
        let by = by.into_iter().filter(|(piece, _)| piece.trie.len() > 0);
        let new = by.map(|(piece, ends)| self.number(Arc::new(piece), Some(Arc::clone(back)), Some(Arc::new(ends))));
        let new = new.collect::<Option<Vec<_>>>()?;
        let count = new.len();
        self.spans.extend(new.iter().map(|held| (held.first, GONE)));
        self.held.splice(places, new);
        self.spans.iter_mut().for_each(|(_, place)| *place = GONE);
        for (place, held) in (0u32..).zip(&self.held) {
            let at = self.spans.binary_search_by_key(&held.first, |(first, _)| *first).ok()?;
            self.spans[at].1 = place;
        }
        Some(count)
    }

    /// The same pieces with their edges numbered one after the other again, and one order by ends of all; each has its own yet.
    #[cfg(feature = "device")]
    pub fn numbered_anew(&self) -> Option<Self> {
        let mut new = Self::default();
        new.append(self.held.iter().map(|held| (Arc::clone(&held.piece), held.back.clone())))?;
        let each = self.held.iter().zip(&new.held);
        let parts: Option<Vec<_>> =
            each.map(|(old, new)| Some((&old.piece.trie, &**old.ends.as_ref()?, new.first))).collect();
        new.ends = Arc::new(Ends::together(new.edges, &parts?));
        Some(new)
    }

    /// The same pieces, now that the rows in use are theirs.
    #[cfg(feature = "device")]
    pub fn settled(mut self) -> Self {
        self.held.iter_mut().for_each(|held| held.back = None);
        self
    }

    /// Forgets the order by ends, which names pieces that were all replaced.
    #[cfg(feature = "device")]
    pub fn forget_ends(&mut self) {
        self.ends = Arc::default();
    }

    /// The pieces in the order of their keys.
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// The order by ends of those pieces that do not bring their own.
    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.held.iter().map(|held| held.piece.trie.len()).sum()
    }

    /// One more than the number of the last edge.
    pub fn edges(&self) -> u32 {
        self.edges
    }

    /// Whether the rows in use are those of all pieces.
    pub fn are_settled(&self) -> bool {
        self.held.iter().all(Held::is_settled)
    }

    /// The place of the piece that holds an edge, and the edge's number there.
    #[inline]
    pub fn at(&self, edge: u32) -> Option<(usize, u32)> {
        let nth = self.spans.partition_point(|(first, _)| *first <= edge).checked_sub(1)?;
        let (first, place) = *self.spans.get(nth)?;
        (place != GONE).then_some((place as usize, edge - first))
    }

    /// The piece at a place, and those after it that have at the most so many keys together with it: pieces whose records went
    /// away become one.
    #[cfg(feature = "device")]
    pub fn neighbours_at(&self, place: usize, keys_max: usize) -> Vec<Held> {
        let mut keys = 0;
        let few = |held: &&Held| {
            let is_first = keys == 0;
            keys += held.piece.trie.len();
            is_first || keys <= keys_max
        };
        self.held.get(place..).unwrap_or_default().iter().take_while(few).cloned().collect()
    }

    /// The piece at a place.
    #[inline]
    pub fn get(&self, place: usize) -> Option<&Held> {
        self.held.get(place)
    }

    /// The tree that holds an edge, and the edge's number there.
    #[inline]
    pub fn tree(&self, edge: u32) -> Option<(&Trie, u32)> {
        let (place, edge) = self.at(edge)?;
        Some((&self.held.get(place)?.piece.trie, edge))
    }

    /// Those of the pieces in which keys that begin so can stand.
    pub fn with_prefix(&self, prefix: &[u8]) -> &[Held] {
        let begin = self.held.partition_point(|held| *held.begin <= *prefix).saturating_sub(1);
        let after = self.held.partition_point(|held| *held.begin <= *prefix || held.begin.starts_with(prefix));
        self.held.get(begin..after).unwrap_or_default()
    }

    /// The edge of a key.
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let place = self.held.partition_point(|held| *held.begin <= *key).checked_sub(1)?;
        let held = self.held.get(place)?;
        held.piece.trie.find(key).map(|edge| held.first + edge)
    }

    /// The key of an edge; empty where there is none.
    pub fn key(&self, edge: u32) -> Vec<u8> {
        self.tree(edge).map(|(trie, edge)| trie.key(edge)).unwrap_or_default()
    }

    /// The keys of many edges, see [`trie::keys`].
    pub fn keys(&self, edges: &[u32]) -> Vec<Vec<u8>> {
        trie::keys(edges.iter().map(|&edge| self.tree(edge)))
    }

    /// Every key in ascending order, with its edge.
    pub fn for_each(&self, mut each: impl FnMut(u32, &[u8])) {
        for held in &self.held {
            held.piece.trie.for_each(|edge, key| each(held.first + edge, key));
        }
    }

    /// The last bytes of the key of an edge, see [`end_at`].
    pub fn end_at(&self, edge: u32) -> u64 {
        self.tree(edge).map_or(0, |(trie, edge)| end_at(trie, edge))
    }

    /// Keys that end in `suffix` with one of `before` standing before it, in the order of their ends, which tell no more than their
    /// last [`ORDERED_BYTES`](super::ends::ORDERED_BYTES): the caller compares the rest.
    pub fn ending(&self, suffix: &[u8], before: RangeInclusive<u8>) -> Ending<'_> {
        let (low, high) = range_of(suffix, before);
        if self.are_settled() {
            let places = self.ends.between(low, high, |edge| self.end_at(edge));
            return Ending::Settled(&self.ends, places);
        }
        // Of the old order those that are there yet. Nothing tells the end of one that is gone, so it cannot be searched by halves.
        let (about, surely) = self.ends.about(low, high);
        let is_inside = |place: usize, edge: u32| {
            let Some((piece, own)) = self.at(edge) else { return false };
            let Some(held) = self.held.get(piece) else { return false };
            held.is_borne(own) && (surely.contains(&place) || (low..=high).contains(&end_at(&held.piece.trie, own)))
        };
        let old = about.clone().zip(self.ends.edges(about));
        let old = old.filter(|&(place, edge)| is_inside(place, edge)).map(|(_, edge)| edge).collect();
        let own = self.held.iter().filter_map(|held| {
            let ends = held.ends.as_ref()?;
            let places = ends.between(low, high, |edge| end_at(&held.piece.trie, edge));
            let borne = ends.edges(places).filter(|&edge| held.is_borne(edge));
            Some(borne.map(|edge| held.first + edge).collect())
        });
        Ending::Gathered(self, std::iter::once(old).chain(own).collect())
    }

    pub fn memory_bytes(&self) -> usize {
        let of = |held: &Held| held.piece.memory_bytes() + held.ends.as_ref().map_or(0, |ends| ends.memory_bytes());
        self.held.iter().map(of).sum::<usize>() + self.ends.memory_bytes()
    }
}

/// See [`Pieces::ending`].
pub(super) enum Ending<'a> {
    Settled(&'a Ends, Range<usize>),
    /// Several lists, each in order.
    Gathered(&'a Pieces, Vec<Vec<u32>>),
}

impl Ending<'_> {
    /// How many keys.
    pub fn len(&self) -> usize {
        match self {
            Self::Settled(_, places) => places.len(),
            Self::Gathered(_, lists) => lists.iter().map(Vec::len).sum(),
        }
    }

    /// The first so many.
    pub fn first(&self, max: usize) -> impl Iterator<Item = u32> + '_ {
        let (settled, mut gathered) = match self {
            Self::Settled(ends, places) => (Some(ends.edges(places.clone())), None),
            Self::Gathered(pieces, lists) => (None, Some((*pieces, lists, vec![0; lists.len()]))),
        };
        let next = move || {
            let (pieces, lists, taken) = gathered.as_mut()?;
            let heads = lists.iter().zip(taken.iter()).enumerate();
            let heads = heads.filter_map(|(list, (edges, &at))| Some((pieces.end_at(*edges.get(at)?), list)));
            let (_, list) = heads.min()?;
            taken[list] += 1;
            lists[list].get(taken[list] - 1).copied()
        };
        settled.into_iter().flatten().chain(std::iter::from_fn(next)).take(max)
    }
}
