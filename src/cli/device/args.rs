//! The arguments of `tracepost`, exactly as scripts rely on them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Reads marks on weapons and checks them against stolen and lost records, without a network.
#[derive(Debug, Parser)]
#[command(
    name = "tracepost",
    version,
    about,
    max_term_width = 110,
    after_help = "Without a subcommand the app opens.\n\nExamples:\n  tracepost demo\n  tracepost enrol --picture invite.png\n  \
                  tracepost check \"АВ 1234\" --object firearm --year 1978\n  tracepost scan --json photos/\n  \
                  tracepost sync\n\nExit status: 0 done (a hit is an answer, not a failure), 1 something failed, 2 wrong usage."
)]
pub struct Arguments {
    /// Where the device keeps its ledger, records and keys [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR", env = "TRACEPOST_HOME")]
    pub home: Option<PathBuf>,

    /// Name of the officer; stands in every entry
    #[arg(long, global = true, value_name = "NAME", env = "TRACEPOST_OFFICER")]
    pub officer: Option<String>,

    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The subcommands of the device.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Opens a practice post: hub, device, made-up records and bundled footage
    #[command(after_help = "Examples:\n  tracepost demo\n  tracepost demo --headless\n  \
                            tracepost demo --headless --json --records 1100000")]
    Demo(DemoArguments),
    /// Enrols this device with a hub's code, or with the picture of its QR
    #[command(after_help = "Examples:\n  tracepost enrol 'tracepost:1?u=…'\n  tracepost enrol --picture invite.png")]
    Enrol(EnrolArguments),
    /// Decodes pictures, folders and footage, and checks what they show
    #[command(
        override_usage = "tracepost scan [OPTIONS] <PATH>...\n       tracepost scan [OPTIONS] --serial <PORT[,BAUD]>"
    )]
    #[command(after_help = "Examples:\n  tracepost scan photo.jpg\n  tracepost scan --footage clip.mjpeg --json\n  \
                            tracepost scan --decode-only --json photos/ | jq .text\n  \
                            tracepost scan --json --serial /dev/ttyACM0,115200")]
    Scan(ScanArguments),
    /// Checks the marks of one item, or of many from standard input
    #[command(after_help = "Examples:\n  tracepost check \"АВ 1234\" --kind pistol --year 1978\n  \
                            tracepost check TMBZZZ1U0W2000000 --object vehicle\n  \
                            echo '{\"id\":1,\"marks\":[\"AB1234\"],\"object\":\"firearm\"}' | tracepost check -\n\n\
                            A line of standard input knows the keys id, marks, object, kind, make, model, calibre, year, \
                            country and issuer; any others are passed over, and the answer names them (ignored).")]
    Check(CheckArguments),
    /// Looks records up by a pattern; every look-up is an entry in the ledger
    #[command(after_help = "? stands for one character, * for any number; at least four characters must be fixed.\n\n\
                            Examples:\n  tracepost search 'AB12?4'\n  tracepost search '*77310'")]
    Search(SearchArguments),
    /// Opens a record that a check or a look-up named: all of it, with how its owner is reached; an entry in the ledger
    #[command(after_help = "Examples:\n  tracepost record ua-weapons 9000000 --from 41\n  \
                            tracepost search --json 'AB12?4' | jq -r '.candidates[0].record'")]
    Record(RecordArguments),
    /// One full sync with the hub: registers down, ledger up
    #[command(after_help = "Examples:\n  tracepost sync\n  tracepost sync --json | jq .receipt\n\n\
                            It may be cut or stopped (Ctrl+C) at any point and repeated. Status 1 when the hub was not reached.")]
    Sync,
    /// Ledger, registers, last receipt, clock
    #[command(after_help = "Examples:\n  tracepost status\n  tracepost status --json | jq .ledger.unsent")]
    Status,
    /// Recomputes the ledger's chain, signatures, receipts and projections
    #[command(after_help = "Examples:\n  tracepost verify\n  tracepost verify --json | jq .ok\n\n\
                            Status 1, with the first bad entry named, when the ledger is not whole.")]
    Verify,
    /// Shell completions on standard output
    #[command(
        after_help = "Example:\n  tracepost completions bash > ~/.local/share/bash-completion/completions/tracepost"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Manual page (troff) on standard output
    #[command(after_help = "Example:\n  tracepost man > ~/.local/share/man/man1/tracepost.1")]
    Man,
    /// Decodes untrusted pictures for a parent process
    #[command(hide = true, name = "decode-worker")]
    DecodeWorker,
    /// Opens the app on the given home, with footage in place of a camera
    #[command(hide = true, name = "app")]
    App(AppArguments),
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// The same path with no window: prints what it saw, syncs, and ends
    #[arg(long)]
    pub headless: bool,
    /// How many invented records the practice register holds
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1_000..=1_100_000))]
    pub records: u64,
    /// Footage in place of the bundled one
    #[arg(long, value_name = "FILE")]
    pub footage: Option<PathBuf>,
}

