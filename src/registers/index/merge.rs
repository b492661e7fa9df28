//! A new index of one and of what lies over it, without the records: both have their keys in order already, so nothing is
//! gathered and sorted anew. It is equal, bit for bit, to the index that would be built of all records.

use std::sync::Arc;

use super::build::{Assembly, Records, Sparing};
use super::dictionary::Dictionary;
use super::facts::{Facts, FactsBuilder};
use super::flags::Flags;
use super::lots::LotsBuilder;
use super::{Compact, Index, IndexError, KeyId, RecordRef};

const DAMAGED: IndexError = IndexError::Damaged("what changed does not fit what it changes");
/// One row in so many says where to begin to look for the rows that came before it.
const STEP: usize = 256;

/// Where records of both stand in the new index.
struct Rows {
    /// Rows of the base that are gone.
    hidden: Flags,
    /// New rows of the overlay's records.
    of_over: Vec<u32>,
    /// For each record that came in between, in order: how many of the base's that stay stand before it.
    before: Vec<u32>,
    /// How many of those come before every [`STEP`]th record that stays.
    starts: Vec<u32>,
}

impl Rows {
    /// `moved`: new row and old row of each of the overlay's records, in ascending order of the new ones.
    fn new(hidden: Flags, moved: &[(u32, u32)]) -> Result<Self, IndexError> {
        let mut of_over = vec![u32::MAX; moved.len()];
        for (new, old) in moved {
            *of_over.get_mut(*old as usize).filter(|row| **row == u32::MAX).ok_or(DAMAGED)? = *new;
        }
        let before = (0u32..).zip(moved).map(|(n, (new, _))| new.checked_sub(n).ok_or(DAMAGED));
        let before = before.collect::<Result<Vec<u32>, _>>()?;
        let stay = hidden.len() - hidden.ones();
        if !before.is_sorted() || before.last().is_some_and(|&last| last as usize > stay) {
            return Err(DAMAGED);
        }
        let start = |at: usize| before.partition_point(|&n| (n as usize) < at) as u32;
        let starts = (0..=stay).step_by(STEP).map(start).collect();
        Ok(Self { hidden, of_over, before, starts })
    }

    fn of_base(&self, row: u32) -> Option<u32> {
        if self.hidden.get(row as usize) {
            return None;
        }
        let nth = row - self.hidden.rank(row as usize) as u32;
        let start = self.starts.get(nth as usize / STEP).map_or(0, |&start| start as usize);
        let more = self.before.get(start..).unwrap_or_default().iter().take_while(|&&n| n <= nth).count();
        Some(nth + (start + more) as u32)
    }

    fn of_over(&self, row: u32) -> Option<u32> {
        self.of_over.get(row as usize).copied()
    }

    fn len(&self) -> usize {
        self.hidden.len() - self.hidden.ones() + self.of_over.len()
    }
}

