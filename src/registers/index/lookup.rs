//! Looking keys up.

use super::Index;
use super::build::number_at_end;
use super::ends::ORDERED_BYTES;
use super::loose::{self, Follow, Look, Sound};
use super::lots::InLot;
use super::near::Near;
use super::piece::Piece;
use super::pieces::{Held, Pieces};
use super::table::{Table, hash};
use super::trie::Walk;
use crate::domain::keys;
use crate::registers::pattern::Pattern;

/// A distinct key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(in crate::registers) u32);

/// Keys that a search in bounded time found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The keys, in no order that means anything.
    pub keys: Vec<KeyId>,
    /// There are or may be more.
    pub cut: bool,
}

/// Longest mark whose neighbours are looked for. A serial does not come near it.
const EDITED_CHARS_MAX: usize = 40;
/// Shortest: of three characters, one wrong says nothing; of five, two.
const ONE_EDIT_CHARS_MIN: usize = 4;
const TWO_EDITS_CHARS_MIN: usize = 6;
/// Nodes of the tree that a search visits before it says that it was cut.
const NODES_MAX: usize = 200_000;
/// The same, of a search that must be quick.
const QUICK_NODES_MAX: usize = 15_000;
/// Most keys of a search by two edits or by a lost end.
const FOUND_MAX: usize = 2000;
/// Fewest characters that are left of a mark of which an end is lost, and most that are lost.
const LOST_END_CHARS_MIN: usize = 5;
const LOST_CHARS_MAX: usize = 4;

/// Every class of keys, serials first.
const CLASSES: &[u8] = b"SUVPEDC";
/// Fewest bytes of a fixed end by which a pattern that begins with a star is searched.
const PATTERN_END_MIN: usize = 3;
/// Keys with that end, and nodes of the tree, that are looked at before the answer says that it was cut.
const PATTERN_KEYS_MAX: usize = 30_000;
const PATTERN_NODES_MAX: usize = 500_000;

impl Index {
    /// The key with its class before it.
    pub fn key_bytes(&self, id: KeyId) -> Vec<u8> {
        self.keys.key(id.0)
    }

