//! Descriptions, so that two people who saw the same gun describe it alike: ПМ, PM and Makarov; 5.45 and 5,45×39; пістолет
//! and pistol.
//!
//! A text has two forms: as its Cyrillic letters *sound* (СКС → SKS) and as they *look* (СКС → CKC). People type either, so
//! two texts agree when any form of one equals any form of the other. The words are in `words.toml`.

mod calibre;
mod names;
mod spelling;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use self::calibre::{calibre, calibre_key, calibre_number, calibres_compatible};
use self::names::{makes_compatible, models_compatible, without_sort};
use self::spelling::{by_look, by_sound};

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
    /// They may well mean the same (AK74 and AK74M, CZ 75 and 75B, 7.6 and 7.62, a year apart).
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
        Fact::Model => models_compatible(item, record),
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
    /// Our own words for models, each with the ways to spell it.
    own_models: HashMap<String, Vec<String>>,
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
        let spellings = |others: &[String]| {
            let both: BTreeSet<String> = others.iter().flat_map(|o| [by_sound(o), by_look(o)]).collect();
            both.into_iter().collect::<Vec<_>>()
        };
        let by_both = |table: HashMap<String, Vec<String>>| {
            let pairs = table
                .into_iter()
                .flat_map(|(word, others)| spellings(&others).into_iter().map(move |form| (form, word.clone())));
            pairs.collect()
        };
        let calibres = file.calibres.into_iter().flat_map(|(word, others)| {
            others.into_iter().map(move |other| (calibre_key(&other), word.clone())).collect::<Vec<_>>()
        });
        let own_makes = file.makes.keys().cloned().collect();
        let without_sorts = |others: &[String]| {
            let names: BTreeSet<String> = spellings(others)
                .iter()
                .map(|name| without_sort(name).to_owned())
                .filter(|name| !name.is_empty())
                .collect();
            names.into_iter().collect()
        };
        let own_models = file.models.iter().map(|(word, others)| (word.clone(), without_sorts(others))).collect();
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
        self.own_models.contains_key(sound)
    }

    /// The ways to spell our own word for a model, without sorts; none of any other.
    fn spellings_of(&self, sound: &str) -> &[String] {
        self.own_models.get(sound).map_or(&[], Vec::as_slice)
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
