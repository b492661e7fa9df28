//! How numbers are given out decides what an equal one is worth, and the register shows it.

use super::*;
use crate::registers::practice::Dice;

const RECORDS: u32 = 12_000;

/// A register of one model of some years, each with a serial that `number` gives.
fn register(number: impl Fn(u32, &mut Dice) -> String) -> Practice {
    let mut dice = Dice::new(3);
    let one = |n: u32, dice: &mut Dice| {
        let year = 1960 + (n % 10) as u16;
        let models = ["ПМ", "ТТ", "ФОРТ-12", "АПС"];
        record(&format!("n{n}"), vec![serial(&number(n, dice))], Some(models[n as usize / 10 % 4]), Some(year))
    };
    let records: Vec<Record> = (0..RECORDS).map(|n| one(n, &mut dice)).collect();
    Practice { index: index_of(&records), records }
}

/// Of a hundred of its weapons, those that are a hit when they are checked with all that their records tell.
fn hits(practice: &Practice) -> usize {
    let items = practice.records.iter().step_by(RECORDS as usize / 100);
    let hit = |record: &&Record| practice.ask(&record.marks, record.description.clone()).grade == Grade::Hit;
    items.filter(hit).count()
}

#[test]
fn numbers_that_were_given_out_once_are_worth_more_than_their_crowding() {
    let series = |n: u32| ["АВ", "ВС", "ЕК", "МН"][n as usize % 4];
    let once = register(|n, _| format!("{}{:04}", series(n), n / 4 * 2));
    let by_dice = register(|n, dice| format!("{}{:04}", series(n), dice.below(6000)));
    let (once, by_dice) = (hits(&once), hits(&by_dice));
    assert!(once >= 99, "{once} of 100");
    assert!(by_dice <= 1, "{by_dice} of 100, though every second number is taken");
}

#[test]
fn a_long_number_from_the_beginning_of_a_count_is_no_rare_one() {
    // Nine digits, of which makers who count for themselves used the first few thousand numbers.
    let low = register(|_, dice| format!("А{:09}", dice.below(4000)));
    let anywhere = register(|_, dice| format!("А{:09}", u64::from(dice.below(1_000_000)) * 997));
    let (low, anywhere) = (hits(&low), hits(&anywhere));
    assert!(low <= 1, "{low} of 100");
    assert!(anywhere >= 99, "{anywhere} of 100");
}

#[test]
fn what_was_lost_together_stays_a_match() {
    // Two hundred weapons of one delivery in a row, in a register in which numbers come by dice otherwise.
    let lost = |n: u32| n.is_multiple_of(60).then_some(n / 60);
    let practice = register(|n, dice| match lost(n) {
        Some(row) => format!("АВ{:07}", 4_310_000 + row),
        None => format!("АВ{:07}", dice.below(10_000_000)),
    });
    let items = practice.records.iter().step_by(60).take(100);
    let hit = |record: &&Record| practice.ask(&record.marks, record.description.clone()).grade == Grade::Hit;
    let hit = items.filter(hit).count();
    assert!(hit >= 99, "{hit} of 100");
}

#[test]
fn a_short_number_in_an_empty_stretch_is_no_rare_one() {
    let practice = register(|n, dice| match n {
        0 => "0815".to_owned(),
        _ => (1000 + dice.below(9000)).to_string(),
    });
    assert_eq!(practice.serial("0815").grade, Grade::Possible);
    let kind = Description { kind: Some("pistol".into()), ..Description::default() };
    assert_eq!(practice.ask(&[serial("0815")], kind).grade, Grade::Possible, "every pistol is a pistol");
}
