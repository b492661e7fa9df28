//! How well and how fast registers are searched: labelled queries against an invented register in the Ukrainian manner.
//!
//! `cargo bench --bench registers -- [--records N] [--seed S] [--clean N] [--queries N]`
//!
//! Recall is the share of queries whose true record stands among the candidates. Clean items are invented like the
//! records, with their right descriptions, and their marks are in no record of the same description: what is said of them
//! beyond *no record* is false, except where a record happens to bear the same mark (counted apart).

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use tracepost::domain::keys;
use tracepost::domain::{Ask, Description, Grade, Item, Mark, Record, Rule, Scheme, SeenMark, Verdict};
use tracepost::domain::{Object, RegisterId, RegisterVersion};
use tracepost::registers::import::{Defaults, Format, Mapping, Sinks, import};
use tracepost::registers::practice::{self, Dice, Generator};
use tracepost::registers::{Index, IndexBuilder, RecordRef, RegisterFacts, Registers, chunk, judge, pattern, publish};

struct Options {
    records: u64,
    seed: u64,
    clean: usize,
    queries: usize,
}

fn options() -> Options {
    let mut options = Options { records: 200_000, seed: 1, clean: 20_000, queries: 4000 };
    let arguments: Vec<String> = std::env::args().collect();
    for pair in arguments.windows(2) {
        let number = || pair[1].parse().unwrap_or_else(|_| panic!("{} wants a number", pair[0]));
        match pair[0].as_str() {
            "--records" => options.records = number(),
            "--seed" => options.seed = number(),
            "--clean" => options.clean = number() as usize,
            "--queries" => options.queries = number() as usize,
            _ => {}
        }
    }
    options
}

