//! Asks the labelled queries of one manner and prints what came back.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use tracepost::domain::keys;
use tracepost::domain::{
    Ask, Description, Grade, Item, Mark, Object, Record, RegisterId, RegisterVersion, Scheme, SeenMark, Verdict,
};
use tracepost::registers::practice::{self, Dice};
use tracepost::registers::{IndexBuilder, RecordRef, RegisterFacts, Registers, judge};

use crate::errors;
use crate::manner::{Manner, Weapon};

/// How much is asked.
#[derive(Debug)]
pub struct Options {
    pub records: u64,
    pub queries: u64,
    pub clean: u64,
}

/// A register of one manner, with the weapons behind its records.
pub struct Bench {
    index: Registers,
    pub records: Vec<Record>,
    pub weapons: Vec<Weapon>,
    /// Records of each shape, and by canonical key.
    shapes: HashMap<(usize, usize), u32>,
    pub by_key: HashMap<String, Vec<u32>>,
    /// Records of each series: the mark with every digit as `#`.
    series: HashMap<String, u32>,
    /// Makers give each number out once, so what a series allows says nothing of strangers.
    is_counted: bool,
    /// Records of a series and model, of one year and of all.
    alike: HashMap<(String, usize, Option<u16>), u32>,
}

/// Borders of crowding by which figures are split.
pub const DENSE: [f64; 5] = [1e-3, 1e-2, 5e-2, 0.5, f64::INFINITY];

/// Of the weapons that there are.
const ONE_LISTED_OF: u64 = 10;

/// A mark is specific when fewer than one like it in a thousand is taken.
const SPECIFIC: f64 = 1e-3;

#[derive(Clone, Copy, PartialEq)]
pub enum Told {
    All,
    /// The year only where the record tells it, too.
    Listed,
    NoYear,
    Nothing,
}

const TOLD: [(&str, Told); 3] =
    [("kind model calibre year", Told::All), ("kind model calibre", Told::NoYear), ("nothing", Told::Nothing)];

const TOLD_OF_SPOILT: [(&str, Told); 3] = [
    ("kind model calibre year", Told::All),
    ("kind model calibre, year where listed", Told::Listed),
    ("kind model calibre", Told::NoYear),
];

pub fn told(full: &Description, told: Told) -> Description {
    match told {
        Told::All | Told::Listed => full.clone(),
        Told::NoYear => Description { year: None, ..full.clone() },
        Told::Nothing => Description { object: full.object, ..Description::default() },
    }
}

/// Runs everything for the manner of that seed; `counted`: makers give each number out once.
pub fn manner(options: &Options, seed: u64, counted: bool) {
    let manner = if counted { Manner::counted(seed, options.records * ONE_LISTED_OF) } else { Manner::new(seed) };
    let bench = Bench::new(&manner, options.records, seed);
    let mut true_hits = Vec::new();
    for (name, level) in TOLD {
        true_hits.push(bench.exact(options, seed, name, level));
    }
    let spoilt: [(&str, Spoil); 3] = [
        ("one look-alike", errors::look_alike),
        ("typed by sound", errors::by_sound),
        ("one arbitrary error", errors::any_error),
    ];
    for (what, spoil) in spoilt {
        for (name, level) in TOLD_OF_SPOILT {
            bench.spoilt(options, seed, what, spoil, name, level);
        }
    }
    for ((name, level), (at_once, after)) in TOLD.into_iter().zip(true_hits) {
        let (false_at_once, false_after) = bench.clean(&manner, options, seed, name, level);
        curve(name, at_once, false_at_once, "at once");
        curve(name, after, false_after, "after one answer");
    }
}

/// A right mark: how dense by shape, graded at once and after an answer, how dense in its series, how many strangers.
type True = (usize, Option<Grade>, Option<Grade>, f64, f64);

