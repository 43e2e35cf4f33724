//! The file form of a fingerprint: a head with version and checksum, then the content.
//!
//! Layout: eight bytes `RECIOFPR`, two bytes version (little endian), 32 bytes SHA-256 of the rest, the rest: postcard of [`Content`].

use super::fingerprint::{Counts, HORIZON_MINUTES, ROWS, THRESHOLDS};
use super::{Fingerprint, FingerprintAbout};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"RECIOFPR";
const HEAD: usize = 8 + 2 + 32;
/// The version of the file form that is written and read.
pub const FINGERPRINT_FORMAT: u16 = 1;

/// Why bytes are not a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintFileError {
    /// Too short, or it does not begin as one.
    #[error("not a recio fingerprint: it does not begin with RECIOFPR")]
    NotAFingerprint,
    /// Another version.
    #[error(
        "the fingerprint has format {found}, this program reads {FINGERPRINT_FORMAT}: build it again from its bars"
    )]
    OtherFormat {
        /// Its version.
        found: u16,
    },
    /// The content is not what was written.
    #[error("the fingerprint is damaged: its checksum is {found}, its head says {expected}")]
    Damaged {
        /// In the head.
        expected: String,
        /// Of the content.
        found: String,
    },
    /// The checksum is right, yet the content makes no sense.
    #[error("the fingerprint's content is malformed: {0}")]
    Malformed(String),
}

/// What is in the file after its head.
#[derive(Serialize, Deserialize)]
struct Content {
    about: FingerprintAbout,
    minutes: u16,
    thresholds: u16,
    rows: u16,
    samples: Vec<u32>,
    independent: Vec<u32>,
    /// Per cell and threshold: moves of at least it that do not reach the next. Mostly zeros, one byte each.
    up: Vec<u32>,
    down: Vec<u32>,
}

impl Fingerprint {
    pub(super) fn from_counts(about: FingerprintAbout, counts: Counts) -> Self {
        let mut fingerprint = Self { about, hash: [0; 32], counts };
        fingerprint.hash = Sha256::digest(fingerprint.content()).into();
        fingerprint
    }

    /// Its file form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = self.content();
        let mut bytes = Vec::with_capacity(HEAD + content.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FINGERPRINT_FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.hash);
        bytes.extend_from_slice(&content);
        bytes
    }

    /// Reads the file form.
    ///
    /// # Errors
    /// It is something else, of another version, damaged, or malformed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FingerprintFileError> {
        use FingerprintFileError as E;
        let rest = bytes.strip_prefix(MAGIC).ok_or(E::NotAFingerprint)?;
        let (version, rest) = rest.split_first_chunk::<2>().ok_or(E::NotAFingerprint)?;
        let found = u16::from_le_bytes(*version);
        if found != FINGERPRINT_FORMAT {
            return Err(E::OtherFormat { found });
        }
        let (expected, content) = rest.split_first_chunk::<32>().ok_or(E::NotAFingerprint)?;
        let hash: [u8; 32] = Sha256::digest(content).into();
        if hash != *expected {
            return Err(E::Damaged { expected: hex::encode(expected), found: hex::encode(hash) });
        }
        let (content, tail) =
            postcard::take_from_bytes::<Content>(content).map_err(|error| E::Malformed(error.to_string()))?;
        if !tail.is_empty() {
            return Err(E::Malformed(format!("{} bytes too many", tail.len())));
        }
        let (about, counts) = content.checked().map_err(E::Malformed)?;
        Ok(Self { about, hash, counts })
    }

    fn content(&self) -> Vec<u8> {
        let Counts { up, down, samples, independent } = &self.counts;
        let content = Content {
            about: self.about.clone(),
            minutes: HORIZON_MINUTES as u16,
            thresholds: THRESHOLDS as u16,
            rows: ROWS as u16,
            samples: samples.clone(),
            independent: independent.clone(),
            up: apart(up),
            down: apart(down),
        };
        postcard::to_stdvec(&content).expect("numbers and a name always serialise into memory")
    }
}

impl Content {
    fn checked(self) -> Result<(FingerprintAbout, Counts), String> {
        let cells = ROWS * HORIZON_MINUTES;
        let shape = (usize::from(self.minutes), usize::from(self.thresholds), usize::from(self.rows));
        if shape != (HORIZON_MINUTES, THRESHOLDS, ROWS) {
            return Err(format!("it has {} minutes × {} thresholds × {} rows", shape.0, shape.1, shape.2));
        }
        let lengths = [self.samples.len(), self.independent.len()];
        if lengths != [cells; 2] || [self.up.len(), self.down.len()] != [cells * THRESHOLDS; 2] {
            return Err("it does not have as many counts as cells".into());
        }
        let up = together(&self.up)?;
        let down = together(&self.down)?;
        for cell in 0..cells {
            let (up, down) = (up[cell * THRESHOLDS], down[cell * THRESHOLDS]);
            let samples = self.samples[cell];
            let both = u64::from(up) + u64::from(down);
            if up > samples || down > samples || both < u64::from(samples) || self.independent[cell] > samples {
                return Err(format!("cell {cell} counts {up} up and {down} down of {samples} samples"));
            }
        }
        Ok((self.about, Counts { up, down, samples: self.samples, independent: self.independent }))
    }
}

/// From tails to bins.
fn apart(tails: &[u32]) -> Vec<u32> {
    let mut bins = tails.to_vec();
    for cell in bins.chunks_exact_mut(THRESHOLDS) {
        for threshold in 0..THRESHOLDS - 1 {
            cell[threshold] -= cell[threshold + 1];
        }
    }
    bins
}

/// From bins to tails.
fn together(bins: &[u32]) -> Result<Vec<u32>, String> {
    let mut tails = bins.to_vec();
    for cell in tails.chunks_exact_mut(THRESHOLDS) {
        for threshold in (0..THRESHOLDS - 1).rev() {
            let sum = cell[threshold].checked_add(cell[threshold + 1]);
            cell[threshold] = sum.ok_or("a cell counts more than four billion samples")?;
        }
    }
    Ok(tails)
}
