//! The device's command line.

pub mod args;
