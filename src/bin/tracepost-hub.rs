//! The central server's program.

fn main() {}
