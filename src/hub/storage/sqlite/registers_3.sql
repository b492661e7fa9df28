-- What the register is kept for: wanted items, or what was delivered or is expected.
ALTER TABLE registers ADD COLUMN kind TEXT NOT NULL DEFAULT 'wanted';