/// The index of `base` without its `hidden` rows and with the records of `over`, whose dictionaries continue those of `base`;
/// `moved` gives the new row and the row in `over` of each, in ascending order of the new ones.
///
/// Where nobody else holds the base, each part of it goes as soon as nothing of the new index is made of it any more; `freed`
/// is told.
pub(in crate::registers) fn merged(
    mut base: Arc<Index>,
    over: &Index,
    mut hidden: Vec<u64>,
    moved: &[(u32, u32)],
    freed: &dyn Fn(),
) -> Result<Index, IndexError> {
    if moved.len() != over.len() {
        return Err(DAMAGED);
    }
    hidden.resize(base.len().div_ceil(64), 0);
    let rows = Rows::new(Flags::from_parts(base.len(), hidden).ok_or(DAMAGED)?, moved)?;
    u32::try_from(rows.len()).map_err(|_| IndexError::TooManyRecords)?;
    let ends = register_ends(&base, over, &rows, moved)?;
    let mut lots = LotsBuilder::default();
    lots.take(&base.lots, &|row| rows.of_base(row));
    lots.take(&over.lots, &|row| rows.of_over(row));

    // What stands for ten million records is made when what searches them is done, and never beside what only helps to; it
    // comes first where the old goes for it.
    let made_first = match Arc::get_mut(&mut base) {
        Some(_) => Some(facts(&base, over, &rows, moved)?),
        None => None,
    };
    if let Some(base) = Arc::get_mut(&mut base) {
        (base.facts, base.ends) = Default::default();
        (base.cores, base.numbers) = Default::default();
        freed();
    }
    let mut assembly = Assembly::new(rows.len());
    assembly.reserve([&base, over]);
    let mut walk = over.trie.walk(&[]);
    let mut above = std::iter::from_fn(|| walk.next().map(|edge| (walk.key().to_vec(), KeyId(edge)))).peekable();
    let mut records: Vec<u32> = Vec::new();
    let mut put = |key: &[u8], below: Option<KeyId>, above: Option<KeyId>| {
        records.clear();
        records.extend(below.into_iter().flat_map(|id| base.records_of(id)).filter_map(|r| rows.of_base(r.0)));
        records.extend(above.into_iter().flat_map(|id| over.records_of(id)).filter_map(|r| rows.of_over(r.0)));
        records.sort_unstable();
        let mut rest = &records[..];
        while let Some(&first) = rest.first() {
            let register = ends.partition_point(|&end| end <= first);
            let end = ends.get(register).copied().unwrap_or(u32::MAX);
            let own = rest.partition_point(|&row| row < end).max(1);
            assembly.count(u8::try_from(register).unwrap_or(u8::MAX), key, own as u32);
            rest = &rest[own..];
        }
        match records[..] {
            [] => {}
            [one] => assembly.put(key, Records::One(one)),
            _ => assembly.put(key, Records::Many(records.clone())),
        }
    };
    base.trie.for_each(|edge, key| {
        while let Some((new, id)) = above.next_if(|(new, _)| new.as_slice() < key) {
            put(&new, None, Some(id));
        }
        let same = above.next_if(|(new, _)| new == key).map(|(_, id)| id);
        put(key, Some(KeyId(edge)), same);
    });
    above.for_each(|(key, id)| put(&key, None, Some(id)));
    if let Some(base) = Arc::get_mut(&mut base) {
        base.trie = Default::default();
        (base.first_of_key, base.postings) = Default::default();
        freed();
    }
    let keys = assembly.finish(Sparing::Memory, freed)?;
    let (dictionaries, facts) = match made_first {
        Some(made) => made,
        None => facts(&base, over, &rows, moved)?,
    };
    freed();
    Ok(keys.with(over.registers.clone(), dictionaries, facts, lots.finish()))
}

/// Hands what stands in each new row to `take`, in order.
fn each_old(
    base: &Index,
    over: &Index,
    rows: &Rows,
    moved: &[(u32, u32)],
    mut take: impl FnMut(u32, Compact) -> Option<()>,
) -> Result<(), IndexError> {
    let mut moved = moved.iter().peekable();
    let mut stay = (0..base.len() as u32).filter(|&row| !rows.hidden.get(row as usize));
    for row in 0..rows.len() as u32 {
        let old = match moved.next_if(|(new, _)| *new == row) {
            Some((_, old)) => over.compact(RecordRef(*old)),
            None => base.compact(RecordRef(stay.next().ok_or(DAMAGED)?)),
        };
        take(row, old).ok_or(DAMAGED)?;
    }
    if moved.next().is_some() || stay.next().is_some() { Err(DAMAGED) } else { Ok(()) }
}

/// The row after the last of each register.
fn register_ends(base: &Index, over: &Index, rows: &Rows, moved: &[(u32, u32)]) -> Result<Vec<u32>, IndexError> {
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
    base: &Index,
    over: &Index,
    rows: &Rows,
    moved: &[(u32, u32)],
) -> Result<([Dictionary; 4], Facts), IndexError> {
    let mut facts = FactsBuilder::default();
    facts.reserve_like(&base.facts, rows.len());
    let mut dictionaries: [Dictionary; 4] = Default::default();
    // New numbers of facts, which are given out as they come.
    let mut numbers: [Vec<u32>; 4] = over.dictionaries.each_ref().map(|d| vec![0; d.len() + 1]);
    each_old(base, over, rows, moved, |_, old| {
        let mut new = [0; 4];
        let all = dictionaries.iter_mut().zip(&over.dictionaries).zip(&mut numbers);
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
