//! Records that do not come into question because too little is told of the item.

use super::Search;
use crate::registers::judge::rules::{NEAR_BY_ACCIDENT, SLIPS_A_CHARACTER};

/// A shorter mark has neighbours by accident, and nobody is asked for facts because of them.
const ASKED_CHARS_MIN: usize = 6;

impl Search<'_, '_> {
    /// With fewer than two facts told, a record one slip away does not come into question. Where such a record bears a mark
    /// like which there are so few that a stranger's hardly ever comes as near, silence would hide it: the facts are asked
    /// for.
    pub(super) fn ask_for_facts(&mut self, canonical: &str) {
        let chars = canonical.chars().count();
        if chars < ASKED_CHARS_MIN || !self.gathered.untold.is_empty() {
            return;
        }
        let slips = SLIPS_A_CHARACTER * chars as f64;
        for key in self.index.one_edit(canonical) {
            self.batch.clear();
            self.index.facts_of_key(key, &mut self.batch);
            for at in 0..self.batch.len() {
                let (_, compact) = self.batch[at];
                if self.may_be_asked(compact)
                    && self.scales.of_key(key, compact.register()).0 * slips <= NEAR_BY_ACCIDENT
                    && !self.scales.is_contradicted(compact)
                {
                    self.gathered.untold = self.scales.untold(compact).into_iter().map(|(_, ask)| ask).collect();
                    return;
                }
            }
        }
    }
}
