//! Looking keys up.

use super::table::{Table, hash};
use super::{Index, RecordRef};
use crate::domain::keys;

/// A distinct key by its place in the sorted order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(in crate::registers) u32);

/// Longest key for which one-edit neighbours are tried. A serial does not come near it.
const ONE_EDIT_CHARS_MAX: usize = 40;
/// Shortest: of three characters, one wrong says nothing.
const ONE_EDIT_CHARS_MIN: usize = 4;

impl Index {
    /// The key with its class before it.
    pub(in crate::registers) fn key_bytes(&self, id: KeyId) -> &[u8] {
        range(&self.key_ends, id.0).and_then(|r| self.heap.get(r)).unwrap_or_default()
    }

    /// The key without its class.
    pub(in crate::registers) fn key(&self, id: KeyId) -> &str {
        let bytes = self.key_bytes(id).get(1..).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The records that bear a key.
    pub(in crate::registers) fn records_of(&self, id: KeyId) -> impl Iterator<Item = RecordRef> + '_ {
        let postings = range(&self.posting_ends, id.0).and_then(|r| self.postings.get(r)).unwrap_or_default();
        postings.iter().map(|&record| RecordRef(record))
    }

    /// The key itself.
    pub(in crate::registers) fn exact(&self, class: u8, key: &str) -> Option<KeyId> {
        let mut bytes = Vec::with_capacity(key.len() + 1);
        bytes.push(class);
        bytes.extend_from_slice(key.as_bytes());
        self.find(&bytes)
    }

    fn find(&self, bytes: &[u8]) -> Option<KeyId> {
        if !self.filter.may_hold(hash(bytes)) {
            return None;
        }
        let at = self.first_not_below(bytes);
        (self.key_bytes(KeyId(at)) == bytes).then_some(KeyId(at))
    }

    /// Place of the first key that is not below `bytes`.
    fn first_not_below(&self, bytes: &[u8]) -> u32 {
        let (mut low, mut high) = (0u32, self.key_ends.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key_bytes(KeyId(middle)) < bytes { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Keys with the same skeleton (K2).
    pub(in crate::registers) fn same_skeleton(&self, skeleton: &str) -> Vec<KeyId> {
        self.derived(&self.skeletons, skeleton, |key| keys::skeleton(key) == skeleton)
    }

    /// Keys with the same core (K3).
    pub(in crate::registers) fn same_core(&self, core: &str) -> Vec<KeyId> {
        self.derived(&self.cores, core, |key| keys::core(key) == core)
    }

    /// Keys with the same number (K4).
    pub(in crate::registers) fn same_number(&self, number: &str) -> Vec<KeyId> {
        self.derived(&self.numbers, number, |key| keys::number(key) == number)
    }

    /// Keys that may sound the same (KT): `{K1} ∪ KT` of the mark meets `{K1} ∪ KT` of the key.
    pub(in crate::registers) fn same_sound(&self, canonical: &str, sound: &[String]) -> Vec<KeyId> {
        let mut found = Vec::new();
        for variant in std::iter::once(canonical).chain(sound.iter().map(String::as_str)) {
            let meets = |key: &str| key == variant || keys::sound_variants(key).iter().any(|v| v == variant);
            found.extend(self.derived(&self.sounds, variant, meets));
        }
        found
    }

    /// Keys whose derived key is `wanted`: the one that is its own derived key, and those in the table.
    fn derived(&self, table: &Table, wanted: &str, proven: impl Fn(&str) -> bool) -> Vec<KeyId> {
        let own = self.exact(b'S', wanted).filter(|&id| proven(self.key(id)));
        let others = table.get(hash(wanted.as_bytes())).iter().map(|&id| KeyId(id)).filter(|&id| proven(self.key(id)));
        own.into_iter().chain(others).collect()
    }

    /// Keys of the class of serials that are one edit away: a character wrong, missing, too many, or two neighbours
    /// swapped. Not the key itself.
    pub(in crate::registers) fn one_edit(&self, canonical: &str) -> Vec<KeyId> {
        let chars: Vec<char> = canonical.chars().collect();
        if !(ONE_EDIT_CHARS_MIN..=ONE_EDIT_CHARS_MAX).contains(&chars.len()) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut key = Vec::with_capacity(canonical.len() + 5);
        let mut offer = |parts: [&[char]; 3]| {
            key.clear();
            key.push(b'S');
            for c in parts.into_iter().flatten() {
                key.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            found.extend(self.find(&key));
        };
        for at in 0..=chars.len() {
            let (before, after) = chars.split_at(at);
            for &c in &self.alphabet {
                offer([before, &[c], after]);
            }
            let Some((&here, rest)) = after.split_first() else {
                continue;
            };
            offer([before, &[], rest]);
            for &c in self.alphabet.iter().filter(|&&c| c != here) {
                offer([before, &[c], rest]);
            }
            if let Some((&next, rest)) = rest.split_first().filter(|(next, _)| **next != here) {
                offer([before, &[next, here], rest]);
            }
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|&id| self.key(id) != canonical);
        found
    }

    /// Every key of a class that begins so, in order.
    pub(in crate::registers) fn keys_from(&self, class: u8, prefix: &str) -> impl Iterator<Item = KeyId> + '_ {
        let bytes = [&[class], prefix.as_bytes()].concat();
        let begin = self.first_not_below(&bytes);
        (begin..self.key_ends.len() as u32).map(KeyId).take_while(move |&id| self.key_bytes(id).starts_with(&bytes))
    }
}

fn range(ends: &[u32], at: u32) -> Option<std::ops::Range<usize>> {
    let at = at as usize;
    let end = *ends.get(at)?;
    let begin = if at == 0 { 0 } else { ends[at - 1] };
    Some(begin as usize..end as usize)
}
