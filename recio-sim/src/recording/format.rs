//! The frame around a recording's records: magic, block heads and bounds.

/// The format that this build writes and reads.
pub const FORMAT_VERSION: u16 = 1;

pub(super) const MAGIC: [u8; 8] = *b"RECIOREC";
pub(super) const BLOCK: u8 = b'B';
pub(super) const TRAILER: u8 = b'E';

/// A block is closed when its records take this much: enough to compress well, little enough to start playing at once.
pub(super) const BLOCK_TARGET: usize = 256 << 10;
/// The largest single record: a book with a level at every price of the finest grid on both sides takes half of it.
pub(super) const RECORD_MAX: usize = 512 << 10;
/// What a block may take raw: bounds what a damaged length can make a reader allocate.
pub(super) const RAW_MAX: u32 = 1 << 20;
/// What a block may take packed: zstd never makes it longer than this.
pub(super) const PACKED_MAX: u32 = (1 << 20) + (1 << 16);
/// What the header may take.
pub(super) const HEADER_MAX: u32 = 4 << 20;

/// The numbers at the head of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockHead {
    pub(super) raw: u32,
    pub(super) packed: u32,
    pub(super) records: u32,
    pub(super) crc: u32,
}

impl BlockHead {
    pub(super) const SIZE: usize = 16;

    pub(super) fn new(raw: u32, records: u32, packed: &[u8]) -> Self {
        let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
        let mut head = Self { raw, packed: length, records, crc: 0 };
        head.crc = head.expected_crc(packed);
        head
    }

    pub(super) fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        for (place, number) in bytes.chunks_exact_mut(4).zip([self.raw, self.packed, self.records, self.crc]) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        let [raw, packed, records, crc] =
            [0, 4, 8, 12].map(|at| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]));
        Self { raw, packed, records, crc }
    }

    pub(super) fn expected_crc(&self, packed: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for number in [self.raw, self.packed, self.records] {
            hasher.update(&number.to_le_bytes());
        }
        hasher.update(packed);
        hasher.finalize()
    }
}
