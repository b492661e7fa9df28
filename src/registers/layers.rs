//! What a check asks: a large base index, and over it a small one with what has changed since the base was built.
//!
//! An update must not wait for a new base, and a check must not wait for an update. So changed and new records stand in an
//! *overlay*, an index of its own, and the base's records that were changed or withdrawn are *hidden*. Whoever searches sees
//! one index: the methods here have the names of [`Index`]'s and ask both.
//!
//! Facts about frequency (density of keys, shares of kinds and years) are counted over both, so that a record is weighed alike
//! whether it came with a whole register or as a change to one. What is hidden still counts: it was there. An overlay's
//! dictionaries continue the base's, so a fact has one number in both; that is why an overlay belongs to exactly one base.

mod bearers;
mod overlay;
mod walk;

use std::sync::Arc;

pub(super) use self::bearers::Bearer;
pub use self::overlay::{Hidden, Overlay};
use self::walk::{Ahead, KeysOfBoth};
use super::describe::Forms;
#[cfg(feature = "device")]
use super::index::IndexError;
#[cfg(feature = "device")]
use super::index::merge;
use super::index::{Compact, Crowd, Found, InLot, Index, KeyId, RecordRef, RegisterFacts};
use super::lessons::Lessons;
use super::pattern::Pattern;

/// The bit that says of a record or a key that it is the overlay's.
const OVER: u32 = 1 << 31;

/// Fewer records than this say little of marks in general.
const FEW_RECORDS: f64 = 1000.0;

impl RecordRef {
    /// Whether the record stands in the overlay.
    pub fn is_over(self) -> bool {
        self.0 & OVER != 0
    }

    /// Its row in the layer in which it stands.
    pub fn row(self) -> u32 {
        self.0 & !OVER
    }

    /// The record of the overlay at that row.
    pub fn over(row: u32) -> Self {
        Self(row | OVER)
    }
}

/// The registers on a device, ready to be asked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Registers {
    base: Arc<Index>,
    over: Option<Arc<Overlay>>,
    only_news: bool,
}

impl From<Index> for Registers {
    fn from(base: Index) -> Self {
        Self::new(Arc::new(base), None)
    }
}

impl Registers {
    /// A base with an overlay that was built for it; `None` while nothing has changed.
    pub fn new(base: Arc<Index>, over: Option<Arc<Overlay>>) -> Self {
        Self { base, over, only_news: false }
    }

    /// The same, of which only what has changed since the base was built is found: how common things are is still told by
    /// the base.
    pub fn news(&self) -> Self {
        Self { only_news: true, ..self.clone() }
    }

    /// The base.
    pub fn base(&self) -> &Arc<Index> {
        &self.base
    }

    /// The overlay.
    pub fn overlay(&self) -> Option<&Arc<Overlay>> {
        self.over.as_ref()
    }

    /// An index of both layers, or of the base and of `more` in the overlay's place, which holds the overlay's records and others; `moved` gives
    /// the row there and the row here of each of those records, in ascending order of those there. `None` while nothing has changed. The two never stand beside each other in memory: where somebody
    /// else holds the base, `in_between` gets registers that answer as these do, of which more and more is the new index's; else each
    /// part of the base is given up as soon as it was walked. `freed` is told when something went.
    ///
    /// # Errors
    /// When `moved` does not name them all, or there are more records than an index holds.
    #[cfg(feature = "device")]
    pub(crate) fn merged(
        self,
        more: Option<&Index>,
        moved: &[(u32, u32)],
        in_between: &mut dyn FnMut(Self),
        freed: &dyn Fn(),
    ) -> Option<Result<Index, IndexError>> {
        let Self { base, over, .. } = self;
        let hidden = over.as_ref().map_or_else(Vec::new, |over| over.hidden.words.clone());
        let above = more.or_else(|| over.as_ref().map(|over| &over.index))?;
        let mut give = |index: Index| in_between(Self::new(Arc::new(index), over.clone()));
        Some(merge::merged(base, above, hidden, moved, &mut give, freed))
    }

    /// The registers as they are now, in the order of their numbers.
    pub fn registers(&self) -> &[RegisterFacts] {
        self.over.as_ref().map_or_else(|| self.base.registers(), |over| over.index.registers())
    }

