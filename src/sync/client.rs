//! One hub over HTTP, call by call, for callers that block.
//!
//! Links at posts are slow and break, so nothing here has a deadline: a call may take as long as it moves, and ends when it
//! has stood still for [`Patience::stall`], or dripped slower than any link that is worth waiting for. Only the first call of
//! a meeting is given up early, for a hub that is silent then is not there. An answer counts only when TLS proved the pinned
//! key *and* the answer carries the protocol's header: a portal that says 200 to everything proves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::cancel::{Cancel, LOOK_EVERY};
use super::error::{SyncError, one_line, refused};
use super::pin::{self, Pinned};
use crate::domain::Fingerprint;
use crate::ledger::SigningKey;
use crate::wire::{JSON_BYTES_MAX, PROTOCOL_HEADER, Refusal, Refused};

/// How long to wait when nothing moves.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection to come about, and for the answer to the first call.
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

/// A link that carries less than this, over [`Patience::stall`] each, stands still: one record of the hub's TLS (4 KiB) takes
/// a minute then, and a register days. The poorest link that posts have carries ten times as much.
const BYTES_PER_S_MIN: u64 = 64;

/// Pieces in which a body is handed to the socket: what is handed over counts as movement.
const PIECE_BYTES: usize = 4 << 10;

/// A hub that can be called.
pub(super) struct Client {
    runtime: Runtime,
    http: reqwest::Client,
    url: String,
    pinned: Arc<Pinned>,
    patience: Patience,
    cancel: Cancel,
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
        cancel: Cancel,
    ) -> Result<Self, SyncError> {
        // The TLS library ends the program at such a clock.
        if crate::platform::clock::wall_ms() < 0 {
            return Err(SyncError::ClockBefore1970);
        }
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
        Ok(Self { runtime, http, url, pinned, patience, cancel, bytes_up: 0, bytes_down: 0 })
    }

    /// The first call of a meeting, whose answer is JSON. Where nobody answers it is not tried again and again: a link that
    /// breaks at once may be better the next moment, one on which nothing comes is not. `waited` hears how long it takes, and
    /// how long it may.
    pub(super) fn greet<T: DeserializeOwned>(
        &mut self,
        path: &str,
        answer_bytes_max: usize,
        waited: &mut dyn FnMut(Duration, Duration),
    ) -> Result<T, SyncError> {
        let call = Call::get(path, answer_bytes_max);
        let most = self.patience.connect * 2;
        let stall = self.patience.stall;
        self.patience.stall = stall.min(self.patience.connect);
        let began = Instant::now();
        let mut failures = 0;
        let answer = loop {
            let mut body = Vec::new();
            let outcome = self.receive_watched(&call, &mut |_| waited(began.elapsed().min(most), most), &mut |piece| {
                body.extend_from_slice(piece);
                Ok(())
            });
            failures += 1;
            match outcome {
                Err(error) if error.is_passing() && failures < self.patience.attempts => {
                    if matches!(error, SyncError::Stalled { .. }) || began.elapsed() >= self.patience.connect {
                        break Err(error);
                    }
                    if let Err(ended) = self.rest(failures) {
                        break Err(ended);
                    }
                }
                Err(error) => break Err(error),
                Ok(refusal) => break Ok(refusal.map_or(Answer::Done(body), Answer::Refused)),
            }
        };
        self.patience.stall = stall;
        self.read(answer?)
    }

    /// A call whose answer is JSON.
    pub(super) fn json<T: DeserializeOwned>(&mut self, call: &Call<'_>) -> Result<T, SyncError> {
        let answer = self.call(call)?;
        self.read(answer)
    }

    fn read<T: DeserializeOwned>(&self, answer: Answer) -> Result<T, SyncError> {
        match answer {
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
                    self.cancel.sleep(pause)?;
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
    pub(super) fn rest(&self, failures: u32) -> Result<(), SyncError> {
        self.cancel.sleep(self.patience.pause * 2_u32.saturating_pow(failures.min(8)))
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
        self.receive_watched(call, &mut |_| (), each)
    }

    /// The same; `waited` is told now and then how long the call takes.
    fn receive_watched(
        &mut self,
        call: &Call<'_>,
        waited: &mut dyn FnMut(Duration),
        each: &mut dyn FnMut(&[u8]) -> Result<(), SyncError>,
    ) -> Result<Option<Refused>, SyncError> {
        self.cancel.or_end()?;
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
        let Self { runtime, url, pinned, patience, cancel, bytes_down, .. } = self;
        let body_bytes = call.body.as_ref().map_or(0, |(_, body)| body.len() as u64);
        let link = Link { url: url.as_str(), pinned: pinned.as_ref(), patience: *patience };
        let began = Instant::now();
        let work = async {
            let mut response = link.send(request, &moved, body_bytes).await?;
            if !response.headers().contains_key(PROTOCOL_HEADER) {
                return Err(SyncError::NotAHub { url: link.url.to_owned() });
            }
            let status = response.status();
            let success = status.is_success();
            // Who ignores the range sends what is here already once more; it is not to be doubled.
            let mut skip = match (status, call.range_from) {
                (StatusCode::OK, Some(from)) => usize::try_from(from).unwrap_or(usize::MAX),
                _ => 0,
            };
            let mut refusal = Vec::new();
            let mut taken = 0;
            let mut pulse = Pulse::new(link.patience.stall);
            while let Some(piece) = link.piece(&mut response).await? {
                *bytes_down += piece.len() as u64;
                if !pulse.beats(piece.len() as u64) {
                    return Err(SyncError::Stalled { url: link.url.to_owned() });
                }
                let known = skip.min(piece.len());
                skip -= known;
                let piece = &piece[known..];
                taken += piece.len();
                if taken > if success { call.answer_bytes_max } else { JSON_BYTES_MAX } {
                    return Err(SyncError::TooMuch { url: link.url.to_owned() });
                }
                if success { each(piece)? } else { refusal.extend_from_slice(piece) }
            }
            if success {
                return Ok(None);
            }
            let refused: Refused = serde_json::from_slice(&refusal).unwrap_or(Refused {
                error: if status.is_server_error() { Refusal::Unavailable } else { Refusal::Malformed },
                message: status.to_string(),
                frontier: None,
            });
            Ok(Some(Refused { message: one_line(&refused.message), ..refused }))
        };
        runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            loop {
                if let Ok(done) = timeout(LOOK_EVERY, &mut work).await {
                    return done;
                }
                cancel.or_end()?;
                waited(began.elapsed());
            }
        })
    }
}

