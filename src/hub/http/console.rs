//! One plain page of what arrived, by post. Read-only, no scripts, nothing loaded from elsewhere.
//!
//! There is no sign-in yet, so only connections from the hub's own machine see it; an administrator comes by SSH.
//! maud escapes everything that devices sent.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};

use super::answer::Refuse;
use super::device::blocking;
use super::tls::is_local;
use crate::domain::Grade;
use crate::hub::storage::{Device, PostCounts, Sighting, SightingQuery};
use crate::hub::{Hub, now_ms};
use crate::wire::Refusal;

/// Sightings shown for each post.
const LATEST: u64 = 100;

/// A device that has not spoken for so long is named as silent.
const SILENT_MS: i64 = 24 * 3600 * 1000;

const STYLE: &str = include_str!("console.css");

struct Post {
    name: String,
    counts: Option<PostCounts>,
    devices: Vec<Device>,
    latest: Vec<Sighting>,
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Result<(HeaderMap, Html<String>), Refuse> {
    if !is_local(peer) {
        return Err(Refusal::NotFound.into());
    }
    let markup = blocking(&hub, |hub| {
        let posts = gather(hub)?;
        Ok(render(&hub.url()?, hub.practice()?, &posts, now_ms()))
    })
    .await?;
    Ok((headers(), Html(markup.into_string())))
}

/// Nothing may be loaded, run, framed or kept.
fn headers() -> HeaderMap {
    let pairs = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ];
    pairs.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn gather(hub: &Hub) -> Result<Vec<Post>, Refuse> {
    let mut posts: BTreeMap<String, Post> = BTreeMap::new();
    let empty = |name: &str| Post { name: name.to_owned(), counts: None, devices: Vec::new(), latest: Vec::new() };
    for device in hub.storage().devices()? {
        let name = device.post.0.clone();
        posts.entry(name.clone()).or_insert_with(|| empty(&name)).devices.push(device);
    }
    for counts in hub.storage().post_counts()? {
        let name = counts.post.0.clone();
        posts.entry(name.clone()).or_insert_with(|| empty(&name)).counts = Some(counts);
    }
    for post in posts.values_mut() {
        let query = SightingQuery {
            post: Some(crate::domain::PostId(post.name.clone())),
            limit: Some(LATEST),
            ..SightingQuery::default()
        };
        hub.storage().sightings(&query, &mut |sighting| {
            post.latest.push(sighting);
            true
        })?;
    }
    Ok(posts.into_values().collect())
}

fn render(url: &str, practice: bool, posts: &[Post], now_ms: i64) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Tracepost hub" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Tracepost hub" }
                    @if practice { span.practice { "practice: made-up records" } }
                    span.dim { (url) }
                    span.dim { "as of " (Moment(now_ms)) }
                }
                main {
                    @if posts.is_empty() {
                        section { p { "No device is enrolled yet. Make an invite with " code { "tracepost-hub device invite --post …" } "." } }
                    }
                    @for post in posts { (section(post, now_ms)) }
                }
            }
        }
    }
}

fn section(post: &Post, now_ms: i64) -> Markup {
    let forks: u64 = post.devices.iter().map(|x| x.forks).sum();
    html! {
        section.alarm[forks > 0] {
            h2 { "Post " (post.name) }
            @if let Some(counts) = &post.counts {
                ul.counts {
                    @for grade in [Grade::Hit, Grade::Probable, Grade::Possible, Grade::NoRecord, Grade::NotChecked] {
                        @let count = counts.grades.iter().find(|(code, _)| code == grade.code()).map_or(0, |x| x.1);
                        li { b { (count) } (words(grade.code())) }
                    }
                    li { b { (counts.retro_hits) } "listed since" }
                }
            } @else { p.dim { "Nothing has arrived from this post." } }
            @if !post.latest.is_empty() {
                h3 { "Latest sightings" }
                div.scroll { table {
                    thead { tr { th { "Time (device clock)" } th { "Marks" } th { "Item" } th { "Verdict" } th { "Decision" } th { "Listed since" } th { "Officer" } th { "Device, entry" } } }
                    tbody { @for sighting in &post.latest { (row(sighting)) } }
                } }
            }
            h3 { "Devices" }
            div.scroll { table {
                thead { tr { th { "Device" } th { "Last heard" } th { "Entries" } th { "Remarks" } } }
                tbody { @for device in &post.devices { (device_row(device, now_ms)) } }
            } }
        }
    }
}

