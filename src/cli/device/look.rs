//! `tracepost search`, `sync`, `status` and `verify`.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::args::RecordArguments;
use super::ending::{Ending, LOOK_EVERY};
use super::synced::{late, sync_words};
use super::words::{self, Beware};
use super::{Globals, failed};
use crate::cli::common::{Failure, Printer, Stop, counted, in_line, progress_bar};
use crate::desk::control::{self, Request};
use crate::desk::{Desk, Found, Status, read_status, verify as verify_ledger};
use crate::domain::{Facts, RegisterId, Seq};
use crate::store::{Home, StoreError};
use crate::sync::Phase;

/// `tracepost search PATTERN`. Beside a running app, the app does it, for it is an entry in the ledger.
///
/// # Errors
/// When the pattern fixes too little, or the registers or the ledger cannot be used.
pub fn search(globals: &Globals, pattern: &str, out: &Printer) -> Result<(), Stop> {
    let request = Request::Search { pattern: pattern.to_owned() };
    let report = here_or_there(globals, &request, |desk| {
        desk.wait_for_registers();
        let found = desk.search(pattern)?;
        Ok(found.to_json())
    })?;
    if out.is_json() {
        return Ok(out.object(&report)?);
    }
    let candidates: Vec<Found> = serde_json::from_value(report["candidates"].clone()).map_err(std::io::Error::other)?;
    if candidates.is_empty() {
        out.words(
            "No record held here has such a mark, and no lot holds one. That is not a clearance: check the item.",
        )?;
    }
    for candidate in &candidates {
        out.words(words::record(candidate))?;
    }
    if report["cut"] == true {
        out.words("The list was cut: fix more characters to see the rest.")?;
    }
    out.words(format_args!("  entry {}", report["entry"]))?;
    Ok(())
}

/// `tracepost record REGISTER ID`: the second step of disclosure.
///
/// # Errors
/// When there is no such record, or the registers or the ledger cannot be used.
pub fn record(globals: &Globals, arguments: &RecordArguments, out: &Printer) -> Result<(), Stop> {
    let RecordArguments { register, id, from } = arguments;
    let request = Request::Record { register: register.clone(), record: id.clone(), from: *from };
    let report = here_or_there(globals, &request, |desk| {
        desk.wait_for_registers();
        let opened = desk.read_record(&RegisterId(register.clone()), id, from.map(Seq))?;
        Ok(opened.to_json(register))
    })?;
    out.either(&report, || record_words(&report))?;
    Ok(())
}

fn record_words(report: &Value) -> String {
    let text = |value: &Value| in_line(value.as_str().unwrap_or_default());
    let mut said = format!("{} in {}", text(&report["record"]), text(&report["register"]));
    let facts: Facts = serde_json::from_value(report["fields"].clone()).unwrap_or_default();
    let is_expired = report["expired"] == true;
    words::warn(&mut said, &Beware::of(&facts, is_expired, !is_expired), "\n  ");
    for (name, value) in facts.iter().filter(|(name, _)| *name != "caution") {
        said.push_str(&format!("\n  {name:<15} {}", in_line(value)));
    }
    let placed =
        |list: &Value| list.as_array().cloned().unwrap_or_default().into_iter().filter(|x| x["place"].is_string());
    for mark in placed(&report["marks"]) {
        said.push_str(&format!("\n  on {:<12} {}", text(&mark["place"]), text(&mark["value"])));
    }
    said.push_str(&format!("\n  entry {}", report["entry"]));
    said
}

