//! Weapons that nobody looks for: how often a verdict cries wolf.

use std::collections::HashMap;

use tracepost::domain::Grade;
use tracepost::domain::keys;

use crate::errors;
use crate::manner::Manner;
use crate::score::{Bench, DENSE, Options, Told, border, halves, median, shape, told};

impl Bench {
    /// Innocent weapons of the same manner; gives the share that is red at once and after one answer.
    pub fn clean(&self, manner: &Manner, options: &Options, seed: u64, name: &str, level: Told) -> (f64, f64) {
        let tallies = halves(
            options.clean,
            |_, dice| {
                let weapon = manner.innocent(dice);
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
