//! What the same costs elsewhere: plain SQLite with the same records, a bare row of SQLCipher, and `fst` with the same keys.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fst::automaton::Levenshtein;
use fst::{IntoStreamer, Streamer};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use rusqlite::Connection;
use tracepost::domain::keys;
use tracepost::registers::RecordBytes;
use tracepost::registers::practice::{Dice, Generator};

use super::{Options, Percentiles};

/// A table of the records with an index over their canonical keys, in a file, not encrypted.
pub struct Sqlite {
    path: std::path::PathBuf,
    db: Connection,
}

impl Sqlite {
    pub fn load(options: &Options, dir: &Path, ours_per_s: f64) -> Self {
        let path = dir.join("plain.db");
        let begin = Instant::now();
        let db = Connection::open(&path).expect("a database");
        db.execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE r (id TEXT PRIMARY KEY, k TEXT, body BLOB); CREATE INDEX rk ON r (k); BEGIN",
        )
        .expect("a table");
        {
            let mut insert = db.prepare("INSERT INTO r VALUES (?1, ?2, ?3)").expect("a statement");
            for record in Generator::new(options.seed).take(options.records as usize) {
                let key = keys::canonical(&record.marks[0].value);
                insert.execute((&record.id, key, record.canonical_bytes())).expect("a row");
            }
        }
        db.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").expect("written");
        let per_s = options.records as f64 / begin.elapsed().as_secs_f64();
        let bytes = std::fs::metadata(&path).map_or(0, |m| m.len()) as f64 / options.records as f64;
        println!(
            "  plain SQLite {per_s:>6.0} rows/s, {bytes:.0} B a record, not encrypted; ours loads {:.1} × as fast",
            ours_per_s / per_s
        );
        Self { path, db }
    }

    pub fn exact(&self, wanted: &[String]) -> Percentiles {
        let mut select = self.db.prepare("SELECT id, body FROM r WHERE k = ?1").expect("a statement");
        let mut times = Vec::new();
        for key in wanted {
            let begin = Instant::now();
            let first = select.query_row([key], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)));
            std::hint::black_box(first.expect("it is there"));
            times.push(begin.elapsed());
        }
        Percentiles::of(times)
    }

    pub fn scan(&self, end: &str) -> Duration {
        let begin = Instant::now();
        let count =
            self.db.query_row("SELECT count(*) FROM r WHERE k LIKE ?1", [format!("%{end}")], |r| r.get::<_, i64>(0));
        std::hint::black_box(count.expect("a number"));
        begin.elapsed()
    }

    /// The same sorts of changes in one transaction, and the worst that a reader waits meanwhile.
    pub fn change(&self, options: &Options) -> (Duration, Duration) {
        let third = options.changes / 3;
        let step = (options.records as usize / (2 * third).max(1)).max(1);
        let ids: Vec<String> = Generator::new(options.seed)
            .take(options.records as usize)
            .step_by(step)
            .take(2 * third)
            .map(|r| r.id)
            .collect();
        let done = AtomicBool::new(false);
        let (path, ids, done) = (&self.path, &ids, &done);
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let db = Connection::open(path).expect("a database");
                let mut select = db.prepare("SELECT body FROM r WHERE id = ?1").expect("a statement");
                let mut worst = Duration::ZERO;
                let mut dice = Dice::new(3);
                while !done.load(Ordering::Relaxed) {
                    let id = &ids[dice.below(ids.len() as u32) as usize];
                    let begin = Instant::now();
                    let _ = std::hint::black_box(select.query_row([id], |row| row.get::<_, Vec<u8>>(0)));
                    worst = worst.max(begin.elapsed());
                }
                worst
            });
            let begin = Instant::now();
            let db = Connection::open(path).expect("a database");
            db.execute_batch("PRAGMA synchronous = FULL; BEGIN").expect("begun");
            for (n, id) in ids.iter().enumerate() {
                let change = if n % 2 == 0 {
                    "UPDATE r SET body = body || x'00' WHERE id = ?1"
                } else {
                    "DELETE FROM r WHERE id = ?1"
                };
                db.prepare_cached(change).and_then(|mut s| s.execute([id])).expect("changed");
            }
            for (n, record) in Generator::new(options.seed ^ 0xABCD).take(options.changes - 2 * third).enumerate() {
                let key = keys::canonical(&record.marks[0].value);
                let mut insert = db.prepare_cached("INSERT INTO r VALUES (?1, ?2, ?3)").expect("a statement");
                insert.execute((format!("new-{n}"), key, record.canonical_bytes())).expect("a row");
            }
            db.execute_batch("COMMIT").expect("written");
            let time = begin.elapsed();
            done.store(true, Ordering::Relaxed);
            (time, reading.join().expect("it reads"))
        })
    }
}