fn row(sighting: &Sighting) -> Markup {
    html! {
        tr {
            td.time { (Moment(sighting.wall_ms)) }
            td {
                @for mark in &sighting.marks {
                    div { span.mark { (mark.value) } " " span.dim { (mark.scheme) ", " (mark.source) @if let Some(place) = &mark.place { ", " (place) } } }
                }
            }
            td {
                (sighting.object.as_deref().map(words).unwrap_or_default())
                @for (_, value) in &sighting.description { " " (value) }
            }
            td.grade { span class=(sighting.grade) { (words(&sighting.grade)) }
                @if let Some(reason) = &sighting.reason { div.dim { (words(reason)) } }
                @if sighting.fork.is_some() { div.hit { "FORK: another entry counts under this number" } }
                @else if sighting.unproven { div.dim { "sent ahead" } }
                @for candidate in sighting.candidates.iter().take(3) { div.dim { (candidate) } }
            }
            td { (sighting.decision.as_deref().map(words).unwrap_or_default())
                @if let Some(note) = &sighting.note { div.dim { (note) } } }
            td { @for hit in &sighting.retro_hits { div.hit { (hit) } } }
            td { (sighting.officer) }
            td.device { (short(&sighting.device)) ", " (sighting.seq) }
        }
    }
}

fn device_row(device: &Device, now_ms: i64) -> Markup {
    html! {
        tr {
            td.device { (device.id) }
            td.time { (Moment(device.seen_ms)) }
            td { (device.next.0.saturating_sub(1)) }
            td {
                @if device.revoked_ms.is_some() { div { "revoked" } }
                @if now_ms - device.seen_ms > SILENT_MS { div { "silent for " ((now_ms - device.seen_ms) / 3_600_000) " h" } }
                @if device.forks > 0 { div.hit { "FORK: " (device.forks) " entries came with other bytes" } }
                @if device.aside > 0 { div { (device.aside) " entries of a kind unknown here" } }
            }
        }
    }
}

fn short(device: &crate::domain::DeviceId) -> String {
    device.to_string().chars().take(8).collect()
}

fn words(code: &str) -> String {
    code.replace('_', " ")
}

/// A moment in UTC, to the second.
struct Moment(i64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(time) => write!(f, "{}", time.format("%Y-%m-%d %H:%M:%SZ")),
            None => f.write_str("a moment that no calendar has"),
        }
    }
}

impl maud::Render for Moment {
    fn render_to(&self, buffer: &mut String) {
        use std::fmt::Write;
        let _ = write!(maud::Escaper::new(buffer), "{self}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DeviceId, PostId, Seq};
    use crate::hub::storage::SightedMark;

    fn sighting(mark: &str) -> Sighting {
        Sighting {
            device: DeviceId(uuid::Uuid::nil()),
            seq: Seq(7),
            post: PostId("UA-TEST".into()),
            wall_ms: 1_700_000_000_000,
            received_ms: 1_700_000_000_000,
            officer: "<b>officer</b>".into(),
            marks: vec![SightedMark {
                scheme: "serial".into(),
                value: mark.into(),
                place: None,
                source: "typed".into(),
            }],
            object: Some("firearm".into()),
            description: vec![("make".into(), "\"><img src=x>".into())],
            grade: "no_record".into(),
            reason: None,
            rule: None,
            candidates: Vec::new(),
            decision: None,
            note: Some("</td><script>".into()),
            retro_hits: vec!["r/1 (hit)".into()],
            photo: None,
            unproven: false,
            fork: None,
        }
    }

    #[test]
    fn nothing_that_a_device_sent_becomes_markup() {
        let post = Post {
            name: "<script>alert(1)</script>".into(),
            counts: None,
            devices: Vec::new(),
            latest: vec![sighting("<script>x</script>")],
        };
        let page = render("https://hub.example", true, &[post], 1_700_000_000_000).into_string();
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("<img") && !page.contains("<b>officer"));
        assert!(page.contains("&lt;script&gt;x&lt;/script&gt;"));
        assert!(page.contains("no record") && page.contains("r/1 (hit)") && page.contains("practice"));
    }

    #[test]
    fn a_clock_that_is_mad_does_not_break_the_page() {
        let mut mad = sighting("A1");
        mad.wall_ms = i64::MAX;
        let post = Post { name: "P".into(), counts: None, devices: Vec::new(), latest: vec![mad] };
        assert!(render("https://h", false, &[post], 0).into_string().contains("no calendar"));
    }
}
