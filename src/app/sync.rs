//! The sync screen, and where the device stands for the bar.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use slint::{ComponentHandle, ModelRc, SharedString, Timer, TimerMode, VecModel, Weak};
use tracepost_ui::{App, Link, RegisterRow, RetroRow, ShellData, SyncBackend, SyncData, SyncNote};

use super::ages;
use super::bench::{Bearings, Bench, Past, Reason, SyncEnd, Trouble, Withdrawn};
use super::crew::Crew;
use super::feed::REMEMBERED_MAX;
use super::mail::{Letter, Mail, OfThePast};
use super::retro::{self, RetroLines};
use super::scan::Scan;

/// Notes of withdrawn matches shown at once; when these were seen, the next come.
const NOTES_MAX: usize = 50;
/// The trouble of a sync that was stopped by hand.
const STOPPED: &str = "cancelled";
/// How soon is looked again while registers are loaded.
const LOADED_SOON: Duration = Duration::from_millis(300);

/// The controller.
pub struct Sync {
    app: Weak<App>,
    bench: Arc<dyn Bench>,
    crew: Rc<Crew>,
    mail: Mail,
    scan: Rc<Scan>,
    running: Cell<bool>,
    /// Whether the last try reached the hub; `None` before the first.
    reached: Cell<Option<bool>>,
    /// The receipt as it was when last looked at, once it was.
    receipt: Cell<Option<Option<DateTime<Utc>>>>,
    loaded: Timer,
    wrong_told: Cell<bool>,
    registers: Rc<VecModel<RegisterRow>>,
    retro: Rc<VecModel<RetroRow>>,
    retro_lines: RefCell<RetroLines>,
    /// The withdrawn matches that are shown, and their notes.
    withdrawn: RefCell<Vec<Withdrawn>>,
    notes: Rc<VecModel<SyncNote>>,
}

impl Sync {
    /// Binds the screen.
    pub fn attach(app: &App, bench: Arc<dyn Bench>, crew: Rc<Crew>, mail: Mail, scan: Rc<Scan>) -> Rc<Self> {
        let sync = Rc::new(Self {
            app: app.as_weak(),
            bench,
            crew,
            mail,
            scan,
            running: Cell::new(false),
            reached: Cell::new(None),
            receipt: Cell::new(None),
            loaded: Timer::default(),
            wrong_told: Cell::new(false),
            registers: Rc::default(),
            retro: Rc::default(),
            retro_lines: RefCell::default(),
            withdrawn: RefCell::default(),
            notes: Rc::default(),
        });
        let data = app.global::<SyncData>();
        data.set_registers(ModelRc::from(sync.registers.clone()));
        data.set_retro(ModelRc::from(sync.retro.clone()));
        data.set_withdrawn(ModelRc::from(sync.notes.clone()));
        let weak = Rc::downgrade(&sync);
        app.global::<SyncBackend>().on_sync(move || {
            if let Some(sync) = weak.upgrade() {
                sync.sync();
            }
        });
        let weak = Rc::downgrade(&sync);
        app.global::<SyncBackend>().on_stop(move || {
            if let Some(sync) = weak.upgrade() {
                sync.stop();
            }
        });
        let weak = Rc::downgrade(&sync);
        app.global::<SyncBackend>().on_seen(move || {
            if let Some(sync) = weak.upgrade() {
                sync.seen();
            }
        });
        let weak = Rc::downgrade(&sync);
        app.global::<SyncBackend>().on_open_retro(move |index| {
            if let Some(sync) = weak.upgrade() {
                sync.open_retro(index);
            }
        });
        sync
    }

    /// The card of a past sighting that newer records match; what comes next is another item, unless somebody says otherwise.
    fn open_retro(&self, index: i32) {
        let card = self.retro_lines.borrow().card(index, &self.scan);
        if let Some(card) = card {
            self.scan.open_card(card);
            self.look(false);
        }
    }

