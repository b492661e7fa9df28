//! Verdicts in English words, for people at a terminal. The window has its own words, in its own languages.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::cli::common::in_line;
use crate::desk::Found;
use crate::domain::{
    Ask, Asked, Candidate, Difference, EqualMark, Facts, Finding, Grade, Lowered, NotChecked, OfWanted, OnRecord,
    RegisterId, Rule, Trait, Verdict, asks_for_discretion, delivery_told,
};

/// Most candidates that are printed for people.
const PRINTED_MAX: usize = 20;

/// The whole verdict, over several lines, the action first.
pub fn verdict(verdict: &Verdict) -> String {
    let mut text = headline(verdict, crate::platform::clock::utc_now());
    for candidate in verdict.candidates.iter().take(PRINTED_MAX) {
        text.push('\n');
        text.push_str(&self::candidate(candidate));
    }
    if let further @ 1.. = verdict.candidates.len().saturating_sub(PRINTED_MAX) {
        let _ = write!(text, "\n  {further} further candidates, no likelier than these; --json lists them all");
    }
    if verdict.more > 0 {
        let _ = write!(text, "\n  {}", not_shown(verdict));
    }
    if !verdict.ask.is_empty() {
        let asks: Vec<_> = verdict.ask.iter().map(|a| ask(*a)).collect();
        let _ = write!(text, "\n  {}: {}", what_for(verdict), asks.join(", "));
    }
    for finding in &verdict.findings {
        let _ = write!(text, "\n  finding: {}", self::finding(*finding, &verdict.candidates));
    }
    if let Some(entry) = verdict.entry {
        let _ = write!(text, "\n  entry {entry}");
    }
    text
}

/// What further observations are for. A match stands without them; where the description differs, none of them settles it.
fn what_for(verdict: &Verdict) -> &'static str {
    match verdict.candidates.first() {
        Some(_) if verdict.grade == Grade::Hit => "to be surer",
        Some(first) if first.why.is_contradicted() => "would tell more",
        Some(_) => "would settle it",
        None => "a listed mark is one slip away, and two of these would tell whether it is meant",
    }
}

fn not_shown(verdict: &Verdict) -> String {
    let more = verdict.more;
    let records = match more {
        1 => "1 record with such a mark is".to_owned(),
        more => format!("{more} records with such marks are"),
    };
    match more {
        more if verdict.more_at_least => {
            format!("at least {more} more records are not shown: they agree less, or are too many to tell apart")
        }
        _ if verdict.candidates.is_empty() => {
            format!("{records} not shown, because the description differs; look again if you are not sure of it")
        }
        1 => "1 more record is not shown: it agrees less".into(),
        more => format!("{more} more records are not shown: they agree less, or are too many to tell apart"),
    }
}

/// The action in one line.
pub fn headline(verdict: &Verdict, now: DateTime<Utc>) -> String {
    match verdict.grade {
        Grade::Hit => format!("MATCH: {}", asked(verdict.asked())),
        Grade::Probable => match verdict.candidates.first().map(|first| places(&first.differs)) {
            Some(places) if !places.is_empty() => format!("LOOK AGAIN: {places}"),
            _ => format!("LOOK AGAIN: {}", to_do(verdict)),
        },
        Grade::Possible => possible(verdict, now),
        Grade::NoRecord => not_listed(verdict, now),
        Grade::NotChecked if !verdict.only_known.is_empty() => format!(
            "NOT CHECKED: no register of wanted items of this object here; asked only lists of deliveries: {}",
            names(&verdict.only_known)
        ),
        Grade::NotChecked => format!("NOT CHECKED: {}", reason(verdict.reason)),
    }
}

/// What the owners of the records that match want of whoever has the item in hand.
fn asked(asked: Asked) -> &'static str {
    match asked {
        Asked::ToHold => "hold the item, verify with the owner of the record",
        Asked::ToReport => {
            "note it and report it to the owner of the record, who asks for no more: do not hold the item on account of it"
        }
        Asked::Discretion => "a record asks for a discreet check: carry on as usual, report to its owner",
        Asked::Disputed => {
            "one record asks for a discreet check, another does not: ask both owners before anybody notices"
        }
    }
}

