//! From an entry to the lists that the centre reads. Everything here can be built again from the entries.

use super::storage::{Projected, SightedMark, Sighting};
use crate::domain::{Description, DeviceId, Hash, MarkSource, PostId, Seq};
use crate::ledger::{CandidateRef, Check, Entry, Payload};

/// How an entry came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// In its place in the chain.
    Chained,
    /// Ahead of its batch: nothing proves it yet.
    Urgent,
    /// Under the number of another entry; its bytes have this hash.
    Beside(Hash),
}

/// What an entry changes in the lists. `post` is the device's own, for an entry that names none.
pub fn projected(
    entry: &Entry,
    device: DeviceId,
    seq: Seq,
    post: &PostId,
    received_ms: i64,
    came: Came,
) -> Vec<Projected> {
    let fork = if let Came::Beside(hash) = came { Some(hash) } else { None };
    let beside = fork.is_some();
    let check = |check: &Check, wall_ms: i64| {
        Projected::Check(Box::new(Sighting {
            device,
            seq,
            post: check.post.clone().unwrap_or_else(|| post.clone()),
            wall_ms,
            received_ms,
            officer: entry.officer.clone(),
            marks: marks(check),
            object: check.item.description.object.map(|x| x.code().to_owned()),
            description: description(&check.item.description),
            grade: check.grade.code().to_owned(),
            reason: check.reason.map(|x| x.code().to_owned()),
            rule: check.rule.map(|x| x.code().to_owned()),
            candidates: check.candidates.iter().map(name).collect(),
            decision: None,
            note: None,
            retro_hits: Vec::new(),
            photo: check.photo.map(|x| x.hash),
            unproven: came != Came::Chained,
            fork,
        }))
    };
    match &entry.payload {
        Payload::Check(x) => vec![check(x, entry.wall_ms)],
        Payload::LateCheck(x) => vec![check(&x.check, x.checked_ms)],
        Payload::Decision(x) => vec![Projected::Decision {
            of: x.of,
            code: x.code.code().to_owned(),
            note: (!x.note.is_empty()).then(|| x.note.clone()),
            beside,
        }],
        Payload::RetroHit(x) => x
            .candidates
            .iter()
            .map(|candidate| Projected::RetroHit {
                of: x.of,
                record: name(candidate),
                grade: candidate.grade.code().to_owned(),
                beside,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn name(candidate: &CandidateRef) -> String {
    format!("{}/{}", candidate.register, candidate.record)
}

fn marks(check: &Check) -> Vec<SightedMark> {
    let source = |source: MarkSource| match source {
        MarkSource::Read(symbology) => symbology.code().to_owned(),
        MarkSource::Scanner => "scanner".to_owned(),
        MarkSource::Typed => "typed".to_owned(),
    };
    check
        .item
        .marks
        .iter()
        .map(|seen| SightedMark {
            scheme: seen.mark.scheme.code().to_owned(),
            value: seen.mark.value.clone(),
            place: seen.mark.place.clone(),
            source: source(seen.source),
        })
        .collect()
}

fn description(of: &Description) -> Vec<(String, String)> {
    let year = of.year.map(|x| x.to_string());
    [
        ("kind", of.kind.as_ref()),
        ("make", of.make.as_ref()),
        ("model", of.model.as_ref()),
        ("calibre", of.calibre.as_ref()),
        ("year", year.as_ref()),
        ("country", of.country.as_ref()),
        ("issuer", of.issuer.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.clone())))
    .collect()
}
