-- More tables that are made from facts: one row, or some, for each fact, written with it and never changed. Runs unchanged on SQLite and on
-- PostgreSQL. Units as in 0001; besides, DOUBLE PRECISION holds probabilities from 0 to 1, and `_percent`. No money is ever one.

-- Every state of every order, the wish for it first.
CREATE TABLE order_events (
    sequence            BIGINT NOT NULL PRIMARY KEY REFERENCES facts (sequence),
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    time_us             BIGINT NOT NULL,
    client_order_id     TEXT   NOT NULL,
    exchange_order_id   TEXT,
    status              TEXT   NOT NULL,
    filled_hundredths   BIGINT NOT NULL,
    reason              TEXT
);
CREATE INDEX order_events_by_order ON order_events (client_order_id, sequence);

-- Decisions of strategies, one row a strike: what the model and the market said when the view was made, and the verdict. Of each monitor and
-- event there is the first answer in every minute, every answer of which something was entered, and every answer with a wish that was
-- refused as no wish before it in that minute. Model and market are in YES terms, the limit in the terms of `side`.
CREATE TABLE decisions (
    sequence            BIGINT NOT NULL REFERENCES facts (sequence),
    line                BIGINT NOT NULL CHECK (line >= 1),
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    strategy            TEXT   NOT NULL,
    view_number         BIGINT NOT NULL,
    view_time_us        BIGINT NOT NULL,
    time_us             BIGINT NOT NULL,
    event               TEXT   NOT NULL,
    close_time_us       BIGINT NOT NULL,
    asset_price_cents   BIGINT,
    momentum_percent    DOUBLE PRECISION,
    market              TEXT   NOT NULL,
    model               DOUBLE PRECISION,
    model_low           DOUBLE PRECISION, -- the ends of its 90 % interval
    model_high          DOUBLE PRECISION,
    model_unknown       TEXT,             -- why there is no value
    bid_units           BIGINT,
    bid_hundredths      BIGINT,
    ask_units           BIGINT,
    ask_hundredths      BIGINT,
    verdict             TEXT   NOT NULL,  -- entered, refused, skipped or silent
    side                TEXT,
    action              TEXT,
    limit_units         BIGINT,
    quantity_hundredths BIGINT,
    reason              TEXT,             -- the code of why not
    why                 TEXT,             -- the strategy's words for why
    PRIMARY KEY (sequence, line)
);
CREATE INDEX decisions_by_market ON decisions (market, time_us);

-- The double-entry books: above zero a debit. The lines of one fact and booking sum to zero; a fact that changes what was booked has a
-- reversal among its lines.
CREATE TABLE ledger_entries (
    sequence            BIGINT NOT NULL REFERENCES facts (sequence),
    line                BIGINT NOT NULL CHECK (line >= 1),
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    time_us             BIGINT NOT NULL,
    booking             TEXT   NOT NULL, -- opening, external, fill, settlement or reversal
    ledger_account      TEXT   NOT NULL, -- cash, position, fees, realized_pnl, opening_equity or external
    market              TEXT,            -- of a position
    amount_micros       BIGINT NOT NULL CHECK (amount_micros <> 0),
    PRIMARY KEY (sequence, line)
);

-- An account's balances after each fact that moved its books. Cash is always funded - cost - fees + realized.
CREATE TABLE balances (
    sequence            BIGINT NOT NULL PRIMARY KEY REFERENCES facts (sequence),
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    time_us             BIGINT NOT NULL,
    cash_micros         BIGINT NOT NULL,
    funded_micros       BIGINT NOT NULL, -- opening cash, and what came from outside since
    cost_micros         BIGINT NOT NULL, -- of the contracts held
    fees_micros         BIGINT NOT NULL,
    realized_micros     BIGINT NOT NULL  -- without fees
);
CREATE INDEX balances_by_account ON balances (environment, account, subaccount, exchange_index, sequence);

-- What a person has to look at.
CREATE TABLE alarms (
    sequence            BIGINT NOT NULL PRIMARY KEY REFERENCES facts (sequence),
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    time_us             BIGINT NOT NULL,
    run                 TEXT   NOT NULL,
    strategy            TEXT,
    text                TEXT   NOT NULL
);

-- Orders that would have been sent, had orders been sent.
CREATE TABLE shadow_orders (
    sequence            BIGINT NOT NULL PRIMARY KEY REFERENCES facts (sequence),
    environment         TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    subaccount          BIGINT NOT NULL,
    exchange_index      BIGINT NOT NULL,
    time_us             BIGINT NOT NULL,
    strategy            TEXT,
    market              TEXT   NOT NULL,
    side                TEXT   NOT NULL,
    limit_units         BIGINT NOT NULL,
    quantity_hundredths BIGINT NOT NULL,
    model               DOUBLE PRECISION,
    edge_units          DOUBLE PRECISION, -- ten-thousandths of a dollar a contract: the model's value less price and exact fee
    why                 TEXT   NOT NULL
);
