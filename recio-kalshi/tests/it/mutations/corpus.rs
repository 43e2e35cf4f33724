//! What is mutated: everything recorded in `tests/data`, and one frame of each documented type.

use super::check::BodyKind;
use crate::data;
use crate::frames::{DOCUMENTED, recorded_frames};
use recio_kalshi::signing::{generate_ed25519, generate_rsa_2048};
use secrecy::ExposeSecret;

pub(crate) fn frames() -> Vec<((), Vec<u8>)> {
    let documented = DOCUMENTED.iter().map(|text| (*text).to_owned());
    recorded_frames().into_iter().chain(documented).map(|text| ((), text.into_bytes())).collect()
}

pub(crate) fn bodies() -> Vec<(BodyKind, Vec<u8>)> {
    use BodyKind as K;
    let files = [
        (K::Limits, "demo_account__limits"),
        (K::Costs, "demo_account__endpoint_costs"),
        (K::Balance, "demo_auth__balance_ok"),
        (K::Status, "demo_exchange__status"),
        (K::Fills, "demo_fills__after_taker"),
        (K::Market, "demo_markets__single"),
        (K::Book, "demo_orderbook__base"),
        (K::Canceled, "demo_orders__cancel_v2"),
        (K::Created, "demo_orders__create_v2_maker"),
        (K::Created, "demo_orders__create_v2_taker_ioc"),
        (K::Order, "demo_orders__get_after_create"),
        (K::Positions, "demo_portfolio__positions"),
        (K::Settlements, "demo_settlements__page"),
        (K::Trades, "demo_trades__public"),
        (K::Markets, "prod_markets_open_KXBTC15M_2026-09-25"),
        (K::Markets, "prod_markets_open_KXBTCD_2026-09-25"),
        (K::Markets, "prod_markets_settled_KXBTC15M_2026-09-25"),
        (K::Series, "prod_series_KXBTCD_2026-09-25"),
        (K::Error, "demo_orders__insufficient_balance"),
        (K::Error, "demo_auth__skew_minus30s"),
    ];
    files.into_iter().map(|(kind, file)| (kind, data(&format!("{file}.json")).into_bytes())).collect()
}

pub(crate) fn tickers() -> Vec<((), Vec<u8>)> {
    let names = [
        "KXBTCD-26NOV2217-T91249.99",
        "KXBTC-26NOV2217-B91250",
        "KXBTC15M-26NOV221715-15",
        "KXETHD-26NOV2217-T3109.99",
        "KXETH15M-26MAR080300-00",
        "KXBTCD-26NOV0101-T0.01",
    ];
    names.map(|name| ((), name.as_bytes().to_vec())).into()
}

/// Keys made for this run: none is committed.
pub(crate) fn key_files() -> Vec<((), Vec<u8>)> {
    let keys = [generate_ed25519("k").unwrap(), generate_rsa_2048("k").unwrap()];
    keys.map(|key| ((), key.pem.expose_secret().as_bytes().to_vec())).into()
}
