//! Invented records in the manner of the Ukrainian register, for practice, tests and measurements.
//!
//! The same seed gives the same records on every machine. Each says in its owner's name that it is invented.

use std::io::{self, Write};

use chrono::{Days, NaiveDate};

use crate::domain::{Description, Mark, Object, Record, Scheme, Status};

/// The owner of every invented record.
pub const OWNER: &str = "ВИГАДАНИЙ ЗАПИС (навчання)";

/// Model, kind, calibre, first and last year of manufacture, weight.
type Model = (&'static str, &'static str, &'static str, u16, u16, u32);

/// What registers of this kind hold most of; the shares are rough.
const MODELS: [Model; 24] = [
    ("ПМ", "ПІСТОЛЕТ", "9", 1951, 1995, 130),
    ("АК74", "АВТОМАТ", "5.45", 1974, 1994, 110),
    ("АКС74", "АВТОМАТ", "5.45", 1976, 1994, 50),
    ("АКМ", "АВТОМАТ", "7.62", 1959, 1980, 45),
    ("ТТ", "ПІСТОЛЕТ", "7.62", 1933, 1954, 40),
    ("НАГАН", "РЕВОЛЬВЕР", "7.62", 1930, 1945, 22),
    ("ІЖ-27", "РУШНИЦЯ МИСЛИВСЬКА", "12", 1973, 2010, 70),
    ("ІЖ-58", "РУШНИЦЯ МИСЛИВСЬКА", "16", 1958, 1986, 55),
    ("ІЖ-18", "РУШНИЦЯ МИСЛИВСЬКА", "16", 1964, 2005, 45),
    ("ІЖ-17", "РУШНИЦЯ МИСЛИВСЬКА", "16", 1955, 1970, 35),
    ("ІЖ-43", "РУШНИЦЯ МИСЛИВСЬКА", "12", 1986, 2010, 25),
    ("ТОЗБ", "РУШНИЦЯ МИСЛИВСЬКА", "16", 1937, 1955, 40),
    ("ТОЗ-34", "РУШНИЦЯ МИСЛИВСЬКА", "12", 1965, 2005, 55),
    ("ТОЗ-63", "РУШНИЦЯ МИСЛИВСЬКА", "16", 1963, 1980, 30),
    ("ТОЗ-8", "ГВИНТІВКА", "5.6", 1932, 1990, 30),
    ("ФОРТ-12", "ПІСТОЛЕТ", "9", 1998, 2022, 25),
    ("ФОРТ-17", "ПІСТОЛЕТ", "9", 2005, 2022, 15),
    ("СКС", "КАРАБІН", "7.62", 1949, 1958, 25),
    ("САЙГА", "КАРАБІН", "7.62", 1994, 2013, 20),
    ("МОСІНА", "ГВИНТІВКА", "7.62", 1930, 1950, 20),
    ("СВД", "ГВИНТІВКА", "7.62", 1964, 2000, 10),
    ("ПМР", "ПІСТОЛЕТ", "9", 2005, 2015, 25),
    ("РПК74", "КУЛЕМЕТ", "5.45", 1975, 1992, 12),
    ("МЦ 21-12", "РУШНИЦЯ МИСЛИВСЬКА", "12", 1965, 2000, 20),
];

/// Series letters with their weights: some are common, all occur.
const LETTERS: [(char, u32); 28] = [
    ('А', 9),
    ('Б', 7),
    ('В', 8),
    ('Г', 7),
    ('Д', 6),
    ('Е', 6),
    ('Ж', 3),
    ('З', 4),
    ('И', 5),
    ('К', 7),
    ('Л', 5),
    ('М', 6),
    ('Н', 6),
    ('О', 5),
    ('П', 5),
    ('Р', 6),
    ('С', 6),
    ('Т', 6),
    ('У', 3),
    ('Ф', 3),
    ('Х', 3),
    ('Ц', 2),
    ('Ч', 2),
    ('Ш', 2),
    ('Э', 1),
    ('Ю', 2),
    ('Я', 2),
    ('І', 2),
];

/// A small generator of numbers (SplitMix64): enough for invention, no secret depends on it.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x7472_6163_6570_6f73)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// True in `percent` of 100 cases.
    pub fn percent(&mut self, percent: f64) -> bool {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64 * 100.0 < percent
    }

    fn weighted<T: Copy>(&mut self, table: &[T], weight: impl Fn(&T) -> u32) -> Option<T> {
        let mut left = self.below(table.iter().map(&weight).sum());
        table.iter().copied().find(|entry| {
            let here = left < weight(entry);
            left = left.wrapping_sub(weight(entry));
            here
        })
    }
}

