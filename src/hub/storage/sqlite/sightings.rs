//! The list of sightings: a projection of the entries.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::{PostCounts, Projected, Sighting, SightingQuery, StorageError, count, failed, hash_of, int};
use crate::domain::{DeviceId, Hash, PostId, Seq};

/// The check of one number that the chain counts, or those that came with other bytes.
const OF_ONE: &str = "device_id = ?1 AND seq = ?2 AND (fork <> x'') = ?3";

/// What was listed came with other bytes than those that the chain counts.
pub(super) fn set_aside(db: &Connection, device: DeviceId, seq: Seq, fork: &Hash) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE OR REPLACE sightings SET fork = ?3, unproven = 1 WHERE device_id = ?1 AND seq = ?2 AND fork = x''",
        params![device.0.as_bytes(), int(seq.0), fork.0],
    )?;
    Ok(())
}

pub(super) fn project(db: &Connection, device: DeviceId, change: &Projected) -> Result<(), StorageError> {
    match change {
        Projected::Check(sighting) => check(db, device, sighting),
        Projected::Decision { of, code, note, beside } => {
            db.prepare_cached(&format!("UPDATE sightings SET decision = ?4, note = ?5 WHERE {OF_ONE}"))
                .and_then(|mut s| s.execute(params![device.0.as_bytes(), int(of.0), beside, code, note]))
                .map_err(failed)?;
            Ok(())
        }
        Projected::RetroHit { of, record, grade, beside } => {
            retro_hit(db, device, *of, *beside, &format!("{record} ({grade})"))
        }
    }
}

/// An urgent call may have brought the check before its batch does: the row is then confirmed, and what was decided or
/// found since stays.
fn check(db: &Connection, device: DeviceId, sighting: &Sighting) -> Result<(), StorageError> {
    let summary = serde_json::to_string(sighting).map_err(|e| StorageError::Failed(e.to_string()))?;
    db.prepare_cached(
        "INSERT INTO sightings (device_id, seq, fork, post, wall_ms, grade, unproven, retro, summary)
         VALUES (?1, ?2, ?8, ?3, ?4, ?5, ?6, '[]', ?7)
         ON CONFLICT DO UPDATE SET post = excluded.post, wall_ms = excluded.wall_ms, grade = excluded.grade,
             unproven = min(unproven, excluded.unproven), summary = excluded.summary",
    )
    .and_then(|mut s| {
        s.execute(params![
            device.0.as_bytes(),
            int(sighting.seq.0),
            sighting.post.0,
            sighting.wall_ms,
            sighting.grade,
            sighting.unproven,
            summary,
            sighting.fork.map(|fork| fork.0.to_vec()).unwrap_or_default()
        ])
    })
    .map_err(failed)?;
    Ok(())
}

fn retro_hit(db: &Connection, device: DeviceId, of: Seq, beside: bool, record: &str) -> Result<(), StorageError> {
    let key = params![device.0.as_bytes(), int(of.0), beside];
    let now: Option<String> = db
        .query_row(&format!("SELECT retro FROM sightings WHERE {OF_ONE}"), key, |row| row.get(0))
        .optional()
        .map_err(failed)?;
    let Some(now) = now else { return Ok(()) };
    let mut hits: Vec<String> = serde_json::from_str(&now).unwrap_or_default();
    if hits.iter().any(|x| x == record) {
        return Ok(());
    }
    hits.push(record.to_owned());
    let text = serde_json::to_string(&hits).map_err(|e| StorageError::Failed(e.to_string()))?;
    db.execute(
        &format!("UPDATE sightings SET retro = ?4 WHERE {OF_ONE}"),
        params![device.0.as_bytes(), int(of.0), beside, text],
    )
    .map_err(failed)?;
    Ok(())
}

const COLUMNS: &str = "summary, decision, note, retro, unproven, fork";

fn sighting(row: &Row<'_>) -> Result<Sighting, StorageError> {
    let summary: String = row.get(0).map_err(failed)?;
    let retro: String = row.get(3).map_err(failed)?;
    let mut sighting: Sighting = serde_json::from_str(&summary).map_err(|e| StorageError::Failed(e.to_string()))?;
    sighting.decision = row.get(1).map_err(failed)?;
    sighting.note = row.get(2).map_err(failed)?;
    sighting.retro_hits = serde_json::from_str(&retro).unwrap_or_default();
    sighting.unproven = row.get(4).map_err(failed)?;
    let fork: Vec<u8> = row.get(5).map_err(failed)?;
    sighting.fork = (!fork.is_empty()).then(|| hash_of(&fork));
    Ok(sighting)
}

pub(super) fn list(
    db: &Connection,
    query: &SightingQuery,
    each: &mut dyn FnMut(Sighting) -> bool,
) -> Result<(), StorageError> {
    let mut wanted = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    if let Some(device) = query.device {
        wanted.push("device_id = ?");
        values.push(device.0.as_bytes().to_vec().into());
    }
    if let Some(post) = &query.post {
        wanted.push("post = ?");
        values.push(post.0.clone().into());
    }
    if let Some(grade) = &query.grade {
        wanted.push("grade = ?");
        values.push(grade.clone().into());
    }
    let condition = if wanted.is_empty() { String::new() } else { format!("WHERE {}", wanted.join(" AND ")) };
    values.push(query.limit.map_or(-1, int).into());
    let sql =
        format!("SELECT {COLUMNS} FROM sightings {condition} ORDER BY wall_ms DESC, device_id, seq DESC, fork LIMIT ?");
    let mut statement = db.prepare(&sql).map_err(failed)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if !each(sighting(row)?) {
            break;
        }
    }
    Ok(())
}

pub(super) fn at(db: &Connection, device: DeviceId, seq: Seq) -> Result<Vec<Sighting>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM sightings WHERE device_id = ?1 AND seq = ?2 ORDER BY fork");
    let mut statement = db.prepare(&sql).map_err(failed)?;
    let mut rows = statement.query(params![device.0.as_bytes(), int(seq.0)]).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        found.push(sighting(row)?);
    }
    Ok(found)
}

pub(super) fn counts(db: &Connection) -> rusqlite::Result<Vec<PostCounts>> {
    let mut statement = db.prepare(
        "SELECT post, grade, count(*), sum(retro <> '[]') FROM sightings GROUP BY post, grade ORDER BY post, grade",
    )?;
    let mut rows = statement.query([])?;
    let mut posts: Vec<PostCounts> = Vec::new();
    while let Some(row) = rows.next()? {
        let post: String = row.get(0)?;
        let (grade, sightings, retro_hits) = (row.get(1)?, count(row.get(2)?), count(row.get(3)?));
        match posts.last_mut() {
            Some(last) if last.post.0 == post => {
                last.grades.push((grade, sightings));
                last.retro_hits += retro_hits;
            }
            _ => posts.push(PostCounts { post: PostId(post), grades: vec![(grade, sightings)], retro_hits }),
        }
    }
    Ok(posts)
}
