//! Registers at scale: published, loaded, searched and changed while checks go on, with plain SQLite on the same records and
//! `fst` on the same keys in the same run.
//!
//! `cargo bench --bench registers -- [--records N] [--seed S] [--queries N] [--changes N]`; ten million records by default,
//! which take some minutes and 4 GB of temporary disk. How good verdicts are is what `--bench verdicts` measures.
//!
//! Times are of the wall, so other work on the machine shows; memory is what the operating system counts.

mod made;
mod peers;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracepost::domain::keys;
use tracepost::domain::{Item, Mark, Record, Scheme, SeenMark};
use tracepost::registers::pattern;
use tracepost::registers::practice::Dice;
use tracepost::store::records::{Content, Records, RegisterUpdate};

use self::made::Made;

/// What is asked for.
pub struct Options {
    records: u64,
    seed: u64,
    queries: usize,
    changes: usize,
}

fn options() -> Options {
    let mut options = Options { records: 10_000_000, seed: 1, queries: 10_000, changes: 100_000 };
    let arguments: Vec<String> = std::env::args().collect();
    for pair in arguments.windows(2) {
        let number = || pair[1].parse().unwrap_or_else(|_| panic!("{} wants a number", pair[0]));
        match pair[0].as_str() {
            "--records" => options.records = number(),
            "--seed" => options.seed = number(),
            "--queries" => options.queries = number() as usize,
            "--changes" => options.changes = number() as usize,
            _ => {}
        }
    }
    options.changes = options.changes.min(options.records as usize / 2);
    options
}

fn main() {
    let options = options();
    println!("registers: {} invented records, seed {}", options.records, options.seed);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let made = made::make(&options, dir.path());
    let home = dir.path().join("device");
    let ours = Ours::load(&made, &home);
    let peers = peers::Sqlite::load(&options, dir.path(), ours.rows_per_s);
    peers::floor(&options, dir.path());
    settle(dir.path());
    ours.searches(&options, &made.sample, &peers, &home);
    ours.changes(&options, &made, &peers);
    peers::fst(&options);
}

/// Waits until what was loaded is on disk: else its writing out is measured, in the slowest of a hundred of anything. And reads all
/// files again, theirs and ours, twice as a start does: some systems take pages away that nobody asked for in the minutes in which the
/// other side was loaded, and a disk would be measured instead.
fn settle(dir: &Path) {
    #[cfg(unix)]
    rustix::fs::sync();
    for place in [dir, &dir.join("device")] {
        for file in std::fs::read_dir(place).into_iter().flatten().flatten().filter(|file| file.path().is_file()) {
            for _ in 0..2 {
                let read =
                    std::fs::File::open(file.path()).and_then(|mut f| std::io::copy(&mut f, &mut std::io::sink()));
                read.expect("a file of ours");
            }
        }
    }
}

/// The device's registers.
struct Ours {
    records: Records,
    rows_per_s: f64,
}

const KEY: [u8; 32] = [7; 32];

