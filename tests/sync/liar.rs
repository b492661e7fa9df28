//! A hub with the right key and wrong manners: it answers as a script says, byte by byte where need be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tracepost::domain::{Hash, RegisterId, Seq};
use tracepost::wire::{Frontier, Hello, Offer};

use crate::world::{Device, World};

/// What comes back to a call.
pub enum Reply {
    /// What the honest hub would say.
    Honest,
    /// A status and a body.
    Whole(u16, Vec<u8>),
    /// A body of which fewer bytes come than were announced.
    Cut(Vec<u8>, usize),
    /// One byte after the other, so far apart, without an end.
    Drip(Duration),
    /// Bytes as fast as they go, without an end.
    Flood,
    /// Nothing, and the connection stays.
    Silence,
}

/// The hub that lies.
pub struct Liar {
    /// Calls that came.
    pub calls: Arc<AtomicUsize>,
    /// Bytes of bodies that went out.
    pub sent: Arc<AtomicUsize>,
}

impl Liar {
    /// Stands in for the world's hub; `script` hears the path of each call, and how often it was called before.
    pub fn of(
        world: &World,
        device: &mut Device,
        script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        device.enrolled.as_mut().unwrap().url = url;
        let (chain, key) = world.hub.keys().tls_identity(&[]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let (calls, sent) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let hello = Hello {
            device: device.id,
            post: device.enrolled.as_ref().unwrap().post.clone(),
            practice: device.enrolled.as_ref().unwrap().practice,
            revoked: false,
            frontier: Frontier { next: Seq(1), head: Hash([0; 32]) },
            registers: Vec::new(),
            server_time_ms: 0,
        };
        let honest = Honest { hub: world.hub.clone(), hello };
        let teller =
            Arc::new(Teller { tls: Arc::new(tls), honest, script: Box::new(script), paths: Default::default() });
        let counters = (calls.clone(), sent.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (teller, (calls, sent)) = (teller.clone(), counters.clone());
                std::thread::spawn(move || {
                    calls.fetch_add(1, Ordering::SeqCst);
                    let _ = teller.answer(stream, &sent);
                });
            }
        });
        Self { calls, sent }
    }
}

struct Honest {
    hub: tracepost::hub::Hub,
    hello: Hello,
}

impl Honest {
    fn says(&self, path: &str) -> (u16, Vec<u8>) {
        if path == "/v1/hello" {
            let offers: Vec<Offer> = self.hub.offers().unwrap();
            let hello = Hello { registers: offers, ..self.hello.clone() };
            return (200, serde_json::to_vec(&hello).unwrap());
        }
        let file = match path.split('/').collect::<Vec<_>>()[..] {
            [_, _, "registers", id, "manifest"] => self.hub.dir().manifest(&RegisterId::parse(id).unwrap()),
            [_, _, "chunks", hash] => self.hub.dir().chunk(&hash.parse().unwrap()),
            _ => return (404, Vec::new()),
        };
        std::fs::read(file).map_or((404, Vec::new()), |bytes| (200, bytes))
    }
}

struct Teller {
    tls: Arc<rustls::ServerConfig>,
    honest: Honest,
    script: Box<dyn Fn(&str, usize) -> Reply + Send + Sync>,
    paths: std::sync::Mutex<Vec<String>>,
}

impl Teller {
    fn answer(&self, tcp: TcpStream, sent: &AtomicUsize) -> std::io::Result<()> {
        let tls = rustls::ServerConnection::new(self.tls.clone()).map_err(std::io::Error::other)?;
        let mut stream = rustls::StreamOwned::new(tls, tcp);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let from = head.split("range: bytes=").nth(1).and_then(|rest| rest.split('-').next()?.parse::<usize>().ok());
        let before = {
            let mut paths = self.paths.lock().unwrap();
            paths.push(path.clone());
            paths.iter().filter(|p| **p == path).count() - 1
        };
        let begin = |status: u16, rest: &str| {
            format!("HTTP/1.1 {status} X\r\ntracepost-protocol: 1\r\nconnection: close\r\n{rest}\r\n").into_bytes()
        };
        let mut say = |bytes: &[u8]| {
            sent.fetch_add(bytes.len(), Ordering::SeqCst);
            stream.write_all(bytes)?;
            stream.flush()
        };
        match (self.script)(&path, before) {
            Reply::Honest => {
                let (status, bytes) = self.honest.says(&path);
                let (status, bytes) = match from.filter(|_| status == 200) {
                    Some(from) => (206, bytes[from.min(bytes.len())..].to_vec()),
                    None => (status, bytes),
                };
                say(&begin(status, &format!("content-length: {}\r\n", bytes.len())))?;
                say(&bytes)
            }
            Reply::Whole(status, bytes) => {
                say(&begin(status, &format!("content-length: {}\r\n", bytes.len())))?;
                say(&bytes)
            }
            Reply::Cut(bytes, at) => {
                say(&begin(200, &format!("content-length: {}\r\n", bytes.len())))?;
                say(&bytes[..at])
            }
            Reply::Drip(pause) => {
                say(&begin(200, ""))?;
                loop {
                    say(b"x")?;
                    std::thread::sleep(pause);
                }
            }
            Reply::Flood => {
                say(&begin(200, ""))?;
                loop {
                    say(&[b'x'; 1 << 16])?;
                }
            }
            Reply::Silence => {
                std::thread::sleep(Duration::from_secs(60));
                Ok(())
            }
        }
    }
}
