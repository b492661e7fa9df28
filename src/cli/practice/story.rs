//! The story of the practice post, step by step, each asserted. What it meets is invented.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{Post, broken, say};
use crate::cli::common::{Failure, Printer, Stop};
use crate::cli::device::{failed, scan_footage};
use crate::desk::item::{GivenMark, build_item};
use crate::desk::{CheckAnswer, CheckRequest, Desk, Recorded, RetroReport};
use crate::domain::{Description, Grade, NotChecked, Object, Seq, Verdict};
use crate::ledger::CheckSource;
use crate::registers::practice::OWNER;
use crate::store::copies::change_one_byte;
use crate::store::{Access, Home, LedgerStore};

/// Cyrillic, with the letter З where the record of [`records`] has the digit 3.
const MISTYPED: &str = "ЕВ З40917";
const MISTYPED_YEAR: u16 = 1978;
/// A pistol that nobody misses, until step (i).
const CLEAN: &str = "ХТ 5812647";
/// An invented passport number.
const PASSPORT: &str = "ZZ0040917";
/// Checks that a child process is asked for in step (f), and answers after which it is killed.
const KILL_ASKED: usize = 500;
const KILL_AFTER: usize = 40;

/// The records that the typed part of the story meets, as JSON lines; those of the footage are in
/// `assets/practice/story.toml`.
pub fn records() -> String {
    let mistyped = json!({
        "id": "story-mistyped", "serial": "ЕВ 340917", "object": "firearm", "kind": "pistol", "model": "ПМ", "calibre": "9",
        "year": MISTYPED_YEAR, "status": "stolen", "owner": OWNER,
    });
    format!("{mistyped}\n")
}

/// Walks the story.
///
/// # Errors
/// At the first step that does not hold.
pub fn walk(mut post: Post, out: &Printer) -> Result<(), Stop> {
    let told = Told { out };
    post.hub.cut();
    let desk = post.desk(false)?;
    no_network_ready(&desk, &told)?;
    cyrillic_look_again(&desk, &told)?;
    footage(&desk, &post, &told)?;
    let clean = clean_pistol(&desk, &told)?;
    passport(&desk, &told)?;
    drop(desk);
    killed_in_a_check(&post, &told)?;

    let desk = post.desk(false)?;
    post.hub.mend()?;
    network_back(&desk, &told)?;
    page_of_the_hub(&desk, &post, &told)?;
    new_record(&desk, &post, clean, &told)?;
    changed_byte(&desk, &post, &told)?;
    say("the practice post is closed; its invented data are deleted");
    Ok(())
}

/// Tells each step as it is done.
struct Told<'a> {
    out: &'a Printer,
}

impl Told<'_> {
    fn step(&self, letter: char, what: &str, facts: Value) -> Result<(), Stop> {
        let words = || match facts.as_object().map(|f| f.iter().map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>()) {
            Some(facts) if !facts.is_empty() => format!("({letter}) {what}: {}", facts.join(", ")),
            _ => format!("({letter}) {what}"),
        };
        Ok(self.out.either(&json!({ "step": letter.to_string(), "what": what, "ok": true, "facts": facts }), words)?)
    }
}

fn holds(step: &str, condition: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(broken(step, otherwise())) }
}

fn check(desk: &Desk, mark: &str, description: Description) -> Result<CheckAnswer, Failure> {
    let mark = GivenMark { value: mark.to_owned(), scheme: None, place: None };
    let item = build_item(vec![mark], description).map_err(|e| broken("an item", e))?;
    Ok(desk.check(CheckRequest::given(item, CheckSource::Typed)))
}

fn pistol(year: Option<u16>) -> Description {
    Description {
        object: Some(Object::Firearm),
        kind: Some("pistol".into()),
        model: Some("ПМ".into()),
        calibre: Some("9".into()),
        year,
        ..Description::default()
    }
}

fn seq_of(step: &str, answer: &CheckAnswer) -> Result<Seq, Failure> {
    match answer.recorded {
        Recorded::OnDisk(seq) => Ok(seq),
        Recorded::OnPaper { .. } => Err(broken(step, "the check was not recorded")),
    }
}

fn grade(verdict: &Verdict) -> String {
    format!("the grade is {}", verdict.grade.code())
}