/// A row of sixteen records by its number in SQLCipher, and nothing more: below this no look-up with its record can be.
pub fn floor(options: &Options, dir: &Path) {
    let path = dir.join("floor.db");
    let rows = (options.records / 16).max(1);
    let unlock = |db: &Connection| db.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "07".repeat(32)));
    let db = Connection::open(&path).expect("a database");
    unlock(&db).expect("a key");
    db.execute_batch("PRAGMA journal_mode = OFF; CREATE TABLE r (n INTEGER PRIMARY KEY, body BLOB); BEGIN")
        .expect("a table");
    {
        let mut insert = db.prepare("INSERT INTO r VALUES (?1, ?2)").expect("a statement");
        for n in 0..rows {
            insert.execute((n as i64, &[n as u8; 650][..])).expect("a row");
        }
    }
    db.execute_batch("COMMIT").expect("written");
    drop(db);
    let db = Connection::open(&path).expect("a database");
    unlock(&db).expect("a key");
    let mut select = db.prepare("SELECT body FROM r WHERE n = ?1").expect("a statement");
    let mut dice = Dice::new(options.seed);
    let mut times = Vec::new();
    for _ in 0..options.queries {
        let begin = Instant::now();
        std::hint::black_box(
            select.query_row([dice.below(rows as u32)], |row| row.get::<_, Vec<u8>>(0)).expect("a row"),
        );
        times.push(begin.elapsed());
    }
    println!("a bare row of SQLCipher       {}", Percentiles::of(times));
    drop(select);
    drop(db);
    let _ = std::fs::remove_file(path);
}

/// What a record costs that is sealed in a file, whatever finds it: as many bytes as a block has, read from a random place of
/// the device's own file and opened. Below this no look-up with its record can be.
pub fn read_and_open(home: &Path, dice: &mut Dice, times: usize) -> Percentiles {
    const BLOCK_BYTES: usize = 366;
    let files = std::fs::read_dir(home).expect("a home").flatten().map(|entry| entry.path());
    let path = { files }.find(|path| path.extension().is_some_and(|end| end == "rows")).expect("a file of records");
    let file = std::fs::File::open(path).expect("it opens");
    let places = file.metadata().expect("it has a length").len() / BLOCK_BYTES as u64;
    let key = UnboundKey::new(&CHACHA20_POLY1305, &[7; 32]).expect("32 bytes");
    let key = LessSafeKey::new(key);
    let read = |_| {
        let place = u64::from(dice.below(places as u32)) * BLOCK_BYTES as u64;
        let begin = Instant::now();
        let mut block = vec![0; BLOCK_BYTES];
        tracepost::platform::files::read_at(&file, &mut block, place).expect("it is there");
        // Refused, since this is not its key, at the cost of opening it.
        let _ =
            std::hint::black_box(key.open_in_place(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut block));
        begin.elapsed()
    };
    Percentiles::of((0..times).map(read).collect())
}

/// The distinct keys in a set of `fst`, which has neither records nor facts in it.
pub fn fst(options: &Options) {
    let mut all: Vec<Box<str>> = Generator::new(options.seed)
        .take(options.records as usize)
        .map(|record| keys::canonical(&record.marks[0].value).into_boxed_str())
        .collect();
    all.sort_unstable();
    all.dedup();
    let begin = Instant::now();
    let set = fst::Set::from_iter(all.iter().map(|key| key.as_bytes())).expect("in order");
    println!(
        "fst: {} keys in {:.1} B each, built of sorted keys in {:.1} s",
        all.len(),
        set.as_fst().size() as f64 / all.len() as f64,
        begin.elapsed().as_secs_f64()
    );
    let mut dice = Dice::new(options.seed ^ 56);
    let queries: Vec<&str> =
        (0..options.queries.min(1000)).map(|_| &*all[dice.below(all.len() as u32) as usize]).collect();
    let exact = queries.iter().map(|key| {
        let begin = Instant::now();
        std::hint::black_box(set.contains(key));
        begin.elapsed()
    });
    println!("  exact, key alone            {}", Percentiles::of(exact.collect()));
    for edits in [1, 2] {
        let search = queries.iter().map(|key| {
            let begin = Instant::now();
            let automaton = Levenshtein::new(key, edits).expect("a short key");
            let mut found = set.search(automaton).into_stream();
            let mut count = 0;
            while found.next().is_some() {
                count += 1;
            }
            std::hint::black_box(count);
            begin.elapsed()
        });
        println!("  {edits} errors                    {}", Percentiles::of(search.collect()));
    }
}
