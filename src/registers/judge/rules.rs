//! The table of grades, and every weight that goes into one.
//!
//! | the marks agree by | and | grade |
//! |---|---|---|
//! | exact key of a UII, of a VIN of 17 characters, of a document of the same issuer | | hit |
//! | exact key of a plate, document, container, engine | as K1; of what an issuer gives out once, few others are equal | as K1 |
//! | K1 | it has a letter, is specific, nothing contradicts | hit |
//! | K1 | it is a number alone, is specific, a fact or a second mark agrees, nothing contradicts | hit |
//! | K1 | it is so rare that chance is out of the question even against a contradiction | hit |
//! | K1 | it has a letter, is nearly specific, its shape is specific, two facts agree, nothing contradicts | hit |
//! | K1 | it has a letter, its shape is specific, two facts and any year that is told agree, nothing contradicts, chance falls below what these registers bear | hit |
//! | K1 | facts or a second mark agree, nothing contradicts, chance falls below the limit | hit |
//! | K1 | it is specific (a number alone, or something contradicts) | probable |
//! | K1 | facts agree, nothing contradicts, chance is small | probable |
//! | K1 | it stands on another part of the record than on the item, or a number alone is another maker's; it is not specific | probable at most |
//! | K1 | else | possible |
//! | K2 | it has a letter, year or second mark agrees, nothing contradicts, chance is small | hit |
//! | K2, K3, KT | it is specific, or facts agree and chance is small | probable |
//! | K2, K3, KT | else | possible |
//! | a lot: the mark lies in it | it has a letter, the lot is narrow, nothing contradicts | hit |
//! | a lot | facts or a second mark agree, nothing contradicts, chance falls below the limit | hit |
//! | a lot | nothing contradicts (a number alone: and the lot is narrow, or facts agree and it is no large part of its kind) | probable |
//! | a lot, by a look-alike or by sound | nothing contradicts | probable |
//! | a lot | else | possible |
//! | K4, one edit, a lost end, two edits | two of make, model, calibre, kind, year agree, nothing contradicts | possible |
//!
//! *Chance* is the number of other records that one check of this kind would meet by accident: the density of the key,
//! times the share of the records around it with the facts that agree, times [`CONTRADICTION`] for each fact that
//! contradicts. It is a likelihood ratio upside down: the record is 1/chance times likelier to be the item than to lie
//! there by accident. A key is *specific* when chance by the key alone is below [`SPECIFIC`]. A different make contradicts
//! nothing, but makes no match of a short number alone.
//!
//! A *lot* names every serial from its first to its last, so a mark within it is as good as a listed one as far as the shape
//! of the mark tells lots apart: letters and length must be the lot's own. What speaks against it is that a lot covers many
//! marks at once. Its chance is the share that it takes of the marks like it: its serials over the numbers of that length,
//! each letter counted as [`LETTER_KEYS`], or, where that is more, the share of the register's own marks that would fall into
//! it. A thousand of AB123000–AB123999 are one in 100,000 of their kind; AB1000–AB1999 are one in 1,000, and a stranger's gun
//! falls in as easily as on a crowded key. No serial between the ends was seen by whoever wrote the lot down, so a lot
//! needs a tenth of the chance of a listed mark to be a hit alone.
//!
//! The limits were tuned with `./dev bench verdicts` on its training manners and tried on the held-out ones; what they give
//! stands in `docs/FIGURES.md`, why they are as they are in `docs/adr/0010-verdict-weights.md`.

use crate::domain::{Grade, Rule};

