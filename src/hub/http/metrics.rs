//! What a monitor reads: how many devices, sightings and records the hub has, in the text form of Prometheus (version 0.0.4).
//!
//! Counts only, no mark and no record. They still tell how busy a post is, so only connections from the hub's own machine see
//! them, as with the page.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};

use super::answer::Refuse;
use super::device::blocking;
use super::tls::is_local;
use crate::hub::Hub;
use crate::hub::storage::{Device, PostCounts, Register};
use crate::wire::Refusal;

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Result<Response, Refuse> {
    if !is_local(peer) {
        return Err(Refusal::NotFound.into());
    }
    let text = blocking(&hub, |hub| {
        let storage = hub.storage();
        Ok(render(&storage.devices()?, &storage.post_counts()?, &storage.registers()?))
    })
    .await?;
    Ok(([("content-type", CONTENT_TYPE)], text).into_response())
}

fn render(devices: &[Device], posts: &[PostCounts], registers: &[Register]) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, values: Vec<(Vec<(&str, &str)>, f64)>| {
        let _ = write!(text, "# HELP tracepost_hub_{name} {help}\n# TYPE tracepost_hub_{name} gauge\n");
        for (labels, value) in values {
            let labels: Vec<_> = labels.iter().map(|(label, of)| format!("{label}=\"{}\"", escaped(of))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "tracepost_hub_{name}{labels} {value}");
        }
    };
    let count = |is: fn(&Device) -> bool| devices.iter().filter(|device| is(device)).count() as f64;
    gauge("devices", "Devices that are enrolled and not revoked.", vec![(vec![], count(|d| d.revoked_ms.is_none()))]);
    gauge("devices_revoked", "Devices that were revoked.", vec![(vec![], count(|d| d.revoked_ms.is_some()))]);
    gauge("devices_forked", "Devices of which two histories arrived.", vec![(vec![], count(|d| d.forks > 0))]);
    let ids: Vec<String> = devices.iter().map(|device| device.id.to_string()).collect();
    let of_device = |of: fn(&Device) -> f64| {
        let each = devices.iter().zip(&ids).filter(|(device, _)| device.revoked_ms.is_none());
        each.map(|(device, id)| (vec![("post", device.post.0.as_str()), ("device", id.as_str())], of(device))).collect()
    };
    gauge("device_seen_seconds", "When the device last spoke, since 1970.", of_device(|d| d.seen_ms as f64 / 1000.0));
    gauge("device_entries", "Entries of the device's ledger that are here.", of_device(|d| d.next.0 as f64 - 1.0));
    let grades = posts.iter().flat_map(|post| {
        post.grades
            .iter()
            .map(|(grade, n)| (vec![("post", post.post.0.as_str()), ("grade", grade.as_str())], *n as f64))
    });
    gauge("sightings", "Sightings that arrived, by post and grade.", grades.collect());
    let retro = posts.iter().map(|post| (vec![("post", post.post.0.as_str())], post.retro_hits as f64));
    gauge("retro_hits", "Sightings that a later record matches.", retro.collect());
    let of_register = |of: &dyn Fn(&Register) -> Option<f64>| {
        let each = registers.iter().filter_map(|register| Some((register, of(register)?)));
        each.map(|(register, value)| (vec![("register", register.id.0.as_str())], value)).collect()
    };
    gauge("register_records", "Records that the register holds.", of_register(&|r| Some(r.records as f64)));
    let as_of = |r: &Register| r.as_of_ms.map(|ms| ms as f64 / 1000.0);
    gauge("register_as_of_seconds", "Moment up to which its data reach, since 1970.", of_register(&as_of));
    let unpublished = |r: &Register| Some(f64::from(u8::from(r.changed)));
    gauge("register_unpublished", "Whether it changed since it was published.", of_register(&unpublished));
    text
}

/// The value of a label, as the form wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PostId, RegisterId, RegisterKind};

    #[test]
    fn each_count_stands_on_a_line_of_its_own_and_no_name_breaks_out() {
        let posts = [PostCounts { post: PostId("A\"\n1".into()), grades: vec![("hit".into(), 3)], retro_hits: 1 }];
        let register = Register {
            id: RegisterId("reg".into()),
            owner: "invented".into(),
            objects: Vec::new(),
            records: 12,
            as_of_ms: None,
            changed: true,
            kind: RegisterKind::default(),
        };
        let text = render(&[], &posts, &[register]);
        for line in [
            "# TYPE tracepost_hub_sightings gauge",
            "tracepost_hub_devices 0",
            "tracepost_hub_sightings{post=\"A\\\"\\n1\",grade=\"hit\"} 3",
            "tracepost_hub_retro_hits{post=\"A\\\"\\n1\"} 1",
            "tracepost_hub_register_records{register=\"reg\"} 12",
            "tracepost_hub_register_unpublished{register=\"reg\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line:?} is not in {text}");
        }
        assert!(!text.contains("register_as_of_seconds{"), "nothing is said of what is not known");
    }
}
