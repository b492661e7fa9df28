//! Texts that people write of one thing, and of two.

use super::*;

#[test]
fn the_table_of_words_is_read() {
    assert!(toml::from_str::<WordsFile>(include_str!("../words.toml")).is_ok());
    assert!(WORDS.kinds.len() > 40);
}

#[test]
fn facts_stand_to_each_other() {
    use Relation::{Agrees, Compatible, Differs};
    let table = [
        (Fact::Model, "АК-74", "AK74", Agrees),
        (Fact::Model, "AK 74", "ак74", Agrees),
        (Fact::Model, "ПМ", "PM", Agrees),
        (Fact::Model, "Makarov", "ПМ", Agrees),
        (Fact::Model, "CKC", "СКС", Agrees),
        (Fact::Model, "SKS", "СКС", Agrees),
        (Fact::Model, "TOZ-34", "ТОЗ-34", Agrees),
        (Fact::Model, "IZH-27", "ІЖ-27", Agrees),
        (Fact::Model, "Nagant", "НАГАН", Agrees),
        (Fact::Model, "MC 21-12", "МЦ 21-12", Agrees),
        (Fact::Model, "MTs-21-12", "МЦ21-12", Agrees),
        (Fact::Model, "IJ-27", "ИЖ-27", Agrees),
        (Fact::Model, "SAYGA", "САЙГА", Agrees),
        (Fact::Model, "AKS-74U", "АКС74У", Agrees),
        (Fact::Model, "AK-74M", "АК74", Compatible),
        (Fact::Model, "ПМ", "ТТ", Differs),
        (Fact::Model, "AKS-74U", "АК-74", Differs),
        (Fact::Model, "АКСУ", "AKS-74U", Agrees),
        (Fact::Model, "Glock 17", "Глок 17", Agrees),
        (Fact::Model, "G17", "Glock 17", Agrees),
        (Fact::Model, "17", "Glock 17", Compatible),
        (Fact::Model, "Glock 17", "Glock 19", Differs),
        (Fact::Model, "CZ 75", "ЧЗ-75", Agrees),
        (Fact::Model, "CZ 75", "CZ 85", Differs),
        (Fact::Model, "Маузер 98", "Mauser 98", Agrees),
        (Fact::Model, "Browning M1910", "Браунінг 1910", Agrees),
        (Fact::Model, "Шмайсер АЕ-790", "Schmeisser AE790", Compatible),
        (Fact::Model, "Zastava M70", "M70", Compatible),
        (Fact::Model, "FN FAL", "FAL", Compatible),
        (Fact::Model, "Baikal IZH-43", "ИЖ-43", Compatible),
        (Fact::Model, "ИЖ-27", "МР-27", Agrees),
        (Fact::Model, "ИЖ-27", "ИЖ-43", Differs),
        (Fact::Model, "ТОЗ-34", "МЦ-34", Differs),
        (Fact::Model, "M7", "M17", Differs),
        (Fact::Model, "91/30", "Мосина", Agrees),
        (Fact::Model, "Glock 17", "17 Gen4", Compatible),
        (Fact::Model, "G17", "17 Gen4", Compatible),
        (Fact::Model, "G17 Gen5", "Glock 17 Gen4", Compatible),
        (Fact::Model, "Glock 19", "17 Gen4", Differs),
        (Fact::Model, "МР-654К", "MP-654", Compatible),
        (Fact::Model, "МР-654К", "MR-654", Compatible),
        (Fact::Model, "МР-654К", "MP-651", Differs),
        (Fact::Model, "CZ 75", "75B", Compatible),
        (Fact::Model, "CZ 75 SP-01", "75B", Differs),
        (Fact::Model, "CZ 85", "75B", Differs),
        (Fact::Model, "92", "92FS", Compatible),
        (Fact::Model, "92FS", "Beretta 92", Agrees),
        (Fact::Model, "M4 Carbine", "M4A1", Compatible),
        (Fact::Model, "M4 карабін", "M4", Compatible),
        (Fact::Model, "High Power", "Browning HP", Agrees),
        (Fact::Model, "Грач", "MP-443", Agrees),
        (Fact::Model, "Грач", "МР-443", Agrees),
        (Fact::Model, "ФОРТ-12Р", "ФОРТ-12", Compatible),
        (Fact::Model, "ФОРТ-17", "ФОРТ-12Р", Differs),
        (Fact::Model, "ПММ", "ПМ", Compatible),
        (Fact::Model, "АКМ", "АК-74", Differs),
        (Fact::Model, "АКМС", "АК-74", Differs),
        (Fact::Model, "ИЖ-71", "ИЖ-7", Differs),
        (Fact::Model, "ТОЗ-34", "ТОЗ-3", Differs),
        (Fact::Model, "M1911", "M1", Differs),
        (Fact::Model, "МЦ 21-12", "МЦ 21", Compatible),
        (Fact::Kind, "pistol", "ПІСТОЛЕТ", Agrees),
        (Fact::Kind, "пистолет", "ПІСТОЛЕТ", Agrees),
        (Fact::Kind, "shotgun", "РУШНИЦЯ МИСЛИВСЬКА", Agrees),
        (Fact::Kind, "rifle", "КАРАБІН", Compatible),
        (Fact::Kind, "pistol", "АВТОМАТ", Differs),
        (Fact::Kind, "pistol", "РЕВОЛЬВЕР", Compatible),
        (Fact::Kind, "pistol", "ЩОСЬ ІНАКШЕ", Compatible),
        (Fact::Calibre, "5,45×39", "5.45", Agrees),
        (Fact::Calibre, "5.45х39 мм", "5.45x39", Agrees),
        (Fact::Calibre, "9", "9x18", Agrees),
        (Fact::Calibre, "9mm", "9", Agrees),
        (Fact::Calibre, "9x18", "9x19", Differs),
        (Fact::Calibre, ".22 LR", "5.6", Agrees),
        (Fact::Calibre, "7.62", "5.45", Differs),
        (Fact::Calibre, "7.6", "7.62", Compatible),
        (Fact::Calibre, "12/70", "12", Agrees),
        (Fact::Calibre, "7,65", ".32 ACP", Agrees),
        (Fact::Calibre, "6,35", ".25 ACP", Agrees),
        (Fact::Calibre, "8x57 IS", "7,92х57", Agrees),
        (Fact::Calibre, "7,92", "8x57", Agrees),
        (Fact::Calibre, ".30-06", "7,62х63", Agrees),
        (Fact::Calibre, ".300 Win Mag", "7,62х67", Agrees),
        (Fact::Calibre, ".50 BMG", "12,7х99", Agrees),
        (Fact::Calibre, ".410", "36", Agrees),
        (Fact::Calibre, ".177", "4,5 мм", Agrees),
        (Fact::Calibre, ".357 Magnum", "9х33", Agrees),
        (Fact::Calibre, "8.6x70", ".338 Lapua", Agrees),
        (Fact::Calibre, "8,6", ".338 Lapua Magnum", Agrees),
        (Fact::Calibre, ".338", ".338 Lapua", Agrees),
        (Fact::Calibre, ".338 Win Mag", ".338 Lapua", Differs),
        (Fact::Calibre, "10х22", ".40 S&W", Agrees),
        (Fact::Calibre, "7,62х53R", "7.62x54R", Agrees),
        (Fact::Calibre, "7.62x39", "7.62x54R", Differs),
        (Fact::Calibre, "9x29R", ".38 Special", Agrees),
        (Fact::Calibre, "9x19", ".38 Special", Differs),
        (Fact::Calibre, "762", "7.62", Agrees),
        (Fact::Calibre, "545x39", "5,45", Agrees),
        (Fact::Calibre, "0.308", "308", Agrees),
        (Fact::Calibre, "0,45", ".45 ACP", Agrees),
        (Fact::Calibre, "12", "16", Differs),
        (Fact::Make, "Izhmash", "Tula", Differs),
        (Fact::Make, "Zastava", "Glock", Differs),
        (Fact::Make, "Застава", "Zastava Arms", Compatible),
        (Fact::Make, "Crvena Zastava", "Zastava", Compatible),
        (Fact::Make, "Luger", "Люгер", Compatible),
        (Fact::Make, "Radom", "FB Radom", Compatible),
        (Fact::Make, "Ижмаш", "Izhmash", Agrees),
    ];
    for (fact, item, record, expected) in table {
        let (a, b) = (forms(fact, item).unwrap(), forms(fact, record).unwrap());
        assert_eq!(relate(fact, &a, &b), expected, "{item} and {record}: {a:?} {b:?}");
        assert_eq!(relate(fact, &b, &a), expected, "{record} and {item}");
    }
}

#[test]
fn words_that_say_nothing_have_no_form() {
    for (fact, raw) in [(Fact::Kind, "ЗБРОЯ"), (Fact::Model, " - "), (Fact::Calibre, ""), (Fact::Make, "?")] {
        assert_eq!(forms(fact, raw), None, "{raw}");
    }
}
