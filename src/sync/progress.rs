//! What a person sees while the link works.

/// A step of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Reaching the hub; in milliseconds of the time that it may take.
    Connect,
    /// Hits, ahead of everything else.
    Urgent,
    /// Registers coming down, in bytes.
    Registers,
    /// Building the new generation of registers, in records.
    Install,
    /// The ledger going up, in entries.
    Ledger,
    /// Photos going up, in bytes.
    Photos,
}

impl Phase {
    /// A short English name, for logs and the command line; the window translates the phase itself.
    pub fn code(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Urgent => "urgent",
            Self::Registers => "registers",
            Self::Install => "install",
            Self::Ledger => "ledger",
            Self::Photos => "photos",
        }
    }
}

/// Is told how far the work is.
pub trait Progress {
    /// `done` of `total` in this phase; `total` may still grow.
    fn step(&mut self, phase: Phase, done: u64, total: u64);
}

impl<F: FnMut(Phase, u64, u64)> Progress for F {
    fn step(&mut self, phase: Phase, done: u64, total: u64) {
        self(phase, done, total);
    }
}
