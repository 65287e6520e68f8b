use super::{Callers, LOSS_WHOLE, Network, Proxy, Side, Sockets, owner_of};
use crate::chance::Chance;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const NODE: Side = Side::Node(2);
/// Nothing came for so long: it is held.
const HELD: Duration = Duration::from_millis(100);
const SOON: Duration = Duration::from_secs(10);

/// A node that says everything twice.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    address
}

async fn between_clients_and_a_node() -> (Network, Proxy, TcpStream) {
    let network = Network::new(Chance::new(1));
    let proxy = network.open(echo().await, 2, Callers::Clients).await.expect("a proxy");
    let stream = TcpStream::connect(proxy.address).await.expect("connected");
    (network, proxy, stream)
}

async fn says(stream: &mut TcpStream, word: &[u8]) {
    stream.write_all(word).await.expect("written");
    hears(stream, word).await;
}

async fn hears(stream: &mut TcpStream, word: &[u8]) {
    let mut heard = vec![0; word.len()];
    let read = timeout(SOON, stream.read_exact(&mut heard)).await;
    read.expect("in time").expect("read");
    assert_eq!(heard, word);
}

async fn hears_nothing(stream: &mut TcpStream) {
    let mut heard = [0];
    assert!(timeout(HELD, stream.read(&mut heard)).await.is_err(), "heard {heard:?}");
}

#[tokio::test]
async fn what_a_cut_holds_comes_when_it_is_healed() {
    let (network, _proxy, mut stream) = between_clients_and_a_node().await;
    says(&mut stream, b"before").await;
    network.change_both(Side::Clients, NODE, |way| way.is_cut = true);
    stream.write_all(b"during").await.expect("written");
    hears_nothing(&mut stream).await;
    network.heal();
    hears(&mut stream, b"during").await;
}

#[tokio::test]
async fn a_cut_of_one_way_leaves_the_other() {
    let (network, _proxy, mut stream) = between_clients_and_a_node().await;
    says(&mut stream, b"before").await;
    network.change(NODE, Side::Clients, |way| way.is_cut = true);
    // It arrives there, and the answer does not arrive here.
    stream.write_all(b"during").await.expect("written");
    hears_nothing(&mut stream).await;
    network.change(Side::Clients, NODE, |way| way.is_cut = true);
    network.change(NODE, Side::Clients, |way| way.is_cut = false);
    hears(&mut stream, b"during").await;
}

#[tokio::test]
async fn a_call_over_a_cut_way_arrives_when_it_is_healed() {
    let (network, proxy, _stream) = between_clients_and_a_node().await;
    network.change(Side::Clients, NODE, |way| way.is_cut = true);
    let mut late = TcpStream::connect(proxy.address).await.expect("connected");
    late.write_all(b"late").await.expect("written");
    hears_nothing(&mut late).await;
    network.heal();
    hears(&mut late, b"late").await;
}

#[tokio::test]
async fn a_delay_is_paid_each_way() {
    let (network, _proxy, mut stream) = between_clients_and_a_node().await;
    let delay = Duration::from_millis(30);
    network.change_both(Side::Clients, NODE, |way| way.delay = delay);
    let begun = Instant::now();
    says(&mut stream, b"slow").await;
    assert!(begun.elapsed() >= 2 * delay);
}

#[tokio::test]
async fn what_is_lost_is_late_and_in_order() {
    let (network, _proxy, mut stream) = between_clients_and_a_node().await;
    network.change(Side::Clients, NODE, |way| way.loss = LOSS_WHOLE / 2);
    let begun = Instant::now();
    for number in 0..20_u8 {
        says(&mut stream, &[number; 100]).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(200), "nothing was lost of twenty");
}

#[tokio::test]
async fn a_reset_breaks_what_is_open_and_nothing_else() {
    let (network, proxy, mut stream) = between_clients_and_a_node().await;
    says(&mut stream, b"before").await;
    network.reset(NODE, Side::Clients);
    let mut heard = [0];
    let read = timeout(SOON, stream.read(&mut heard)).await.expect("in time");
    assert_eq!(read.map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionReset));
    let mut again = TcpStream::connect(proxy.address).await.expect("connected");
    says(&mut again, b"after").await;
}

#[tokio::test]
async fn a_node_that_is_gone_closes_the_connection() {
    let network = Network::new(Chance::new(1));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let gone = listener.local_addr().expect("an address");
    drop(listener);
    let proxy = network.open(gone, 1, Callers::Clients).await.expect("a proxy");
    let mut stream = TcpStream::connect(proxy.address).await.expect("connected");
    let read = timeout(SOON, stream.read(&mut [0])).await.expect("in time");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

#[tokio::test]
async fn the_caller_is_known_by_its_process() {
    let (network, address) = (Network::new(Chance::new(1)), echo().await);
    let proxy = network.open(address, 2, Callers::Nodes).await.expect("a proxy");
    // This process is the node at place 7.
    network.set_process(7, std::process::id());
    let mut stream = TcpStream::connect(proxy.address).await.expect("connected");
    says(&mut stream, b"hello").await;
    network.change(Side::Node(7), NODE, |way| way.is_cut = true);
    stream.write_all(b"cut").await.expect("written");
    hears_nothing(&mut stream).await;
    let port = stream.local_addr().expect("an address").port();
    let nobody = BTreeMap::from([(1, 1)]);
    assert_eq!(owner_of(port, proxy.address.port(), &nobody), None);
}

#[test]
fn the_kernels_table_is_read() {
    let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 1 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000 0 4712 1 0
";
    assert_eq!(Sockets(table).inode(50_000, 8_080), Some(4712));
    assert_eq!(Sockets(table).inode(8_080, 50_000), None);
}
