//! Counting, and printing tables.

use std::collections::BTreeMap;

/// What one reader did with one family of pictures.
#[derive(Default)]
pub struct Score {
    pub shown: usize,
    pub right: usize,
    /// Pictures in which something else was read.
    pub wrong: usize,
    pub ms: Vec<f64>,
}

/// Scores by family of pictures and by reader.
#[derive(Default)]
pub struct Table {
    scores: BTreeMap<(String, &'static str), Score>,
    families: Vec<String>,
}

/// Columns, in this order.
const READERS: [&str; 4] = ["ours", "zxing-cpp", "rxing", "rqrr"];

impl Table {
    /// Counts one picture for a family; `want` is empty where nothing may be read.
    pub fn count(&mut self, family: &str, reader: &'static str, right: usize, shown: usize, wrong: bool, ms: f64) {
        if !self.families.iter().any(|f| f == family) {
            self.families.push(family.to_owned());
        }
        let score = self.scores.entry((family.to_owned(), reader)).or_default();
        score.shown += shown;
        score.right += right;
        score.wrong += usize::from(wrong);
        score.ms.push(ms);
    }

    /// Prints it with a sum of all families that hold something.
    pub fn print(&self, heading: &str) {
        println!("\n{heading}: share read right / pictures with another text / median ms of processor time");
        print!("{:<18}{:>5}", "", "n");
        READERS.iter().for_each(|r| print!("{r:>26}"));
        println!();
        let mut sums: BTreeMap<&str, Score> = BTreeMap::new();
        for family in &self.families {
            let shown = self.scores.get(&(family.clone(), READERS[0])).map_or(0, |s| s.shown);
            print!("{family:<18}{shown:>5}");
            for reader in READERS {
                let Some(score) = self.scores.get(&(family.clone(), reader)) else {
                    print!("{:>26}", "-");
                    continue;
                };
                cell(score);
                let sum = sums.entry(reader).or_default();
                sum.shown += score.shown;
                sum.right += score.right;
                sum.wrong += score.wrong;
                sum.ms.extend(&score.ms);
            }
            println!();
        }
        print!("{:<18}{:>5}", "all", sums.get(READERS[0]).map_or(0, |s| s.shown));
        READERS.iter().filter_map(|r| sums.get(r)).for_each(cell);
        println!();
    }
}

fn cell(score: &Score) {
    print!("  {:>8.1} % {:>3} {:>6.1} ms", percent(score.right, score.shown), score.wrong, median(&score.ms));
}

pub fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

pub fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

pub fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len().max(1) as f64
}