/// Of 100 reds, how many are true when one item in so many is wanted.
fn curve(told: &str, true_rate: f64, false_rate: f64, when: &str) {
    let of = |wanted: f64| {
        let (right, wrong) = (true_rate / wanted, false_rate * (1.0 - 1.0 / wanted));
        100.0 * right / (right + wrong).max(f64::MIN_POSITIVE)
    };
    println!(
        "  reds {told:<24} {when:<17} {:5.1} % of the wanted red, true of 100 reds at 1:100 {:.1}, 1:1,000 {:.1}, 1:15,000 {:.1}",
        100.0 * true_rate,
        of(100.0),
        of(1_000.0),
        of(15_000.0)
    );
}

type Spoil = fn(&str, &mut Dice) -> Option<String>;

impl Bench {
    fn new(manner: &Manner, count: u64, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut seen = HashSet::new();
        let mut another = || loop {
            let weapon = manner.listed(&mut dice);
            // Where makers count, none is listed twice.
            if !manner.counts() || seen.insert((weapon.model, weapon.year, weapon.number)) {
                break weapon;
            }
        };
        let weapons: Vec<Weapon> = (0..count).map(|_| another()).collect();
        let records: Vec<Record> =
            (0..).zip(&weapons).map(|(n, weapon)| manner.record(9_000_000 + n, weapon, &mut dice)).collect();
        let facts = RegisterFacts {
            id: RegisterId("practice".into()),
            version: RegisterVersion(1),
            as_of_ms: 0,
            owner: practice::OWNER.into(),
            objects: vec![Object::Firearm],
            records: count,
            practice: true,
        };
        let mut builder = IndexBuilder::new(vec![facts]).expect("one register");
        let (mut shapes, mut by_key) = (HashMap::new(), HashMap::<String, Vec<u32>>::new());
        let (mut series, mut alike) = (HashMap::new(), HashMap::new());
        for ((n, record), weapon) in (0..).zip(&records).zip(&weapons) {
            builder.push(0, record).expect("within the limits");
            let key = keys::canonical(&record.marks[0].value);
            *series.entry(series_of(&key)).or_default() += 1;
            *alike.entry((series_of(&key), weapon.model, Some(weapon.year))).or_default() += 1;
            *alike.entry((series_of(&key), weapon.model, None)).or_default() += 1;
            *shapes.entry(shape(&key)).or_default() += 1;
            by_key.entry(key).or_default().push(n);
        }
        let bare = by_key.keys().filter(|k| shape(k).0 == 0).map(|k| by_key[k].len()).sum::<usize>();
        let no_year = records.iter().filter(|r| r.description.year.is_none()).count();
        let percent = |n: usize| 100.0 * n as f64 / count as f64;
        println!(
            "  {count} records, {:.0} % without a series, {:.0} % without a year",
            percent(bare),
            percent(no_year)
        );
        let bench = Self {
            index: builder.finish().expect("within the limits").into(),
            records,
            weapons,
            shapes,
            by_key,
            series,
            is_counted: manner.counts(),
            alike,
        };
        let keys = bench.by_key.keys().filter(|k| shape(k).0 > 0);
        let mut by_density = [0; DENSE.len()];
        keys.for_each(|k| by_density[border(bench.density(k))] += bench.by_key[k].len());
        let split: Vec<String> =
            DENSE.iter().zip(by_density).map(|(d, n)| format!("up to {d}: {:.0} %", percent(n))).collect();
        println!("  records with a series by how dense their keys are: {}", split.join(", "));
        bench
    }

    /// Other records of the mark's own series, for each mark that the series allows.
    fn density_of_series(&self, key: &str) -> f64 {
        let others = self.series.get(&series_of(key)).map_or(0, |n| n - 1);
        f64::from(others) / 10f64.powi(shape(key).1 as i32)
    }

    /// How many of this register's other weapons come, on average, to bear this one's mark and fit its record's description:
    /// of its series and model, and of its year where the record tells that.
    fn strangers(&self, record: &Record, weapon: &Weapon) -> f64 {
        let key = keys::canonical(&weapon.serial);
        let others = self.alike.get(&(series_of(&key), weapon.model, record.description.year)).map_or(0, |n| n - 1);
        f64::from(others) / 10f64.powi(shape(&key).1 as i32)
    }

