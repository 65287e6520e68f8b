//! An outside market on this machine: a WebSocket server in Upbit's format that replays a capture,
//! each book with the time at which it is sent. It can have moods.

// Each test binary uses its part of this.
#![allow(dead_code)]

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/data/upbit-small.capture");
const BOOK_EVERY: Duration = Duration::from_millis(20);

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Sends a book of each subscribed code, again and again.
    Trades,
    /// Lets nobody in.
    Refuses,
    /// Neither reads nor sends, and keeps everybody waiting.
    Silent,
    /// Answers pings, and sends no book.
    Mute,
    /// Sends what is no book, between books.
    Garbage,
}

#[derive(Default)]
struct Known {
    /// Codes of each connection that is open.
    open: BTreeMap<u64, BTreeSet<String>>,
    /// Tries to connect.
    tries: u64,
    /// Connections that were opened.
    connects: u64,
    /// Requests to subscribe.
    requests: u64,
    /// Everybody before this one is to be cut off.
    cut_before: u64,
    /// Books to be sent at once, without a pause.
    pour: usize,
}

/// A running market; it ends when this is dropped.
pub struct Venue {
    pub url: String,
    known: Arc<Mutex<Known>>,
    mood: watch::Sender<Mood>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Venue {
    pub fn open() -> Venue {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("ws://{}/websocket/v1", listener.local_addr().expect("an address"));
        let known = Arc::new(Mutex::new(Known::default()));
        let mood = watch::channel(Mood::Trades).0;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = serve(listener, known.clone(), mood.subscribe());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                tokio::select! {
                    () = serving => {}
                    _ = stopped => {}
                }
            });
        });
        Venue { url, known, mood, _stop: stop }
    }

    pub fn be(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Cuts everybody off.
    pub fn cut_all(&self) {
        let mut known = self.lock();
        known.cut_before = known.connects + 1;
    }

    /// Sends so many books of each code at once.
    pub fn pour(&self, books: usize) {
        self.lock().pour = books;
    }

    /// What each open connection hears.
    pub fn heard(&self) -> Vec<BTreeSet<String>> {
        self.lock().open.values().cloned().collect()
    }

    pub fn tries(&self) -> u64 {
        self.lock().tries
    }

    pub fn connects(&self) -> u64 {
        self.lock().connects
    }

    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panicked")
    }
}

async fn serve(
    listener: std::net::TcpListener,
    known: Arc<Mutex<Known>>,
    mood: watch::Receiver<Mood>,
) {
    let listener = TcpListener::from_std(listener).expect("a socket");
    let capture = std::fs::read_to_string(CAPTURE).expect("the capture");
    let frame = |line: &str| {
        let text = line.split_once(": b'")?.1.strip_suffix('\'')?;
        text.contains("\"orderbook\"").then(|| serde_json::from_str(text).expect("JSON"))
    };
    let books: Arc<[Value]> = capture.lines().filter_map(frame).collect();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        known.lock().expect("nobody panicked").tries += 1;
        if *mood.borrow() == Mood::Refuses {
            continue;
        }
        tokio::spawn(attend(stream, books.clone(), known.clone(), mood.clone()));
    }
}

/// One client, until it goes or is cut off.
async fn attend(
    stream: TcpStream,
    books: Arc<[Value]>,
    known: Arc<Mutex<Known>>,
    mood: watch::Receiver<Mood>,
) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let number = {
        let mut known = known.lock().expect("nobody panicked");
        known.connects += 1;
        let number = known.connects;
        known.open.insert(number, BTreeSet::new());
        number
    };
    // It ends when the client goes: there is no other end.
    let _: Option<()> = talk(socket, number, &books, &known, mood).await;
    known.lock().expect("nobody panicked").open.remove(&number);
}

/// None when the client is gone.
async fn talk(
    mut socket: WebSocketStream<TcpStream>,
    number: u64,
    books: &[Value],
    known: &Mutex<Known>,
    mut mood: watch::Receiver<Mood>,
) -> Option<()> {
    let mut next = books.iter().cycle();
    let mut turns = tokio::time::interval(BOOK_EVERY);
    loop {
        if *mood.borrow_and_update() == Mood::Silent {
            mood.changed().await.ok()?;
            continue;
        }
        tokio::select! {
            message = socket.next() => {
                let text = match message?.ok()? {
                    Message::Text(text) => text,
                    Message::Close(_) => return None,
                    _ => continue,
                };
                let request: Value = serde_json::from_str(&text).expect("a request is JSON");
                let mut known = known.lock().expect("nobody panicked");
                known.requests += 1;
                known.open.insert(number, codes(&request));
            }
            _ = turns.tick() => {
                let (codes, count) = {
                    let mut known = known.lock().expect("nobody panicked");
                    if number < known.cut_before {
                        return None;
                    }
                    (known.open[&number].clone(), std::mem::take(&mut known.pour).max(1))
                };
                if *mood.borrow() == Mood::Garbage {
                    socket.send(Message::text("{\"ty\":\"orderbook\",\"cd\":")).await.ok()?;
                    socket.send(Message::binary(vec![0xff, 0xfe])).await.ok()?;
                    let empty = "{\"ty\":\"orderbook\",\"cd\":\"KRW-BTC\"}";
                    socket.send(Message::text(empty)).await.ok()?;
                    let refused = "{\"error\":{\"name\":\"WRONG_FORMAT\",\"message\":\"no\"}}";
                    socket.send(Message::text(refused)).await.ok()?;
                }
                if *mood.borrow() == Mood::Mute {
                    continue;
                }
                for code in codes {
                    for book in next.by_ref().take(count) {
                        let frame = restamped(book, &code);
                        socket.feed(Message::binary(frame)).await.ok()?;
                    }
                }
                socket.flush().await.ok()?;
            }
            _ = mood.changed() => {}
        }
    }
}

/// The codes of `[{"ticket":…},{"type":"orderbook","codes":[…]},{"format":"SIMPLE"}]`.
fn codes(request: &Value) -> BTreeSet<String> {
    let parts = request.as_array().expect("a list");
    assert!(parts[0]["ticket"].is_string(), "{request}");
    assert!(parts.iter().any(|part| part["format"] == "SIMPLE"), "{request}");
    let books = parts.iter().find(|part| part["type"] == "orderbook").expect("books");
    let code = |code: &Value| code.as_str().expect("text").to_owned();
    books["codes"].as_array().expect("a list").iter().map(code).collect()
}

fn restamped(book: &Value, code: &str) -> Vec<u8> {
    let now = UNIX_EPOCH.elapsed().expect("a clock").as_millis() as u64;
    let mut book = book.clone();
    (book["cd"], book["tms"]) = (code.into(), now.into());
    book.to_string().into_bytes()
}