    fn with(&self, f: impl FnOnce(&SyncData<'_>)) {
        if let Some(app) = self.app.upgrade() {
            f(&app.global::<SyncData>());
        }
    }

    /// Begins a sync, unless one runs.
    pub fn sync(&self) {
        if self.running.replace(true) {
            return;
        }
        self.with(|data| {
            data.set_running(true);
            data.set_stage("connect".into());
            data.set_share(0.0);
            data.set_outcome(SharedString::default());
        });
        self.show_link(Link::Busy);
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.sync(move || {
            let ended = bench.sync(&mut |phase, done, total| mail.send(Letter::Step(phase, done, total)));
            mail.send(Letter::Synced(ended));
        });
    }

    /// Ends the sync that runs, if one does.
    fn stop(&self) {
        if self.running.get() {
            self.with(|data| data.set_stage("stopping".into()));
            self.bench.stop_sync();
        }
    }

    /// The officer has seen the withdrawn matches that are shown.
    fn seen(&self) {
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        let seen = self.withdrawn.borrow().clone();
        self.crew.look(move || {
            if let Err(why) = bench.withdrawn_seen(&seen) {
                mail.send(Letter::NotSeen(why));
            }
        });
        self.look(false);
    }

    /// Shows which past matches are gone: some of them, where they are many, and how many there are.
    fn show_withdrawn(&self, mut withdrawn: Vec<Withdrawn>) {
        self.with(|data| data.set_withdrawn_count(i32::try_from(withdrawn.len()).unwrap_or(i32::MAX)));
        withdrawn.truncate(NOTES_MAX);
        // Another model would let go of the place to which somebody has scrolled.
        if *self.withdrawn.borrow() != withdrawn {
            self.notes.set_vec(withdrawn.iter().map(note).collect::<Vec<_>>());
            *self.withdrawn.borrow_mut() = withdrawn;
        }
    }

    /// F5 on the screen itself: begins a sync, or ends the one that runs.
    pub fn turn(&self) {
        if self.running.get() { self.stop() } else { self.sync() }
    }

    /// A step of the running sync.
    pub fn step(&self, phase: &str, done: u64, total: u64) {
        let share = if total == 0 { 0.0 } else { done as f32 / total as f32 };
        self.with(|data| {
            if data.get_stage() != "stopping" {
                data.set_stage(phase.into());
            }
            data.set_share(share.clamp(0.0, 1.0));
        });
    }

    /// The sync ended.
    pub fn ended(&self, end: Result<SyncEnd, Trouble>) {
        self.running.set(false);
        // Who stopped it knows that; it says nothing of the link.
        let stopped = end.as_ref().is_err_and(|why| why.code == STOPPED);
        if !stopped {
            self.reached.set(Some(end.is_ok()));
        }
        // A receipt of this sync is no other program's, and says nothing of how it ended.
        self.receipt.set(None);
        self.with(|data| {
            data.set_running(false);
            data.set_stage(SharedString::default());
            let (outcome, why) = match &end {
                Ok(end) => end.failed.first().map_or(("done", Trouble::default()), |why| ("partly", why.clone())),
                Err(why) => (if stopped { "stopped" } else { "failed" }, why.clone()),
            };
            data.set_outcome(outcome.into());
            data.set_also(ModelRc::new(VecModel::from(end.as_ref().map(also).unwrap_or_default())));
            data.set_outcome_code(why.code.into());
            data.set_outcome_detail(why.words.into());
            if let Ok(end) = &end {
                data.set_up(bytes(end.bytes_up).into());
                data.set_down(bytes(end.bytes_down).into());
            }
        });
        self.look(false);
    }

    /// Looks where the device stands; with `feed`, also at the last checks.
    pub fn look(&self, feed: bool) {
        let (bench, mail) = (Arc::clone(&self.bench), self.mail.clone());
        self.crew.look(move || {
            let bearings = bench.bearings();
            let past = feed.then(|| bench.feed(REMEMBERED_MAX));
            let found = OfThePast { retro: bench.retro_hits(retro::SHOWN), withdrawn: bench.withdrawn() };
            mail.send(Letter::Bearings(Box::new(bearings), past, found));
        });
    }

    /// Shows where the device stands. Gives what is wrong with the ledger, a code of `Words.trouble` and why, when nobody was
    /// told yet.
    pub fn stands(
        self: &Rc<Self>,
        bearings: &Bearings,
        past: Option<Vec<Past>>,
        found: OfThePast,
    ) -> Option<(&'static str, &'static str)> {
        let now = crate::platform::clock::utc_now();
        let rows: Vec<RegisterRow> = bearings
            .registers
            .iter()
            .map(|held| RegisterRow {
                id: held.age.id.to_string().into(),
                records: grouped(held.records).into(),
                version: held.age.version.to_string().into(),
                age: ages::age(held.age.as_of, now),
                old: ages::is_old(held.age.as_of, now),
                late: held.late,
            })
            .collect();
        self.registers.set_vec(rows);
        self.show_withdrawn(found.withdrawn);
        let more = self.retro_lines.borrow_mut().fill(&self.retro, found.retro);
        self.with(|data| {
            data.set_retro_more(count(more as u64));
            data.set_unsent(count(bearings.unsent));
            data.set_photos(count(bearings.photos_pending));
            data.set_entries(count(bearings.entries));
            data.set_enrolled(bearings.hub.is_some());
            data.set_hub(bearings.hub.clone().unwrap_or_default().into());
            data.set_has_receipt(bearings.receipt.is_some());
            if let Some((covers, at)) = bearings.receipt {
                data.set_receipt_age(ages::age(at, now));
                data.set_receipt_size(grouped(covers).into());
            }
        });
        if let Some(past) = past {
            self.scan.feed.remember(past);
            self.scan.show_grade();
        }
        self.scan.feed.mark_sent(bearings.receipt.map_or(0, |(covers, _)| covers));
        // Another program may have asked for a sync by the door.
        let receipt = bearings.receipt.map(|(_, at)| at);
        if self.receipt.replace(Some(receipt)).is_some_and(|before| before != receipt) {
            self.reached.set(Some(true));
        }
        if bearings.loading {
            let weak = Rc::downgrade(self);
            self.loaded.start(TimerMode::SingleShot, LOADED_SOON, move || {
                if let Some(sync) = weak.upgrade() {
                    sync.look(false);
                }
            });
        }
        self.show_bar(bearings);
        let wrong = bearings.unrecorded.map(|why| ("unrecorded", why)).or(bearings.damaged.then_some(("ledger", "")));
        wrong.filter(|_| !self.wrong_told.replace(true))
    }

    fn show_bar(&self, bearings: &Bearings) {
        let Some(app) = self.app.upgrade() else { return };
        let now = crate::platform::clock::utc_now();
        let bar = app.global::<ShellData>();
        bar.set_post(if bearings.post.is_empty() { "—".into() } else { bearings.post.as_str().into() });
        bar.set_officer(bearings.officer.as_str().into());
        bar.set_practice(bearings.practice);
        bar.set_loading(bearings.loading);
        bar.set_register_count(i32::try_from(bearings.registers.len()).unwrap_or(i32::MAX));
        let newest = bearings.registers.iter().map(|r| r.age.as_of).max();
        bar.set_newest(newest.map_or_else(ages::unknown, |as_of| ages::age(as_of, now)));
        let old = bearings.registers.iter().filter(|r| r.late || ages::is_old(r.age.as_of, now)).count();
        bar.set_old_count(i32::try_from(old).unwrap_or(i32::MAX));
        bar.set_unsent(count(bearings.unsent));
        if !self.running.get() {
            self.show_link(match self.reached.get() {
                Some(true) => Link::Online,
                Some(false) => Link::Offline,
                None if bearings.receipt.is_some() => Link::Untried,
                None => Link::Never,
            });
        }
        if bearings.on_paper == 0 {
            bar.set_paper(SharedString::default());
        }
    }

    fn show_link(&self, link: Link) {
        if let Some(app) = self.app.upgrade() {
            app.global::<ShellData>().set_link(link);
        }
    }
}

/// What else is to be said of a sync, beside its first failure.
fn also(end: &SyncEnd) -> Vec<SyncNote> {
    let note = |code: &str, words: &str| SyncNote { code: code.into(), plain: words.into(), ..SyncNote::default() };
    let failed = end.failed.iter().skip(1).map(|why| note(why.code, &why.words));
    let late = end.late.then(|| note("register_late", ""));
    failed.chain(late).collect()
}

/// What must be heard by whoever holds an item for a record that is gone.
fn note(gone: &Withdrawn) -> SyncNote {
    SyncNote {
        code: match (gone.reason, gone.still_listed) {
            (Reason::Withdrawn, true) => "withdrawn_listed".into(),
            (Reason::Corrected, true) => "corrected_listed".into(),
            (Reason::Withdrawn | Reason::Corrected, false) => gone.reason.code().into(),
            (reason, _) => format!("match_{}", reason.code()).into(),
        },
        plain: gone.detail.as_str().into(),
        mark: gone.mark.as_str().into(),
        seen: ages::day_and_time(gone.seen).into(),
        record: format!("{} {}", gone.register, gone.record).into(),
    }
}

fn count(n: u64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Thousands parted by thin spaces, as all three languages may have it.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(c);
    }
    out
}

/// Bytes as a person reads them.
fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        _ => format!("{:.1} MB", n as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_bytes_take_their_unit() {
        assert_eq!(grouped(1_100_000), "1\u{a0}100\u{a0}000");
        assert_eq!(grouped(999), "999");
        for (n, text) in [(999, "999 B"), (1_500, "1.5 kB"), (2_340_000, "2.3 MB")] {
            assert_eq!(bytes(n), text);
        }
    }
}
