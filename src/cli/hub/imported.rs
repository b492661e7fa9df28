//! What an import did, or would do, in words.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::hub::storage::Extent;
use crate::hub::{Change, ImportOptions, ImportReport};
use crate::registers::import::ProfileReport;

pub(super) fn words(report: &ImportReport, options: &ImportOptions) -> String {
    let stored = &report.stored;
    let rejects = report.rejects.as_deref().map(|x| format!(", listed in {}", x.display())).unwrap_or_default();
    let mut text = if options.dry_run { "DRY RUN, nothing was changed.\n".to_owned() } else { String::new() };
    let _ = write!(
        text,
        "{} rows: {} new, {} changed, {} as before, {} withdrawn, {} repeated, {} rejected{rejects}.",
        report.rows, stored.added, stored.changed, stored.same, stored.withdrawn, report.duplicates, report.rejected
    );
    if stored.kept > 0 {
        let _ = write!(text, "\n{} records stay as they were, for their rows were rejected.", stored.kept);
    }
    if stored.untouched > 0 {
        let _ = write!(text, "\n{} records that the file does not name stay as they were.", stored.untouched);
        if report.nameless > 0 && matches!(options.extent, Extent::Whole { .. }) {
            let _ = write!(
                text,
                "\nNothing was withdrawn: {} rejected rows do not say which records they are about, and any of those \
                 {} may be one of them. Mend the file and import it again; if they are really withdrawn, \
                 --allow-withdrawals {}.",
                report.nameless, stored.untouched, stored.untouched
            );
        }
    }
    if report.unusable > 0 {
        let _ = write!(text, "\n{} records have no usable mark; no check can find them.", report.unusable);
    }
    if let Some(profile) = &report.profile {
        text.push_str(&profile_words(profile));
        if let Some(needed) = refused(report, options) {
            let _ = write!(
                text,
                "\nThe import would be refused: {needed} withdrawals. If the file is only a part, use --partial; if they are \
                 really withdrawn, --allow-withdrawals {needed}."
            );
        }
    } else if stored.added + stored.changed + stored.withdrawn > 0 {
        let _ = write!(
            text,
            "\nDevices learn of it after `tracepost-hub register publish {0}`; `register diff {0}` shows what they will.",
            report.register
        );
    }
    text
}

/// One line of `register diff`.
pub(super) fn change_words(change: &Change) -> String {
    let listed = |fields: &BTreeMap<String, String>| {
        let facts: Vec<_> = fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
        if facts.is_empty() { "nothing".to_owned() } else { facts.join(" · ") }
    };
    match change {
        Change::Added { record, fields } => format!("+ {record}  {}", listed(fields)),
        Change::Withdrawn { record, fields } => format!("- {record}  {}", listed(fields)),
        Change::Changed { record, before, after } => format!("~ {record}  {}  ->  {}", listed(before), listed(after)),
    }
}

/// The withdrawals of a dry run, when they are more than an import would let go.
fn refused(report: &ImportReport, options: &ImportOptions) -> Option<u64> {
    let stored = &report.stored;
    let Extent::Whole { withdrawals_max } = options.extent else { return None };
    let held = stored.withdrawn + stored.changed + stored.same + stored.kept;
    let allowed = withdrawals_max.unwrap_or_else(|| Extent::withdrawals_expected(held));
    (stored.withdrawn > allowed).then_some(stored.withdrawn)
}

fn profile_words(profile: &ProfileReport) -> String {
    let mut text = String::new();
    let nulls: Vec<_> = profile.nulls.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{name} {n}")).collect();
    if !nulls.is_empty() {
        let _ = write!(text, "\nEmpty: {}.", nulls.join(", "));
    }
    let _ = write!(
        text,
        "\nSerials: {} shared by several records (at most {}), {} unusable.",
        profile.serials_shared, profile.serial_shared_most, profile.serials_unusable
    );
    for shape in &profile.shapes {
        let _ = write!(text, "\n  {:<20} {:>9}  {}", shape.shape, shape.serials, crowded(shape.density));
    }
    let dates = [
        (profile.in_the_future, "reported or lost in the future"),
        (profile.before_1900, "dated before 1900"),
        (profile.reported_before_lost, "reported before they were lost"),
        (profile.expired, "expired already"),
    ];
    for (records, what) in dates.into_iter().filter(|(records, _)| *records > 0) {
        let _ = write!(text, "\n{records} records {what}.");
    }
    for (reason, rows) in &profile.reasons {
        let _ = write!(text, "\n{rows} rows rejected: {reason}.");
    }
    text
}

/// How much a serial of such a shape says.
fn crowded(density: f64) -> String {
    match density {
        d if d >= 1.0 => format!("{d:.0} records share each, on average"),
        d if d >= 1e-3 => format!("1 in {:.0} is taken by accident", 1.0 / d),
        _ => "a rare one".to_owned(),
    }
}
