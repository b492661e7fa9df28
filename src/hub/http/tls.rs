//! TLS at the hub's door: its own authority, and client certificates where a device has one.
//!
//! A client certificate is offered, not demanded: a device that enrols has none yet, and the pages need none. Whose
//! certificate it is travels with each request as [`Peer`]; the device routes ask the database at each request, so that a
//! revocation takes effect at once.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::{Accept, NoDelayAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower::Layer;

use crate::hub::keys::host_of;
use crate::hub::{Hub, HubError};
use crate::wire::key_of_spki;

/// Who is at the other end of a connection, as far as TLS proves it.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The Ed25519 key of the client certificate, which the hub itself has given out.
    pub key: Option<[u8; 32]>,
}

/// What the server needs to speak TLS: chain and key for this start, the authority for clients.
pub(super) fn config(hub: &Hub) -> Result<RustlsConfig, HubError> {
    let tls = |e: &dyn std::fmt::Display| HubError::Tls(e.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(hub.keys().authority().clone()).map_err(|e| tls(&e))?;
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|e| tls(&e))?;
    let host = host_of(&hub.url()?).into_iter().collect::<Vec<_>>();
    let (chain, key) = hub.keys().tls_identity(&host)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| tls(&e))?
        .with_client_cert_verifier(Arc::new(Timeless(clients)))
        .with_single_cert(chain, key)
        .map_err(|e| tls(&e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A record counts only when all of it has arrived: of a link that breaks, small ones save what came before. The cost is
    // 22 bytes for each.
    config.max_fragment_size = Some(4096);
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

/// Checks client certificates at a fixed moment within their validity: a hub whose own clock is wrong must still know
/// its devices, and what ends a certificate is revocation.
#[derive(Debug)]
struct Timeless(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Timeless {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.0.verify_client_cert(end_entity, intermediates, crate::wire::certificate_moment())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }
}

/// Accepts TLS and notes who is there. Nothing is held back to fill a packet: an answer is written in small records, and the
/// last of them would wait for the far end to acknowledge those before, some 20 ms for each of a register's pieces.
#[derive(Clone)]
pub(super) struct PeerAcceptor(RustlsAcceptor<NoDelayAcceptor>);

impl PeerAcceptor {
    pub(super) fn new(tls: RustlsConfig, handshake_timeout: Duration) -> Self {
        Self(RustlsAcceptor::new(tls).handshake_timeout(handshake_timeout).acceptor(NoDelayAcceptor::new()))
    }
}

type Accepted<Stream, Service> = Pin<Box<dyn Future<Output = io::Result<(Stream, Service)>> + Send>>;

impl<S: Send + 'static> Accept<TcpStream, S> for PeerAcceptor {
    type Stream = TlsStream<TcpStream>;
    type Service = AddExtension<S, Peer>;
    type Future = Accepted<Self::Stream, Self::Service>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let handshake = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = handshake.await?;
            let key = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).and_then(key_of);
            Ok((stream, Extension(Peer { key }).layer(service)))
        })
    }
}

fn key_of(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    key_of_spki(&parsed.subject_public_key_info()).map(|key| key.to_bytes())
}

/// Whether a connection comes from this very machine.
pub(super) fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}
