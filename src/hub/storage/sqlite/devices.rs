//! Invites and devices.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Device, NewDevice, NewInvite, Redeemed, count, device_of, hash_of, int};
use crate::domain::{DeviceId, Hash, PostId, Seq};

pub(super) fn add_invite(db: &Connection, invite: &NewInvite) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO invites (token, post, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4)",
        params![invite.token.0, invite.post.0, invite.created_ms, invite.expires_ms],
    )?;
    Ok(())
}

struct Invite {
    post: PostId,
    expires_ms: i64,
    used_by: Option<(DeviceId, Vec<u8>)>,
}

pub(super) fn redeem(db: &Connection, token: &Hash, new: &NewDevice, now_ms: i64) -> rusqlite::Result<Redeemed> {
    let invite = db
        .query_row("SELECT post, expires_ms, device_id, public_key FROM invites WHERE token = ?1", [token.0], |row| {
            let device: Option<Vec<u8>> = row.get(2)?;
            let key: Option<Vec<u8>> = row.get(3)?;
            Ok(Invite {
                post: PostId(row.get(0)?),
                expires_ms: row.get(1)?,
                used_by: device.zip(key).map(|(device, key)| (device_of(&device), key)),
            })
        })
        .optional()?;
    let Some(invite) = invite else { return Ok(Redeemed::Unknown) };
    match invite.used_by {
        // The answer to an earlier call was lost on its way: the same device may ask again, however late.
        Some((device, key)) if device == new.id && key == new.public_key => return Ok(Redeemed::In(invite.post)),
        Some(_) => return Ok(Redeemed::Used),
        None if invite.expires_ms <= now_ms => return Ok(Redeemed::Expired),
        None => {}
    }
    let by_id = by_id(db, new.id)?;
    let by_key = by_key(db, &new.public_key)?;
    match (&by_id, &by_key) {
        (None, None) => {
            db.execute(
                "INSERT INTO devices (device_id, public_key, post, program, enrolled_ms, seen_ms, next_seq, head)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1, ?6)",
                params![new.id.0.as_bytes(), new.public_key, invite.post.0, new.program, now_ms, new.genesis.0],
            )?;
        }
        // A device that is in already comes with a new invite: it moves to that invite's post and keeps its ledger.
        (Some(a), Some(b)) if a.id == b.id && a.revoked_ms.is_none() => {
            db.execute(
                "UPDATE devices SET post = ?2, program = ?3, seen_ms = ?4 WHERE device_id = ?1",
                params![new.id.0.as_bytes(), invite.post.0, new.program, now_ms],
            )?;
        }
        _ => return Ok(Redeemed::Mismatch),
    }
    db.execute(
        "UPDATE invites SET device_id = ?2, public_key = ?3, used_ms = ?4 WHERE token = ?1",
        params![token.0, new.id.0.as_bytes(), new.public_key, now_ms],
    )?;
    Ok(Redeemed::In(invite.post))
}

const COLUMNS: &str = "device_id, public_key, post, program, enrolled_ms, seen_ms, revoked_ms, next_seq, head,
    (SELECT count(*) FROM forks f WHERE f.device_id = devices.device_id),
    (SELECT count(*) FROM entries e WHERE e.device_id = devices.device_id AND e.understood = 0)";

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    let id: Vec<u8> = row.get(0)?;
    let key: Vec<u8> = row.get(1)?;
    let head: Vec<u8> = row.get(8)?;
    Ok(Device {
        id: device_of(&id),
        public_key: key.try_into().unwrap_or_default(),
        post: PostId(row.get(2)?),
        program: row.get(3)?,
        enrolled_ms: row.get(4)?,
        seen_ms: row.get(5)?,
        revoked_ms: row.get(6)?,
        next: Seq(count(row.get(7)?)),
        head: hash_of(&head),
        forks: count(row.get(9)?),
        aside: count(row.get(10)?),
    })
}

pub(super) fn by_id(db: &Connection, id: DeviceId) -> rusqlite::Result<Option<Device>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM devices WHERE device_id = ?1"))?
        .query_row([id.0.as_bytes()], device)
        .optional()
}

pub(super) fn by_key(db: &Connection, key: &[u8; 32]) -> rusqlite::Result<Option<Device>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM devices WHERE public_key = ?1"))?
        .query_row([key], device)
        .optional()
}

pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<Device>> {
    db.prepare(&format!("SELECT {COLUMNS} FROM devices ORDER BY post, device_id"))?.query_map([], device)?.collect()
}

pub(super) fn revoke(db: &Connection, id: DeviceId, now_ms: i64) -> rusqlite::Result<bool> {
    let sql = "UPDATE devices SET revoked_ms = ?2 WHERE device_id = ?1 AND revoked_ms IS NULL";
    Ok(db.execute(sql, params![id.0.as_bytes(), now_ms])? == 1)
}

pub(super) fn seen(db: &Connection, id: DeviceId, now_ms: i64) -> rusqlite::Result<()> {
    db.execute("UPDATE devices SET seen_ms = ?2 WHERE device_id = ?1", params![id.0.as_bytes(), now_ms])?;
    Ok(())
}

pub(super) fn advance(db: &Connection, id: DeviceId, next: Seq, head: &Hash) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE devices SET next_seq = ?2, head = ?3 WHERE device_id = ?1",
        params![id.0.as_bytes(), int(next.0), head.0],
    )?;
    Ok(())
}
