//! A hub inside another program: the centre of a practice post, on loopback only.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use super::http::{self, Serving};
use super::{Hub, HubError};

/// A practice hub that serves from a folder until it is stopped or dropped.
pub struct PracticeHub {
    hub: Hub,
    serving: Serving,
}

impl PracticeHub {
    /// Makes the hub on the first start and serves it on a free port of loopback; later starts take the same port again,
    /// because devices remember it. When that port is taken meanwhile, another one is used and told to new devices.
    ///
    /// # Errors
    /// When the folder holds a hub of real records, is served by another process, or cannot be written.
    pub fn start(folder: &Path) -> Result<Self, HubError> {
        let any_port = || http::bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).to_string());
        let known = match Hub::open(folder) {
            Ok(hub) => Some(hub),
            Err(HubError::NotInitialised { .. }) => None,
            Err(error) => return Err(error),
        };
        let (hub, listener) = match known {
            Some(hub) if !hub.practice()? => return Err(HubError::NotForPractice { dir: folder.to_owned() }),
            Some(hub) => {
                let listener = match hub.url()?.strip_prefix("https://").map(TcpListener::bind) {
                    Some(Ok(listener)) => listener,
                    _ => any_port()?,
                };
                (hub, listener)
            }
            None => {
                let listener = any_port()?;
                (Hub::init(folder, &url(&listener)?, true)?, listener)
            }
        };
        let now = url(&listener)?;
        let serving = http::serve(hub.clone(), listener)?;
        // Only who serves may say where: a start that was refused because another one runs changes nothing.
        hub.set_url(&now)?;
        Ok(Self { hub, serving })
    }

    /// The hub, for invites, imports and lists.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// Ends it; running requests end first.
    ///
    /// # Errors
    /// When the server had failed.
    pub fn stop(self) -> Result<(), HubError> {
        self.serving.stop()
    }
}

fn url(listener: &TcpListener) -> Result<String, HubError> {
    let address = listener.local_addr().map_err(HubError::Runtime)?;
    Ok(format!("https://{address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_practice_hub_comes_back_on_its_port_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let first = PracticeHub::start(folder.path()).unwrap();
        let (address, fingerprint) = (first.address(), first.hub().fingerprint());
        assert!(address.ip().is_loopback());
        assert!(PracticeHub::start(folder.path()).is_err(), "the folder is served already");
        first.stop().unwrap();
        let second = PracticeHub::start(folder.path()).unwrap();
        assert_eq!((second.address(), second.hub().fingerprint()), (address, fingerprint));
        assert_eq!(second.hub().url().unwrap(), format!("https://{address}"));
    }

    #[test]
    fn a_real_hub_is_never_made_a_practice_hub() {
        let folder = tempfile::tempdir().unwrap();
        Hub::init(folder.path(), "https://hub.example:8443", false).unwrap();
        assert!(matches!(PracticeHub::start(folder.path()), Err(HubError::NotForPractice { .. })));
    }
}
