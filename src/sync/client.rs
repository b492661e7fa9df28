//! One hub over HTTP, call by call, for callers that block.
//!
//! Links at posts are slow and break, so nothing here has a deadline: a call may take as long as it moves, and ends when it
//! has stood still for [`Patience::stall`]. An answer counts only when TLS proved the pinned key *and* the answer carries
//! the protocol's header: a portal that says 200 to everything proves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::error::{SyncError, refused};
use super::pin::{self, Pinned};
use crate::domain::Fingerprint;
use crate::ledger::SigningKey;
use crate::wire::{JSON_BYTES_MAX, PROTOCOL_HEADER, Refusal, Refused};

/// How long to wait when nothing moves.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection to come about.
    pub connect: Duration,
    /// For the next byte in either direction.
    pub stall: Duration,
    /// Attempts for each call while the link fails.
    pub attempts: u32,
    /// Pause before the second attempt; it doubles with each.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(45),
            attempts: 3,
            pause: Duration::from_millis(500),
        }
    }
}

/// Pieces in which a body is handed to the socket: what is handed over counts as movement.
const PIECE_BYTES: usize = 4 << 10;

/// A hub that can be called.
pub(super) struct Client {
    runtime: Runtime,
    http: reqwest::Client,
    url: String,
    pinned: Arc<Pinned>,
    patience: Patience,
    pub(super) bytes_up: u64,
    pub(super) bytes_down: u64,
}

/// What came back.
pub(super) enum Answer {
    /// A success with its body.
    Done(Vec<u8>),
    /// A refusal with its body.
    Refused(Refused),
}

/// Options of a call.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: Option<(&'static str, Vec<u8>)>,
    pub(super) range_from: Option<u64>,
    /// Bytes of the answer that are read at most.
    pub(super) answer_bytes_max: usize,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &'a str, answer_bytes_max: usize) -> Self {
        Self { method: Method::GET, path, body: None, range_from: None, answer_bytes_max }
    }

    pub(super) fn send(method: Method, path: &'a str, body: Vec<u8>) -> Self {
        let body = Some(("application/octet-stream", body));
        Self { method, path, body, range_from: None, answer_bytes_max: JSON_BYTES_MAX }
    }
}

impl Client {
    pub(super) fn new(
        url: &str,
        fingerprint: Fingerprint,
        certificate: Option<(&[u8], &SigningKey)>,
        patience: Patience,
    ) -> Result<Self, SyncError> {
        let setup = |e: &dyn std::fmt::Display| SyncError::Setup(e.to_string());
        let (tls, pinned) = pin::config(fingerprint, certificate).map_err(|e| setup(&e))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| setup(&e))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(patience.connect)
            .user_agent(concat!("tracepost/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| setup(&e))?;
        let url = url.to_owned();
        Ok(Self { runtime, http, url, pinned, patience, bytes_up: 0, bytes_down: 0 })
    }

    /// A call whose answer is JSON.
    pub(super) fn json<T: DeserializeOwned>(&mut self, call: &Call<'_>) -> Result<T, SyncError> {
        match self.call(call)? {
            Answer::Done(body) => {
                serde_json::from_slice(&body).map_err(|_| SyncError::NotAHub { url: self.url.clone() })
            }
            Answer::Refused(refusal) => Err(refused(refusal.error, refusal.message)),
        }
    }

    /// A call with a JSON body.
    pub(super) fn post_json<Q: Serialize, T: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &Q,
    ) -> Result<T, SyncError> {
        let body = serde_json::to_vec(body).map_err(|e| SyncError::Setup(e.to_string()))?;
        let call = Call { body: Some(("application/json", body)), ..Call::send(Method::POST, path, Vec::new()) };
        self.json(&call)
    }

