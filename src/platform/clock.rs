//! Two clocks: the wall clock, which anyone can set wrong, and the time since boot, which nobody can.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A difference between the two clocks below this is drift or a slow machine, not a step.
pub const STEP_MIN_MS: u64 = 2_000;

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since 1970, by the wall clock: a claim.
    pub wall_ms: i64,
    /// Milliseconds since boot, sleep included.
    pub mono_ms: u64,
    /// Which boot; two moments of different boots have no common time but the wall's.
    pub boot: [u8; 16],
}

/// Where moments come from.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;
}

/// The machine's clocks.
#[derive(Debug, Clone)]
pub struct SystemClock {
    boot: [u8; 16],
    #[cfg(not(target_os = "linux"))]
    started: std::time::Instant,
}

impl SystemClock {
    /// Reads which boot this is. Where the system does not tell, each start of the program counts as one.
    pub fn new() -> Self {
        Self {
            boot: boot_id(),
            #[cfg(not(target_os = "linux"))]
            started: std::time::Instant::now(),
        }
    }

    #[cfg(target_os = "linux")]
    fn mono_ms(&self) -> u64 {
        let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let (seconds, nanos) = (since_boot.tv_sec.unsigned_abs(), since_boot.tv_nsec.unsigned_abs());
        seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000)
    }

    #[cfg(not(target_os = "linux"))]
    fn mono_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment { wall_ms: wall_ms(), mono_ms: self.mono_ms(), boot: self.boot }
    }
}

/// The wall clock alone, in milliseconds since 1970; negative before.
pub fn wall_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// The same as a moment. Before 1970 the usual way to it ends the program.
pub fn utc_now() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(wall_ms()).unwrap_or_default()
}

fn boot_id() -> [u8; 16] {
    let told = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    let parsed = told.and_then(|text| uuid::Uuid::parse_str(text.trim()).ok());
    parsed.unwrap_or_else(uuid::Uuid::new_v4).into_bytes()
}

/// A clock that a test sets by hand.
#[derive(Debug)]
pub struct HandClock(Mutex<Moment>);

impl HandClock {
    /// Stands at this wall time, a minute after boot.
    pub fn at(wall_ms: i64) -> Self {
        Self(Mutex::new(Moment { wall_ms, mono_ms: 60_000, boot: [1; 16] }))
    }

    /// Lets time pass: both clocks go on.
    pub fn pass_ms(&self, ms: u64) {
        self.change(|now| {
            now.wall_ms = now.wall_ms.saturating_add_unsigned(ms);
            now.mono_ms = now.mono_ms.saturating_add(ms);
        });
    }

    /// Sets the wall clock, as a person or a time server does.
    pub fn set_wall_ms(&self, wall_ms: i64) {
        self.change(|now| now.wall_ms = wall_ms);
    }

    /// Boots the machine anew: the time since boot begins again.
    pub fn reboot(&self) {
        self.change(|now| {
            now.mono_ms = 0;
            now.boot[0] = now.boot[0].wrapping_add(1);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Moment)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Clock for HandClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wall clock was set while the machine ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What it should have shown, in milliseconds since 1970.
    pub expected_ms: i64,
    /// What it showed.
    pub found_ms: i64,
}

/// Notices steps of the wall clock by comparing it with the time since boot.
#[derive(Debug, Clone, Default)]
pub struct ClockWatch {
    last: Option<Moment>,
}

impl ClockWatch {
    /// Begins from the last moment known, if there is one.
    pub fn from(last: Option<Moment>) -> Self {
        Self { last }
    }

    /// Takes a new moment; tells of a step since the one before. Nothing can be told across a boot.
    pub fn observe(&mut self, now: Moment) -> Option<Step> {
        let last = self.last.replace(now)?;
        if last.boot != now.boot {
            return None;
        }
        let passed_ms = now.mono_ms.saturating_sub(last.mono_ms);
        let expected_ms = last.wall_ms.saturating_add_unsigned(passed_ms);
        let stepped = expected_ms.abs_diff(now.wall_ms) >= STEP_MIN_MS;
        stepped.then_some(Step { expected_ms, found_ms: now.wall_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_noticed_in_both_directions_and_only_once() {
        let clock = HandClock::at(1_000_000);
        let mut watch = ClockWatch::default();
        assert_eq!(watch.observe(clock.now()), None);
        clock.pass_ms(3_600_000);
        assert_eq!(watch.observe(clock.now()), None);
        clock.pass_ms(10_000);
        clock.set_wall_ms(50_000);
        assert_eq!(watch.observe(clock.now()), Some(Step { expected_ms: 4_610_000, found_ms: 50_000 }));
        assert_eq!(watch.observe(clock.now()), None);
        clock.set_wall_ms(4_700_000);
        assert_eq!(watch.observe(clock.now()), Some(Step { expected_ms: 50_000, found_ms: 4_700_000 }));
    }

    #[test]
    fn drift_and_boots_are_no_steps() {
        let clock = HandClock::at(1_000_000);
        let mut watch = ClockWatch::from(Some(clock.now()));
        clock.set_wall_ms(1_001_999);
        assert_eq!(watch.observe(clock.now()), None);
        clock.reboot();
        clock.set_wall_ms(9_000_000);
        assert_eq!(watch.observe(clock.now()), None);
    }

    #[test]
    fn the_machines_clocks_go_forward_within_one_boot() {
        let clock = SystemClock::new();
        let (one, two) = (clock.now(), clock.now());
        assert_eq!(one.boot, two.boot);
        assert!(one.mono_ms <= two.mono_ms && one.mono_ms > 0);
        assert!(one.wall_ms > 1_700_000_000_000);
        assert_eq!(one.boot, SystemClock::new().now().boot);
    }
}
