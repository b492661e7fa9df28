//! The enrolment code: what a device must know to trust one hub and no other, as one line of text or a QR.
//!
//! `tracepost:1?u=https://hub.example:8443&f=<64 hex digits>&t=<token>`. It can be typed: blanks and line breaks are
//! dropped, and neither fingerprint nor token minds upper or lower case. The token is written in base32, which has no
//! 0, 1 or 8 to be confused with letters.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use crate::domain::{Fingerprint, Hash};

const PREFIX: &str = "tracepost:1?";

/// The one-time secret of an invite: 16 random bytes. It is never logged, and a hub keeps only its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub [u8; 16]);

impl Token {
    /// What a hub stores instead of the token.
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"tracepost invite 1\0");
        hasher.update(self.0);
        Hash(hasher.finalize().into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0))
    }
}

impl FromStr for Token {
    type Err = NotACode;
    fn from_str(s: &str) -> Result<Self, NotACode> {
        let bytes = BASE32_NOPAD.decode(s.to_ascii_uppercase().as_bytes()).map_err(|_| NotACode::Token)?;
        bytes.try_into().map(Self).map_err(|_| NotACode::Token)
    }
}

/// The content of an enrolment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolCode {
    /// Address of the hub: `https://host[:port]`, without a slash at its end.
    pub url: String,
    /// Hash of the only key that this device will ever accept from that hub.
    pub fingerprint: Fingerprint,
    /// The one-time token.
    pub token: Token,
}

/// A text that is no enrolment code. The texts say what to do, for they are shown to the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// Something else altogether.
    #[error("this is not an enrolment code: it must begin with tracepost:1?")]
    Other,
    /// A later form.
    #[error("this enrolment code is of a newer form; update this program and try again")]
    Newer,
    /// The address is missing or not `https`.
    #[error("the enrolment code has no https address of a hub; type or scan it again")]
    Url,
    /// The fingerprint is missing or cut short.
    #[error("the fingerprint in the enrolment code is damaged; type or scan it again")]
    Fingerprint,
    /// The token is missing or cut short.
    #[error("the token in the enrolment code is damaged; type or scan it again")]
    Token,
}

impl fmt::Display for EnrolCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}u={}&f={}&t={}", self.url, self.fingerprint, self.token)
    }
}

impl FromStr for EnrolCode {
    type Err = NotACode;

    fn from_str(s: &str) -> Result<Self, NotACode> {
        let text: String = s.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let scheme_length = "tracepost:".len();
        if !text.get(..scheme_length).is_some_and(|x| x.eq_ignore_ascii_case("tracepost:")) {
            return Err(NotACode::Other);
        }
        let (version, query) = text[scheme_length..].split_once('?').ok_or(NotACode::Other)?;
        match version.parse::<u32>() {
            Ok(1) => {}
            Ok(_) => return Err(NotACode::Newer),
            Err(_) => return Err(NotACode::Other),
        }
        let value = |name: &str| {
            query.split('&').find_map(|pair| {
                pair.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
            })
        };
        Ok(Self {
            url: hub_url(value("u").ok_or(NotACode::Url)?)?,
            fingerprint: value("f").and_then(|x| x.parse().ok()).ok_or(NotACode::Fingerprint)?,
            token: value("t").ok_or(NotACode::Token)?.parse()?,
        })
    }
}

/// Checks that a text is an `https` address with a host and no query, and drops slashes at its end.
fn hub_url(text: &str) -> Result<String, NotACode> {
    let plain = text.trim_end_matches('/');
    let host = plain.strip_prefix("https://").ok_or(NotACode::Url)?;
    let fits = !host.is_empty()
        && !host.starts_with([':', '/'])
        && host.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'&' | b'@' | b'"' | b'<' | b'>'));
    fits.then(|| plain.to_owned()).ok_or(NotACode::Url)
}

impl EnrolCode {
    /// Checks an address as `init --url` takes it.
    ///
    /// # Errors
    /// [`NotACode::Url`] when it is not `https://host[:port]`.
    pub fn check_url(text: &str) -> Result<String, NotACode> {
        hub_url(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> EnrolCode {
        EnrolCode {
            url: "https://hub.example:8443".into(),
            fingerprint: Hash([0xab; 32]),
            token: Token(*b"0123456789abcdef"),
        }
    }

    #[test]
    fn a_code_survives_print_type_and_wrap() {
        let text = code().to_string();
        assert_eq!(text.parse::<EnrolCode>().unwrap(), code());
        let typed: String =
            text.chars().enumerate().flat_map(|(i, c)| if i % 20 == 19 { vec![c, '\n'] } else { vec![c] }).collect();
        assert_eq!(typed.parse::<EnrolCode>().unwrap(), code());
        let shouted = text.replace("tracepost:", "TRACEPOST:").replace(&"ab".repeat(32), &"AB".repeat(32));
        assert_eq!(shouted.parse::<EnrolCode>().unwrap(), code());
    }

    #[test]
    fn each_damage_has_its_own_word() {
        let text = code().to_string();
        for (bad, want) in [
            ("hello".to_owned(), NotACode::Other),
            (String::new(), NotACode::Other),
            ("№№№№№№№№№№№".to_owned(), NotACode::Other),
            (text.replace("tracepost:1", "tracepost:2"), NotACode::Newer),
            (text.replace("https", "http"), NotACode::Url),
            (text.replace("hub.example:8443", ""), NotACode::Url),
            (text.replace("abab&", "ab&"), NotACode::Fingerprint),
            (text[..text.len() - 2].to_owned(), NotACode::Token),
            (text[..text.len() - 29].to_owned(), NotACode::Token),
        ] {
            assert_eq!(bad.parse::<EnrolCode>(), Err(want), "{bad}");
        }
    }
}