/// A key is specific when fewer than one such key in a thousand is taken by accident. With one wanted item among 15,000
/// even this is no proof, so a hit by the key alone still asks for what would bear it out.
pub(super) const SPECIFIC: f64 = 1e-3;
/// Largest chance at which a mark with facts that agree is a hit: with one wanted item among 15,000 it is then as likely as
/// not the wanted one at worst, and nearly surely on average.
pub(super) const CHANCE_HIT: f64 = 6e-5;
/// Limits in place of it for marks that are specific by their shape, where two facts agree, and the year if the record tells
/// it; see `limit.rs`. The loosest is what a specific key may have alone.
pub(super) const LOOSER_LIMITS: [f64; 6] = [1e-4, 1.5e-4, 3e-4, 5e-4, 7e-4, SPECIFIC];
/// No looser limit is sought where so many of these marks are red by a sample: 99 of 100 shall be, and where all were counted, the sample
/// promised up to one of 100 more than that.
pub(super) const RED_ENOUGH: f64 = 0.999;
/// Registers bear a limit at which so many of all reds would be true by a sample: half shall be, and where all strangers of invented
/// registers were counted, the sample promised between two of 100 more than came true and seven fewer.
pub(super) const TRUE_ENOUGH: f64 = 0.53;
/// And no limit at which more than so many of the items that nobody looks for would be red by a mark that is not specific in its series. One
/// in 100,000 may be, and where all strangers of invented registers were counted, the sample promised up to an eighth less.
pub(super) const WRONG_MAX: f64 = 0.88e-5;
/// One item in so many is wanted.
pub(super) const ONE_WANTED_IN: f64 = 15_000.0;
/// The density up to which a key counts as specific when its shape is, two facts agree and nothing contradicts: counts of a series are no
/// finer than that, and the record often tells no year.
const NEARLY_SPECIFIC: f64 = 1.4e-3;
/// The same for a number without letters, which many more weapons share than the density of its length tells: numbers run
/// from 1, and short ones are cut, skipped and counted anew.
const CHANCE_HIT_NUMBER: f64 = 1e-5;
/// Largest chance at which a hit needs nothing more: one false hit in a million checks.
const CHANCE_SETTLED: f64 = 1e-6;
/// Largest chance at which not even a contradiction keeps a mark with letters from being a hit.
const CHANCE_OVERWHELMING: f64 = 1e-5;
/// Largest chance of a *probable* on a key that is not specific: some 20 in 100,000 checks, since few keys come near it.
const CHANCE_PROBABLE: f64 = 5e-4;
/// A record that describes another item contradicts by so much: one fact in twenty is recorded wrongly.
pub(super) const CONTRADICTION: f64 = 20.0;
/// No fact is rarer than this for the purpose of weighing: registers are small, and years and models go together.
pub(super) const SHARE_MIN: f64 = 0.02;
/// A lot is narrow when at most one mark of its kind in ten thousand falls into it.
const LOT_NARROW: f64 = 1e-4;
/// A lot of bare numbers that takes more than this of the numbers of its length is no news.
const LOT_OF_NUMBERS: f64 = 0.02;
/// Plates, documents and containers are given out once by each issuer, so an equal one is another issuer's: so few are.
pub(super) const ISSUED_ONCE: f64 = 0.05;
/// A letter tells as many lots apart: makers use few letters, and some far more than others.
const LETTER_KEYS: f64 = 10.0;
/// More letters tell no more.
const LOT_LETTERS_MAX: i32 = 4;
/// Of the ends that are lost, those with one more character lost are fewer by this.
pub(super) const LOST_FURTHER: f64 = 0.3;
/// Keys that meet one key by look-alikes, core or sound beside itself, on average.
const LOOSE_SPREAD: f64 = 4.0;
/// K4 and edits count only when so many of make, model, calibre, kind and year agree; with fewer nobody need look. (A year
/// tells more records apart than a kind does.)
pub(super) const FACTS_FOR_WEAK_RULES: u8 = 2;
/// The marks of one sort that one slip can make of a mark, for each of its characters.
pub(super) const SLIPS_A_CHARACTER: f64 = 20.0;
/// Marks that fewer strangers than this come near to by accident are asked about, when too little is told of the item.
pub(super) const NEAR_BY_ACCIDENT: f64 = 0.05;
/// A fact that neither the item nor the record tells: what one could not read the other often could not either.
pub(super) const BOTH_SILENT: f64 = 3.0;

