//! What a sync did, in English words: most of it is what an officer must hear of past checks.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::words::{self, Beware};
use crate::cli::common::{counted, in_line};
use crate::desk::Reason;
use crate::domain::{Difference, Rule};

/// The whole of it: what went up and came down, then what it told of past checks.
pub fn sync_words(report: &Value) -> String {
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    let (refused, down): (Vec<_>, Vec<_>) =
        report["registers"].as_array().into_iter().flatten().partition(|register| register["refused"].is_string());
    let refused = match refused.len() as u64 {
        0 => String::new(),
        n => format!(", {} refused", counted(n, "register", "registers")),
    };
    let mut text = format!(
        "{} and {} up, {} down{refused}; {} bytes sent, {} received",
        counted(number("entries"), "entry", "entries"),
        counted(number("photos"), "photo", "photos"),
        counted(down.len() as u64, "register", "registers"),
        number("bytes_up"),
        number("bytes_down"),
    );
    for hit in report["retro_hits"].as_array().into_iter().flatten() {
        text.push('\n');
        text.push_str(&retro_words(hit));
    }
    for gone in report["withdrawn_matches"].as_array().into_iter().flatten() {
        text.push('\n');
        text.push_str(&withdrawn_words(gone));
    }
    for register in report["late"].as_array().into_iter().flatten() {
        let said = |name: &str| register[name].as_str().unwrap_or("");
        text.push_str(&late(said("id"), &said("signed"), &said("next")));
    }
    if let Some(through) = report["receipt"]["through"].as_u64() {
        text.push_str(&format!("\nReceipt: the hub holds everything up to entry {through}"));
    }
    text
}

fn said(value: &Value) -> String {
    in_line(value.as_str().unwrap_or("?"))
}

