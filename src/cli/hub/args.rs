//! What can be typed: the grammar of `tracepost-hub`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::registers::import::Format;

/// The centre of Tracepost: takes ledgers in, gives registers out, shows what arrived.
#[derive(Debug, Parser)]
#[command(
    name = "tracepost-hub",
    version,
    after_help = "Examples:
  tracepost-hub --data /srv/hub init --url https://hub.example:8443
  tracepost-hub --data /srv/hub register create ua-weapons --owner 'Ministry of Internal Affairs'
  tracepost-hub --data /srv/hub register import ua-weapons --format ua-weapons weaponswanted.json
  tracepost-hub --data /srv/hub register publish ua-weapons
  tracepost-hub --data /srv/hub device invite --post UA-RAVA
  tracepost-hub --data /srv/hub serve --listen 0.0.0.0:8443"
)]
pub struct Args {
    /// The hub's folder [default: hub/ in the platform's data directory of tracepost]
    #[arg(long, global = true, value_name = "DIR", env = "TRACEPOST_HUB_DATA")]
    pub data: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make keys, certificate authority and database
    #[command(after_help = "Examples:
  tracepost-hub --data /srv/hub init --url https://hub.example:8443
  tracepost-hub --data /srv/practice-hub init --url https://hub.example:8444 --practice")]
    Init {
        /// Address that devices will be told, https://host:port; without a port they look at 443
        #[arg(long)]
        url: String,
        /// A hub of made-up records, for training; practice and real devices never mix
        #[arg(long)]
        practice: bool,
    },
    /// Serve devices, and a page of what arrived for browsers on this machine; SIGTERM drains
    #[command(after_help = "Example:\n  tracepost-hub --data /srv/hub serve --listen 0.0.0.0:8443")]
    Serve {
        /// Where to listen; port 0 takes a free one
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
        listen: String,
    },
    /// Registers: make, import, compare, publish, list
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Devices: invite, list, revoke
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Checked items that arrived
    #[command(subcommand)]
    Sighting(SightingCommand),
    /// Ledgers of devices as they are held here
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Print shell completions
    #[command(
        after_help = "Example:\n  tracepost-hub completions bash > ~/.local/share/bash-completion/completions/tracepost-hub"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page (troff)
    #[command(after_help = "Example:\n  tracepost-hub man > ~/.local/share/man/man1/tracepost-hub.1")]
    Man,
}

/// Registers.
#[derive(Debug, Subcommand)]
pub enum RegisterCommand {
    /// Make an empty register
    #[command(after_help = "Examples:
  tracepost-hub register create stolen --owner 'National Police'
  tracepost-hub register create deliveries --owner 'Armed Forces' --kind delivered")]
    Create {
        /// Its name: up to 64 of a-z, 0-9, hyphen, underscore and dot, beginning with a letter or digit
        id: String,
        /// The authority that owns its records
        #[arg(long)]
        owner: String,
        /// What it lists: wanted items, or items delivered (a finding where they are seen elsewhere) or expected; never a hit
        #[arg(long, value_name = "KIND", default_value = "wanted")]
        kind: crate::domain::RegisterKind,
    },
    /// Show what the next publication would change on devices
    #[command(
        after_help = "Examples:\n  tracepost-hub register diff stolen\n  tracepost-hub register diff stolen --json | jq -c 'select(.change == \"withdrawn\")'"
    )]
    Diff {
        /// The register
        id: String,
        /// Print at most so many changes; all of them are counted
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u64,
    },
    /// Import a source's file; good rows are taken, bad ones listed with line and reason
    #[command(after_help = "Examples:
  tracepost-hub register import ua-weapons --format ua-weapons weaponswanted.json
  zcat list.csv.gz | tracepost-hub register import stolen --format csv --map columns.toml -
  tracepost-hub register import stolen --format csv list.csv --dry-run