/// A key that so many records bear on average: one that the description contradicts is not worth a line.
pub(super) const BORNE_BY_MANY: f64 = 1.0;
/// An equal mark, or one that looks equal, that fewer strangers bear by accident is worth a line though one fact contradicts and none agrees: facts
/// are read and written wrongly more often than that.
const RARELY_MET: f64 = 0.05;
/// An empty stretch of its numbers makes no bare number rarer than this that its length does not: numbers run from 1, and noughts are put
/// before them.
pub(super) const NUMBER_NOT_SPECIFIC: f64 = 2.0 * SPECIFIC;
/// Where chance by the whole register is above this, the records around a key cannot make it small.
pub(super) const WORTH_LOOKING_AROUND: f64 = 0.05;
/// A second mark of unknown shape agrees by accident so often.
pub(super) const SECOND_MARK_SHARE: f64 = 1e-3;

/// How often a mark comes to be read in this way, of all readings; for the order of candidates, not for their grade.
pub(super) fn reading(rule: Rule) -> f64 {
    match rule {
        Rule::Exact => 0.9,
        Rule::LookAlike => 0.03,
        Rule::BySound => 0.02,
        Rule::OneEdit => 0.03,
        Rule::Core => 3e-3,
        Rule::Range => 0.5,
        // Fewer than single slips, and over as many marks as an end has: listed after them.
        Rule::LostEnd => 1e-4,
        Rule::TwoEdits => 1e-6,
        // One of some hundred series on the same number, without the series or with another.
        Rule::Number => 1e-5,
    }
}

/// How often a mark of a lot is read without its letters or with others: a lot stands for as many marks as it holds, so it
/// comes before the records that share a number alone.
pub(super) const LOT_BY_NUMBER: f64 = 1e-4;

/// How often a mark is read with two or more of the noughts before its number left out, or put before it: as often as one digit of six is
/// lost, and for a few marks only.
pub(super) const LOST_NOUGHTS: f64 = 1e-3;

/// The share of single errors that are of this sort, spread over the marks which such an error can make of one mark.
/// People skip a character, or swap two, as easily as they write a wrong one, but there are fewer ways to do so.
pub(super) fn slip(read: &str, record: &str) -> f64 {
    let (read_chars, record_chars) = (read.chars().count(), record.chars().count());
    let length = record_chars.max(1) as f64;
    if read_chars < record_chars {
        return 0.2 / length;
    }
    let mut differing = read.chars().zip(record.chars()).filter(|(a, b)| a != b);
    let (first, second) = (differing.next(), differing.next());
    // Of a digit, nine others; of a letter, some twenty-five.
    let others = |c: char| if c.is_ascii_digit() { 9.0 } else { 25.0 };
    let wrong = first.map_or('0', |(read, _)| read);
    if read_chars > record_chars {
        return 0.15 / (length + 1.0) / others(wrong);
    }
    match (first, second) {
        (Some(_), Some(_)) => 0.1 / length,
        _ => 0.55 / length / others(wrong),
    }
}

/// The share of marks like this one that a lot of so many serials takes; see the head of this file. `taken` is the share of
/// the register's own marks that would fall into it.
pub(super) fn lot_density(canonical: &str, items: u64, taken: f64) -> f64 {
    let (mut letters, mut digits) = (0, 0);
    canonical.chars().for_each(|c| if c.is_ascii_digit() { digits += 1 } else { letters += 1 });
    let keys = 10f64.powi(digits) * LETTER_KEYS.powi(letters.min(LOT_LETTERS_MAX));
    (items as f64 / keys).max(taken)
}

