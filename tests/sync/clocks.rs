//! Clocks that are wrong: the hub's or the device's, by minutes or by a year, for an hour or for good. Nothing may stay wrong
//! for a year because a clock once was.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracepost::desk::{CheckRequest, Desk, DeskOptions};
use tracepost::domain::{
    Description, Finding, Grade, Item, Mark, Object, PostId, Record, RegisterId, RegisterVersion, Scheme, SeenMark, Seq,
};
use tracepost::ledger::{CheckSource, Payload};
use tracepost::platform::HandClock;
use tracepost::registers::delta::{Changes, Delta, Level};
use tracepost::registers::manifest::Blob;
use tracepost::registers::{ChunkRef, Manifest, Published, Publisher, chunk, state};
use tracepost::sync::Phase;

use crate::world::{World, no_progress};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const YEAR_MS: i64 = 365 * DAY_MS;

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn reg() -> RegisterId {
    RegisterId::parse("reg").unwrap()
}

/// A desk that is no practice, with a clock of its own.
pub struct Post {
    pub desk: Desk,
    pub clock: Arc<HandClock>,
    pub folder: tempfile::TempDir,
}

impl Post {
    pub fn of(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home: PathBuf = folder.path().join("home");
        let clock = Arc::new(HandClock::at(now_ms()));
        let options = DeskOptions { home: Some(home), officer: Some("A. Officer".into()), attended: false };
        let desk = Desk::open_with_clock(&options, Arc::clone(&clock) as _).unwrap();
        let invite = world.hub.invite(&PostId("XX-TEST".into()), Duration::from_secs(600), None).unwrap();
        desk.enrol(&invite.code).unwrap();
        Self { desk, clock, folder }
    }

    /// The desk, closed and opened again.
    pub fn restarted(self) -> Self {
        self.restarted_after(|_| ())
    }

    /// The same, and meanwhile something happened to its home.
    pub fn restarted_after(self, happened: impl FnOnce(&Path)) -> Self {
        let Self { desk, clock, folder } = self;
        drop(desk);
        let home = folder.path().join("home");
        happened(&home);
        let options = DeskOptions { home: Some(home), officer: Some("A. Officer".into()), attended: false };
        let desk = Desk::open_with_clock(&options, Arc::clone(&clock) as _).unwrap();
        desk.wait_for_registers();
        Self { desk, clock, folder }
    }

    /// A sync, and what it said went wrong.
    pub fn sync(&self) -> String {
        let report = self.desk.sync(&mut no_progress()).unwrap();
        report.failed.iter().map(|f| format!("{f:?}\n")).collect()
    }

    fn is_late(&self) -> bool {
        !self.desk.late_registers().is_empty()
    }

    pub fn check(&self, serial: &str) -> bool {
        self.desk.wait_for_registers();
        let description = Description { object: Some(Object::Firearm), ..Description::default() };
        let marks = vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))];
        let item = Item { marks, description };
        let answer = self.desk.check(CheckRequest::new(item, CheckSource::Typed));
        assert_eq!(answer.verdict.reason, None, "checks go on");
        !answer.verdict.candidates.is_empty()
    }
}

#[test]
fn a_hub_whose_clock_ran_ahead_for_an_hour_is_not_believed_for_a_year() {
    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    world.import("reg", "id,object,kind,serial\nrec-1,firearm,rifle,QX000035\n");
    world.hub.publish_register_at(&reg(), now_ms() + YEAR_MS, &mut |_, _| ()).unwrap();
    let post = Post::of(&world);
    assert_eq!(post.sync(), "");
    assert!(post.check("QX000035") && post.is_late(), "a word from the future is no word that all is fresh");
    // Its clock is right again, and nothing changed in the register: its word of now replaces the one of next year.
    world.hub.publish_register_at(&reg(), now_ms(), &mut |_, _| ()).unwrap();
    assert_eq!(post.sync(), "");
    assert!(!post.is_late());
    assert!((post.desk.status().unwrap().registers[0].signed.timestamp_millis() - now_ms()).abs() < HOUR_MS);
    // And it is late again when the hub falls silent.
    post.clock.pass_ms(10 * DAY_MS as u64);
    assert!(post.is_late());
}

#[test]
fn an_honest_word_is_not_replaced_by_an_older_one_while_clocks_are_right() {
    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    world.import("reg", "id,object,kind,serial\nrec-1,firearm,rifle,QX000035\n");
    let old = now_ms() - 3 * DAY_MS;
    world.hub.publish_register_at(&reg(), old, &mut |_, _| ()).unwrap();
    let stale = world.manifest("reg");
    let post = Post::of(&world);
    post.sync();
    world.hub.publish_register_at(&reg(), now_ms(), &mut |_, _| ()).unwrap();
    post.sync();
    assert!(!post.is_late());
    world.sign(&stale);
    post.sync();
    assert!(!post.is_late(), "who puts an old word back changes nothing");
}

