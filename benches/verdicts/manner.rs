//! Invented registers of several manners: which models are common, how their serials look, and what the source leaves out.
//!
//! A manner is drawn from a seed, so that rules tuned on some can be tried on others that nobody looked at.

use tracepost::domain::{Description, Mark, Object, Record, Scheme, Status};
use tracepost::registers::practice::Dice;

/// A model with the years of its making and the ways in which people write its name, calibre and kind.
pub struct Model {
    names: &'static [&'static str],
    kinds: &'static [&'static str],
    calibres: &'static [&'static str],
    years: (u16, u16),
    weight: u32,
}

const fn model(
    names: &'static [&'static str],
    kinds: &'static [&'static str],
    calibres: &'static [&'static str],
    years: (u16, u16),
    weight: u32,
) -> Model {
    Model { names, kinds, calibres, years, weight }
}

const PISTOL: &[&str] = &["ПІСТОЛЕТ", "pistol", "пистолет"];
const RIFLE: &[&str] = &["ГВИНТІВКА", "rifle"];
const CARBINE: &[&str] = &["КАРАБІН", "carbine"];
const ASSAULT: &[&str] = &["АВТОМАТ", "assault rifle"];
const SHOTGUN: &[&str] = &["РУШНИЦЯ МИСЛИВСЬКА", "shotgun", "РУЖЬЕ"];
const NINE: &[&str] = &["9", "9x18", "9 мм"];
const SEVEN_62: &[&str] = &["7.62", "7,62"];
const FIVE_45: &[&str] = &["5.45", "5,45х39", "5.45x39"];

/// The first name is the register's, the others are what officers say.
const MODELS: [Model; 22] = [
    model(&["ПМ", "PM", "Makarov"], PISTOL, NINE, (1951, 1995), 130),
    model(&["АК74", "AK-74", "АК-74"], ASSAULT, FIVE_45, (1974, 2015), 110),
    model(&["АКС74", "AKS-74"], ASSAULT, FIVE_45, (1976, 1994), 50),
    model(&["АКМ", "AKM"], ASSAULT, SEVEN_62, (1959, 1980), 45),
    model(&["ТТ", "TT", "Tokarev"], PISTOL, SEVEN_62, (1933, 1954), 40),
    model(&["НАГАН", "Nagant"], &["РЕВОЛЬВЕР", "revolver"], SEVEN_62, (1900, 1945), 22),
    model(&["ІЖ-27", "IZH-27", "ИЖ27"], SHOTGUN, &["12"], (1973, 2012), 70),
    model(&["ІЖ-58", "ИЖ-58"], SHOTGUN, &["16"], (1958, 1987), 55),
    model(&["ІЖ-18", "IZH-18"], SHOTGUN, &["16"], (1964, 2005), 45),
    model(&["ІЖ-17"], SHOTGUN, &["16"], (1955, 1970), 35),
    model(&["ТОЗБ"], SHOTGUN, &["16"], (1937, 1975), 40),
    model(&["ТОЗ-34", "TOZ-34"], SHOTGUN, &["12"], (1964, 2010), 55),
    model(&["ТОЗ-63"], SHOTGUN, &["16"], (1963, 1980), 30),
    model(&["ТОЗ-8", "TOZ-8"], RIFLE, &["5.6", ".22 LR"], (1932, 1990), 30),
    model(&["ФОРТ-12Р", "FORT-12R"], PISTOL, &["9"], (2002, 2022), 40),
    model(&["ФОРТ-17", "FORT 17"], PISTOL, &["9"], (2005, 2022), 15),
    model(&["СКС", "SKS"], CARBINE, SEVEN_62, (1949, 1958), 30),
    model(&["САЙГА"], CARBINE, SEVEN_62, (1994, 2014), 20),
    model(&["МОСІНА", "Mosin"], RIFLE, SEVEN_62, (1930, 1950), 20),
    model(&["СВД", "SVD"], RIFLE, SEVEN_62, (1964, 2000), 10),
    model(&["РПК74", "RPK-74"], &["КУЛЕМЕТ", "machine gun"], FIVE_45, (1975, 1992), 12),
    model(&["МЦ 21-12", "MC 21-12"], SHOTGUN, &["12"], (1965, 2000), 20),
];

