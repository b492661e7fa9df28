//! The screens of Tracepost and the Rust made from them. No logic: what happens lives in the app room of `tracepost`.
//!
//! `theme.slint` colours and sizes · `words.slint` codes to words · `api/` data and callbacks of each screen, with
//! preview values · `components/` · `screens/` · `app.slint` the window.

mod fonts;
mod generated {
    #![allow(missing_docs, clippy::all, clippy::pedantic)]
    slint::include_modules!();
}

pub use fonts::register_fonts;
pub use generated::*;

/// Languages with a complete translation, as codes; English is what the screens are written in.
pub const LANGUAGES: [&str; 3] = ["en", "fr", "uk"];