#[test]
fn a_device_whose_clock_is_set_takes_what_comes_and_finds_what_it_saw() {
    for (what, set) in [
        ("a year ahead", YEAR_MS),
        ("a year back", -YEAR_MS),
        ("ten minutes back", -HOUR_MS / 6),
        ("a hundred days ahead", 100 * DAY_MS),
    ] {
        let world = World::real();
        world.register("reg", 50);
        let post = Post::of(&world);
        post.sync();
        assert!(!post.check("ZZ77777"), "seen before it is listed");
        post.clock.set_wall_ms(now_ms() + set);
        assert!(!post.check("ZZ88888"), "seen while the clock is wrong");
        world.update("reg", "new-1,firearm,ZZ77777\n");
        let report = post.desk.sync(&mut no_progress()).unwrap();
        assert_eq!(
            (report.registers.len(), report.retro_hits.len()),
            (1, 1),
            "{what}: the sighting is looked at again"
        );
        assert!(post.check("ZZ77777"));
        post.clock.set_wall_ms(now_ms());
        world.update("reg", "new-2,firearm,ZZ88888\n");
        let report = post.desk.sync(&mut no_progress()).unwrap();
        assert_eq!((report.registers.len(), report.retro_hits.len()), (1, 1), "{what}: so is that of meanwhile");
        assert!(!post.is_late(), "{what}");
        let ledger = post.desk.ledger().verify(&mut |_, _| ()).unwrap();
        assert!(ledger.is_whole(), "{what}: {ledger:?}");
    }
}

#[test]
fn a_clock_that_is_a_year_ahead_makes_no_record_expire_and_is_told() {
    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    let day = |ms: i64| chrono::DateTime::from_timestamp_millis(now_ms() + ms).unwrap().date_naive();
    let (soon, past) = (day(100 * DAY_MS), day(-2 * DAY_MS));
    let rows =
        format!("id,object,serial,expires_on\nsoon,firearm,QX000035123,{soon}\npast,firearm,QX000036123,{past}\n");
    world.import("reg", &rows);
    world.publish("reg");
    let post = Post::of(&world);
    let expired = |serial: &str| {
        post.check(serial);
        let marks = vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))];
        let answer = post.desk.check(CheckRequest::new(Item { marks, ..Item::default() }, CheckSource::Typed));
        answer.verdict.findings.contains(&Finding::RecordExpired)
    };
    let days = || post.desk.status().unwrap().clock.days_ahead;
    post.clock.set_wall_ms(now_ms() + YEAR_MS + HOUR_MS);
    post.sync();
    assert_eq!((days(), expired("QX000035123"), expired("QX000036123")), (365, false, true), "by the hub's clock");
    post.clock.pass_ms(200 * DAY_MS as u64);
    assert!(expired("QX000035123"), "time goes on by either clock");
    post.clock.set_wall_ms(now_ms());
    assert_eq!((days(), expired("QX000035123")), (0, false), "the clock was set");
    post.sync();
    assert_eq!(days(), 0);
}

#[test]
fn a_match_whose_record_is_withdrawn_is_told_to_the_post_once() {
    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    world.import(
        "reg",
        "id,object,serial\nheld,firearm,QX000035123\nother,firearm,QX000036123\nstays,firearm,QX000037123\n",
    );
    world.publish("reg");
    let post = Post::of(&world);
    post.sync();
    assert!(post.check("QX000035123") && post.check("QX000037123"));
    world.import_whole("reg", "id,object,serial\nother,firearm,QX000036123\nstays,firearm,QX000037123\n");
    world.publish("reg");
    let told = post.desk.sync(&mut no_progress()).unwrap().withdrawn_matches;
    let named: Vec<_> = told.iter().map(|t| (t.record.as_str(), t.marks.join("+"), t.now)).collect();
    assert_eq!(named, [("held", "QX000035123".to_owned(), Grade::NoRecord)]);
    let waiting = |desk: &Desk| -> Vec<(Seq, RegisterId, String)> {
        let waiting = desk.withdrawn_waiting().unwrap();
        waiting.into_iter().map(|told| (told.of, told.register, told.record)).collect()
    };
    let held = vec![(told[0].of, reg(), "held".to_owned())];
    assert_eq!(waiting(&post.desk), held, "until somebody has seen it");
    world.import_whole("reg", "id,object,serial\nstays,firearm,QX000037123\n");
    world.publish("reg");
    let again = post.desk.sync(&mut no_progress()).unwrap();
    assert_eq!((again.registers.len(), again.withdrawn_matches.len()), (1, 0), "told once, and no match of `other`");
    let post = post.restarted();
    assert_eq!(waiting(&post.desk), held, "after another sync and a restart, too");
    post.desk.withdrawn_seen(&[(held[0].0, reg(), "other".to_owned())]).unwrap();
    assert_eq!(waiting(&post.desk), held, "that was another one");
    post.desk.withdrawn_seen(&held).unwrap();
    assert_eq!(waiting(&post.desk), []);
    // A source's bad file of one day: the last word at the post must not be that nobody looks for the item.
    for (listed, retro, gone) in [(true, 1, 0), (false, 0, 1), (true, 1, 0)] {
        let held = if listed { "held,firearm,QX000035123\n" } else { "" };
        world.import_whole("reg", &format!("id,object,serial\n{held}stays,firearm,QX000037123\n"));
        world.publish("reg");
        let told = post.desk.sync(&mut no_progress()).unwrap();
        assert_eq!((told.retro_hits.len(), told.withdrawn_matches.len()), (retro, gone), "listed: {listed}");
        assert_eq!(waiting(&post.desk).len(), gone, "what is listed again is withdrawn no more");
    }
    let nothing = post.desk.sync(&mut no_progress()).unwrap();
    assert_eq!((nothing.retro_hits.len(), nothing.withdrawn_matches.len()), (0, 0));
}

