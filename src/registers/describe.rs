//! Descriptions, so that two people who saw the same gun describe it alike: ПМ, PM and Makarov; 5.45 and 5,45×39; пістолет
//! and pistol.
//!
//! A text has two forms: as its Cyrillic letters *sound* (СКС → SKS) and as they *look* (СКС → CKC). People type either, so
//! two texts agree when any form of one equals any form of the other. The words are in `words.toml`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::domain::keys;

/// A fact by which items are described, beside the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// Pistol, rifle, …
    Kind,
    /// Maker.
    Make,
    /// Model.
    Model,
    /// Calibre.
    Calibre,
}

impl Fact {
    /// Every fact, in the order in which an index keeps them.
    pub const ALL: [Self; 4] = [Self::Kind, Self::Make, Self::Model, Self::Calibre];
}

/// How a fact of the item and the same fact of a record stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// One of them is silent.
    Unknown,
    /// They say the same.
    Agrees,
    /// They may well mean the same (AK74 and AK74M, 9 and 9x18, a year apart).
    Compatible,
    /// They contradict each other.
    Differs,
}

/// A described fact in the forms in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Forms {
    /// By sound, or our own word where `words.toml` knows one.
    pub sound: String,
    /// By look; empty when it equals `sound`.
    look: String,
}

/// The forms of a text, or `None` when it says nothing.
pub fn forms(fact: Fact, raw: &str) -> Option<Forms> {
    let words = &*WORDS;
    let forms = match fact {
        Fact::Kind => Forms { sound: words.kind_of(raw), look: String::new() },
        Fact::Calibre => Forms { sound: calibre(raw), look: String::new() },
        Fact::Make | Fact::Model => {
            let known = if fact == Fact::Make { &words.makes } else { &words.models };
            let (sound, look) = (by_sound(raw), by_look(raw));
            match known.get(&sound).or_else(|| known.get(&look)) {
                Some(word) => Forms { sound: word.clone(), look: String::new() },
                None if look == sound => Forms { sound, look: String::new() },
                None => Forms { sound, look },
            }
        }
    };
    (!forms.sound.is_empty()).then_some(forms)
}

/// How two facts stand to each other. That makes differ is told and never held against a record: makers license, copy and
/// rebrand, and a record's make is the word of whoever reported it.
pub fn relate(fact: Fact, item: &Forms, record: &Forms) -> Relation {
    let same = item.sound == record.sound
        || (!item.look.is_empty() && (item.look == record.look || item.look == record.sound))
        || (!record.look.is_empty() && item.sound == record.look);
    if same {
        return Relation::Agrees;
    }
    let compatible = match fact {
        Fact::Make => makes_compatible(&item.sound, &record.sound),
        Fact::Kind => WORDS.kinds_share_family(&item.sound, &record.sound),
        Fact::Model => models_compatible(&item.sound, &record.sound),
        Fact::Calibre => calibres_compatible(&item.sound, &record.sound),
    };
    match (compatible, fact) {
        // 9 says the same as 9x18, only less of it.
        (true, Fact::Calibre) if calibre_number(&item.sound) == calibre_number(&record.sound) => Relation::Agrees,
        (true, _) => Relation::Compatible,
        (false, _) => Relation::Differs,
    }
}

/// How two years stand to each other: a year apart is a misread plate or a delivery after New Year.
pub fn relate_years(item: Option<u16>, record: Option<u16>) -> Relation {
    match (item, record) {
        (Some(a), Some(b)) if a == b => Relation::Agrees,
        (Some(a), Some(b)) if a.abs_diff(b) <= 1 => Relation::Compatible,
        (Some(_), Some(_)) => Relation::Differs,
        _ => Relation::Unknown,
    }
}

fn one_begins_with_the_other(a: &str, b: &str) -> bool {
    let shorter = a.chars().count().min(b.chars().count());
    shorter >= 2 && (a.starts_with(b) || b.starts_with(a))
}

/// Whether two names of models may well be one model's. What tells models apart is their numbers: a Glock 17 is no Glock 19, and
/// a CZ 75 no CZ 85. Names are spelt as they are heard (Глок, Маузер, Шмайсер), with the maker before them or without. Two
/// words of `words.toml` are two models, however alike they are.
fn models_compatible(a: &str, b: &str) -> bool {
    if one_begins_with_the_other(a, b) {
        return true;
    }
    if WORDS.is_model(a) && WORDS.is_model(b) {
        return false;
    }
    if numbers(a) != numbers(b) {
        return contains_whole(a, b) || contains_whole(b, a);
    }
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let (a, b) = (letters(a), letters(b));
    let longer = a.chars().count().max(b.chars().count());
    a.is_empty() || b.is_empty() || a.contains(&b) || b.contains(&a) || strsim::levenshtein(&a, &b) * ONE_IN <= longer
}

