//! openraft's simulated runtime with processes in it: every task belongs to a scope, and a scope
//! can be killed or paused as a process can.
//!
//! A killed scope's tasks are dropped where they stand, without another poll. A paused one's are
//! not polled until it goes on; timers that ran out meanwhile are seen all at once, as after
//! SIGCONT.

use openraft::{AsyncRuntime, OptionalSend};
use openraft_rt_sim::SimRuntime;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A process. Zero is what surrounds all of them: wires, the operator, the clock.
pub type Scope = u64;
pub const OUTSIDE: Scope = 0;

#[derive(Default)]
struct Process {
    is_dead: bool,
    is_paused: bool,
    /// Tasks that were woken while it was paused.
    woken: Vec<Waker>,
    tasks: Vec<Weak<dyn Killable>>,
}

thread_local! {
    static CURRENT: Cell<Scope> = const { Cell::new(OUTSIDE) };
    static PROCESSES: RefCell<BTreeMap<Scope, Process>> = const { RefCell::new(BTreeMap::new()) };
}

trait Killable: Send + Sync {
    fn kill(&self);
    fn is_over(&self) -> bool;
}

struct Slot<F>(Mutex<Option<Pin<Box<F>>>>);

impl<F: Future + Send> Killable for Slot<F> {
    fn kill(&self) {
        let gone = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(gone);
    }

    fn is_over(&self) -> bool {
        // One that is being polled now is locked, and lives.
        self.0.try_lock().is_ok_and(|slot| slot.is_none())
    }
}

/// A task of a scope.
struct Scoped<F> {
    scope: Scope,
    slot: Arc<Slot<F>>,
}

impl<F: Future + Send + 'static> Scoped<F> {
    fn new(scope: Scope, future: F) -> Scoped<F> {
        let slot = Arc::new(Slot(Mutex::new(Some(Box::pin(future)))));
        let task: Arc<dyn Killable> = slot.clone();
        PROCESSES.with_borrow_mut(|processes| {
            let process = processes.entry(scope).or_default();
            if process.tasks.len().is_multiple_of(256) {
                let lives =
                    |task: &Weak<dyn Killable>| task.upgrade().is_some_and(|task| !task.is_over());
                process.tasks.retain(lives);
            }
            process.tasks.push(Arc::downgrade(&task));
        });
        Scoped { scope, slot }
    }
}

impl<F: Future + Send> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let scope = self.scope;
        let may_run = PROCESSES.with_borrow_mut(|processes| {
            let Some(process) = processes.get_mut(&scope) else { return false };
            if process.is_paused {
                process.woken.push(context.waker().clone());
            }
            !process.is_dead && !process.is_paused
        });
        if !may_run {
            return Poll::Pending;
        }
        let before = CURRENT.replace(scope);
        let mut slot = self.slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = slot.as_mut().map(|future| future.as_mut().poll(context));
        let polled = polled.unwrap_or(Poll::Pending);
        if polled.is_ready() {
            *slot = None;
        }
        drop(slot);
        CURRENT.set(before);
        polled
    }
}

/// Forgets all processes of a run before.
pub fn clear() {
    PROCESSES.with_borrow_mut(BTreeMap::clear);
    CURRENT.set(OUTSIDE);
}

/// Nothing of this process runs any more. Called from outside of it.
pub fn kill(scope: Scope) {
    let tasks = PROCESSES.with_borrow_mut(|processes| {
        let process = processes.entry(scope).or_default();
        process.is_dead = true;
        process.woken.clear();
        std::mem::take(&mut process.tasks)
    });
    for task in tasks.iter().filter_map(Weak::upgrade) {
        task.kill();
    }
}

pub fn pause(scope: Scope) {
    PROCESSES.with_borrow_mut(|processes| processes.entry(scope).or_default().is_paused = true);
}

pub fn resume(scope: Scope) {
    let woken = PROCESSES.with_borrow_mut(|processes| {
        let process = processes.entry(scope).or_default();
        process.is_paused = false;
        std::mem::take(&mut process.woken)
    });
    woken.into_iter().for_each(Waker::wake);
}

/// Begins a task in a process.
pub fn spawn_in<T>(scope: Scope, future: T)
where
    T: Future + Send + 'static,
    T::Output: Send + 'static,
{
    drop(SimRuntime::spawn(Scoped::new(scope, future)));
}

/// The runtime that openraft is given: tasks stay in the process of who spawned them.
#[derive(Debug)]
pub struct NodeRuntime;

impl AsyncRuntime for NodeRuntime {
    type JoinError = <SimRuntime as AsyncRuntime>::JoinError;
    type JoinHandle<T: OptionalSend + 'static> = <SimRuntime as AsyncRuntime>::JoinHandle<T>;
    type Sleep = <SimRuntime as AsyncRuntime>::Sleep;
    type Instant = <SimRuntime as AsyncRuntime>::Instant;
    type TimeoutError = <SimRuntime as AsyncRuntime>::TimeoutError;
    type Timeout<R, T: Future<Output = R> + OptionalSend> =
        <SimRuntime as AsyncRuntime>::Timeout<R, T>;
    type ThreadLocalRng = <SimRuntime as AsyncRuntime>::ThreadLocalRng;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        SimRuntime::spawn(Scoped::new(CURRENT.get(), future))
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        SimRuntime::sleep(duration)
    }

    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        SimRuntime::sleep_until(deadline)
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(
        duration: Duration,
        future: F,
    ) -> Self::Timeout<R, F> {
        SimRuntime::timeout(duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(
        deadline: Self::Instant,
        future: F,
    ) -> Self::Timeout<R, F> {
        SimRuntime::timeout_at(deadline, future)
    }

    fn is_panic(error: &Self::JoinError) -> bool {
        SimRuntime::is_panic(error)
    }

    fn thread_rng() -> Self::ThreadLocalRng {
        SimRuntime::thread_rng()
    }

    type Mpsc = <SimRuntime as AsyncRuntime>::Mpsc;
    type Watch = <SimRuntime as AsyncRuntime>::Watch;
    type Oneshot = <SimRuntime as AsyncRuntime>::Oneshot;
    type Mutex<T: OptionalSend + 'static> = <SimRuntime as AsyncRuntime>::Mutex<T>;

    fn new(_: usize) -> Self {
        NodeRuntime
    }

    fn block_on<F, T>(&mut self, _: F) -> T
    where
        F: Future<Output = T>,
    {
        unreachable!("a run has one executor, and it runs already")
    }

    fn spawn_blocking<F, T>(_: F) -> impl Future<Output = Result<T, io::Error>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}