    /// The key without its class.
    pub fn key(&self, id: KeyId) -> String {
        let mut bytes = self.keys.key(id.0);
        if !bytes.is_empty() {
            bytes.remove(0);
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Samples of about so many keys each, spread evenly over all; the same whenever they are asked for, and in whatever pieces the
    /// keys stand. Reads all keys once.
    pub(in crate::registers) fn some_keys<const N: usize>(&self, max: [usize; N]) -> [Vec<KeyId>; N] {
        let every = max.map(|max| self.keys.len().div_ceil(max.max(1)).max(1));
        let mut samples = [const { Vec::new() }; N];
        let mut nth = 0;
        self.keys.for_each(|edge, _| {
            for (sample, every) in samples.iter_mut().zip(every) {
                if nth % every == 0 {
                    sample.push(KeyId(edge));
                }
            }
            nth += 1;
        });
        samples
    }

    /// The key itself.
    pub fn exact(&self, class: u8, key: &str) -> Option<KeyId> {
        let mut bytes = Vec::with_capacity(key.len() + 1);
        bytes.push(class);
        bytes.extend_from_slice(key.as_bytes());
        self.find(&bytes)
    }

    /// The key with its class before it, if any record bears it.
    pub fn find(&self, key: &[u8]) -> Option<KeyId> {
        self.keys.find(key).map(KeyId)
    }

    /// Keys with the same skeleton (K2).
    pub fn same_skeleton(&self, skeleton: &str) -> Vec<KeyId> {
        let mut found = Vec::new();
        self.read_as(b'S', Look(skeleton), &mut { NODES_MAX }, &mut |id| {
            found.push(id);
            true
        });
        found
    }

    /// Keys with the same core (K3).
    pub fn same_core(&self, core: &str) -> Vec<KeyId> {
        let own = self.exact(b'S', core).filter(|_| keys::core(core) == core);
        own.into_iter().chain(self.derived(|piece| &piece.cores, core, |key| keys::core(key) == core)).collect()
    }

    /// Keys with the same number (K4).
    pub fn same_number(&self, number: &str) -> Vec<KeyId> {
        self.some_of_number(number, usize::MAX).0
    }

    /// Keys with the same number, of which at most so many are looked at, and how many were not.
    pub fn some_of_number(&self, number: &str, max: usize) -> (Vec<KeyId>, usize) {
        let bears = |key: &str| keys::number(key) == number;
        let mut found: Vec<KeyId> = self
            .derived(|piece| &piece.numbers, number, |key| bears(key) && number_at_end(key) != number)
            .take(max)
            .collect();
        let mut left_out = 0;
        // The others end in it, after a letter or the beginning, with any number of zeros between.
        let mut digits = number.to_owned();
        while !number.is_empty() {
            let after_letter = self.keys.ending(digits.as_bytes(), b':'..=u8::MAX);
            let looked_at = max.saturating_sub(found.len());
            left_out += after_letter.len().saturating_sub(looked_at);
            let edges: Vec<u32> = after_letter.first(looked_at).collect();
            let keys = self.keys.keys(&edges);
            found.extend(
                edges.into_iter().zip(keys).filter(|(_, key)| is_serial(key, bears)).map(|(edge, _)| KeyId(edge)),
            );
            // The order of ends looks no farther: those with more zeros are among these already.
            if digits.len() >= ORDERED_BYTES {
                break;
            }
            digits.insert(0, '0');
            if self.keys.ending(digits.as_bytes(), 0..=u8::MAX).len() == 0 {
                break;
            }
        }
        (found, left_out)
    }

    /// Keys that may sound the same (KT): `{K1} ∪ KT` of the mark meets `{K1} ∪ KT` of the key.
    pub fn same_sound(&self, canonical: &str, sound: &[String]) -> Vec<KeyId> {
        let mut found = Vec::new();
        for variant in std::iter::once(canonical).chain(sound.iter().map(String::as_str)) {
            let meets = |key: &str| key == variant || keys::sound_variants(key).iter().any(|v| v == variant);
            found.extend(self.exact(b'S', variant));
            self.read_as(b'S', Sound(variant), &mut { NODES_MAX }, &mut |id| {
                found.extend(Some(id).filter(|&id| meets(&self.key(id))));
                true
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Calls `found` with every key of a class that can be read so, while it wants more. False: cut by it, or for want of
    /// `nodes_left`.
    fn read_as(
        &self,
        class: u8,
        asked: impl Follow,
        nodes_left: &mut usize,
        found: &mut dyn FnMut(KeyId) -> bool,
    ) -> bool {
        self.keys.held().iter().all(|held| {
            loose::search(&held.piece.trie, class, asked, nodes_left, &mut |edge| found(KeyId(held.first + edge)))
        })
    }

    /// Keys in a table whose derived key is proven to be `wanted`.
    fn derived<'a>(
        &'a self,
        table: impl Fn(&Piece) -> &Table + 'a,
        wanted: &str,
        proven: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = KeyId> + 'a {
        let hash = hash(wanted.as_bytes());
        let all = self.keys.held().iter();
        let found = all.flat_map(move |held| {
            let edges = held.piece.trie.labels.len();
            let own = table(&held.piece).get(hash).filter(move |&edge| (edge as usize) < edges);
            own.map(|edge| KeyId(held.first + edge))
        });
        found.filter(move |&id| proven(&self.key(id)))
    }

    /// Keys of the class of serials that are one edit away: a character wrong, missing, too many, or two neighbours
    /// swapped. Not the key itself.
    pub fn one_edit(&self, canonical: &str) -> Vec<KeyId> {
        self.one_edit_with(canonical, |_| ()).into_iter().map(|(id, ())| id).collect()
    }

    /// The same, each with what `of` makes of the key, which the search has in hand anyway.
    pub fn one_edit_with<T>(&self, canonical: &str, of: impl Fn(&str) -> T) -> Vec<(KeyId, T)> {
        let mut found = Vec::new();
        let mut text = String::new();
        self.edited_after(canonical, 0, (1, NODES_MAX), ONE_EDIT_CHARS_MIN, |id, key| {
            text.clear();
            text.extend(key);
            found.push((id, of(&text)));
        });
        found.sort_unstable_by_key(|(id, _)| *id);
        found.truncate(FOUND_MAX);
        found
    }

    /// Keys of the class of serials that are two edits away, not fewer; for marks of six characters or more.
    pub fn two_edits(&self, canonical: &str) -> Found {
        self.two_edits_in(canonical, 0, NODES_MAX)
    }

    /// The same, of keys that begin with the mark's first two characters, on a walk of bounded length: a part of a check
    /// that must not wait. In ten million records it sees what there is for marks of eight characters and more.
    pub fn two_edits_after_two(&self, canonical: &str) -> Found {
        self.two_edits_in(canonical, 2, QUICK_NODES_MAX)
    }

    fn two_edits_in(&self, canonical: &str, intact: usize, nodes_max: usize) -> Found {
        let mut found = Found::default();
        let keys = &mut found.keys;
        let whole = self.edited_after(canonical, intact, (2, nodes_max), TWO_EDITS_CHARS_MIN, |id, _| keys.push(id));
        found.cut = !whole;
        found.cap(&self.keys);
        found
    }

    /// Hands each key at that distance to `found`. False: there may be more.
    fn edited_after(
        &self,
        canonical: &str,
        intact: usize,
        (edits, nodes_max): (u8, usize),
        chars_min: usize,
        mut found: impl FnMut(KeyId, &[char]),
    ) -> bool {
        let chars: Vec<char> = canonical.chars().collect();
        if !(chars_min..=EDITED_CHARS_MAX).contains(&chars.len()) {
            return true;
        }
        let begin: String = std::iter::once('S').chain(chars.iter().take(intact).copied()).collect();
        let trees = self.keys.with_prefix(begin.as_bytes()).iter().map(|held| (&held.piece.trie, held.first));
        Near::search(trees, b'S', &chars, intact, (edits, nodes_max), |edge, distance, key| {
            if distance == edits {
                found(KeyId(edge), key);
            }
        })
    }

    /// Keys of which the mark may be what is left when an end was lost: it begins or ends them, and at most four
    /// characters are missing.
    pub fn lost_end(&self, canonical: &str) -> Found {
        self.some_of_lost_end(canonical, 4 * FOUND_MAX)
    }

    /// The same, of so many keys that begin or end like the mark.
    pub fn some_of_lost_end(&self, canonical: &str, max: usize) -> Found {
        let mut found = Found::default();
        if canonical.chars().count() < LOST_END_CHARS_MIN {
            return found;
        }
        let own = canonical.chars().count();
        let missing_few = |key: &str| (1..=LOST_CHARS_MAX).contains(&key.chars().count().wrapping_sub(own));
        let mut looked_at = 0;
        let mut beginning = self.keys_from(b'S', canonical.as_bytes());
        while let Some(id) = beginning.next() {
            looked_at += 1;
            if looked_at > max {
                found.cut = true;
                break;
            }
            if std::str::from_utf8(&beginning.key()[1..]).is_ok_and(missing_few) {
                found.keys.push(id);
            }
        }
        let ending = self.keys.ending(canonical.as_bytes(), 0..=u8::MAX);
        found.cut |= ending.len() > max;
        let proven = |key: &str| missing_few(key) && key.ends_with(canonical);
        let edges: Vec<u32> = ending.first(max).collect();
        let keys = self.keys.keys(&edges);
        let serials = edges.into_iter().zip(keys).filter(|(_, key)| is_serial(key, proven));
        found.keys.extend(serials.map(|(edge, _)| KeyId(edge)));
        found.cap(&self.keys);
        found
    }

    /// Keys that the mark holds with something more before or behind it, at most four characters: what was read beside
    /// the mark, or an end that the register lacks.
    pub fn within(&self, canonical: &str) -> Found {
        let ends: Vec<usize> = canonical.char_indices().map(|(at, _)| at).chain([canonical.len()]).collect();
        let chars = ends.len() - 1;
        let mut found = Found::default();
        for lost in 1..=LOST_CHARS_MAX {
            if chars < lost + LOST_END_CHARS_MIN {
                break;
            }
            for part in [&canonical[ends[lost]..], &canonical[..ends[chars - lost]]] {
                found.keys.extend(self.exact(b'S', part));
            }
        }
        found.cap(&self.keys);
        found
    }

    /// Whether any record lists a lot.
    pub fn lists_lots(&self) -> bool {
        !self.lots.is_empty()
    }

    /// Lots that hold the serial, and whether there may be more.
    pub fn lots_holding(&self, canonical: &str) -> (Vec<InLot>, bool) {
        self.lots.holding(canonical)
    }

    /// Lots that hold the serial's number with other letters or none, each with its serial that is meant, and whether there
    /// may be more.
    pub fn lots_holding_number(&self, canonical: &str) -> (Vec<(InLot, String)>, bool) {
        self.lots.holding_number(canonical)
    }

    /// Lots of which a serial fits a pattern, one of each record, and whether there may be more.
    pub(in crate::registers) fn lots_matching(&self, pattern: &Pattern) -> (Vec<InLot>, bool) {
        self.lots.matching(pattern)
    }

    /// Keys that match a pattern, of all classes, handed to `found` while it wants more. False: cut by it, or because the
    /// pattern is broad.
    pub(in crate::registers) fn matching(&self, pattern: &Pattern, found: &mut dyn FnMut(KeyId) -> bool) -> bool {
        let suffix = pattern.fixed_end();
        if pattern.begins_anywhere() && suffix.len() >= PATTERN_END_MIN {
            let ending = self.keys.ending(suffix.as_bytes(), 0..=u8::MAX);
            let whole = ending.len() <= PATTERN_KEYS_MAX;
            let fits = |edge: u32| {
                let key = self.keys.key(edge);
                let text = key.get(1..).and_then(|key| std::str::from_utf8(key).ok());
                text.is_some_and(|text| loose::reads(text, pattern.begin()))
            };
            let mut fitting = ending.first(PATTERN_KEYS_MAX).filter(|&edge| fits(edge));
            return fitting.all(|edge| found(KeyId(edge))) && whole;
        }
        let mut nodes_left = PATTERN_NODES_MAX;
        CLASSES.iter().all(|&class| self.read_as(class, pattern.begin(), &mut nodes_left, found))
    }

    /// Every key of a class that begins so, in order.
    pub(in crate::registers) fn keys_from(&self, class: u8, prefix: &[u8]) -> KeysFrom<'_> {
        let prefix = [&[class], prefix].concat();
        let held = self.keys.with_prefix(&prefix);
        KeysFrom { walk: None, held, prefix }
    }

    /// Every key in order.
    #[cfg(feature = "device")]
    pub(super) fn all_keys(&self) -> KeysFrom<'_> {
        KeysFrom { walk: None, held: self.keys.held(), prefix: Vec::new() }
    }
}

fn is_serial(key: &[u8], proven: impl Fn(&str) -> bool) -> bool {
    key.split_first().is_some_and(|(class, key)| *class == b'S' && std::str::from_utf8(key).is_ok_and(proven))
}

/// Keys in ascending order, see [`Index::keys_from`].
pub(in crate::registers) struct KeysFrom<'a> {
    /// In the piece that is being walked, with the number of its first edge.
    walk: Option<(Walk<'a>, u32)>,
    /// The pieces after it.
    held: &'a [Held],
    prefix: Vec<u8>,
}

impl KeysFrom<'_> {
    /// The next key.
    pub fn next(&mut self) -> Option<KeyId> {
        loop {
            if let Some((walk, first)) = &mut self.walk
                && let Some(edge) = walk.next()
            {
                return Some(KeyId(*first + edge));
            }
            let (next, rest) = self.held.split_first()?;
            self.held = rest;
            self.walk = Some((next.piece.trie.walk(&self.prefix), next.first));
        }
    }

    /// The bytes of the key that came last, with its class.
    pub fn key(&self) -> &[u8] {
        self.walk.as_ref().map_or(&[], |(walk, _)| walk.key())
    }
}

impl Found {
    /// In the order of the keys' places, of which those past the most are cut.
    fn cap(&mut self, pieces: &Pieces) {
        self.keys.sort_unstable();
        self.keys.dedup();
        if !pieces.are_settled() {
            self.keys.sort_by_cached_key(|id| pieces.at(id.0));
        }
        self.cut |= self.keys.len() > FOUND_MAX;
        self.keys.truncate(FOUND_MAX);
    }
}
