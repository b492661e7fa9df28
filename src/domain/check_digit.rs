//! Check digits, each with the standard that it comes from. All take text as it stands in the field, without
//! separators, and answer `None` where the text is not of the shape that the standard gives.

/// VIN (ISO 3779): position 9 over all 17 characters, as 49 CFR 565.15 has it. Only North America mandates it.
/// `None` unless there are 17 characters of `0-9 A-Z` without I, O and Q.
pub fn vin(text: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    if text.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (b, weight) in text.bytes().zip(WEIGHTS) {
        let value = match b {
            b'0'..=b'9' => b - b'0',
            b'A'..=b'H' => b - b'A' + 1,
            b'J'..=b'N' => b - b'J' + 1,
            b'P' => 7,
            b'R' => 9,
            b'S'..=b'Z' => b - b'S' + 2,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    match sum % 11 {
        10 => Some('X'),
        digit => char::from_digit(digit, 10),
    }
}

/// Machine readable travel documents (ICAO 9303-3, 4.9): weights 7 3 1 over digits, letters (A is 10) and `<` (0).
pub fn mrz(field: &str) -> Option<char> {
    let mut sum = 0;
    for (place, b) in field.bytes().enumerate() {
        let value = match b {
            b'0'..=b'9' => b - b'0',
            b'A'..=b'Z' => b - b'A' + 10,
            b'<' => 0,
            _ => return None,
        };
        sum = (sum + u32::from(value) * [7, 3, 1][place % 3]) % 10;
    }
    char::from_digit(sum, 10)
}

/// Freight containers (ISO 6346): over owner, category and serial, which are 4 letters and 6 digits. The letters' values
/// leave out multiples of 11; a remainder of 10 is written 0.
pub fn container(first_ten: &str) -> Option<char> {
    let bytes = first_ten.as_bytes();
    let shaped =
        bytes.len() == 10 && bytes[..4].iter().all(u8::is_ascii_uppercase) && bytes[4..].iter().all(u8::is_ascii_digit);
    if !shaped {
        return None;
    }
    let sum: u32 = bytes
        .iter()
        .enumerate()
        .map(|(place, b)| {
            let value = if b.is_ascii_digit() { b - b'0' } else { container_letter(*b) };
            u32::from(value) << place
        })
        .sum();
    char::from_digit(sum % 11 % 10, 10)
}

/// A is 10, and 11, 22 and 33 are skipped.
fn container_letter(b: u8) -> u8 {
    let plain = b - b'A' + 10;
    plain + (plain - 1) / 10
}

/// GS1 numbers (GTIN, SSCC, GLN, GRAI …; GS1 General Specifications 7.9.1): weights 3 and 1 from the right, over the
/// digits without the check digit.
pub fn gs1(digits: &str) -> Option<char> {
    let mut sum = 0;
    for (place, b) in digits.bytes().rev().enumerate() {
        if !b.is_ascii_digit() {
            return None;
        }
        sum = (sum + u32::from(b - b'0') * if place % 2 == 0 { 3 } else { 1 }) % 10;
    }
    char::from_digit((10 - sum) % 10, 10)
}

/// Whether the last of these digits is their GS1 check digit.
pub fn gs1_fits(digits: &str) -> bool {
    match digits.char_indices().next_back() {
        Some((at, last)) if at > 0 => gs1(&digits[..at]) == Some(last),
        _ => false,
    }
}

/// Whether position 9 of a VIN is its check digit.
pub fn vin_fits(text: &str) -> bool {
    vin(text).is_some_and(|digit| text.as_bytes().get(8) == Some(&(digit as u8)))
}

/// Whether the last of the 11 characters of a container number is its check digit.
pub fn container_fits(text: &str) -> bool {
    text.is_ascii() && text.len() == 11 && container(&text[..10]).is_some_and(|digit| text.ends_with(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_check_digits() {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/check_digits.json")).expect("JSON");
        let rows = |name: &str| all[name].as_array().expect("rows").clone();
        let digit = |v: &serde_json::Value| v.to_string().trim_matches('"').chars().next();
        for row in rows("vin") {
            let text = row[0].as_str().unwrap();
            assert_eq!(vin(text), digit(&row[1]));
            assert!(vin_fits(text));
        }
        for row in rows("mrz") {
            assert_eq!(mrz(row[0].as_str().unwrap()), digit(&row[1]), "{row}");
        }
        for row in rows("container") {
            let text = row[0].as_str().unwrap();
            assert_eq!(container(&text[..10]), digit(&row[1]));
            assert!(container_fits(text));
        }
        for row in rows("gtin13") {
            assert_eq!(gs1(row[0].as_str().unwrap()), digit(&row[1]));
        }
    }

    #[test]
    fn one_wrong_character_is_seen() {
        assert!(vin_fits("11111111111111111") && !vin_fits("11111111211111111"));
        assert!(!vin_fits("1M8GDM9AXKP042789"));
        assert!(!container_fits("CSQU3054384") && !container_fits("CSQV3054383"));
        assert!(gs1_fits("6291041500213") && !gs1_fits("6291041500214"));
    }

    #[test]
    fn other_shapes_have_no_check_digit() {
        assert_eq!(vin("1M8GDM9AXKPO42788"), None);
        assert_eq!(vin("1M8GDM9AXKP04278"), None);
        assert_eq!(mrz("L898 02"), None);
        assert_eq!(container("CSQU30543"), None);
        assert_eq!(container("CSЙU30543"), None);
        assert_eq!(gs1("62910A"), None);
        assert!(!gs1_fits("") && !gs1_fits("0") && !container_fits("ЖЖЖЖЖЖЖ"));
    }
}
