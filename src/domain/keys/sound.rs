//! The key by sound: Cyrillic letters that look like no Latin one, as officers type them on a Latin keyboard.

use super::fold::is_cyrillic_letter;

/// Most variants of one mark by sound; past it each further letter gives its commonest spelling only.
pub const SOUND_VARIANTS_MAX: usize = 16;

/// Spellings of an upper-case Cyrillic letter, the commonest first. `None`: the letter has no spelling here.
pub fn spellings(c: char) -> Option<&'static [&'static str]> {
    Some(match c {
        'Б' => &["B"],
        'Г' => &["G", "H"],
        'Ґ' | 'Ѓ' => &["G"],
        'Д' => &["D"],
        'Ђ' => &["DJ"],
        'Є' => &["E", "YE"],
        'Ж' => &["ZH"],
        'З' => &["Z"],
        'И' => &["I", "Y"],
        'Й' => &["Y", "I", "J"],
        'Ї' => &["I", "YI"],
        'Л' => &["L"],
        'Љ' => &["LJ"],
        'Њ' => &["NJ"],
        'П' => &["P"],
        'Ћ' => &["C"],
        'Ў' => &["U"],
        'Ф' => &["F"],
        'Ц' => &["TS"],
        'Ч' => &["CH"],
        'Џ' => &["DZ"],
        'Ш' => &["SH"],
        'Щ' => &["SHCH", "SCH"],
        'Ы' => &["Y"],
        'Э' => &["E"],
        'Ю' => &["YU"],
        'Я' => &["YA"],
        'Ь' | 'Ъ' => &[""],
        _ => return None,
    })
}

/// Every way in which the Cyrillic letters left in a canonical key may have been typed in Latin, at most
/// [`SOUND_VARIANTS_MAX`]; empty when it holds none.
pub fn sound_variants(canonical: &str) -> Vec<String> {
    if !canonical.chars().any(|c| is_cyrillic_letter(c) && spellings(c).is_some()) {
        return Vec::new();
    }
    let mut variants = vec![String::with_capacity(canonical.len() + 4)];
    for c in canonical.chars() {
        match spellings(c) {
            None => variants.iter_mut().for_each(|v| v.push(c)),
            Some(ways) if ways.len() == 1 || variants.len() * ways.len() > SOUND_VARIANTS_MAX => {
                variants.iter_mut().for_each(|v| v.push_str(ways[0]));
            }
            Some(ways) => {
                variants = ways.iter().flat_map(|way| variants.iter().map(move |v| format!("{v}{way}"))).collect();
            }
        }
    }
    variants
}
