-- Who writes facts: one at a time, in turns that are counted. Runs unchanged on SQLite and on PostgreSQL.
--
-- One row. A writer that takes its turn raises the epoch and puts its name; every transaction that writes facts looks here first, so that
-- a writer whose turn is over can write nothing any more.
CREATE TABLE lease (
    one              BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    epoch            BIGINT NOT NULL CHECK (epoch >= 0), -- 0: nobody has written yet
    holder           TEXT   NOT NULL,
    acquired_time_us BIGINT NOT NULL                     -- by the database's clock; for people
);

INSERT INTO lease (one, epoch, holder, acquired_time_us) VALUES (1, 0, '', 0);
