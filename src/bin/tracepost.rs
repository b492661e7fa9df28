//! The device's program.

fn main() {}