    /// Number of the register in which a record stands.
    pub fn register_of(&self, record: RecordRef) -> usize {
        usize::from(self.compact(record).register())
    }

    /// The index in which something stands, by its number.
    fn layer(&self, number: u32) -> &Index {
        match &self.over {
            Some(over) if number & OVER != 0 => &over.index,
            _ => &self.base,
        }
    }

    /// What both layers find, told apart.
    fn both(&self, find: impl Fn(&Index) -> Vec<KeyId>) -> Vec<KeyId> {
        let mut found = if self.only_news { Vec::new() } else { find(&self.base) };
        if let Some(over) = &self.over {
            found.extend(find(&over.index).into_iter().map(|id| KeyId(id.0 | OVER)));
        }
        found
    }

    pub(super) fn compact(&self, record: RecordRef) -> Compact {
        self.layer(record.0).compact(RecordRef(record.row()))
    }

    pub(super) fn fact(&self, fact: usize, id: u32) -> Option<&Forms> {
        self.over.as_ref().map_or(&*self.base, |over| &over.index).fact(fact, id)
    }

    /// Number of distinct facts; their numbers run from 1 to this.
    pub(super) fn facts_of(&self, fact: usize) -> usize {
        self.over.as_ref().map_or(&*self.base, |over| &over.index).facts_of(fact)
    }

    /// Share of all records that have that fact.
    pub(super) fn share(&self, fact: usize, id: u32) -> f64 {
        let last = self.over.as_ref().map_or(&*self.base, |over| &over.index);
        f64::from(last.with_fact(fact, id)) / self.counted()
    }

    /// Share of all records made in that year.
    pub(super) fn share_of_year(&self, year: u16) -> f64 {
        let over = self.over.as_ref().map_or(0, |over| over.index.made_in(year));
        f64::from(self.base.made_in(year) + over) / self.counted()
    }

    /// Records of both layers, hidden ones too.
    fn counted(&self) -> f64 {
        (self.base.len() + self.over.as_ref().map_or(0, |over| over.index.len())).max(1) as f64
    }

    /// Whether any record of the register is of an item that somebody looks for. A register without records counts as one
    /// that would list such items.
    pub fn lists_wanted(&self, register: usize) -> bool {
        let seen = [Some(&*self.base), self.over.as_ref().map(|over| &over.index)].map(|index| {
            index.map_or((false, false), |index| (index.lists_any(register), index.lists_wanted(register)))
        });
        seen.iter().any(|(_, wanted)| *wanted) || !seen.iter().any(|(any, _)| *any)
    }

    /// How crowded the surroundings of a key (with its class before it) are.
    pub(super) fn density(&self, register: u8, key: &[u8]) -> f64 {
        self.crowd(register, key).density()
    }

    /// What the register holds of marks like a key (with its class before it).
    pub(super) fn crowd(&self, register: u8, key: &[u8]) -> Crowd {
        let crowd = self.base.crowd(register, key);
        self.over.as_ref().map_or(crowd, |over| crowd.and(over.index.crowd(register, key)))
    }

    /// How crowded the surroundings of a key are in all registers together.
    pub(super) fn density_in_all(&self, key: &[u8]) -> f64 {
        let registers = 0..u8::try_from(self.base.registers().len()).unwrap_or(u8::MAX);
        registers.map(|register| self.density(register, key)).sum()
    }

    /// What `learn` makes of the base alone, asked once for each base.
    pub(super) fn learnt(&self, learn: impl FnOnce(&Self) -> Lessons) -> &Lessons {
        self.base.learnt.0.get_or_init(|| learn(&Self::new(Arc::clone(&self.base), None)))
    }

    /// The share of all records that would fall into a lot of so many serials round a mark, if the numbers of marks
    /// like it are spread evenly. Few records tell little of how marks are spread, and count for little.
    pub(super) fn share_of_lot(&self, canonical: &str, items: u64) -> f64 {
        let key = [b"S", canonical.as_bytes()].concat();
        self.density_in_all(&key) * items as f64 / (self.counted() + FEW_RECORDS)
    }