const LETTERS: [char; 28] = [
    'А', 'В', 'Е', 'К', 'М', 'Н', 'О', 'Р', 'С', 'Т', 'Х', 'І', 'Б', 'Г', 'Д', 'Ж', 'З', 'И', 'Л', 'П', 'Ф', 'Ц', 'Ч',
    'Ш', 'Ю', 'Я', 'У', 'Э',
];

/// How the serials of one model look.
struct Habit {
    weight: u32,
    /// Of a hundred: serials with no, one, two, three letters.
    letters: [u32; 4],
    digits: (u32, u32),
}

/// One manner of register.
pub struct Manner {
    habits: Vec<Habit>,
    /// Where makers count: in which way each of them does.
    counts: Option<Vec<Count>>,
    /// Percent of records whose year, and whose calibre, is not told.
    year_null: f64,
    calibre_null: f64,
    /// Percent of series that follow from the year, as factories gave them out.
    series_by_year: f64,
    /// How unevenly letters are used: 0 all alike.
    skew: u32,
}

/// A weapon: what is true of it, whatever a register tells.
#[derive(Clone)]
pub struct Weapon {
    pub serial: String,
    pub model: usize,
    pub year: u16,
    /// Tells it from others of its model and year, where makers count.
    pub number: u32,
}

/// How one maker counts the weapons of a model.
struct Count {
    style: Style,
    /// Plants that count for themselves.
    plants: u32,
    /// Weapons of a year and plant.
    made: u32,
    begins_anew: bool,
    digits: u32,
}

#[derive(Clone, Copy)]
enum Style {
    /// Two letters that go on when four digits are used up.
    Series,
    /// A long number from the beginning.
    Long,
    /// One letter before it.
    Letter,
    /// The year's two digits before it.
    YearFirst,
}

impl Count {
    fn serial(&self, model: usize, year: u32, counted: u32) -> String {
        let letter = |n: u32| LETTERS[n as usize % LETTERS.len()];
        let digits = self.digits as usize;
        match self.style {
            Style::Series => {
                let series = counted / 9999 + model as u32 * 31 + if self.begins_anew { year * 3 } else { 0 };
                format!("{}{}{:04}", letter(series), letter(series / 28 + model as u32), counted % 9999 + 1)
            }
            Style::Long => format!("{counted:0digits$}"),
            Style::Letter => format!("{}{counted:0digits$}", letter(model as u32)),
            Style::YearFirst => format!("{:02}{counted:05}", year % 100),
        }
    }
}

