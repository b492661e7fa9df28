//! Records by columns: what repeats is named once, ids are front-coded, and every sort of digit stands with its like, so that
//! zstd finds little left to do.
//!
//! | columns | how |
//! |---|---|
//! | ids, in ascending order | length shared with the one before, and the rest |
//! | object, kind, make, model, calibre; and the other words | each combination once, a number per record |
//! | marks | the shape (`LL ####`) once, letters and digits apart |
//! | what else a record says | each combination once, a number per record |
//! | days, years | bytes of the same weight together; later days as distance from the first |
//!
//! The streams stand one after the other, each behind its length. Everything is bounded by what is there: a count that the
//! bytes do not bear out is refused before anything is allocated for it.

use std::collections::HashMap;
use std::hash::Hash as Key;

use super::chunk::{CHUNK_RAW_BYTES_MAX, ChunkError};
use super::frozen::{Frozen, FrozenMark, RecordBytes};
use crate::domain::Record;

const SHORT: ChunkError = ChunkError::Damaged("its columns break off");
const WRONG: ChunkError = ChunkError::Damaged("its columns contradict each other");
/// A char that the alphabet has no number for is written out behind this.
const RARE: u8 = 255;
/// What a mark takes in memory beside its text.
const MARK_BYTES: usize = 16;

/// Numbers of the streams. The order is the format; a new stream comes last.
const STREAMS: usize = 30;
const ID_SHARED: usize = 0;
const ID_LENGTH: usize = 1;
const ID_REST: usize = 2;
const THING: usize = 3; // two planes
const THINGS: usize = 5;
const CIRCUMSTANCE: usize = 6; // two planes
const CIRCUMSTANCES: usize = 8;
const SHAPE: usize = 9; // two planes
const SHAPES: usize = 11;
const DIGITS: usize = 12;
const LETTERS: usize = 13;
const ALPHABET: usize = 14;
const YEAR: usize = 15; // three planes
const REPORTED: usize = 18; // three planes
const LOST: usize = 21; // three planes
const REST: usize = 24;
const WITHDRAWN_SHARED: usize = 25;
const WITHDRAWN: usize = 26;
const MORE: usize = 27; // two planes
const MORES: usize = 29;

type Words<'a> = [Option<&'a str>; 5];

/// What kind of thing it is: these words go together.
fn thing<'a>(f: &Frozen<'a>) -> Words<'a> {
    [f.object, f.kind, f.make, f.model, f.calibre]
}

/// Country, issuer, status, owner, action; and scheme and place of each mark.
type Circumstance<'a> = (Words<'a>, Vec<(&'a str, Option<&'a str>)>);

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

fn signed(number: u32) -> i64 {
    let n = i64::from(number) - 1;
    (n >> 1) ^ -(n & 1)
}

/// Days are counted from here in the planes: 2000-01-01.
const DAY_ZERO: i64 = 730_120;

/// Packs records and the ids of withdrawn ones, both in ascending order of their ids.
pub(super) fn encode(records: &[Record], withdrawn: &[&str]) -> Result<Vec<u8>, ChunkError> {
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

/// A stream that is read.
#[derive(Clone, Copy, Default)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, ChunkError> {
        let (&byte, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, ChunkError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WRONG)
    }

    fn bytes(&mut self, len: u64) -> Result<&'a [u8], ChunkError> {
        let len = usize::try_from(len).map_err(|_| SHORT)?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<&'a str, ChunkError> {
        let len = self.varint()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_| WRONG)
    }

    fn optional(&mut self) -> Result<Option<&'a str>, ChunkError> {
        match self.varint()? {
            0 => Ok(None),
            len => std::str::from_utf8(self.bytes(len - 1)?).map(Some).map_err(|_| WRONG),
        }
    }

    fn char(&mut self) -> Result<char, ChunkError> {
        let number = self.varint()?;
        u32::try_from(number).ok().and_then(char::from_u32).ok_or(WRONG)
    }

    fn is_done(self) -> bool {
        self.0.is_empty()
    }
}

struct Readers<'a>([Reader<'a>; STREAMS]);

