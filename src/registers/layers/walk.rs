//! The keys of both layers in one order.

use super::OVER;
use crate::registers::index::{KeyId, KeysFrom};

/// Keys of one layer, of which the next is known.
pub(super) struct Ahead<'a> {
    keys: KeysFrom<'a>,
    next: Option<KeyId>,
}

impl<'a> Ahead<'a> {
    pub fn of(mut keys: KeysFrom<'a>) -> Self {
        let next = keys.next();
        Self { keys, next }
    }

    fn go_on(&mut self) {
        self.next = self.keys.next();
    }
}

/// See [`Registers::keys_from`].
pub(in crate::registers) struct KeysOfBoth<'a> {
    pub(super) below: Ahead<'a>,
    pub(super) above: Option<Ahead<'a>>,
    /// From which layer the last key came.
    pub(super) from: Option<Layer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Below,
    Above,
}

impl KeysOfBoth<'_> {
    /// The next key, where both have it that of the base first.
    pub fn next(&mut self) -> Option<KeyId> {
        match (self.from, &mut self.above) {
            (Some(Layer::Below), _) => self.below.go_on(),
            (Some(Layer::Above), Some(above)) => above.go_on(),
            _ => {}
        }
        let above = self.above.as_ref().and_then(|above| Some((above.next?, above.keys.key())));
        let (from, next) = match (self.below.next, above) {
            (Some(low), Some((_, key))) if key >= self.below.keys.key() => (Layer::Below, low),
            (_, Some((high, _))) => (Layer::Above, KeyId(high.0 | OVER)),
            (Some(low), None) => (Layer::Below, low),
            (None, None) => return None,
        };
        self.from = Some(from);
        Some(next)
    }

    /// The bytes of the key that came last, with its class.
    pub fn key(&self) -> &[u8] {
        match (self.from, &self.above) {
            (Some(Layer::Above), Some(above)) => above.keys.key(),
            _ => self.below.keys.key(),
        }
    }
}
