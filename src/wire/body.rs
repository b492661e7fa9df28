//! Bodies that carry entries: postcard, compressed by zstd, with a limit on what comes out.

use std::io::Read;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Level 3 is zstd's own default; entries are short and alike, higher levels gain under 5 % here.
const LEVEL: i32 = 3;

/// A body that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// More came out than is allowed.
    #[error("the body holds more than {max} bytes when unpacked")]
    TooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// Not zstd, or cut short.
    #[error("the body is not whole zstd data")]
    Compression(#[source] std::io::Error),
    /// Not the expected structure.
    #[error("the body is not of the expected form")]
    Form(#[source] postcard::Error),
}

/// Encodes and compresses.
///
/// # Errors
/// Never for the types of this room, whose encoding needs no more than memory.
pub fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, BodyError> {
    let plain = postcard::to_stdvec(value).map_err(BodyError::Form)?;
    zstd::bulk::compress(&plain, LEVEL).map_err(BodyError::Compression)
}

/// Decompresses at most `max` bytes and decodes. Never allocates more than `max` for what was decompressed.
///
/// # Errors
/// When the body is too large unpacked, not zstd, or not a `T`.
pub fn unpack<T: DeserializeOwned>(body: &[u8], max: usize) -> Result<T, BodyError> {
    let decoder = zstd::stream::Decoder::new(body).map_err(BodyError::Compression)?;
    let mut plain = Vec::new();
    decoder.take(max as u64 + 1).read_to_end(&mut plain).map_err(BodyError::Compression)?;
    if plain.len() > max {
        return Err(BodyError::TooLarge { max });
    }
    postcard::from_bytes(&plain).map_err(BodyError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let value = vec![("a".to_owned(), 7_u64), ("b".to_owned(), 9)];
        let body = pack(&value).unwrap();
        assert_eq!(unpack::<Vec<(String, u64)>>(&body, 1000).unwrap(), value);
    }

    #[test]
    fn a_small_body_that_unpacks_to_much_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0_u8; 10 << 20], 3).unwrap();
        assert!(bomb.len() < 4096);
        assert!(matches!(unpack::<Vec<u8>>(&bomb, 1 << 20), Err(BodyError::TooLarge { .. })));
    }

    #[test]
    fn junk_and_half_bodies_are_refused_without_panic() {
        let whole = pack(&vec![1_u64, 2, 3]).unwrap();
        for end in 0..whole.len() {
            assert!(unpack::<Vec<u64>>(&whole[..end], 1000).is_err(), "{end}");
        }
        assert!(matches!(unpack::<Vec<u64>>(b"<html>", 1000), Err(BodyError::Compression(_))));
    }
}
