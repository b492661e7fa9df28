CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    token BLOB PRIMARY KEY,
    post TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    device_id BLOB,
    public_key BLOB,
    used_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    device_id BLOB PRIMARY KEY,
    public_key BLOB NOT NULL,
    post TEXT NOT NULL,
    program TEXT NOT NULL,
    enrolled_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    next_seq INTEGER NOT NULL,
    head BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_key ON devices (public_key);

CREATE TABLE entries (
    device_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    hash BLOB NOT NULL,
    understood INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_aside ON entries (device_id) WHERE understood = 0;

CREATE TABLE urgent (
    device_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE forks (
    device_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL,
    bytes BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, seq, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE heads (
    device_id BLOB NOT NULL,
    next_seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (device_id, next_seq, bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    device_id BLOB NOT NULL,
    next_seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (device_id, next_seq, bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE photos (
    device_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    length INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    PRIMARY KEY (device_id, hash)
) STRICT, WITHOUT ROWID;

-- A projection of the entries: it can be dropped and built again from them.
CREATE TABLE sightings (
    device_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    post TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    grade TEXT NOT NULL,
    unproven INTEGER NOT NULL,
    decision TEXT,
    note TEXT,
    retro TEXT NOT NULL,
    summary TEXT NOT NULL,
    PRIMARY KEY (device_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_post ON sightings (post, wall_ms);
CREATE INDEX sightings_by_time ON sightings (wall_ms);
