//! Verdicts in English words, for people at a terminal. The window has its own words, in its own languages.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::domain::{Ask, Candidate, Finding, Grade, Lowered, NotChecked, RegisterId, Rule, Trait, Verdict};

/// Most candidates that are printed for people.
const PRINTED_MAX: usize = 20;

/// The whole verdict, over several lines, the action first.
pub fn verdict(verdict: &Verdict) -> String {
    let mut text = headline(verdict, Utc::now());
    for candidate in verdict.candidates.iter().take(PRINTED_MAX) {
        text.push('\n');
        text.push_str(&self::candidate(candidate));
    }
    if let further @ 1.. = verdict.candidates.len().saturating_sub(PRINTED_MAX) {
        let _ = write!(text, "\n  {further} further candidates, no likelier than these; --json lists them all");
    }
    if verdict.more > 0 {
        let _ = write!(text, "\n  {}", unlisted(verdict.more));
    }
    if !verdict.ask.is_empty() {
        let asks: Vec<_> = verdict.ask.iter().map(|a| ask(*a)).collect();
        let _ = write!(text, "\n  would settle it: {}", asks.join(", "));
    }
    for finding in &verdict.findings {
        let _ = write!(text, "\n  finding: {}", self::finding(*finding, &verdict.candidates));
    }
    if let Some(entry) = verdict.entry {
        let _ = write!(text, "\n  entry {entry}");
    }
    text
}

fn unlisted(more: u32) -> String {
    match more {
        1 => "1 more record is not listed: it agrees less".into(),
        more => format!("{more} more records are not listed: they agree less, or are too many to tell apart"),
    }
}

/// The action in one line.
pub fn headline(verdict: &Verdict, now: DateTime<Utc>) -> String {
    match verdict.grade {
        Grade::Hit => "MATCH: hold, verify with the owner".into(),
        Grade::Probable => match verdict.candidates.first().map(places) {
            Some(places) if !places.is_empty() => format!("LOOK AGAIN: {places}"),
            _ => format!("LOOK AGAIN: {}", to_do(verdict)),
        },
        Grade::Possible => match verdict.candidates.first().and_then(|c| c.why.lowered.first().map(|why| (c, *why))) {
            Some((candidate, why)) => format!("TOO LITTLE: {}", lowered_to_this(candidate, why)),
            None => format!("TOO LITTLE: {}", to_do(verdict)),
        },
        Grade::NoRecord => not_listed(verdict, now),
        Grade::NotChecked if !verdict.only_known.is_empty() => format!(
            "NOT CHECKED: no register of wanted items of this object here; asked only lists of deliveries: {}",
            names(&verdict.only_known)
        ),
        Grade::NotChecked => format!("NOT CHECKED: {}", reason(verdict.reason)),
    }
}

/// What one more observation would be: where to look again, and what to add.
fn to_do(verdict: &Verdict) -> String {
    let add: Vec<_> = verdict.ask.iter().filter(|a| **a != Ask::Characters).take(2).map(|a| ask(*a)).collect();
    let add = (!add.is_empty()).then(|| format!("add {}", add.join(" or ")));
    let again = verdict.candidates.first().filter(|_| verdict.ask.first() == Some(&Ask::Characters)).map(places);
    let again = again.filter(|places| !places.is_empty()).map(|places| format!("look again at {places}"));
    let both: Vec<String> = again.into_iter().chain(add).collect();
    if both.is_empty() { "compare every mark with the record".into() } else { both.join(", or ") }
}

/// Why a record that may be the item is no ground to act on.
fn lowered_to_this(candidate: &Candidate, why: Lowered) -> String {
    let to = candidate.fields.get("delivered_to").map(|to| format!(" to {to}")).unwrap_or_default();
    match why {
        Lowered::Delivered => format!("listed as delivered{to}, and nobody looks for it"),
        Lowered::Expected => format!("listed as expected{}, and nobody looks for it", to.replacen(" to ", " by ", 1)),
        Lowered::Expired => "the record has expired and is no ground to act on by itself".into(),
    }
}

/// What the item shows, and whom it is about where the record says.
fn finding(finding: Finding, candidates: &[Candidate]) -> String {
    let to = candidates.iter().find_map(|c| c.fields.get("delivered_to"));
    match (finding, to) {
        (Finding::PartsDiffer, _) => "its marks point to different records".into(),
        (Finding::DeliveredElsewhere, Some(to)) => format!("listed as delivered to {to}, seen outside its place"),
        (Finding::DeliveredElsewhere, None) => "listed as delivered elsewhere".into(),
        (Finding::CheckDigitWrong, _) => "a mark's check digit does not fit it".into(),
        (Finding::RecordExpired, _) => "a record has expired".into(),
        (other, _) => other.code().replace('_', " "),
    }
}

