//! The screen of a watched book: asks above, bids below, the last trades beside them.

use super::ladder::Ladder;
use super::watch::told;
use super::{rows, spread};
use crate::cli::actor;
use crate::cli::failure::Failure;
use crate::cli::keys::Keys;
use hoga_proto::v1;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Block, List, Row, Table};
use ratatui::{DefaultTerminal, Frame};

/// A terminal in our hands; given back when this is dropped.
pub struct Screen {
    terminal: DefaultTerminal,
    keys: Keys,
    symbol: String,
}

impl Screen {
    /// # Errors
    /// It is no terminal that can be painted on.
    pub fn open(instrument: &str) -> Result<Screen, Failure> {
        let terminal = ratatui::try_init()?;
        let keys = Keys::listen();
        Ok(Screen { terminal, keys, symbol: actor::last_part(instrument).to_owned() })
    }

    /// The next key or change of size: whether it means the end. None when there are no more.
    pub async fn key(&mut self) -> Option<bool> {
        self.keys.next().await
    }

    /// # Errors
    /// The terminal is gone.
    pub fn paint(&mut self, ladder: &Ladder, depth: usize, is_lost: bool) -> Result<(), Failure> {
        let symbol = &self.symbol;
        self.terminal.draw(|frame| draw(frame, symbol, ladder, depth, is_lost))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Lines around the ladder: its border, its headline.
const AROUND: usize = 3;

fn draw(frame: &mut Frame<'_>, symbol: &str, ladder: &Ladder, depth: usize, is_lost: bool) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)])
            .areas(frame.area());
    let [left, right] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(body);
    let room = usize::from(left.height).saturating_sub(AROUND) / 2;
    let book = ladder.book(depth.min(room));
    let last = ladder.trades.front().map(|trade| format!("  last {}", told(trade)));
    let title = format!("{symbol}  {}{}", spread(&book), last.unwrap_or_default());
    frame.render_widget(Line::from(title).bold(), head);
    frame.render_widget(table(&book), left);
    let trades = ladder.trades.iter().map(|trade| {
        let colour = if trade.taker_side() == v1::Side::Buy { Color::Green } else { Color::Red };
        Line::styled(told(trade), paint(colour))
    });
    frame.render_widget(List::new(trades).block(Block::bordered().title("trades")), right);
    let foot_line = if is_lost { "the connection is lost; trying again" } else { "q leaves" };
    frame.render_widget(Line::from(foot_line).dim(), foot);
}

fn table(book: &v1::Book) -> Table<'static> {
    let row = |[bid, price, ask, orders]: [String; 4]| {
        let colour = if bid.is_empty() { Color::Red } else { Color::Green };
        let cells = [bid, price, ask, orders].map(|cell| Line::from(cell).right_aligned());
        Row::new(cells).style(paint(colour))
    };
    let head = ["BID", "PRICE", "ASK", "ORDERS"].map(|name| Line::from(name).right_aligned());
    Table::new(rows(book).into_iter().map(row), [Constraint::Fill(1); 4])
        .header(Row::new(head))
        .block(Block::bordered().title("book"))
}

/// A colour, unless the reader has said NO_COLOR.
fn paint(colour: Color) -> Style {
    let is_forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_forbidden { Style::new() } else { Style::new().fg(colour) }
}
