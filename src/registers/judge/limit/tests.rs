//! What a sample says of the limit.

use std::sync::Arc;

use super::*;
use crate::domain::{Description, Mark, Object, Record, RegisterId, RegisterVersion, Scheme};
use crate::registers::judge::learn::{lessons, lessons_of_at_least};
use crate::registers::lessons::{Case, Known, Sort, Window};
use crate::registers::practice::Dice;
use crate::registers::{Hidden, Index, IndexBuilder, Overlay, RegisterFacts};

const RECORDS: usize = 20_000;

fn of_strangers(reds: usize, looser: usize, strangers: f64) -> Vec<Sampled> {
    let red = Sampled { stands_for: 1.0, red_above: 0.0, strangers: 1e-6, by_shape: true, is_specific: false };
    let mut sample = vec![red; reds];
    sample.extend(vec![Sampled { red_above: 4e-4, strangers, ..red }; looser]);
    sample
}

#[test]
fn the_limit_is_loosened_no_farther_than_needed_and_borne() {
    for (what, sample, expected) in [
        ("nothing", Vec::new(), CHANCE_HIT),
        ("all true, of too few", of_strangers(BY_SHAPE_MIN - 2, 1, 0.0), CHANCE_HIT),
        ("nearly all red already", of_strangers(5000, 4, 0.0), CHANCE_HIT),
        ("all true", of_strangers(BY_SHAPE_MIN, 1, 0.0), 5e-4),
        ("a few strangers", of_strangers(1000, 50, 1e-4), 5e-4),
        ("more than one innocent in 100,000", of_strangers(1000, 50, 3e-4), 3e-4),
        ("the same of specific marks", of_strangers(1000, 50, 3e-4).iter().map(specific).collect(), 5e-4),
        ("many strangers", of_strangers(1000, 50, 2e-3), 3e-4),
        ("many strangers in any case", of_strangers(1000, 50, 0.0).iter().map(worse).collect(), CHANCE_HIT),
    ] {
        assert_eq!(learnt_of(&sample), expected, "{what}");
    }
}

fn specific(sampled: &Sampled) -> Sampled {
    Sampled { is_specific: true, ..*sampled }
}

fn worse(sampled: &Sampled) -> Sampled {
    Sampled { strangers: 1e-4, ..*sampled }
}

#[test]
fn one_stranger_seen_counts_for_more_than_one() {
    let (one, many) = (of_strangers(100, 1, 5e-3), of_strangers(100, 50, 1e-4));
    assert!(true_share(&one, 1e-3) < true_share(&many, 1e-3), "the same number of strangers, of fewer records");
}

fn facts() -> Vec<RegisterFacts> {
    vec![RegisterFacts {
        id: RegisterId("invented".into()),
        version: RegisterVersion(1),
        as_of_ms: 0,
        owner: "invented".into(),
        objects: vec![Object::Firearm],
        records: RECORDS as u64,
        practice: true,
    }]
}

/// Invented weapons of twenty models and some years. `crowded`: of a hundred, those of one series.
#[derive(Clone, Copy)]
struct Making {
    crowded: f64,
    years: u32,
}

impl Making {
    fn weapon(self, dice: &mut Dice) -> Record {
        let letters = ['А', 'В', 'Е', 'К', 'М', 'Н', 'О', 'Р', 'С', 'Т', 'Х', 'І', 'Б', 'Г', 'Д', 'Ж', 'З', 'Л'];
        let series: String = (0..3).map(|_| letters[dice.below(18) as usize]).collect();
        let series = if dice.percent(self.crowded) { "АВЕ" } else { &series };
        Record {
            marks: vec![Mark::new(Scheme::Serial, format!("{series}{:04}", dice.below(10_000)))],
            description: Description {
                object: Some(Object::Firearm),
                kind: Some("ПІСТОЛЕТ".into()),
                model: Some(format!("М{}", dice.below(20))),
                year: Some(1960 + dice.below(self.years) as u16),
                ..Description::default()
            },
            ..Record::default()
        }
    }

    fn index(self) -> Registers {
        let mut dice = Dice::new(5);
        let mut builder = IndexBuilder::new(facts()).unwrap();
        for _ in 0..RECORDS {
            builder.push(0, &self.weapon(&mut dice)).unwrap();
        }
        builder.finish().unwrap().into()
    }
}

/// Some marks of one series are not red, and hardly any stranger is of their model and year.
const MILD: Making = Making { crowded: 5.0, years: 40 };

#[test]
fn registers_tell_what_they_bear_and_changes_do_not_move_it() {
    let mild = MILD.index();
    let mut dice = Dice::new(7);
    let news: Vec<Record> = (0..2000).map(|_| Making { crowded: 100.0, years: 1 }.weapon(&mut dice)).collect();
    let records = news.iter().map(|record| (0, record));
    let over = Overlay::build(mild.base(), facts(), Hidden::default(), records).unwrap();
    let changed = Registers::new(Arc::new(Index::clone(mild.base())), Some(Arc::new(over)));
    let learnt = lessons_of_at_least(RECORDS, &mild).limit;
    assert!(learnt > CHANCE_HIT, "{learnt}");
    assert_eq!(lessons_of_at_least(RECORDS, &changed).limit, learnt);
    let same = Registers::from(Index::clone(mild.base()));
    assert_eq!(lessons(&same).limit, CHANCE_HIT, "too few records to tell");
}

#[test]
fn registers_full_of_alike_strangers_keep_the_limit_of_all() {
    // Of 10,000 marks of one series, ten are of each model and year.
    let index = Making { crowded: 12.0, years: 12 }.index();
    let learnt = lessons_of_at_least(RECORDS, &index).limit;
    assert!(learnt < SPECIFIC, "{learnt}");
}

/// Whoever changes rules, weights or how a base is asked changes what is learnt of one, and old homes must not keep the old.
#[test]
fn what_is_learnt_is_what_its_number_says() {
    let (mut dice, mut builder) = (Dice::new(5), IndexBuilder::new(facts()).unwrap());
    let mut given_out = std::collections::BTreeSet::new();
    while given_out.len() < RECORDS {
        let weapon = Making { crowded: 12.0, years: 12 }.weapon(&mut dice);
        if given_out.insert(weapon.marks[0].value.clone()) {
            builder.push(0, &weapon).unwrap();
        }
    }
    let index = Registers::from(builder.finish().unwrap());
    let learnt = lessons_of_at_least(RECORDS, &index);
    let cases = |model| {
        [Sort::WithLetters, Sort::LongNumber, Sort::ShortNumber].into_iter().flat_map(move |sort| {
            [Known::Nothing, Known::Facts, Known::Year].map(|known| (model, Case { sort, known }))
        })
    };
    let factors: f64 = (1..=20).flat_map(cases).map(|(model, case)| learnt.collisions.factor(model, case).ln()).sum();
    let window = |open, others, marks| Window { open, others, marks };
    let crowded = learnt.clumps.density(1e-3, &[window(2, 2, 100.0), window(3, 9, 1000.0), window(4, 30, 1e4)]);
    for (what, is, was) in [
        ("limit", learnt.limit, 5e-4),
        ("meetings", factors, -200.372_098_112_404),
        ("clumps", crowded, 5.708_377_228_373e-3),
    ] {
        let message = format!("{what}: {is}, {was} before. If that is meant: count up LESSONS in lessons.rs");
        assert!((is / was - 1.0).abs() < 1e-6, "{message}");
    }
}