/// Something is listed that tells too little. Where that is no ground to act on, the head says what it is, unless it need not be
/// about this item.
fn possible(verdict: &Verdict, now: DateTime<Utc>) -> String {
    let told = verdict.foremost().map(|first| &first.fields);
    let known = |why| on_record(why, told);
    let mut text = match verdict.on_record() {
        None => return format!("TOO LITTLE: {}", to_do(verdict)),
        Some(OnRecord::ThisAlone(why)) => format!("{}: {}", head(why), known(why)),
        Some(OnRecord::ThisAmongOthers(why)) => {
            format!("TOO LITTLE: {}, but another record may be meant: {}", known(why), to_do(verdict))
        }
        Some(OnRecord::OnlyLikeIt(why)) => {
            format!("TOO LITTLE: {}; the nearest that is listed is {}", to_do(verdict), only_like_it(why))
        }
    };
    match verdict.of_wanted_items() {
        Some(OfWanted::NotAsked) => text.push_str("; no register of wanted items was asked"),
        Some(OfWanted::NotListed) => {
            let _ = write!(text, "; not listed as wanted in {}", wanted_registers(verdict, now));
        }
        None => {}
    }
    text
}

/// What one more observation would be: where to look again, and what to add.
fn to_do(verdict: &Verdict) -> String {
    let differing = verdict.to_compare();
    let compare = (!differing.is_empty()).then(|| format!("compare {} with the record", codes(differing)));
    let add: Vec<_> = verdict.ask.iter().filter(|a| **a != Ask::Characters).take(2).map(|a| ask(*a)).collect();
    // What is told already and differs comes before anything that could be told besides.
    let add = compare.or_else(|| (!add.is_empty()).then(|| format!("add {}", add.join(" or "))));
    let is_worth_it =
        |first: &&Candidate| verdict.ask.first() == Some(&Ask::Characters) || !first.why.lowered.is_empty();
    let again = verdict.foremost().filter(is_worth_it).map(|first| places(&first.differs));
    let again = again.filter(|places| !places.is_empty()).map(|places| format!("look again at {places}"));
    let both: Vec<String> = again.into_iter().chain(add).collect();
    if both.is_empty() { "compare every mark with the record".into() } else { both.join(", or ") }
}

/// The head of an answer that rests on records which are no ground to act on.
fn head(why: Lowered) -> &'static str {
    match why {
        Lowered::Delivered => "DELIVERED",
        Lowered::Expected => "EXPECTED",
        Lowered::Expired => "RECORD EXPIRED",
    }
}

/// What is known of the item by such a record.
fn on_record(why: Lowered, told: Option<&Facts>) -> String {
    let to = told.and_then(|told| told.get("delivered_to")).map(|to| in_line(to));
    match (why, to) {
        (Lowered::Delivered, Some(to)) => format!("listed as delivered to {to}"),
        (Lowered::Delivered, None) => "listed as delivered".into(),
        (Lowered::Expected, Some(to)) => format!("listed as expected by {to}"),
        (Lowered::Expected, None) => "listed as expected".into(),
        (Lowered::Expired, _) => "the record has expired and is no ground to act on by itself".into(),
    }
}

/// Such a record of a mark that is not quite this one.
fn only_like_it(why: Lowered) -> &'static str {
    match why {
        Lowered::Delivered => "a delivered item",
        Lowered::Expected => "an expected item",
        Lowered::Expired => "a record that has expired",
    }
}

/// What the item shows, and whom it is about where the record says.
fn finding(finding: Finding, candidates: &[Candidate]) -> String {
    let delivery = delivery_told(candidates);
    let told = |field| delivery.and_then(|delivery| delivery.fields.get(field));
    match (finding, told("delivered_to")) {
        (Finding::PartsDiffer, _) => {
            "its numbers do not belong together: two lead to different records, or one is another than the record has"
                .into()
        }
        (Finding::DeliveredElsewhere, Some(to)) => match told("delivered_place") {
            Some(place) => {
                format!("listed as delivered to {} at {}, seen outside its place", in_line(to), in_line(place))
            }
            None => {
                format!("listed as delivered to {}, the place is not told: is this item still theirs?", in_line(to))
            }
        },
        (Finding::DeliveredElsewhere, None) => "listed as delivered elsewhere".into(),
        (Finding::CheckDigitWrong, _) => "a mark's check digit does not fit it".into(),
        (Finding::RecordExpired, _) => "a record has expired".into(),
        (other, _) => other.code().replace('_', " "),
    }
}

/// A register so much older than the newest is named by its age, too.
const OLDER_BY_DAYS: i64 = 2;

/// Where it was looked for; never a bare "clear". Lists of deliveries are named apart.
fn not_listed(verdict: &Verdict, now: DateTime<Utc>) -> String {
    let mut text = format!("NOT LISTED in {}", wanted_registers(verdict, now));
    if !verdict.only_known.is_empty() {
        let _ = write!(text, "; nor among deliveries in {}", names(&verdict.only_known));
    }
    text
}

