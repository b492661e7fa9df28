//! `register …`

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::args::RegisterCommand;
use super::failure;
use super::imported;
use crate::cli::common::{Failure, Printer, Stop, progress_bar};
use crate::domain::RegisterId;
use crate::hub::storage::Extent;
use crate::hub::{Hub, HubError, ImportOptions};
use crate::registers::import::Mapping;

pub(super) fn run(out: &Printer, hub: &Hub, command: RegisterCommand) -> Result<(), Stop> {
    match command {
        RegisterCommand::Diff { id, limit } => diff(out, hub, &register(&id)?, limit),
        RegisterCommand::Create { id, owner, kind } => {
            let owner = owner.trim();
            if owner.is_empty() {
                let what = "--owner is empty; it is whom an officer asks before acting on a match.";
                return Err(Failure::usage(what, "Name the authority that answers for these records.").into());
            }
            let id = hub.create_register_of(kind, &id, owner).map_err(failure)?;
            out.either(&serde_json::json!({ "register": id, "owner": owner, "kind": kind }), || {
                format!("Made register {id} of {owner}, for {kind} items.")
            })?;
            Ok(())
        }
        RegisterCommand::Import {
            id,
            format,
            map,
            object,
            as_of,
            rejects,
            partial,
            allow_withdrawals,
            dry_run,
            file,
        } => {
            let mapping = match map {
                Some(path) => mapping(&path)?,
                None => Mapping::default(),
            };
            let given = as_of.as_deref().map(|text| moment(text, Utc::now())).transpose()?;
            let options = ImportOptions {
                format,
                mapping,
                object,
                as_of_ms: given.map_or_else(|| file_time(&file), |x| x.timestamp_millis()),
                as_of_given: given.is_some(),
                rejects,
                extent: if partial { Extent::Partial } else { Extent::Whole { withdrawals_max: allow_withdrawals } },
                dry_run,
            };
            import(out, hub, &register(&id)?, &options, &file)
        }
        RegisterCommand::Publish { id } => publish(out, hub, &register(&id)?),
        RegisterCommand::List => list(out, hub),
    }
}

fn register(id: &str) -> Result<RegisterId, Stop> {
    RegisterId::parse(id).ok_or_else(|| failure(HubError::BadRegisterId(id.to_owned())))
}

fn mapping(path: &Path) -> Result<Mapping, Stop> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Failure::new(
            format_args!("The mapping {} cannot be read: {e}.", path.display()),
            "Nothing was changed.",
            "Name a file that can be read.",
        )
    })?;
    Mapping::parse(&text).map_err(|e| {
        Failure::usage(
            format_args!("The mapping {} is not understood: {e}.", path.display()),
            "Correct it and call again.",
        )
        .into()
    })
}

/// A moment that data can reach up to. One that is still to come would make every post take old data for fresh, and as the age
/// of a register moves only forward, nobody could take it back; a day is left for clocks and time zones.
fn moment(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    let day = || text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0)).map(|x| x.and_utc());
    let moment = text.parse::<DateTime<Utc>>().ok().or_else(day).ok_or_else(|| {
        Failure::usage(format_args!("{text:?} is not a moment."), "Write it as 2026-11-22 or 2026-11-22T10:00:00Z.")
    })?;
    if moment > now + TimeDelta::days(1) {
        let what = format!(
            "--as-of {text} is still to come (it is {} UTC), and no data reach that far.",
            now.format("%Y-%m-%d %H:%M")
        );
        return Err(Failure::usage(
            what,
            "Give the moment at which the source wrote the file, or set this clock right.",
        ));
    }
    Ok(moment)
}

/// When the file was last changed: the best that is known of how far its data reach.
fn file_time(file: &Path) -> i64 {
    let changed = std::fs::metadata(file).and_then(|x| x.modified()).map(DateTime::<Utc>::from);
    changed.unwrap_or_else(|_| Utc::now()).min(Utc::now()).timestamp_millis()
}

