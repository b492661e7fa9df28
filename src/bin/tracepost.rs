//! The device's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    tracepost::cli::device::main()
}
