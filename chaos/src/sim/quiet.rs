//! Panics inside the simulated cluster are findings, not noise: they are kept out of stderr.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::sync::Once;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

static ONCE: Once = Once::new();

/// Runs something whose panics on this thread are remembered instead of printed.
pub fn quietly<T>(act: impl FnOnce() -> T) -> T {
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IS_QUIET.with(Cell::get) { note(info) } else { before(info) }
        }));
    });
    let was = IS_QUIET.replace(true);
    let result = act();
    IS_QUIET.set(was);
    result
}

fn note(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
    let text = format!("{} at {}", text_of(info.payload()), place.unwrap_or_default());
    LAST.with(|last| *last.borrow_mut() = Some(text));
}

/// The last panic on this thread, with its place.
#[must_use]
pub fn last_panic() -> Option<String> {
    LAST.with(|last| last.borrow_mut().take())
}

/// What a panic said.
#[must_use]
pub fn text_of(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic without words".into())
}
