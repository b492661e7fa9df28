//! The real desk behind the window's face.

use std::collections::BTreeSet;

use super::bench::{
    Bearings, Bench, CheckAnswer, CheckRequest, Facts, Held, LookUp, Opened, Opening, Past, Reason, Retro, RetroHits,
    Standing, Steps, SyncEnd, Trouble, Withdrawn,
};
use crate::desk::{Desk, DeskError};
use crate::domain::{
    Candidate, DecisionCode, Finding, Grade, HandScannerSettings, Item, Lowered, RegisterAge, RegisterId, Seq, Verdict,
    Why,
};
use crate::ledger::CandidateRef;
use crate::registers::disclosure;
use crate::store::Sighting;
use crate::sync::Phase;
use chrono::{DateTime, Utc};

impl Bench for Desk {
    fn check(&self, request: CheckRequest) -> CheckAnswer {
        self.check(request)
    }

    fn decide(&self, of: Seq, code: DecisionCode, note: &str, photo: Option<&[u8]>) -> Result<(), Trouble> {
        self.decide(of, code, note, photo).map(drop).map_err(trouble)
    }

    fn open_record(&self, register: &str, record: &str, from: Option<Seq>) -> Result<Opening, Trouble> {
        match self.read_record(&RegisterId(register.to_owned()), record, from) {
            Ok(opened) => {
                Ok(Opening::Whole(Opened { facts: disclosure::whole(&opened.record), expired: opened.expired }))
            }
            Err(DeskError::NoSuchRecord { .. }) => Ok(Opening::Withdrawn),
            Err(DeskError::NoSuchRegister { .. }) => Ok(Opening::NoRegister),
            Err(error) => Err(trouble(error)),
        }
    }

    fn standings(&self, item: &Item, named: &[(RegisterId, String)]) -> Vec<Standing> {
        self.standings(item, named)
    }

    fn look_up(&self, pattern: &str) -> Result<LookUp, Trouble> {
        self.search(pattern).map_err(trouble)
    }

    fn sync(&self, step: &mut Steps<'_>) -> Result<SyncEnd, Trouble> {
        let mut progress = |phase: Phase, done: u64, total: u64| step(phase.code(), done, total);
        let report = self.sync(&mut progress).map_err(trouble)?;
        let mut failed: Vec<Trouble> = Vec::new();
        for (code, words) in report.failed_codes.into_iter().zip(report.failed) {
            match failed.iter_mut().find(|trouble| trouble.code == code) {
                Some(same) => same.words = format!("{}; {words}", same.words),
                None => failed.push(Trouble { code, words }),
            }
        }
        let (bytes_up, bytes_down) = (report.bytes_up, report.bytes_down);
        Ok(SyncEnd { bytes_up, bytes_down, failed, late: !report.late.is_empty() })
    }

    fn stop_sync(&self) {
        self.cancel_sync();
    }

    fn bearings(&self) -> Result<Bearings, Trouble> {
        // Before they are asked for: what is loaded between the two looks is shown by the next.
        let loading = self.registers_loading();
        let status = self.status().map_err(trouble)?;
        let registers = status
            .registers
            .into_iter()
            .map(|r| Held {
                age: RegisterAge { id: r.id, version: r.version, as_of: r.as_of },
                records: r.records,
                late: r.late,
            })
            .collect();
        Ok(Bearings {
            post: status.post.map(|post| post.to_string()).unwrap_or_default(),
            officer: self.officer(),
            practice: status.practice,
            hub: status.hub,
            registers,
            loading,
            entries: status.ledger.entries,
            unsent: status.ledger.unsent,
            photos_pending: status.ledger.photos_pending,
            receipt: status.last_receipt.map(|receipt| (receipt.through.0, receipt.server_time)),
            unrecorded: self.unrecorded(),
            damaged: status.last_verify.is_some_and(|last| !last.whole),
            on_paper: self.on_paper(),
        })
    }

