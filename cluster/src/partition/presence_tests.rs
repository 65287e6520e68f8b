//! Sessions without clients and gateways without a voice, to the nanosecond.

#![allow(clippy::unwrap_used)]

use super::{ACCOUNT_SESSIONS_MAX, Batch, Command, Core, Entry, GRACE, SessionRef, Trace};
use hoga_actors::EntityCommand;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::ids::{Origin, PartitionId};
use hoga_engine::reject::Reject;
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;

const SECOND: u64 = Time::SECOND;
/// The process that has the clients.
const GATEWAY: Origin = Origin { node: 1, incarnation: 7, request: 1 };
/// Another one.
const OTHER: Origin = Origin { node: 2, incarnation: 1, request: 1 };

struct Accounts {
    core: Core,
    now: u64,
    index: u64,
    requests: u64,
}

/// What a command came to.
struct Came {
    answers: Vec<Answer>,
    /// Accounts of which everything was cancelled.
    swept: usize,
    /// Requests that reached an account, and those of them that a fence let through.
    asked: usize,
    let_in: usize,
}

impl Accounts {
    /// A partition of accounts with alice in it.
    fn new() -> Accounts {
        let core = Core::new(PartitionId(3), Topology { books: 1, accounts: 1 });
        let mut accounts = Accounts { core, now: 43_200 * SECOND, index: 0, requests: 10 };
        let (envelope, request) = (accounts.envelope(), AccountRequest::Open);
        accounts.apply(Command::Request { account: "alice".into(), envelope, request });
        accounts
    }

    fn envelope(&mut self) -> Envelope {
        self.requests += 1;
        let id = ClientId::parse(&format!("r{}", self.requests)).unwrap();
        let origin = Origin { request: self.requests, ..GATEWAY };
        Envelope { origin, id, body_hash: 0, sent_at: None }
    }

    fn apply(&mut self, command: Command) -> Came {
        self.index += 1;
        let entries = vec![Entry { trace: Trace::default(), command }];
        let batch = Batch { time: Time(self.now), entries };
        self.core.begin(self.index, &batch);
        let mut entries = batch.entries.into_iter();
        let mut came = Came { answers: Vec::new(), swept: 0, asked: 0, let_in: 0 };
        while let Some(mut chunk) = self.core.plan(&mut entries) {
            for step in chunk.take_slices().iter().flat_map(|slice| slice.steps.iter()) {
                came.asked += 1;
                let EntityCommand::Request(_, request) = &step.command else { continue };
                came.let_in += 1;
                came.swept += usize::from(matches!(request, AccountRequest::Lapse { .. }));
            }
            came.answers
                .extend(self.core.absorb(chunk, Vec::new()).answers.into_iter().map(|a| a.1));
        }
        came
    }

    fn open(&mut self, id: &str, cancels: bool, gateway: Origin) -> u64 {
        match self.try_open(id, cancels, gateway) {
            Answer::SessionOpened { epoch } => epoch,
            other => panic!("{other:?}"),
        }
    }

    fn try_open(&mut self, id: &str, cancels: bool, gateway: Origin) -> Answer {
        self.requests += 1;
        self.try_open_by(id, cancels, Origin { request: self.requests, ..gateway })
    }

    fn try_open_by(&mut self, id: &str, cancels: bool, origin: Origin) -> Answer {
        let id = ClientId::parse(id).unwrap();
        let command = Command::OpenSession { account: "alice".into(), id, cancels, origin };
        self.apply(command).answers.pop().expect("it is answered")
    }

    fn attend(&mut self, gateway: Origin, lost: &[(&str, u64)]) -> usize {
        let one = |(id, epoch): &(&str, u64)| SessionRef {
            account: "alice".into(),
            id: ClientId::parse(id).unwrap(),
            epoch: *epoch,
        };
        let lost = lost.iter().map(one).collect();
        self.apply(Command::Attend { origin: gateway, lost }).swept
    }

    /// Whether a cancel in a session is let in; the account hears of it in any case.
    fn lets_in(&mut self, id: &str, epoch: u64) -> bool {
        let envelope = self.envelope();
        let request = AccountRequest::CancelAll { instrument: None };
        let asked = Box::new(("alice".into(), envelope, request));
        let id = ClientId::parse(id).unwrap();
        let came = self.apply(Command::InSession { id, epoch, asked });
        assert_eq!((came.asked, &came.answers[..]), (1, &[][..]));
        came.let_in == 1
    }

    /// Time goes on as a leader moves it: with a tick every quarter of a second when one is
    /// wanted. Returns after how many nanoseconds orders were cancelled.
    fn pass(&mut self, nanoseconds: u64) -> Option<u64> {
        let began = self.now;
        while self.now < began + nanoseconds {
            self.now += SECOND / 4;
            if self.core.is_tick_due(Time(self.now)) && self.apply(Command::Tick).swept > 0 {
                return Some(self.now - began);
            }
        }
        None
    }

    /// The same, while a gateway says every second that it is there.
    fn pass_attended(&mut self, seconds: u64, gateway: Origin) -> Option<u64> {
        for second in 0..seconds {
            self.attend(gateway, &[]);
            if let Some(after) = self.pass(SECOND) {
                return Some(second * SECOND + after);
            }
        }
        None
    }
}

