//! Letting devices in: invites with a one-time token, and the certificate that a device gets for its own key.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;

use super::dir::write_whole;
use super::storage::{NewDevice, NewInvite, Redeemed};
use super::{Hub, HubError};
use crate::domain::{Fingerprint, PostId};
use crate::ledger::{VerifyingKey, genesis};
use crate::wire::{EnrolAnswer, EnrolCode, EnrolRequest, Hex, Refusal, Token, enrol_proof};

/// How long an invite lasts when nobody says otherwise.
pub const INVITE_LASTS: Duration = Duration::from_secs(24 * 3600);

/// Pixels of one module of the printed code, and the quiet zone around it in modules (ISO/IEC 18004 asks for 4).
const MODULE_PX: u32 = 8;
const QUIET_MODULES: u32 = 4;

/// An invite, as `device invite` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Invite {
    /// The whole code, to be typed or scanned.
    pub code: String,
    /// The hub's address.
    pub url: String,
    /// What it pins.
    pub fingerprint: Fingerprint,
    /// After this moment it lets nobody in.
    pub expires_at: chrono::DateTime<chrono::Utc>,
    /// The picture of its QR.
    pub picture: Option<PathBuf>,
}

impl Hub {
    /// Makes an invite into a post. `picture` names the PNG; without it one is put into the hub's own folder.
    ///
    /// # Errors
    /// When the post's name does not fit, or the invite or its picture cannot be written.
    pub fn invite(&self, post: &PostId, lasts: Duration, picture: Option<&Path>) -> Result<Invite, HubError> {
        let plain = post.0.trim();
        if plain.is_empty() || plain.chars().count() > 64 || plain.chars().any(char::is_control) || plain != post.0 {
            return Err(HubError::BadPost(post.0.clone()));
        }
        let mut token = Token([0; 16]);
        getrandom::fill(&mut token.0).map_err(|e| HubError::Randomness(e.to_string()))?;
        let created_ms = super::now_ms();
        let expires_ms = created_ms.saturating_add(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX));
        let code = EnrolCode { url: self.url()?, fingerprint: self.keys.fingerprint(), token };
        let text = code.to_string();
        let path = match picture {
            Some(path) => path.to_owned(),
            None => self.dir.invites().join(format!("{}.png", &code.token.hash().to_string()[..12])),
        };
        let png = picture_of(&text)?;
        self.storage.add_invite(&NewInvite { token: code.token.hash(), post: post.clone(), created_ms, expires_ms })?;
        // The picture is as good as the code, so only its owner may read it.
        write_whole(&path, &png, 0o600).map_err(|e| HubError::file(&path, e))?;
        Ok(Invite {
            code: text,
            url: code.url,
            fingerprint: code.fingerprint,
            expires_at: chrono::DateTime::from_timestamp_millis(expires_ms)
                .unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC),
            picture: Some(path),
        })
    }

    /// Answers a device that shows a token.
    ///
    /// # Errors
    /// The refusal to send, or an error of the hub.
    pub fn enrol(&self, request: &EnrolRequest) -> Result<Result<EnrolAnswer, Refusal>, HubError> {
        let Ok(token) = request.token.parse::<Token>() else { return Ok(Err(Refusal::InviteUnknown)) };
        let key = <[u8; 32]>::try_from(request.public_key.0.as_slice()).ok();
        let Some(key) = key.and_then(|raw| VerifyingKey::from_bytes(&raw).ok()) else {
            return Ok(Err(Refusal::Malformed));
        };
        let proof = enrol_proof(&self.keys.fingerprint(), &token.hash(), request.device);
        let signature = ed25519_dalek::Signature::from_slice(&request.proof.0).ok();
        if signature.is_none_or(|x| key.verify_strict(&proof, &x).is_err()) {
            return Ok(Err(Refusal::DeviceMismatch));
        }
        let practice = self.practice()?;
        if request.practice.is_some_and(|begun_as| begun_as != practice) {
            return Ok(Err(Refusal::PracticeMismatch));
        }
        let device = NewDevice {
            id: request.device,
            public_key: key.to_bytes(),
            program: request.program.chars().filter(|c| !c.is_control()).take(100).collect(),
            genesis: genesis(&key, practice),
        };
        let now_ms = super::now_ms();
        let post = match self.storage.redeem(&token.hash(), &device, now_ms)? {
            Redeemed::In(post) => post,
            Redeemed::Unknown => return Ok(Err(Refusal::InviteUnknown)),
            Redeemed::Expired => return Ok(Err(Refusal::InviteExpired)),
            Redeemed::Used => return Ok(Err(Refusal::InviteUsed)),
            Redeemed::Mismatch => return Ok(Err(Refusal::DeviceMismatch)),
        };
        tracing::info!(device = %device.id, %post, "device enrolled");
        Ok(Ok(EnrolAnswer {
            post,
            practice,
            hub_key: Hex(self.keys.public().to_bytes().to_vec()),
            certificate: Hex(self.keys.certify_device(device.id, &key)?),
            server_time_ms: now_ms,
        }))
    }
}

/// The code as a QR in a PNG, black on white with its quiet zone.
fn picture_of(text: &str) -> Result<Vec<u8>, HubError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|e| HubError::Picture(e.to_string()))?;
    let width = u32::try_from(code.width()).map_err(|e| HubError::Picture(e.to_string()))?;
    let colors = code.to_colors();
    let side = (width + 2 * QUIET_MODULES) * MODULE_PX;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let module = |at: u32| (at / MODULE_PX).checked_sub(QUIET_MODULES).filter(|x| *x < width);
        let dark =
            module(x).zip(module(y)).is_some_and(|(x, y)| colors.get((y * width + x) as usize) == Some(&Color::Dark));
        Luma([if dark { 0 } else { 255 }])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).map_err(|e| HubError::Picture(e.to_string()))?;
    Ok(png.into_inner())
}
