//! The keys of a person who watches a screen.

use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use tokio::sync::mpsc;

/// Keys that may wait; a person is slower.
const KEYS_MAX: usize = 16;

/// Keys as they are pressed.
pub struct Keys(mpsc::Receiver<Event>);

impl Keys {
    /// Listens for as long as the process lives.
    pub fn listen() -> Keys {
        let (press, keys) = mpsc::channel(KEYS_MAX);
        // A thread of its own: reading a key blocks. It ends with the process.
        std::thread::spawn(move || {
            while let Ok(event) = event::read() {
                if press.blocking_send(event).is_err() {
                    return;
                }
            }
        });
        Keys(keys)
    }

    /// The next key or change of size: whether it means the end. None when there are no more.
    pub async fn next(&mut self) -> Option<bool> {
        let event = self.0.recv().await?;
        let Some(key) = event.as_key_press_event() else { return Some(false) };
        let is_ctrl_c =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        Some(is_ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc))
    }
}