/// How many registers of wanted items were asked, how old the newest is, and the oldest where it is far older.
fn wanted_registers(verdict: &Verdict, now: DateTime<Utc>) -> String {
    let (oldest, newest) = (verdict.of_wanted().map(|r| r.as_of).min(), verdict.of_wanted().map(|r| r.as_of).max());
    let age = match (oldest, newest) {
        (Some(oldest), Some(newest)) if (newest - oldest).num_days() >= OLDER_BY_DAYS => {
            format!("newest {} old, oldest {}", age(now, newest), age(now, oldest))
        }
        (_, Some(newest)) => format!("newest {} old", age(now, newest)),
        (_, None) => "of unknown age".into(),
    };
    let count = verdict.of_wanted().count();
    format!("{count} register{}, {age}", if count == 1 { "" } else { "s" })
}

fn names(registers: &[RegisterId]) -> String {
    registers.iter().map(|r| r.0.as_str()).collect::<Vec<_>>().join(", ")
}

/// An age in its largest fitting unit.
pub fn age(now: DateTime<Utc>, then: DateTime<Utc>) -> String {
    let minutes = (now - then).num_minutes().max(0);
    match minutes {
        0..60 => format!("{minutes} min"),
        60..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

fn reason(reason: Option<NotChecked>) -> &'static str {
    match reason {
        Some(NotChecked::NoRegisterForObject) => "no register of such items on this device; sync, or ask the centre",
        Some(NotChecked::UnusableMark) => "this mark cannot be compared by itself; find another mark of the item",
        Some(NotChecked::IndexLoading) => "the registers are still loading, try again",
        Some(NotChecked::RegistersUnreadable) | None => "the registers cannot be read; sync, or call the operator",
    }
}

fn ask(ask: Ask) -> &'static str {
    match ask {
        Ask::Characters => "the characters that differ",
        Ask::Year => "year",
        Ask::Make => "make",
        Ask::Model => "model",
        Ask::Calibre => "calibre",
        Ask::Kind => "kind",
        Ask::SecondMark => "a second mark",
        Ask::Object => "sort of object",
        Ask::Issuer => "issuer",
    }
}

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "the marks are equal",
        Rule::LookAlike => "the marks are equal but for look-alike characters",
        Rule::Core => "the marks are equal but for letters between the digits",
        Rule::BySound => "the marks sound alike",
        Rule::Number => "the marks have the same number, with other letters or zeros before it, or none",
        Rule::OneEdit => "the marks differ in one character",
        Rule::TwoEdits => "the marks differ in two places",
        Rule::LostEnd => "the marks are equal, but one end is missing from one of them",
        Rule::Range => "the mark lies within a listed lot",
    }
}

fn lowered(why: Lowered) -> &'static str {
    match why {
        Lowered::Delivered => "no more than possible, because this record only says that it was delivered",
        Lowered::Expected => "no more than possible, because this record only says that it is expected",
        Lowered::Expired => "no more than possible, because the record has expired",
    }
}

/// `characters 3 and 5 (0 or O?, 5 or S?)`: where to look, and for what.
fn places(differs: &[Difference]) -> String {
    let mut at: Vec<(u16, String, String)> = Vec::new();
    for d in differs {
        match at.last_mut() {
            // Several characters that are missing in one place.
            Some((place, read, record)) if *place == d.at => {
                read.push_str(&d.read);
                record.push_str(&d.record);
            }
            _ => at.push((d.at, d.read.clone(), d.record.clone())),
        }
    }
    let Some(((last, ..), before)) = at.split_last() else { return String::new() };
    let nothing = |text: &str| if text.is_empty() { "nothing".to_owned() } else { in_line(text) };
    let pairs: Vec<String> =
        at.iter().map(|(_, read, record)| format!("{} or {}?", nothing(read), nothing(record))).collect();
    let before: Vec<String> = before.iter().map(|(place, ..)| place.to_string()).collect();
    match &before[..] {
        [] => format!("character {last} ({})", pairs.join(", ")),
        before => format!("characters {} and {last} ({})", before.join(", "), pairs.join(", ")),
    }
}

fn candidate(candidate: &Candidate) -> String {
    let mut text = format!("  {}: {} in {}", candidate.grade.code(), in_line(&candidate.record), candidate.register);
    let is_ground = candidate.why.lowered.is_empty();
    let is_expired = candidate.why.lowered.contains(&Lowered::Expired);
    warn(&mut text, &Beware::of(&candidate.fields, is_expired, is_ground), "\n    ");
    let mut facts: Vec<_> = candidate.fields.iter().filter(|(name, _)| *name != "caution").collect();
    // Nobody is to act on a record that is no ground to act on, so what its owner once asked for is not the first word of it.
    facts.sort_by_key(|(name, _)| !candidate.why.lowered.is_empty() && *name == "action");
    let facts: Vec<_> = facts.into_iter().map(|(name, value)| format!("{name} {}", in_line(value))).collect();
    if !facts.is_empty() {
        let _ = write!(text, "\n    {}", facts.join(" · "));
    }
    let _ = write!(text, "\n    because {}", reasons(candidate).join("; "));
    text
}

