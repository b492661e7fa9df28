//! Whether two names may be one model's, or one maker's, though they are spelt differently.

use super::{Forms, WORDS};

/// One letter of so many may be spelt another way: Glock and Глок, Mauser and Маузер.
const ONE_IN: usize = 4;
/// What stands behind a model's number and names no other model: M4 Carbine is an M4.
const SORTS: [&str; 5] = ["CARBINE", "KARABIN", "PISTOL", "PISTOLET", "RIFLE"];
/// The generation of a model, before its number: 17 Gen4 is a 17.
const GENERATION: &str = "GEN";

/// Whether two names of models may well be one model's, by any way to spell either. Two words of `words.toml` are two models,
/// however alike they are.
pub(super) fn models_compatible(a: &Forms, b: &Forms) -> bool {
    if WORDS.is_model(&a.sound) && WORDS.is_model(&b.sound) {
        return one_begins_with_the_other(&a.sound, &b.sound);
    }
    let (names_a, names_b) = (names_of(a), names_of(b));
    let known_as = |known: &Forms, others: [&str; 2]| {
        let spellings = WORDS.spellings_of(&known.sound);
        spellings.iter().any(|name| others.into_iter().any(|other| !other.is_empty() && is_variant(name, other)))
    };
    let alike = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && (is_variant(a, b) || is_numbered_alike(a, b));
    names_a.into_iter().any(|a| names_b.into_iter().any(|b| alike(a, b)))
        || known_as(a, names_b)
        || known_as(b, names_a)
}

/// Its names as it is heard and as it looks, without their sorts; an empty one where there is no second.
fn names_of(model: &Forms) -> [&str; 2] {
    let look = if model.look == model.sound { "" } else { without_sort(&model.look) };
    [without_sort(&model.sound), look]
}

/// Whether one name is the other with a variant behind, or without the maker before: 17 and Glock 17. Sorts are gone by now.
fn is_variant(a: &str, b: &str) -> bool {
    a == b || one_begins_with_the_other(a, b) || names_no_maker(a, b) || names_no_maker(b, a)
}

/// What tells models apart is their numbers: a Glock 17 is no Glock 19, and a CZ 75 no CZ 85. Names are spelt as they are heard
/// (Глок, Маузер, Шмайсер), with the maker before them or without.
fn is_numbered_alike(a: &str, b: &str) -> bool {
    if !numbers(a).eq(numbers(b)) {
        return contains_whole(a, b) || contains_whole(b, a);
    }
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let (a, b) = (letters(a), letters(b));
    let longer = a.chars().count().max(b.chars().count());
    a.is_empty() || b.is_empty() || a.contains(&b) || b.contains(&a) || strsim::levenshtein(&a, &b) * ONE_IN <= longer
}

/// Whether the first begins with its number, and is the second without what stands before that: 75B and CZ75.
fn names_no_maker(bare: &str, named: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    bare.starts_with(is_digit)
        && named.find(is_digit).is_some_and(|at| at > 0 && one_begins_with_the_other(bare, &named[at..]))
}

/// Without its sort or generation, where a number stands before that.
pub(super) fn without_sort(name: &str) -> &str {
    // Asked of every model of a register in every check: nearly all end otherwise.
    if !name.ends_with(|c: char| c.is_ascii_digit() || SORTS.iter().any(|sort| sort.ends_with(c))) {
        return name;
    }
    let is_numbered = |stem: &&str| stem.ends_with(|c: char| c.is_ascii_digit());
    let generation = || {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.strip_suffix(GENERATION).filter(|_| stem.len() < name.len())
    };
    let sort = SORTS.iter().find_map(|sort| name.strip_suffix(sort));
    sort.or_else(generation).filter(is_numbered).unwrap_or(name)
}

/// Whether two names may well be one maker's: one with the town or the firm's form beside it, or spelt as it is heard. Two words
/// of `words.toml` are two makers.
pub(super) fn makes_compatible(a: &str, b: &str) -> bool {
    if WORDS.is_make(a) && WORDS.is_make(b) {
        return false;
    }
    let longer = a.chars().count().max(b.chars().count());
    one_begins_with_the_other(a, b)
        || contains_whole(a, b)
        || contains_whole(b, a)
        || strsim::levenshtein(a, b) * ONE_IN <= longer
}

/// Whether the longer name goes on where the shorter ends. A number of one digit that goes on is another number: ИЖ-7 and ИЖ-71;
/// behind a longer one its version may stand: МЦ 21 and МЦ 21-12.
fn one_begins_with_the_other(a: &str, b: &str) -> bool {
    let (shorter, longer) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let Some(rest) = longer.strip_prefix(shorter).filter(|_| shorter.chars().nth(1).is_some()) else { return false };
    let mut ends = shorter.bytes().rev().map(|b| b.is_ascii_digit());
    let one_digit = ends.next() == Some(true) && ends.next() == Some(false);
    !(one_digit && rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The runs of digits in a text.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty())
}

/// Whether the longer name has the shorter one in it, no number of it cut: M70 in ZASTAVAM70, but no 7 in 17. One or two
/// letters stand in too many names.
fn contains_whole(longer: &str, shorter: &str) -> bool {
    let digits = shorter.chars().all(|c| c.is_ascii_digit());
    let Some(at) = longer.find(shorter).filter(|_| shorter.chars().count() >= if digits { 2 } else { 3 }) else {
        return false;
    };
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let cuts_before = is_digit(shorter.chars().next()) && is_digit(longer[..at].chars().next_back());
    let cuts_behind = is_digit(shorter.chars().next_back()) && is_digit(longer[at + shorter.len()..].chars().next());
    !cuts_before && !cuts_behind
}
