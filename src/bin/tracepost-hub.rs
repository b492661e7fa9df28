//! The central server's program.

fn main() -> std::process::ExitCode {
    tracepost::cli::hub::main()
}