/// How many registers were asked, and how old the newest is; never a bare "clear". Lists of deliveries are named apart.
fn not_listed(verdict: &Verdict, now: DateTime<Utc>) -> String {
    let newest = verdict.of_wanted().map(|r| r.as_of).max();
    let age = newest.map_or_else(|| "of unknown age".into(), |t| format!("newest {} old", age(now, t)));
    let count = verdict.of_wanted().count();
    let mut text = format!("NOT LISTED in {count} register{}, {age}", if count == 1 { "" } else { "s" });
    if !verdict.only_known.is_empty() {
        let _ = write!(text, "; nor among deliveries in {}", names(&verdict.only_known));
    }
    text
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
        Rule::Exact => "the marks are equal",
        Rule::LookAlike => "the marks are equal but for look-alike characters",
        Rule::Core => "the marks are equal but for letters within the digits",
        Rule::BySound => "the marks sound alike",
        Rule::Number => "the marks have the same number, with other letters or none",
        Rule::OneEdit => "the marks differ in one character",
        Rule::TwoEdits => "the marks differ in two places",
        Rule::LostEnd => "the marks are equal but for an end that one of them lacks",
        Rule::Range => "the mark lies within a listed lot",
    }
}

fn lowered(why: Lowered) -> &'static str {
    match why {
        Lowered::Delivered => "no more than possible, because it was delivered and nobody looks for it",
        Lowered::Expected => "no more than possible, because it is expected and nobody looks for it",
        Lowered::Expired => "no more than possible, because the record has expired",
    }
}

/// `characters 3 and 5 (0 or O?, 5 or S?)`: where to look, and for what.
fn places(candidate: &Candidate) -> String {
    let at: Vec<String> = candidate.differs.iter().map(|d| d.at.to_string()).collect();
    let (last, before) = match at.split_last() {
        Some(split) => split,
        None => return String::new(),
    };
    let nothing = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    let pairs: Vec<String> =
        candidate.differs.iter().map(|d| format!("{} or {}?", nothing(&d.read), nothing(&d.record))).collect();
    match before {
        [] => format!("character {last} ({})", pairs.join(", ")),
        before => format!("characters {} and {last} ({})", before.join(", "), pairs.join(", ")),
    }
}

fn candidate(candidate: &Candidate) -> String {
    let mut text = format!("  {}: {} in {}", candidate.grade.code(), candidate.record, candidate.register);
    let facts: Vec<_> = candidate.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
    if !facts.is_empty() {
        let _ = write!(text, "\n    {}", facts.join(" · "));
    }
    let _ = write!(text, "\n    because {}", reasons(candidate).join("; "));
    text
}

/// Why a candidate has its grade: the rule, what agrees, what contradicts, how many share the mark.
fn reasons(candidate: &Candidate) -> Vec<String> {
    let why = &candidate.why;
    let named = |traits: &[Trait]| traits.iter().map(|t| t.code()).collect::<Vec<_>>().join(", ");
    let swapped = candidate.rule == Rule::OneEdit && candidate.differs.len() == 2;
    let rule = if swapped {
        "two neighbouring characters of the marks stand the other way round"
    } else {
        rule(candidate.rule)
    };
    let mut reasons = vec![match places(candidate) {
        places if places.is_empty() => rule.to_owned(),
        places => format!("{rule}, {places}"),
    }];
    if let Some(lot) = &why.lot {
        reasons.push(format!("the lot runs from {} to {}, {} serials", lot.from, lot.to, lot.items));
    }
    if why.second_mark {
        reasons.push("another mark of the item agrees, too".to_owned());
    }
    if !why.agrees.is_empty() {
        reasons.push(format!("{} the same", named(&why.agrees)));
    }
    if !why.contradicts.is_empty() {
        reasons.push(format!("but {} different", named(&why.contradicts)));
    }
    if why.shared_by > 1 {
        reasons.push(format!("{} records bear this record's mark", why.shared_by));
    } else if why.crowded {
        reasons.push("marks like it are so many that one says little by itself".to_owned());
    } else if candidate.rule == Rule::Exact {
        reasons.push("marks like it are so few that an equal one is hardly chance".to_owned());
    }
    reasons.extend(why.lowered.iter().map(|why| lowered(*why).to_owned()));
    reasons
}

