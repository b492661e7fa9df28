//! Countries by whatever name people tell them.
//!
//! ISO 3166-1 gives the codes and the English names; the table has the names by which officers of Europe and the Caucasus call each
//! other's states: Ukrainian, Russian, Polish, German, French, and the state's own.

use unicode_normalization::UnicodeNormalization;

use super::keys::canonical;

/// The code of three letters (ISO 3166-1) of a country told by code or name, in any case. Germany is `D` in machine-readable zones
/// (ICAO Doc 9303-3, section 5). `None` where no list knows it.
pub fn country_code(told: &str) -> Option<&'static str> {
    let code = canonical(told);
    let coded = match code.as_str() {
        "D" => Some("DEU"),
        // Codes in use beside the standard's: the Union's for Greece, and what the British write.
        "EL" => Some("GRC"),
        "UK" => Some("GBR"),
        code if code.len() == 2 => rust_iso3166::from_alpha2(code).map(|country| country.alpha3),
        code if code.len() == 3 => rust_iso3166::from_alpha3(code).map(|country| country.alpha3),
        _ => None,
    };
    coded.or_else(|| named(told))
}

fn named(told: &str) -> Option<&'static str> {
    let name = letters(told);
    if name.is_empty() {
        return None;
    }
    let here = NAMES.iter().find(|(_, names)| names.iter().any(|known| letters(known) == name)).map(|(code, _)| *code);
    let called = |is_so_called: &dyn Fn(&str) -> bool| {
        let mut all = rust_iso3166::ALL.iter().filter(|country| is_so_called(country.name));
        all.next().filter(|_| all.next().is_none()).map(|country| country.alpha3)
    };
    // `Moldova (Republic of)` is Moldova, but two states are Korea.
    let is_short_of = |known: &str| known.split_once(" (").is_some_and(|(short, _)| letters(short) == name);
    here.or_else(|| called(&|known| letters(known) == name)).or_else(|| called(&is_short_of))
}

