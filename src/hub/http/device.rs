//! What devices call.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tower::ServiceExt;
use tower_http::services::ServeFile;

use super::answer::Refuse;
use super::tls::Peer;
use crate::domain::{Hash, RegisterId};
use crate::hub::ingest::{self, Ingested};
use crate::hub::storage::Device;
use crate::hub::{Hub, now_ms};
use crate::wire::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Batch, EnrolAnswer, EnrolRequest, Frontier, Hello, JSON_BYTES_MAX, PhotoState,
    Refusal, Urgent, pack, unpack,
};

/// The device that a request comes from, by its client certificate. Revoked devices are let through here; what they may
/// not do is refused where it is done.
pub(super) struct Caller(Device);

impl FromRequestParts<Arc<Hub>> for Caller {
    type Rejection = Refuse;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Refuse> {
        let key = parts.extensions.get::<Peer>().and_then(|peer| peer.key).ok_or(Refusal::NotEnrolled)?;
        let device = blocking(hub, move |hub| Ok(hub.storage().device_by_key(&key)?)).await?;
        device.map(Self).ok_or_else(|| Refusal::NotEnrolled.into())
    }
}

/// Runs what touches disk or database on a thread of its own, away from the connections.
pub(super) async fn blocking<T: Send + 'static>(
    hub: &Arc<Hub>,
    work: impl FnOnce(&Hub) -> Result<T, Refuse> + Send + 'static,
) -> Result<T, Refuse> {
    let hub = hub.clone();
    match tokio::task::spawn_blocking(move || work(&hub)).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!("a request's work ended early: {error}");
            Err(Refusal::Unavailable.into())
        }
    }
}

pub(super) async fn enrol(State(hub): State<Arc<Hub>>, body: Bytes) -> Result<Json<EnrolAnswer>, Refuse> {
    if body.len() > JSON_BYTES_MAX {
        return Err(Refusal::TooLarge.into());
    }
    let request: EnrolRequest = serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)?;
    let answer = blocking(&hub, move |hub| Ok(hub.enrol(&request)?)).await?;
    Ok(Json(answer?))
}

pub(super) async fn hello(State(hub): State<Arc<Hub>>, Caller(device): Caller) -> Result<Json<Hello>, Refuse> {
    let hello = blocking(&hub, move |hub| {
        hub.storage().seen(device.id, now_ms())?;
        let registers = if device.revoked_ms.is_some() { Vec::new() } else { hub.offers()? };
        Ok(Hello {
            device: device.id,
            post: device.post,
            practice: hub.practice()?,
            revoked: device.revoked_ms.is_some(),
            frontier: Frontier { next: device.next, head: device.head },
            registers,
            server_time_ms: now_ms(),
        })
    })
    .await?;
    Ok(Json(hello))
}

pub(super) async fn ledger(
    State(hub): State<Arc<Hub>>,
    Caller(device): Caller,
    body: Bytes,
) -> Result<Vec<u8>, Refuse> {
    blocking(&hub, move |hub| {
        let batch: Batch = entries(&body)?;
        if batch.entries.len() > BATCH_ENTRIES_MAX {
            return Err(Refusal::TooLarge.into());
        }
        let done = ingest::batch(&**hub.storage(), hub.keys().signing(), device.id, &batch, now_ms())?;
        match done {
            Ingested::Acknowledged(answer) => pack(&answer).map_err(|_| Refusal::Unavailable.into()),
            Ingested::Gap(frontier) => Err(Refuse(Refusal::Gap, Some(frontier))),
            Ingested::Fork { at, frontier } => {
                tracing::error!(device = %device.id, seq = %at, "FORK: other bytes came for a stored entry; both are kept");
                Err(Refuse(Refusal::Fork, Some(frontier)))
            }
            Ingested::HeadWrong(frontier) => {
                tracing::warn!(device = %device.id, "a signed head does not fit its entries; nothing was stored");
                Err(Refuse(Refusal::HeadWrong, Some(frontier)))
            }
            Ingested::Malformed(why) => {
                tracing::warn!(device = %device.id, why, "malformed batch");
                Err(Refusal::Malformed.into())
            }
        }
    })
    .await
}

pub(super) async fn urgent(
    State(hub): State<Arc<Hub>>,
    Caller(device): Caller,
    body: Bytes,
) -> Result<Json<serde_json::Value>, Refuse> {
    blocking(&hub, move |hub| {
        let urgent: Urgent = entries(&body)?;
        if urgent.entries.len() > BATCH_ENTRIES_MAX {
            return Err(Refusal::TooLarge.into());
        }
        if urgent.entries.iter().any(|(seq, bytes)| seq.0 == 0 || bytes.len() > crate::wire::ENTRY_BYTES_MAX) {
            return Err(Refusal::Malformed.into());
        }
        ingest::urgent(&**hub.storage(), device.id, &urgent, now_ms())?;
        Ok(Json(serde_json::json!({ "stored": urgent.entries.len() })))
    })
    .await
}

fn entries<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refuse> {
    unpack(body, BATCH_BYTES_MAX).map_err(|e| match e {
        crate::wire::BodyError::TooLarge { .. } => Refusal::TooLarge.into(),
        _ => Refusal::Malformed.into(),
    })
}

pub(super) async fn photo_state(
    State(hub): State<Arc<Hub>>,
    Caller(device): Caller,
    Path(hash): Path<Hash>,
) -> Result<Json<PhotoState>, Refuse> {
    blocking(&hub, move |hub| Ok(Json(hub.photo_state(device.id, &hash)?))).await
}

#[derive(Deserialize)]
pub(super) struct Piece {
    offset: u64,
    length: u64,
}

pub(super) async fn photo_piece(
    State(hub): State<Arc<Hub>>,
    Caller(device): Caller,
    Path(hash): Path<Hash>,
    Query(Piece { offset, length }): Query<Piece>,
    body: Bytes,
) -> Result<Json<PhotoState>, Refuse> {
    let state = blocking(&hub, move |hub| Ok(hub.photo_piece(device.id, &hash, offset, length, &body)?)).await?;
    Ok(Json(state?))
}

pub(super) async fn manifest(
    State(hub): State<Arc<Hub>>,
    Caller(device): Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refuse> {
    let id = RegisterId::parse(&id).ok_or(Refusal::NotFound)?;
    file(device, hub.dir().manifest(&id), request).await
}

pub(super) async fn chunk(
    State(hub): State<Arc<Hub>>,
    Caller(device): Caller,
    Path(hash): Path<Hash>,
    request: Request,
) -> Result<Response, Refuse> {
    file(device, hub.dir().chunk(&hash), request).await
}

/// Serves a file with ranges. A revoked device gets nothing down.
async fn file(device: Device, path: std::path::PathBuf, request: Request) -> Result<Response, Refuse> {
    if device.revoked_ms.is_some() {
        return Err(Refusal::Revoked.into());
    }
    match ServeFile::new(path).oneshot(request).await {
        Ok(found) if found.status() == axum::http::StatusCode::NOT_FOUND => Err(Refusal::NotFound.into()),
        Ok(found) => Ok(found.map(Body::new).into_response()),
        Err(never) => match never {},
    }
}
