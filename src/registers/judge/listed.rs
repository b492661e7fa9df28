//! How long a list of candidates is, and in what order.

use super::Judged;
use crate::registers::Registers;

/// Most candidates that a verdict lists, likeliest first; the rest is counted. Nobody reads so many lines on a screen, which
/// shows the first and counts the others; but a misread number of three or four digits has hundreds of neighbours of one
/// model, all as likely, and who cuts the list cuts the item in a tenth of all cases.
pub const CANDIDATES_MAX: usize = 400;
/// In registers of more records together than this, numbers have so many neighbours that lists are long without being whole,
/// and each line is a row to be read while the officer waits: a list of more than [`LONG`] is cut there.
const RECORDS_READ_WHOLE: u64 = 4_000_000;
/// A list of so many is no long one.
pub(super) const LONG: usize = 80;
/// Most of one sort in a list that is cut; and most misread ones, when an equal mark agrees in all that the item tells, its year
/// with it.
pub(super) const OF_MORE_MAX: usize = 80;
pub(super) const BESIDE_EQUAL_MAX: usize = 40;
/// Most of them when even that many would hold the item in less than half of all cases, and fewest.
const OF_FAR_MORE_MAX: usize = 36;
const OF_MORE_MIN: usize = 20;
/// A cut list ends where it holds the item in so many cases, if it is listed at all, with those that are as likely as the last.
const HELD_ENOUGH: f64 = 0.8;
/// Where lists are whole, the least likely of the misread ones that hold the item in fewer than one of thirty cases are no more than
/// counted: an item that nobody looks for has three or four such neighbours, too. (One of twenty cost four of a hundred misread items
/// where numbers run on, for there neighbours share a year more often than the register's shares tell.)
const HELD_NEARLY_ALWAYS: f64 = 0.97;
/// So few need no cutting.
const FEW: usize = 3;

/// Strongest first, then likeliest, and the same on every machine.
pub(super) fn order(a: &Judged, b: &Judged) -> std::cmp::Ordering {
    b.grade.cmp(&a.grade).then(b.likelihood.total_cmp(&a.likelihood)).then(a.record.cmp(&b.record))
}

/// Whether every candidate is listed, up to [`CANDIDATES_MAX`].
pub(super) fn lists_are_whole(index: &Registers) -> bool {
    index.registers().iter().map(|register| register.records).sum::<u64>() <= RECORDS_READ_WHOLE
}

/// How many of a list that is cut are worth their line, the likeliest first, when the likelihoods of those that stand beside
/// it come to as much as that.
pub(super) fn worth_listing(judged: &mut [Judged], beside: f64, max: usize) -> usize {
    let all = beside + judged.iter().map(|j| j.likelihood).sum::<f64>();
    let (most, held) = likeliest(judged, HELD_ENOUGH * all, max);
    // They cannot be told apart, and what would tell them apart is asked for.
    let most = if held < all / 2.0 { most.min(OF_FAR_MORE_MAX) } else { most };
    most.max(OF_MORE_MIN)
}

/// The same where lists are whole.
pub(super) fn worth_listing_whole(judged: &mut [Judged]) -> usize {
    let all: f64 = judged.iter().map(|j| j.likelihood).sum();
    likeliest(judged, HELD_NEARLY_ALWAYS * all, CANDIDATES_MAX).0.max(FEW)
}

/// Puts them in order, and gives how many of them have `enough` likelihood together, those that are as likely as the last with them; and
/// how much they have.
fn likeliest(judged: &mut [Judged], enough: f64, max: usize) -> (usize, f64) {
    judged.sort_by(order);
    let (mut most, mut held, mut last) = (0, 0.0, f64::INFINITY);
    for likelihood in judged.iter().map(|j| j.likelihood).take(max) {
        if held >= enough && likelihood < last {
            break;
        }
        (held, last) = (held + likelihood, likelihood);
        most += 1;
    }
    (most, held)
}

/// Puts them in order and cuts; gives how many were left out.
pub(super) fn narrow(judged: &mut Vec<Judged>, max: usize) -> u32 {
    judged.sort_by(order);
    let cut = judged.len().saturating_sub(max);
    judged.truncate(max);
    u32::try_from(cut).unwrap_or(u32::MAX)
}
