//! The report of a play as a folder: a page to look at, its charts, and the numbers as JSON.

use crate::cli::failure::{Exit, Failure};
use hoga_scenarios::player::{CheckReport, MarketReport, Report};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What to open first.
pub const NAME: &str = "index.html";

const STYLE: &str = "body{font:15px/1.5 sans-serif;color:#222;max-width:980px;margin:2em auto;\
    padding:0 1em}td,th{text-align:left;padding:.15em 1.2em .15em 0}img{width:100%}\
    .bad{color:#b00020}code{color:#555}";

/// Writes the folder; what is in it under other names stays.
///
/// # Errors
/// It cannot be written, with its name.
pub fn write(folder: &Path, report: &Report) -> Result<(), Failure> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(Exit::Failure, format!("error: the report {}: {error}", path.display()))
    };
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| failed(&path, &error))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let json = serde_json::to_string_pretty(report).map_err(|error| failed(folder, &error))?;
    put("report.json", &json)?;
    for chart in &report.charts {
        put(&format!("{}.svg", chart.symbol), &chart.to_string())?;
    }
    put(NAME, &page(report))
}

fn page(report: &Report) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
         <style>{STYLE}</style>\n<h1>{name}</h1>\n<p>{about}</p>\n\
         <p>{orders} orders and {trades} trades of {accounts} accounts in {seconds} s of market \
         time, seed {seed}, digest <code>{digest}</code></p>\n",
        name = plain(&report.scenario),
        about = plain(&report.about),
        orders = report.orders,
        trades = report.trades,
        accounts = report.accounts,
        seconds = report.virtual_seconds,
        seed = report.seed,
        digest = report.digest,
    );
    let checks = report.checks.iter().map(check).collect::<String>();
    table(&mut page, "Checks", &["", "check", "expected", "found"], &checks);
    for market in &report.markets {
        let symbol = plain(&market.symbol);
        let _ = write!(page, "<h2>{symbol}</h2>\n<p>{}</p>\n", sentence(market));
        let _ = writeln!(page, "<img src=\"{symbol}.svg\" alt=\"price, volume and depth\">");
    }
    let rejects = report.rejects.iter();
    let rejects = rejects.map(|(reason, count)| row(&[reason, &count.to_string()]));
    table(&mut page, "Refused", &["reason", "requests"], &rejects.collect::<String>());
    page + "</html>\n"
}

fn table(page: &mut String, title: &str, columns: &[&str], rows: &str) {
    if !rows.is_empty() {
        let heads: String = columns.iter().map(|head| format!("<th>{head}")).collect();
        let _ = write!(page, "<h2>{title}</h2>\n<table>\n<tr>{heads}\n{rows}</table>\n");
    }
}

fn row(cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{}", plain(cell))).collect();
    format!("<tr>{cells}\n")
}

fn check(check: &CheckReport) -> String {
    let CheckReport { name, expected, actual, ok } = check;
    let mark = if *ok { "holds" } else { "fails" };
    let row = row(&[mark, name, &expected.to_string(), &actual.to_string()]);
    if *ok { row } else { row.replacen("<tr>", "<tr class=\"bad\">", 1) }
}

fn sentence(market: &MarketReport) -> String {
    let MarketReport { base, quote, trades, volume, turnover, .. } = market;
    let prices = [&market.open, &market.high, &market.low, &market.close];
    let [Some(open), Some(high), Some(low), Some(close)] = prices else {
        return "Nothing was traded.".into();
    };
    format!(
        "Opened at {open}, highest {high}, lowest {low}, closed at {close} {quote}; {trades} \
         trades of {volume} {base} for {turnover} {quote}."
    )
}

/// Text that is no markup.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
