//! A new index of one and of what lies over it, without the records: both have their keys in order already, so nothing is
//! gathered and sorted anew. Its pieces are, bit for bit, those that would be built of all records.
//!
//! Each piece takes the place of the old one as soon as it is whole, in an index that goes on to answer as the old one did
//! ([`Pieces`](super::pieces::Pieces)). So two whole ones never stand beside each other.

use std::sync::Arc;

use super::build::{Assembly, piece_keys};
use super::density::Counter;
use super::dictionary::Dictionary;
use super::ends::Ends;
use super::facts::{Facts, FactsBuilder, Prepared};
use super::flags::Flags;
use super::lookup::KeysFrom;
use super::lots::LotsBuilder;
use super::piece::{Piece, Records, Sparing};
use super::pieces::Held;
use super::renumber::{Back, DAMAGED, Rows};
use super::{Compact, Index, IndexError, KeyId, Learnt, RecordRef};

/// Keys whose ends are sorted at a time.
const SORTED_AT_ONCE: usize = 1 << 19;
/// A piece with so many times the keys that it should have is parted into even ones.
const PARTED_AT: usize = 2;

/// The index of `base` without its `hidden` rows and with the records of `over`, whose dictionaries continue those of `base`;
/// `moved` gives the new row and the row in `over` of each, in ascending order of the new ones.
///
/// While it comes to be, `in_between` gets indexes to be asked in the place of `base`, with the same `over` and `hidden`: what was replaced
/// goes when nobody holds an older one any more. Where nobody else holds the base, it gets none, and each part of the base goes as
/// soon as nothing of the new index is made of it any more. `freed` is told when something went.
pub(in crate::registers) fn merged(
    base: Arc<Index>,
    over: &Index,
    mut hidden: Vec<u64>,
    moved: &[(u32, u32)],
    in_between: &mut dyn FnMut(Index),
    freed: &dyn Fn(),
) -> Result<Index, IndexError> {
    if moved.len() != over.len() {
        return Err(DAMAGED);
    }
    hidden.resize(base.len().div_ceil(64), 0);
    let rows = Rows::new(Flags::from_parts(base.len(), hidden).ok_or(DAMAGED)?, moved)?;
    u32::try_from(rows.len()).map_err(|_| IndexError::TooManyRecords)?;
    let mut lots = LotsBuilder::default();
    lots.take(&base.lots, &|row| rows.of_base(row));
    lots.take(&over.lots, &|row| rows.of_over(row));
    let mut merge = Merge::new(&base, over, &rows, moved)?;

    // What stands for ten million records is made when what searches them is done, and never beside what only helps to; it
    // comes first where the old goes for it.
    let (mut now, is_asked, made_first) = match Arc::try_unwrap(base) {
        Ok(mut own) => {
            let made = facts(&own.facts, over, &rows, moved)?;
            own.facts = Arc::default();
            own.keys.forget_ends();
            (own, false, Some(made))
        }
        Err(shared) => (shared.with_keys(shared.keys.clone()), true, None),
    };
    let mut give = |index: Index| {
        if is_asked {
            in_between(index);
        }
        freed();
    };
    let mut place = 0;
    // Where there are no pieces yet, all that is new makes the first.
    loop {
        let held = now.keys.neighbours_at(place, merge.piece_keys);
        let places = place..place + held.len();
        let after = now.keys.get(places.end).map(|next| next.begin().to_vec());
        let made = merge.pieces(&held, after.as_deref())?;
        place += now.keys.replace(places, made, &merge.back).ok_or(IndexError::TooManyRecords)?;
        drop(held);
        give(now.with_keys(now.keys.clone()));
        if after.is_none() {
            break;
        }
    }
    now.keys.forget_ends();
    give(now.with_keys(now.keys.clone()));
    now.keys = now.keys.numbered_anew().ok_or(IndexError::TooManyRecords)?;
    give(now.with_keys(now.keys.clone()));
    let (dictionaries, facts) = match made_first {
        Some(made) => made,
        None => facts(&now.facts, over, &rows, moved)?,
    };
    Ok(Index {
        registers: over.registers.clone(),
        dictionaries: Arc::new(dictionaries),
        facts: Arc::new(facts),
        keys: now.keys.settled(),
        borne: Prepared::default(),
        lots: Arc::new(lots.finish()),
        density: Arc::new(merge.counter.finish()),
        learnt: Learnt::default(),
    })
}

/// Keys of both on their way.
struct Merge<'a> {
    rows: &'a Rows,
    back: Arc<Back>,
    /// Keys that a piece should have.
    piece_keys: usize,
    over: &'a Index,
    above: KeysFrom<'a>,
    /// The next of those above.
    next: Option<KeyId>,
    /// The row after the last of each register.
    register_ends: Vec<u32>,
    counter: Counter,
}

impl<'a> Merge<'a> {
    fn new(base: &Index, over: &'a Index, rows: &'a Rows, moved: &[(u32, u32)]) -> Result<Self, IndexError> {
        let mut above = over.all_keys();
        Ok(Self {
            rows,
            back: Arc::new(rows.back()),
            piece_keys: piece_keys(base.keys.len() + over.keys.len()),
            over,
            next: above.next(),
            above,
            register_ends: register_ends(&base.facts, over, rows, moved)?,
            counter: Counter::default(),
        })
    }

    /// The keys above that come before another, or all that are left.
    fn above_before(&mut self, end: Option<&[u8]>) -> Vec<(Vec<u8>, KeyId)> {
        let mut found = Vec::new();
        while let Some(id) = self.next.filter(|_| end.is_none_or(|end| self.above.key() < end)) {
            found.push((self.above.key().to_vec(), id));
            self.next = self.above.next();
        }
        found
    }

