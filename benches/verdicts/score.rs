//! Asks the labelled queries of one manner and prints what came back.

use std::collections::HashMap;
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
struct Bench {
    index: Registers,
    records: Vec<Record>,
    weapons: Vec<Weapon>,
    /// Records of each shape, and by canonical key.
    shapes: HashMap<(usize, usize), u32>,
    by_key: HashMap<String, Vec<u32>>,
}

/// Borders of crowding by which figures are split.
const DENSE: [f64; 5] = [1e-3, 1e-2, 5e-2, 0.5, f64::INFINITY];

#[derive(Clone, Copy, PartialEq)]
enum Told {
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

fn told(full: &Description, told: Told) -> Description {
    match told {
        Told::All | Told::Listed => full.clone(),
        Told::NoYear => Description { year: None, ..full.clone() },
        Told::Nothing => Description { object: full.object, ..Description::default() },
    }
}

/// Runs everything for the manner of that seed.
pub fn manner(options: &Options, seed: u64) {
    let manner = Manner::new(seed);
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
        let weapons: Vec<Weapon> = (0..count).map(|_| manner.weapon(&mut dice)).collect();
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
        for (n, record) in (0..).zip(&records) {
            builder.push(0, record).expect("within the limits");
            let key = keys::canonical(&record.marks[0].value);
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
        let bench =
            Self { index: builder.finish().expect("within the limits").into(), records, weapons, shapes, by_key };
        let keys = bench.by_key.keys().filter(|k| shape(k).0 > 0);
        let mut by_density = [0; DENSE.len()];
        keys.for_each(|k| by_density[border(bench.density(k))] += bench.by_key[k].len());
        let split: Vec<String> =
            DENSE.iter().zip(by_density).map(|(d, n)| format!("up to {d}: {:.0} %", percent(n))).collect();
        println!("  records with a series by how dense their keys are: {}", split.join(", "));
        bench
    }

    fn density(&self, key: &str) -> f64 {
        let (letters, digits) = shape(key);
        let records = self.shapes.get(&(letters, digits)).copied().unwrap_or(0);
        f64::from(records) / (28f64.powi(letters as i32) * 10f64.powi(digits as i32))
    }

    fn ask(&self, mark: &str, description: &Description) -> Verdict {
        let item =
            Item { marks: vec![SeenMark::typed(Mark::new(Scheme::Serial, mark))], description: description.clone() };
        let fetch = |at: RecordRef| Ok::<_, Infallible>(self.records[at.0 as usize].clone());
        match judge(&self.index, &item, &fetch) {
            Ok(verdict) => verdict,
            Err(never) => match never {},
        }
    }

    /// The verdict after the first observation that was asked for is made, or the verdict itself when none can be.
    fn answered(&self, verdict: &Verdict, mark: &str, told: &Description, serial: &str, full: &Description) -> Verdict {
        let mut more = told.clone();
        let mut mark = mark;
        match verdict.ask.first() {
            Some(Ask::Year) => more.year = full.year,
            Some(Ask::Model) => more.model.clone_from(&full.model),
            Some(Ask::Kind) => more.kind.clone_from(&full.kind),
            Some(Ask::Calibre) => more.calibre.clone_from(&full.calibre),
            Some(Ask::Characters) => mark = serial,
            Some(Ask::Make | Ask::SecondMark | Ask::Object) | None => return verdict.clone(),
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
                (class, mine(&verdict), mine(&after), verdict.candidates.len())
            },
            seed ^ 11,
        );
        let count = |f: &dyn Fn(&(usize, Option<Grade>, Option<Grade>, usize)) -> bool| {
            tallies.iter().filter(|t| f(t)).count() as f64
        };
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

    /// Innocent weapons of the same manner; gives the share that is red at once and after one answer.
    fn clean(&self, manner: &Manner, options: &Options, seed: u64, name: &str, level: Told) -> (f64, f64) {
        let tallies = halves(
            options.clean,
            |_, dice| {
                let weapon = manner.weapon(dice);
                let full = weapon.described(dice);
                let description = told(&full, level);
                let mark = errors::typed(&weapon.serial, dice);
                let verdict = self.ask(&mark, &description);
                let after = self.answered(&verdict, &mark, &description, &weapon.serial, &full);
                let key = keys::canonical(&weapon.serial);
                // A record of the same mark that nothing true of the weapon contradicts.
                let twin = self.by_key.get(&key).is_some_and(|records| {
                    records.iter().any(|&n| {
                        let year = self.records[n as usize].description.year;
                        let same_year = level != Told::All || year.is_none_or(|y| y == weapon.year);
                        let model = self.weapons[n as usize].model;
                        (level == Told::Nothing || model == weapon.model) && same_year
                    })
                });
                let class = if shape(&key).0 > 0 { border(self.density(&key)) } else { DENSE.len() };
                Clean {
                    grade: verdict.grade,
                    after: after.grade,
                    twin: twin.then_some(class),
                    shown: verdict.candidates.len(),
                    rule: verdict.rule.map_or("", |r| r.code()),
                }
            },
            seed ^ 37,
        );
        let all = tallies.len() as f64;
        let per = |f: &dyn Fn(&Clean) -> bool| 1e5 * tallies.iter().filter(|t| f(t)).count() as f64 / all;
        let twins: Vec<String> = (0..=DENSE.len())
            .map(|class| {
                let name = DENSE.get(class).map_or("bare".to_owned(), |d| format!("<={d}"));
                let of = |grade: Grade| per(&|t| t.twin == Some(class) && t.grade == grade);
                format!(
                    "{name} {:.0} (red {:.0}, probable {:.0})",
                    per(&|t| t.twin == Some(class)),
                    of(Grade::Hit),
                    of(Grade::Probable)
                )
            })
            .collect();
        println!(
            "  clean, told {name}, per 100,000: red {:.0} (no twin {:.0}), probable {:.0} (no twin {:.0}), possible {:.0}; after one answer red {:.0}, probable {:.0}; shown median {}, mean {:.1}",
            per(&|t| t.grade == Grade::Hit),
            per(&|t| t.grade == Grade::Hit && t.twin.is_none()),
            per(&|t| t.grade == Grade::Probable),
            per(&|t| t.grade == Grade::Probable && t.twin.is_none()),
            per(&|t| t.grade == Grade::Possible),
            per(&|t| t.after == Grade::Hit),
            per(&|t| t.after == Grade::Probable),
            median(tallies.iter().map(|t| t.shown).collect()),
            tallies.iter().map(|t| t.shown).sum::<usize>() as f64 / all,
        );
        println!("    twins by density of the key: {}", twins.join(", "));
        let mut rules: HashMap<(Grade, &str), usize> = HashMap::new();
        tallies
            .iter()
            .filter(|t| t.twin.is_none() && t.grade >= Grade::Probable)
            .for_each(|t| *rules.entry((t.grade, t.rule)).or_default() += 1);
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort();
        println!("    without a twin, by rule: {rules:?}");
        let share = |f: &dyn Fn(&Clean) -> bool| per(f) / 1e5;
        (share(&|t| t.grade == Grade::Hit), share(&|t| t.after == Grade::Hit))
    }
}

struct Clean {
    grade: Grade,
    after: Grade,
    /// How dense the key is that a record shares with it, nothing contradicting.
    twin: Option<usize>,
    shown: usize,
    rule: &'static str,
}

fn shape(key: &str) -> (usize, usize) {
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    (key.chars().count() - digits, digits)
}

fn border(density: f64) -> usize {
    DENSE.iter().position(|d| density <= *d).unwrap_or(DENSE.len() - 1)
}

fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

/// The same questions in two threads, each with dice of its own; the same answers on every machine.
fn halves<T: Send>(count: u64, ask: impl Fn(u64, &mut Dice) -> T + Sync, seed: u64) -> Vec<T> {
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