/// Arguments of `enrol`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct EnrolArguments {
    /// The hub's code
    pub code: Option<String>,
    /// A picture of the code's QR
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
}

/// Arguments of `scan`.
#[derive(Debug, Args)]
pub struct ScanArguments {
    /// Pictures, folders, or footage
    #[arg(required_unless_present = "serial", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// A hand scanner at a serial port: each code it sends, until ended [default rate: 9600]
    #[arg(long, value_name = "PORT[,BAUD]", conflicts_with_all = ["paths", "footage", "formats", "one_item"])]
    pub serial: Option<String>,
    /// The pictures of a folder in name order, or a Y4M or MJPEG file, are successive frames of one camera
    #[arg(long)]
    pub footage: bool,
    /// Frames a second of footage that does not say it itself [default: 30]
    #[arg(long, value_name = "N", requires = "footage")]
    pub fps: Option<f32>,
    /// Only these symbologies, separated by commas [default: qr_code,micro_qr,data_matrix,aztec,pdf_417,code_128,code_39,code_93]
    #[arg(long, value_delimiter = ',', value_name = "A,B,C")]
    pub formats: Vec<String>,
    /// No home, no check, no log: decode and understand only
    #[arg(long)]
    pub decode_only: bool,
    /// All symbols of a path are one item
    #[arg(long, conflicts_with = "decode_only")]
    pub one_item: bool,
}

/// What is known of an item beside its marks.
#[derive(Debug, Args, Default, Clone)]
pub struct DescriptionArguments {
    /// Sort of object: firearm, part, ammunition, missile, drone, optics, explosive, detonator, vehicle, travel_document, container, other
    #[arg(long)]
    pub object: Option<String>,
    /// Kind: pistol, rifle, …
    #[arg(long)]
    pub kind: Option<String>,
    /// Maker
    #[arg(long)]
    pub make: Option<String>,
    /// Model
    #[arg(long)]
    pub model: Option<String>,
    /// Calibre
    #[arg(long)]
    pub calibre: Option<String>,
    /// Year of manufacture
    #[arg(long, value_parser = super::question::year)]
    pub year: Option<u16>,
    /// Country of manufacture, two letters
    #[arg(long)]
    pub country: Option<String>,
    /// Authority that issued a document
    #[arg(long)]
    pub issuer: Option<String>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The marks of one item, or - to read JSON lines from standard input
    #[arg(required = true, value_name = "MARK")]
    pub marks: Vec<String>,
    /// What the marks are: serial, import, uii, vin, plate, engine, document, container, gtin, other [default: understood from the text]
    #[arg(long)]
    pub scheme: Option<String>,
    /// What is known beside the marks
    #[command(flatten)]
    pub description: DescriptionArguments,
}

/// Arguments of `search`.
#[derive(Debug, Args)]
pub struct SearchArguments {
    /// ? one character, * any number
    pub pattern: String,
}

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct RecordArguments {
    /// The register that it stands in
    pub register: String,
    /// Its id there, as the check or look-up gave it
    pub id: String,
    /// The entry of the check or look-up that led to it
    #[arg(long, value_name = "ENTRY")]
    pub from: Option<u64>,
}

/// Arguments of the hidden `app`.
#[derive(Debug, Args, Default)]
pub struct AppArguments {
    /// Footage in place of a camera
    #[arg(long, value_name = "FILE")]
    pub footage: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::common::{manual_of, without_examples};

    #[test]
    fn every_command_is_shown_by_example_and_stands_in_the_manual() {
        assert_eq!(without_examples::<Arguments>(), Vec::<String>::new());
        let manual = manual_of::<Arguments>().unwrap();
        for command in ["demo", "scan", "check", "sync", "status", "verify"] {
            assert!(manual.contains(&format!(".SS \"tracepost {command}\"\n")), "{command}: {manual}");
        }
        assert!(!manual.contains("(1)") && !manual.contains("decode\\-worker"), "{manual}");
    }
}
