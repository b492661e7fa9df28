//! Which characters differ between the mark read and the mark in a record.

use super::super::verdict::Difference;
use super::skeleton_of;

/// Longest key that is aligned; a longer one is cut there. No serial comes near it, and the table stays small.
const ALIGNED_CHARS_MAX: usize = 128;

/// One edit. A substitution of look-alikes costs a little less, so that among equally short alignments the one that
/// officers would see wins; the discount of a whole key stays below one edit.
const EDIT: u32 = 1000;
const LOOK_ALIKE: u32 = EDIT - 1;

/// Whether two different characters of canonical keys are taken for each other (0/O/Q, 1/I/L, 5/S, 8/B, 2/Z, 6/G/Б, 3/З).
pub fn are_look_alikes(a: char, b: char) -> bool {
    a != b && skeleton_of(a) == skeleton_of(b)
}

/// The fewest edits that make the record's key of the key read, in order. Positions count from 1 in the key as read; a
/// missing character has the position before which it belongs (one past the end when it belongs there).
pub fn diff(read: &str, record: &str) -> Vec<Difference> {
    if read == record {
        return Vec::new();
    }
    let a: Vec<char> = read.chars().take(ALIGNED_CHARS_MAX).collect();
    let b: Vec<char> = record.chars().take(ALIGNED_CHARS_MAX).collect();
    let width = b.len() + 1;
    // cost[i * width + j]: the cheapest way to make b[j..] of a[i..]; from the end, so that the walk below goes forward.
    let mut cost = vec![0u32; (a.len() + 1) * width];
    for i in (0..=a.len()).rev() {
        for j in (0..=b.len()).rev() {
            let at = |i: usize, j: usize| cost[i * width + j];
            let drop = (i < a.len()).then(|| EDIT + at(i + 1, j));
            let add = (j < b.len()).then(|| EDIT + at(i, j + 1));
            let keep = (i < a.len() && j < b.len()).then(|| substitution(a[i], b[j]) + at(i + 1, j + 1));
            cost[i * width + j] = [drop, add, keep].into_iter().flatten().min().unwrap_or(0);
        }
    }
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let here = cost[i * width + j];
        let (both_left, at) = (i < a.len() && j < b.len(), (i + 1) as u16);
        if both_left && here == substitution(a[i], b[j]) + cost[(i + 1) * width + j + 1] {
            if a[i] != b[j] {
                found.push(Difference { at, read: a[i].to_string(), record: b[j].to_string() });
            }
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && here == EDIT + cost[(i + 1) * width + j] {
            found.push(Difference { at, read: a[i].to_string(), record: String::new() });
            i += 1;
        } else {
            found.push(Difference { at, read: String::new(), record: b[j].to_string() });
            j += 1;
        }
    }
    found
}

/// What differs in one piece: all between the first and the last characters that are the same.
pub fn diff_whole(read: &str, record: &str) -> Vec<Difference> {
    let same = |a: &[char], b: &[char]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b): (Vec<char>, Vec<char>) = (read.chars().collect(), record.chars().collect());
    let begin = same(&a, &b);
    let back = |of: &[char]| of[begin..].iter().rev().copied().collect::<Vec<_>>();
    let end = same(&back(&a), &back(&b));
    let piece = |of: &[char]| of[begin..of.len() - end].iter().collect::<String>();
    let differs = Difference { at: (begin + 1) as u16, read: piece(&a), record: piece(&b) };
    if differs.read == differs.record { Vec::new() } else { vec![differs] }
}

fn substitution(a: char, b: char) -> u32 {
    match a == b {
        true => 0,
        false if are_look_alikes(a, b) => LOOK_ALIKE,
        false => EDIT,
    }
}
