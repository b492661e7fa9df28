//! Rows of one generation and rows of the next: some are gone, some came in between, and all others keep their order.

#[cfg(feature = "device")]
use super::IndexError;
#[cfg(feature = "device")]
use super::flags::Flags;

#[cfg(feature = "device")]
pub(super) const DAMAGED: IndexError = IndexError::Damaged("what changed does not fit what it changes");
/// One number in so many says where to begin to look.
const STEP: usize = 256;

/// Ascending numbers, of which those up to any number are counted quickly.
#[derive(Debug)]
struct Counted {
    numbers: Vec<u32>,
    /// How many are less than every [`STEP`]th number.
    starts: Vec<u32>,
}

impl Counted {
    #[cfg(feature = "device")]
    fn new(numbers: Vec<u32>) -> Self {
        let last = numbers.last().map_or(0, |&last| last as usize + 1);
        let start = |at: usize| numbers.partition_point(|&n| (n as usize) < at) as u32;
        let starts = (0..=last).step_by(STEP).map(start).collect();
        Self { numbers, starts }
    }

    /// How many are at the most `n`.
    #[inline]
    fn up_to(&self, n: u32) -> usize {
        let step = n as usize / STEP;
        let Some(&start) = self.starts.get(step) else { return self.numbers.len() };
        let start = start as usize;
        let end = self.starts.get(step + 1).map_or(self.numbers.len(), |&end| end as usize);
        start + self.numbers.get(start..end).unwrap_or_default().partition_point(|&number| number <= n)
    }
}

/// Where records of a base and of what lies over it stand in the next generation.
#[cfg(feature = "device")]
pub(super) struct Rows {
    /// Rows of the base that are gone.
    hidden: Flags,
    /// New rows of the overlay's records.
    of_over: Vec<u32>,
    /// For each record that came in between, in order: how many of the base's that stay stand before it.
    before: Counted,
}

#[cfg(feature = "device")]
impl Rows {
    /// `moved`: new row and old row of each of the overlay's records, in ascending order of the new ones.
    pub fn new(hidden: Flags, moved: &[(u32, u32)]) -> Result<Self, IndexError> {
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
        Ok(Self { hidden, of_over, before: Counted::new(before) })
    }

    pub fn is_hidden(&self, row: u32) -> bool {
        self.hidden.get(row as usize)
    }

    pub fn of_base(&self, row: u32) -> Option<u32> {
        if self.is_hidden(row) {
            return None;
        }
        let nth = row - self.hidden.rank(row as usize) as u32;
        Some(nth + self.before.up_to(nth) as u32)
    }

    pub fn of_over(&self, row: u32) -> Option<u32> {
        self.of_over.get(row as usize).copied()
    }

    /// Rows of the next generation.
    pub fn len(&self) -> usize {
        self.hidden.len() - self.hidden.ones() + self.of_over.len()
    }

    /// The way back.
    pub fn back(&self) -> Back {
        let mut over = self.of_over.clone();
        over.sort_unstable();
        let hidden = (0..self.hidden.len() as u32).filter(|&row| self.is_hidden(row));
        let before = (0u32..).zip(hidden).map(|(n, row)| row - n).collect();
        Back { over: Counted::new(over), gone: Counted::new(before) }
    }
}

/// From rows of the next generation to those of the base in use.
#[derive(Debug)]
pub(super) struct Back {
    /// New rows of the overlay's records.
    over: Counted,
    /// For each row of the base that is gone, in order: how many of those that stay stand before it.
    gone: Counted,
}

impl Back {
    /// The row in the base of what stands in a row of the next generation; nothing for a record of the overlay.
    #[inline]
    pub fn row(&self, new: u32) -> Option<u32> {
        let over = self.over.up_to(new);
        if over > 0 && self.over.numbers[over - 1] == new {
            return None;
        }
        let nth = new - over as u32;
        Some(nth.saturating_add(self.gone.up_to(nth) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_where_one_was() {
        type Pick = fn(u32) -> bool;
        let picks: [(Pick, Pick); 6] = [
            (|_| false, |_| false),
            (|n| n % 7 == 3, |n| n % 11 == 0),
            (|n| n < 600, |n| n > 2500),
            (|n| n > 2500, |n| n < 600),
            (|n| (1000..1600).contains(&n), |n| (900..1500).contains(&n)),
            (|_| true, |n| n % 2 == 0),
        ];
        for (number, (is_hidden, comes_before)) in picks.into_iter().enumerate() {
            let mut hidden = Flags::default();
            let (mut expected, mut moved) = (Vec::new(), Vec::new());
            for row in 0..3000 {
                hidden.push(is_hidden(row));
                if comes_before(row) {
                    moved.push((expected.len() as u32, moved.len() as u32));
                    expected.push(None);
                }
                if !is_hidden(row) {
                    expected.push(Some(row));
                }
            }
            let rows = Rows::new(hidden.finish(), &moved).unwrap();
            let back = rows.back();
            assert_eq!(rows.len(), expected.len());
            for (new, old) in (0u32..).zip(&expected) {
                assert_eq!(back.row(new), *old, "{number}: new row {new}");
                if let Some(old) = old {
                    assert_eq!(rows.of_base(*old), Some(new), "{number}: row {old}");
                }
            }
        }
    }
}