    /// What becomes of neighbouring pieces and of the keys above up to `end`, each with its order by ends.
    fn pieces(&mut self, held: &[Held], end: Option<&[u8]>) -> Result<Vec<(Piece, Ends)>, IndexError> {
        let above = self.above_before(end);
        let keys = held.iter().map(|held| held.piece.trie.len()).sum::<usize>() + above.len();
        let parts = if keys > PARTED_AT * self.piece_keys { keys.div_ceil(self.piece_keys) } else { 1 };
        let mut assembly = Assembly::new(self.rows.len(), keys.div_ceil(parts).max(1), Sparing::Memory);
        let mut outcome = Ok(());
        if let ([held], 1) = (held, parts) {
            assembly.reserve(&held.piece, above.len());
        }
        let mut above = above.into_iter().peekable();
        let mut put = |key: &[u8], below: Option<(&Held, u32)>, above: Option<KeyId>| {
            if outcome.is_ok() {
                outcome = self.put(&mut assembly, key, below, above);
            }
        };
        for held in held {
            held.piece.trie.for_each(|edge, key| {
                while let Some((new, id)) = above.next_if(|(new, _)| new.as_slice() < key) {
                    put(&new, None, Some(id));
                }
                let same = above.next_if(|(new, _)| new == key).map(|(_, id)| id);
                put(key, Some((held, edge)), same);
            });
        }
        above.for_each(|(key, id)| put(&key, None, Some(id)));
        outcome?;
        let with_ends = |piece: Piece| {
            let trie = &piece.trie;
            let edges = trie.labels.len() as u32;
            let ends = Ends::in_parts(edges, trie.len(), SORTED_AT_ONCE, |take| trie.for_each(take));
            (piece, ends)
        };
        Ok(assembly.finish()?.into_iter().map(with_ends).collect())
    }

    /// Takes a key with the records of both.
    fn put(
        &mut self,
        assembly: &mut Assembly,
        key: &[u8],
        below: Option<(&Held, u32)>,
        above: Option<KeyId>,
    ) -> Result<(), IndexError> {
        let (rows, over) = (self.rows, self.over);
        let mut records: Vec<u32> = Vec::new();
        records.extend(below.into_iter().flat_map(|(held, edge)| held.rows_of(edge)).filter_map(|r| rows.of_base(r)));
        records.extend(above.into_iter().flat_map(|id| over.records_of(id)).filter_map(|r| rows.of_over(r.0)));
        records.sort_unstable();
        let mut rest = &records[..];
        while let Some(&first) = rest.first() {
            let register = self.register_ends.partition_point(|&end| end <= first);
            let end = self.register_ends.get(register).copied().unwrap_or(u32::MAX);
            let own = rest.partition_point(|&row| row < end).max(1);
            self.counter.add_some(u8::try_from(register).unwrap_or(u8::MAX), key, own as u32);
            rest = &rest[own..];
        }
        match records[..] {
            [] => Ok(()),
            [one] => assembly.put(key, Records::One(one)),
            _ => assembly.put(key, Records::Many(records)),
        }
    }
}

/// Hands what stands in each new row to `take`, in order.
fn each_old(
    base: &Facts,
    over: &Index,
    rows: &Rows,
    moved: &[(u32, u32)],
    mut take: impl FnMut(u32, Compact) -> Option<()>,
) -> Result<(), IndexError> {
    let mut moved = moved.iter().peekable();
    let mut stay = (0..base.len() as u32).filter(|&row| !rows.is_hidden(row));
    for row in 0..rows.len() as u32 {
        let old = match moved.next_if(|(new, _)| *new == row) {
            Some((_, old)) => over.compact(RecordRef(*old)),
            None => base.get(RecordRef(stay.next().ok_or(DAMAGED)?)),
        };
        take(row, old).ok_or(DAMAGED)?;
    }
    if moved.next().is_some() || stay.next().is_some() { Err(DAMAGED) } else { Ok(()) }
}

/// The row after the last of each register.
fn register_ends(base: &Facts, over: &Index, rows: &Rows, moved: &[(u32, u32)]) -> Result<Vec<u32>, IndexError> {
    let mut ends = vec![0; over.registers.len()];
    each_old(base, over, rows, moved, |row, old| {
        *ends.get_mut(usize::from(old.register()))? = row + 1;
        Some(())
    })?;
    // A register without records ends where the one before it does.
    for n in 1..ends.len() {
        ends[n] = ends[n].max(ends[n - 1]);
    }
    Ok(ends)
}

/// The facts of all records in their new order, with their dictionaries.
fn facts(
    base: &Facts,
    over: &Index,
    rows: &Rows,
    moved: &[(u32, u32)],
) -> Result<([Dictionary; 4], Facts), IndexError> {
    let mut facts = FactsBuilder::default();
    facts.reserve_like(base, rows.len());
    let mut dictionaries: [Dictionary; 4] = Default::default();
    // New numbers of facts, which are given out as they come.
    let mut numbers: [Vec<u32>; 4] = over.dictionaries.each_ref().map(|d| vec![0; d.len() + 1]);
    each_old(base, over, rows, moved, |_, old| {
        let mut new = [0; 4];
        let all = dictionaries.iter_mut().zip(over.dictionaries.iter()).zip(&mut numbers);
        for (((own, known), numbers), (&old, new)) in all.zip(old.facts.iter().zip(&mut new)) {
            let number = numbers.get_mut(old as usize)?;
            if *number == 0
                && let Some(forms) = known.forms(old)
            {
                *number = own.add(forms.clone());
            }
            own.count_one(*number);
            *new = *number;
        }
        facts.push(Compact { facts: new, ..old }.without_year(), old.year().unwrap_or(0));
        Some(())
    })?;
    Ok((dictionaries, facts.finish()))
}
