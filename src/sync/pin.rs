//! Trust in one key: the certificate check of a device.
//!
//! Among the certificates that the far end shows, one must carry the key whose fingerprint the enrolment code names; it
//! becomes the only root, and the server's own certificate must be signed by it, for this name and for this use. There is
//! no fallback: no system roots, no "accept this once". Clocks play no part ([`crate::wire::certificate_moment`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::domain::Fingerprint;
use crate::ledger::SigningKey;
use crate::wire::certificate_moment;

/// Checks servers against one fingerprint.
#[derive(Debug)]
pub struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
    refused: AtomicBool,
}

impl Pinned {
    fn new(fingerprint: Fingerprint) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Self { fingerprint, provider, refused: AtomicBool::new(false) }
    }

    /// Whether a server was turned away since the last call. The TLS library buries its reasons deep in other errors.
    pub fn take_refused(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    fn check(
        &self,
        end_entity: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Result<(), Error> {
        let wrong = |_| Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let pinned = |certificate: &&CertificateDer<'_>| {
            EndEntityCert::try_from(*certificate)
                .is_ok_and(|x| Sha256::digest(x.subject_public_key_info().as_ref()).as_slice() == self.fingerprint.0)
        };
        let authority = others
            .iter()
            .find(pinned)
            .ok_or(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))?;
        let anchor = anchor_from_trusted_cert(authority).map_err(wrong)?;
        let leaf = EndEntityCert::try_from(end_entity).map_err(wrong)?;
        leaf.verify_for_usage(
            self.provider.signature_verification_algorithms.all,
            &[anchor],
            &[],
            certificate_moment(),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map_err(wrong)?;
        leaf.verify_is_valid_for_subject_name(name).map_err(wrong)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.check(end_entity, intermediates, server_name) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) => {
                self.refused.store(true, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// TLS settings that trust one key, and show the device's certificate where it has one.
pub(super) fn config(
    fingerprint: Fingerprint,
    client: Option<(&[u8], &SigningKey)>,
) -> Result<(ClientConfig, Arc<Pinned>), String> {
    let pinned = Arc::new(Pinned::new(fingerprint));
    let builder = ClientConfig::builder_with_provider(pinned.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(pinned.clone());
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(vec![CertificateDer::from(certificate.to_vec())], private_key(key)?)
            .map_err(|e| e.to_string())?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((config, pinned))
}

fn private_key(key: &SigningKey) -> Result<PrivateKeyDer<'static>, String> {
    use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
    // Without the public key: the one form that every version of the TLS library reads.
    let bare = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let der = bare.to_pkcs8_der().map_err(|e| e.to_string())?;
    Ok(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der.as_bytes().to_vec())))
}
