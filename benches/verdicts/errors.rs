//! How marks are typed, and how they are misread.

use tracepost::registers::practice::Dice;

const LATIN: [(char, char); 12] = [
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('Х', 'X'),
    ('І', 'I'),
];

const LOOK_ALIKES: [(char, char); 19] = [
    ('0', 'O'),
    ('O', '0'),
    ('О', '0'),
    ('1', 'I'),
    ('І', '1'),
    ('5', 'S'),
    ('8', 'B'),
    ('В', '8'),
    ('2', 'Z'),
    ('6', 'G'),
    ('З', '3'),
    ('3', 'З'),
    ('Б', '6'),
    ('6', 'Б'),
    ('0', 'О'),
    ('1', 'І'),
    ('8', 'В'),
    ('0', 'Q'),
    ('1', 'L'),
];

const SOUNDS: [(char, &str); 15] = [
    ('Б', "B"),
    ('Г', "G"),
    ('Д', "D"),
    ('Ж', "ZH"),
    ('З', "Z"),
    ('И', "I"),
    ('Л', "L"),
    ('П', "P"),
    ('Ф', "F"),
    ('Ц', "TS"),
    ('Ч', "CH"),
    ('Ш', "SH"),
    ('Ю', "YU"),
    ('Я', "YA"),
    ('Г', "H"),
];

/// A right serial in one of the ways in which people and scanners write it.
pub fn typed(serial: &str, dice: &mut Dice) -> String {
    let digits = |zero: u32| move |c: char| c.to_digit(10).and_then(|d| char::from_u32(zero + d)).unwrap_or(c);
    let cut = serial.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (series, number) = serial.split_at(cut);
    match dice.below(10) {
        0 | 1 => serial.chars().map(latin).collect(),
        2 => serial.to_lowercase(),
        3 => format!("№ {serial}"),
        4 => format!("S/N: {series} {number}"),
        5 => format!("{series}-{number}"),
        6 => serial.chars().map(digits(0xFF10)).collect(),
        7 => serial.chars().map(latin).map(digits(0x0660)).collect(),
        8 => format!(" {} № {number} ", series.to_lowercase()),
        _ => serial.to_owned(),
    }
}

fn latin(c: char) -> char {
    LATIN.iter().find(|(cyrillic, _)| *cyrillic == c).map_or(c, |(_, latin)| *latin)
}

/// One character taken for one that looks like it.
pub fn look_alike(serial: &str, dice: &mut Dice) -> Option<String> {
    let chars: Vec<char> = serial.chars().collect();
    let places: Vec<(usize, char)> = chars
        .iter()
        .enumerate()
        .flat_map(|(at, c)| LOOK_ALIKES.iter().filter(move |(from, _)| from == c).map(move |(_, to)| (at, *to)))
        .collect();
    let (at, to) = *places.get(dice.below(places.len() as u32) as usize)?;
    let mut out = chars;
    out[at] = to;
    Some(out.into_iter().collect())
}

/// Cyrillic letters typed as they sound.
pub fn by_sound(serial: &str, _: &mut Dice) -> Option<String> {
    let sound = |c: char| SOUNDS.iter().find(|(letter, _)| *letter == c).map(|(_, sound)| *sound);
    serial
        .chars()
        .any(|c| sound(c).is_some())
        .then(|| serial.chars().map(|c| sound(c).map_or_else(|| latin(c).to_string(), str::to_owned)).collect())
}

/// One character wrong, missing, too many, or two neighbours swapped.
pub fn any_error(serial: &str, dice: &mut Dice) -> Option<String> {
    let mut chars: Vec<char> = serial.chars().collect();
    let at = dice.below(chars.len() as u32) as usize;
    let like = |c: char, dice: &mut Dice| {
        let letters: Vec<char> = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЮЯ".chars().collect();
        if c.is_ascii_digit() {
            char::from(b'0' + dice.below(10) as u8)
        } else {
            letters[dice.below(letters.len() as u32) as usize]
        }
    };
    match dice.below(20) {
        0..4 => {
            chars.remove(at);
        }
        4..8 => {
            let extra = like(chars[at], dice);
            chars.insert(at, extra);
        }
        8..11 if at + 1 < chars.len() => chars.swap(at, at + 1),
        _ => chars[at] = like(chars[at], dice),
    }
    let out: String = chars.into_iter().collect();
    (out != serial).then_some(out)
}
