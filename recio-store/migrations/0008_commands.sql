-- Commands: what everybody who is not the writer asks of the writer. Each is asked once, taken once and answered once, and kept for ever.
CREATE TABLE commands (
    number           BIGINT NOT NULL PRIMARY KEY, -- from 1, in the order of asking
    command_key      TEXT   NOT NULL UNIQUE,      -- the asker's name for it: asking again is the same command
    kind             TEXT   NOT NULL,
    body             TEXT   NOT NULL,             -- JSON without spaces, the keys in order
    asked_by         TEXT   NOT NULL,
    asked_time_us    BIGINT NOT NULL,
    valid_until_us   BIGINT NOT NULL,             -- refused instead of taken after this
    status           TEXT   NOT NULL,             -- waiting, taken, done, refused or unknown
    epoch            BIGINT,                      -- of the writer that took it
    taken_time_us    BIGINT,
    answered_time_us BIGINT,
    answer           TEXT                         -- what was done, or why not
);

-- The few that are not answered, among all that ever were asked.
CREATE INDEX commands_open ON commands (number) WHERE answered_time_us IS NULL;