fn no_network_ready(desk: &Desk, told: &Told<'_>) -> Result<(), Stop> {
    let reached = desk.sync(&mut |_: crate::sync::Phase, _: u64, _: u64| {});
    holds("(a)", reached.is_err(), || "the hub answers though the link is cut".into())?;
    let status = desk.status().map_err(failed)?;
    holds("(a)", status.registers.len() >= 2, || "a register is missing".into())?;
    let records: u64 = status.registers.iter().map(|r| r.records).sum();
    told.step('a', "no network, ready", json!({ "registers": status.registers.len(), "records": records }))
}

fn cyrillic_look_again(desk: &Desk, told: &Told<'_>) -> Result<(), Stop> {
    let description = Description { object: Some(Object::Firearm), ..Description::default() };
    let first = check(desk, MISTYPED, description.clone())?.verdict;
    holds("(b)", first.grade == Grade::Probable, || grade(&first))?;
    let differs = first.candidates.first().map(|c| c.differs.clone()).unwrap_or_default();
    let shown = differs.iter().any(|d| d.read == "З" && d.record == "3");
    holds("(b)", shown, || "the differing character is not shown".into())?;
    let second = check(desk, MISTYPED, Description { year: Some(MISTYPED_YEAR), ..description })?.verdict;
    holds("(b)", second.grade == Grade::Hit, || format!("with the year, {}", grade(&second)))?;
    let at = differs.first().map_or(0, |d| d.at);
    told.step('b', "З typed for 3: look again; with the year a match", json!({ "differs_at": at }))
}

fn footage(desk: &Desk, post: &Post, told: &Told<'_>) -> Result<(), Stop> {
    let verdicts = scan_footage(desk, &post.footage, Some(super::FOOTAGE_FPS), told.out)?;
    holds("(c)", !verdicts.is_empty(), || "no code was read".into())?;
    let wanted =
        verdicts.iter().any(|v| v.grade == Grade::Hit && v.candidates.iter().any(|c| c.fields.contains_key("uii")));
    let hits = verdicts.iter().filter(|v| v.grade == Grade::Hit).count();
    holds("(c)", wanted, || format!("no IUID among {hits} hits of {} codes", verdicts.len()))?;
    told.step('c', "footage: an IUID is wanted", json!({ "codes": verdicts.len(), "hits": hits }))
}

fn clean_pistol(desk: &Desk, told: &Told<'_>) -> Result<Seq, Stop> {
    let answer = check(desk, CLEAN, pistol(Some(1985)))?;
    let verdict = &answer.verdict;
    holds("(d)", verdict.grade == Grade::NoRecord, || grade(verdict))?;
    holds("(d)", verdict.registers.len() >= 2, || "not every register was asked".into())?;
    let newest = verdict.registers.iter().map(|r| r.as_of).max();
    told.step(
        'd',
        "a clean pistol: not listed",
        json!({ "registers": verdict.registers.len(), "newest_as_of": newest }),
    )?;
    Ok(seq_of("(d)", &answer)?)
}

fn passport(desk: &Desk, told: &Told<'_>) -> Result<(), Stop> {
    let description = Description { object: Some(Object::TravelDocument), ..Description::default() };
    let verdict = check(desk, PASSPORT, description)?.verdict;
    let right = verdict.grade == Grade::NotChecked && verdict.reason == Some(NotChecked::NoRegisterForObject);
    holds("(e)", right, || grade(&verdict))?;
    told.step('e', "a passport: not checked, no such register here", json!({}))
}