/// A past check in words: its marks, when it was, its entry.
fn past_check(hit: &Value) -> String {
    let marks: Vec<_> = hit["marks"].as_array().into_iter().flatten().map(said).collect();
    let at = hit["checked_at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let at = at.map(|at| format!(" on {}", at.format("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
    format!("{}, checked{at} (entry {})", marks.join(" + "), hit["of"])
}

/// What an officer who holds an item must hear: nobody looks for it under that record any more, or not for this one, or its owner
/// asks for something else.
fn withdrawn_words(gone: &Value) -> String {
    let (register, record) = (said(&gone["register"]), said(&gone["record"]));
    let then = match gone["now"].as_str() {
        Some("hit" | "probable") => "another record agrees with it: check it again",
        Some("possible") => {
            "what else is listed tells too little: check it again, and ask the owner before it is held any longer"
        }
        _ => "no other record matches: check it again, and ask the owner before it is held any longer",
    };
    let its_record = format!("record {record} of register {register}");
    let matches = |what: &str| format!("{its_record} still matches, and {what}");
    let reason = Reason::deserialize(&gone["reason"]).unwrap_or_default();
    let (head, what) = match reason {
        Reason::Withdrawn => ("WITHDRAWN", format!("its record {record} is no longer in register {register}")),
        Reason::Corrected => ("CORRECTED", format!("{its_record} was changed, and it is not that item any more")),
        Reason::Expired => {
            let day = gone["expired_on"].as_str().map(|day| format!(" on {}", in_line(day))).unwrap_or_default();
            ("EXPIRED", format!("{its_record} has expired{day}"))
        }
        Reason::Delivered => {
            ("DELIVERED", format!("{its_record} was changed, and only says by now where the item was delivered"))
        }
        Reason::Weaker => ("CORRECTED", format!("{its_record} was changed, and agrees less with the item than it did")),
        Reason::Discreet => ("CHANGED", matches("its owner asks now for a discreet check")),
        Reason::Report => {
            ("CHANGED", matches("its owner asks now for no more than a report: do not hold the item for it"))
        }
        Reason::Hold => ("CHANGED", matches("its owner asks now to hold the item")),
        Reason::Caution => ("CHANGED", matches("tells now of what to beware")),
    };
    let then = match reason {
        Reason::Discreet | Reason::Report | Reason::Hold | Reason::Caution => {
            format!("all of it: tracepost record {register} {record} --from {}", gone["of"])
        }
        _ => then.to_owned(),
    };
    let mut text = format!("{head}: {}: {what}; {then}", past_check(gone));
    let (caution, is_discreet) = (gone["caution"].as_str(), gone["discreet"] == true);
    words::warn(&mut text, &Beware { caution, is_discreet, expired: None }, "\n    ");
    text
}

/// What an officer needs to act on a past check: the mark that was read, when, and the record that it matches now.
fn retro_words(hit: &Value) -> String {
    let mut text = format!("RETRO-HIT: {}", past_check(hit));
    for record in hit["records"].as_array().into_iter().flatten() {
        let (register, id) = (said(&record["register"]), said(&record["record"]));
        let grade = said(&record["grade"]);
        text.push_str(&format!(
            "\n  {grade}: record {id} of register {register}, new or changed; all of it: tracepost record {register} {id} --from {}",
            hit["entry"]
        ));
        let (caution, is_discreet) = (record["caution"].as_str(), record["discreet"] == true);
        words::warn(&mut text, &Beware { caution, is_discreet, expired: None }, "\n    ");
        if let Ok(rule) = Rule::deserialize(&record["rule"]) {
            let differs = Vec::<Difference>::deserialize(&record["differs"]).unwrap_or_default();
            text.push_str(&format!("\n    because {}", words::agreement(rule, &differs)));
        }
    }
    text
}

/// A register for which the hub has not vouched as lately as it meant to.
pub fn late(register: &str, signed: &dyn std::fmt::Display, next: &dyn std::fmt::Display) -> String {
    let is_ahead =
        signed.to_string().parse::<DateTime<Utc>>().is_ok_and(|signed| signed > crate::platform::clock::utc_now());
    let ahead = if is_ahead { ", which is ahead of this device's clock: one of the two clocks is wrong" } else { "" };
    format!(
        "\nLATE: the hub vouched for register {register} on {signed} and meant to do so again by {next}{ahead}; its records may be out of date"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_register_that_was_refused_did_not_come_down() {
        let came = json!({ "id": "aa", "from": 1, "to": 2, "records": 9, "refused": null });
        let refused =
            json!({ "id": "bb", "from": null, "to": 1, "records": 0, "refused": "its signature is not the hub's" });
        let down = |registers: Value| sync_words(&json!({ "registers": registers, "entries": 1 }));
        let only_refused = down(json!([refused.clone()]));
        assert!(
            only_refused.starts_with("1 entry and 0 photos up, 0 registers down, 1 register refused; "),
            "{only_refused}"
        );
        assert!(down(json!([came.clone(), refused])).contains(" 1 register down, 1 register refused; "));
        assert!(down(json!([came])).contains(" 1 register down; "));
    }

    #[test]
    fn a_withdrawn_match_says_what_to_do() {
        let mut report = json!({ "withdrawn_matches": [{
            "of": 7, "checked_at": "2026-05-01T10:00:00Z", "marks": ["AB1234"], "register": "r", "record": "1",
            "now": "no_record"
        }]});
        assert!(sync_words(&report).ends_with(
            "\nWITHDRAWN: AB1234, checked on 2026-05-01 10:00 UTC (entry 7): its record 1 is no longer in register r; no other \
             record matches: check it again, and ask the owner before it is held any longer"
        ));
        report["withdrawn_matches"][0]["reason"] = "corrected".into();
        let corrected = sync_words(&report);
        assert!(corrected.contains(
            "\nCORRECTED: AB1234, checked on 2026-05-01 10:00 UTC (entry 7): record 1 of register r was changed"
        ));
        report["withdrawn_matches"][0]["now"] = "hit".into();
        assert!(sync_words(&report).ends_with("another record agrees with it: check it again"));
    }

    #[test]
    fn a_match_to_be_handled_otherwise_says_how_and_what_to_beware() {
        for (reason, parts) in [
            ("expired", &["\nEXPIRED: AB1234, ", "record 1 of register r has expired on 2026-04-30; no other"][..]),
            ("delivered", &["\nDELIVERED: AB1234, ", "where the item was delivered; no other record"]),
            ("weaker", &["\nCORRECTED: AB1234, ", "agrees less with the item than it did; no other record"]),
            (
                "discreet",
                &["\nCHANGED: AB1234, ", "asks now for a discreet check; all of it: tracepost record r 1 --from 7"],
            ),
            ("report", &["\nCHANGED: AB1234, ", "no more than a report: do not hold"]),
            ("hold", &["\nCHANGED: AB1234, ", "asks now to hold the item; all of it"]),
            ("caution", &["\nCHANGED: AB1234, ", "tells now of what to beware; all of it"]),
        ] {
            let report = json!({ "withdrawn_matches": [{
                "of": 7, "checked_at": "2026-05-01T10:00:00Z", "marks": ["AB1234"], "register": "r", "record": "1",
                "now": "no_record", "changed": true, "reason": reason, "expired_on": "2026-04-30", "caution": "armed\nx",
                "discreet": reason == "discreet",
            }]});
            let words = sync_words(&report);
            for part in parts.iter().chain(&["\n    CAUTION: armed x"]) {
                assert!(words.contains(part), "{part:?} in {words}");
            }
            assert_eq!(words.contains("\n    DISCREET: "), reason == "discreet", "{words}");
        }
    }

    #[test]
    fn a_retro_hit_names_mark_time_record_and_register() {
        let report = json!({ "retro_hits": [{
            "of": 46, "entry": 51, "grade": "hit", "checked_at": "2026-11-20T14:03:09Z",
            "marks": ["AB1234", "[)>\u{1e}06\u{1d}1T9\u{1b}"],
            "records": [
                { "register": "ua-weapons", "record": "9000000", "grade": "hit", "rule": "core",
                  "differs": [{ "at": 3, "read": "F", "record": "E" }], "caution": "armed\nx", "discreet": true },
                { "register": "stolen", "record": "7", "grade": "probable" },
            ],
        }]});
        let words = sync_words(&report);
        for part in [
            "RETRO-HIT: AB1234 + [)> 06 1T9 , checked on 2026-11-20 14:03 UTC (entry 46)",
            "\n  hit: record 9000000 of register ua-weapons, new",
            "tracepost record ua-weapons 9000000 --from 51\n    CAUTION: armed x\n    DISCREET: ",
            "\n    because the marks are equal but for letters between the digits, character 3 (F or E?)\n",
            "\n  probable: record 7 of register stolen",
        ] {
            assert!(words.contains(part), "{part:?} in {words}");
        }
    }
}
