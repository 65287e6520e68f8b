//! What a strip had before a restart: a file for each instrument, beside the log.
//!
//! It is a copy of what everybody could read, never a truth: a file that is missing, torn or old
//! costs the trades before the log's tail, and nothing else.

use super::{Strip, Tape};
use hoga_cluster::runtime::Exchange;
use hoga_engine::ids::{InstrumentId, TradeNo};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// Time between two writes.
const EVERY: Duration = Duration::from_secs(5);

/// Begins every file; another version of it is another layout.
const MARK: &[u8; 8] = b"hogatap3";

/// Where the strips of an exchange are kept.
pub fn directory(exchange: &Exchange) -> PathBuf {
    exchange.options().data.join("tape")
}

/// The strip of an instrument as it was last written; none when that cannot be read.
pub fn read(directory: &Path, instrument: InstrumentId) -> Option<Strip> {
    let bytes = fs::read(directory.join(instrument.0.to_string())).ok()?;
    let strip: Option<Strip> = (|| {
        let rest = bytes.strip_prefix(MARK)?;
        let (sum, body) = rest.split_first_chunk()?;
        (xxh3_64(body) == u64::from_le_bytes(*sum)).then(|| postcard::from_bytes(body).ok())?
    })();
    if strip.is_none() {
        tracing::warn!(instrument = instrument.0, "the kept trades cannot be read, and are left");
    }
    strip
}

/// Writes the strips that have changed, on a thread that may wait for the disk.
pub async fn keep(tape: &Arc<Tape>, directory: PathBuf) {
    let changed: Vec<(InstrumentId, TradeNo, Vec<u8>)> = {
        let strips = tape.strips();
        let changed = strips.iter().filter_map(|(id, strip)| {
            let last = strip.trades.back()?.no;
            let body = postcard::to_stdvec(strip).ok().filter(|_| last != strip.kept)?;
            Some((*id, last, body))
        });
        changed.collect()
    };
    if changed.is_empty() {
        return;
    }
    let write = move || {
        fs::create_dir_all(&directory)?;
        changed.into_iter().try_fold(Vec::new(), |mut written, (id, last, body)| {
            write(&directory, id, &body)?;
            written.push((id, last));
            Ok::<_, io::Error>(written)
        })
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(written)) => {
            let mut strips = tape.strips();
            for (id, last) in written {
                if let Some(strip) = strips.get_mut(&id) {
                    strip.kept = last;
                }
            }
        }
        // The next round tries again; a full disk has said so elsewhere.
        Ok(Err(error)) => tracing::debug!(%error, "the last trades were not written down"),
        Err(_) => {}
    }
}

fn write(directory: &Path, instrument: InstrumentId, body: &[u8]) -> io::Result<()> {
    let unnamed = directory.join(format!("{}.tmp", instrument.0));
    let mut file = File::create(&unnamed)?;
    file.write_all(MARK)?;
    file.write_all(&xxh3_64(body).to_le_bytes())?;
    file.write_all(body)?;
    fs::rename(unnamed, directory.join(instrument.0.to_string()))
}

/// Keeps a tape written down for as long as there is one.
pub async fn keep_up(tape: Weak<Tape>, directory: PathBuf) {
    let mut turns = tokio::time::interval(EVERY);
    loop {
        turns.tick().await;
        let Some(tape) = tape.upgrade() else { return };
        keep(&tape, directory.clone()).await;
    }
}
