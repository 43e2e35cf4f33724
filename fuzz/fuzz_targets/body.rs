#![no_main]

#[path = "../../recio-kalshi/tests/it/mutations/check.rs"]
#[allow(dead_code, reason = "each target uses one of the checks")]
mod check;

// The first byte says which kind of body the rest is.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((kind, text)) = data.split_first() {
        let kinds = check::BodyKind::ALL;
        check::body(kinds[usize::from(*kind) % kinds.len()], text);
    }
});