The file is taken for the whole register: rows with a known id replace the older row, new ones are added, and records that
the file no longer has are withdrawn (with --partial they stay). All or nothing is stored. A second import of the same file
changes nothing. --dry-run says what the file is like and what it would do, and changes nothing.")]
    Import {
        /// The register
        id: String,
        /// Form of the file: csv, jsonl, ua-weapons, ua-vehicles, niem
        #[arg(long)]
        format: Format,
        /// What the columns mean (TOML), where they are not named as in the manual
        #[arg(long, value_name = "MAP.toml")]
        map: Option<PathBuf>,
        /// What the records are of, where a row does not say it (firearm, vehicle, travel_document, …)
        #[arg(long)]
        object: Option<crate::domain::Object>,
        /// Moment up to which the data reach, as 2026-11-22 or 2026-11-22T10:00:00Z, not in the future [default: the file's own time]
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// Where to list rejected rows [default: rejects/ID.csv in the hub's folder]
        #[arg(long, value_name = "FILE")]
        rejects: Option<PathBuf>,
        /// The file is a part of the register: what it does not name stays
        #[arg(long, conflicts_with = "allow_withdrawals")]
        partial: bool,
        /// Let so many records be withdrawn; without it one in ten (ten in a small register), for a cut file looks the same
        #[arg(long, value_name = "N")]
        allow_withdrawals: Option<u64>,
        /// Say what the file is like and what it would change; change nothing
        #[arg(long)]
        dry_run: bool,
        /// The file; - reads standard input
        file: PathBuf,
    },
    /// Sign a new version for devices to fetch, when something changed
    #[command(after_help = "Examples:
  tracepost-hub register publish stolen
  tracepost-hub register publish stolen --json | jq '{version, added, changed, withdrawn}'

Publish at least once a day, also when nothing changed: devices tell a register as late that was not signed for longer.")]
    Publish {
        /// The register
        id: String,
    },
    /// List registers
    #[command(
        after_help = "Examples:\n  tracepost-hub register list\n  tracepost-hub register list --json | jq -r 'select(.changed) | .id'"
    )]
    List,
}

/// Devices.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Print a one-time enrolment code and write its QR as PNG
    #[command(after_help = "Example:\n  tracepost-hub device invite --post UA-RAVA --picture rava.png")]
    Invite {
        /// The post that the device will stand at: a UN/LOCODE or a local id
        #[arg(long)]
        post: String,
        /// Hours until the invite ends
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
        lasts: u32,
        /// Where to write the picture [default: in the hub's folder]
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
    },
    /// List devices
    #[command(
        after_help = "Examples:\n  tracepost-hub device list\n  tracepost-hub device list --json | jq -r 'select(.forks > 0) | .device'"
    )]
    List,
    /// Give a lost or stolen device no registers any more, from now on; its ledger is still taken in
    #[command(after_help = "Example:\n  tracepost-hub device revoke ba33e245")]
    Revoke {
        /// The device, or the first characters of its id
        device: String,
    },
}

/// Sightings.
#[derive(Debug, Subcommand)]
pub enum SightingCommand {
    /// List sightings, newest first
    #[command(after_help = "Examples:
  tracepost-hub sighting list --post UA-RAVA --limit 20
  tracepost-hub sighting list --grade hit --json | jq -r '[.time, .post, .id] | @tsv'")]
    List {
        /// Of one post only
        #[arg(long)]
        post: Option<String>,
        /// Of one device only
        #[arg(long)]
        device: Option<String>,
        /// Of one grade only: hit, probable, possible, no_record, not_checked
        #[arg(long)]
        grade: Option<String>,
        /// At most so many
        #[arg(long)]
        limit: Option<u64>,
    },
    /// Show all of one sighting
    #[command(after_help = "Example:\n  tracepost-hub sighting show ba33e245/41")]
    Show {
        /// Its id as listed: DEVICE/ENTRY
        id: String,
    },
}

/// Ledgers.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Recompute chain, signed heads and receipts of a device; status 1 and the first bad entry named when broken
    #[command(after_help = "Example:\n  tracepost-hub ledger verify ba33e245 && echo whole")]
    Verify {
        /// The device's id, or its first characters
        device: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::common::{manual_of, without_examples};

    #[test]
    fn every_command_is_shown_by_example_and_stands_in_the_manual() {
        assert_eq!(without_examples::<Args>(), Vec::<String>::new());
        let manual = manual_of::<Args>().unwrap();
        for command in ["init", "register import", "device revoke", "sighting show", "ledger verify", "man"] {
            assert!(manual.contains(&format!(".SS \"tracepost\\-hub {command}\"\n")), "{command}: {manual}");
        }
        assert!(manual.contains("\\-\\-allow\\-withdrawals"), "the options of each");
        assert!(!manual.contains("(1)"), "no other page is printed by any command");
    }
}