fn import(out: &Printer, hub: &Hub, id: &RegisterId, options: &ImportOptions, file: &Path) -> Result<(), Stop> {
    let (reader, length): (Box<dyn Read>, u64) = if file.as_os_str() == "-" {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let opened = File::open(file)
            .and_then(|x| x.metadata().map(|m| (x, m)))
            .and_then(|(x, m)| if m.is_dir() { Err(io::Error::other("it is a folder")) } else { Ok((x, m.len())) });
        let (file, length) = opened.map_err(|e| {
            Failure::new(
                format_args!("{} cannot be read: {e}.", file.display()),
                "Nothing was changed.",
                "Name a file that can be read.",
            )
        })?;
        (Box::new(file), length)
    };
    let bar = progress_bar("reading bytes", length);
    let report = hub.import_register(id, options, reader, &mut |at| bar.set_position(at.bytes));
    bar.finish_and_clear();
    let report = report.map_err(failure)?;
    out.either(&report, || imported::words(&report, options))?;
    Ok(())
}

fn publish(out: &Printer, hub: &Hub, id: &RegisterId) -> Result<(), Stop> {
    let bar = progress_bar("writing records", 0);
    let report = hub.publish_register(id, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report.map_err(failure)?;
    out.either(&report, || imported::published(&report))?;
    Ok(())
}

fn diff(out: &Printer, hub: &Hub, id: &RegisterId, limit: u64) -> Result<(), Stop> {
    let mut printed = 0;
    // Printing waits for the reader; the register is read whole first, of what is printed at most `limit`.
    let mut changes = Vec::new();
    let report = hub.register_changes(id, &mut |change| {
        if printed < limit {
            printed += 1;
            changes.push(change.clone());
        }
        Ok(())
    });
    let report = report.map_err(failure)?;
    for change in &changes {
        out.either(change, || imported::change_words(change))?;
    }
    out.either(&report, || {
        let all = report.added + report.changed + report.withdrawn;
        let since = report.version.map_or("never published".to_owned(), |version| format!("since version {version}"));
        let shown = match (report.version, printed) {
            (None, _) if all > 0 => ". Devices have none of them yet, so they are not listed one by one".to_owned(),
            (Some(_), 0) if all > 0 => ". None is listed (--limit 0)".to_owned(),
            _ if all > printed => format!(". Listed above: {printed} of {all}; --limit {all} lists them all"),
            _ => String::new(),
        };
        format!(
            "{id}, {since}: {} new, {} changed, {} withdrawn{shown}.",
            report.added, report.changed, report.withdrawn
        )
    })?;
    Ok(())
}

fn list(out: &Printer, hub: &Hub) -> Result<(), Stop> {
    let states = hub.register_states().map_err(failure)?;
    if states.is_empty() && !out.is_json() {
        out.words("There is no register yet; `tracepost-hub register create ID --owner …` makes one.")?;
    }
    for state in states {
        out.either(&state, || {
            let version = state.version.map_or("not published".to_owned(), |x| format!("version {x}"));
            let as_of =
                state.as_of.map_or("nothing imported".to_owned(), |x| x.format("as of %Y-%m-%d %H:%M UTC").to_string());
            let changed = if state.register.changed && state.version.is_some() { ", changed since" } else { "" };
            format!(
                "{}  {version}{changed}, {}, {as_of}, owner {}, {}",
                state.register.id,
                imported::counted(state.register.records, "record"),
                state.register.owner,
                state.register.objects.join(" ")
            )
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_reach_no_further_than_a_day_from_now() {
        let now: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
        for text in ["2026-11-22", "2026-11-23", "2026-11-23T10:00:00Z", "2026-11-22T23:00:00+02:00", "1999-01-01"] {
            assert!(moment(text, now).is_ok(), "{text}");
        }
        for (text, said) in [("2026-11-24", "still to come"), ("2030-01-01", "still to come"), ("soon", "not a moment")]
        {
            let failure = moment(text, now).unwrap_err();
            assert_eq!(failure.status, 2);
            assert!(failure.what.contains(said), "{failure:?}");
        }
    }
}