    /// A call, repeated while the link fails. Every call of this protocol may be repeated.
    pub(super) fn call(&mut self, call: &Call<'_>) -> Result<Answer, SyncError> {
        let mut pause = self.patience.pause;
        let mut attempt = 1;
        loop {
            match self.once(call) {
                Err(error) if error.is_passing() && attempt < self.patience.attempts => {
                    tracing::debug!(attempt, "{error}");
                    std::thread::sleep(pause);
                    pause *= 2;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    /// Attempts for each call while the link fails.
    pub(super) fn attempts(&self) -> u32 {
        self.patience.attempts
    }

    /// The pause before another attempt.
    pub(super) fn rest(&self, failures: u32) {
        std::thread::sleep(self.patience.pause * 2_u32.saturating_pow(failures.min(8)));
    }

    /// A call, once.
    pub(super) fn once(&mut self, call: &Call<'_>) -> Result<Answer, SyncError> {
        let mut body = Vec::new();
        let outcome = self.receive(call, &mut |piece| {
            body.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(match outcome {
            None => Answer::Done(body),
            Some(refused) => Answer::Refused(refused),
        })
    }

    /// A call whose answer is handed on piece by piece; `Some` is a refusal.
    pub(super) fn receive(
        &mut self,
        call: &Call<'_>,
        each: &mut dyn FnMut(&[u8]) -> Result<(), SyncError>,
    ) -> Result<Option<Refused>, SyncError> {
        let url = format!("{}{}", self.url, call.path);
        let mut request = self.http.request(call.method.clone(), url);
        if let Some(from) = call.range_from.filter(|x| *x > 0) {
            request = request.header("range", format!("bytes={from}-"));
        }
        let moved = Arc::new(AtomicU64::new(0));
        if let Some((kind, body)) = &call.body {
            request = request.header("content-type", *kind).body(counted(body.clone(), moved.clone()));
            self.bytes_up += body.len() as u64;
        }
        let Self { runtime, url, pinned, patience, bytes_down, .. } = self;
        let link = Link { url: url.as_str(), pinned: pinned.as_ref(), patience: *patience };
        runtime.block_on(async {
            let mut response = link.send(request, &moved).await?;
            if !response.headers().contains_key(PROTOCOL_HEADER) {
                return Err(SyncError::NotAHub { url: link.url.to_owned() });
            }
            let status = response.status();
            let success = status.is_success();
            let whole_again = call.range_from.is_some_and(|x| x > 0) && status == StatusCode::OK;
            if whole_again {
                // The far end ignores ranges; what is there already would be doubled.
                return Err(SyncError::Setup("the hub does not serve parts of files".to_owned()));
            }
            let mut refusal = Vec::new();
            let mut taken = 0;
            while let Some(piece) = link.piece(&mut response).await? {
                *bytes_down += piece.len() as u64;
                taken += piece.len();
                if taken > if success { call.answer_bytes_max } else { JSON_BYTES_MAX } {
                    return Err(SyncError::NotAHub { url: link.url.to_owned() });
                }
                if success { each(&piece)? } else { refusal.extend_from_slice(&piece) }
            }
            if success {
                return Ok(None);
            }
            let refused: Refused = serde_json::from_slice(&refusal).unwrap_or(Refused {
                error: if status.is_server_error() { Refusal::Unavailable } else { Refusal::Malformed },
                message: status.to_string(),
                frontier: None,
            });
            Ok(Some(refused))
        })
    }
}

/// The link during one call.
struct Link<'a> {
    url: &'a str,
    pinned: &'a Pinned,
    patience: Patience,
}

impl Link<'_> {
    /// Sends, and waits for the head of the answer for as long as something moves.
    async fn send(&self, request: RequestBuilder, moved: &AtomicU64) -> Result<Response, SyncError> {
        let mut sending = std::pin::pin!(request.send());
        let mut before = moved.load(Ordering::Relaxed);
        loop {
            match timeout(self.patience.stall, &mut sending).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => return Err(self.failed(&error)),
                Err(_) => {
                    let now = moved.load(Ordering::Relaxed);
                    if now == before {
                        return Err(SyncError::Stalled { url: self.url.to_owned() });
                    }
                    before = now;
                }
            }
        }
    }

    async fn piece(
        &self,
        response: &mut Response,
    ) -> Result<Option<impl std::ops::Deref<Target = [u8]> + use<>>, SyncError> {
        match timeout(self.patience.stall, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(SyncError::Stalled { url: self.url.to_owned() }),
        }
    }

    fn failed(&self, error: &reqwest::Error) -> SyncError {
        let url = self.url.to_owned();
        if self.pinned.take_refused() {
            return SyncError::WrongKey { url };
        }
        if error.is_timeout() && !error.is_connect() {
            return SyncError::Stalled { url };
        }
        match cause(error) {
            Cause::NotTls => SyncError::NotAHub { url },
            Cause::Other(why) => SyncError::Unreachable { url, why },
        }
    }
}

enum Cause {
    /// The far end speaks no TLS, or none that we understand.
    NotTls,
    Other(String),
}

/// The innermost reason, which is the one that says something: the outer ones only say that sending failed.
fn cause(error: &(dyn std::error::Error + 'static)) -> Cause {
    let mut innermost = error.to_string();
    let mut next = Some(error);
    while let Some(current) = next {
        let io = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = current.downcast_ref().or_else(|| io.and_then(|x| x.downcast_ref::<rustls::Error>()));
        if let Some(tls) = tls {
            return match tls {
                rustls::Error::InvalidMessage(_)
                | rustls::Error::InappropriateMessage { .. }
                | rustls::Error::InappropriateHandshakeMessage { .. } => Cause::NotTls,
                other => Cause::Other(other.to_string()),
            };
        }
        if let Some(inner) = io {
            next = Some(inner);
            innermost = inner.to_string();
            continue;
        }
        innermost = current.to_string();
        next = current.source();
    }
    Cause::Other(innermost)
}

/// A body that counts what the socket has taken of it.
fn counted(body: Vec<u8>, moved: Arc<AtomicU64>) -> reqwest::Body {
    let pieces = body.chunks(PIECE_BYTES).map(<[u8]>::to_vec).collect::<Vec<_>>();
    reqwest::Body::wrap_stream(Pieces { pieces: pieces.into_iter(), moved })
}

struct Pieces {
    pieces: std::vec::IntoIter<Vec<u8>>,
    moved: Arc<AtomicU64>,
}

impl futures_core::Stream for Pieces {
    type Item = Result<Vec<u8>, std::convert::Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let piece = self.pieces.next();
        self.moved.fetch_add(piece.as_ref().map_or(0, |x| x.len() as u64), Ordering::Relaxed);
        std::task::Poll::Ready(piece.map(Ok))
    }
}
