//! The way of a check and of a register, from end to end, each figure beside a floor measured in the same run.
//!
//! `./dev bench desk` or `./dev bench desk --records 1100000`. All records are invented.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracepost::desk::item::{GivenMark, build_item};
use tracepost::desk::{CheckRequest, Desk, DeskOptions};
use tracepost::domain::{Description, Item, Object, PostId, RegisterId};
use tracepost::hub::storage::Extent;
use tracepost::hub::{ImportOptions, PracticeHub};
use tracepost::ledger::CheckSource;
use tracepost::registers::import::Format;
use tracepost::registers::practice::{self, Dice};

const CHECKS: u32 = 2_000;
const CHANGES: u64 = 100_000;

fn main() {
    let mut records = 100_000;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--records" {
            records = arguments.next().and_then(|n| n.parse().ok()).expect("--records takes a number");
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{records} invented records; every figure is of this run on this machine\n");

    let hub = PracticeHub::start(&folder.path().join("hub")).expect("a practice hub");
    let register = hub.hub().create_register("bench", practice::OWNER).expect("a register");
    let file = folder.path().join("weaponswanted.json");
    practice::write_ua_weapons(File::create(&file).expect("a file"), 7, records).expect("records are written");
    import(&hub, &register, &file, records);
    let desk = device(&hub, folder.path());
    checks(&desk, folder.path(), records);
    updates(&hub, &register, &desk, folder.path(), records);
}

/// A hundred thousand changes at once while checks go on, beside plain SQLite taking the same.
fn updates(hub: &PracticeHub, register: &RegisterId, desk: &Desk, folder: &Path, records: u64) {
    let changed = CHANGES.min(records / 2);
    let file = folder.join("changes.json");
    practice::write_ua_weapons(File::create(&file).expect("a file"), 8, changed).expect("records are written");
    let options = ImportOptions {
        object: Some(Object::Firearm),
        extent: Extent::Partial,
        ..ImportOptions::of(Format::UaWeapons, 1)
    };
    let read = BufReader::new(File::open(&file).expect("the file"));
    hub.hub().import_register(register, &options, read, &mut |_| {}).expect("an import");
    let began = Instant::now();
    let published = hub.hub().publish_register(register, &mut |_, _| {}).expect("a publication");
    let changes = published.added + published.changed + published.withdrawn;
    println!(
        "\n{changes} changes published in {:.2} s, a delta of {:.1} B a change",
        began.elapsed().as_secs_f64(),
        published.delta_bytes as f64 / changes.max(1) as f64
    );
    let mut times = Vec::new();
    let mut worst_idle = Duration::ZERO;
    let mut dice = Dice::new(12);
    for _ in 0..CHECKS {
        let item = item(&mut dice, records);
        let began = Instant::now();
        desk.check(CheckRequest::new(item, CheckSource::Typed));
        worst_idle = worst_idle.max(began.elapsed());
    }
    let (begun, taken) = (Mutex::new(None), Mutex::new(None));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut progress = |phase: tracepost::sync::Phase, done: u64, total: u64| {
                if phase == tracepost::sync::Phase::Install {
                    begun.lock().expect("no panic").get_or_insert_with(Instant::now);
                    if done == total {
                        taken.lock().expect("no panic").get_or_insert_with(Instant::now);
                    }
                }
            };
            let began = Instant::now();
            let report = desk.sync(&mut progress).expect("a sync");
            assert_eq!(report.failed, Vec::<String>::new());
            println!(
                "sync with {} bytes down, past checked again, changes merged into a new generation: {:.2} s",
                report.bytes_down,
                began.elapsed().as_secs_f64()
            );
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let item = item(&mut dice, records);
            let began = Instant::now();
            desk.check(CheckRequest::new(item, CheckSource::Typed));
            times.push((began, began.elapsed()));
        }
    });
    let begun = begun.into_inner().expect("no panic").expect("an installation");
    let taken = taken.into_inner().expect("no panic").expect("an installation that ended");
    let during: Vec<Duration> =
        times.iter().filter(|(at, _)| (begun..taken).contains(at)).map(|(_, took)| *took).collect();
    let (plain, stall) = plain_sqlite(folder, records, changed);
    println!(
        "taken over in {:.2} s = {:.2} x plain SQLite ({:.2} s); worst of {} checks meanwhile {:.1} ms, of all {:.1} ms, when idle {:.1} ms (plain SQLite: {:.0} ms)",
        (taken - begun).as_secs_f64(),
        (taken - begun).as_secs_f64() / plain.as_secs_f64(),
        plain.as_secs_f64(),
        during.len(),
        ms(during.iter().max().copied().unwrap_or_default()),
        ms(times.iter().map(|(_, took)| *took).max().unwrap_or_default()),
        ms(worst_idle),
        ms(stall)
    );
}