/// A child process checks and is killed without warning; every answer that it printed must stand in the ledger.
fn killed_in_a_check(post: &Post, told: &Told<'_>) -> Result<(), Stop> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--home")
        .arg(&post.home)
        .args(["--officer", &post.officer, "--json", "check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut input = child.stdin.take().ok_or_else(|| broken("(f)", "the child has no input"))?;
    let answers = child.stdout.take().ok_or_else(|| broken("(f)", "the child has no output"))?;
    let feeding = std::thread::spawn(move || {
        for n in 0..KILL_ASKED {
            let line = json!({ "id": n, "marks": [format!("КМ {}", 700_000 + n)], "object": "firearm" });
            // The child is killed in the middle of this; a broken pipe is what is meant to happen.
            if writeln!(input, "{line}").is_err() {
                return;
            }
        }
    });
    let mut printed = Vec::new();
    for line in BufReader::new(answers).lines().take(KILL_AFTER) {
        let answer: Value = serde_json::from_str(&line?).map_err(|e| broken("(f)", e))?;
        printed.extend(answer["entry"].as_u64());
    }
    child.kill()?;
    child.wait()?;
    let _ = feeding.join();
    holds("(f)", printed.len() == KILL_AFTER, || format!("only {} answers came", printed.len()))?;

    let ledger = LedgerStore::open(&Home::at(&post.home), Access::Read).map_err(failed)?;
    let report = ledger.verify(&mut |_, _| {}).map_err(failed)?;
    holds("(f)", report.is_whole(), || "the ledger does not verify".into())?;
    let last = ledger.head().map_err(failed)?.0;
    let lost = printed.iter().filter(|&&entry| ledger.sighting(Seq(entry)).is_err()).count();
    holds("(f)", lost == 0, || format!("{lost} answers have no entry"))?;
    told.step('f', "killed in the middle of checks: nothing lost", json!({ "answers": printed.len(), "entries": last }))
}

fn network_back(desk: &Desk, told: &Told<'_>) -> Result<(), Stop> {
    let report = desk.sync(&mut |_: crate::sync::Phase, _: u64, _: u64| {}).map_err(failed)?;
    holds("(g)", report.failed.is_empty(), || report.failed.join("; "))?;
    let status = desk.status().map_err(failed)?;
    let through = report.receipt.as_ref().map(|r| r.through.0);
    holds("(g)", through == Some(status.ledger.entries), || "the receipt does not reach the last entry".into())?;
    told.step(
        'g',
        "network back: synced",
        json!({ "entries": report.entries, "bytes_up": report.bytes_up, "bytes_down": report.bytes_down, "receipt_through": through }),
    )
}

fn page_of_the_hub(desk: &Desk, post: &Post, told: &Told<'_>) -> Result<(), Stop> {
    let page = desk.page_of_the_hub().map_err(failed)?;
    for mark in [MISTYPED, CLEAN] {
        holds("(h)", page.contains(mark), || "a sighting is missing on the hub's page".into())?;
    }
    let device = desk.ledger().device();
    let proof = post.hub.hub().verify_ledger(device, &mut |_, _| {}).map_err(|e| broken("(h)", e))?;
    holds("(h)", proof.ok, || "the hub's copy of the ledger does not verify".into())?;
    told.step('h', "the hub's page shows the sightings", json!({ "page_bytes": page.len() }))
}

fn new_record(desk: &Desk, post: &Post, clean: Seq, told: &Told<'_>) -> Result<(), Stop> {
    let record = json!({
        "id": "story-late", "serial": CLEAN, "object": "firearm", "kind": "pistol", "model": "ПМ", "calibre": "9",
        "year": 1985, "status": "stolen", "owner": OWNER,
    });
    post.hub.add_records(&format!("{record}\n"))?;
    let report = desk.sync(&mut |_: crate::sync::Phase, _: u64, _: u64| {}).map_err(failed)?;
    let found = report.retro_hits.iter().find(|r| r.of == clean);
    holds("(i)", found.is_some_and(|r| r.grade == Grade::Hit), || "the clean pistol gave no retro-hit".into())?;
    let names = |r: &RetroReport| r.marks == [CLEAN] && r.records.iter().any(|x| x.record == "story-late");
    holds("(i)", found.is_some_and(names), || "the retro-hit does not name mark and record".into())?;
    told.step('i', "a new record: retro-hit on the pistol of (d)", json!({ "retro_hits": report.retro_hits.len() }))
}

/// A copy of the ledger, one byte of one entry changed in it: `verify` must name that entry.
fn changed_byte(desk: &Desk, post: &Post, told: &Told<'_>) -> Result<(), Stop> {
    let copy = desk.ledger().copy_to(post.home.with_extension("copy")).map_err(failed)?;
    let size = desk.ledger().head().map_err(failed)?.0;
    let victim = Seq(size.0 / 2);
    change_one_byte(&copy, victim).map_err(failed)?;
    let report =
        LedgerStore::open(&copy, Access::Read).and_then(|ledger| ledger.verify(&mut |_, _| {})).map_err(failed)?;
    let named = report.chain.first_bad.as_ref().map(|bad| bad.seq);
    holds("(j)", named == Some(victim), || format!("entry {victim} was changed, {named:?} was named"))?;
    told.step('j', "one byte changed in a copy: verify names the entry", json!({ "entry": victim }))
}
