//! `hoga chaos`: an exchange of its own, attacked by a plan and judged from outside.

use super::failure::{Exit, Failure, unreadable};
use super::output::{self, Bar};
use super::{Global, check, json};
use clap::Args;
use hoga_chaos::plan::{self, Plan};
use hoga_chaos::run::{self, Interrupted, Report, Setting, Stage};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Attack an exchange by a plan: kills, cuts, stalls; then audit what is left
#[derive(Args, Debug)]
#[command(after_help = "Plans lie in chaos/plans. Some faults need root, a C compiler or a file \
    system of their own; what a machine cannot do is skipped, and said. Exit code 6 when \
    something does not hold.")]
pub struct Chaos {
    /// The plan
    file: PathBuf,
    /// Instead of the plan's own seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where data, logs and the clients' history are kept; else in a directory that is removed
    /// when everything held
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Chaos {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let plan = read(&self.file)?;
        let place = Place::of(self.dir)?;
        let setting = Setting::of(std::env::current_exe()?, place.path().into(), self.seed);
        let report = {
            let bar = Bar::new(plan.attack.length.0);
            let mut show = |stage| show(&bar, &plan, stage);
            run::run(&plan, &setting, &mut show)
        };
        let report = report.map_err(|error| {
            let failure = match error.is::<Interrupted>() {
                true => Failure::new(Exit::Interrupted, "interrupted"),
                false => Failure::new(Exit::Failure, format!("error: {error:#}")),
            };
            failure.hint(format!("logs and history are in {}", place.path().display()))
        });
        let report = match report {
            Ok(report) => report,
            Err(failure) => {
                place.keep();
                return Err(failure);
            }
        };
        if !report.ok {
            place.keep();
        }
        if global.json {
            let document = serde_json::to_value(&report)
                .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
            json::document(&document)?;
        } else {
            output::say(&report)?;
        }
        judge(&report)
    }
}

/// Reads a plan.
///
/// # Errors
/// It cannot be read, or has mistakes.
pub fn read(file: &Path) -> Result<Plan, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, error))?;
    if check::Kind::of(&text) == check::Kind::Scenario {
        let why = "is a scenario: it does not say of which nodes its exchange is made";
        return Err(Failure::new(Exit::Failure, format!("error: {shown} {why}"))
            .hint(format!("`hoga play {shown}` plays it; a plan of attack has a [cluster]")));
    }
    plan::parse(&shown.to_string(), &text).map_err(|mistakes| Failure::report(mistakes.into()))
}

/// Where a run keeps its things.
enum Place {
    Given(PathBuf),
    Own(TempDir),
}

impl Place {
    fn of(given: Option<PathBuf>) -> Result<Place, Failure> {
        let Some(given) = given else {
            return Ok(Place::Own(tempfile::Builder::new().prefix("hoga-chaos-").tempdir()?));
        };
        std::fs::create_dir_all(&given)?;
        if std::fs::read_dir(&given)?.next().is_some() {
            let why = format!("error: {} is not empty", given.display());
            return Err(Failure::usage(why).hint("a run needs a directory of its own"));
        }
        Ok(Place::Given(std::path::absolute(given)?))
    }

    fn path(&self) -> &Path {
        match self {
            Place::Given(path) => path,
            Place::Own(folder) => folder.path(),
        }
    }

    /// It stays, for whoever looks.
    fn keep(self) {
        if let Place::Own(folder) = self {
            drop(folder.keep());
        }
    }
}

fn show(bar: &Bar, plan: &Plan, stage: Stage) {
    let length = plan.attack.length.0;
    match stage {
        Stage::Starting => bar.at(0, || "starting".into()),
        Stage::Striking { at, last, .. } => bar.at(at.as_millis() as u64, || last),
        Stage::Mending => bar.at(length, || "mending".into()),
        Stage::Auditing => bar.at(length, || "auditing".into()),
        Stage::Verifying => bar.at(length, || "verifying".into()),
    }
}

/// A check that failed is neither an error nor a success.
fn judge(report: &Report) -> Result<(), Failure> {
    if report.ok {
        return Ok(());
    }
    let broken = report.invariants.iter().filter(|invariant| !invariant.ok);
    let mut wrong: Vec<String> = broken.map(|invariant| invariant.id.clone()).collect();
    wrong.extend(report.beyond_limit.iter().cloned());
    wrong.extend(report.below_floor.iter().cloned());
    let message = format!("the plan failed: {}", wrong.join("; "));
    let seed = format!("the same choices again: --seed {}", report.seed);
    Err(Failure::new(Exit::CheckFailed, message)
        .hint(seed)
        .hint(format!("logs and history are in {}", report.directory.display())))
}