#[test]
fn a_session_without_its_client_is_over_after_five_seconds() {
    let mut accounts = Accounts::new();
    let epoch = accounts.open("desk", true, GATEWAY);
    assert_eq!(accounts.pass_attended(60, GATEWAY), None, "its client is there");
    assert_eq!(accounts.attend(GATEWAY, &[("desk", epoch)]), 0);
    assert_eq!(accounts.pass_attended(20, GATEWAY), Some(GRACE));
    assert_eq!(accounts.pass_attended(20, GATEWAY), None, "once");
    assert!(!accounts.lets_in("desk", epoch));
}

#[test]
fn a_silent_gateway_is_lost_with_all_its_sessions() {
    let mut accounts = Accounts::new();
    accounts.open("desk", true, GATEWAY);
    accounts.open("quiet", false, GATEWAY);
    assert_eq!(accounts.pass_attended(30, GATEWAY), None);
    accounts.attend(GATEWAY, &[]);
    assert_eq!(accounts.pass(20 * SECOND), Some(GRACE));
    assert_eq!(accounts.core.next_alarm(), None, "nobody is waited for any more");
}

#[test]
fn a_session_that_does_not_ask_for_it_cancels_nothing() {
    let mut accounts = Accounts::new();
    let epoch = accounts.open("desk", false, GATEWAY);
    assert_eq!(accounts.pass(20 * SECOND), None);
    assert!(!accounts.lets_in("desk", epoch));
}

#[test]
fn opened_again_in_time_it_goes_on_and_fences_the_stream_before() {
    let mut accounts = Accounts::new();
    let first = accounts.open("desk", true, GATEWAY);
    assert!(accounts.lets_in("desk", first));
    accounts.attend(GATEWAY, &[("desk", first)]);
    assert_eq!(accounts.pass(4 * SECOND), None);
    let second = accounts.open("desk", true, OTHER);
    assert!(second > first);
    // The gateway before did not hear that it was told, and says it again.
    accounts.attend(GATEWAY, &[("desk", first)]);
    assert_eq!(accounts.pass_attended(20, OTHER), None);
    assert!(accounts.lets_in("desk", second));
    assert!(!accounts.lets_in("desk", first));
    assert_eq!(accounts.pass(20 * SECOND), Some(GRACE - SECOND), "its gateway fell silent");
}

#[test]
fn an_opening_that_comes_twice_is_one() {
    let mut accounts = Accounts::new();
    let first = accounts.open("desk", true, GATEWAY);
    accounts.requests -= 1;
    assert_eq!(accounts.open("desk", true, GATEWAY), first);
}

#[test]
fn time_without_a_leader_is_nobodys_silence() {
    let mut accounts = Accounts::new();
    accounts.open("desk", true, GATEWAY);
    assert_eq!(accounts.pass_attended(10, GATEWAY), None);
    // Nothing could be written for a minute; the new leader's first batch is a tick.
    accounts.now += 60 * SECOND;
    assert_eq!(accounts.apply(Command::Tick).swept, 0);
    assert_eq!(accounts.pass_attended(10, GATEWAY), None);
}

#[test]
fn nobody_opens_a_session_of_an_account_that_is_not_there() {
    let mut accounts = Accounts::new();
    let id = ClientId::parse("desk").unwrap();
    let (account, cancels, origin) = ("bob".into(), true, GATEWAY);
    let came = accounts.apply(Command::OpenSession { account, id, cancels, origin });
    let Answer::Rejected { reject, .. } = &came.answers[0] else { panic!("{:?}", came.answers) };
    assert!(matches!(**reject, Reject::AccountNotFound { .. }), "{reject}");
}

#[test]
fn an_account_has_a_bounded_number_of_sessions() {
    let mut accounts = Accounts::new();
    for n in 0..ACCOUNT_SESSIONS_MAX {
        accounts.open(&format!("s{n}"), false, GATEWAY);
    }
    let Answer::Rejected { reject, .. } = accounts.try_open("more", false, GATEWAY) else {
        panic!("one more than there may be");
    };
    assert_eq!(*reject, Reject::TooManySessions { max: ACCOUNT_SESSIONS_MAX as u64 });
    accounts.open("s0", false, OTHER);
}

/// A leader dies behind the first opening, and its gateway sends it once more.
#[test]
fn an_opening_that_is_sent_again_takes_nothing_from_who_came_later() {
    let mut accounts = Accounts::new();
    let first = Origin { request: 900, ..GATEWAY };
    let opened = |answer| match answer {
        Answer::SessionOpened { epoch } => epoch,
        other => panic!("{other:?}"),
    };
    let one = opened(accounts.try_open_by("desk", true, first));
    let other = accounts.open("desk", true, OTHER);
    assert_eq!(opened(accounts.try_open_by("desk", true, first)), one, "the first answer again");
    assert!(!accounts.lets_in("desk", one));
    assert!(accounts.lets_in("desk", other));
    accounts.attend(GATEWAY, &[("desk", one)]);
    assert_eq!(accounts.pass_attended(10, OTHER), None, "its client is there");
    accounts.attend(OTHER, &[("desk", other)]);
    assert!(accounts.pass_attended(10, OTHER).is_some());
}