/// Whether two names may well be one maker's: one with the town or the firm's form beside it, or spelt as it is heard. Two words
/// of `words.toml` are two makers.
fn makes_compatible(a: &str, b: &str) -> bool {
    if WORDS.is_make(a) && WORDS.is_make(b) {
        return false;
    }
    let longer = a.chars().count().max(b.chars().count());
    one_begins_with_the_other(a, b)
        || contains_whole(a, b)
        || contains_whole(b, a)
        || strsim::levenshtein(a, b) * ONE_IN <= longer
}

/// One letter of so many may be spelt another way: Glock and Глок, Mauser and Маузер.
const ONE_IN: usize = 4;

/// The runs of digits in a text.
fn numbers(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect()
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

/// Letters and digits only, upper case, Cyrillic as it sounds.
fn by_sound(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars().flat_map(char::to_uppercase) {
        push_sound(c, &mut out);
    }
    one_spelling(out)
}

/// Romanizations differ: ТОЗ is TOZ for all, but МЦ is MTS and MC, ИЖ is IZH and IJ, САЙГА is SAIGA and SAYGA.
fn one_spelling(text: String) -> String {
    const SPELLINGS: [(&str, &str); 6] =
        [("SHCH", "SCH"), ("TS", "C"), ("KH", "H"), ("ZH", "J"), ("Y", "I"), ("W", "V")];
    SPELLINGS.iter().fold(text, |text, (from, to)| if text.contains(from) { text.replace(from, to) } else { text })
}

/// Letters and digits only, upper case, Cyrillic as it looks where it looks Latin, else as it sounds.
fn by_look(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars().flat_map(char::to_uppercase) {
        push_sound(keys::latin_look_alike(c).unwrap_or(c), &mut out);
    }
    one_spelling(out)
}

fn push_sound(c: char, out: &mut String) {
    let spelling = match c {
        'А' => "A",
        'Б' => "B",
        'В' => "V",
        'Г' | 'Ґ' => "G",
        'Д' => "D",
        'Е' | 'Є' | 'Ё' | 'Э' => "E",
        'Ж' => "ZH",
        'З' => "Z",
        'И' | 'І' | 'Ї' | 'Й' | 'Ы' => "I",
        'К' => "K",
        'Л' => "L",
        'М' => "M",
        'Н' => "N",
        'О' => "O",
        'П' => "P",
        'Р' => "R",
        'С' => "S",
        'Т' => "T",
        'У' => "U",
        'Ф' => "F",
        'Х' => "KH",
        'Ц' => "TS",
        'Ч' => "CH",
        'Ш' => "SH",
        'Щ' => "SHCH",
        'Ю' => "YU",
        'Я' => "YA",
        'Ь' | 'Ъ' => "",
        c if c.is_alphanumeric() => return out.push(c),
        _ => "",
    };
    out.push_str(spelling);
}

/// A calibre as `5.45`, `5.45x39` or a gauge; what is no calibre stays as it sounds.
fn calibre(raw: &str) -> String {
    let known = &WORDS.calibres;
    if let Some(word) = known.get(&calibre_key(raw)) {
        return word.clone();
    }
    let text = raw.to_lowercase().replace(',', ".").replace(['х', '×', '*', '/'], "x");
    let mut numbers =
        text.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|n| n.bytes().any(|b| b.is_ascii_digit()));
    let Some(bore) = numbers.next().and_then(tidy_number) else {
        return by_sound(raw);
    };
    let case = text.contains('x').then(|| numbers.next().and_then(tidy_number)).flatten();
    let short = match case {
        Some(case) => format!("{bore}x{case}"),
        None => bore,
    };
    known.get(&calibre_key(&short)).cloned().unwrap_or(short)
}

fn calibre_key(raw: &str) -> String {
    let mut out = String::new();
    for c in raw.trim().trim_start_matches('.').chars().flat_map(char::to_uppercase) {
        match c {
            ',' | '.' => out.push('.'),
            _ => push_sound(c, &mut out),
        }
    }
    out.trim_end_matches('.').trim_end_matches("MM").to_owned()
}

