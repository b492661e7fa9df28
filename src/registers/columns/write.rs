//! Packs records into streams.

use std::collections::HashMap;
use std::hash::Hash as Key;

use super::*;
use crate::domain::Record;
use crate::registers::frozen::{Frozen, RecordBytes};

/// What kind of thing it is: these words go together.
fn thing<'a>(f: &Frozen<'a>) -> Words<'a> {
    [f.object, f.kind, f.make, f.model, f.calibre]
}

fn circumstance<'a>(f: &Frozen<'a>) -> Circumstance<'a> {
    let marks = f.marks.iter().map(|m| (m.scheme, m.place)).collect();
    ([f.country, f.issuer, Some(f.status), Some(f.owner), f.action], marks)
}

/// Gives each distinct thing a number in the order in which it first came.
struct Numbers<T> {
    known: HashMap<T, u32>,
    list: Vec<T>,
}

impl<T: Key + Eq + Clone> Numbers<T> {
    fn new() -> Self {
        Self { known: HashMap::new(), list: Vec::new() }
    }

    fn of(&mut self, value: T) -> u32 {
        if let Some(&n) = self.known.get(&value) {
            return n;
        }
        let n = self.list.len() as u32;
        self.list.push(value.clone());
        self.known.insert(value, n);
        n
    }
}

struct Streams(Vec<Vec<u8>>);

impl Streams {
    fn text(&mut self, stream: usize, text: &str) {
        varint(&mut self.0[stream], text.len() as u64);
        self.0[stream].extend_from_slice(text.as_bytes());
    }

    fn optional(&mut self, stream: usize, text: Option<&str>) {
        varint(&mut self.0[stream], text.map_or(0, |t| t.len() as u64 + 1));
        self.0[stream].extend_from_slice(text.unwrap_or_default().as_bytes());
    }

    /// The bytes of a number, the lowest first, each in a stream of its own.
    fn planes<const N: usize>(&mut self, first: usize, number: u32) {
        for (stream, byte) in (first..first + N).zip(number.to_le_bytes()) {
            self.0[stream].push(byte);
        }
    }

