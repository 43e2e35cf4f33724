//! The commonest frame by far, a change of a book, read without the generality that other frames need.
//!
//! It is read here only in the very form in which the exchange writes it: the keys in their order, no escapes, no spaces. Anything else is left
//! to serde_json, which decides alone what is an error; whatever is read here, serde_json would have read alike (a test holds them together).

use super::frame_bodies::DeltaMessage;
use super::{Frame, FrameBody, Text};

/// So many digits fit both an `i64` and a `u64`.
const MAX_DIGITS: usize = 18;

struct Scan<'a>(&'a str);

impl<'a> Scan<'a> {
    /// Passes over a literal.
    fn pass(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// A string's content up to its closing quote; `None` where it holds an escape.
    fn string(&mut self) -> Option<Text<'a>> {
        let end = memchr::memchr2(b'"', b'\\', self.0.as_bytes())?;
        let content = self.0.get(..end)?;
        self.0 = self.0.get(end..)?.strip_prefix('"')?;
        Some(content.into())
    }

    /// A string that may be absent; `name` is what leads up to it.
    fn optional(&mut self, name: &str) -> Option<Option<Text<'a>>> {
        match self.pass(name) {
            Some(()) => self.string().map(Some),
            None => Some(None),
        }
    }

    /// A plain whole number, not below zero.
    fn number(&mut self) -> Option<u64> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let leads_with_zero = digits > 1 && self.0.starts_with('0');
        if digits == 0 || digits > MAX_DIGITS || leads_with_zero {
            return None;
        }
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        Some(number.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
    }

    /// As [`number`](Self::number), where it may be absent.
    fn optional_number(&mut self, name: &str) -> Option<Option<i64>> {
        match self.pass(name) {
            Some(()) => self.number().map(|value| Some(value.cast_signed())),
            None => Some(None),
        }
    }
}

/// Reads a change in the exchange's own form; `None` for everything else, sound or not.
pub(super) fn read(text: &str) -> Option<Frame<'_>> {
    let mut scan = Scan(text);
    scan.pass(r#"{"type":"orderbook_delta","sid":"#)?;
    // JSON has no control characters inside of strings; outside of them only the line break at the end is usual.
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.bytes().any(|byte| byte < b' ') {
        return None;
    }
    let sid = scan.number()?;
    scan.pass(r#","seq":"#)?;
    let seq = scan.number()?;
    scan.pass(r#","msg":{"market_ticker":""#)?;
    let market_ticker = scan.string()?;
    let market_id = scan.optional(r#","market_id":""#)?;
    scan.pass(r#","price_dollars":""#)?;
    let price_dollars = scan.string()?;
    scan.pass(r#","delta_fp":""#)?;
    let delta_fp = scan.string()?;
    scan.pass(r#","side":""#)?;
    let side = scan.string()?;
    let ts = scan.optional(r#","ts":""#)?;
    let ts_ms = scan.optional_number(r#","ts_ms":"#)?;
    let client_order_id = scan.optional(r#","client_order_id":""#)?;
    let subaccount = match scan.optional_number(r#","subaccount":"#)? {
        Some(number) => Some(u16::try_from(number).ok()?),
        None => None,
    };
    scan.pass("}")?;
    let sending_ts_ms = scan.optional_number(r#","sending_ts_ms":"#)?;
    scan.pass("}")?;
    if !matches!(scan.0, "" | "\n") {
        return None;
    }
    let message = DeltaMessage {
        market_ticker,
        market_id,
        price_dollars,
        delta_fp,
        side,
        ts,
        ts_ms,
        client_order_id,
        subaccount,
    };
    Some(Frame { sid: Some(sid), seq: Some(seq), id: None, sending_ts_ms, body: FrameBody::Delta(message) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prop_assert_eq, proptest, sample::Index};

    const LONGEST: &str = concat!(
        r#"{"type":"orderbook_delta","sid":1,"seq":20,"msg":{"market_ticker":"KXBTC-26APR1817-B76875","#,
        r#""market_id":"40b92a88-8bde-4a7e-9d41-da979865ae04","price_dollars":"0.8100","delta_fp":"-5000.00","side":"no","#,
        r#""ts":"2026-04-18T05:34:49.816683Z","ts_ms":1776490489816,"client_order_id":"c-1","subaccount":3},"#,
        r#""sending_ts_ms":1776490489900}"#,
    );

    /// What is read here is what serde_json reads; whether it was read here.
    fn agrees(text: &str) -> bool {
        let Some(frame) = read(text) else { return false };
        let general: Frame<'_> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(frame, general, "{text}");
        true
    }

    #[test]
    fn the_exchanges_own_form_is_read_here() {
        assert!(agrees(LONGEST));
        assert!(agrees(&format!("{LONGEST}\n")));
        for optional in [
            r#""market_id":"40b92a88-8bde-4a7e-9d41-da979865ae04","#,
            r#","ts":"2026-04-18T05:34:49.816683Z""#,
            r#","ts_ms":1776490489816"#,
            r#","client_order_id":"c-1""#,
            r#","subaccount":3"#,
            r#","sending_ts_ms":1776490489900"#,
        ] {
            let shorter = LONGEST.replace(optional, "");
            assert!(shorter.len() < LONGEST.len() && agrees(&shorter), "{shorter}");
        }
    }

    #[test]
    fn every_recorded_change_is_read_here() {
        let mut changes = 0;
        for line in include_str!("../../tests/data/ws_kxbtc_20260418.jsonl").lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let raw = line["raw"].as_str().unwrap();
            if raw.starts_with(r#"{"type":"orderbook_delta""#) {
                assert!(agrees(raw), "{raw}");
                changes += 1;
            }
        }
        assert_eq!(changes, 61);
    }

    #[test]
    fn every_other_form_is_left_to_the_general_reader() {
        for (from, to) in [
            (r#""sid":1"#, r#""sid": 1"#),
            (r#""sid":1"#, r#""sid":01"#),
            (r#""sid":1"#, r#""sid":-1"#),
            (r#""seq":20"#, r#""seq":20.0"#),
            (r#""seq":20"#, r#""seq":20000000000000000000"#),
            (r#""seq":20"#, r#""seq":null"#),
            (r#""side":"no""#, r#""side":"n\u006f""#),
            (r#""side":"no""#, r#""side":null"#),
            (r#""side":"no""#, r#""side":"no","side":"yes""#),
            (r#""side":"no""#, r#""side":"no","new":1"#),
            ("KXBTC", "KX\nBTC"),
            (r#""subaccount":3"#, r#""subaccount":70000"#),
            (r#""price_dollars":"0.8100","#, ""),
            ("orderbook_delta", "orderbook_deltas"),
        ] {
            let text = LONGEST.replace(from, to);
            assert!(text != LONGEST && read(&text).is_none(), "{text}");
        }
        assert!(read(&format!("{LONGEST}x")).is_none());
        assert!(read(&LONGEST[..LONGEST.len() - 1]).is_none());
    }

    proptest! {
        /// Whatever is changed, this reader never takes what the general one does not take alike.
        #[test]
        fn damaged_frames_agree(changes in vec((proptest::prelude::any::<Index>(), 0_u8..128, 0_u8..3), 0..4)) {
            let mut bytes = LONGEST.as_bytes().to_vec();
            for (at, byte, how) in changes {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => { bytes.remove(at); }
                }
            }
            let text = String::from_utf8(bytes).unwrap();
            let fast = read(&text);
            if fast.is_some() {
                prop_assert_eq!(fast, serde_json::from_str(&text).ok());
            }
        }
    }
}
