//! A made-up desk for the window.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use chrono::Utc;
use tracepost::app::{
    Bearings, Bench, CheckAnswer, CheckRequest, Held, LookUp, Opened, Opening, Past, Reason, Recorded, Retro,
    RetroHits, Standing, Steps, SyncEnd, Trouble, Withdrawn,
};
use tracepost::domain::keys::canonical;
use tracepost::domain::{
    Ask, Candidate, DecisionCode, Difference, Finding, Grade, HandScannerSettings, Item, Lowered, Mark, NotChecked,
    Object, RegisterAge, RegisterId, RegisterVersion, Rule, Scheme, SeenMark, Seq, Trait, Verdict, Why,
};

/// Longer than a line of the card.
pub const RESTRICTION: &str = "Not to be handed to any third party, shown to its bearer, moved from the post where it was \
                               found, or photographed, before the owner of this record has been reached and has agreed";

/// A desk that knows one pistol, AB12B4 of 1978, and writes down what it is told.
#[derive(Default)]
pub struct MadeUp {
    pub told: Mutex<Vec<String>>,
    pub settings: Mutex<BTreeMap<String, String>>,
    pub scanner: Mutex<HandScannerSettings>,
    pub disk_full: bool,
    pub no_link: bool,
    /// Photos stay, the hub counts anew, and a feed stands still.
    pub rough_sync: bool,
    /// The last look at the whole ledger found it damaged.
    pub damaged: bool,
    /// So many looks find the registers still loading.
    pub loads: AtomicU32,
    /// A second register is old, and a list of deliveries is asked, too.
    pub one_old: bool,
    /// No register of wanted items is asked.
    pub only_deliveries: bool,
    /// Checks of before this window: a match that nobody decided about, one that was decided, and one that was not listed.
    pub past: bool,
    /// Records carry a caution.
    pub armed: bool,
    /// A record that is opened asks that nobody notices, or has expired.
    pub discreet: bool,
    pub expired: bool,
    /// What a sync told to be withdrawn and nobody has seen; and how many more the next one tells of.
    pub withdrawn: Mutex<Vec<Withdrawn>>,
    pub withdraws: usize,
    /// The last receipt: how many entries it covers, and when the hub gave it.
    pub receipt: Mutex<Option<(u64, chrono::DateTime<Utc>)>>,
    /// The sync is stopped before it has ended.
    pub stopped: bool,
    /// What the registers of now say of records, by their ids; and by how many versions they are newer than at the checks.
    pub standings: Mutex<BTreeMap<String, Standing>>,
    pub newer: AtomicU64,
    /// What syncs found out about past checks, instead of the usual one; and how many more there are.
    pub retro: Mutex<Vec<Retro>>,
    pub retro_more: usize,
}

impl MadeUp {
    /// A sync brings registers that say this of a record.
    pub fn brings(&self, record: &str, standing: Standing) {
        self.standings.lock().unwrap().insert(record.into(), standing);
        self.newer.fetch_add(1, Ordering::Relaxed);
    }

    fn say(&self, what: String) -> u64 {
        let mut told = self.told.lock().unwrap();
        told.push(what);
        told.len() as u64
    }
}

pub fn register() -> RegisterAge {
    RegisterAge {
        id: RegisterId("practice-weapons".into()),
        version: RegisterVersion(3),
        // Between two hours, so that no test depends on how long it takes.
        as_of: Utc::now() - chrono::Duration::minutes(14 * 60 + 30),
    }
}

fn aged(id: &str, days: i64) -> RegisterAge {
    let as_of = Utc::now() - chrono::Duration::hours(24 * days + 1);
    RegisterAge { id: RegisterId(id.into()), version: RegisterVersion(1), as_of }
}