fn tidy_number(text: &str) -> Option<String> {
    let number: f32 = text.trim_matches('.').parse().ok()?;
    (number > 0.0 && number < 1000.0).then(|| format!("{}", (number * 100.0).round() / 100.0))
}

fn calibre_number(calibre: &str) -> Option<&str> {
    let bore = calibre.split('x').next()?;
    bore.parse::<f32>().is_ok().then_some(bore)
}

fn calibres_compatible(a: &str, b: &str) -> bool {
    let (Some(bore_a), Some(bore_b)) = (calibre_number(a), calibre_number(b)) else {
        // Words that are no calibre prove nothing.
        return true;
    };
    if bore_a == bore_b {
        // Contradict only when both name the case, and differently.
        return !(a.contains('x') && b.contains('x'));
    }
    let near = |x: &str, y: &str| match (x.parse::<f32>(), y.parse::<f32>()) {
        (Ok(x), Ok(y)) => (x - y).abs() < 0.05,
        _ => false,
    };
    near(bore_a, bore_b)
}

#[derive(Deserialize)]
struct KindEntry {
    code: String,
    families: Vec<String>,
    words: Vec<String>,
}

#[derive(Deserialize)]
struct WordsFile {
    kind: Vec<KindEntry>,
    models: HashMap<String, Vec<String>>,
    makes: HashMap<String, Vec<String>>,
    calibres: HashMap<String, Vec<String>>,
}

/// `words.toml`, turned round: from what people write to our word.
struct Words {
    kinds: HashMap<String, String>,
    families: HashMap<String, Vec<String>>,
    models: HashMap<String, String>,
    makes: HashMap<String, String>,
    calibres: HashMap<String, String>,
    /// Our own words for models.
    own_models: HashSet<String>,
    /// Our own words for makers.
    own_makes: HashSet<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    // The text is part of the program and a test reads it; a program whose table broke compares plain forms.
    let file = toml::from_str(include_str!("words.toml"));
    let file: WordsFile = file.unwrap_or(WordsFile {
        kind: Vec::new(),
        models: HashMap::new(),
        makes: HashMap::new(),
        calibres: HashMap::new(),
    });
    Words::turned_round(file)
});

impl Words {
    fn turned_round(file: WordsFile) -> Self {
        let mut kinds = HashMap::new();
        let mut families = HashMap::new();
        for entry in file.kind {
            kinds.extend(entry.words.iter().map(|word| (by_sound(word), entry.code.clone())));
            families.insert(entry.code, entry.families);
        }
        let by_both = |table: HashMap<String, Vec<String>>| {
            let pairs = table.into_iter().flat_map(|(word, others)| {
                let forms = others.iter().flat_map(|o| [by_sound(o), by_look(o)]).collect::<Vec<_>>();
                forms.into_iter().map(move |form| (form, word.clone()))
            });
            pairs.collect()
        };
        let calibres = file.calibres.into_iter().flat_map(|(word, others)| {
            others.into_iter().map(move |other| (calibre_key(&other), word.clone())).collect::<Vec<_>>()
        });
        let own_models = file.models.keys().cloned().collect();
        let own_makes = file.makes.keys().cloned().collect();
        let (models, makes) = (by_both(file.models), by_both(file.makes));
        Self { kinds, families, models, makes, calibres: calibres.collect(), own_models, own_makes }
    }

    /// Our word for a kind: of the whole phrase, else of its first word that is known, else the phrase by sound.
    fn kind_of(&self, raw: &str) -> String {
        let phrase = by_sound(raw);
        if let Some(code) = self.kinds.get(&phrase) {
            return code.clone();
        }
        let known = raw.split(|c: char| !c.is_alphanumeric()).find_map(|word| self.kinds.get(&by_sound(word)));
        known.cloned().unwrap_or(phrase)
    }

    /// Whether it is our own word for a model.
    fn is_model(&self, sound: &str) -> bool {
        self.own_models.contains(sound)
    }

    /// Whether it is our own word for a maker.
    fn is_make(&self, sound: &str) -> bool {
        self.own_makes.contains(sound)
    }

    fn kinds_share_family(&self, a: &str, b: &str) -> bool {
        match (self.families.get(a), self.families.get(b)) {
            (Some(a), Some(b)) => a.iter().any(|family| b.contains(family)),
            // A kind that the table does not know contradicts nothing.
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
