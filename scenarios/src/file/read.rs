//! The file as a whole, section by section, then the checks between sections.

use super::{AccountGroup, BotGroup, Scenario, TapeFile, checks, events, people, tape};
use crate::document::{Fields, nearest};
use crate::names::AccountName;
use crate::rules::{RuleBook, SHIPPED};
use crate::tape::{Format, lobster};
use crate::time::Millis;
use std::path::Path;

pub(super) struct Header {
    pub name: Option<String>,
    pub about: String,
    pub seed: Option<u64>,
    pub length: Option<Millis>,
}

/// Reads everything before it gives up on anything, so that all mistakes come at once. Other files
/// that are named in it are read too when their folder is known.
pub(super) fn scenario(file: &mut Fields<'_>, folder: Option<&Path>) -> Option<Scenario> {
    if file.has("cluster") {
        let message = "this is a plan of attack: it says of which nodes its exchange is made";
        let help = Some("`hoga chaos FILE` runs it; a scenario has no [cluster]".to_string());
        file.sink().report(file.place_of("cluster"), message, help);
        file.pass_over();
        return None;
    }
    file.require(&["scenario", "market"]);
    let header = header(file);
    let market = market(file);
    let accounts = people::accounts(file, market.as_ref());
    let bots = people::bots(file, market.as_ref());
    let tape = tape::read(file, market.as_ref(), folder);
    distinct(file, &accounts, &bots, tape.as_ref(), market.as_ref());
    let known = events::Known {
        market: market.as_ref(),
        accounts: &accounts,
        bots: &bots,
        length: header.as_ref().and_then(|header| header.length),
        folder,
    };
    let steps = events::steps(file, &known);
    let faults = events::faults(file, &known);
    // A tape brings in whom it names.
    let has_account = |name: &AccountName| tape.is_some() || known.has_account(name);
    let checks = checks::read(file, market.as_ref(), has_account);
    let market = market?;
    within_supply(file, &market, &accounts, &bots);
    let Header { name, about, seed, length } = header?;
    Some(Scenario {
        name: name?,
        about,
        seed: seed?,
        length: length?,
        market,
        accounts,
        bots,
        steps,
        faults,
        tape,
        checks,
    })
}

pub(super) fn header(file: &mut Fields<'_>) -> Option<Header> {
    let mut fields = file.table("scenario")?;
    fields.require(&["name", "seed", "length"]);
    let name = fields.text("name").map(|at| at.value.to_string());
    let about = fields.text("about").map(|at| at.value.to_string()).unwrap_or_default();
    let seed = fields.count("seed", 0, i64::MAX as u64);
    let length = fields.parsed_at::<Millis>("length");
    if let Some(length) = length.as_ref().filter(|length| length.value.0 == 0) {
        fields.sink().report(length.place.clone(), "`length` must be above zero", None);
    }
    fields.finish();
    Some(Header { name, about, seed, length: length.map(|length| length.value) })
}

/// The named rule book with `[market]` and `[[instruments]]` laid over it.
pub(super) fn market(file: &mut Fields<'_>) -> Option<RuleBook> {
    let instruments = file.tables("instruments");
    let mut fields = file.table("market")?;
    fields.require(&["rules"]);
    let rules = fields.text("rules")?;
    let Some(book) = RuleBook::shipped(rules.value) else {
        let names = SHIPPED.map(|(name, _)| name);
        let help = match nearest(rules.value, names) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("rule books: {}", names.join(", ")),
        };
        let message = format!("there is no rule book `{}`", rules.value);
        fields.sink().report(rules.place, message, Some(help));
        return None;
    };
    let mut book = match book {
        Ok(book) => book,
        Err(mistakes) => {
            let message = format!("the shipped book is broken: {}", mistakes.lines().join("; "));
            fields.sink().report(rules.place, message, None);
            return None;
        }
    };
    book.overlay(&mut fields);
    book.overlay_instruments(instruments);
    book.report_unsound(&fields);
    fields.finish();
    Some(book)
}

/// No account is named twice, be it by itself, as a member of a group, as a bot, as a faucet, as
/// a house or by a recorded day.
fn distinct(
    file: &Fields<'_>,
    accounts: &[AccountGroup],
    bots: &[BotGroup],
    tape: Option<&TapeFile>,
    market: Option<&RuleBook>,
) {
    let is_day = tape.is_some_and(|tape| matches!(tape.format, Format::Lobster(_)));
    let is_of_the_day = |name: &AccountName| is_day && name.as_str().starts_with(lobster::PREFIX);
    let groups = accounts.iter().map(|group| ("accounts", &group.name, group.count));
    let bots = bots.iter().map(|group| ("bots", &group.name, Some(group.count)));
    let all: Vec<(&str, &AccountName, Option<u64>)> = groups.chain(bots).collect();
    let of_the_market: Vec<&AccountName> =
        market.iter().flat_map(|market| market.faucets().chain(market.houses())).collect();
    let mut total = 0_u64;
    for (index, (key, name, count)) in all.iter().enumerate() {
        let others = || all.iter().enumerate().filter(|(other, _)| *other != index);
        let earlier = all[..index].iter().any(|(_, other, _)| other == name);
        let member = count.is_none()
            && others().any(|(_, (_, group, size))| {
                let count_of = |known: &str| (known == group.as_str()).then_some(*size);
                events::is_member(name, count_of)
            });
        if earlier || member || of_the_market.contains(name) || is_of_the_day(name) {
            let message = format!("the name `{name}` is taken");
            let help = Some("give this group a `name` of its own".to_string());
            file.sink().report(file.place_of(key), message, help);
        }
        total = total.saturating_add(count.unwrap_or(1));
    }
    if total > people::ACCOUNTS_MAX {
        let message = format!("{total} accounts are too many, at most {}", people::ACCOUNTS_MAX);
        file.sink().report(file.place_of("accounts"), message, None);
    }
}

/// What a fixed supply hands out at the start cannot be more than there is.
fn within_supply(
    file: &Fields<'_>,
    market: &RuleBook,
    accounts: &[AccountGroup],
    bots: &[BotGroup],
) {
    for supply in &market.supply {
        let accounts = accounts.iter().map(|group| (group.count.unwrap_or(1), &group.deposit));
        let bots = bots.iter().map(|group| (group.count, &group.deposit));
        let total = supply.total.value();
        let mut left = Some(total);
        for (count, deposit) in accounts.chain(bots) {
            for (_, amount) in deposit.iter().filter(|(asset, _)| *asset == supply.asset) {
                let sum = amount.value().checked_mul(count.into());
                left = left.zip(sum).and_then(|(left, sum)| left.checked_sub(sum));
            }
        }
        if left.is_none_or(|left| left.is_sign_negative() && !left.is_zero()) {
            let message = format!(
                "the deposits need more {} than the supply of {}",
                supply.asset, supply.total
            );
            let help = Some("deposit less, or raise the `supply` in [market]".to_string());
            file.sink().report(file.place_of("market"), message, help);
        }
    }
}
