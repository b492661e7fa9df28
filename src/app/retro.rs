//! Past sightings that newer records match: their lines on the sync screen, and the way from there to the item's card.

use slint::VecModel;
use tracepost_ui::RetroRow;

use super::bench::{Gone, Retro, RetroHits};
use super::card::Card;
use super::scan::Scan;
use super::{ages, face};

/// Lines that are shown; the rest is counted.
pub const SHOWN: usize = 50;

/// The lines.
#[derive(Default)]
pub struct RetroLines {
    hits: Vec<Retro>,
}

impl RetroLines {
    /// Shows what syncs found. Gives how many are not shown.
    pub fn fill(&mut self, rows: &VecModel<RetroRow>, found: RetroHits) -> usize {
        rows.set_vec(found.newest.iter().map(row).collect::<Vec<_>>());
        self.hits = found.newest;
        found.all.saturating_sub(self.hits.len())
    }

    /// The card behind a line.
    pub fn card(&self, index: i32, scan: &Scan) -> Option<Card> {
        let hit = self.hits.get(usize::try_from(index).ok()?)?;
        // What is known of it in this window, if it is still among the last checks.
        Some(scan.feed.card_of(hit.past.seq).unwrap_or_else(|| Card::remembered(hit.past.clone())))
    }
}

fn row(hit: &Retro) -> RetroRow {
    let places = face::places(&hit.differs);
    let (pair_read, pair_record) = places.pair.unwrap_or_default();
    let (grade, ground) = match hit.gone {
        None => (face::grade(hit.grade), ""),
        Some(Gone::Withdrawn) => (tracepost_ui::Grade::Withdrawn, "withdrawn"),
        Some(Gone::Another) => (tracepost_ui::Grade::Withdrawn, "corrected"),
        Some(Gone::Expired) => (tracepost_ui::Grade::Possible, "expired"),
    };
    RetroRow {
        grade,
        ground: ground.into(),
        rule: hit.rule.into(),
        place_count: i32::try_from(places.count).unwrap_or(i32::MAX),
        places: places.list.into(),
        pair_read: pair_read.into(),
        pair_record: pair_record.into(),
        mark: hit.mark.as_str().into(),
        seen: ages::day_and_time(hit.seen).into(),
        register: hit.register.as_str().into(),
        record: hit.record.as_str().into(),
        caution: hit.cautions.join("; ").into(),
        discreet: hit.discreet,
    }
}
