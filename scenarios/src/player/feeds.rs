//! Outside books that a play follows: files of recorded streams, in virtual time.

use std::fs::File;
use std::io::BufReader;
use std::iter::Peekable;
use std::path::Path;
use std::vec::IntoIter;

use hoga_engine::follow::Snapshot;
use hoga_engine::ids::InstrumentId;

use super::PlayError;
use crate::feed::{self, FeedError};
use crate::grammar::{MarketAct, Sentence};
use crate::listing::Market;
use crate::time::Millis;

/// A file that is being fed into an instrument.
struct Feed {
    instrument: InstrumentId,
    /// When each comes.
    books: Peekable<IntoIter<(Millis, Snapshot)>>,
}

#[derive(Default)]
pub(super) struct Feeds {
    running: Vec<Feed>,
    /// Books that could not be followed.
    pub unfit: u64,
}

impl Feeds {
    /// Looks at the file of a feed before anything is played.
    ///
    /// # Errors
    /// It is no recorded stream, has no book of the instrument, or that follows none.
    pub fn check(act: &MarketAct, folder: &Path, market: &Market) -> Result<(), PlayError> {
        Feeds::default().begin(act, folder, market, Millis(0))
    }

    /// Begins to feed a file, its first book at `from`.
    ///
    /// # Errors
    /// As [`Feeds::check`].
    pub fn begin(
        &mut self,
        act: &MarketAct,
        folder: &Path,
        market: &Market,
        from: Millis,
    ) -> Result<(), PlayError> {
        let MarketAct::Feed { file, symbol } = act else { return Ok(()) };
        let listed = market.instruments.iter().find(|listed| *listed.symbol == *symbol.as_str());
        let followed = listed.and_then(|listed| Some((listed, listed.follow.as_ref()?)));
        let Some((instrument, follow)) = followed else {
            let what = Sentence::Market(act.clone()).to_string();
            let why = format!("{symbol} follows no outside book; give it `follow` in its rules");
            return Err(PlayError::NotServed { what, why });
        };
        let name = file.as_str();
        let opened = File::open(folder.join(name))
            .map_err(|source| FeedError::Read { name: name.into(), source })?;
        let levels = usize::from(follow.levels_max);
        let (books, _) = feed::read_all(name, BufReader::new(opened), symbol.as_str(), levels)?;
        let Some(first) = books.first() else { return Ok(()) };
        let mut snapshots = Vec::with_capacity(books.len());
        for book in &books {
            // Its number is that of the place where it is posted.
            match feed::snapshot(book, 1, instrument) {
                Ok(snapshot) => {
                    snapshots.push((Millis(from.0 + feed::since(first, book).0), snapshot));
                }
                Err(_) => self.unfit += 1,
            }
        }
        let books = snapshots.into_iter().peekable();
        self.running.push(Feed { instrument: instrument.id, books });
        Ok(())
    }

    /// When the next book comes.
    pub fn next_time(&mut self) -> Option<Millis> {
        let next = self.running.iter_mut().filter_map(|feed| feed.books.peek());
        next.map(|(at, _)| *at).min()
    }

    /// The next book that comes at this time, in the order in which the feeds were begun.
    pub fn next(&mut self, at: Millis) -> Option<(InstrumentId, Snapshot)> {
        self.running.iter_mut().find_map(|feed| {
            let (_, snapshot) = feed.books.next_if(|(due, _)| *due == at)?;
            Some((feed.instrument, snapshot))
        })
    }
}
