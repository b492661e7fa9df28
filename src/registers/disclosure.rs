//! What of a record is shown at which step.
//!
//! First a candidate: what is needed to compare it with the item in hand, and what the officer's safety needs. The rest
//! (how the owner is reached, what the owner forbids) comes when the record is opened, and each opening is an entry in the
//! ledger. The split is made here and nowhere else.

use std::borrow::Cow;

use crate::domain::{Facts, Record, Scheme, SerialRange};

/// A candidate's facts by name, as scripts read them; what the record does not tell is absent.
pub fn fields(record: &Record) -> Facts {
    into_fields(record.clone())
}

/// The same of a record that nobody needs any more. A verdict lists up to eighty.
pub(super) fn into_fields(record: Record) -> Facts {
    let mut out = Vec::with_capacity(16);
    let mut put = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            out.push((Cow::Borrowed(name), value));
        }
    };
    let d = record.description;
    put("object", d.object.map(|o| o.code().to_owned()));
    put("kind", d.kind);
    put("make", d.make);
    put("model", d.model);
    put("calibre", d.calibre);
    put("year", d.year.map(|y| y.to_string()));
    put("country", d.country);
    put("issuer", d.issuer);
    put("colour", record.colour);
    put("status", Some(record.status.code().to_owned()));
    put("owner", Some(record.owner));
    put("action", record.action.map(|a| a.code().to_owned()));
    put("reported_on", record.reported_on.map(|day| day.to_string()));
    put("lost_on", record.lost_on.map(|day| day.to_string()));
    put("expires_on", record.expires_on.map(|day| day.to_string()));
    put("caution", record.caution);
    if let Some(delivery) = record.delivery {
        put("delivered_to", Some(delivery.to));
        put("delivered_place", delivery.place);
        put("delivered_on", delivery.on.map(|day| day.to_string()));
    }
    put("range", joined(record.ranges.iter().map(ends)));
    let mut marks = record.marks;
    for scheme in Scheme::ALL {
        let own = marks.iter_mut().filter(|mark| mark.scheme == scheme);
        put(scheme.code(), joined(own.map(|mark| std::mem::take(&mut mark.value))));
    }
    // All at once, which is quicker than one after the other.
    out.into_iter().collect()
}

/// Facts of a candidate that are not for comparing: who misses the item, since when, and for how long.
const LATER: [&str; 5] = ["owner", "status", "reported_on", "lost_on", "expires_on"];

/// Whether a screen that others may see shows the fact with the list of candidates, before a record is opened.
pub fn is_for_comparing(field: &str) -> bool {
    !LATER.contains(&field)
}

/// Every fact of a record, for whoever opened it: the candidate's, and how the owner is reached and what it forbids.
pub fn whole(record: &Record) -> Facts {
    let mut out = fields(record);
    let kept_back = [("contact", &record.contact), ("restriction", &record.restriction)];
    out.extend(kept_back.into_iter().filter_map(|(name, value)| Some((name.into(), value.clone()?))));
    out
}

fn ends(range: &SerialRange) -> String {
    let place = range.place.iter().map(|place| format!(" ({place})"));
    format!("{} – {}", range.from, range.to) + &place.collect::<String>()
}

fn joined(mut values: impl Iterator<Item = String>) -> Option<String> {
    let mut all = values.next()?;
    values.for_each(|value| {
        all.push_str(" · ");
        all.push_str(&value);
    });
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Delivery, Mark, Status};

    #[test]
    fn a_candidate_keeps_the_owner_s_contact_back_and_the_opened_record_gives_it() {
        let record = Record {
            marks: vec![Mark::new(Scheme::Serial, "AB1"), Mark::new(Scheme::Serial, "CD2")],
            ranges: vec![
                SerialRange { from: "X10".into(), to: "X19".into(), place: None },
                SerialRange { from: "Y1".into(), to: "Y9".into(), place: Some("frame".into()) },
            ],
            status: Status::Delivered,
            owner: "an invented owner".into(),
            caution: Some("armed".into()),
            contact: Some("+00 000".into()),
            restriction: Some("not for courts".into()),
            delivery: Some(Delivery { to: "an invented unit".into(), ..Delivery::default() }),
            ..Record::default()
        };
        let first = fields(&record);
        assert!(!first.contains_key("contact") && !first.contains_key("restriction"));
        assert_eq!((first["caution"].as_str(), first["serial"].as_str()), ("armed", "AB1 · CD2"));
        assert_eq!(
            (first["delivered_to"].as_str(), first["range"].as_str()),
            ("an invented unit", "X10 – X19 · Y1 – Y9 (frame)")
        );
        assert!(is_for_comparing("serial") && is_for_comparing("caution") && !is_for_comparing("owner"));
        let opened = whole(&record);
        assert_eq!((opened["contact"].as_str(), opened["restriction"].as_str()), ("+00 000", "not for courts"));
        assert!(first.iter().all(|(name, value)| opened.get(name) == Some(value)));
    }
}
