//! What there is of prices, markets, strike tables and health: observations.
//!
//! Where the clock shows an hour twice, the later round counts, and nothing is shown that is later by the clock than the newest: readers ask for
//! the last row by the text of its time.

/// What v2 logged, and then the closes of recio's bars of a second: of the median of the venues where there is one. Mean, momentum and changes
/// are worked out for the newest ten minutes alone, since they are asked for by the newest row; a change against a price that is more than a
/// minute older than it has to be is none.
pub(in crate::v2::adopt) const PRICES: &str = r#"
SELECT p.written AS timestamp, p.price_micros / 1e6 AS price, p.mean_micros / 1e6 AS one_minute_avg, p.momentum, p.change_1m AS delta_1m,
       p.change_2m AS delta_2m, p.change_3m AS delta_3m, p.change_4m AS delta_4m, p.change_15m AS delta_15m, p.change_30m AS delta_30m
FROM imported_prices p WHERE p.asset = $asset
UNION ALL
SELECT to_char(b.clock, 'YYYY-MM-DD"T"HH24:MI:SS'), b.close_cents / 100.0, m.mean, m.momentum, m.d1, m.d2, m.d3, m.d4, m.d15, m.d30
FROM (SELECT max(start_us) AS us FROM price_bars WHERE asset = $asset AND resolution_seconds = 1) n
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (clock) v2_backup.eastern(o.start_us) AS clock, o.source, o.start_us, o.close_cents
    FROM price_bars o WHERE o.asset = $asset AND o.resolution_seconds = 1
    ORDER BY clock, o.start_us DESC, o.source = 'median' DESC, o.source) b
LEFT JOIN LATERAL (
    SELECT (SELECT avg(o.close_cents) / 100 FROM price_bars o WHERE o.asset = $asset AND o.resolution_seconds = 1 AND o.source = b.source
            AND o.start_us > b.start_us - 60000000 AND o.start_us <= b.start_us) AS mean,
           sum(c.weight * c.change) / sum(c.weight) FILTER (WHERE c.change IS NOT NULL) AS momentum,
           max(c.change) FILTER (WHERE c.minutes = 1) AS d1, max(c.change) FILTER (WHERE c.minutes = 2) AS d2,
           max(c.change) FILTER (WHERE c.minutes = 3) AS d3, max(c.change) FILTER (WHERE c.minutes = 4) AS d4,
           max(c.change) FILTER (WHERE c.minutes = 15) AS d15, max(c.change) FILTER (WHERE c.minutes = 30) AS d30
    FROM (SELECT w.minutes, w.weight, 100 * (b.close_cents / (
              SELECT o.close_cents FROM price_bars o WHERE o.asset = $asset AND o.resolution_seconds = 1 AND o.source = b.source
              AND o.start_us BETWEEN b.start_us - (w.minutes + 1) * 60000000 AND b.start_us - w.minutes * 60000000
              ORDER BY o.start_us DESC LIMIT 1)::numeric - 1) AS change
          FROM (VALUES (1::bigint, 0.30), (2, 0.25), (3, 0.20), (4, 0.15), (15, 0.05), (30, 0.05)) w (minutes, weight)) c
) m ON b.start_us > n.us - 600000000
WHERE b.clock <= v2_backup.eastern(n.us)
  AND NOT EXISTS (SELECT FROM imported_prices p WHERE p.asset = $asset AND p.time_us = b.start_us)"#;

/// In percent, against the newest price that is so old; nothing where it is more than a minute older than that.
pub(in crate::v2::adopt) const CHANGE: &str = r#"
WITH p AS (SELECT time_us, price_micros / 1e6 AS price FROM imported_prices WHERE asset = $asset
           UNION ALL SELECT start_us, close_cents / 100.0 FROM price_bars WHERE resolution_seconds = 1 AND asset = $asset),
     n AS (SELECT time_us, price FROM p ORDER BY time_us DESC LIMIT 1)
SELECT 100 * (n.price / a.price - 1) AS change1h, 100 * (n.price / b.price - 1) AS change3h, 100 * (n.price / c.price - 1) AS change1d,
       to_char(v2_backup.eastern(n.time_us), 'YYYY-MM-DD"T"HH24:MI:SS') AS timestamp FROM n
LEFT JOIN LATERAL (SELECT price FROM p WHERE time_us BETWEEN n.time_us - 3660000000 AND n.time_us - 3600000000
                   ORDER BY time_us DESC LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT price FROM p WHERE time_us BETWEEN n.time_us - 10860000000 AND n.time_us - 10800000000
                   ORDER BY time_us DESC LIMIT 1) b ON true
LEFT JOIN LATERAL (SELECT price FROM p WHERE time_us BETWEEN n.time_us - 86460000000 AND n.time_us - 86400000000
                   ORDER BY time_us DESC LIMIT 1) c ON true"#;

/// The table of the moment: of the events that were seen in the last minute before the newest, one of the hour's thresholds, and the one that
/// closes first.
macro_rules! newest_table {
    () => {
        "(SELECT s.* FROM strike_tables s, \
          (SELECT max(time_us) AS us FROM strike_tables WHERE asset = $asset) m \
          WHERE s.asset = $asset AND s.time_us > m.us - 60000000 AND s.time_us < s.close_time_us \
          ORDER BY s.family <> 'hourly_threshold', s.close_time_us, s.event, s.time_us DESC LIMIT 1)"
    };
}