    /// The key with its class before it.
    pub(super) fn key_bytes(&self, id: KeyId) -> Vec<u8> {
        self.layer(id.0).key_bytes(KeyId(id.0 & !OVER))
    }

    /// The key without its class.
    pub fn key(&self, id: KeyId) -> String {
        self.layer(id.0).key(KeyId(id.0 & !OVER))
    }

    /// The records that bear a key, but for the hidden ones.
    pub fn records_of(&self, id: KeyId) -> impl Iterator<Item = RecordRef> + '_ {
        let mark = id.0 & OVER;
        let hidden = self.hidden_of(mark);
        let found = self.layer(id.0).records_of(KeyId(id.0 & !OVER));
        found.filter(move |r| hidden.is_none_or(|hidden| !hidden.holds(r.0))).map(move |r| RecordRef(r.0 | mark))
    }

    /// What is hidden of the layer with that mark, where anything is.
    fn hidden_of(&self, mark: u32) -> Option<&Hidden> {
        self.over.as_ref().map(|over| &over.hidden).filter(|hidden| mark == 0 && !hidden.is_empty())
    }

    /// How many records bear a key now, of both layers together.
    pub(super) fn count_of(&self, id: KeyId) -> usize {
        let Some(over) = &self.over else { return self.base.count_of(id) };
        let bytes = self.key_bytes(id);
        let below = self.base.find(&bytes).map_or(0, |id| self.records_of(id).count());
        below + over.index.find(&bytes).map_or(0, |id| over.index.count_of(id))
    }

    /// Number of profiles in both layers.
    pub(super) fn profiles(&self) -> usize {
        self.base.profiles() + self.over.as_ref().map_or(0, |over| over.index.profiles())
    }

    /// The facts of a profile without a year; those of the overlay are numbered after the base's.
    pub(super) fn profile(&self, number: u32) -> Compact {
        match (number.checked_sub(self.base.profiles() as u32), &self.over) {
            (Some(number), Some(over)) => over.index.profile(number),
            _ => self.base.profile(number),
        }
    }

    /// The key itself, in each layer that has it.
    pub fn exact(&self, class: u8, key: &str) -> impl Iterator<Item = KeyId> + use<> {
        let over = self.over.as_ref().and_then(|over| over.index.exact(class, key)).map(|id| KeyId(id.0 | OVER));
        let below = if self.only_news { None } else { self.base.exact(class, key) };
        below.into_iter().chain(over)
    }

    /// Keys with the same skeleton (K2).
    pub fn same_skeleton(&self, skeleton: &str) -> Vec<KeyId> {
        self.both(|index| index.same_skeleton(skeleton))
    }

    /// Keys with the same core (K3).
    pub(super) fn same_core(&self, core: &str) -> Vec<KeyId> {
        self.both(|index| index.same_core(core))
    }

    /// Keys with the same number (K4), of which at most so many are looked at in each layer, and how many were not.
    pub(super) fn some_of_number(&self, number: &str, max: usize) -> (Vec<KeyId>, usize) {
        let left_out = std::cell::Cell::new(0);
        let found = self.both(|index| {
            let (found, left) = index.some_of_number(number, max);
            left_out.set(left_out.get() + left);
            found
        });
        (found, left_out.get())
    }

    /// Keys that may sound the same (KT).
    pub(super) fn same_sound(&self, canonical: &str, sound: &[String]) -> Vec<KeyId> {
        self.both(|index| index.same_sound(canonical, sound))
    }

    /// Keys of the class of serials that are one edit away.
    pub fn one_edit(&self, canonical: &str) -> Vec<KeyId> {
        self.both(|index| index.one_edit(canonical))
    }

    /// The same, each with what `of` makes of the key.
    pub(super) fn one_edit_with<T>(&self, canonical: &str, of: impl Fn(&str) -> T) -> Vec<(KeyId, T)> {
        let mut found = if self.only_news { Vec::new() } else { self.base.one_edit_with(canonical, &of) };
        if let Some(over) = &self.over {
            let above = over.index.one_edit_with(canonical, of);
            found.extend(above.into_iter().map(|(id, made)| (KeyId(id.0 | OVER), made)));
        }
        found
    }

    /// Keys of the class of serials that are two edits away, not fewer.
    pub fn two_edits(&self, canonical: &str) -> Found {
        self.both_found(|index| index.two_edits(canonical))
    }

    /// Those that begin with the mark's first two characters, found in the time that a check has.
    pub fn two_edits_after_two(&self, canonical: &str) -> Found {
        self.both_found(|index| index.two_edits_after_two(canonical))
    }

    /// Keys of which the mark may be what is left when an end was lost.
    pub fn lost_end(&self, canonical: &str) -> Found {
        self.both_found(|index| index.lost_end(canonical))
    }

    /// The same, of so many keys that begin or end like the mark.
    pub fn some_of_lost_end(&self, canonical: &str, max: usize) -> Found {
        self.both_found(|index| index.some_of_lost_end(canonical, max))
    }

    /// Keys that the mark holds with something more before or behind it.
    pub fn within(&self, canonical: &str) -> Found {
        self.both_found(|index| index.within(canonical))
    }

    /// Whether any record lists a lot.
    pub fn lists_lots(&self) -> bool {
        self.base.lists_lots() || self.over.as_ref().is_some_and(|over| over.index.lists_lots())
    }

    /// Lots that hold the serial, and whether there may be more.
    pub fn lots_holding(&self, canonical: &str) -> (Vec<InLot>, bool) {
        self.both_lots(|index| index.lots_holding(canonical), |lot| &mut lot.record)
    }

    /// Lots that hold the serial's number with other letters or none, each with its serial that is meant, and whether there
    /// may be more.
    pub fn lots_holding_number(&self, canonical: &str) -> (Vec<(InLot, String)>, bool) {
        self.both_lots(|index| index.lots_holding_number(canonical), |(lot, _)| &mut lot.record)
    }

    /// Lots of which a serial fits a pattern, and whether there may be more.
    pub(super) fn lots_matching(&self, pattern: &Pattern) -> (Vec<InLot>, bool) {
        self.both_lots(|index| index.lots_matching(pattern), |lot| &mut lot.record)
    }

    fn both_lots<T>(
        &self,
        find: impl Fn(&Index) -> (Vec<T>, bool),
        record: impl Fn(&mut T) -> &mut RecordRef,
    ) -> (Vec<T>, bool) {
        let (mut found, mut cut) = if self.only_news { (Vec::new(), false) } else { find(&self.base) };
        if let Some(over) = &self.over {
            found.retain_mut(|lot| !over.hidden.holds(record(lot).0));
            let (mut above, cut_above) = find(&over.index);
            above.iter_mut().map(&record).for_each(|record| *record = RecordRef::over(record.0));
            found.append(&mut above);
            cut |= cut_above;
        }
        (found, cut)
    }

    fn both_found(&self, find: impl Fn(&Index) -> Found) -> Found {
        let mut found = if self.only_news { Found::default() } else { find(&self.base) };
        if let Some(over) = &self.over {
            let above = find(&over.index);
            found.keys.extend(above.keys.into_iter().map(|id| KeyId(id.0 | OVER)));
            found.cut |= above.cut;
        }
        found
    }

    /// Every key of a class that begins so, of both layers, in the order of the keys.
    pub(super) fn keys_from(&self, class: u8, prefix: &[u8]) -> KeysOfBoth<'_> {
        let below = Ahead::of(self.base.keys_from(class, prefix));
        let above = self.over.as_ref().map(|over| Ahead::of(over.index.keys_from(class, prefix)));
        KeysOfBoth { below, above, from: None }
    }

    /// Keys of both layers that match a pattern, handed to `found` while it wants more. False: there are or may be more.
    pub(super) fn matching(&self, pattern: &Pattern, found: &mut dyn FnMut(KeyId) -> bool) -> bool {
        let whole = self.base.matching(pattern, found);
        let over = |over: &Arc<Overlay>| over.index.matching(pattern, &mut |id| found(KeyId(id.0 | OVER)));
        self.over.as_ref().is_none_or(over) && whole
    }
}

#[cfg(test)]
mod tests;