impl Manner {
    /// The manner of that seed. Half to three quarters of a manner's models keep to one shape of serial.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9));
        let bare = 25 + dice.below(30);
        let habits = MODELS.iter().map(|model| habit(model, bare, &mut dice)).collect();
        Self {
            habits,
            counts: None,
            year_null: 8.0 + f64::from(dice.below(17)),
            calibre_null: 0.3 + f64::from(dice.below(30)) / 10.0,
            series_by_year: f64::from(dice.below(3)) * 40.0,
            skew: dice.below(4),
        }
    }

    /// The same, but that makers give each number out once, counting from one: so many weapons of all there are, of which half
    /// may be listed.
    pub fn counted(seed: u64, weapons: u64) -> Self {
        let manner = Self::new(seed);
        let mut dice = Dice::new(seed ^ 0x5eed);
        let all = manner.habits.iter().map(|habit| u64::from(habit.weight)).sum::<u64>();
        let count = |(habit, model): (&Habit, &Model)| {
            let years = u64::from(model.years.1 - model.years.0) + 1;
            let plants = if dice.percent(30.0) { 2 } else { 1 };
            let made = weapons * u64::from(habit.weight) / all / years / u64::from(plants) + 1;
            let style =
                [Style::Series, Style::Series, Style::Long, Style::Letter, Style::YearFirst][dice.below(5) as usize];
            Count { style, plants, made: made as u32, begins_anew: dice.percent(40.0), digits: 7 + dice.below(3) }
        };
        let counts = manner.habits.iter().zip(&MODELS).map(count).collect();
        Self { counts: Some(counts), ..manner }
    }

    /// Whether makers count.
    pub fn counts(&self) -> bool {
        self.counts.is_some()
    }

    /// A weapon that may be listed.
    pub fn listed(&self, dice: &mut Dice) -> Weapon {
        self.one_of(dice, true)
    }

    /// One that is not.
    pub fn innocent(&self, dice: &mut Dice) -> Weapon {
        self.one_of(dice, false)
    }

    fn one_of(&self, dice: &mut Dice, listed: bool) -> Weapon {
        let model = pick(&self.habits.iter().map(|h| h.weight).collect::<Vec<_>>(), dice);
        let Some(counts) = &self.counts else { return self.weapon_of(model, dice) };
        let (count, (first, last)) = (&counts[model], MODELS[model].years);
        let year = u32::from(first) + dice.below(u32::from(last - first) + 1);
        let plant = dice.below(count.plants);
        loop {
            let own = dice.below(count.made);
            let counted = own + if count.begins_anew { 0 } else { (year - u32::from(first)) * count.made };
            let number = plant * count.made + own;
            // By a hash, so that those that may be listed are like the others in everything.
            let seed = [model as u32, year, number].into_iter().fold(7u64, |seed, n| seed << 20 ^ u64::from(n));
            let hash = Dice::new(seed).below(2);
            if (hash == 0) == listed {
                return Weapon { serial: count.serial(model, year, counted), model, year: year as u16, number };
            }
        }
    }

    fn weapon_of(&self, model: usize, dice: &mut Dice) -> Weapon {
        let habit = &self.habits[model];
        let (first, last) = MODELS[model].years;
        let year = first + dice.below(u32::from(last - first) + 1) as u16;
        let letters = pick(&habit.letters, dice);
        let mut serial = String::new();
        for n in 0..letters {
            let mut at = (0..=self.skew).map(|_| dice.below(LETTERS.len() as u32)).min().unwrap_or(0);
            if n == 0 && dice.percent(self.series_by_year) {
                at = (u32::from(year) * 7 + model as u32) % LETTERS.len() as u32;
            }
            serial.push(LETTERS[at as usize]);
        }
        let digits = habit.digits.0 + dice.below(habit.digits.1 - habit.digits.0 + 1);
        for _ in 0..digits {
            serial.push(char::from(b'0' + dice.below(10) as u8));
        }
        Weapon { serial, model, year, number: 0 }
    }

    /// The record of a weapon, with what the source leaves out.
    pub fn record(&self, id: u64, weapon: &Weapon, dice: &mut Dice) -> Record {
        let model = &MODELS[weapon.model];
        Record {
            id: id.to_string(),
            marks: vec![Mark::new(Scheme::Serial, &weapon.serial)],
            description: Description {
                object: Some(Object::Firearm),
                kind: Some(model.kinds[0].to_owned()),
                model: Some(model.names[0].to_owned()),
                calibre: (!dice.percent(self.calibre_null)).then(|| model.calibres[0].to_owned()),
                year: (!dice.percent(self.year_null)).then_some(weapon.year),
                ..Description::default()
            },
            status: Status::Stolen,
            owner: tracepost::registers::practice::OWNER.to_owned(),
            ..Record::default()
        }
    }
}

impl Weapon {
    /// What an officer tells of it, in one of the usual ways to write it.
    pub fn described(&self, dice: &mut Dice) -> Description {
        let model = &MODELS[self.model];
        let mut one = |words: &[&str]| Some(words[dice.below(words.len() as u32) as usize].to_owned());
        Description {
            object: Some(Object::Firearm),
            kind: one(model.kinds),
            model: one(model.names),
            calibre: one(model.calibres),
            year: Some(self.year),
            ..Description::default()
        }
    }
}

fn habit(model: &Model, bare: u32, dice: &mut Dice) -> Habit {
    // Popularity between a third and three times the usual.
    let weight = model.weight * [33, 50, 70, 100, 100, 140, 200, 300][dice.below(8) as usize] / 10;
    let letters = match dice.below(10) {
        0..4 => [bare, 10, 90 - bare, 0],
        4..7 => [bare, 100 - bare, 0, 0],
        7..9 => [100 - bare / 3, bare / 6, bare / 3 - bare / 6, 0],
        _ => [bare, 10, 60 - bare, 30],
    };
    let shortest = [3, 4, 4, 4, 4, 5, 5, 6, 6, 7][dice.below(10) as usize];
    let digits = (shortest, shortest + dice.below(if shortest > 5 { 2 } else { 3 }));
    Habit { weight, letters, digits }
}

fn pick(weights: &[u32], dice: &mut Dice) -> usize {
    let mut left = dice.below(weights.iter().sum());
    for (at, weight) in weights.iter().enumerate() {
        if left < *weight {
            return at;
        }
        left -= weight;
    }
    0
}