/// What an officer must know of a record before anything is done.
#[derive(Default)]
pub struct Beware<'a> {
    /// The owner's warning to the finder.
    pub caution: Option<&'a str>,
    /// The owner asks that nobody notices.
    pub is_discreet: bool,
    /// `Some` when it has expired, with the last day of its life where that is told.
    pub expired: Option<&'a str>,
}

impl<'a> Beware<'a> {
    /// What its owner asks for counts only while the record is a ground to act on.
    pub fn of(facts: &'a Facts, is_expired: bool, is_ground: bool) -> Self {
        Self {
            caution: facts.get("caution").map(String::as_str),
            is_discreet: is_ground && asks_for_discretion(facts),
            expired: is_expired.then(|| facts.get("expires_on").map_or("", String::as_str)),
        }
    }
}

/// Says it, each after `before`.
pub fn warn(text: &mut String, beware: &Beware<'_>, before: &str) {
    if let Some(caution) = beware.caution {
        let _ = write!(text, "{before}CAUTION: {}", in_line(caution));
    }
    if beware.is_discreet {
        let _ = write!(text, "{before}DISCREET: its owner asks for a discreet check: let nobody notice, ask the owner");
    }
    if let Some(day) = beware.expired {
        let day = if day.is_empty() { String::new() } else { format!(" on {}", in_line(day)) };
        let _ = write!(text, "{before}EXPIRED{day}: no ground to act on by itself");
    }
}

/// By which rule two marks agree, and where they differ.
pub fn agreement(by: Rule, differs: &[Difference]) -> String {
    let rule = if by.is_swap(differs) {
        "two neighbouring characters of the marks stand the other way round"
    } else {
        rule(by)
    };
    match places(differs) {
        places if by == Rule::Range && !places.is_empty() => {
            format!("{rule} but for look-alike characters, {places}")
        }
        places if places.is_empty() => rule.to_owned(),
        places => format!("{rule}, {places}"),
    }
}

/// Why a candidate has its grade: the rule, what agrees, what contradicts, how many share the mark.
fn reasons(candidate: &Candidate) -> Vec<String> {
    let why = &candidate.why;
    let mut reasons = vec![agreement(candidate.rule, &candidate.differs)];
    if let Some(lot) = &why.lot {
        reasons.push(format!("the lot runs from {} to {}, {} serials", lot.from, lot.to, lot.items));
    }
    if why.second_mark {
        reasons.push("another mark of the item agrees, too".to_owned());
    }
    if !why.agrees.is_empty() {
        reasons.push(format!("{} the same", codes(&why.agrees)));
    }
    if !why.contradicts.is_empty() {
        reasons.push(format!("but the description differs: {}", codes(&why.contradicts)));
    }
    if why.shared_by > 1 {
        let whose = if candidate.rule == Rule::Exact { "the same mark" } else { "the mark of this record" };
        reasons.push(format!("{} records have {whose}", why.shared_by));
    } else if why.crowded && candidate.grade < Grade::Hit {
        reasons.push("marks like it are so many that one says little by itself".to_owned());
    }
    match candidate.equal_mark() {
        Some(EqualMark::HardlyChance) => {
            reasons.push("marks like it are so few that an equal one is hardly chance".to_owned());
        }
        Some(EqualMark::NumberAlone) => reasons.push("but a number alone says little by itself".to_owned()),
        None => {}
    }
    reasons.extend(why.lowered.iter().map(|why| lowered(*why).to_owned()));
    reasons
}

fn codes(traits: &[Trait]) -> String {
    traits.iter().map(|t| t.code()).collect::<Vec<_>>().join(", ")
}

/// A record that a look-up found, without the words of a verdict: what to beware of first.
pub fn record(found: &Found) -> String {
    let facts = found.fields.iter().filter(|(name, _)| *name != "caution");
    let facts: Vec<_> = facts.map(|(name, value)| format!("{name} {}", in_line(value))).collect();
    let mut text = format!("{} in {}", in_line(&found.record), found.register);
    warn(&mut text, &Beware::of(&found.fields, found.expired, !found.expired), "\n  ");
    let _ = write!(text, "\n  {}", facts.join(" · "));
    text
}

#[cfg(test)]
mod tests;