/// A record that a look-up found, without the words of a verdict.
pub fn record(candidate: &Candidate) -> String {
    let facts: Vec<_> = candidate.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{} in {}: {}", candidate.record, candidate.register, facts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Difference, Lot, Why};

    fn candidate(differs: &[(u16, &str, &str)], why: Why) -> Candidate {
        let differs = differs.iter().map(|&(at, read, record)| Difference {
            at,
            read: read.to_owned(),
            record: record.to_owned(),
        });
        Candidate {
            register: RegisterId("r".into()),
            record: "1".into(),
            grade: Grade::Probable,
            rule: Rule::LookAlike,
            differs: differs.collect(),
            why,
            fields: Default::default(),
        }
    }

    #[test]
    fn where_to_look_again_is_said_in_one_line() {
        let table: [(&[(u16, &str, &str)], &str); 4] = [
            (&[], ""),
            (&[(3, "0", "O")], "character 3 (0 or O?)"),
            (&[(3, "0", "O"), (5, "S", "5")], "characters 3 and 5 (0 or O?, S or 5?)"),
            (&[(2, "", "7")], "character 2 (nothing or 7?)"),
        ];
        for (differs, expected) in table {
            assert_eq!(places(&candidate(differs, Why::default())), expected);
        }
    }

    #[test]
    fn the_headline_says_what_to_do() {
        let verdict = |grade, candidate: Candidate, ask: &[Ask]| {
            let mut verdict = Verdict::not_checked(NotChecked::UnusableMark);
            (verdict.grade, verdict.candidates, verdict.ask) = (grade, vec![candidate], ask.to_vec());
            headline(&verdict, DateTime::UNIX_EPOCH)
        };
        let plain = |differs| candidate(differs, Why::default());
        let lowered = |why| {
            let mut candidate = candidate(&[], Why { lowered: vec![why], ..Why::default() });
            candidate.fields.insert("delivered_to".into(), "an invented unit".into());
            candidate
        };
        let table = [
            (Grade::Hit, plain(&[]), &[Ask::Year][..], "MATCH: hold, verify with the owner"),
            (Grade::Probable, plain(&[(3, "0", "O")]), &[Ask::Characters], "LOOK AGAIN: character 3 (0 or O?)"),
            (Grade::Probable, plain(&[]), &[Ask::Model, Ask::Kind], "LOOK AGAIN: add model or kind"),
            (Grade::Probable, plain(&[]), &[], "LOOK AGAIN: compare every mark with the record"),
            (Grade::Possible, plain(&[]), &[Ask::Year, Ask::Model, Ask::Kind], "TOO LITTLE: add year or model"),
            (
                Grade::Possible,
                plain(&[(9, "", "2")]),
                &[Ask::Characters, Ask::Year],
                "TOO LITTLE: look again at character 9 (nothing or 2?), or add year",
            ),
            (Grade::Possible, plain(&[(9, "", "2")]), &[Ask::Year, Ask::Characters], "TOO LITTLE: add year"),
            (Grade::Possible, plain(&[]), &[], "TOO LITTLE: compare every mark with the record"),
            (
                Grade::Possible,
                lowered(Lowered::Delivered),
                &[],
                "TOO LITTLE: listed as delivered to an invented unit, and nobody looks for it",
            ),
            (
                Grade::Possible,
                lowered(Lowered::Expected),
                &[],
                "TOO LITTLE: listed as expected by an invented unit, and nobody looks for it",
            ),
            (
                Grade::Possible,
                lowered(Lowered::Expired),
                &[],
                "TOO LITTLE: the record has expired and is no ground to act on by itself",
            ),
        ];
        for (grade, candidate, ask, expected) in table {
            assert_eq!(verdict(grade, candidate, ask), expected);
        }
    }

    #[test]
    fn many_candidates_are_printed_in_part_and_the_rest_is_counted() {
        let mut many = Verdict::not_checked(NotChecked::UnusableMark);
        (many.grade, many.candidates) = (Grade::Possible, vec![candidate(&[], Why::default()); 63]);
        let text = super::verdict(&many);
        assert_eq!(text.matches("probable: 1 in r").count(), 20);
        assert!(text.contains("\n  43 further candidates, no likelier than these; --json lists them all"), "{text}");
    }

    #[test]
    fn a_swap_is_not_called_one_character() {
        let mut swapped = candidate(&[(2, "7", "1"), (3, "1", "7")], Why::default());
        swapped.rule = Rule::OneEdit;
        let expected = "because two neighbouring characters of the marks stand the other way round, characters 2 and 3 \
                        (7 or 1?, 1 or 7?)";
        assert!(super::candidate(&swapped).contains(expected), "{}", super::candidate(&swapped));
    }

    #[test]
    fn a_candidate_says_why_it_has_its_grade() {
        let why = Why {
            agrees: vec![Trait::Kind, Trait::Year],
            contradicts: vec![Trait::Model],
            shared_by: 12,
            crowded: true,
            second_mark: true,
            lot: Some(Lot { from: "AB1000".into(), to: "AB1999".into(), items: 1000 }),
            lowered: vec![Lowered::Expired],
        };
        let said = super::candidate(&candidate(&[(3, "0", "O")], why));
        for part in [
            "because the marks are equal but for look-alike characters, character 3 (0 or O?)",
            "another mark",
            "kind, year the same",
            "but model different",
            "12 records bear this record's mark",
            "from AB1000 to AB1999, 1000 serials",
            "expired",
        ] {
            assert!(said.contains(part), "{part:?} in {said}");
        }
    }
}
