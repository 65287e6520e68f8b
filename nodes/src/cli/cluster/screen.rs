//! The screen of a watched map: nodes, partitions, and below them what happened.

use super::map;
use super::watch::View;
use crate::cli::failure::Failure;
use crate::cli::keys::Keys;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::Stylize;
use ratatui::text::Line;
use ratatui::widgets::{Block, List, Paragraph};
use ratatui::{DefaultTerminal, Frame};

/// A terminal in our hands; given back when this is dropped.
pub struct Screen {
    terminal: DefaultTerminal,
    keys: Keys,
}

impl Screen {
    /// # Errors
    /// It is no terminal that can be painted on.
    pub fn open() -> Result<Screen, Failure> {
        Ok(Screen { terminal: ratatui::try_init()?, keys: Keys::listen() })
    }

    /// The next key or change of size: whether it means the end. None when there are no more.
    pub async fn key(&mut self) -> Option<bool> {
        self.keys.next().await
    }

    /// # Errors
    /// The terminal is gone.
    pub fn paint(&mut self, view: &View) -> Result<(), Failure> {
        self.terminal.draw(|frame| draw(frame, view))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

fn draw(frame: &mut Frame<'_>, view: &View) {
    let (nodes, partitions) = (view.map.nodes.len() as u16, view.map.partitions.len() as u16);
    let [above, middle, below, foot] = Layout::vertical([
        Constraint::Length(nodes + 3),
        Constraint::Length(partitions + 3),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let boxed = |text: String, title: &'static str| {
        Paragraph::new(text).block(Block::bordered().title(title))
    };
    frame.render_widget(boxed(map::nodes(&view.map).to_string(), "nodes"), above);
    let table = map::partitions(&view.map, Some(&view.rates));
    frame.render_widget(boxed(table.to_string(), "partitions"), middle);
    let told = view.told.iter().map(|(at, sentence)| Line::from(format!("{at:8.2} s  {sentence}")));
    frame.render_widget(List::new(told).block(Block::bordered().title("what happened")), below);
    let foot_line = if view.is_lost { "no node answers; trying again" } else { "q leaves" };
    frame.render_widget(Line::from(foot_line).dim(), foot);
}
