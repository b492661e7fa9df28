//! What arrived: devices, sightings, proof of ledgers.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{device, failure};
use crate::cli::common::{Failure, Printer, Stop, counted, progress_bar};
use crate::domain::{Grade, PostId, Seq};
use crate::hub::storage::{Device, Sighting, SightingQuery};
use crate::hub::{Hub, HubError};

fn of_entries(n: u64) -> String {
    counted(n, "entry", "entries")
}

fn time(ms: i64) -> Option<String> {
    DateTime::<Utc>::from_timestamp_millis(ms).map(|x| x.to_rfc3339_opts(SecondsFormat::Millis, true))
}

pub(super) fn devices(out: &Printer, hub: &Hub) -> Result<(), Stop> {
    let devices = hub.storage().devices().map_err(|e| failure(e.into()))?;
    if devices.is_empty() && !out.is_json() {
        out.words("No device is enrolled yet; `tracepost-hub device invite --post ID` prints a code.")?;
    }
    for device in devices {
        let Device { id, post, program, forks, aside, .. } = &device;
        let entries = device.next.0.saturating_sub(1);
        let line = json!({
            "device": id, "post": post, "program": program, "enrolled": time(device.enrolled_ms),
            "seen": time(device.seen_ms), "revoked": device.revoked_ms.and_then(time), "entries": entries,
            "head": device.head, "forks": forks, "set_aside": aside,
        });
        out.either(&line, || {
            let mut words = format!(
                "{id}  {post}  {}, last heard {}",
                of_entries(entries),
                time(device.seen_ms).unwrap_or_default()
            );
            if let Some(since) = device.revoked_ms.and_then(time) {
                let _ = write!(words, ", REVOKED since {since}");
            }
            if *forks > 0 {
                let _ = write!(words, ", FORK: {} came with other bytes", of_entries(*forks));
            }
            if *aside > 0 {
                let _ = write!(words, ", {} of a kind unknown here", of_entries(*aside));
            }
            words
        })?;
    }
    Ok(())
}

pub(super) fn revoke(out: &Printer, hub: &Hub, text: &str) -> Result<(), Stop> {
    let id = device(hub, text)?;
    let now_ms = Utc::now().timestamp_millis();
    let newly = hub.storage().revoke(id, now_ms).map_err(|e| failure(e.into()))?;
    let held = hub.storage().device(id).map_err(|e| failure(e.into()))?;
    let since = held.and_then(|held| held.revoked_ms);
    out.either(&json!({ "device": id, "revoked": since.and_then(time), "newly": newly }), || {
        let when = if newly { "Revoked" } else { "Was revoked before" };
        format!(
            "{when}: {id}. It gets no registers any more; its ledger is still taken in.\nThe registers that it holds already stay readable on it."
        )
    })?;
    Ok(())
}

pub(super) fn sightings(
    out: &Printer,
    hub: &Hub,
    post: Option<String>,
    of: Option<&str>,
    grade: Option<String>,
    limit: Option<u64>,
) -> Result<(), Stop> {
    if let Some(grade) = &grade {
        let known = [Grade::Hit, Grade::Probable, Grade::Possible, Grade::NoRecord, Grade::NotChecked];
        if !known.iter().any(|x| x.code() == grade) {
            let next = "Grades are hit, probable, possible, no_record, not_checked.";
            return Err(Failure::usage(format_args!("No grade is called {grade:?}."), next).into());
        }
    }
    let narrowed = post.is_some() || of.is_some() || grade.is_some();
    let query = SightingQuery { device: of.map(|x| device(hub, x)).transpose()?, post: post.map(PostId), grade, limit };
    let mut printed: io::Result<()> = Ok(());
    let mut any = false;
    hub.storage()
        .sightings(&query, &mut |sighting| {
            any = true;
            printed = out.either(&line(&sighting), || words(&sighting));
            printed.is_ok()
        })
        .map_err(|e| failure(e.into()))?;
    printed?;
    if !any {
        none_listed(hub, query.post.as_ref(), narrowed, limit)?;
    }
    Ok(())
}

/// Why a list is empty; on stderr, so that whoever reads the list gets none.
fn none_listed(hub: &Hub, post: Option<&PostId>, narrowed: bool, limit: Option<u64>) -> Result<(), Stop> {
    let devices = hub.storage().devices().map_err(|e| failure(e.into()))?;
    let why = match post {
        _ if limit == Some(0) => "Nothing is listed, for --limit is 0.".to_owned(),
        Some(post) if !devices.iter().any(|device| device.post == *post) => {
            format!("No device was ever enrolled for a post {post}; `tracepost-hub device list` shows the posts.")
        }
        _ if narrowed => "No sighting that arrived is of that post, device and grade.".to_owned(),
        _ if devices.is_empty() => "No sighting has arrived, for no device is enrolled yet.".to_owned(),
        _ => "No sighting has arrived yet; devices send theirs when they sync.".to_owned(),
    };
    // Nobody may be there to be told; the list is empty all the same.
    let _ = writeln!(io::stderr(), "{why}");
    Ok(())
}

