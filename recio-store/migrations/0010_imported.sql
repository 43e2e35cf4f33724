-- What was taken over from another program (REC.IO v2). Runs unchanged on SQLite and on PostgreSQL; units as in 0001, and `price_micros` is
-- millionths of a dollar for one contract or one coin.

-- Records in their newest version, made from facts. No position, trade or ledger entry of recio's comes from them.
CREATE TABLE imported_records (
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    origin              TEXT   NOT NULL, -- the program
    kind                TEXT   NOT NULL, -- trades, fills, orders, positions, settlements or settings
    record              TEXT   NOT NULL, -- its name within origin and kind
    version             BIGINT NOT NULL,
    sequence            BIGINT NOT NULL REFERENCES facts (sequence),
    source              TEXT   NOT NULL, -- which of the program's stores
    number              BIGINT,          -- the program's own
    status              TEXT,
    market              TEXT,
    side                TEXT,
    time_us             BIGINT,
    end_time_us         BIGINT,
    quantity_hundredths BIGINT,
    price_micros        BIGINT,
    end_price_micros    BIGINT,
    cost_micros         BIGINT,
    fees_micros         BIGINT,
    revenue_micros      BIGINT,
    pnl_micros          BIGINT,
    words               TEXT   NOT NULL, -- every column of the record as it was, a JSON object of texts
    PRIMARY KEY (environment, account, subaccount, exchange_index, origin, kind, record)
);

CREATE INDEX imported_records_by_number ON imported_records (environment, account, kind, number);

-- Prices that the program logged second by second. Observations: no facts, and losing them loses no money.
CREATE TABLE imported_prices (
    origin       TEXT   NOT NULL,
    asset        TEXT   NOT NULL, -- BTC, ETH
    time_us      BIGINT NOT NULL,
    written      TEXT   NOT NULL, -- the time as the program wrote it
    price_micros BIGINT NOT NULL,
    mean_micros  BIGINT,           -- of the last minute
    momentum     DOUBLE PRECISION, -- percent, as are the changes over so many minutes
    change_1m    DOUBLE PRECISION,
    change_2m    DOUBLE PRECISION,
    change_3m    DOUBLE PRECISION,
    change_4m    DOUBLE PRECISION,
    change_15m   DOUBLE PRECISION,
    change_30m   DOUBLE PRECISION,
    PRIMARY KEY (origin, asset, time_us)
);
