#![no_main]

#[path = "../../recio-kalshi/tests/it/mutations/check.rs"]
#[allow(dead_code, reason = "each target uses one of the checks")]
mod check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check::frame(data);
});