pub fn wanted(grade: Grade, rule: Rule, differs: Vec<Difference>) -> Candidate {
    let fields =
        [("serial", "AB12B4"), ("kind", "pistol"), ("year", "1978"), ("status", "stolen"), ("owner", "Unit 4")];
    Candidate {
        register: RegisterId("practice-weapons".into()),
        record: "P-1".into(),
        grade,
        rule,
        differs,
        why: Why::default(),
        fields: fields.map(|(k, v)| (k.into(), v.to_owned())).into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// A check of before this window.
pub fn past(seq: u64, mark: &str, grade: Grade, decided: Option<DecisionCode>) -> Past {
    let item = Item { marks: vec![SeenMark::typed(Mark::new(Scheme::Serial, mark))], ..Item::default() };
    // The ledger keeps which record it was, and not what it says.
    let named = Candidate { fields: BTreeMap::new(), ..wanted(grade, Rule::LookAlike, vec![]) };
    let verdict = Verdict {
        grade,
        reason: None,
        candidates: if grade == Grade::Hit { vec![named] } else { Vec::new() },
        registers: vec![register()],
        entry: Some(Seq(seq)),
        ..Verdict::not_checked(NotChecked::UnusableMark)
    };
    let at = Utc::now() - chrono::Duration::minutes(9);
    Past { seq: Seq(seq), item, verdict, decided, looked_into: false, at, unsent: true }
}

/// A past check that a record now matches.
pub fn retro(seq: u64, mark: &str) -> Retro {
    Retro {
        past: past(seq, mark, Grade::Hit, None),
        grade: Grade::Hit,
        rule: "exact",
        differs: Vec::new(),
        mark: mark.into(),
        seen: Utc::now(),
        register: "practice-weapons".into(),
        record: "P-1".into(),
        cautions: Vec::new(),
        discreet: false,
        gone: None,
    }
}

impl Bench for MadeUp {
    fn check(&self, request: CheckRequest) -> CheckAnswer {
        let keys: Vec<String> = request.item.marks.iter().map(|m| canonical(&m.mark.value)).collect();
        let seq = Seq(self.say(format!("check {}", keys.join("+"))));
        let mut verdict = Verdict { registers: vec![register()], ..Verdict::not_checked(NotChecked::UnusableMark) };
        if self.one_old {
            verdict.registers.extend([aged("practice-optics", 40), aged("army-deliveries", 3)]);
            verdict.only_known = vec![RegisterId("army-deliveries".into())];
        }
        verdict.reason = None;
        verdict.entry = Some(seq);
        let year = request.item.description.year;
        if keys.iter().any(|k| k == "DL500") {
            verdict.grade = Grade::Hit;
            verdict.findings = vec![Finding::DeliveredElsewhere];
            verdict.candidates = vec![wanted(Grade::Hit, Rule::Exact, vec![])];
            if keys.iter().any(|k| k == "DL501") {
                let other = wanted(Grade::Hit, Rule::Exact, vec![]);
                verdict.candidates.push(Candidate { record: "P-2".into(), ..other });
            }
        } else if keys.iter().any(|k| k == "DC7000" || k == "DC7001") {
            verdict.grade = Grade::Hit;
            let mut listed = wanted(Grade::Hit, Rule::Exact, vec![]);
            listed.fields.insert("action".into(), "discreet_check".into());
            verdict.candidates = vec![listed];
            if keys.iter().any(|k| k == "DC7001") {
                verdict.candidates.push(wanted(Grade::Hit, Rule::Exact, vec![]));
            }
        } else if keys.iter().any(|k| k == "RP7100" || k == "RP7101") {
            verdict.grade = Grade::Hit;
            let mut listed = wanted(Grade::Hit, Rule::Exact, vec![]);
            listed.fields.insert("action".into(), "report".into());
            verdict.candidates = vec![listed];
            if keys.iter().any(|k| k == "RP7101") {
                verdict.candidates.push(wanted(Grade::Hit, Rule::Exact, vec![]));
            }
        } else if keys.iter().any(|k| k.starts_with("TW800")) {
            // Two registers list the mark: one wants a report, the other says of what to beware, or that nobody is to notice.
            verdict.grade = Grade::Hit;
            let mut report = wanted(Grade::Hit, Rule::Exact, vec![]);
            report.fields.insert("action".into(), "report".into());
            let is_probable = !keys.iter().any(|k| k == "TW8000");
            let grade = if is_probable { Grade::Probable } else { Grade::Hit };
            let mut other = Candidate { record: "P-2".into(), ..wanted(grade, Rule::Exact, vec![]) };
            other.fields.insert("caution".into(), "armed and dangerous".into());
            if keys.iter().any(|k| k == "TW8002") {
                other.fields.insert("caution".into(), [RESTRICTION; 8].join(". "));
            }
            if is_probable {
                other.fields.insert("action".into(), "discreet_check".into());
            }
            verdict.candidates = vec![report, other];
        } else if keys.iter().any(|k| ["DL6000", "DL6001", "DL6002"].contains(&k.as_str())) {
            // A delivery of this mark, and one of a mark one character away.
            verdict.grade = Grade::Possible;
            let is_moved = keys.iter().any(|k| k == "DL6002");
            let is_own = is_moved || keys.iter().any(|k| k == "DL6000");
            let differs = vec![Difference { at: 6, read: "1".into(), record: "2".into() }];
            let rule = if is_own { Rule::Exact } else { Rule::OneEdit };
            let mut listed = wanted(Grade::Possible, rule, if is_own { vec![] } else { differs });
            listed.why.lowered = vec![Lowered::Delivered];
            listed.fields.insert("delivered_to".into(), "72nd Brigade".into());
            // Expected by another unit, and delivered to one before.
            let mut expected = listed.clone();
            expected.why.lowered = vec![Lowered::Expected];
            expected.fields.insert("delivered_to".into(), "10th Brigade".into());
            let mut before = listed.clone();
            before.fields.insert("delivered_to".into(), "93rd Brigade".into());
            before.fields.insert("delivered_on".into(), "2025-01-31".into());
            listed.fields.insert("delivered_on".into(), "2026-09-01".into());
            verdict.candidates = if is_moved { vec![expected, before, listed] } else { vec![listed] };
            if is_moved {
                verdict.findings = vec![Finding::DeliveredElsewhere];
            }
            if self.only_deliveries {
                verdict.only_known = verdict.registers.iter().map(|r| r.id.clone()).collect();
            }
        } else if keys.iter().any(|k| k == "EX8000") {
            verdict.grade = Grade::Possible;
            let mut listed = wanted(Grade::Possible, Rule::Exact, vec![]);
            listed.why.lowered = vec![Lowered::Expired];
            verdict.candidates = vec![listed];
        } else if keys.iter().any(|k| k == "SX6000") {
            verdict.grade = Grade::Possible;
            verdict.ask = vec![Ask::Characters, Ask::Year, Ask::Make, Ask::Model, Ask::Calibre, Ask::Kind];
            verdict.candidates = vec![wanted(Grade::Possible, Rule::Number, vec![])];
        } else if keys.iter().any(|k| k == "CR1979") {
            verdict.grade = Grade::Possible;
            verdict.more = 12;
            let why = Why { contradicts: vec![Trait::Year], shared_by: 3, second_mark: true, ..Why::default() };
            verdict.candidates = vec![Candidate { why, ..wanted(Grade::Possible, Rule::Number, vec![]) }];
        } else if keys.iter().any(|k| k == "MK5000") {
            verdict.grade = Grade::Hit;
            let contradicts = vec![Trait::Kind, Trait::Make, Trait::Model, Trait::Calibre, Trait::Year];
            let why = Why { contradicts, ..Why::default() };
            verdict.candidates = vec![Candidate { why, ..wanted(Grade::Hit, Rule::Exact, vec![]) }];
        } else if matches!(request.item.description.object, Some(Object::Vehicle)) {
            verdict = Verdict { entry: Some(seq), ..Verdict::not_checked(NotChecked::NoRegisterForObject) };
        } else if keys.iter().any(|k| k == "AB1284") {
            let differs = vec![Difference { at: 5, read: "8".into(), record: "B".into() }];
            verdict.grade = if year == Some(1978) { Grade::Hit } else { Grade::Probable };
            verdict.rule = Some(Rule::LookAlike);
            verdict.ask = if year.is_some() { vec![] } else { vec![Ask::Characters, Ask::Year, Ask::Make] };
            verdict.candidates = vec![wanted(verdict.grade, Rule::LookAlike, differs)];
        } else {
            verdict.grade = Grade::NoRecord;
        }
        let recorded =
            if self.disk_full { Recorded::OnPaper { number: "P22-1".into() } } else { Recorded::OnDisk(seq) };
        if self.disk_full {
            verdict.entry = None;
        }
        if self.armed {
            let fields = verdict.candidates.iter_mut().map(|candidate| &mut candidate.fields);
            fields.for_each(|fields| drop(fields.insert("caution".into(), "armed".into())));
        }
        CheckAnswer { verdict, recorded }
    }

    fn decide(&self, of: Seq, code: DecisionCode, note: &str, photo: Option<&[u8]>) -> Result<(), Trouble> {
        self.say(format!("decide {of} {} {note:?} photo {}", code.code(), photo.is_some()));
        Ok(())
    }

    fn open_record(&self, register: &str, record: &str, _: Option<Seq>) -> Result<Opening, Trouble> {
        self.say(format!("open {register} {record}"));
        let mut whole = wanted(Grade::Hit, Rule::Exact, vec![]).fields;
        match self.standings.lock().unwrap().get(record) {
            Some(Standing::Withdrawn) => return Ok(Opening::Withdrawn),
            Some(Standing::NoRegister) => return Ok(Opening::NoRegister),
            Some(Standing::Listed(now)) => whole = now.fields.clone(),
            Some(Standing::Another) => drop(whole.insert("serial".into(), "ZZ799999".into())),
            Some(Standing::Unknown) | None => {}
        }
        if self.armed {
            whole.insert("caution".into(), "armed".into());
        }
        whole.insert("contact".into(), "+00 123".into());
        whole.insert("restriction".into(), RESTRICTION.into());
        if self.discreet {
            whole.insert("action".into(), "discreet_check".into());
        }
        Ok(Opening::Whole(Opened { facts: whole, expired: self.expired }))
    }

    fn standings(&self, _: &Item, named: &[(RegisterId, String)]) -> Vec<Standing> {
        let told = self.standings.lock().unwrap();
        named.iter().map(|(_, record)| told.get(record).cloned().unwrap_or(Standing::Unknown)).collect()
    }

    fn look_up(&self, pattern: &str) -> Result<LookUp, Trouble> {
        let entry = Seq(self.say(format!("look up {pattern}")));
        match pattern {
            "AB12*" => {
                let other = Candidate {
                    record: "P-2".into(),
                    fields: BTreeMap::from([("serial".into(), "AB1299".into()), ("kind".into(), "rifle".into())]),
                    ..wanted(Grade::Possible, Rule::Exact, vec![])
                };
                let candidates = vec![wanted(Grade::Possible, Rule::Exact, vec![]), other];
                Ok(LookUp { candidates, cut: true, entry })
            }
            "A*" => Err(Trouble { code: "pattern_too_wide", words: "in English".into() }),
            _ => Ok(LookUp { candidates: Vec::new(), cut: false, entry }),
        }
    }

    fn sync(&self, step: &mut Steps<'_>) -> Result<SyncEnd, Trouble> {
        step("ledger", 1, 2);
        if self.stopped {
            return Err(Trouble { code: "cancelled", words: "the sync was ended".into() });
        }
        if self.no_link {
            return Err(Trouble { code: "unreachable", words: "no route to host".into() });
        }
        let failed = |code| Trouble { code, words: format!("{code} in English") };
        let failed = if self.rough_sync { vec![failed("photos_waiting"), failed("register_note")] } else { Vec::new() };
        let mut number = 0;
        let mut gone = |mark: &str, reason, still_listed| {
            number += 1;
            Withdrawn {
                of: Seq(number),
                mark: mark.into(),
                seen: chrono::DateTime::UNIX_EPOCH,
                register: "weapons".into(),
                record: "P-7".into(),
                reason,
                detail: match reason {
                    Reason::Expired => "2026-04-30".into(),
                    Reason::Discreet | Reason::Caution => "may be armed".into(),
                    _ => String::new(),
                },
                still_listed,
            }
        };
        if self.rough_sync {
            *self.withdrawn.lock().unwrap() = vec![
                gone("KT004418", Reason::Withdrawn, false),
                gone("KT004419", Reason::Withdrawn, true),
                gone("KT004420", Reason::Corrected, false),
                gone("KT004421", Reason::Expired, false),
                gone("KT004422", Reason::Delivered, false),
                gone("KT004423", Reason::Weaker, false),
                gone("KT004424", Reason::Discreet, false),
                gone("KT004425", Reason::Report, false),
                gone("KT004426", Reason::Hold, false),
                gone("KT004427", Reason::Caution, false),
            ];
        }
        let many = (0..self.withdraws).map(|n| gone(&format!("MW{n:06}"), Reason::Withdrawn, false));
        self.withdrawn.lock().unwrap().extend(many.collect::<Vec<_>>());
        Ok(SyncEnd { bytes_up: 1_200, bytes_down: 340_000, failed, late: self.rough_sync })
    }

    fn stop_sync(&self) {
        self.say("stop sync".into());
    }

    fn bearings(&self) -> Result<Bearings, Trouble> {
        let less = |loads: u32| loads.checked_sub(1);
        let loading = self.loads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok();
        let mut age = register();
        age.version.0 += self.newer.load(Ordering::Relaxed);
        let held = Held { age, records: 100_000, late: self.rough_sync };
        Ok(Bearings {
            post: "XX TST".into(),
            officer: "A. Practice".into(),
            practice: true,
            hub: Some("https://127.0.0.1:8443".into()),
            registers: match (loading, self.one_old) {
                (true, _) => Vec::new(),
                (false, false) => vec![held],
                (false, true) => {
                    vec![held, Held { age: aged("practice-optics", 40), records: 2_140, late: false }]
                }
            },
            loading,
            entries: 3,
            unsent: 2,
            damaged: self.damaged,
            receipt: *self.receipt.lock().unwrap(),
            on_paper: usize::from(self.disk_full),
            ..Bearings::default()
        })
    }

    fn feed(&self, _: usize) -> Vec<Past> {
        let lowered = |seq, mark, why| {
            let mut past = past(seq, mark, Grade::Possible, None);
            let why = Why { lowered: vec![why], ..Why::default() };
            past.verdict.candidates = vec![Candidate { why, ..wanted(Grade::Possible, Rule::Exact, vec![]) }];
            past
        };
        let all = || {
            vec![
                past(79, "KT009999", Grade::NoRecord, None),
                past(78, "FX123456", Grade::Hit, Some(DecisionCode::Seized)),
                past(77, "QQ770077", Grade::Hit, None),
                Past { looked_into: true, ..past(76, "LK760076", Grade::Hit, None) },
                lowered(75, "DL750075", Lowered::Delivered),
                lowered(74, "EX740074", Lowered::Expired),
            ]
        };
        if self.past { all() } else { Vec::new() }
    }

    fn retro_hits(&self, _: usize) -> RetroHits {
        let mut newest = self.retro.lock().unwrap().clone();
        if newest.is_empty() {
            let differs = vec![Difference { at: 3, read: "0".into(), record: "O".into() }];
            newest.push(Retro { grade: Grade::Probable, rule: "look_alike", differs, ..retro(90, "KT004417") });
        }
        let all = newest.len() + self.retro_more;
        RetroHits { newest, all }
    }

    fn withdrawn(&self) -> Vec<Withdrawn> {
        self.withdrawn.lock().unwrap().clone()
    }

    fn withdrawn_seen(&self, seen: &[Withdrawn]) -> Result<(), Trouble> {
        if self.disk_full {
            return Err(Trouble { code: "disk_full", words: "no space left".into() });
        }
        self.withdrawn.lock().unwrap().retain(|gone| !seen.contains(gone));
        Ok(())
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.settings.lock().unwrap().get(name).cloned()
    }

    fn keep_setting(&self, name: &str, value: &str) -> Result<(), Trouble> {
        if self.disk_full {
            return Err(Trouble { code: "disk_full", words: "no space left".into() });
        }
        self.settings.lock().unwrap().insert(name.into(), value.into());
        Ok(())
    }

    fn hand_scanner(&self) -> HandScannerSettings {
        self.scanner.lock().unwrap().clone()
    }

    fn keep_hand_scanner(&self, settings: &HandScannerSettings) -> Result<(), Trouble> {
        *self.scanner.lock().unwrap() = settings.clone();
        Ok(())
    }
}
