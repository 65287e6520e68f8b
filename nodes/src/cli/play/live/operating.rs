//! What operators of a play do: halt and resume, and post outside books.

use super::line::Who;
use super::venue::Venue;
use crate::cli::actor;
use crate::cli::failure::{Exit, Failure};
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::InstrumentId;
use hoga_proto::convert::follow::shown_snapshot;
use hoga_proto::v1;
use hoga_scenarios::grammar::{MarketAct, Sentence, Which};
use hoga_scenarios::time::Millis;

impl Venue {
    /// Does what the operator says.
    pub(super) async fn operated(&self, act: &MarketAct, at: Millis) -> Result<(), Failure> {
        self.record(at, &Sentence::Market(act.clone()))?;
        let (request_id, sent_at) = (self.request_id(), Some(actor::sent_now()));
        let operated = match act {
            MarketAct::Halt(which) => {
                let asked = self.lines.change(Who::Operator, async |call| match which {
                    Which::Everything => {
                        let request =
                            v1::HaltMarketRequest { request_id: request_id.clone(), sent_at };
                        call.admin().halt_market(request).await.map(drop)
                    }
                    Which::One(symbol) => {
                        let request = v1::HaltInstrumentRequest {
                            name: format!("instruments/{symbol}"),
                            request_id: request_id.clone(),
                            sent_at,
                        };
                        call.admin().halt_instrument(request).await.map(drop)
                    }
                });
                asked.await
            }
            MarketAct::Resume(which) => {
                let asked = self.lines.change(Who::Operator, async |call| match which {
                    Which::Everything => {
                        let request =
                            v1::ResumeMarketRequest { request_id: request_id.clone(), sent_at };
                        call.admin().resume_market(request).await.map(drop)
                    }
                    Which::One(symbol) => {
                        let request = v1::ResumeInstrumentRequest {
                            name: format!("instruments/{symbol}"),
                            request_id: request_id.clone(),
                            sent_at,
                        };
                        call.admin().resume_instrument(request).await.map(drop)
                    }
                });
                asked.await
            }
            // Refused before the play; a feed's books are cues of their own.
            MarketAct::Open | MarketAct::Close | MarketAct::Feed { .. } => Ok(()),
        };
        self.look(true).await;
        operated.map_err(|undone| {
            let failure = Failure::from(undone);
            Failure::new(Exit::Failure, format!("{failure}")).hint(format!("at {at}"))
        })
    }

    /// Posts an outside book behind the one that stands.
    pub(super) async fn posted(&self, instrument: InstrumentId, snapshot: Snapshot) {
        let mut listed = self.market.instruments.iter().zip(&self.boards);
        let Some((listed, board)) = listed.find(|(listed, _)| listed.id == instrument) else {
            return;
        };
        let name = format!("instruments/{}", listed.symbol);
        if board.book_no() == 0 {
            let request = v1::GetOutsideBookRequest { name: name.clone(), min_index: None };
            let asked = self.lines.ask(Who::Operator, async |call| {
                call.market().get_outside_book(request.clone()).await
            });
            let standing = asked.await.ok().and_then(|answer| answer.into_inner().book);
            board.number_books_from(standing.map_or(0, |book| book.number));
        }
        let snapshot = Snapshot { number: board.next_book(), ..snapshot };
        let book = shown_snapshot(&snapshot, listed);
        self.outside.borrow_mut().posted(listed.id, &snapshot);
        let request = v1::PostOutsideBookRequest { name, book: Some(book) };
        let asked = self.lines.change(Who::Operator, async |call| {
            call.admin().post_outside_book(request.clone()).await
        });
        if let Err(undone) = asked.await {
            self.refuse(undone.reason());
        }
    }
}