    fn feed(&self, most: usize) -> Vec<Past> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let proven = self.ledger().acknowledged().map_or(0, |seq| seq.0);
        let past = self.ledger().feed(most).unwrap_or_else(|error| {
            tracing::error!(%error, "the last checks could not be read");
            Vec::new()
        });
        let oldest = past.last().map_or(Seq(0), |sighting| sighting.seq);
        let looked_into = self.ledger().looked_into(oldest).unwrap_or_else(|error| {
            tracing::error!(%error, "which records were opened could not be read; their matches wait again");
            BTreeSet::new()
        });
        past.iter().map(|sighting| past_of(sighting, looked_into.contains(&sighting.seq), proven)).collect()
    }

    fn retro_hits(&self, most: usize) -> RetroHits {
        let proven = self.ledger().acknowledged().map_or(0, |seq| seq.0);
        let past = self.ledger().retro_hits(u32::try_from(most).unwrap_or(u32::MAX)).unwrap_or_else(|error| {
            tracing::error!(%error, "the retro-hits could not be read");
            Vec::new()
        });
        let told = past.iter().filter_map(|sighting| {
            let hit = sighting.retro_hit.as_ref()?;
            let all = self.retro_records_now(sighting);
            let (standing, gone): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, gone)| gone.is_none());
            let first = standing.first().or(gone.first());
            let (first, fate) = first.map(|(record, gone)| (record, *gone)).unzip();
            let mut cautions: Vec<String> = standing.iter().filter_map(|(record, _)| record.caution.clone()).collect();
            cautions.dedup();
            Some(Retro {
                past: past_of(sighting, false, proven),
                grade: hit.grade,
                rule: first.map_or("", |record| record.rule.on_screen(&record.differs)),
                differs: first.map(|record| record.differs.clone()).unwrap_or_default(),
                mark: first_mark(sighting),
                seen: moment(sighting.wall_ms),
                register: first.map(|record| record.register.to_string()).unwrap_or_default(),
                record: first.map(|record| record.record.clone()).unwrap_or_default(),
                cautions,
                discreet: standing.iter().any(|(record, _)| record.discreet),
                gone: fate.flatten(),
            })
        });
        let newest: Vec<Retro> = told.collect();
        // Where all are shown nobody need count them.
        let all = if newest.len() < most { Ok(newest.len()) } else { self.retro_count() };
        let all = all.unwrap_or_else(|error| {
            tracing::error!(%error, "the retro-hits could not be counted");
            newest.len()
        });
        RetroHits { newest, all }
    }

    fn withdrawn(&self) -> Vec<Withdrawn> {
        let waiting = self.withdrawn_waiting().unwrap_or_else(|error| {
            tracing::error!(%error, "the withdrawn matches could not be read");
            Vec::new()
        });
        let told = waiting.into_iter().map(|gone| Withdrawn {
            of: gone.of,
            mark: gone.marks.into_iter().next().unwrap_or_default(),
            seen: gone.checked_at,
            register: gone.register.to_string(),
            record: gone.record,
            detail: match (gone.reason, gone.expired_on) {
                (Reason::Expired, Some(day)) => day.to_string(),
                _ => gone.caution.unwrap_or_default(),
            },
            reason: gone.reason,
            still_listed: gone.now >= Grade::Probable,
        });
        told.collect()
    }

    fn withdrawn_seen(&self, seen: &[Withdrawn]) -> Result<(), Trouble> {
        let name = |gone: &Withdrawn| (gone.of, RegisterId(gone.register.clone()), gone.record.clone());
        self.withdrawn_seen(&seen.iter().map(name).collect::<Vec<_>>()).map_err(trouble)
    }

    fn setting(&self, name: &str) -> Option<String> {
        let kept = self.ledger().setting(&key(name)).unwrap_or_else(|error| {
            tracing::warn!(%error, name, "a setting of the window cannot be read; the usual one is used");
            None
        });
        kept.and_then(|value| String::from_utf8(value).ok())
    }

    fn keep_setting(&self, name: &str, value: &str) -> Result<(), Trouble> {
        self.ledger().set_setting(&key(name), value.as_bytes()).map_err(trouble)
    }

    fn hand_scanner(&self) -> HandScannerSettings {
        self.ledger().hand_scanner().unwrap_or_else(|error| {
            tracing::warn!(%error, "the settings of the hand scanner cannot be read; the usual ones are used");
            HandScannerSettings::default()
        })
    }

    fn keep_hand_scanner(&self, settings: &HandScannerSettings) -> Result<(), Trouble> {
        self.ledger().set_hand_scanner(settings).map_err(trouble)
    }
}

/// Settings of the window have names of their own among those of the home.
fn key(name: &str) -> String {
    format!("window.{name}")
}

fn trouble(error: impl Into<DeskError>) -> Trouble {
    let error = error.into();
    tracing::warn!(%error, "told on the screen");
    Trouble { code: error.code(), words: error.to_string() }
}

/// A check of before.
fn past_of(sighting: &Sighting, looked_into: bool, proven: u64) -> Past {
    Past {
        looked_into,
        seq: sighting.seq,
        item: sighting.check.item.clone(),
        verdict: known_of(sighting),
        decided: sighting.decision.as_ref().map(|decision| decision.code),
        at: moment(sighting.wall_ms),
        unsent: sighting.seq.0 > proven,
    }
}

/// The answer as the ledger keeps it, with what a sync has found out since: of records which they are and by what they agreed,
/// and not what they say.
fn known_of(sighting: &Sighting) -> Verdict {
    let check = &sighting.check;
    let found = |finding| check.grade == Grade::Possible && check.findings.contains(&finding);
    let lowered = [(Finding::RecordExpired, Lowered::Expired), (Finding::DeliveredElsewhere, Lowered::Delivered)];
    let lowered: Vec<Lowered> =
        lowered.into_iter().filter(|(finding, _)| found(*finding)).map(|(_, why)| why).collect();
    let named = |named: &CandidateRef, lowered: Vec<Lowered>| Candidate {
        register: named.register.clone(),
        record: named.record.clone(),
        grade: named.grade,
        rule: named.rule,
        differs: Vec::new(),
        why: Why { lowered, ..Why::default() },
        fields: Facts::new(),
    };
    let later = sighting.found_later();
    let mut candidates: Vec<Candidate> = later.iter().map(|later| named(later, Vec::new())).collect();
    let first = check.candidates.iter().filter(|c| !candidates.iter().any(|later| c.names(later)));
    let first: Vec<Candidate> = first.map(|c| named(c, lowered.clone())).collect();
    candidates.extend(first);
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.grade));
    let strongest = later.first();
    let is_stronger = strongest.is_some_and(|later| later.grade > check.grade);
    Verdict {
        grade: strongest.map_or(check.grade, |later| later.grade.max(check.grade)),
        reason: check.reason.filter(|_| strongest.is_none()),
        rule: if is_stronger { strongest.map(|later| later.rule) } else { check.rule },
        ask: Vec::new(),
        findings: check.findings.clone(),
        candidates,
        more: 0,
        more_at_least: false,
        registers: sighting.retro_hit.as_ref().map_or(&check.registers, |hit| &hit.registers).clone(),
        only_known: Vec::new(),
        entry: Some(sighting.seq),
    }
}

fn first_mark(sighting: &Sighting) -> String {
    sighting.check.item.marks.first().map(|m| m.mark.value.clone()).unwrap_or_default()
}

fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