    pub fn density(&self, key: &str) -> f64 {
        let (letters, digits) = shape(key);
        let records = self.shapes.get(&(letters, digits)).copied().unwrap_or(0);
        f64::from(records) / (28f64.powi(letters as i32) * 10f64.powi(digits as i32))
    }

    pub fn ask(&self, mark: &str, description: &Description) -> Verdict {
        let item =
            Item { marks: vec![SeenMark::typed(Mark::new(Scheme::Serial, mark))], description: description.clone() };
        let fetch = |at: RecordRef| Ok::<_, Infallible>(self.records[at.0 as usize].clone());
        match judge(&self.index, &item, &fetch) {
            Ok(verdict) => verdict,
            Err(never) => match never {},
        }
    }

    /// The verdict after the first observation that was asked for is made, or the verdict itself when none can be.
    pub fn answered(
        &self,
        verdict: &Verdict,
        mark: &str,
        told: &Description,
        serial: &str,
        full: &Description,
    ) -> Verdict {
        let mut more = told.clone();
        let mut mark = mark;
        match verdict.ask.first() {
            Some(Ask::Year) => more.year = full.year,
            Some(Ask::Model) => more.model.clone_from(&full.model),
            Some(Ask::Kind) => more.kind.clone_from(&full.kind),
            Some(Ask::Calibre) => more.calibre.clone_from(&full.calibre),
            Some(Ask::Characters) => mark = serial,
            Some(Ask::Make) => more.make.clone_from(&full.make),
            Some(Ask::Object) => more.object = full.object,
            // These weapons bear one mark.
            Some(Ask::SecondMark | Ask::Issuer) | None => return verdict.clone(),
        }
        self.ask(mark, &more)
    }

    /// Right marks; gives the share that is red at once and after one answer.
    fn exact(&self, options: &Options, seed: u64, name: &str, level: Told) -> (f64, f64) {
        let tallies = halves(
            options.queries,
            |_, dice| {
                let truth = dice.below(self.records.len() as u32) as usize;
                let (record, weapon) = (&self.records[truth], &self.weapons[truth]);
                let full = weapon.described(dice);
                let description = told(&full, level);
                let mark = errors::typed(&weapon.serial, dice);
                let verdict = self.ask(&mark, &description);
                let after = self.answered(&verdict, &mark, &description, &weapon.serial, &full);
                let key = keys::canonical(&weapon.serial);
                let class = if shape(&key).0 > 0 { border(self.density(&key)) } else { DENSE.len() };
                let mine = |v: &Verdict| v.candidates.iter().find(|c| c.record == record.id).map(|c| c.grade);
                (class, mine(&verdict), mine(&after), self.density_of_series(&key), self.strangers(record, weapon))
            },
            seed ^ 11,
        );
        let count = |f: &dyn Fn(&True) -> bool| tallies.iter().filter(|t| f(t)).count() as f64;
        let all = tallies.len() as f64;
        let found = count(&|t| t.1.is_some());
        let at_once = count(&|t| t.1 == Some(Grade::Hit)) / all;
        let after = count(&|t| t.1 == Some(Grade::Hit) || t.2 == Some(Grade::Hit)) / all;
        let lost = count(&|t| t.1 == Some(Grade::Hit) && t.2 != Some(Grade::Hit)) / all;
        println!(
            "  exact, told {name}: found {:.2} %, red at once {:.1} %, after one answer {:.1} % (lost by it {:.2} %)",
            100.0 * found / all,
            100.0 * at_once,
            100.0 * after,
            100.0 * lost
        );
        let split: Vec<String> = (0..=DENSE.len())
            .map(|class| {
                let of = count(&|t| t.0 == class).max(1.0);
                let once = count(&|t| t.0 == class && t.1 == Some(Grade::Hit));
                let after = count(&|t| t.0 == class && t.2 == Some(Grade::Hit));
                let name = DENSE.get(class).map_or("bare".to_owned(), |d| format!("<={d}"));
                format!("{name} {:.1}->{:.1}", 100.0 * once / of, 100.0 * after / of)
            })
            .collect();
        println!("    red by density of the key: {}", split.join(", "));
        let specific = |t: &True| t.3 <= SPECIFIC;
        let red = |t: &True| t.2 == Some(Grade::Hit);
        println!(
            "    specific in their own series: {:.1} % of marks, red after one answer {:.2} %",
            100.0 * count(&specific) / all,
            100.0 * count(&|t| specific(t) && red(t)) / count(&specific).max(1.0)
        );
        if level == Told::All && !self.is_counted {
            let strangers =
                |f: &dyn Fn(&True) -> bool| tallies.iter().filter(|t| red(t) && f(t)).map(|t| t.4).sum::<f64>() / all;
            let (wrong, beyond) = (strangers(&|_| true), strangers(&|t| !specific(t)));
            println!(
                "    red strangers to be expected of 100,000: {:.2}, beyond equal marks specific in their series {:.2}",
                1e5 * wrong,
                1e5 * beyond
            );
            curve(name, count(&red) / all, wrong, "to be expected");
        }
        (at_once, count(&|t| t.2 == Some(Grade::Hit)) / all)
    }

