//! Messages over a pipe: length, then postcard.

use std::io::{Error, ErrorKind, Read, Result, Write};

use serde::{Serialize, de::DeserializeOwned};

/// No message is larger: a symbol holds a few kilobytes, a picture a few hundred symbols.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

pub(super) fn send(to: &mut impl Write, message: &impl Serialize) -> Result<()> {
    let body = postcard::to_stdvec(message).map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
    let length = u32::try_from(body.len()).map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&body)?;
    to.flush()
}

/// The next message; `None` when the other side has closed the pipe between two messages.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>> {
    let mut length = [0; 4];
    match from.read(&mut length)? {
        0 => return Ok(None),
        n => from.read_exact(&mut length[n..])?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MESSAGE_BYTES_MAX {
        return Err(Error::new(ErrorKind::InvalidData, "message too long"));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    postcard::from_bytes(&body).map(Some).map_err(|e| Error::new(ErrorKind::InvalidData, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_cut_and_nonsense() {
        let mut pipe = Vec::new();
        send(&mut pipe, &("text".to_owned(), 7u32)).unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(receive::<(String, u32)>(&mut from).unwrap(), Some(("text".to_owned(), 7)));
        assert_eq!(receive::<(String, u32)>(&mut from).unwrap(), None);
        assert!(receive::<(String, u32)>(&mut &pipe[..pipe.len() - 1]).is_err());
        assert!(receive::<(String, u32)>(&mut [255u8, 255, 255, 255, 1].as_slice()).is_err());
    }
}