/// The quotes of the strike table of the moment, in cents.
pub(in crate::v2::adopt) const MARKET: &str = concat!(
    "SELECT r.event AS event_ticker, r.market AS market_ticker, '$' || to_char(ceil(r.floor_cents / 100.0), 'FM999,999,999') AS strike, \
     r.bid_units / 100.0 AS yes_bid, r.ask_units / 100.0 AS yes_ask, 100 - r.ask_units / 100.0 AS no_bid, \
     100 - r.bid_units / 100.0 AS no_ask, NULL AS last_price, r.volume_hundredths / 100.0 AS volume, NULL AS volume_24h, \
     NULL AS open_interest, NULL AS liquidity, v2_backup.utc(r.time_us) AS created_at, v2_backup.utc(r.time_us) AS updated_at FROM ",
    newest_table!(),
    " t JOIN strike_rows r ON r.event = t.event AND r.time_us = t.time_us"
);

/// The strike table of the moment. Probability is that of the outcome on whose side the price is, as v2 showed it; the tier is the smallest
/// step between two strikes.
pub(in crate::v2::adopt) const STRIKES: &str = concat!(
    "SELECT to_char(v2_backup.eastern(t.time_us), 'YYYY-MM-DD\"T\"HH24:MI:SS') AS timestamp, $asset AS symbol, \
     t.asset_price_cents / 100.0 AS current_price, greatest(0, (t.close_time_us - t.time_us) / 1000000) AS ttc_seconds, 'Kalshi' AS broker, \
     t.event AS event_ticker, t.event AS market_title, min(r.step) OVER () / 100.0 AS strike_tier, \
     CASE r.trading WHEN 1 THEN 'active' ELSE 'closed' END AS market_status, ceil(r.floor_cents / 100.0) AS strike, \
     abs(t.asset_price_cents - r.floor_cents) / 100.0 AS buffer, 100.0 * abs(t.asset_price_cents - r.floor_cents) / t.asset_price_cents AS buffer_pct, \
     100 * CASE WHEN r.floor_cents <= t.asset_price_cents THEN r.model WHEN r.floor_cents > t.asset_price_cents THEN 1 - r.model END AS probability, \
     r.ask_units / 100.0 AS yes_ask, 100 - r.bid_units / 100.0 AS no_ask, 100 * r.model - r.ask_units / 100.0 AS yes_diff, \
     100 * (1 - r.model) - (100 - r.bid_units / 100.0) AS no_diff, r.volume_hundredths / 100.0 AS volume, r.market AS ticker, \
     CASE WHEN r.floor_cents <= t.asset_price_cents THEN 'yes' WHEN r.floor_cents > t.asset_price_cents THEN 'no' END AS active_side, \
     t.momentum_percent AS momentum_weighted_score FROM ",
    newest_table!(),
    " t CROSS JOIN LATERAL (SELECT *, s.floor_cents - lag(s.floor_cents) OVER (ORDER BY s.floor_cents) AS step FROM strike_rows s \
     WHERE s.event = t.event AND s.time_us = t.time_us AND s.floor_cents IS NOT NULL AND s.cap_cents IS NULL) r"
);

/// By v2's rules, with the settings that its view of them shows; v2's defaults where it shows none.
pub(in crate::v2::adopt) const WATCHLIST: &str = r#"
SELECT s.* FROM live_data.strike_table_$lower s
CROSS JOIN (SELECT coalesce(max(min_probability), 95) AS probability, coalesce(max(min_differential), 0.25) AS differential
            FROM users.auto_trade_settings_0001) r
WHERE s.volume >= 1000 AND s.probability > r.probability - 5 AND greatest(s.yes_ask, s.no_ask) <= 98
  AND greatest(s.yes_diff, s.no_diff) >= r.differential - 3"#;

/// recio's bars of a minute, after v2's.
pub(in crate::v2::adopt) const CANDLES: &str = r#"
SELECT to_char(v2_backup.eastern(start_us), 'YYYY-MM-DD"T"HH24:MI:SS') AS timestamp, open_cents / 100.0 AS open, high_cents / 100.0 AS high,
       low_cents / 100.0 AS low, close_cents / 100.0 AS close, NULL AS volume, NULL AS momentum
FROM (SELECT DISTINCT ON (start_us) * FROM price_bars WHERE resolution_seconds = 60 AND asset = $asset
      ORDER BY start_us, source = 'median' DESC, source) b"#;

/// One row, from the newest word of each service, whichever run it was of; none while no service said anything.
pub(in crate::v2::adopt) const HEALTH: &str = r#"
SELECT 1 AS id, CASE WHEN count(*) = count(*) FILTER (WHERE health = 'up') THEN 'healthy'
                     WHEN count(*) FILTER (WHERE health = 'down') > 0 THEN 'unhealthy' ELSE 'degraded' END AS overall_status,
       NULL AS cpu_percent, NULL AS memory_percent, NULL AS disk_percent, 'connected' AS database_status, NULL AS supervisor_status,
       count(*) FILTER (WHERE health = 'up') AS services_healthy, count(*) AS services_total,
       string_agg(service, ', ' ORDER BY service) FILTER (WHERE health <> 'up') AS failed_services,
       jsonb_object_agg(service, jsonb_build_object('health', health, 'detail', detail, 'instance', instance, 'time', v2_backup.utc(time_us)))
       AS health_details, v2_backup.eastern(max(time_us)) AS timestamp
FROM (SELECT DISTINCT ON (service) * FROM service_health ORDER BY service, time_us DESC, instance) newest
HAVING count(*) > 0"#;
