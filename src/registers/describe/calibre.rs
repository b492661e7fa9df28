//! Calibres as `5.45`, `5.45x39` or a gauge.

use super::WORDS;
use super::spelling::{by_sound, push_sound};

/// Bores in millimetres as they are written in haste. No bore in thousandths of an inch is among them.
const POINT_LEFT_OUT: [(&str, &str); 7] = [
    ("545", "5.45"),
    ("556", "5.56"),
    ("635", "6.35"),
    ("762", "7.62"),
    ("763", "7.63"),
    ("765", "7.65"),
    ("792", "7.92"),
];

/// A calibre as `5.45`, `5.45x39` or a gauge; what is no calibre stays as it sounds.
pub(super) fn calibre(raw: &str) -> String {
    let known = &WORDS.calibres;
    let raw = without_zero(raw);
    if let Some(word) = known.get(&calibre_key(raw)) {
        return word.clone();
    }
    let text = raw.to_lowercase().replace(',', ".").replace(['х', '×', '*', '/'], "x");
    let mut numbers =
        text.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|n| n.bytes().any(|b| b.is_ascii_digit()));
    let Some(bore) = numbers.next().and_then(tidy_number).map(with_point) else {
        return by_sound(raw);
    };
    let case = text.contains('x').then(|| numbers.next().and_then(tidy_number)).flatten();
    let short = match case {
        Some(case) => format!("{bore}x{case}"),
        None => bore,
    };
    known.get(&calibre_key(&short)).cloned().unwrap_or(short)
}

pub(super) fn calibre_key(raw: &str) -> String {
    let mut out = String::new();
    for c in raw.trim().trim_start_matches('.').chars().flat_map(char::to_uppercase) {
        match c {
            ',' | '.' => out.push('.'),
            _ => push_sound(c, &mut out),
        }
    }
    out.trim_end_matches('.').trim_end_matches("MM").to_owned()
}

/// `0.308` is `.308`.
fn without_zero(raw: &str) -> &str {
    let raw = raw.trim();
    raw.strip_prefix('0').filter(|inches| inches.starts_with(['.', ','])).unwrap_or(raw)
}

/// `762` is 7.62.
fn with_point(bore: String) -> String {
    POINT_LEFT_OUT.iter().find(|(whole, _)| *whole == bore).map_or(bore, |(_, with_point)| (*with_point).to_owned())
}

fn tidy_number(text: &str) -> Option<String> {
    let number: f32 = text.trim_matches('.').parse().ok()?;
    (number > 0.0 && number < 1000.0).then(|| format!("{}", (number * 100.0).round() / 100.0))
}

pub(super) fn calibre_number(calibre: &str) -> Option<&str> {
    let bore = calibre.split('x').next()?;
    bore.parse::<f32>().is_ok().then_some(bore)
}

pub(super) fn calibres_compatible(a: &str, b: &str) -> bool {
    let (Some(bore_a), Some(bore_b)) = (calibre_number(a), calibre_number(b)) else {
        // Words that are no calibre prove nothing.
        return true;
    };
    if bore_a == bore_b {
        // Contradict only when both name the case, and differently.
        return !(a.contains('x') && b.contains('x'));
    }
    let near = |x: &str, y: &str| match (x.parse::<f32>(), y.parse::<f32>()) {
        (Ok(x), Ok(y)) => (x - y).abs() < 0.05,
        _ => false,
    };
    near(bore_a, bore_b)
}