/// Letters only, in lower case: hyphens, apostrophes and spaces are left out by half of those who write.
fn letters(text: &str) -> String {
    text.nfc().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// Names beside those of the standard.
const NAMES: [(&str, &[&str]); 62] = [
    ("ALB", &["Албанія", "Албания", "Albanien", "Albanie", "Shqipëria", "Shqipëri"]),
    ("AND", &["Андорра", "Andora", "Andorre"]),
    ("ARM", &["Вірменія", "Армения", "Armenien", "Arménie", "Հայաստան", "Hayastan"]),
    ("AUT", &["Австрія", "Австрия", "Österreich", "Oesterreich", "Autriche"]),
    ("AZE", &["Азербайджан", "Azerbejdżan", "Aserbaidschan", "Azerbaïdjan", "Azərbaycan"]),
    ("BEL", &["Бельгія", "Бельгия", "Belgia", "Belgien", "Belgique", "België"]),
    ("BGR", &["Болгарія", "Болгария", "Bułgaria", "Bulgarien", "Bulgarie", "България"]),
    (
        "BIH",
        &[
            "Боснія і Герцеговина",
            "Босния и Герцеговина",
            "Bośnia i Hercegowina",
            "Bosnien und Herzegowina",
            "Bosnie-Herzégovine",
            "Bosna i Hercegovina",
            "Босна и Херцеговина",
            "Bosnia",
            "Боснія",
            "Босния",
        ],
    ),
    ("BLR", &["Білорусь", "Беларусь", "Белоруссия", "Białoruś", "Weißrussland", "Weissrussland", "Biélorussie"]),
    ("CHE", &["Швейцарія", "Швейцария", "Szwajcaria", "Schweiz", "Suisse", "Svizzera"]),
    ("CHN", &["Китай", "Chiny", "Chine", "中国"]),
    ("CYP", &["Кіпр", "Кипр", "Cypr", "Zypern", "Chypre", "Κύπρος", "Kıbrıs"]),
    (
        "CZE",
        &[
            "Чехія",
            "Чехия",
            "Czechy",
            "Tschechien",
            "Tchéquie",
            "République tchèque",
            "Česko",
            "Česká republika",
            "Czech Republic",
        ],
    ),
    ("DEU", &["Німеччина", "Германия", "Niemcy", "Deutschland", "Allemagne", "ФРН", "ФРГ"]),
    ("DNK", &["Данія", "Дания", "Dania", "Dänemark", "Danemark", "Danmark"]),
    ("ESP", &["Іспанія", "Испания", "Hiszpania", "Spanien", "Espagne", "España"]),
    ("EST", &["Естонія", "Эстония", "Estland", "Estonie", "Eesti"]),
    ("FIN", &["Фінляндія", "Финляндия", "Finlandia", "Finnland", "Finlande", "Suomi"]),
    ("FRA", &["Франція", "Франция", "Francja", "Frankreich"]),
    (
        "GBR",
        &[
            "Велика Британія",
            "Великобританія",
            "Великобритания",
            "Wielka Brytania",
            "Großbritannien",
            "Grossbritannien",
            "Vereinigtes Königreich",
            "Royaume-Uni",
            "Great Britain",
            "United Kingdom",
            "Britain",
        ],
    ),
    ("GEO", &["Грузія", "Грузия", "Gruzja", "Georgien", "Géorgie", "საქართველო", "Sakartvelo"]),
    ("GRC", &["Греція", "Греция", "Grecja", "Griechenland", "Grèce", "Ελλάδα", "Hellas"]),
    ("HRV", &["Хорватія", "Хорватия", "Chorwacja", "Kroatien", "Croatie", "Hrvatska"]),
    ("HUN", &["Угорщина", "Венгрия", "Węgry", "Ungarn", "Hongrie", "Magyarország"]),
    ("IRL", &["Ірландія", "Ирландия", "Irlandia", "Irland", "Irlande", "Éire"]),
    ("IRN", &["Іран", "Иран", "Iran", "ایران"]),
    ("ISL", &["Ісландія", "Исландия", "Islandia", "Island", "Islande", "Ísland"]),
    ("ISR", &["Ізраїль", "Израиль", "Izrael", "Israël", "ישראל"]),
    ("ITA", &["Італія", "Италия", "Włochy", "Italien", "Italie", "Italia"]),
    ("KAZ", &["Казахстан", "Kasachstan", "Қазақстан"]),
    ("KGZ", &["Киргизстан", "Киргизия", "Кыргызстан", "Kirgistan", "Kirgisistan", "Kirghizistan"]),
    ("LIE", &["Ліхтенштейн", "Лихтенштейн"]),
    ("LTU", &["Литва", "Litwa", "Litauen", "Lituanie", "Lietuva"]),
    ("LUX", &["Люксембург", "Luksemburg", "Luxemburg", "Lëtzebuerg"]),
    ("LVA", &["Латвія", "Латвия", "Łotwa", "Lettland", "Lettonie", "Latvija"]),
    ("MCO", &["Монако", "Monako"]),
    ("MDA", &["Молдова", "Молдавія", "Молдавия", "Mołdawia", "Moldau", "Moldawien", "Moldavie"]),
    (
        "MKD",
        &[
            "Північна Македонія",
            "Северная Македония",
            "Macedonia Północna",
            "Nordmazedonien",
            "Macédoine du Nord",
            "Северна Македонија",
            "Македонија",
            "Македонія",
            "Македония",
            "Macedonia",
            "Mazedonien",
        ],
    ),
    ("MLT", &["Мальта"]),
    ("MNE", &["Чорногорія", "Черногория", "Czarnogóra", "Monténégro", "Crna Gora", "Црна Гора"]),
    (
        "NLD",
        &[
            "Нідерланди",
            "Нидерланды",
            "Голландія",
            "Голландия",
            "Holandia",
            "Niderlandy",
            "Niederlande",
            "Pays-Bas",
            "Nederland",
            "Holland",
        ],
    ),
    ("NOR", &["Норвегія", "Норвегия", "Norwegia", "Norwegen", "Norvège", "Norge", "Noreg"]),
    ("POL", &["Польща", "Польша", "Polska", "Polen", "Pologne"]),
    ("PRT", &["Португалія", "Португалия", "Portugalia"]),
    ("ROU", &["Румунія", "Румыния", "Rumunia", "Rumänien", "Roumanie", "România"]),
    (
        "RUS",
        &[
            "Росія",
            "Россия",
            "Rosja",
            "Russland",
            "Russie",
            "Russia",
            "Російська Федерація",
            "Российская Федерация",
            "РФ",
        ],
    ),
    ("SMR", &["Сан-Марино", "Saint-Marin"]),
    ("SRB", &["Сербія", "Сербия", "Serbien", "Serbie", "Србија", "Srbija"]),
    ("SVK", &["Словаччина", "Словакия", "Słowacja", "Slowakei", "Slovaquie", "Slovensko"]),
    ("SVN", &["Словенія", "Словения", "Słowenia", "Slowenien", "Slovénie", "Slovenija"]),
    ("SWE", &["Швеція", "Швеция", "Szwecja", "Schweden", "Suède", "Sverige"]),
    ("SYR", &["Сирія", "Сирия", "Syrien", "Syrie", "Syria", "سوريا"]),
    ("TJK", &["Таджикистан", "Tadżykistan", "Tadschikistan", "Tadjikistan", "Тоҷикистон"]),
    ("TKM", &["Туркменістан", "Туркменистан", "Туркмения", "Türkmenistan"]),
    ("TUR", &["Туреччина", "Турция", "Turcja", "Türkei", "Turquie", "Turkey", "Turkiye"]),
    ("UKR", &["Україна", "Украина", "Ukraina", "Ukrajina", "L'Ukraine"]),
    (
        "USA",
        &[
            "США",
            "Сполучені Штати Америки",
            "Соединённые Штаты Америки",
            "Соединенные Штаты Америки",
            "Stany Zjednoczone",
            "Vereinigte Staaten",
            "États-Unis",
            "United States",
            "USA",
        ],
    ),
    ("UZB", &["Узбекистан", "Usbekistan", "Ouzbékistan", "Oʻzbekiston"]),
    ("VAT", &["Ватикан", "Watykan", "Vatikan", "Vatican"]),
    ("AFG", &["Афганістан", "Афганистан"]),
    ("IRQ", &["Ірак", "Ирак", "Irak", "العراق"]),
    ("JPN", &["Японія", "Япония", "Japonia", "Japon", "日本"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_code_and_by_name() {
        for (code, told) in [
            ("UKR", &["Україна", "УКРАИНА", "Ukraina", "ukraine", "UA", "ukr", " Ukraine "][..]),
            ("POL", &["Польща", "Polska", "Польша", "Polen", "PL"]),
            ("DEU", &["Deutschland", "Німеччина", "Niemcy", "D", "DE", "d", "Germany"]),
            ("MDA", &["Moldova", "Молдова", "Moldova (Republic of)"]),
            ("GBR", &["UK", "GB", "United Kingdom", "Велика Британія"]),
            ("NLD", &["Netherlands", "Nederland", "Нідерланди"]),
            ("GEO", &["საქართველო", "Грузія", "Georgia"]),
            ("ARM", &["Հայաստան", "Вірменія"]),
            ("TUR", &["Türkiye", "Turkey", "Туреччина", "TR"]),
            ("RUS", &["РФ", "Russia", "Россия"]),
            ("BIH", &["Bosna i Hercegovina", "Босния и Герцеговина"]),
            ("SVK", &["Slovensko"]),
            ("SVN", &["Slovenija"]),
            ("FRA", &["France", "Франція"]),
            ("COG", &["Congo", "CG"]),
            ("IRN", &["Iran", "Іран"]),
        ] {
            for told in told {
                assert_eq!(country_code(told), Some(code), "{told}");
            }
        }
    }

    #[test]
    fn what_no_list_knows_is_no_country() {
        for told in ["", " - ", "1", "XX", "UTO", "Utopia", "Republic", "Korea", "ДМС 6312"] {
            assert_eq!(country_code(told), None, "{told}");
        }
    }

    #[test]
    fn every_name_of_the_table_leads_to_a_code_of_the_standard_and_no_two_countries_share_one() {
        for (code, names) in NAMES {
            assert!(rust_iso3166::from_alpha3(code).is_some(), "{code}");
            for name in names {
                assert_eq!(country_code(name), Some(code), "{name}");
            }
        }
    }
}