impl Ours {
    fn load(made: &Made, home: &Path) -> Self {
        std::fs::create_dir_all(home).expect("a folder");
        let records = Records::open(home, &KEY);
        records.wait();
        forget_peak();
        let before = resident_mb();
        let begin = Instant::now();
        install(&records, &made.update(Content::Base { list: made.published.list.clone() }), made);
        let time = begin.elapsed();
        let count = made.published.records as f64;
        let rows_per_s = count / time.as_secs_f64();
        println!(
            "load        {rows_per_s:>9.0} rows/s   {:.1} s; resident {before:.0} MB before, {:.0} MB at most, {:.0} MB after",
            time.as_secs_f64(),
            peak_mb(),
            resident_mb()
        );
        let bytes: u64 = std::fs::read_dir(home)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|e| e.metadata().ok())
            .map(|m| m.len())
            .sum();
        println!("disk        {:>9.1} B a record, the index with it", bytes as f64 / count);
        drop(records);
        let begin = Instant::now();
        let records = Records::open(home, &KEY);
        records.wait();
        println!("start       {:>9.2} s until the first check can be answered", begin.elapsed().as_secs_f64());
        Self { records, rows_per_s }
    }

    fn searches(&self, options: &Options, sample: &[Record], peers: &peers::Sqlite, home: &Path) {
        let mut dice = Dice::new(options.seed ^ 55);
        let mut some = || &sample[dice.below(sample.len() as u32) as usize];
        let exact: Vec<String> = (0..options.queries).map(|_| keys::canonical(&some().marks[0].value)).collect();
        let mut times = Vec::new();
        for key in &exact {
            times.push(self.timed(|index, record| {
                for id in index.exact(b'S', key) {
                    let at = index.records_of(id).next().expect("a key has a record");
                    std::hint::black_box(record(at).expect("a record"));
                }
            }));
        }
        let ours = Percentiles::of(times);
        let floor = peers::read_and_open(home, &mut dice, options.queries);
        let theirs = peers.exact(&exact);
        println!(
            "exact, with its record        {ours}   plain SQLite {theirs}   {:.2} × its p99",
            ours.p99 / theirs.p99
        );
        println!("  a block of that file read and opened, nothing else {floor}");
        let mut dice = Dice::new(options.seed ^ 56);
        let wrong: Vec<String> = exact.iter().map(|key| one_wrong(key, &mut dice)).collect();
        type Search = fn(&tracepost::registers::Registers, &str) -> usize;
        let kinds: [(&str, Search); 6] = [
            ("one error", |index, key| index.one_edit(key).len()),
            ("two errors", |index, key| index.two_edits(key).keys.len()),
            ("a look-alike", |index, key| index.same_skeleton(&keys::skeleton(key)).len()),
            ("a lost end", |index, key| index.lost_end(key).keys.len()),
            ("pattern *1234", |index, key| found(index, &format!("*{}", tail_of(key)))),
            ("pattern ?123?", |index, key| found(index, &format!("?{}?", tail_of(key)))),
        ];
        for (name, search) in kinds {
            let mut times = Vec::new();
            for key in &wrong {
                times.push(self.timed(|index, _| {
                    std::hint::black_box(search(index, key));
                }));
            }
            println!("{name:<29} {}", Percentiles::of(times));
        }
        let scan = peers.scan(&tail_of(&wrong[0]));
        println!("plain SQLite, one scan for a pattern or an error: {:.0} ms", scan.as_secs_f64() * 1e3);
        let mut times = Vec::new();
        for _ in 0..options.queries / 5 {
            let item = item_of(some_of(sample, &mut dice));
            let begin = Instant::now();
            std::hint::black_box(self.records.judge(&item));
            times.push(begin.elapsed());
        }
        println!("whole check, described        {}", Percentiles::of(times));
    }

    fn timed(
        &self,
        work: impl FnOnce(
            &tracepost::registers::Registers,
            &dyn Fn(tracepost::registers::RecordRef) -> Result<Record, tracepost::store::records::RecordsError>,
        ),
    ) -> Duration {
        self.records
            .with_index(|index, record| {
                let begin = Instant::now();
                work(index, record);
                begin.elapsed()
            })
            .expect("loaded")
    }

    /// Changes come in while another thread checks without a pause.
    fn changes(&self, options: &Options, made: &Made, peers: &peers::Sqlite) {
        let (changed, update) = made.changed(options);
        let done = AtomicBool::new(false);
        forget_peak();
        let (time, checks) = std::thread::scope(|scope| {
            let checking = scope.spawn(|| {
                let mut dice = Dice::new(options.seed ^ 57);
                let mut times = Vec::new();
                while !done.load(Ordering::Relaxed) || times.is_empty() {
                    let item = item_of(some_of(&made.sample, &mut dice));
                    let begin = Instant::now();
                    std::hint::black_box(self.records.judge(&item));
                    times.push(begin.elapsed());
                }
                times
            });
            let begin = Instant::now();
            install(&self.records, &update, &changed);
            let time = begin.elapsed();
            done.store(true, Ordering::Relaxed);
            (time, checking.join().expect("checks go on"))
        });
        let ours = Percentiles::of(checks);
        println!(
            "{} changes {:.2} s; checks meanwhile {ours}; {:.0} MB at most",
            options.changes,
            time.as_secs_f64(),
            peak_mb()
        );
        let (theirs, stall) = peers.change(options);
        println!(
            "  plain SQLite {:.2} s, a reader stalled for {:.0} ms at most; ours takes {:.2} × its time",
            theirs.as_secs_f64(),
            stall.as_secs_f64() * 1e3,
            time.as_secs_f64() / theirs.as_secs_f64()
        );
        forget_peak();
        let begin = Instant::now();
        self.records.merge(&mut |_, _| {}).expect("merged");
        println!("merge       {:>9.1} s in the background, {:.0} MB at most", begin.elapsed().as_secs_f64(), peak_mb());
    }
}

fn install(records: &Records, update: &RegisterUpdate, files: &dyn made::Files) {
    let mut fetch = |chunk: &tracepost::registers::ChunkRef| files.read(&chunk.hash);
    records.install(std::slice::from_ref(update), &mut fetch, &mut |_, _| {}).expect("installed");
}

fn some_of<'a>(sample: &'a [Record], dice: &mut Dice) -> &'a Record {
    &sample[dice.below(sample.len() as u32) as usize]
}

fn item_of(record: &Record) -> Item {
    let mark = SeenMark::typed(Mark::new(Scheme::Serial, record.marks[0].value.clone()));
    Item { marks: vec![mark], description: record.description.clone() }
}

fn one_wrong(key: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = key.chars().collect();
    let at = dice.below(chars.len() as u32) as usize;
    let digit = char::from(b'0' + dice.below(10) as u8);
    chars[at] = if chars[at] == digit { 'Z' } else { digit };
    chars.into_iter().collect()
}

fn tail_of(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    chars[chars.len().saturating_sub(4)..].iter().collect()
}

fn found(index: &tracepost::registers::Registers, wanted: &str) -> usize {
    // Keys of three characters make no pattern.
    pattern::search(index, wanted, 20).map_or(0, |found| found.records.len())
}

/// Times in microseconds.
pub struct Percentiles {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Percentiles {
    /// Of some times.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
        Self { p50: at(0.5), p99: at(0.99), max: at(1.0) }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {:7.1} µs   p99 {:7.1} µs   max {:8.1} µs", self.p50, self.p99, self.max)
    }
}

fn status_mb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0.0) / 1024.0
}

fn peak_mb() -> f64 {
    status_mb("VmHWM:")
}

fn resident_mb() -> f64 {
    status_mb("VmRSS:")
}

/// From now on the peak counts anew (proc(5), clear_refs).
fn forget_peak() {
    // Where it cannot be, the peak of all before is printed, which is no less.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