/// What speaks for and against one record being the item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    /// The strongest rule by which a mark agrees.
    pub rule: Rule,
    /// The mark's scheme sees to it that no two items bear the same.
    pub is_unique: bool,
    /// It meets the lot only by a look-alike or by sound.
    pub loosely: bool,
    /// The record's key has a letter.
    pub letters: bool,
    /// Expected accidental matches by the key alone, over all marks that agree.
    pub density: f64,
    /// How many of make, model, calibre, kind agree.
    pub agrees: u8,
    /// Whether the year agrees.
    pub year_agrees: bool,
    /// How many of model, calibre, kind, year contradict.
    pub against: u8,
    /// Another mark of the item agrees with the same record.
    pub second_mark: bool,
    /// Share of records in which the facts that agree agree by accident, times the contradictions.
    pub description: f64,
    /// The record tells a year and the item does not.
    pub year_untold: bool,
    /// Where the key is specific by its shape: the largest chance that a hit may have when all agrees.
    pub limit_of_shape: Option<f64>,
}

/// What one more observation would tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    /// Kind, model or calibre.
    Fact,
    Make,
    Year,
    SecondMark,
}

impl Evidence {
    fn spread(&self) -> f64 {
        if matches!(self.rule, Rule::Exact | Rule::Range) && !self.loosely { 1.0 } else { LOOSE_SPREAD }
    }

    /// Expected accidental matches with all that is known.
    pub fn chance(&self) -> f64 {
        self.density * self.spread() * self.description
    }

    /// Whether the key alone says nearly all.
    pub fn is_specific(&self) -> bool {
        self.is_unique || self.density * self.spread() <= SPECIFIC
    }

    /// Whether no further observation is needed once this is a hit.
    pub fn is_settled(&self) -> bool {
        self.is_unique || (self.against == 0 && self.chance() <= CHANCE_SETTLED)
    }

    /// How far one more observation moves the grade, if records agree with it by accident as often as `share` says: 3 when
    /// agreement makes a hit of it, 2 when it raises it, 1 when only a contradiction would lower it, 0 when neither.
    pub fn moved_by(&self, now: Grade, more: More, share: f64) -> f64 {
        let mut agreed = Self { description: self.description * share.max(SHARE_MIN), ..*self };
        match more {
            More::Fact | More::Make => agreed.agrees += 1,
            More::Year => (agreed.year_agrees, agreed.year_untold) = (true, false),
            More::SecondMark => agreed = Self { second_mark: true, density: self.density * share, ..*self },
        }
        let denied = Self { against: self.against + 1, description: self.description * CONTRADICTION, ..*self };
        let (up, down) = (grade(&agreed), grade(&denied));
        match up {
            Some(Grade::Hit) if now < Grade::Hit => 3.0,
            up if up > Some(now) => 2.0,
            // Another mark that the record lacks contradicts nothing, and another maker does not either.
            _ if !matches!(more, More::SecondMark | More::Make)
                && (down < Some(now) || denied.is_out_of_question()) =>
            {
                1.0
            }
            _ => 0.0,
        }
    }

    /// The same for reading the mark again and finding it equal.
    pub fn moved_by_reading_again(&self, now: Grade) -> f64 {
        match grade(&Self { rule: Rule::Exact, ..*self }) {
            Some(Grade::Hit) if now < Grade::Hit => 3.5,
            up if up > Some(now) => 2.5,
            _ => 0.5,
        }
    }

    fn is_borne_out(&self) -> bool {
        (self.agrees > 0 || self.year_agrees || self.second_mark) && self.against == 0
    }

    /// Whether the key says too little to list a record that the description contradicts: any contradiction on a key that
    /// several records bear, as much against as for on any other crowded one, but one fact against an equal mark that is rarely met. An equal mark with a letter in it is always
    /// listed, for a different model on the record rules nothing out when the serial is equal.
    pub fn is_out_of_question(&self) -> bool {
        if matches!(self.rule, Rule::Exact | Rule::Range) && self.letters {
            return false;
        }
        let borne_by_many = self.density >= BORNE_BY_MANY && self.against > 0;
        !self.is_specific() && (borne_by_many || (self.is_outweighed() && !self.is_rarely_met_but_for_a_fact()))
    }

