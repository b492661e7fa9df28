//! The hub's key and its certificate authority.
//!
//! One Ed25519 key does all of it: it signs receipts, manifests, and the certificates of the hub's own TLS authority, so
//! one fingerprint in an enrolment code pins everything. The key for TLS itself is drawn anew at each start and never
//! touches the disk.
//!
//! Certificates here have no end: border posts have clocks that are years off, and a certificate that a wrong clock makes
//! invalid would cut a device off for good. They run from 2000 to 9999 and are checked at a fixed moment within
//! that span. A device's certificate ends by revocation, which the hub looks up at each request, and a hub's by its key.

use std::fs;
use std::net::IpAddr;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SubjectPublicKeyInfo,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::HubError;
use super::dir::{Dir, make_private_dir, write_whole};
use crate::domain::{DeviceId, Fingerprint};
use crate::wire;

/// The hub's key with its certificate.
pub struct HubKeys {
    signing: SigningKey,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for HubKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HubKeys({})", self.fingerprint())
    }
}

impl HubKeys {
    /// Draws a new key and writes it. Refuses to replace one that is there.
    ///
    /// # Errors
    /// When a key exists, the system gives no randomness, or the files cannot be written.
    pub fn create(dir: &Dir) -> Result<Self, HubError> {
        let path = dir.key_file();
        if path.exists() {
            return Err(HubError::AlreadyInitialised { dir: dir.path().to_owned() });
        }
        let mut seed = zeroize::Zeroizing::new([0_u8; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|e| HubError::Randomness(e.to_string()))?;
        let keys = Self::of(SigningKey::from_bytes(&seed))?;
        let pem = keys.signing.to_pkcs8_pem(LineEnding::LF).map_err(|e| HubError::Certificate(e.to_string()))?;
        if let Some(folder) = path.parent() {
            make_private_dir(folder).map_err(|e| HubError::file(folder, e))?;
        }
        write_whole(&dir.certificate_file(), keys.authority.pem().as_bytes(), 0o644)
            .map_err(|e| HubError::file(&dir.certificate_file(), e))?;
        write_whole(&path, pem.as_bytes(), 0o600).map_err(|e| HubError::file(&path, e))?;
        Ok(keys)
    }

    /// Reads the key.
    ///
    /// # Errors
    /// When the folder was never initialised, or the key cannot be read.
    pub fn open(dir: &Dir) -> Result<Self, HubError> {
        let path = dir.key_file();
        let pem = match fs::read_to_string(&path) {
            Ok(pem) => zeroize::Zeroizing::new(pem),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(HubError::NotInitialised { dir: dir.path().to_owned() });
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(HubError::folder(dir.path(), e));
            }
            Err(e) => return Err(HubError::file(&path, e)),
        };
        let signing = SigningKey::from_pkcs8_pem(&pem).map_err(|_| HubError::KeyDamaged { path })?;
        Self::of(signing)
    }

    fn of(signing: SigningKey) -> Result<Self, HubError> {
        let pkcs8 = pkcs8_v1(&signing)?;
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_slice().into(), &rcgen::PKCS_ED25519)
            .map_err(certificate)?;
        let mut params = endless("Tracepost hub")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, pair).map_err(certificate)?;
        Ok(Self { signing, authority })
    }

    /// Signs receipts and manifests.
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The public half.
    pub fn public(&self) -> VerifyingKey {
        self.signing.verifying_key()
    }

    /// What enrolment codes pin.
    pub fn fingerprint(&self) -> Fingerprint {
        wire::fingerprint(&self.public())
    }

    /// The authority's certificate.
    pub fn authority(&self) -> &CertificateDer<'static> {
        self.authority.der()
    }

    /// A client certificate for a device's own key.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn certify_device(&self, device: DeviceId, key: &VerifyingKey) -> Result<Vec<u8>, HubError> {
        let mut params = endless(&device.to_string())?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let subject = SubjectPublicKeyInfo::from_der(&wire::spki(key)).map_err(certificate)?;
        Ok(params.signed_by(&subject, &self.authority).map_err(certificate)?.der().to_vec())
    }

    /// A certificate for TLS with a key of its own: chain (leaf first) and private key.
    ///
    /// # Errors
    /// When the names cannot stand in a certificate.
    pub fn tls_identity(
        &self,
        hosts: &[String],
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), HubError> {
        let mut names = hosts.to_vec();
        for always in ["localhost", "127.0.0.1", "::1"] {
            if !names.iter().any(|x| x == always) {
                names.push(always.to_owned());
            }
        }
        let mut params = endless("Tracepost hub, TLS")?;
        params.subject_alt_names = CertificateParams::new(names).map_err(certificate)?.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let pair = KeyPair::generate().map_err(certificate)?;
        let leaf = params.signed_by(&pair, &self.authority).map_err(certificate)?;
        Ok((vec![leaf.der().clone(), self.authority().clone()], pair.into()))
    }
}

