//! Answers that are not a success: one small JSON body with a code, words, and where to go on.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::hub::HubError;
use crate::wire::{Frontier, Refusal, Refused};

/// A refusal on its way out.
#[derive(Debug)]
pub(super) struct Refuse(pub(super) Refusal, pub(super) Option<Frontier>);

impl From<Refusal> for Refuse {
    fn from(refusal: Refusal) -> Self {
        Self(refusal, None)
    }
}

impl From<HubError> for Refuse {
    fn from(error: HubError) -> Self {
        // The words may name files of the hub: they are for its log, not for whoever asked.
        tracing::error!("{error}");
        Self(Refusal::Unavailable, None)
    }
}

impl From<crate::hub::storage::StorageError> for Refuse {
    fn from(error: crate::hub::storage::StorageError) -> Self {
        Self::from(HubError::from(error))
    }
}

impl IntoResponse for Refuse {
    fn into_response(self) -> Response {
        let (status, message) = words(self.0);
        (status, Json(Refused { error: self.0, message: message.to_owned(), frontier: self.1 })).into_response()
    }
}

fn words(refusal: Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::InviteUnknown => (StatusCode::FORBIDDEN, "no invite has this token"),
        Refusal::InviteExpired => (StatusCode::FORBIDDEN, "the invite has expired"),
        Refusal::InviteUsed => (StatusCode::FORBIDDEN, "the invite was used by another device"),
        Refusal::PracticeMismatch => {
            (StatusCode::CONFLICT, "one of hub and device is for practice and the other is real")
        }
        Refusal::DeviceMismatch => (StatusCode::FORBIDDEN, "the device's id, key and proof do not belong together"),
        Refusal::NotEnrolled => (StatusCode::UNAUTHORIZED, "this needs a client certificate that this hub gave out"),
        Refusal::Revoked => (StatusCode::FORBIDDEN, "the device was revoked"),
        Refusal::Gap => (StatusCode::CONFLICT, "entries before these are missing here"),
        Refusal::Fork => (StatusCode::CONFLICT, "other entries are stored under these numbers; both are kept"),
        Refusal::HeadWrong => (StatusCode::UNPROCESSABLE_ENTITY, "the signed head does not fit the entries"),
        Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the request is larger than allowed"),
        Refusal::Malformed => (StatusCode::BAD_REQUEST, "the request is not of the form of this protocol"),
        Refusal::HashWrong => (StatusCode::UNPROCESSABLE_ENTITY, "the bytes do not have the hash that names them"),
        Refusal::NotFound => (StatusCode::NOT_FOUND, "there is nothing here"),
        Refusal::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "the hub cannot store or read now; repeat later"),
    }
}