#[test]
fn a_match_whose_record_is_corrected_to_another_item_is_told_and_no_other_change_of_it_is() {
    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    let list = |serial: &str, owner: &str| {
        let rows = format!("id,object,serial,owner\nheld,firearm,{serial},{owner}\nstays,firearm,QX000037123,a\n");
        world.import_whole("reg", &rows);
        world.publish("reg");
    };
    list("QX000035123", "a");
    let post = Post::of(&world);
    post.sync();
    assert!(post.check("QX000035123") && post.check("QX000037123"));
    for (serial, owner, told) in [
        ("QX000035123", "b", vec![]),
        ("QX777735999", "b", vec![("held".to_owned(), true, Grade::NoRecord)]),
        ("QX777735999", "c", vec![]),
    ] {
        list(serial, owner);
        let report = post.desk.sync(&mut no_progress()).unwrap();
        let named: Vec<_> = report.withdrawn_matches.into_iter().map(|t| (t.record, t.changed, t.now)).collect();
        assert_eq!(named, told, "{serial} {owner}");
    }
    list("QX000035123", "c");
    let back = post.desk.sync(&mut no_progress()).unwrap();
    assert_eq!((back.retro_hits.len(), back.withdrawn_matches.len()), (1, 0), "it is that item's again");
}

#[test]
fn a_retro_hit_of_a_sync_that_was_ended_is_told_by_the_next() {
    let world = World::real();
    world.register("reg", 50);
    let post = Post::of(&world);
    post.sync();
    assert!(!post.check("ZZ77777"), "seen before it is listed");
    world.update("reg", "new-1,firearm,ZZ77777\n");
    let mut end_when_it_goes_up = |phase: Phase, _: u64, _: u64| {
        if phase == Phase::Ledger {
            post.desk.cancel_sync();
        }
    };
    assert!(post.desk.sync(&mut end_when_it_goes_up).is_err());
    let told = post.desk.sync(&mut no_progress()).unwrap().retro_hits;
    let named: Vec<_> = told.iter().map(|t| (t.marks.join("+"), t.grade, t.records[0].record.clone())).collect();
    assert_eq!(named, [("ZZ77777".to_owned(), Grade::Hit, "new-1".to_owned())]);
    assert!(matches!(post.desk.ledger().payload(told[0].entry), Ok(Some(Payload::RetroHit(_)))));
    assert!(post.desk.sync(&mut no_progress()).unwrap().retro_hits.is_empty(), "once");
}

/// Versions of a register in sixteen parts, made by hand and signed by the hub's own key.
struct Parts<'a> {
    world: &'a World,
    seals: Vec<u64>,
    deltas: Vec<Delta>,
}

fn record(n: u32, serial: &str) -> Record {
    let mut record = tracepost::registers::practice::Generator::new(u64::from(n)).next().unwrap();
    record.id = format!("part-{n}");
    record.marks[0].value = serial.to_owned();
    record
}