/// Whether an answer still comes at a rate worth waiting for.
struct Pulse {
    every: Duration,
    since: Instant,
    bytes: u64,
}

impl Pulse {
    fn new(every: Duration) -> Self {
        Self { every, since: Instant::now(), bytes: 0 }
    }

    fn beats(&mut self, bytes: u64) -> bool {
        self.bytes += bytes;
        if self.since.elapsed() < self.every {
            return true;
        }
        let enough = self.bytes >= least(self.every);
        *self = Self::new(self.every);
        enough
    }
}

/// The least that must move in so long.
pub(super) fn least(time: Duration) -> u64 {
    BYTES_PER_S_MIN * time.as_secs()
}

/// The link during one call.
struct Link<'a> {
    url: &'a str,
    pinned: &'a Pinned,
    patience: Patience,
}

impl Link<'_> {
    /// Sends, and waits for the head of the answer for as long as enough of the body moves.
    async fn send(&self, request: RequestBuilder, moved: &AtomicU64, whole: u64) -> Result<Response, SyncError> {
        let mut sending = std::pin::pin!(request.send());
        let mut before = moved.load(Ordering::Relaxed);
        loop {
            match timeout(self.patience.stall, &mut sending).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => return Err(self.failed(&error)),
                Err(_) => {
                    let now = moved.load(Ordering::Relaxed);
                    if now == before || (now < whole && now - before < least(self.patience.stall)) {
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