    /// Whether few strangers bear such a mark, and one fact alone contradicts.
    fn is_rarely_met_but_for_a_fact(&self) -> bool {
        let is_equal = matches!(self.rule, Rule::Exact | Rule::LookAlike);
        is_equal && self.against == 1 && self.density * self.spread() <= RARELY_MET
    }

    /// Whether a record that is out of question bears an equal mark all the same, and the description agrees in more than it
    /// contradicts: one fact may have been read or written wrongly.
    pub fn is_equal_but_for_a_fact(&self) -> bool {
        self.rule == Rule::Exact && self.against > 0 && !self.is_outweighed()
    }

    /// Whether the description speaks more against the record than for it.
    fn is_outweighed(&self) -> bool {
        self.against > 0 && self.agrees + u8::from(self.year_agrees) <= self.against
    }
}

/// The grade, or `None` when the record is no candidate at all.
pub(super) fn grade(e: &Evidence) -> Option<Grade> {
    match e.rule {
        Rule::Exact => Some(grade_exact(e)),
        Rule::LookAlike | Rule::Core | Rule::BySound => Some(grade_loose(e)),
        Rule::Range => Some(grade_lot(e)),
        Rule::Number | Rule::OneEdit | Rule::LostEnd | Rule::TwoEdits => {
            (e.agrees + u8::from(e.year_agrees) >= FACTS_FOR_WEAK_RULES && e.against == 0).then_some(Grade::Possible)
        }
    }
}

fn grade_exact(e: &Evidence) -> Grade {
    let chance = e.chance();
    let alone = e.letters && e.is_specific() && e.against == 0;
    let overwhelming = e.letters && chance <= CHANCE_OVERWHELMING;
    let by_shape = e.limit_of_shape.filter(|_| e.letters && e.agrees >= 2 && e.against == 0);
    let nearly = by_shape.is_some() && e.density <= NEARLY_SPECIFIC;
    let whole = by_shape.is_some_and(|limit| !e.year_untold && chance <= limit);
    let limit = if e.letters { CHANCE_HIT } else { CHANCE_HIT_NUMBER };
    let borne_out = e.is_borne_out() && chance <= limit;
    let number = e.is_specific() && e.is_borne_out();
    if number || e.is_unique || alone || nearly || whole || overwhelming || borne_out {
        Grade::Hit
    } else if e.is_specific() || (e.is_borne_out() && chance <= CHANCE_PROBABLE) {
        Grade::Probable
    } else {
        Grade::Possible
    }
}

fn grade_loose(e: &Evidence) -> Grade {
    // Another letter between the digits is a sibling's as often as a slip.
    let settled = e.rule == Rule::LookAlike
        && e.letters
        && (e.year_agrees || e.second_mark)
        && e.against == 0
        && e.chance() <= CHANCE_HIT;
    if settled {
        Grade::Hit
    } else if (e.is_specific() && !e.is_outweighed()) || (e.is_borne_out() && e.chance() <= CHANCE_PROBABLE) {
        Grade::Probable
    } else {
        Grade::Possible
    }
}

fn grade_lot(e: &Evidence) -> Grade {
    let chance = e.chance();
    let alone = e.letters && e.density <= LOT_NARROW;
    let limit = if e.letters { CHANCE_HIT } else { CHANCE_HIT_NUMBER };
    if e.against == 0 && !e.loosely && (alone || (e.is_borne_out() && chance <= limit)) {
        Grade::Hit
    } else if e.against == 0 && (e.letters || e.density <= LOT_NARROW || (e.is_borne_out() && chance <= LOT_OF_NUMBERS))
    {
        Grade::Probable
    } else {
        Grade::Possible
    }
}

#[cfg(test)]
mod tests;
