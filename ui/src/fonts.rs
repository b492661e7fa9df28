//! The fonts that travel with the program, so that no text is ever blank for want of a system font.

use std::sync::Arc;

use slint::fontique_011::fontique::{Blob, FallbackKey, GenericFamily, Script};

const SANS: [&[u8]; 2] =
    [include_bytes!("../fonts/NotoSans-Regular.ttf"), include_bytes!("../fonts/NotoSans-Bold.ttf")];
const MONO: &[u8] = include_bytes!("../fonts/NotoSansMono-Bold.ttf");

/// Registers the fonts and makes them the fallback for Latin, Cyrillic and Greek. To be called once the platform is
/// chosen and before the first window: a font that a `.slint` file imports is found by name only and never a fallback.
pub fn register_fonts() {
    let mut collection = slint::fontique_011::shared_collection();
    let mut sans = Vec::new();
    for bytes in SANS {
        let blob = Blob::new(Arc::new(bytes));
        sans.extend(collection.register_fonts(blob, None).into_iter().map(|(family, _)| family));
    }
    sans.dedup();
    let mono: Vec<_> =
        collection.register_fonts(Blob::new(Arc::new(MONO)), None).into_iter().map(|(family, _)| family).collect();
    collection.set_generic_families(GenericFamily::SansSerif, sans.iter().copied());
    collection.set_generic_families(GenericFamily::SystemUi, sans.iter().copied());
    collection.set_generic_families(GenericFamily::Monospace, mono.iter().copied());
    for script in [b"Latn", b"Cyrl", b"Grek"] {
        let key = FallbackKey::new(Script::from_bytes(*script), None);
        collection.set_fallbacks(key, sans.iter().copied());
    }
}
