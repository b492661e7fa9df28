CREATE TABLE registers (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    objects TEXT NOT NULL,
    records INTEGER NOT NULL,
    as_of_ms INTEGER,
    changed INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

-- In the order of the key, which is a hash of the record's id: chunks are cut along it in one pass.
CREATE TABLE records (
    register INTEGER NOT NULL,
    key BLOB NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (register, key)
) STRICT, WITHOUT ROWID;