impl Readers<'_> {
    fn planes<const N: usize>(&mut self, first: usize) -> Result<u32, ChunkError> {
        let mut bytes = [0; 4];
        for (to, stream) in bytes.iter_mut().zip(first..first + N) {
            *to = self.0[stream].byte()?;
        }
        Ok(u32::from_le_bytes(bytes))
    }

    fn front_coded(&mut self, shared: usize, lengths: usize, rest: usize, id: &mut Vec<u8>) -> Result<(), ChunkError> {
        let same = usize::from(self.0[shared].byte()?);
        let len = self.0[lengths].varint()?;
        if same > id.len() {
            return Err(WRONG);
        }
        id.truncate(same);
        id.extend_from_slice(self.0[rest].bytes(len)?);
        Ok(())
    }
}

/// Reads [`encode`]'s bytes, which must hold exactly `count` records, in ascending order of their ids.
pub(super) fn decode(raw: &[u8], count: usize) -> Result<(Vec<Record>, Vec<String>), ChunkError> {
    let mut records = Vec::new();
    let withdrawn = each(raw, count, &mut |frozen, more| {
        records.push(frozen.record(more)?);
        Ok::<_, ChunkError>(())
    })?;
    Ok((records, withdrawn))
}

/// The same, each record handed to `take` as it is read, with what it says beyond the first frozen form; gives the ids of
/// withdrawn ones. What was taken counts only when all could be read.
pub(super) fn each<E: From<ChunkError>>(
    raw: &[u8],
    count: usize,
    take: &mut dyn FnMut(&Frozen<'_>, &[u8]) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let mut all = Reader(raw);
    let mut s = Readers([Reader::default(); STREAMS]);
    for stream in &mut s.0 {
        let len = all.varint()?;
        *stream = Reader(all.bytes(len)?);
    }
    if !all.is_done() || s.0[ID_SHARED].0.len() != count {
        return Err(WRONG.into());
    }
    let things = s.things()?;
    let circumstances = s.circumstances()?;
    let shapes = s.shapes()?;
    let mores = s.mores()?;
    let mut alphabet = Vec::new();
    while !s.0[ALPHABET].is_done() {
        alphabet.push(s.0[ALPHABET].char()?);
    }
    let (mut id, mut id_before) = (Vec::new(), Vec::new());
    let mut values: Vec<String> = Vec::new();
    // A word that is written once can be named by every record: what comes out is limited as a whole.
    let mut room = CHUNK_RAW_BYTES_MAX;
    let mut spend = |bytes: usize| room.checked_sub(bytes).map(|left| room = left).ok_or(ChunkError::TooLong);
    for n in 0..count {
        id_before.clone_from(&id);
        s.front_coded(ID_SHARED, ID_LENGTH, ID_REST, &mut id)?;
        if n > 0 && id_before >= id {
            return Err(WRONG.into());
        }
        let id = std::str::from_utf8(&id).map_err(|_| WRONG)?;
        let thing: &Words<'_> = things.get(s.planes::<2>(THING)? as usize).ok_or(WRONG)?;
        let (words, marks) = circumstances.get(s.planes::<2>(CIRCUMSTANCE)? as usize).ok_or(WRONG)?;
        spend(id.len() + thing.iter().chain(words).flatten().map(|word| word.len()).sum::<usize>())?;
        if values.len() < marks.len() {
            values.resize_with(marks.len(), String::new);
        }
        for (&(_, place), value) in marks.iter().zip(&mut values) {
            let shape = shapes.get(s.planes::<2>(SHAPE)? as usize).ok_or(WRONG)?;
            spend(shape.len() + place.map_or(0, str::len) + MARK_BYTES)?;
            s.value(shape, &alphabet, value)?;
        }
        let marks = marks.iter().zip(&values).map(|(&(scheme, place), value)| FrozenMark { scheme, value, place });
        let year = s.planes::<3>(YEAR)?;
        let day = |number: u32, from: i64| (number > 0).then(|| i32::try_from(signed(number) + from)).transpose();
        let reported_day = day(s.planes::<3>(REPORTED)?, DAY_ZERO).map_err(|_| WRONG)?;
        let lost_day = day(s.planes::<3>(LOST)?, reported_day.map_or(DAY_ZERO, i64::from)).map_err(|_| WRONG)?;
        let rest = s.rest()?;
        let frozen = Frozen {
            id,
            marks: marks.collect(),
            object: thing[0],
            kind: thing[1],
            make: thing[2],
            model: thing[3],
            calibre: thing[4],
            year: year.checked_sub(1).map(u16::try_from).transpose().map_err(|_| WRONG)?,
            country: words[0],
            issuer: words[1],
            status: words[2].ok_or(WRONG)?,
            owner: words[3].ok_or(WRONG)?,
            action: words[4],
            reported_day,
            lost_day,
            expires_day: rest.expires_day,
            caution: rest.caution,
        };
        let more = match (s.planes::<2>(MORE)? as usize).checked_sub(1) {
            Some(number) => *mores.get(number).ok_or(WRONG)?,
            None => &[],
        };
        spend(more.len())?;
        take(&frozen, more)?;
    }
    let withdrawn = s.withdrawn()?;
    if s.0.iter().all(|stream| stream.is_done()) { Ok(withdrawn) } else { Err(WRONG.into()) }
}

/// See [`rest`].
struct Rest<'a> {
    expires_day: Option<i32>,
    caution: Option<&'a str>,
}

