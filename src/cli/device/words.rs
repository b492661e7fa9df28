//! Verdicts in English words, for people at a terminal. The window has its own words, in its own languages.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::domain::{Ask, Candidate, Grade, NotChecked, RegisterAge, Rule, Verdict};

/// The whole verdict, over several lines, the action first.
pub fn verdict(verdict: &Verdict) -> String {
    let mut text = headline(verdict, Utc::now());
    for candidate in &verdict.candidates {
        text.push('\n');
        text.push_str(&self::candidate(candidate));
    }
    if verdict.more > 0 {
        let _ = write!(text, "\n  {} more records share too little with the item to be listed", verdict.more);
    }
    if !verdict.ask.is_empty() {
        let asks: Vec<_> = verdict.ask.iter().map(|a| ask(*a)).collect();
        let _ = write!(text, "\n  would settle it: {}", asks.join(", "));
    }
    for finding in &verdict.findings {
        let _ = write!(text, "\n  finding: {}", finding.code().replace('_', " "));
    }
    if let Some(entry) = verdict.entry {
        let _ = write!(text, "\n  entry {entry}");
    }
    text
}

/// The action in one line.
pub fn headline(verdict: &Verdict, now: DateTime<Utc>) -> String {
    match verdict.grade {
        Grade::Hit => "MATCH: hold, verify with the owner".into(),
        Grade::Probable => match verdict.candidates.first().map(characters) {
            Some(places) if !places.is_empty() => format!("LOOK AGAIN: {places}"),
            _ => "LOOK AGAIN: compare every mark with the record".into(),
        },
        Grade::Possible => {
            let asks: Vec<_> = verdict.ask.iter().take(2).map(|a| ask(*a)).collect();
            if asks.is_empty() {
                "TOO LITTLE: compare with the records".into()
            } else {
                format!("TOO LITTLE: add {}", asks.join(" or "))
            }
        }
        Grade::NoRecord => not_listed(&verdict.registers, now),
        Grade::NotChecked => format!("NOT CHECKED: {}", reason(verdict.reason)),
    }
}

/// How many registers were asked, and how old the newest is; never a bare "clear".
fn not_listed(registers: &[RegisterAge], now: DateTime<Utc>) -> String {
    let newest = registers.iter().map(|r| r.as_of).max();
    let age = newest.map_or_else(|| "of unknown age".into(), |t| format!("newest {} old", age(now, t)));
    let count = registers.len();
    format!("NOT LISTED in {count} register{}, {age}", if count == 1 { "" } else { "s" })
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
        Some(NotChecked::NoRegisterForObject) => "no register for this object here",
        Some(NotChecked::UnusableMark) => "this mark cannot be compared by itself",
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
    }
}

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "marks equal",
        Rule::LookAlike => "equal but for look-alike characters",
        Rule::Core => "equal but for letters within the digits",
        Rule::BySound => "equal by sound",
        Rule::Number => "number equal",
        Rule::OneEdit => "one character differs",
        Rule::TwoEdits => "two characters differ",
        Rule::Range => "within a stolen lot",
    }
}

/// `character 3 (0 read, O listed) and …`.
fn characters(candidate: &Candidate) -> String {
    let places: Vec<_> = candidate
        .differs
        .iter()
        .map(|d| match (d.read.as_str(), d.record.as_str()) {
            ("", listed) => format!("character {} ({listed} listed, none read)", d.at),
            (read, "") => format!("character {} ({read} read, none listed)", d.at),
            (read, listed) => format!("character {} ({read} read, {listed} listed)", d.at),
        })
        .collect();
    places.join(" and ")
}

fn candidate(candidate: &Candidate) -> String {
    let mut text = format!(
        "  {}: {} in {}, {}",
        candidate.grade.code(),
        candidate.record,
        candidate.register,
        rule(candidate.rule)
    );
    let facts: Vec<_> = candidate.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
    if !facts.is_empty() {
        let _ = write!(text, "\n    {}", facts.join(" · "));
    }
    let places = characters(candidate);
    if !places.is_empty() {
        let _ = write!(text, "\n    {places}");
    }
    text
}

/// A record that a look-up found, without the words of a verdict.
pub fn record(candidate: &Candidate) -> String {
    let facts: Vec<_> = candidate.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{} in {}: {}", candidate.record, candidate.register, facts.join(" · "))
}