/// The host of an address, as it stands in a certificate.
pub(super) fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let authority = rest.split('/').next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    (!host.is_empty()).then(|| host.parse::<IpAddr>().map_or_else(|_| host.to_ascii_lowercase(), |ip| ip.to_string()))
}

/// The port of an address, 443 where it names none; `None` where what stands in its place is no port.
pub(super) fn port_of(url: &str) -> Option<u16> {
    let authority = url.strip_prefix("https://")?.split('/').next()?;
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse().ok().filter(|port| *port > 0),
        _ => Some(443),
    }
}

/// PKCS#8 without the public key: the one form that every TLS library of ours reads.
fn pkcs8_v1(key: &SigningKey) -> Result<zeroize::Zeroizing<Vec<u8>>, HubError> {
    let bare = ed25519_dalek::pkcs8::KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let der = bare.to_pkcs8_der().map_err(|e| HubError::Certificate(e.to_string()))?;
    Ok(zeroize::Zeroizing::new(der.as_bytes().to_vec()))
}

fn endless(name: &str) -> Result<CertificateParams, HubError> {
    let mut params = CertificateParams::new(Vec::new()).map_err(certificate)?;
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    // RFC 5280, section 4.1.2.5, asks for 99991231235959Z; the day is as near as this library lets us come.
    params.not_after = rcgen::date_time_ymd(9999, 12, 31);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn certificate(error: rcgen::Error) -> HubError {
    HubError::Certificate(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_same_folder_gives_the_same_fingerprint_and_only_its_owner_reads_the_key() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::new(temp.path());
        let made = HubKeys::create(&dir).unwrap();
        let opened = HubKeys::open(&dir).unwrap();
        assert_eq!(made.fingerprint(), opened.fingerprint());
        assert_eq!(fs::metadata(dir.key_file()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(HubKeys::create(&dir), Err(HubError::AlreadyInitialised { .. })));
    }

    #[test]
    fn the_authority_certificate_carries_the_pinned_key() {
        let temp = tempfile::tempdir().unwrap();
        let keys = HubKeys::create(&Dir::new(temp.path())).unwrap();
        let cert = rustls::server::ParsedCertificate::try_from(keys.authority()).unwrap();
        assert_eq!(wire::key_of_spki(&cert.subject_public_key_info()), Some(keys.public()));
    }

    #[test]
    fn hosts_and_ports_of_addresses() {
        for (url, host, port) in [
            ("https://Hub.example:8443", "hub.example", Some(8443)),
            ("https://hub.example", "hub.example", Some(443)),
            ("https://10.0.0.1:1", "10.0.0.1", Some(1)),
            ("https://[::1]:8443", "::1", Some(8443)),
            ("https://[::1]", "::1", Some(443)),
            ("https://hub.example:", "hub.example", None),
            ("https://hub.example:https", "hub.example", None),
            ("https://hub.example:84430", "hub.example", None),
        ] {
            assert_eq!((host_of(url).as_deref(), port_of(url)), (Some(host), port), "{url}");
        }
    }
}
