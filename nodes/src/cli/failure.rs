//! Why a command did not do what was asked, and the exit code that says so.

use hoga_proto::status::Refusal;
use std::path::Path;
use std::{fmt, io};
use tonic::{Code, Status};

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Failure = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    /// A retry may help.
    Unreachable = 5,
    /// A scenario or chaos run finished and a check failed.
    CheckFailed = 6,
    Interrupted = 130,
}

/// What stands on stderr when a command fails, and its exit code.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    message: String,
    hints: Vec<String>,
    /// The request may have been done, or not.
    is_unknown: bool,
    is_broken: bool,
    /// Drawn with its source lines instead of the message.
    report: Option<miette::Report>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        let (message, hints) = (message.into(), Vec::new());
        let (is_unknown, is_broken) = (false, false);
        Failure { exit, message, hints, is_unknown, is_broken, report: None }
    }

    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// Mistakes in a file, each drawn where it stands.
    pub fn report(report: miette::Report) -> Failure {
        let causes = report.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
        let is_missing = causes.map(io::Error::kind).any(|kind| kind == io::ErrorKind::NotFound);
        let exit = if is_missing { Exit::NotFound } else { Exit::Failure };
        Failure { report: Some(report), ..Failure::new(exit, "") }
    }

    /// The line went in the middle of a call: what is at the other end speaks something else, or
    /// has ended.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// What to do about it; several are printed in order.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// For a change whose outcome is not known: how to find out without doing it twice.
    #[must_use]
    pub fn of_change(self, id: &str) -> Failure {
        if !self.is_unknown {
            return self;
        }
        self.hint(format!(
            "whether it was done is not known; the same command with `--id {id}` does it once"
        ))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.report {
            // `Debug` is how miette draws.
            Some(report) => write!(f, "{report:?}")?,
            None => f.write_str(&self.message)?,
        }
        self.hints.iter().try_for_each(|hint| write!(f, "\n  hint: {hint}"))
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        let refusal = Refusal::from_status(&status);
        if refusal.reason.is_empty() {
            return of_transport(&status);
        }
        let exit = exit_of(refusal.code);
        let word = match exit {
            Exit::Refused => "refused: ",
            Exit::NotFound => "not found: ",
            _ => "error: ",
        };
        let mut failure =
            Failure::new(exit, format!("{word}{} ({})", refusal.message, refusal.reason));
        // Everything else that may be tried again says that nothing was written.
        failure.is_unknown = ["OUTCOME_UNKNOWN", "DEADLINE_EXCEEDED"].contains(&&*refusal.reason);
        if let Some(wait) = refusal.retry_after {
            failure = failure.hint(format!("try again in {wait:?}"));
        }
        if refusal.reason == "UNAUTHENTICATED" {
            failure = failure.hint(
                "--as names an account where tokens need no signature; elsewhere --token sends \
                 one that was signed with `hoga token --key FILE --as NAME`",
            );
        }
        failure.hint(format!("hoga explain {}", refusal.reason))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(Exit::Failure, format!("error: {error}"))
    }
}

/// A file that cannot be read: it is not there, or it does not let itself be read.
pub fn unreadable(file: &Path, why: impl fmt::Display) -> Failure {
    let exit = if file.exists() { Exit::Failure } else { Exit::NotFound };
    Failure::new(exit, format!("error: {} cannot be read: {why}", file.display()))
}

/// A status that the exchange did not write: a broken connection, a deadline, a stranger.
fn of_transport(status: &Status) -> Failure {
    let has_source = std::error::Error::source(status).is_some();
    let mut is_broken = false;
    let (exit, what) = match status.code() {
        Code::DeadlineExceeded | Code::Cancelled => {
            (Exit::Unreachable, "no answer came in time".to_owned())
        }
        Code::Unimplemented if status.message().contains("HTTP status code") => {
            (Exit::Unreachable, format!("what answers there is no exchange ({})", status.message()))
        }
        Code::Unimplemented => {
            (Exit::Failure, format!("this server does not offer that: {}", status.message()))
        }
        code if has_source || code == Code::Unavailable => {
            is_broken = true;
            (Exit::Unreachable, format!("the connection broke: {}", status.message()))
        }
        code => (exit_of(code), format!("{code:?}: {}", status.message())),
    };
    let is_unknown = exit == Exit::Unreachable;
    Failure { is_unknown, is_broken, ..Failure::new(exit, format!("error: {what}")) }
}

fn exit_of(code: Code) -> Exit {
    match code {
        Code::NotFound => Exit::NotFound,
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::AlreadyExists
        | Code::OutOfRange
        | Code::PermissionDenied
        | Code::Unauthenticated => Exit::Refused,
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::Aborted
        | Code::ResourceExhausted => Exit::Unreachable,
        _ => Exit::Failure,
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
