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

mod read;
mod write;

use super::chunk::ChunkError;

pub(super) use read::{decode, each};
pub(super) use write::encode;

const SHORT: ChunkError = ChunkError::Damaged("its columns break off");
const WRONG: ChunkError = ChunkError::Damaged("its columns contradict each other");
/// A char that the alphabet has no number for is written out behind this.
const RARE: u8 = 255;

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

/// Country, issuer, status, owner, action; and scheme and place of each mark.
type Circumstance<'a> = (Words<'a>, Vec<(&'a str, Option<&'a str>)>);

/// Days are counted from here in the planes: 2000-01-01.
const DAY_ZERO: i64 = 730_120;
