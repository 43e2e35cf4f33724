//! Reading numbers and times that all venues share the trouble with.

use jiff::Timestamp;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::units::{AssetPrice, to_micros_precision};
use serde_json::value::RawValue;

/// Decimals that decide about half up at the cent: the rest can be cut before rounding.
const PLACES: usize = 8;
/// 2010-01-01, before which no venue traded; an earlier stamp is a broken one.
const FIRST_SECOND: i64 = 1_262_304_000;
/// 2100-01-01.
const LAST_SECOND: i64 = 4_102_444_800;

/// The cents between which a price of the asset can be believed: BTC $100 to $10 million, ETH $1 to $1 million.
///
/// Wide on purpose: it keeps out wrong units and broken fields, not market moves.
#[must_use]
pub const fn plausible(asset: Asset) -> (u64, u64) {
    match asset {
        Asset::Btc => (10_000, 1_000_000_000),
        Asset::Eth => (100, 100_000_000),
    }
}

/// The beginning of a text, for an error message.
pub(super) fn clip(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(160)]).into_owned()
}

/// Reads a plain decimal as a price, rounded half up to the cent. No exponent, no sign, no NaN.
pub(super) fn price(asset: Asset, text: &str) -> Result<AssetPrice, String> {
    let refused = |why: &str| format!("`{}` is not a price of {asset}: {why}", clip(text.as_bytes()));
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain {
        return Err(refused("not a plain decimal"));
    }
    let cut = match text.find('.') {
        Some(point) => &text[..text.len().min(point + 1 + PLACES)],
        None => text,
    };
    let price = AssetPrice::parse_rounded(cut).map_err(|error| refused(&error.to_string()))?;
    let (low, high) = plausible(asset);
    if (low..=high).contains(&price.cents()) { Ok(price) } else { Err(refused("out of all reason")) }
}

/// A JSON number or string as its text.
pub(super) fn text(raw: &RawValue) -> &str {
    let text = raw.get();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// A JSON number or string as a whole number.
pub(super) fn whole(raw: &RawValue, name: &str) -> Result<u64, String> {
    let text = text(raw);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{name} `{}` is not a whole number", clip(text.as_bytes())));
    }
    text.parse().map_err(|_| format!("{name} `{}` is too large", clip(text.as_bytes())))
}

/// Reads an RFC 3339 time, cut to microseconds.
pub(super) fn rfc3339(text: &str) -> Result<Timestamp, String> {
    let time: Timestamp = text.parse().map_err(|_| format!("`{}` is not a time", clip(text.as_bytes())))?;
    sane(to_micros_precision(time))
}

/// Microseconds since 1970.
pub(super) fn from_micros(micros: u64) -> Result<Timestamp, String> {
    let refused = || format!("{micros} is not a time in microseconds");
    let signed = i64::try_from(micros).map_err(|_| refused())?;
    sane(Timestamp::from_microsecond(signed).map_err(|_| refused())?)
}

/// Seconds since 1970, on a whole minute.
pub(super) fn minute(seconds: u64) -> Result<Timestamp, String> {
    let time = from_micros(seconds.saturating_mul(1_000_000))?;
    if seconds.is_multiple_of(60) { Ok(time) } else { Err(format!("the candle of {time} does not start on a minute")) }
}

fn sane(time: Timestamp) -> Result<Timestamp, String> {
    if (FIRST_SECOND..LAST_SECOND).contains(&time.as_second()) {
        Ok(time)
    } else {
        Err(format!("the time {time} is out of all reason"))
    }
}

/// Makes a bar of four texts, checked.
pub(super) fn bar(asset: Asset, start: Timestamp, [open, high, low, close]: [&str; 4]) -> Result<Bar, String> {
    let bar = Bar {
        start,
        open: price(asset, open)?,
        high: price(asset, high)?,
        low: price(asset, low)?,
        close: price(asset, close)?,
    };
    bar.checked().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    #[test]
    fn prices_are_rounded_half_up_and_nothing_odd_passes() {
        let cents = |text: &str| price(Asset::Btc, text).map(AssetPrice::cents);
        assert_eq!(cents("81120"), Ok(8_112_000));
        assert_eq!(cents("81120.005"), Ok(8_112_001));
        assert_eq!(cents("81120.00499999999999999"), Ok(8_112_000));
        assert_eq!(cents("65000.010000000002"), Ok(6_500_001));
        for bad in
            ["", ".", "0", "0.00", "-81120", "+81120", "8.1e4", "NaN", "inf", "99.99", "10000000.01", "1,000", "81120."]
        {
            assert!(cents(bad).is_err(), "{bad}");
        }
        assert!(price(Asset::Eth, "99.99").is_ok());
    }

    #[test]
    fn times_out_of_reason_are_refused() {
        assert!(from_micros(1_778_501_351_435_927).is_ok());
        // Milliseconds and nanoseconds taken for microseconds.
        assert!(from_micros(1_778_501_351_435).is_err());
        assert!(from_micros(1_778_501_351_435_927_000).is_err());
        assert!(from_micros(u64::MAX).is_err());
        assert!(rfc3339("2014-11-07T08:19:27.028459Z").is_ok());
        assert!(rfc3339("yesterday").is_err());
        assert!(minute(1_559_755_801).is_err());
    }

    proptest! {
        #[test]
        fn whole_cents_are_read_exactly(cents in 10_000_u64..=1_000_000_000) {
            let text = format!("{}.{:02}", cents / 100, cents % 100);
            prop_assert_eq!(price(Asset::Btc, &text).map(AssetPrice::cents), Ok(cents));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = price(Asset::Btc, &text);
            let _ = rfc3339(&text);
        }
    }
}
