//! The hub on the network: TLS, the device's calls, health, counts for a monitor, and a page of what arrived.
//!
//! axum lives here and nowhere else. Handlers decide nothing: they take a request apart, call [`Hub`] or `ingest` on a
//! thread that may block, and put the outcome into an answer. Every answer carries the protocol's header, so that a device
//! can tell a hub from a portal's page. Requests are bounded in size and must keep moving; how long they take in all is
//! not limited, for links are bad.

mod answer;
mod console;
mod device;
mod metrics;
mod tls;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum_server::Handle;
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::dir::ServeLock;
use super::{Hub, HubError};
use crate::wire::{BATCH_WIRE_BYTES_MAX, PROTOCOL_HEADER, Refusal};
use answer::Refuse;

/// A body that stands still for so long is given up.
const STALLED: Duration = Duration::from_secs(60);

/// Time for running requests to end once the hub was told to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// A hub that serves, until it is stopped or dropped.
pub struct Serving {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
    _lock: ServeLock,
}

/// How serving ended.
pub type Served = Result<(), HubError>;

impl Serving {
    /// Where it listens; the port is a real one even when port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new connections, lets running requests end, and returns when they have.
    ///
    /// # Errors
    /// When the server had failed.
    pub fn stop(mut self) -> Served {
        self.handle.graceful_shutdown(Some(DRAIN));
        self.join()
    }

    fn join(&mut self) -> Served {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(source))) => Err(HubError::Runtime(source)),
            Some(Err(_)) => Err(HubError::Runtime(std::io::Error::other("the server's thread ended early"))),
            Some(Ok(Ok(()))) | None => Ok(()),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.handle.shutdown();
        let _ = self.join();
    }
}

/// Binds an address for [`serve`].
///
/// # Errors
/// When the address is taken or not of this machine.
pub fn bind(address: &str) -> Result<TcpListener, HubError> {
    TcpListener::bind(address).map_err(|source| HubError::Listen { address: address.to_owned(), source })
}

/// Serves on a listener from a thread of its own, with its own runtime, so that a program without one can host a hub.
///
/// # Errors
/// When another process serves from the same folder, or TLS cannot be set up.
pub fn serve(hub: Hub, listener: TcpListener) -> Result<Serving, HubError> {
    let lock = hub.dir().lock_for_serving()?;
    let tls = tls::config(&hub)?;
    let address = listener.local_addr().map_err(HubError::Runtime)?;
    listener.set_nonblocking(true).map_err(HubError::Runtime)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("hub")
        .enable_all()
        .build()
        .map_err(HubError::Runtime)?;
    let handle = Handle::new();
    let app = router(Arc::new(hub));
    let served = handle.clone();
    let thread = std::thread::Builder::new()
        .name("hub".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                let mut server = axum_server::from_tcp(listener)?
                    .acceptor(tls::PeerAcceptor::new(tls, STALLED))
                    .handle(served)
                    .http1_only();
                server.http_builder().http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(STALLED);
                server.serve(app.into_make_service_with_connect_info::<SocketAddr>()).await
            })
        })
        .map_err(HubError::Runtime)?;
    Ok(Serving { address, handle, thread: Some(thread), _lock: lock })
}

/// Serves until the process is told to stop (SIGTERM or Ctrl-C), then drains.
///
/// # Errors
/// As [`serve`], and when the server fails.
pub fn serve_until_told(hub: Hub, listener: TcpListener, ready: impl FnOnce(SocketAddr)) -> Served {
    use tokio::signal::unix::{SignalKind, signal};
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(HubError::Runtime)?;
    // Listened for before anyone is told that we serve: a supervisor may send its signal the moment it reads that.
    let (mut terminate, mut interrupt) = {
        let _within = waiting.enter();
        let listen = |kind| signal(kind).map_err(HubError::Runtime);
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?)
    };
    let serving = serve(hub, listener)?;
    ready(serving.address());
    waiting.block_on(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = server_ended(&serving) => {}
        }
    });
    serving.stop()
}

/// Returns when the server's thread has ended by itself, which only a failure brings about.
async fn server_ended(serving: &Serving) {
    while serving.thread.as_ref().is_some_and(|x| !x.is_finished()) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/v1/enrol", post(device::enrol))
        .route("/v1/hello", get(device::hello))
        .route("/v1/ledger", post(device::ledger))
        .route("/v1/urgent", post(device::urgent))
        .route("/v1/photos/{hash}", get(device::photo_state).merge(put(device::photo_piece)))
        .route("/v1/registers/{id}/manifest", get(device::manifest))
        .route("/v1/chunks/{hash}", get(device::chunk))
        .route("/", get(console::page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::metrics))
        .fallback(|| async { Refuse::from(Refusal::NotFound) })
        .method_not_allowed_fallback(|| async { Refuse::from(Refusal::Malformed) })
        .layer(axum::middleware::map_response(with_protocol))
        .layer(DefaultBodyLimit::max(BATCH_WIRE_BYTES_MAX))
        .layer(RequestBodyTimeoutLayer::new(STALLED))
        .with_state(hub)
}

async fn ready(State(hub): State<Arc<Hub>>) -> Response {
    match device::blocking(&hub, |hub| Ok(hub.storage().ping()?)).await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

async fn with_protocol(mut answer: Response) -> Response {
    answer.headers_mut().insert(HeaderName::from_static(PROTOCOL_HEADER), HeaderValue::from_static("1"));
    // axum's own 413 is plain text; devices expect the body that every refusal has.
    if answer.status() == StatusCode::PAYLOAD_TOO_LARGE
        && answer.headers().get("content-type").is_none_or(|x| x != "application/json")
    {
        let mut refused = Refuse::from(Refusal::TooLarge).into_response();
        refused.headers_mut().insert(HeaderName::from_static(PROTOCOL_HEADER), HeaderValue::from_static("1"));
        return refused;
    }
    answer
}
