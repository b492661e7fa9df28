//! How old something is, in one number and a unit that the screens put into words.

use chrono::{DateTime, Local, Utc};
use tracepost_ui::Age;

/// From this age on a register is called old.
pub const OLD_HOURS: i64 = 7 * 24;

/// The age of a moment: minutes up to one hour, hours up to two days, then days. A moment yet to come is new.
pub fn age(of: DateTime<Utc>, now: DateTime<Utc>) -> Age {
    let minutes = (now - of).num_minutes().max(0);
    let (n, unit) = match minutes {
        0..60 => (minutes, "min"),
        60..2_880 => (minutes / 60, "h"),
        _ => (minutes / 1_440, "d"),
    };
    Age { n: n.try_into().unwrap_or(i32::MAX), unit: unit.into() }
}

/// No age is known.
pub fn unknown() -> Age {
    Age { n: 0, unit: "".into() }
}

/// Whether a register of that age is to be called old.
pub fn is_old(of: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - of).num_hours() >= OLD_HOURS
}

/// Time of day where the device stands.
pub fn time(of: DateTime<Utc>) -> String {
    of.with_timezone(&Local).format("%H:%M").to_string()
}

/// Day and time where the device stands.
pub fn day_and_time(of: DateTime<Utc>) -> String {
    of.with_timezone(&Local).format("%d.%m. %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_take_the_unit_that_fits() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let table: [(i64, i32, &str); 7] = [
            (-600, 0, "min"),
            (0, 0, "min"),
            (3_599, 59, "min"),
            (3_600, 1, "h"),
            (50_400, 14, "h"),
            (172_799, 47, "h"),
            (172_800, 2, "d"),
        ];
        for (seconds, n, unit) in table {
            let got = age(now - chrono::Duration::seconds(seconds), now);
            assert_eq!((got.n, got.unit.as_str()), (n, unit), "{seconds} s");
        }
    }
}