impl Parts<'_> {
    fn write(&self, hash: &tracepost::domain::Hash, bytes: &[u8]) {
        let path = self.world.hub.dir().chunk(hash);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Publishes what the hub has; `told` is what the delta from the version before says.
    fn publish(&mut self, records: &[Record], told: &[Record]) -> (Manifest, Published) {
        let mut records = records.to_vec();
        records.sort_by_cached_key(|r| (chunk::bucket_key(&r.id), r.id.clone()));
        let mut publisher = Publisher::new(4, |c: &ChunkRef, bytes: &[u8]| {
            self.write(&c.hash, bytes);
            Ok::<_, std::io::Error>(())
        });
        records.into_iter().for_each(|r| publisher.push(r).unwrap());
        let published = publisher.finish().unwrap();
        let version = RegisterVersion(self.seals.len() as u64 + 1);
        self.seals.push(version.0);
        if version.0 > 1 {
            let mut changes = Changes::default();
            told.iter().for_each(|r| changes.put(r));
            let pieces = changes.pieces(|c, bytes| {
                self.write(&c.hash, bytes);
                Ok::<_, tracepost::registers::ChunkError>(())
            });
            let (from, level) = (RegisterVersion(version.0 - 1), Level::Hour);
            self.deltas.push(Delta { level, from, to: version, signed_ms: 0, pieces: pieces.unwrap() });
        }
        let list = published.list.to_bytes();
        let states = state::list_of(&published.sums);
        self.write(&Blob::of(&list).hash, &list);
        self.write(&Blob::of(&states).hash, &states);
        let manifest = Manifest {
            version,
            signed_ms: now_ms() + version.0 as i64,
            next_ms: now_ms() + 10 * YEAR_MS,
            records: published.records,
            bucket_bits: 4,
            base: published.base(version),
            states: Blob::of(&states),
            deltas: self.deltas.clone(),
            seals: self.seals.clone(),
            ..self.world.manifest("reg")
        };
        self.world.sign(&manifest);
        (manifest, published)
    }
}

#[test]
fn a_part_that_is_not_the_hubs_is_fetched_alone_once_an_hour_and_said() {
    let world = World::real();
    world.register("reg", 5);
    let mut parts = Parts { world: &world, seals: Vec::new(), deltas: Vec::new() };
    let mut truth: Vec<Record> = (0..400).map(|n| record(n, &format!("PQ{n:06}"))).collect();
    let spoilt = |truth: &[Record], n: usize, serial: &str| {
        let mut held = truth.to_vec();
        held[n].marks[0].value = serial.into();
        held
    };
    // The device gets a first version in which one record is another one, as if its copy had been spoilt.
    parts.publish(&spoilt(&truth, 7, "WRONG77"), &[]);
    let post = Post::of(&world);
    assert_eq!(post.sync(), "");
    assert!(post.check("WRONG77") && !post.check("PQ000007"));
    // The second version is right, and its delta brings a new record: the part of the wrong one comes anew, and no other.
    let new = record(1000, "PQ777777");
    truth.push(new.clone());
    let (manifest, published) = parts.publish(&truth, std::slice::from_ref(&new));
    let wrong = chunk::bucket_of(chunk::bucket_key("part-7"), 4);
    let others: Vec<_> = published.list.chunks.iter().filter(|c| c.chunk.bucket != wrong).collect();
    assert!(others.len() >= 12, "{} parts", others.len());
    others.iter().for_each(|c| std::fs::remove_file(world.hub.dir().chunk(&c.chunk.hash)).unwrap());
    // A part that is not to be had just now was not fetched anew, and does not use up the hour.
    let part = published.list.chunks.iter().find(|c| c.chunk.bucket == wrong).unwrap();
    let part = world.hub.dir().chunk(&part.chunk.hash);
    let bytes = std::fs::read(&part).unwrap();
    std::fs::remove_file(&part).unwrap();
    let said = post.sync();
    assert!(!said.is_empty() && !post.check("PQ777777"), "{said}");
    std::fs::write(&part, bytes).unwrap();
    let said = post.sync();
    assert!(said.contains("1 of 16 parts were not as the hub's and were fetched again"), "{said}");
    assert_eq!(post.desk.status().unwrap().registers[0].version, manifest.version);
    assert!(!post.check("WRONG77") && post.check("PQ000007") && post.check("PQ777777") && post.check("PQ000399"));
    assert_eq!(post.sync(), "", "said once");

    // A second time within the hour, also by a clock that is set back meanwhile: what is held stays, and it is said.
    let mut lie = truth.clone();
    lie.push(record(2000, "PQ888888"));
    parts.publish(&lie, &[]);
    for set in [0, 59 * HOUR_MS / 60, -HOUR_MS / 6] {
        post.clock.set_wall_ms(now_ms() + set);
        let said = post.sync();
        assert!(said.contains("fetched anew less than an hour ago"), "{set}: {said}");
        assert!(post.check("PQ777777") && !post.check("PQ888888"), "{set}");
    }
    // An hour later, or by a clock that is a year wrong in either direction, it is tried again.
    for set in [HOUR_MS + 1000, YEAR_MS, -YEAR_MS] {
        post.clock.set_wall_ms(now_ms() + set);
        let said = post.sync();
        assert!(said.contains("1 of 16 parts"), "{set}: {said}");
        assert!(post.check("PQ888888"), "{set}");
        let n = lie.len() as u32 + 2000;
        lie.push(record(n, &format!("PR{n:06}")));
        parts.publish(&lie, &[]);
    }
}