/// The same changes in a table with an index over the key, on the connection that answers look-ups: time, worst look-up.
fn plain_sqlite(folder: &Path, records: u64, changed: u64) -> (Duration, Duration) {
    let db = rusqlite::Connection::open(folder.join("plain.db")).expect("a database");
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE r (id INTEGER PRIMARY KEY, k TEXT, body BLOB); BEGIN;",
    )
    .expect("a table");
    let mut dice = Dice::new(13);
    let mut put = db.prepare("INSERT OR REPLACE INTO r VALUES (?1, ?2, ?3)").expect("a statement");
    let row = |id: u64, dice: &mut Dice| (id as i64, format!("S{:07}", dice.below(9_999_999)), [7u8; 110]);
    for id in 0..records {
        put.execute(row(id, &mut dice)).expect("a row");
    }
    db.execute_batch("COMMIT; CREATE INDEX rk ON r (k);").expect("an index");
    let began = Instant::now();
    db.execute_batch("BEGIN").expect("a transaction");
    for n in 0..changed {
        put.execute(row(n * (records / changed), &mut dice)).expect("a row");
    }
    let commit = Instant::now();
    db.execute_batch("COMMIT").expect("a commit");
    (began.elapsed(), commit.elapsed())
}

/// Import, beside the floor of only parsing the same JSON.
fn import(hub: &PracticeHub, register: &RegisterId, file: &Path, records: u64) {
    let mut text = String::new();
    File::open(file).and_then(|mut f| f.read_to_string(&mut text)).expect("the file is read");
    let began = Instant::now();
    let rows: Vec<serde::de::IgnoredAny> = serde_json::from_str(&text).expect("the file parses");
    let floor = began.elapsed();
    assert_eq!(rows.len() as u64, records);
    drop((rows, text));

    let options =
        ImportOptions { object: Some(Object::Firearm), as_of_given: true, ..ImportOptions::of(Format::UaWeapons, 0) };
    let began = Instant::now();
    let read = BufReader::new(File::open(file).expect("the file"));
    hub.hub().import_register(register, &options, read, &mut |_| {}).expect("an import");
    line("import", began.elapsed(), floor, "parsing the JSON", records);
    let began = Instant::now();
    hub.hub().publish_register(register, &mut |_, _| {}).expect("a publication");
    line("publish", began.elapsed(), floor, "parsing the JSON", records);
}

fn device(hub: &PracticeHub, folder: &Path) -> Desk {
    let invite = hub.hub().invite(&PostId("ZZBEN".into()), Duration::from_secs(600), None).expect("an invite");
    let home = folder.join("device");
    let options = DeskOptions { home: Some(home), officer: Some("Bench".into()), attended: false };
    let desk = Desk::open(&options).expect("a desk");
    desk.enrol(&invite.code).expect("enrolment");
    let began = Instant::now();
    let report = desk.sync(&mut |_: tracepost::sync::Phase, _: u64, _: u64| {}).expect("a sync");
    println!("first sync: {:.2} s, {} bytes down", began.elapsed().as_secs_f64(), report.bytes_down);
    drop(desk);
    let began = Instant::now();
    let desk = Desk::open(&options).expect("a desk");
    let open = began.elapsed();
    desk.wait_for_registers();
    println!("open: {:.0} ms, registers loaded after {:.0} ms\n", ms(open), ms(began.elapsed()));
    desk
}

/// Whole checks, entry on disk included, beside the floor of one flushed write.
fn checks(desk: &Desk, folder: &Path, records: u64) {
    let mut flushes = Vec::new();
    let mut file = File::create(folder.join("floor")).expect("a file");
    for _ in 0..200 {
        let began = Instant::now();
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("a flushed write");
        flushes.push(began.elapsed());
    }
    let floor = percentile(&mut flushes, 0.5);
    let mut dice = Dice::new(11);
    let mut times = Vec::new();
    for _ in 0..CHECKS {
        let item = item(&mut dice, records);
        let began = Instant::now();
        desk.check(CheckRequest::new(item, CheckSource::Typed));
        times.push(began.elapsed());
    }
    let (middle, late) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    println!("flushed write of 4 KiB: p50 {:.2} ms (the floor)", ms(floor));
    println!(
        "check, entry on disk: p50 {:.2} ms = {:.1} x the floor, p99 {:.2} ms; a frame at 30/s lasts 33 ms",
        ms(middle),
        middle.as_secs_f64() / floor.as_secs_f64(),
        ms(late)
    );
}

fn item(dice: &mut Dice, records: u64) -> Item {
    let series = ["АВ", "КМ", "ЕВ", "Б", ""][dice.below(5) as usize];
    let number = dice.below(u32::try_from(records.min(9_000_000)).unwrap_or(9_000_000)) + 1_000;
    let mark = GivenMark { value: format!("{series}{number}"), scheme: None, place: None };
    let description = Description {
        object: Some(Object::Firearm),
        kind: Some("pistol".into()),
        model: Some("ПМ".into()),
        ..Description::default()
    };
    build_item(vec![mark], description).expect("one mark").item
}

fn line(what: &str, took: Duration, floor: Duration, of: &str, records: u64) {
    println!(
        "{what}: {:.2} s, {:.0} rows/s, {:.1} x the time of {of}",
        took.as_secs_f64(),
        records as f64 / took.as_secs_f64(),
        took.as_secs_f64() / floor.as_secs_f64()
    );
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
