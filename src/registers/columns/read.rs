//! Reads records out of streams.

use super::*;
use crate::domain::Record;
use crate::registers::chunk::CHUNK_RAW_BYTES_MAX;
use crate::registers::frozen::{Frozen, FrozenMark};

/// What a mark takes in memory beside its text.
const MARK_BYTES: usize = 16;

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
pub(in crate::registers) fn decode(raw: &[u8], count: usize) -> Result<(Vec<Record>, Vec<String>), ChunkError> {
    let mut records = Vec::new();
    let withdrawn = each(raw, count, &mut |frozen, more| {
        records.push(frozen.record(more)?);
        Ok::<_, ChunkError>(())
    })?;
    Ok((records, withdrawn))
}

/// The same, each record handed to `take` as it is read, with what it says beyond the first frozen form; gives the ids of
/// withdrawn ones. What was taken counts only when all could be read.
pub(in crate::registers) fn each<E: From<ChunkError>>(
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
fn signed(number: u32) -> i64 {
    let n = i64::from(number) - 1;
    (n >> 1) ^ -(n & 1)
}
