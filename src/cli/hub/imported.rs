//! What an import did, or would do, in words.

use std::fmt::Write;

use crate::domain::Facts;
use crate::hub::storage::Extent;
use crate::hub::{Change, ImportOptions, ImportReport, PublishReport};
use crate::registers::import::ProfileReport;

pub(super) fn words(report: &ImportReport, options: &ImportOptions) -> String {
    let stored = &report.stored;
    let rejects = report.rejects.as_deref().map(|x| format!(", listed in {}", x.display())).unwrap_or_default();
    let mut text = if options.dry_run { "DRY RUN, nothing was changed.\n".to_owned() } else { String::new() };
    let _ = write!(
        text,
        "{}: {} new, {} changed, {} as before, {} withdrawn, {} repeated, {} rejected{rejects}.",
        counted(report.rows, "row"),
        stored.added,
        stored.changed,
        stored.same,
        stored.withdrawn,
        report.duplicates,
        report.rejected
    );
    match stored.kept {
        0 => {}
        1 => text.push_str("\n1 record stays as it was, for its row was rejected."),
        kept => {
            let _ = write!(text, "\n{kept} records stay as they were, for their rows were rejected.");
        }
    }
    match stored.untouched {
        0 => {}
        1 => text.push_str("\n1 record that the file does not name stays as it was."),
        untouched => {
            let _ = write!(text, "\n{untouched} records that the file does not name stay as they were.");
        }
    }
    if stored.untouched > 0 && report.nameless > 0 && matches!(options.extent, Extent::Whole { .. }) {
        let _ = write!(
            text,
            "\nNothing was withdrawn: of {} nobody can say which record is meant, and it may be one of those {}. Mend the \
             file and import it again; if they are really withdrawn, --allow-withdrawals {}.",
            counted(report.nameless, "rejected row"),
            stored.untouched,
            stored.untouched
        );
    }
    match report.unusable {
        0 => {}
        1 => text.push_str("\n1 record has no usable mark; no check can find it."),
        unusable => {
            let _ = write!(text, "\n{unusable} records have no usable mark; no check can find them.");
        }
    }
    text.push_str(&unread_words(report));
    if let Some(profile) = &report.profile {
        text.push_str(&profile_words(profile));
        if let Some(needed) = refused(report, options) {
            let _ = write!(
                text,
                "\nThe import would be refused: {}. If the file is only a part, use --partial; if they are really withdrawn, \
                 --allow-withdrawals {needed}.",
                counted(needed, "withdrawal")
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

/// What the records do without, because it cannot be read or must not be shown.
fn unread_words(report: &ImportReport) -> String {
    let mut text = String::new();
    for (&field, &rows) in &report.unread {
        let form = match field {
            "year" => " (four digits, 1700 to 2100)",
            "object" | "action" => " (name its values in a mapping file under [values])",
            day if day.ends_with("_on") || day.ends_with("date") => {
                " (YYYY-MM-DD, DD.MM.YYYY, or date_format in a mapping file)"
            }
            _ => "",
        };
        let does = match (field, rows) {
            ("action", 1) => {
                "its record has the source's words before its caution, and officers are asked to hold the item"
            }
            ("action", _) => {
                "their records have the source's words before their cautions, and officers are asked to hold the items"
            }
            (_, 1) => "its record does without",
            _ => "their records do without",
        };
        let _ = write!(text, "\nThe {field} of {} cannot be read{form}; {does}.", counted(rows, "row"));
        if field == "expires_on" {
            text.push_str(" They stand until they are withdrawn.");
        }
    }
    if report.controls > 0 {
        let (rows, whose) =
            (counted(report.controls, "row"), if report.controls == 1 { "its record" } else { "their records" });
        let _ = write!(
            text,
            "\nControl characters stand in {rows}; each run of them is one space in {whose}, or parts two serials."
        );
    }
    if let Some(before) = report.older_than {
        let _ = write!(
            text,
            "\nThis file is older than what the register held: that reached up to {}, and devices go on to say so.",
            before.format("%Y-%m-%d %H:%M UTC")
        );
    }
    if let Some(notes) = &report.notes {
        let _ = write!(text, "\nThose rows are listed in {}.", notes.display());
    }
    text
}

/// What a publication did: what devices are told, and what that costs them.
pub(super) fn published(report: &PublishReport) -> String {
    let (id, version) = (&report.register, report.version);
    let records = counted(report.records, "record");
    if !report.new {
        return format!("Nothing changed: {id} stays at version {version} with {records}.");
    }
    if report.added + report.changed + report.withdrawn == 0 {
        return format!("Published {id} version {version}: {records}, {} for each device.", size(report.bytes));
    }
    format!(
        "Published {id} version {version}: {} new, {} changed, {} withdrawn; {records} in all. A device of the version \
         before fetches {}, a new one {} and what came since.",
        report.added,
        report.changed,
        report.withdrawn,
        size(report.delta_bytes),
        size(report.bytes)
    )
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

/// One line of `register diff`.
pub(super) fn change_words(change: &Change) -> String {
    let listed = |fields: &Facts| {
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
    (stored.withdrawn > stored.withdrawals_allowed(withdrawals_max)).then_some(stored.withdrawn)
}

fn profile_words(profile: &ProfileReport) -> String {
    let mut text = String::new();
    let nulls: Vec<_> = profile.nulls.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{name} {n}")).collect();
    if !nulls.is_empty() {
        let _ = write!(text, "\nEmpty: {}.", nulls.join(", "));
    }
    let most = match profile.serial_shared_most {
        0 => String::new(),
        most => format!(" (one by {most})"),
    };
    let _ = write!(
        text,
        "\nMarks: {} shared by several records{most}; {} unusable.",
        profile.serials_shared, profile.serials_unusable
    );
    if !profile.shapes.is_empty() {
        text.push_str(
            "\nCommonest shapes of serials (A a letter, 0 a digit), how many, and how much an equal one says:",
        );
    }
    for shape in &profile.shapes {
        let _ = write!(text, "\n  {:<20} {:>9}  {}", shape.shape, shape.serials, crowded(shape.density));
    }
    let dates = [
        (profile.in_the_future, "reported or lost in the future"),
        (profile.before_1900, "dated before 1900"),
        (profile.reported_before_lost, "reported before the loss"),
        (profile.expired, "expired already"),
    ];
    for (records, what) in dates.into_iter().filter(|(records, _)| *records > 0) {
        let _ = write!(text, "\n{} {what}.", counted(records, "record"));
    }
    for (reason, rows) in &profile.reasons {
        let _ = write!(text, "\n{} rejected: {reason}.", counted(*rows, "row"));
    }
    text
}

/// How much a serial of such a shape says.
fn crowded(density: f64) -> String {
    match density {
        d if d >= 1.5 => format!("{d:.0} records share each, on average"),
        d if d >= 0.5 => "nearly every one is taken".to_owned(),
        d if d >= 1e-3 => format!("1 in {:.0} is taken by accident", 1.0 / d),
        _ => "rarely taken by accident".to_owned(),
    }
}

/// `1 row`, `2 rows`.
pub(super) fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_says_what_devices_are_told() {
        let report = PublishReport {
            register: crate::domain::RegisterId("a".into()),
            version: crate::domain::RegisterVersion(3),
            new: true,
            records: 1000,
            added: 2,
            changed: 3,
            withdrawn: 1,
            chunks: 1,
            chunks_new: 1,
            bytes: 20_000_000,
            delta_bytes: 14_200,
        };
        assert_eq!(
            published(&report),
            "Published a version 3: 2 new, 3 changed, 1 withdrawn; 1000 records in all. A device of the version before \
             fetches 15 kB, a new one 20 MB and what came since."
        );
        let first = PublishReport { added: 0, changed: 0, withdrawn: 0, bytes: 900, ..report.clone() };
        assert_eq!(published(&first), "Published a version 3: 1000 records, 900 bytes for each device.");
        let same = PublishReport { new: false, ..report };
        assert_eq!(published(&same), "Nothing changed: a stays at version 3 with 1000 records.");
    }

    #[test]
    fn one_is_no_plural() {
        let profile = ProfileReport {
            nulls: std::collections::BTreeMap::from([("year".to_owned(), 1)]),
            serials_shared: 1,
            serial_shared_most: 3,
            serials_unusable: 0,
            shapes: Vec::new(),
            reasons: vec![("it has no serial".to_owned(), 1), ("it has no day".to_owned(), 2)],
            in_the_future: 1,
            before_1900: 0,
            reported_before_lost: 2,
            expired: 0,
        };
        let expected = "\nEmpty: year 1.\nMarks: 1 shared by several records (one by 3); 0 unusable.\
                        \n1 record reported or lost in the future.\n2 records reported before the loss.\
                        \n1 row rejected: it has no serial.\n2 rows rejected: it has no day.";
        assert_eq!(profile_words(&profile), expected);
        let plain = ProfileReport { serials_shared: 0, serial_shared_most: 0, ..profile };
        assert!(profile_words(&plain).contains("Marks: 0 shared by several records; 0 unusable."));
    }
}
