//! `tracepost enrol`: by the hub's code, or by the picture of its QR.

use serde_json::json;

use super::args::EnrolArguments;
use super::failed;
use crate::cli::common::{Failure, Printer, Stop};
use crate::decode::ReaderOptions;
use crate::desk::{Desk, DeskError};
use crate::domain::Symbology;
use crate::sync::SyncError;

/// Runs the subcommand.
///
/// # Errors
/// When the picture shows no code, or the hub does not take it; nothing is changed then.
pub fn run(desk: &Desk, arguments: &EnrolArguments, out: &Printer) -> Result<(), Stop> {
    let code = match (&arguments.code, &arguments.picture) {
        (Some(code), _) => code.clone(),
        (None, Some(picture)) => code_in(picture)?,
        (None, None) => return Err(Failure::usage("No code was given.", "See tracepost enrol --help.").into()),
    };
    let post = desk.enrol(&code).map_err(|error| match &error {
        DeskError::Sync(SyncError::Unreachable { .. } | SyncError::Stalled { .. }) => Failure::new(
            format_args!("The hub was not reached: {}.", words_of(&error)),
            "Nothing was changed, and the code is good until its time is over.",
            "Enrol again with the same code when there is a link.",
        )
        .into(),
        _ => failed(error),
    })?;
    out.either(&json!({ "post": post, "device": desk.ledger().device() }), || {
        format!("Enrolled at post {post}. Next: tracepost sync")
    })?;
    Ok(())
}

/// What happened, without what to do about a sync.
fn words_of(error: &DeskError) -> String {
    let words = error.to_string();
    words.split_once(';').map_or(words.clone(), |(what, _)| what.to_owned())
}

/// The enrolment code that a picture shows.
///
/// # Errors
/// When the picture cannot be read or shows none.
pub fn code_in(picture: &std::path::Path) -> Result<String, Stop> {
    let options = ReaderOptions { symbologies: vec![Symbology::QrCode] };
    let result = super::scan::worker()?.still(picture, &options).map_err(|e| {
        Failure::new(
            format_args!("The picture cannot be read: {e}."),
            "Nothing was changed.",
            "Take it again, or type the code.",
        )
    })?;
    result.accepted.into_iter().map(|a| a.text).find(|t| t.starts_with("tracepost:")).ok_or_else(|| {
        Failure::new(
            "The picture shows no enrolment code.",
            "Nothing was changed.",
            "Take it again, nearer and straight, or type the code.",
        )
        .into()
    })
}
