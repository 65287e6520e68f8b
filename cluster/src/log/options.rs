//! The sizes of the log. Each bound carries its unit in its name.

use super::frame::BLOCK_BYTES;

/// How large things are. The defaults are for production; tests take small segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// Size of one segment file; a whole number of 4 KiB blocks.
    pub segment_bytes: u64,
    /// Most bytes handed to the disk in one write. It also bounds one entry.
    pub write_bytes_max: usize,
    /// Requests that may wait for the log's thread; who comes later waits for a place.
    pub queue_requests_max: usize,
    /// Payload bytes of durable entries kept in memory for followers and for apply.
    pub cache_bytes_max: usize,
    /// Prepared segments held ready ahead of the one being written.
    pub spare_segments: usize,
    /// A partition that needs a segment this much older than the current one is reported.
    pub stale_segments: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            write_bytes_max: 4 << 20,
            queue_requests_max: 1024,
            cache_bytes_max: 64 << 20,
            spare_segments: 2,
            stale_segments: 8,
        }
    }
}

impl LogOptions {
    /// Small segments, so that a test rolls over many of them quickly.
    #[must_use]
    pub fn small() -> Self {
        Self {
            segment_bytes: 64 << 10,
            write_bytes_max: 16 << 10,
            queue_requests_max: 64,
            cache_bytes_max: 8 << 10,
            spare_segments: 2,
            stale_segments: 8,
        }
    }

    /// Says what is wrong with these sizes, if anything is.
    ///
    /// # Errors
    /// A sentence that names the size and the rule.
    pub fn check(&self) -> Result<(), String> {
        let block = BLOCK_BYTES as u64;
        if !self.segment_bytes.is_multiple_of(block) || self.segment_bytes > u64::from(u32::MAX) {
            return Err(format!(
                "segment_bytes is {}; it must be a multiple of {block} below 4 GiB",
                self.segment_bytes
            ));
        }
        // A segment holds its header, its checkpoint, a few writes and its seal.
        if self.segment_bytes < 4 * self.write_bytes_max as u64 || self.write_bytes_max < 8192 {
            return Err(format!(
                "write_bytes_max is {}; it must be at least 8192 and at most a quarter of \
                 segment_bytes ({})",
                self.write_bytes_max, self.segment_bytes
            ));
        }
        if self.queue_requests_max == 0 || self.spare_segments == 0 || self.stale_segments == 0 {
            return Err("queue_requests_max, spare_segments and stale_segments start at 1".into());
        }
        Ok(())
    }

    /// The largest payload one entry may have, in bytes.
    #[must_use]
    pub fn entry_bytes_max(&self) -> usize {
        // One write holds its header, a frame header, the entry's own header, and the markers of
        // other partitions that ride along; a block is left for those.
        self.write_bytes_max - BLOCK_BYTES
    }
}
