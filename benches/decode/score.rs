//! Counting, and printing tables.

/// What one reader did with one picture.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Codes in it, and of these read right.
    pub shown: usize,
    pub right: usize,
    /// Something else was read.
    pub wrong: bool,
    /// Processor time of all threads, and of the one that took longest.
    pub ms: f64,
    pub longest_ms: f64,
}

/// What one reader did with one family of pictures.
#[derive(Default, Clone)]
struct Score {
    shown: usize,
    right: usize,
    /// Pictures in which something else was read.
    wrong: usize,
    ms: Vec<f64>,
    longest_ms: Vec<f64>,
}

/// Scores by family of pictures, in the order in which they came, and by reader.
#[derive(Default)]
pub struct Table {
    families: Vec<(String, [Score; 4])>,
}

/// Columns, in this order.
const READERS: [&str; 4] = ["ours", "zxing-cpp", "rxing", "rqrr"];
/// The one of them that has more than one thread.
const OURS: usize = 0;

impl Table {
    /// Counts one picture for a family, as each reader saw it.
    pub fn count(&mut self, family: &str, seen: [Seen; 4]) {
        let at = self.families.iter().position(|(name, _)| name == family).unwrap_or_else(|| {
            self.families.push((family.to_owned(), Default::default()));
            self.families.len() - 1
        });
        for (score, seen) in self.families[at].1.iter_mut().zip(seen) {
            score.shown += seen.shown;
            score.right += seen.right;
            score.wrong += usize::from(seen.wrong);
            score.ms.push(seen.ms);
            score.longest_ms.push(seen.longest_ms);
        }
    }

    /// Prints it with a sum of all families.
    pub fn print(&self, heading: &str) {
        println!("\n{heading}: share read right / pictures with another text / median ms of processor time a picture,");
        println!("of all threads together, and for ours of the one that took longest");
        print!("{:<18}{:>5}", "", "codes");
        READERS.iter().enumerate().for_each(|(i, r)| print!("{r:>0$}", if i == OURS { 36 } else { 26 }));
        println!();
        let mut sums: [Score; 4] = Default::default();
        for (family, scores) in &self.families {
            line(family, scores);
            for (sum, score) in sums.iter_mut().zip(scores) {
                sum.shown += score.shown;
                sum.right += score.right;
                sum.wrong += score.wrong;
                sum.ms.extend(&score.ms);
                sum.longest_ms.extend(&score.longest_ms);
            }
        }
        line("all", &sums);
    }
}

fn line(family: &str, scores: &[Score; 4]) {
    print!("{family:<18}{:>5}", scores[0].shown);
    for (reader, Score { shown, right, wrong, ms, longest_ms }) in scores.iter().enumerate() {
        let share = if *shown == 0 { "-".to_owned() } else { format!("{:.1} %", percent(*right, *shown)) };
        print!("  {share:>10} {wrong:>3} {:>6.1} ms", median(ms));
        if reader == OURS {
            print!(" {:>6.1} ms", median(longest_ms));
        }
    }
    println!();
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