pub(super) fn sighting(out: &Printer, hub: &Hub, id: &str) -> Result<(), Stop> {
    let unknown = || failure(HubError::NoSuchSighting(id.to_owned()));
    let (of, seq) = id.rsplit_once(['/', ':']).ok_or_else(unknown)?;
    let seq = Seq(seq.parse().map_err(|_| unknown())?);
    let of = device(hub, of)?;
    let found = hub.storage().sightings_at(of, seq).map_err(|e| failure(e.into()))?;
    if found.is_empty() {
        return Err(unknown());
    }
    // What came with other bytes under the same number stands beside it.
    for found in &found {
        out.either(&line(found), || whole(found))?;
    }
    Ok(())
}

fn whole(found: &Sighting) -> String {
    let mut text = words(found);
    for mark in &found.marks {
        let place = mark.place.as_deref().map(|x| format!(", {x}")).unwrap_or_default();
        let _ = write!(text, "\n  {}: {} ({}{place})", mark.scheme, mark.value, mark.source);
    }
    for (name, value) in &found.description {
        let _ = write!(text, "\n  {name}: {value}");
    }
    for candidate in &found.candidates {
        let _ = write!(text, "\n  candidate: {candidate}");
    }
    for hit in &found.retro_hits {
        let _ = write!(text, "\n  listed since: {hit}");
    }
    if let Some(note) = &found.note {
        let _ = write!(text, "\n  note: {note}");
    }
    let _ = write!(text, "\n  officer: {}", found.officer);
    text
}

fn line(x: &Sighting) -> Value {
    let description: serde_json::Map<String, Value> =
        x.description.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    json!({
        "id": format!("{}/{}", x.device, x.seq), "device": x.device, "sequence": x.seq, "post": x.post,
        "time": time(x.wall_ms), "received": time(x.received_ms), "officer": x.officer, "marks": x.marks,
        "object": x.object, "description": description,
        "verdict": { "grade": x.grade, "reason": x.reason, "rule": x.rule, "candidates": x.candidates },
        "decision": x.decision, "note": x.note, "retro_hits": x.retro_hits, "photo": x.photo, "proven": !x.unproven,
        "fork": x.fork.is_some(),
    })
}

fn words(x: &Sighting) -> String {
    let marks: Vec<&str> = x.marks.iter().map(|mark| mark.value.as_str()).collect();
    let decision = x.decision.as_deref().map(|x| format!("  {}", x.replace('_', " "))).unwrap_or_default();
    let retro = if x.retro_hits.is_empty() { "" } else { "  LISTED SINCE" };
    let fork = if x.fork.is_some() { "  FORK" } else { "" };
    format!(
        "{}/{}  {}  {}  {}  {}{decision}{retro}{fork}",
        x.device,
        x.seq,
        time(x.wall_ms).unwrap_or_else(|| "?".to_owned()),
        x.post,
        x.grade.replace('_', " "),
        marks.join(", ")
    )
}

pub(super) fn verify(out: &Printer, hub: &Hub, of: &str) -> Result<(), Stop> {
    let id = device(hub, of)?;
    let bar = progress_bar("verifying entries", 0);
    let proof = hub.verify_ledger(id, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let proof = proof.map_err(failure)?;
    let first_bad = proof.first_bad.as_ref().map(|(seq, what)| json!({ "entry": seq, "what": what }));
    let answer = json!({
        "device": proof.device, "ok": proof.ok, "entries": proof.entries, "head": proof.head, "first_bad": first_bad,
        "bad": proof.bad, "proven_to": proof.proven_to, "unproven": proof.unproven, "forks": proof.forks,
    });
    out.either(&answer, || {
        let mut text = match &proof.first_bad {
            None => format!("The ledger of {id} is whole: {}, head {}.", of_entries(proof.entries), proof.head),
            Some((seq, what)) => format!(
                "The ledger of {id} is BROKEN at entry {seq}: {what}.\n{} of {} affected or later; nothing was changed here. Keep this database as evidence.",
                proof.bad, of_entries(proof.entries)
            ),
        };
        match proof.proven_to {
            Some(seq) => {
                let later = counted(proof.unproven, "later entry is", "later entries are");
                let _ = write!(text, "\nProven by signatures up to entry {seq}; {later} unproven.");
            }
            None => {
                let _ = write!(text, "\nNo signature proves any of it.");
            }
        }
        if proof.forks > 0 {
            let _ = write!(text, "\nFORK: {} came with other bytes; both are kept.", of_entries(proof.forks));
        }
        text
    })?;
    if proof.ok { Ok(()) } else { Err(Stop::Status(1)) }
}