    fn spoilt(&self, options: &Options, seed: u64, what: &str, spoil: Spoil, name: &str, level: Told) {
        let tallies = halves(
            options.queries / 2,
            |_, dice| {
                loop {
                    let truth = dice.below(self.records.len() as u32) as usize;
                    let (record, weapon) = (&self.records[truth], &self.weapons[truth]);
                    let Some(mark) = spoil(&weapon.serial, dice) else { continue };
                    let full = weapon.described(dice);
                    let mut description = told(&full, level);
                    if level == Told::Listed {
                        description.year = record.description.year;
                    }
                    let verdict = self.ask(&mark, &description);
                    let mine = verdict.candidates.iter().find(|c| c.record == record.id).map(|c| c.grade);
                    let bare = weapon.serial.bytes().all(|b| b.is_ascii_digit());
                    let red_other = verdict.candidates.iter().any(|c| c.record != record.id && c.grade == Grade::Hit);
                    return (mine, bare, red_other, verdict.candidates.len());
                }
            },
            seed ^ 23,
        );
        let all = tallies.len() as f64;
        let share = |f: &dyn Fn(&(Option<Grade>, bool, bool, usize)) -> bool| {
            100.0 * tallies.iter().filter(|t| f(t)).count() as f64 / all
        };
        let bare = share(&|t| t.1).max(1e-9);
        println!(
            "  {what}, told {name}: found {:.2} % (numbers {:.1} %), red {:.1} %, probable {:.1} %, another record red {:.2} %, shown median {}",
            share(&|t| t.0.is_some()),
            100.0 * share(&|t| t.1 && t.0.is_some()) / bare,
            share(&|t| t.0 == Some(Grade::Hit)),
            share(&|t| t.0 == Some(Grade::Probable)),
            share(&|t| t.2),
            median(tallies.iter().map(|t| t.3).collect())
        );
    }
}

fn series_of(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

/// Letters and digits.
pub fn shape(key: &str) -> (usize, usize) {
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    (key.chars().count() - digits, digits)
}

pub fn border(density: f64) -> usize {
    DENSE.iter().position(|d| density <= *d).unwrap_or(DENSE.len() - 1)
}

pub fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

/// The same questions in two threads, each with dice of its own; the same answers on every machine.
pub fn halves<T: Send>(count: u64, ask: impl Fn(u64, &mut Dice) -> T + Sync, seed: u64) -> Vec<T> {
    let half = |number: u64| {
        let mut dice = Dice::new(seed.wrapping_mul(2).wrapping_add(number));
        (0..count / 2).map(|n| ask(n, &mut dice)).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut all = half(0);
        all.extend(other.join().expect("a question panicked"));
        all
    })
}
