//! A seeded mutator of JSON texts: bytes, tokens, and whole fields.

use serde_json::Value;

/// Values that are often taken for something else.
const TOKENS: [&str; 24] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1e400",
    "1e-7",
    "0.5",
    "18446744073709551616",
    "9223372036854775808",
    "[]",
    "{}",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"-0.00\"",
    "\"1.00001\"",
    "\"NaN\"",
    "\"yes\"",
    "\"99999999999999999999\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[[[[[[]]]]]]",
];

/// Changes texts, always the same way for the same seed.
#[derive(Debug)]
pub(crate) struct Mutator(u64);

impl Mutator {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64, after Sebastiano Vigna's public domain code.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or_default()
    }

    /// A text of the corpus, changed one to four times; which one it was.
    pub(crate) fn mutate(&mut self, corpus: &[&[u8]]) -> (usize, Vec<u8>) {
        let which = self.below(corpus.len());
        let mut text = corpus[which].to_vec();
        for _ in 0..=self.below(4) {
            text = self.change(text, corpus);
        }
        (which, text)
    }

    fn change(&mut self, mut text: Vec<u8>, corpus: &[&[u8]]) -> Vec<u8> {
        if text.is_empty() {
            return b"{}".to_vec();
        }
        let (at, other) = (self.below(text.len()), self.below(text.len()));
        let (from, to) = (at.min(other), at.max(other));
        match self.below(12) {
            0 => text[at] ^= 1 << self.below(8),
            1 => text[at] = b"\"{}[]:,0123456789.-eE\\ nulltrue"[self.below(31)],
            2 => drop(text.drain(from..to.min(from + 12))),
            3 => {
                let copy = text[from..to.min(from + 40)].to_vec();
                text.splice(at..at, copy);
            }
            4 => text.truncate(at),
            5 => {
                let donor = corpus[self.below(corpus.len())];
                let begin = self.below(donor.len());
                let piece = donor[begin..donor.len().min(begin + 60)].to_vec();
                text.splice(from..to.min(from + 60), piece);
            }
            6 => {
                let token = TOKENS[self.below(TOKENS.len())];
                text.splice(at..at, token.bytes());
            }
            7 => {
                // Digits carry the money.
                let digits: Vec<usize> = (0..text.len()).filter(|at| text[*at].is_ascii_digit()).collect();
                if let Some(at) = digits.get(self.below(digits.len())) {
                    text[*at] = b'0' + u8::try_from(self.below(10)).unwrap_or_default();
                }
            }
            _ => return self.change_field(&text).unwrap_or(text),
        }
        text
    }

    /// Removes, replaces, doubles or renames one field, or shuffles where it stands; `None` where the text is not JSON.
    fn change_field(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let mut value: Value = serde_json::from_slice(text).ok()?;
        let fields = count_fields(&value);
        if fields == 0 {
            return None;
        }
        let (mut left, what) = (self.below(fields), self.below(4));
        let token = TOKENS[self.below(TOKENS.len())];
        let mut doubled = None;
        change_nth(&mut value, &mut left, &mut |object, key| match what {
            0 => drop(object.remove(key)),
            1 | 3 => {
                // A value that is no JSON by itself (a lone surrogate, a number too large) goes in as text.
                let new = serde_json::from_str(token).unwrap_or_else(|_| Value::from(token));
                if what == 3 {
                    doubled = object.get(key).map(|old| format!("\"{key}\":{old},"));
                }
                object.insert(key.to_owned(), new);
            }
            _ => {
                if let Some(old) = object.remove(key) {
                    object.insert(format!("{key}_"), old);
                }
            }
        });
        let mut text = value.to_string();
        if let Some(doubled) = doubled {
            // In front of the same key, so that the text has it twice.
            let key = doubled.split(':').next()?.to_owned() + ":";
            let at = text.find(&key)?;
            text.insert_str(at, &doubled);
        }
        Some(text.into_bytes())
    }
}

fn count_fields(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.values().map(|value| 1 + count_fields(value)).sum(),
        Value::Array(array) => array.iter().map(count_fields).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn change_nth(
    value: &mut Value,
    left: &mut usize,
    change: &mut impl FnMut(&mut serde_json::Map<String, Value>, &str),
) -> bool {
    match value {
        Value::Object(object) => {
            let keys: Vec<String> = object.keys().cloned().collect();
            for key in keys {
                if *left == 0 {
                    change(object, &key);
                    return true;
                }
                *left -= 1;
                if object.get_mut(&key).is_some_and(|value| change_nth(value, left, change)) {
                    return true;
                }
            }
            false
        }
        Value::Array(array) => array.iter_mut().any(|value| change_nth(value, left, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
