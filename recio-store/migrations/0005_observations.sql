-- What was observed: bulk, in no chain, and forgotten by rule. No money is lost with it. Runs unchanged on SQLite and on PostgreSQL. Units as
-- in 0001 and 0004; besides, `_seconds`. There are no foreign keys and as few indexes as reading and forgetting need: rows come in thousands.

-- Prices. The same price of the same moment is the same tick.
CREATE TABLE price_ticks (
    asset            TEXT   NOT NULL,
    source           TEXT   NOT NULL,
    exchange_time_us BIGINT NOT NULL, -- the source's time
    price_cents      BIGINT NOT NULL,
    received_time_us BIGINT NOT NULL,
    PRIMARY KEY (asset, source, exchange_time_us, price_cents)
);

-- Bars of a second or a minute. One told again takes the place of the one before.
CREATE TABLE price_bars (
    asset              TEXT   NOT NULL,
    source             TEXT   NOT NULL,
    resolution_seconds BIGINT NOT NULL,
    start_us           BIGINT NOT NULL,
    open_cents         BIGINT NOT NULL,
    high_cents         BIGINT NOT NULL,
    low_cents          BIGINT NOT NULL,
    close_cents        BIGINT NOT NULL,
    PRIMARY KEY (asset, source, resolution_seconds, start_us)
);

-- Events at moments, and their strikes.
CREATE TABLE strike_tables (
    event             TEXT   NOT NULL,
    time_us           BIGINT NOT NULL,
    series            TEXT   NOT NULL,
    asset             TEXT   NOT NULL,
    family            TEXT   NOT NULL,
    close_time_us     BIGINT NOT NULL,
    asset_price_cents BIGINT,
    momentum_percent  DOUBLE PRECISION,
    volatility        DOUBLE PRECISION, -- dollars per square root of a second
    PRIMARY KEY (event, time_us)
);
CREATE INDEX strike_tables_by_time ON strike_tables (time_us);

-- One row a strike, from the lowest level up. Prices and model in YES terms.
CREATE TABLE strike_rows (
    event             TEXT   NOT NULL,
    time_us           BIGINT NOT NULL,
    line              BIGINT NOT NULL,
    market            TEXT   NOT NULL,
    strike_type       TEXT,            -- greater, greater_or_equal, less, less_or_equal, between
    floor_cents       BIGINT,
    cap_cents         BIGINT,
    trading           BIGINT NOT NULL,
    quoted            BIGINT NOT NULL, -- whether the book was known: an empty side of a known book has no price either
    bid_units         BIGINT,
    bid_hundredths    BIGINT,
    ask_units         BIGINT,
    ask_hundredths    BIGINT,
    volume_hundredths BIGINT,
    model             DOUBLE PRECISION,
    model_low         DOUBLE PRECISION,
    model_high        DOUBLE PRECISION,
    model_unknown     TEXT,
    PRIMARY KEY (event, time_us, line)
);

-- How each instance of each service was.
CREATE TABLE service_health (
    service  TEXT   NOT NULL,
    instance TEXT   NOT NULL,
    time_us  BIGINT NOT NULL,
    health   TEXT   NOT NULL, -- up, degraded or down
    detail   TEXT   NOT NULL,
    PRIMARY KEY (service, instance, time_us)
);
CREATE INDEX service_health_by_time ON service_health (time_us);
