-- What was published last: its version (0: nothing was), its signed manifest, and the sum of each bucket, 128 bytes each.
ALTER TABLE registers ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE registers ADD COLUMN manifest BLOB;
ALTER TABLE registers ADD COLUMN sums BLOB;

-- The rows that are not as they were published, and how they were; NULL for new ones. Kept by triggers, so that no way of
-- importing can forget it. A withdrawn record is a deleted row.
CREATE TABLE changes (
    register INTEGER NOT NULL,
    key BLOB NOT NULL,
    before BLOB,
    PRIMARY KEY (register, key)
) STRICT, WITHOUT ROWID;

-- Before, so that a replaced row is still there to be copied; and without ON CONFLICT, for that of the statement outside
-- would hold here too.
CREATE TRIGGER record_comes BEFORE INSERT ON records
WHEN (SELECT version FROM registers WHERE number = NEW.register) > 0
    AND NOT EXISTS (SELECT 1 FROM changes WHERE register = NEW.register AND key = NEW.key)
BEGIN
    INSERT INTO changes SELECT NEW.register, NEW.key,
        (SELECT bytes FROM records WHERE register = NEW.register AND key = NEW.key);
END;

CREATE TRIGGER record_changes BEFORE UPDATE ON records
WHEN (SELECT version FROM registers WHERE number = OLD.register) > 0
    AND NOT EXISTS (SELECT 1 FROM changes WHERE register = OLD.register AND key = OLD.key)
BEGIN
    INSERT INTO changes VALUES (OLD.register, OLD.key, OLD.bytes);
END;

CREATE TRIGGER record_goes BEFORE DELETE ON records
WHEN (SELECT version FROM registers WHERE number = OLD.register) > 0
    AND NOT EXISTS (SELECT 1 FROM changes WHERE register = OLD.register AND key = OLD.key)
BEGIN
    INSERT INTO changes VALUES (OLD.register, OLD.key, OLD.bytes);
END;