/// An endless series of invented records, with ids from 9000000 on.
#[derive(Debug, Clone)]
pub struct Generator {
    dice: Dice,
    next_id: u64,
}

impl Generator {
    /// The records of that seed.
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), next_id: 9_000_000 }
    }

    /// Series and number as two fields, as the register has them.
    fn serial(&mut self) -> (Option<String>, String) {
        let dice = &mut self.dice;
        let letters = if dice.percent(48.0) { 1 + u32::from(dice.percent(70.0)) } else { 0 };
        let series: String =
            (0..letters).filter_map(|_| dice.weighted(&LETTERS, |l| l.1)).map(|(letter, _)| letter).collect();
        let digits = dice.weighted(&[(3, 6), (4, 58), (5, 24), (6, 12u32)], |d| d.1).map_or(4, |(digits, _)| digits);
        let number = 1 + dice.below(10u32.pow(digits) - 1);
        ((letters > 0).then_some(series), format!("{number:0width$}", width = digits as usize))
    }

    fn record(&mut self) -> Record {
        let (series, number) = self.serial();
        let dice = &mut self.dice;
        let (model, kind, calibre, first, last, _) = dice.weighted(&MODELS, |m| m.5).unwrap_or(MODELS[0]);
        let year = first + dice.below(u32::from(last - first) + 1) as u16;
        let lost_on = NaiveDate::from_ymd_opt(1991, 1, 1)
            .and_then(|day| day.checked_add_days(Days::new(u64::from(dice.below(12_600)))));
        let reported_on = lost_on.and_then(|day| day.checked_add_days(Days::new(u64::from(dice.below(40)))));
        let id = self.next_id;
        self.next_id += 1;
        Record {
            id: id.to_string(),
            marks: vec![Mark::new(Scheme::Serial, series.unwrap_or_default() + &number)],
            description: Description {
                object: Some(Object::Firearm),
                kind: Some(kind.to_owned()),
                model: Some(model.to_owned()),
                calibre: (!dice.percent(0.9)).then(|| calibre.to_owned()),
                year: (!dice.percent(16.0)).then_some(year),
                ..Description::default()
            },
            status: if dice.percent(45.0) { Status::Stolen } else { Status::Lost },
            owner: OWNER.to_owned(),
            action: None,
            reported_on,
            lost_on: lost_on.filter(|_| !dice.percent(0.07)),
            expires_on: None,
            caution: None,
            ..Record::default()
        }
    }
}

impl Iterator for Generator {
    type Item = Record;
    fn next(&mut self) -> Option<Record> {
        Some(self.record())
    }
}

/// Writes invented records as a `weaponswanted.json`, so that practice goes through the real importer.
pub fn write_ua_weapons(mut out: impl Write, seed: u64, records: u64) -> io::Result<()> {
    let mut dice = Dice::new(seed.wrapping_add(1));
    out.write_all(b"[\n")?;
    for (n, record) in (0..records).zip(Generator::new(seed)) {
        let serial = record.marks.first().map_or("", |m| m.value.as_str());
        let cut = serial.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let (series, number) = serial.split_at(cut);
        let d = &record.description;
        let day = |day: Option<NaiveDate>| day.map(|day| format!("{day}T00:00:00"));
        let producer = match dice.below(100) {
            0..18 => None,
            18..80 => Some("ВІТЧИЗНЯНЕ"),
            _ => Some("ІНОЗЕМНЕ"),
        };
        let smooth = matches!(d.calibre.as_deref(), Some("12" | "16"));
        let row = serde_json::json!({
            "id": record.id,
            "brandmodel": d.model,
            "producer": producer,
            "weapontype": if smooth { "ГЛАДКОСТВОЛЬНА" } else { "НАРІЗНА" },
            "weaponkind": d.kind,
            "weaponseries": (!series.is_empty()).then_some(series),
            "weaponnumber": number,
            "weaponcaliber": d.calibre,
            "trunks": if smooth { "2" } else { "1" },
            "graduationyear": d.year.map(|y| y.to_string()),
            "organunit": record.owner,
            "reasonsearch": if record.status == Status::Stolen { "ВИКРАДЕННЯ" } else { "ВТРАТА" },
            "insertdate": day(record.reported_on),
            "theftdate": day(record.lost_on),
        });
        if n > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer_pretty(&mut out, &row)?;
    }
    out.write_all(b"\n]\n")
}
