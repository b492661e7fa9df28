-- A check that came under the number of another entry stands beside it, or a match that an officer saw would be gone from
-- every list. `fork` is the SHA-256 of that other entry's bytes; empty for the entry that the chain counts.
CREATE TABLE sightings_2 (
    device_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    fork BLOB NOT NULL,
    post TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    grade TEXT NOT NULL,
    unproven INTEGER NOT NULL,
    decision TEXT,
    note TEXT,
    retro TEXT NOT NULL,
    summary TEXT NOT NULL,
    PRIMARY KEY (device_id, seq, fork)
) STRICT, WITHOUT ROWID;
INSERT INTO sightings_2
    SELECT device_id, seq, x'', post, wall_ms, grade, unproven, decision, note, retro, summary FROM sightings;
DROP TABLE sightings;
ALTER TABLE sightings_2 RENAME TO sightings;
CREATE INDEX sightings_by_post ON sightings (post, wall_ms);
CREATE INDEX sightings_by_time ON sightings (wall_ms);
