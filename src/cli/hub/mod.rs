//! The central server's command line.
//!
//! Each subcommand is one call on [`Hub`]; here arguments become values and values become lines.

mod args;
mod imported;
mod register;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use super::common::{Failure, Printer, Stop, finish, print_completions, print_manual, start_logging};
use crate::domain::{DeviceId, PostId};
use crate::hub::{Hub, HubError, http};
use args::{Args, Command, DeviceCommand, LedgerCommand, SightingCommand};

const PROGRAM: &str = "tracepost-hub";

/// Runs the program on the process's own arguments.
pub fn main() -> ExitCode {
    start_logging();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` come this way too, with status 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    finish(PROGRAM, run(args))
}

fn run(args: Args) -> Result<(), Stop> {
    let out = Printer::new(args.json);
    let data = || -> Result<PathBuf, Stop> {
        let default = || crate::platform::dirs::data_dir().map(|dir| dir.join("hub"));
        args.data.clone().or_else(default).ok_or_else(|| {
            Failure::usage("There is no data directory on this system.", "Name the hub's folder with --data DIR.")
                .into()
        })
    };
    let open = || -> Result<Hub, Stop> { Hub::open(&data()?).map_err(failure) };
    match args.command {
        Command::Init { url, practice } => init(&out, &data()?, &url, practice),
        Command::Serve { listen } => serve(&out, open()?, &listen),
        Command::Register(command) => register::run(&out, &open()?, command),
        Command::Device(DeviceCommand::Invite { post, lasts, picture }) => {
            invite(&out, &open()?, post, lasts, picture.as_deref())
        }
        Command::Device(DeviceCommand::List) => show::devices(&out, &open()?),
        Command::Device(DeviceCommand::Revoke { device }) => show::revoke(&out, &open()?, &device),
        Command::Sighting(SightingCommand::List { post, device, grade, limit }) => {
            show::sightings(&out, &open()?, post, device.as_deref(), grade, limit)
        }
        Command::Sighting(SightingCommand::Show { id }) => show::sighting(&out, &open()?, &id),
        Command::Ledger(LedgerCommand::Verify { device }) => show::verify(&out, &open()?, &device),
        Command::Completions { shell } => Ok(print_completions::<Args>(shell, PROGRAM)?),
        Command::Man => Ok(print_manual::<Args>()?),
    }
}

fn init(out: &Printer, data: &std::path::Path, url: &str, practice: bool) -> Result<(), Stop> {
    let hub = Hub::init(data, url, practice).map_err(failure)?;
    let (url, port) = (hub.url().map_err(failure)?, hub.port().map_err(failure)?);
    let made = serde_json::json!({
        "data": data, "url": url, "fingerprint": hub.fingerprint(), "practice": practice,
    });
    out.either(&made, || {
        let unsaid = if url.ends_with(&format!(":{port}")) {
            String::new()
        } else {
            format!(", which names no port: they will look at {port}, so serve with --listen ADDRESS:{port}")
        };
        format!(
            "Made the hub in {}.\nDevices will be told {url}{unsaid}\nFingerprint {}\nKeep a copy of {} in a safe place: devices trust this key only.",
            data.display(),
            hub.fingerprint(),
            hub.dir().key_file().display()
        )
    })?;
    Ok(())
}

fn serve(out: &Printer, hub: Hub, listen: &str) -> Result<(), Stop> {
    let listener = http::bind(listen).map_err(failure)?;
    let url = hub.url().map_err(failure)?;
    let mut announced = Ok(());
    let served = http::serve_until_told(hub, listener, |address| {
        let told = serde_json::json!({ "listening": address.to_string(), "url": url });
        announced = out.either(&told, || {
            format!("Listening on {address} as {url}; the page is at https://{address}/ on this machine.")
        });
    });
    // A closed stdout is no reason to stop serving, so it is looked at only now.
    served.map_err(failure)?;
    Ok(announced?)
}

fn invite(out: &Printer, hub: &Hub, post: String, hours: u32, picture: Option<&std::path::Path>) -> Result<(), Stop> {
    let lasts = Duration::from_secs(u64::from(hours) * 3600);
    let invite = hub.invite(&PostId(post), lasts, picture).map_err(failure)?;
    out.either(&invite, || {
        let picture = invite.picture.as_deref().map(|x| format!("\nPicture: {}", x.display())).unwrap_or_default();
        format!("{}\nUntil {}, for one device.{picture}", invite.code, invite.expires_at.format("%Y-%m-%d %H:%M UTC"))
    })?;
    Ok(())
}

/// A hub's error in the three parts that a person needs: its texts are written as "what; safe; next".
fn failure(error: HubError) -> Stop {
    let text = error.to_string();
    let mut parts = text.splitn(3, "; ").map(sentence);
    let what = parts.next().unwrap_or_default();
    let (safe, next) = match (parts.next(), parts.next()) {
        (Some(safe), Some(next)) => (safe, next),
        (Some(only), None) => ("What was stored before is safe.".to_owned(), only),
        _ => ("What was stored before is safe.".to_owned(), "Mend the cause and call again.".to_owned()),
    };
    let wrong_call = match &error {
        HubError::BadUrl { .. } | HubError::BadRegisterId(_) | HubError::BadPost(_) => true,
        HubError::Listen { source, .. } => source.kind() == std::io::ErrorKind::InvalidInput,
        _ => false,
    };
    Failure { what, safe, next, status: if wrong_call { 2 } else { 1 } }.into()
}

fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    // Paths and addresses keep their case.
    let keep = text.starts_with(['/', '"', '.']) || text.split(' ').next().is_some_and(|x| x.contains(['.', ':', '/']));
    let first = letters.next().map(|c| if keep { c.to_string() } else { c.to_uppercase().to_string() });
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// A device by its id or the first characters of it.
fn device(hub: &Hub, text: &str) -> Result<DeviceId, Stop> {
    if let Ok(id) = text.parse::<DeviceId>() {
        return Ok(id);
    }
    let wanted = text.to_ascii_lowercase();
    let devices = hub.storage().devices().map_err(|e| failure(e.into()))?;
    let mut found = devices.iter().filter(|x| !wanted.is_empty() && x.id.to_string().starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.id),
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("Several devices begin with {text}."), "Give more of the id.").into())
        }
        _ => Err(failure(HubError::NoSuchDevice(text.to_owned()))),
    }
}