impl<'a> Readers<'a> {
    fn words(&mut self, stream: usize) -> Result<Words<'a>, ChunkError> {
        let mut words = [None; 5];
        for word in &mut words {
            *word = self.0[stream].optional()?;
        }
        Ok(words)
    }

    fn things(&mut self) -> Result<Vec<Words<'a>>, ChunkError> {
        let mut all = Vec::new();
        while !self.0[THINGS].is_done() {
            all.push(self.words(THINGS)?);
        }
        Ok(all)
    }

    fn circumstances(&mut self) -> Result<Vec<Circumstance<'a>>, ChunkError> {
        let mut all = Vec::new();
        while !self.0[CIRCUMSTANCES].is_done() {
            let words = self.words(CIRCUMSTANCES)?;
            let mut marks = Vec::new();
            for _ in 0..self.0[CIRCUMSTANCES].varint()? {
                let scheme = self.0[CIRCUMSTANCES].text()?;
                marks.push((scheme, self.0[CIRCUMSTANCES].optional()?));
            }
            all.push((words, marks));
        }
        Ok(all)
    }

    fn shapes(&mut self) -> Result<Vec<&'a str>, ChunkError> {
        let mut all = Vec::new();
        while !self.0[SHAPES].is_done() {
            all.push(self.0[SHAPES].text()?);
        }
        Ok(all)
    }

    fn mores(&mut self) -> Result<Vec<&'a [u8]>, ChunkError> {
        let mut all = Vec::new();
        while !self.0[MORES].is_done() {
            let len = self.0[MORES].varint()?;
            all.push(self.0[MORES].bytes(len)?);
        }
        Ok(all)
    }

    fn value(&mut self, shape: &str, alphabet: &[char], value: &mut String) -> Result<(), ChunkError> {
        value.clear();
        let mut shape = shape.chars();
        while let Some(c) = shape.next() {
            value.push(match c {
                '#' => char::from(self.0[DIGITS].byte()?),
                '@' => match self.0[LETTERS].byte()? {
                    RARE => self.0[LETTERS].char()?,
                    n => *alphabet.get(usize::from(n)).ok_or(WRONG)?,
                },
                '\\' => shape.next().ok_or(WRONG)?,
                other => other,
            });
        }
        Ok(())
    }

    fn rest(&mut self) -> Result<Rest<'a>, ChunkError> {
        let reader = &mut self.0[REST];
        let has = reader.varint()?;
        let expires_day = if has & 1 == 0 {
            None
        } else {
            let n = reader.varint()?;
            let day = ((n >> 1) as i64 ^ -((n & 1) as i64)).checked_add(DAY_ZERO).ok_or(WRONG)?;
            Some(i32::try_from(day).map_err(|_| WRONG)?)
        };
        let caution = if has & 2 == 0 { None } else { Some(reader.text()?) };
        if has > 3 { Err(WRONG) } else { Ok(Rest { expires_day, caution }) }
    }

    fn withdrawn(&mut self) -> Result<Vec<String>, ChunkError> {
        let count = self.0[WITHDRAWN].varint()?;
        if count != self.0[WITHDRAWN_SHARED].0.len() as u64 {
            return Err(WRONG);
        }
        let mut all: Vec<String> = Vec::new();
        let mut id = Vec::new();
        for _ in 0..count {
            self.front_coded(WITHDRAWN_SHARED, WITHDRAWN, WITHDRAWN, &mut id)?;
            let id = std::str::from_utf8(&id).map_err(|_| WRONG)?;
            if all.last().is_some_and(|before| before.as_str() >= id) {
                return Err(WRONG);
            }
            all.push(id.to_owned());
        }
        Ok(all)
    }
}