fn main() {
    let options = options();
    println!("registers: {} invented records, seed {}", options.records, options.seed);
    let records = imported(&options);
    published(&records);
    let index = indexed(&records);
    recall(&options, &index, &records);
    clean(&options, &index, &records);
    look_ups(&options, &index, &records);
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// Through the file and the importer, as a hub gets them.
fn imported(options: &Options) -> Vec<Record> {
    let mut file = Vec::new();
    practice::write_ua_weapons(&mut file, options.seed, options.records).expect("writing to memory");
    let mut records = Vec::with_capacity(options.records as usize);
    let begin = Instant::now();
    let sinks = Sinks {
        record: &mut |imported| {
            records.push(imported.record);
            Ok(())
        },
        reject: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    let defaults = Defaults::default();
    let summary = import(Format::UaWeapons, &file[..], &Mapping::default(), &defaults, sinks).expect("a whole file");
    let time = begin.elapsed();
    let megabytes = file.len() as f64 / 1e6;
    println!(
        "import      {:>9.0} rows/s   {megabytes:.0} MB in {:.1} s, {:.0} MB/s   {summary:?}",
        rate(summary.rows, time),
        time.as_secs_f64(),
        megabytes / time.as_secs_f64()
    );
    // The floor: the same bytes through the parser alone.
    let begin = Instant::now();
    serde_json::from_slice::<serde::de::IgnoredAny>(&file).expect("JSON");
    println!(
        "            {:>9.2} × the time of parsing the same JSON and keeping nothing",
        time.as_secs_f64() / begin.elapsed().as_secs_f64()
    );
    records
}

fn published(records: &[Record]) {
    let begin = Instant::now();
    let bits = publish::bucket_bits(records.len() as u64, None);
    let mut order: Vec<(u32, &Record)> = records.iter().map(|r| (chunk::bucket_key(&r.id), r)).collect();
    order.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    let mut sizes = Vec::new();
    let mut publisher = publish::Publisher::new(bits, |_: &chunk::ChunkRef, packed: &[u8]| {
        sizes.push(packed.len());
        Ok::<_, Infallible>(())
    });
    for (_, record) in order {
        publisher.push(record.clone()).expect("in order");
    }
    publisher.finish().expect("chunks");
    let time = begin.elapsed();
    sizes.sort_unstable();
    let total: usize = sizes.iter().sum();
    println!(
        "publish     {:>9.0} rows/s   {} chunks of {} to {} KiB, {:.1} B a record",
        rate(records.len() as u64, time),
        sizes.len(),
        sizes.first().unwrap_or(&0) / 1024,
        sizes.last().unwrap_or(&0) / 1024,
        total as f64 / records.len() as f64
    );
}

fn indexed(records: &[Record]) -> Registers {
    let facts = RegisterFacts {
        id: RegisterId("practice".into()),
        version: RegisterVersion(1),
        as_of_ms: 0,
        owner: practice::OWNER.into(),
        objects: vec![Object::Firearm],
        records: records.len() as u64,
        practice: true,
    };
    let begin = Instant::now();
    let mut builder = IndexBuilder::new(vec![facts]).expect("one register");
    for record in records {
        builder.push(0, record).expect("within the limits");
    }
    let index = builder.finish().expect("within the limits");
    let built = begin.elapsed();
    let bytes = index.to_bytes();
    let begin = Instant::now();
    let index = Index::from_bytes(&bytes).expect("its own bytes");
    println!(
        "index       {:>9.0} rows/s   built in {:.2} s, read in {:.0} ms, {:.1} B a record in memory, {:.1} MB",
        rate(records.len() as u64, built),
        built.as_secs_f64(),
        begin.elapsed().as_secs_f64() * 1e3,
        index.memory_bytes() as f64 / records.len() as f64,
        bytes.len() as f64 / 1e6
    );
    index.into()
}

fn ask(index: &Registers, records: &[Record], mark: &str, description: Description) -> Verdict {
    let item = Item { marks: vec![SeenMark::typed(Mark::new(Scheme::Serial, mark))], description };
    let fetch = |at: RecordRef| Ok::<_, Infallible>(records[at.0 as usize].clone());
    match judge(index, &item, &fetch) {
        Ok(verdict) => verdict,
        Err(never) => match never {},
    }
}

/// What an officer knows of an item: all but the year, everything, or nothing.
#[derive(Clone, Copy, PartialEq)]
enum Knows {
    Nothing,
    AllButYear,
    All,
}

fn description(record: &Record, knows: Knows) -> Description {
    let d = &record.description;
    match knows {
        Knows::Nothing => Description { object: d.object, ..Description::default() },
        Knows::AllButYear => Description { year: None, ..d.clone() },
        Knows::All => d.clone(),
    }
}

/// Answers what the verdict asked for first, from the true record.
fn answer(verdict: &Verdict, mut description: Description, truth: &Record) -> Option<Description> {
    let d = &truth.description;
    match verdict.ask.first()? {
        Ask::Year => description.year = d.year,
        Ask::Model => description.model = d.model.clone(),
        Ask::Make => description.make = d.make.clone(),
        Ask::Calibre => description.calibre = d.calibre.clone(),
        Ask::Kind => description.kind = d.kind.clone(),
        Ask::Characters | Ask::SecondMark | Ask::Object => return None,
    }
    Some(description)
}

const LATIN: [(char, char); 11] = [
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('Х', 'X'),
];

fn typed(serial: &str, dice: &mut Dice) -> String {
    let swap = |c: char| LATIN.iter().find(|(cyrillic, _)| *cyrillic == c).map_or(c, |(_, latin)| *latin);
    match dice.below(6) {
        0 => serial.chars().map(swap).collect(),
        1 => serial.to_lowercase(),
        2 => format!("№ {serial}"),
        3 => format!("S/N: {serial}"),
        4 => {
            let cut = serial.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
            format!("{} {}", &serial[..cut], &serial[cut..])
        }
        _ => serial.to_owned(),
    }
}

fn look_alike_error(serial: &str, dice: &mut Dice) -> Option<String> {
    const PAIRS: [(char, char); 16] = [
        ('0', 'O'),
        ('O', '0'),
        ('О', '0'),
        ('1', 'I'),
        ('І', '1'),
        ('5', 'S'),
        ('8', 'B'),
        ('В', '8'),
        ('2', 'Z'),
        ('6', 'G'),
        ('З', '3'),
        ('3', 'З'),
        ('Б', '6'),
        ('6', 'Б'),
        ('0', 'О'),
        ('1', 'І'),
    ];
    let chars: Vec<char> = serial.chars().collect();
    let places: Vec<(usize, char)> = chars
        .iter()
        .enumerate()
        .flat_map(|(at, c)| PAIRS.iter().filter(move |(from, _)| from == c).map(move |(_, to)| (at, *to)))
        .collect();
    let (at, to) = *places.get(dice.below(places.len() as u32) as usize)?;
    let mut out = chars;
    out[at] = to;
    Some(out.into_iter().collect())
}

fn one_error(serial: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = serial.chars().collect();
    let at = dice.below(chars.len() as u32) as usize;
    let digit = char::from(b'0' + dice.below(10) as u8);
    match dice.below(4) {
        0 if chars.len() > 4 => {
            chars.remove(at);
        }
        1 => chars.insert(at, digit),
        _ => {
            let old = chars[at];
            let letters = ['А', 'К', 'Т', 'Г', 'Р'];
            let new = if old.is_ascii_digit() { digit } else { letters[dice.below(5) as usize] };
            chars[at] = if new == old { if old == '7' { '4' } else { '7' } } else { new };
        }
    }
    chars.into_iter().collect()
}

struct Tally {
    name: String,
    asked: u32,
    found: u32,
    specific: u32,
    hits: u32,
    hits_after_one: u32,
    shown: Vec<usize>,
}

impl Tally {
    fn print(&mut self) {
        self.shown.sort_unstable();
        let share = |n: u32, of: u32| 100.0 * f64::from(n) / f64::from(of.max(1));
        let at = |share: f64| self.shown.get((self.shown.len() as f64 * share) as usize).copied().unwrap_or(0);
        println!(
            "{:<44} recall {:6.2} %   hit at once {:5.1} %   with 5 digits or more, one answer later {:5.1} %   shown median {} p90 {} max {}",
            self.name,
            share(self.found, self.asked),
            share(self.hits, self.asked),
            share(self.hits_after_one, self.specific),
            at(0.5),
            at(0.9),
            self.shown.last().unwrap_or(&0)
        );
    }
}

/// How a serial is written down wrongly, when it can be.
type Spoil = fn(&str, &mut Dice) -> Option<String>;

fn recall(options: &Options, index: &Registers, records: &[Record]) {
    let kinds: [(&str, Spoil); 3] = [
        ("exact, however typed", |s, d| Some(typed(s, d))),
        ("one look-alike", look_alike_error),
        ("one arbitrary error", |s, d| Some(one_error(s, d))),
    ];
    for (kind, spoil) in kinds {
        for (told, knows) in
            [("nothing told", Knows::Nothing), ("kind model calibre", Knows::AllButYear), ("and year", Knows::All)]
        {
            for letters in [true, false] {
                let mut dice = Dice::new(options.seed ^ 77);
                let name = format!("{kind}, {told}, {}", if letters { "series" } else { "number" });
                let mut tally =
                    Tally { name, asked: 0, found: 0, specific: 0, hits: 0, hits_after_one: 0, shown: Vec::new() };
                while (tally.asked as usize) < options.queries / 2 {
                    let truth = &records[dice.below(records.len() as u32) as usize];
                    let serial = &truth.marks[0].value;
                    let has_letters = !serial.bytes().all(|b| b.is_ascii_digit());
                    if has_letters != letters {
                        continue;
                    }
                    let Some(text) = spoil(serial, &mut dice) else { continue };
                    let verdict = ask(index, records, &text, description(truth, knows));
                    let mine = |v: &Verdict| v.candidates.iter().find(|c| c.record == truth.id).map(|c| c.grade);
                    let hit = mine(&verdict) == Some(Grade::Hit);
                    tally.asked += 1;
                    tally.found += u32::from(mine(&verdict).is_some());
                    tally.hits += u32::from(hit);
                    tally.shown.push(verdict.candidates.len());
                    let long = serial.chars().filter(|c| c.is_ascii_digit()).count() >= 5;
                    if has_letters && long {
                        tally.specific += 1;
                        let again = answer(&verdict, description(truth, knows), truth);
                        let after = || again.is_some_and(|d| mine(&ask(index, records, &text, d)) == Some(Grade::Hit));
                        tally.hits_after_one += u32::from(hit || after());
                    }
                }
                tally.print();
            }
        }
    }
}

fn clean(options: &Options, index: &Registers, records: &[Record]) {
    let keys_taken: HashSet<String> = records.iter().map(|r| keys::canonical(&r.marks[0].value)).collect();
    for (told, knows) in
        [("nothing told", Knows::Nothing), ("kind model calibre", Knows::AllButYear), ("and year", Knows::All)]
    {
        let (mut hits, mut unavoidable, mut probables, mut possibles, mut shown) = (0, 0, 0, 0, Vec::new());
        let mut by_rule: std::collections::BTreeMap<Rule, u32> = Default::default();
        for innocent in Generator::new(options.seed.wrapping_add(1000)).take(options.clean) {
            let mark = &innocent.marks[0].value;
            let verdict = ask(index, records, mark, description(&innocent, knows));
            let taken = keys_taken.contains(&keys::canonical(mark));
            match verdict.grade {
                Grade::Hit if taken => unavoidable += 1,
                Grade::Hit => hits += 1,
                Grade::Probable => {
                    probables += 1;
                    *by_rule.entry(verdict.rule.unwrap_or(Rule::Exact)).or_default() += 1;
                }
                Grade::Possible => possibles += 1,
                Grade::NoRecord | Grade::NotChecked => {}
            }
            shown.push(verdict.candidates.len());
        }
        shown.sort_unstable();
        let scaled = |n: u32| f64::from(n) * 1e5 / options.clean as f64;
        println!(
            "clean, {told:<20} per 100,000: {:.0} false hits, {:.0} hits on a mark that a record bears, {:.0} probable {by_rule:?}, {:.0} possible   shown median {} p90 {}",
            scaled(hits),
            scaled(unavoidable),
            scaled(probables),
            scaled(possibles),
            shown[shown.len() / 2],
            shown[shown.len() * 9 / 10]
        );
    }
}

/// Processor time of this thread: what a verdict costs, whatever else the machine does meanwhile.
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn percentiles(mut times: Vec<Duration>) -> (f64, f64, f64) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    (at(0.5), at(0.99), at(1.0))
}

fn look_ups(options: &Options, index: &Registers, records: &[Record]) {
    let mut dice = Dice::new(options.seed ^ 99);
    for (told, knows) in [("nothing told", Knows::Nothing), ("all told, one edit searched", Knows::All)] {
        let mut times = Vec::new();
        for _ in 0..options.queries {
            let truth = &records[dice.below(records.len() as u32) as usize];
            let text = one_error(&truth.marks[0].value, &mut dice);
            let described = description(truth, knows);
            let begin = processor_time();
            std::hint::black_box(ask(index, records, &text, described));
            times.push(processor_time() - begin);
        }
        let (p50, p99, max) = percentiles(times);
        println!("verdict, {told:<28} p50 {p50:7.1} µs   p99 {p99:7.1} µs   max {max:7.1} µs");
    }
    searches(options, index, records);
    #[cfg(feature = "device")]
    beside_sqlite(options, index, records);
}

/// Each search of the index by itself, for marks with one character wrong.
fn searches(options: &Options, index: &Registers, records: &[Record]) {
    type Search = fn(&Registers, &str) -> usize;
    let kinds: [(&str, Search); 7] = [
        ("exact", |index, key| index.exact(b'S', key).count()),
        ("look-alikes", |index, key| index.same_skeleton(&keys::skeleton(key)).len()),
        ("one error", |index, key| index.one_edit(key).len()),
        ("two errors", |index, key| index.two_edits(key).keys.len()),
        ("a lost end", |index, key| index.lost_end(key).keys.len()),
        ("pattern *1234", |index, key| pattern_of(index, &format!("*{}", tail_of(key)))),
        ("pattern ?B12?4", |index, key| pattern_of(index, &format!("?{}?", tail_of(key)))),
    ];
    for (name, search) in kinds {
        let mut dice = Dice::new(options.seed ^ 55);
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..options.queries {
            let truth = &records[dice.below(records.len() as u32) as usize];
            let key = keys::canonical(&one_error(&truth.marks[0].value, &mut dice));
            let begin = processor_time();
            found += std::hint::black_box(search(index, &key));
            times.push(processor_time() - begin);
        }
        let (p50, p99, max) = percentiles(times);
        let mean = found as f64 / options.queries as f64;
        println!("{name:<28} p50 {p50:7.1} µs   p99 {p99:7.1} µs   max {max:7.1} µs   finds {mean:.1}");
    }
}

fn tail_of(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    chars[chars.len().saturating_sub(4)..].iter().collect()
}

fn pattern_of(index: &Registers, pattern: &str) -> usize {
    // Keys of three characters make no pattern.
    pattern::search(index, pattern, 20).map_or(0, |found| found.records.len())
}

/// The same exact look-up in plain SQLite: a table with an index over the canonical key, in memory.
#[cfg(feature = "device")]
fn beside_sqlite(options: &Options, index: &Registers, records: &[Record]) {
    let db = rusqlite::Connection::open_in_memory().expect("memory");
    db.execute_batch("CREATE TABLE r (k TEXT, id TEXT); BEGIN").expect("a table");
    {
        let mut insert = db.prepare("INSERT INTO r VALUES (?1, ?2)").expect("a statement");
        for record in records {
            insert.execute((keys::canonical(&record.marks[0].value), &record.id)).expect("a row");
        }
    }
    db.execute_batch("COMMIT; CREATE INDEX rk ON r (k)").expect("an index");
    let mut select = db.prepare("SELECT id FROM r WHERE k = ?1").expect("a statement");
    let mut dice = Dice::new(options.seed ^ 123);
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..options.queries {
        let truth = &records[dice.below(records.len() as u32) as usize];
        let key = keys::canonical(&truth.marks[0].value);
        let begin = Instant::now();
        let rows = select.query_map([&key], |row| row.get::<_, String>(0)).expect("rows");
        std::hint::black_box(rows.count());
        theirs.push(begin.elapsed());
        let begin = Instant::now();
        std::hint::black_box(ask(index, records, &truth.marks[0].value, Description::default()));
        ours.push(begin.elapsed());
    }
    let ((a50, a99, _), (b50, b99, _)) = (percentiles(theirs), percentiles(ours));
    let begin = Instant::now();
    let tail = tail_of(&keys::canonical(&records[0].marks[0].value));
    let scanned = db.query_row("SELECT count(*) FROM r WHERE k LIKE ?1", [format!("%{tail}")], |r| r.get::<_, i64>(0));
    std::hint::black_box(scanned.expect("a number"));
    println!("plain SQLite, a scan for a pattern         {:.0} ms", begin.elapsed().as_secs_f64() * 1e3);
    println!("plain SQLite, exact rows only              p50 {a50:7.1} µs   p99 {a99:7.1} µs");
    println!(
        "whole verdict, every rule but one edit     p50 {b50:7.1} µs   p99 {b99:7.1} µs   {:.2} × SQLite",
        b50 / a50
    );
}
