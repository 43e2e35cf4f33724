-- Overrides of settings, and what people did. The same on SQLite and on PostgreSQL; the triggers that keep both append-only follow in a file for
-- each. Everybody who may use the store adds rows, not only the writer of facts.

-- What people did, done or refused. Rows are only ever added, and each carries the hash of the one before.
CREATE TABLE audit_log (
    sequence  BIGINT NOT NULL PRIMARY KEY CHECK (sequence >= 1), -- from 1, without a hole
    version   BIGINT NOT NULL,                                   -- of the body's format
    prev_hash TEXT   NOT NULL CHECK (length(prev_hash) = 64),
    hash      TEXT   NOT NULL CHECK (length(hash) = 64),         -- SHA-256 over prev_hash (32 bytes) and body
    body      TEXT   NOT NULL,                                   -- canonical JSON of the whole entry; the columns repeat parts of it
    time_us   BIGINT NOT NULL,
    who       TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    old_value TEXT,
    new_value TEXT,
    why       TEXT   NOT NULL,
    result    TEXT   NOT NULL CHECK (result IN ('done', 'refused')),
    reason    TEXT                                               -- of a refusal
);

-- Every version of every override. Rows are only ever added; the newest version of a key counts, and one without a value gives the key back to
-- the config.
CREATE TABLE settings (
    setting_key    TEXT   NOT NULL,
    version        BIGINT NOT NULL CHECK (version >= 1),         -- from 1 for each key, without a hole
    value          TEXT,
    run            TEXT,                                         -- the only run for which it counts, where it is for one
    who            TEXT   NOT NULL,
    time_us        BIGINT NOT NULL,
    why            TEXT   NOT NULL,
    audit_sequence BIGINT NOT NULL UNIQUE REFERENCES audit_log (sequence),
    PRIMARY KEY (setting_key, version)
);