/// `tracepost sync`. Beside a running app, the app does it.
///
/// # Errors
/// When the hub was not reached (status 1; with `--json` an object names the error), or a part failed after the rest was done.
pub fn sync(globals: &Globals, out: &Printer) -> Result<(), Stop> {
    let ending = Ending::by_signal()?;
    let report = here_or_there(globals, &Request::Sync, |desk| {
        let bar = progress_bar("connect", 1);
        desk.nobody_checks();
        let report = watched(desk, &ending, || {
            desk.sync(&mut |phase: Phase, done: u64, total: u64| show(&bar, phase.code(), done, total))
        });
        bar.finish_and_clear();
        Ok(serde_json::to_value(report?).unwrap_or_default())
    });
    if let (true, Err(Stop::Failed(failure))) = (out.is_json(), &report) {
        out.object(&json!({ "error": failure.what }))?;
    }
    let report = report?;
    out.either(&report, || sync_words(&report))?;
    let failures: Vec<_> = report["failed"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if failures.is_empty() {
        return Ok(());
    }
    let mut told = Vec::new();
    for failure in failures {
        if !told.contains(&failure) {
            eprintln!("tracepost: {}", in_line(failure));
            told.push(failure);
        }
    }
    Err(Stop::Status(1))
}

/// Works, and hands an end from outside on to the sync that runs meanwhile.
fn watched<T>(desk: &Desk, ending: &Ending, work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if ending.has_come() {
                    desk.cancel_sync();
                }
                std::thread::sleep(LOOK_EVERY);
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

fn show(bar: &indicatif::ProgressBar, phase: &str, done: u64, total: u64) {
    bar.set_message(phase.to_owned());
    bar.set_length(total);
    bar.set_position(done);
}

/// Opens the desk and works; when another program has the home open, asks that one.
fn here_or_there(
    globals: &Globals,
    request: &Request,
    here: impl FnOnce(&Desk) -> Result<Value, crate::desk::DeskError>,
) -> Result<Value, Stop> {
    let in_use = match Desk::open(&globals.options(false)) {
        Ok(desk) => return here(&desk).map_err(failed),
        Err(crate::desk::DeskError::Store(error @ StoreError::InUse { .. })) => error,
        Err(error) => return Err(failed(error)),
    };
    let bar = progress_bar("asking the app", 1);
    let answer = control::ask(globals.home()?.dir(), request, &mut |phase, done, total| show(&bar, phase, done, total));
    bar.finish_and_clear();
    match answer {
        None => Err(failed(in_use)),
        Some(Ok(report)) => Ok(report),
        Some(Err(words)) => Err(Failure::new(
            format_args!("{words}."),
            "What was recorded before is safe.",
            "See the app's own screen.",
        )
        .into()),
    }
}

/// `tracepost status`, also beside a running app.
///
/// # Errors
/// When there is no ledger, or it cannot be read.
pub fn status(home: &Home, out: &Printer) -> Result<(), Stop> {
    let status = read_status(home).map_err(failed)?;
    out.either(&status, || {
        let now = status.clock.now;
        let mut text = format!(
            "Post {}{}\nLedger: {}, {} not yet at the hub, {} pending, {} open; head {}",
            status.post.as_ref().map_or("none (not enrolled)", |p| p.0.as_str()),
            if status.practice { " (PRACTICE: made-up records)" } else { "" },
            counted(status.ledger.entries, "entry", "entries"),
            status.ledger.unsent,
            counted(status.ledger.photos_pending, "photo", "photos"),
            counted(status.ledger.open_hits, "hit", "hits"),
            status.ledger.head,
        );
        if let Some(at) = status.revoked {
            text.push_str(&format!(
                "\nREVOKED: the hub said on {} that the centre has revoked this device. It gets no registers any more, and its answers grow old; its ledger is still taken in. Hand it to the centre.",
                at.format("%Y-%m-%d %H:%M UTC")
            ));
        }
        if status.registers.is_empty() && status.registers_unreadable.is_none() {
            let next = if status.hub.is_some() { "sync" } else { "enrol CODE" };
            text.push_str(&format!("\nRegisters: none; every check is answered NOT CHECKED. Next: tracepost {next}"));
        }
        for r in &status.registers {
            text.push_str(&format!(
                "\n{} {} version {}: {}, {} old",
                if r.only_known { "List of deliveries" } else { "Register" },
                r.id,
                r.version,
                counted(r.records, "record", "records"),
                words::age(now, r.as_of)
            ));
            if r.late {
                text.push_str(&late(&r.id.0, &r.signed, &r.next));
            }
        }
        if !status.registers.is_empty() && status.registers.iter().all(|r| r.only_known) {
            text.push_str("\nNo register of wanted items: no check can say whether an item is stolen");
        }
        match &status.registers_unreadable {
            Some(why) if status.registers.is_empty() => {
                text.push_str(&format!("\nRegisters unreadable: {why}; every check is answered NOT CHECKED"));
            }
            // The rest of them is asked.
            Some(why) => text.push_str(&format!("\nRegisters damaged: {why}")),
            None => {}
        }
        match &status.last_receipt {
            Some(r) => text.push_str(&format!(
                "\nLast receipt: up to entry {}, {} ago",
                r.through,
                words::age(now, r.server_time)
            )),
            None => text.push_str("\nLast receipt: none"),
        }
        text.push_str(&format!("\nClock: {}", now.format("%Y-%m-%d %H:%M UTC")));
        text.push_str(&verified(&status));
        if status.clock.days_ahead > 0 {
            text.push_str(&format!(
                "\nThe clock of this device is wrong: it is {} ahead of the hub's. Checks go on, by the hub's clock; set it.",
                counted(u64::try_from(status.clock.days_ahead).unwrap_or(0), "day", "days")
            ));
        }
        if status.clock.behind_receipt {
            text.push_str(
                "\nThe clock of this device is wrong: it shows a moment before the last receipt. Checks go on.",
            );
        }
        text
    })?;
    Ok(())
}

/// When somebody last looked whether the ledger is whole: a page that decayed is seen by nothing else.
fn verified(status: &Status) -> String {
    let Some(last) = &status.last_verify else {
        return "\nNever verified: run tracepost verify".into();
    };
    let ago = words::age(status.clock.now, last.at);
    if !last.whole {
        return format!("\nDAMAGED: the ledger was not whole {ago} ago; run tracepost verify and tell the centre");
    }
    let since = status.ledger.entries.saturating_sub(last.entries);
    format!("\nLast verified: {ago} ago, whole; {} since", counted(since, "entry", "entries"))
}

/// `tracepost verify`, also beside a running app.
///
/// # Errors
/// When the ledger is broken (status 1, with the first bad entry) or cannot be read.
pub fn verify(home: &Home, out: &Printer) -> Result<(), Stop> {
    let bar = progress_bar("verifying", 0);
    let report = verify_ledger(home, &mut |done, total| show(&bar, "verifying", done, total)).map_err(failed)?;
    bar.finish_and_clear();
    let chain = &report.chain;
    let first_bad = chain.first_bad.as_ref();
    let line = json!({
        "ok": report.is_whole(),
        "entries": chain.last,
        "head": chain.head,
        "first_bad": first_bad.map(|b| json!({ "entry": b.seq, "what": b.fault.to_string() })),
        "bad": chain.bad_count,
        "damage": report.damage,
        "projections": report.projections,
        "proven_to": chain.proven_to,
        "received_to": chain.received_to,
        "unproven": chain.unproven,
    });
    out.either(&line, || {
        if !report.is_whole() {
            let mut text = String::from("BROKEN");
            if let Some(bad) = first_bad {
                text.push_str(&format!(": {bad} ({} faults in all)", chain.bad_count));
            }
            for damage in &report.damage {
                text.push_str(&format!("\n  {damage}"));
            }
            if !report.projections.is_empty() {
                text.push_str(&format!(
                    "\n  derived tables differ at {} entries; the entries themselves decide",
                    report.projections.len()
                ));
            }
            text.push_str("\nKeep the whole folder as it is and tell the centre.");
            return text;
        }
        format!(
            "Whole: {}, proven to {}, received by the hub to {}; {} later entries are chained but not yet proven",
            counted(chain.last.0, "entry", "entries"),
            chain.proven_to.map_or_else(|| "none".into(), |s| s.to_string()),
            chain.received_to.map_or_else(|| "none".into(), |s| s.to_string()),
            chain.unproven,
        )
    })?;
    if report.is_whole() { Ok(()) } else { Err(Stop::Status(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opened_record_says_first_what_to_beware_of() {
        let mut report = json!({ "register": "r", "record": "7", "entry": 3, "expired": false, "fields": {
            "action": "discreet_check", "caution": "armed", "expires_on": "2020-01-01", "kind": "pistol"
        }});
        let said = record_words(&report);
        assert!(said.starts_with("7 in r\n  CAUTION: armed\n  DISCREET: "), "{said}");
        assert_eq!(said.matches("armed").count(), 1, "{said}");
        report["expired"] = true.into();
        let said = record_words(&report);
        assert!(said.contains("\n  EXPIRED on 2020-01-01: no ground") && !said.contains("DISCREET"), "{said}");
    }
}