    fn front_coded<'a>(&mut self, shared: usize, lengths: usize, rest: usize, texts: impl Iterator<Item = &'a str>) {
        let mut before: &[u8] = &[];
        for text in texts.map(str::as_bytes) {
            let same = before.iter().zip(text).take(255).take_while(|(a, b)| a == b).count();
            self.0[shared].push(same as u8);
            varint(&mut self.0[lengths], (text.len() - same) as u64);
            self.0[rest].extend_from_slice(&text[same..]);
            before = text;
        }
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A signed number as one without sign, small for what is near nothing; 0 is kept for "none".
fn some_signed(value: i64) -> Option<u32> {
    u32::try_from(((value << 1) ^ (value >> 63)) + 1).ok().filter(|&n| n < 1 << 24)
}

/// Packs records and the ids of withdrawn ones, both in ascending order of their ids.
pub(in crate::registers) fn encode(records: &[Record], withdrawn: &[&str]) -> Result<Vec<u8>, ChunkError> {
    let frozen: Vec<Frozen<'_>> = records.iter().map(Frozen::of).collect();
    let mut s = Streams(vec![Vec::new(); STREAMS]);
    let (mut things, mut circumstances, mut shapes) = (Numbers::new(), Numbers::new(), Numbers::new());
    let mut mores: Numbers<Vec<u8>> = Numbers::new();
    let mut letters = Alphabet::of(&frozen);
    s.front_coded(ID_SHARED, ID_LENGTH, ID_REST, frozen.iter().map(|f| f.id));
    for (f, record) in frozen.iter().zip(records) {
        s.planes::<2>(THING, u32::from(small(things.of(thing(f)))?));
        s.planes::<2>(CIRCUMSTANCE, u32::from(small(circumstances.of(circumstance(f)))?));
        for mark in &f.marks {
            let shape = letters.split(mark.value, &mut s);
            s.planes::<2>(SHAPE, u32::from(small(shapes.of(shape))?));
        }
        s.planes::<3>(YEAR, f.year.map_or(0, |y| u32::from(y) + 1));
        let reported = f.reported_day.map(i64::from);
        let day = |day: Option<i64>, from: i64| day.map_or(Some(0), |d| some_signed(d - from));
        let far = ChunkError::Damaged("a day out of range");
        s.planes::<3>(REPORTED, day(reported, DAY_ZERO).ok_or(far.clone())?);
        s.planes::<3>(LOST, day(f.lost_day.map(i64::from), reported.unwrap_or(DAY_ZERO)).ok_or(far)?);
        rest(&mut s, f);
        // What is not in the first frozen form comes as one piece; 0 is for records that say no more.
        let more = record.more_bytes().map(|bytes| mores.of(bytes) + 1);
        s.planes::<2>(MORE, u32::from(small(more.unwrap_or(0))?));
    }
    for more in &mores.list {
        varint(&mut s.0[MORES], more.len() as u64);
        s.0[MORES].extend_from_slice(more);
    }
    for thing in &things.list {
        thing.iter().for_each(|word| s.optional(THINGS, *word));
    }
    for (words, marks) in &circumstances.list {
        words.iter().for_each(|word| s.optional(CIRCUMSTANCES, *word));
        varint(&mut s.0[CIRCUMSTANCES], marks.len() as u64);
        for (scheme, place) in marks {
            s.text(CIRCUMSTANCES, scheme);
            s.optional(CIRCUMSTANCES, *place);
        }
    }
    shapes.list.iter().for_each(|shape| s.text(SHAPES, shape));
    letters.chars.iter().for_each(|&c| varint(&mut s.0[ALPHABET], u64::from(u32::from(c))));
    varint(&mut s.0[WITHDRAWN], withdrawn.len() as u64);
    let mut before: &[u8] = &[];
    for id in withdrawn.iter().map(|id| id.as_bytes()) {
        let same = before.iter().zip(id).take(255).take_while(|(a, b)| a == b).count();
        s.0[WITHDRAWN_SHARED].push(same as u8);
        varint(&mut s.0[WITHDRAWN], (id.len() - same) as u64);
        s.0[WITHDRAWN].extend_from_slice(&id[same..]);
        before = id;
    }
    let mut out = Vec::with_capacity(s.0.iter().map(|x| x.len() + 4).sum());
    for stream in &s.0 {
        varint(&mut out, stream.len() as u64);
        out.extend_from_slice(stream);
    }
    Ok(out)
}

/// A number within a chunk: no chunk has more records, and hardly one more marks, than sixteen bits count.
fn small(number: u32) -> Result<u16, ChunkError> {
    u16::try_from(number).map_err(|_| ChunkError::Damaged("too many different values for one chunk"))
}

/// What few records have. A record without any of it costs one byte, and that byte is always the same.
fn rest(s: &mut Streams, f: &Frozen<'_>) {
    let expires = f.expires_day.map(|day| i64::from(day) - DAY_ZERO);
    varint(&mut s.0[REST], u64::from(expires.is_some()) | u64::from(f.caution.is_some()) << 1);
    if let Some(day) = expires {
        varint(&mut s.0[REST], ((day << 1) ^ (day >> 63)) as u64);
    }
    if let Some(caution) = f.caution {
        s.text(REST, caution);
    }
}

/// The letters of a chunk's marks; the 255 most frequent have a number of one byte.
struct Alphabet {
    chars: Vec<char>,
    numbers: HashMap<char, u8>,
}

impl Alphabet {
    fn of(records: &[Frozen<'_>]) -> Self {
        let mut counts: HashMap<char, u32> = HashMap::new();
        let values = records.iter().flat_map(|f| &f.marks).flat_map(|m| m.value.chars());
        values.filter(|c| c.is_alphabetic()).for_each(|c| *counts.entry(c).or_default() += 1);
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable_by_key(|&(c, n)| (std::cmp::Reverse(n), c));
        counts.truncate(usize::from(RARE));
        let chars: Vec<char> = counts.into_iter().map(|(c, _)| c).collect();
        let numbers = (0u8..).zip(&chars).map(|(n, &c)| (c, n)).collect();
        Self { chars, numbers }
    }

    /// Sends digits and letters of a value into their streams; gives its shape: `#` a digit, `@` a letter, `\` before any
    /// other character that is one of these.
    fn split(&mut self, value: &str, s: &mut Streams) -> String {
        let mut shape = String::with_capacity(value.len());
        for c in value.chars() {
            if c.is_ascii_digit() {
                shape.push('#');
                s.0[DIGITS].push(c as u8);
            } else if c.is_alphabetic() {
                shape.push('@');
                match self.numbers.get(&c) {
                    Some(&n) => s.0[LETTERS].push(n),
                    None => {
                        s.0[LETTERS].push(RARE);
                        varint(&mut s.0[LETTERS], u64::from(u32::from(c)));
                    }
                }
            } else {
                if matches!(c, '#' | '@' | '\\') {
                    shape.push('\\');
                }
                shape.push(c);
            }
        }
        shape
    }
}
