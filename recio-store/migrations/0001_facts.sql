-- Facts, and the tables that are made from them. Runs unchanged on SQLite and on PostgreSQL.
--
-- Units, by the ending of a column's name: `_us` microseconds since 1970 UTC, `_micros` millionths of a dollar, `_units` ten-thousandths of
-- a dollar (prices; probabilities, rounded down), `_hundredths` hundredths of a contract, `_cents` cents. Every integer is a BIGINT and
-- every hash 64 lower-case hex digits, so that both dialects bind and read them alike. A truth value is 0 or 1.

-- What happened. Rows are only ever added (see 0002).
CREATE TABLE facts (
    sequence       BIGINT NOT NULL PRIMARY KEY CHECK (sequence >= 1), -- from 1, without a hole; given by the one writer
    kind           TEXT   NOT NULL,
    version        BIGINT NOT NULL,                                   -- of the body's format
    time_us        BIGINT NOT NULL,
    prev_hash      TEXT   NOT NULL CHECK (length(prev_hash) = 64),
    hash           TEXT   NOT NULL CHECK (length(hash) = 64),         -- SHA-256 over prev_hash (32 bytes) and body
    body           TEXT   NOT NULL,                                   -- canonical JSON of the whole fact; the columns repeat parts of it
    fact_key       TEXT   NOT NULL,
    epoch          BIGINT NOT NULL CHECK (epoch >= 1),                -- the writer's
    environment    TEXT   NOT NULL,
    account        TEXT   NOT NULL,
    subaccount     BIGINT NOT NULL,
    exchange_index BIGINT NOT NULL,
    run            TEXT   NOT NULL,
    strategy       TEXT,
    UNIQUE (environment, account, subaccount, exchange_index, fact_key)
);

-- Our orders in their newest state. The columns of the intent are empty while only a change of the order is known.
CREATE TABLE orders (
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    client_order_id     TEXT   NOT NULL,
    intent_sequence     BIGINT REFERENCES facts (sequence),
    changed_sequence    BIGINT REFERENCES facts (sequence),
    exchange_order_id   TEXT,
    trade               TEXT,
    strategy            TEXT,
    market              TEXT,
    event               TEXT,
    close_time_us       BIGINT,
    side                TEXT,
    action              TEXT,
    limit_units         BIGINT,
    quantity_hundredths BIGINT,
    time_in_force       TEXT,
    post_only           BIGINT,
    purpose             TEXT,
    created_time_us     BIGINT,
    status              TEXT   NOT NULL,
    filled_hundredths   BIGINT NOT NULL,
    reason              TEXT,
    updated_time_us     BIGINT NOT NULL,
    PRIMARY KEY (environment, account, subaccount, exchange_index, client_order_id)
);

-- Executions of our orders, by the exchange's order id and fill id.
CREATE TABLE fills (
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    exchange_order_id   TEXT   NOT NULL,
    fill_id             TEXT   NOT NULL,
    sequence            BIGINT NOT NULL REFERENCES facts (sequence),
    client_order_id     TEXT,
    trade               TEXT,
    strategy            TEXT,
    market              TEXT   NOT NULL,
    book_side           TEXT   NOT NULL,
    yes_price_units     BIGINT NOT NULL,
    quantity_hundredths BIGINT NOT NULL,
    fee_micros          BIGINT NOT NULL,
    liquidity           TEXT   NOT NULL,
    exchange_time_us    BIGINT NOT NULL,
    PRIMARY KEY (environment, account, subaccount, exchange_index, exchange_order_id, fill_id)
);

-- What fills and settlements leave, by market: YES above zero, NO below. Flat ones stay, for their fees. `by_fills_…` is what the fills alone
-- make, paid or not, and `payout_booked` says whether the payout is in the ledger: one that comes before its fills waits for them.
CREATE TABLE positions (
    environment          TEXT   NOT NULL,
    account              TEXT   NOT NULL,
    subaccount           BIGINT NOT NULL,
    exchange_index       BIGINT NOT NULL,
    market               TEXT   NOT NULL,
    sequence             BIGINT NOT NULL REFERENCES facts (sequence),
    position_hundredths  BIGINT NOT NULL,
    cost_micros          BIGINT NOT NULL,
    fees_micros          BIGINT NOT NULL,
    settled              BIGINT NOT NULL CHECK (settled IN (0, 1)),
    by_fills_hundredths  BIGINT NOT NULL,
    by_fills_cost_micros BIGINT NOT NULL,
    payout_booked        BIGINT NOT NULL CHECK (payout_booked IN (0, 1)),
    PRIMARY KEY (environment, account, subaccount, exchange_index, market)
);

-- Payouts in their newest version.
CREATE TABLE settlements (
    environment      TEXT   NOT NULL,
    account          TEXT   NOT NULL,
    subaccount       BIGINT NOT NULL,
    exchange_index   BIGINT NOT NULL,
    market           TEXT   NOT NULL,
    sequence         BIGINT NOT NULL REFERENCES facts (sequence),
    version          BIGINT NOT NULL,
    event            TEXT   NOT NULL,
    result           TEXT   NOT NULL, -- yes, no or scalar
    yes_payout_units BIGINT NOT NULL,
    revenue_micros   BIGINT NOT NULL,
    settled_time_us  BIGINT NOT NULL,
    PRIMARY KEY (environment, account, subaccount, exchange_index, market)
);

-- Our trades in their newest state.
CREATE TABLE trades (
    environment             TEXT   NOT NULL,
    account                 TEXT   NOT NULL,
    subaccount              BIGINT NOT NULL,
    exchange_index          BIGINT NOT NULL,
    trade                   TEXT   NOT NULL,
    first_sequence          BIGINT NOT NULL REFERENCES facts (sequence),
    sequence                BIGINT NOT NULL REFERENCES facts (sequence),
    strategy                TEXT   NOT NULL,
    market                  TEXT   NOT NULL,
    event                   TEXT   NOT NULL,
    close_time_us           BIGINT NOT NULL,
    side                    TEXT   NOT NULL,
    status                  TEXT   NOT NULL,
    opened_time_us          BIGINT NOT NULL,
    closed_time_us          BIGINT,
    entry_reason            TEXT   NOT NULL,
    entry_probability_units BIGINT,
    entry_asset_price_cents BIGINT,
    bought_hundredths       BIGINT NOT NULL,
    sold_hundredths         BIGINT NOT NULL,
    cost_micros             BIGINT NOT NULL,
    proceeds_micros         BIGINT NOT NULL,
    fees_micros             BIGINT NOT NULL,
    close_reason            TEXT,
    PRIMARY KEY (environment, account, subaccount, exchange_index, trade)
);
