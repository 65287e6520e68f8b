//! What an instrument did, drawn: price and volume over time, and the book that is left.
//!
//! Owns: the picture. Takes: points. Emits: an SVG document that needs nothing besides itself.
//! Numbers are floating-point here and nowhere else: they become places on paper, not money.

use std::fmt::{self, Display, Formatter};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 936.0;
/// Upper and lower edge of each panel.
const PRICE: (f64, f64) = (56.0, 276.0);
const VOLUME: (f64, f64) = (300.0, 376.0);
const DEPTH: (f64, f64) = (420.0, 560.0);
const HEIGHT: f64 = 604.0;

const STYLE: &str = "text{font:12px sans-serif;fill:#444}.t{font-size:16px;fill:#111}\
    .e{text-anchor:end}.f{fill:none;stroke:#ccc}.p{fill:none;stroke:#1f5fa8;stroke-width:1.5}\
    .r{stroke:#1f5fa8;stroke-opacity:.35}.v{fill:#8a8f98}.b{fill:#2a9d5b;fill-opacity:.35;\
    stroke:#2a9d5b}.a{fill:#d1495b;fill-opacity:.35;stroke:#d1495b}";

/// What was traded in a stretch of the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Where it lies, from 0 at the start to 1 at the end.
    pub at: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
}

/// A price level and what is open there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    pub price: f64,
    pub quantity: f64,
}

/// One instrument's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub symbol: String,
    pub base: String,
    pub quote: String,
    /// Of the time that it shows, for people: `10m`.
    pub length: String,
    /// In order of time; nothing where nothing was traded.
    pub bars: Vec<Bar>,
    /// How wide a bar is, as a part of the whole time.
    pub bar_width: f64,
    /// Best first.
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

impl Display for Chart {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Chart { symbol, base, quote, length, .. } = self;
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\" aria-label=\"{symbol}: price, volume and depth\">\n\
             <style>{STYLE}</style>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>"
        )?;
        text(f, "t", LEFT, 28.0, &format!("{symbol} over {length}"))?;
        text(f, "", LEFT, PRICE.0 - 6.0, &format!("price, {quote}"))?;
        frame(f, PRICE)?;
        self.price(f)?;
        text(f, "", LEFT, VOLUME.0 - 6.0, &format!("volume, {base}"))?;
        frame(f, VOLUME)?;
        self.volume(f)?;
        text(f, "", LEFT, DEPTH.0 - 6.0, &format!("depth at the end, {base} by {quote}"))?;
        frame(f, DEPTH)?;
        self.depth(f)?;
        writeln!(f, "</svg>")
    }
}

impl Chart {
    fn price(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let low = self.bars.iter().map(|bar| bar.low).fold(f64::INFINITY, f64::min);
        let high = self.bars.iter().map(|bar| bar.high).fold(f64::NEG_INFINITY, f64::max);
        if self.bars.is_empty() {
            return text(f, "", LEFT + 8.0, PRICE.0 + 20.0, "nothing was traded");
        }
        let y = scale((low, high), PRICE);
        marks(f, PRICE, (low, high))?;
        for bar in &self.bars {
            let x = self.middle(bar);
            let (top, bottom) = (y(bar.high), y(bar.low));
            writeln!(f, "<path class=\"r\" d=\"M{x:.1} {top:.1}V{bottom:.1}\"/>")?;
        }
        let points =
            self.bars.iter().map(|bar| format!("{:.1},{:.1}", self.middle(bar), y(bar.close)));
        let points = points.collect::<Vec<_>>().join(" ");
        writeln!(f, "<polyline class=\"p\" points=\"{points}\"/>")
    }

    fn volume(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let most = self.bars.iter().map(|bar| bar.volume).fold(0.0, f64::max);
        if most == 0.0 {
            return Ok(());
        }
        let y = scale((0.0, most), VOLUME);
        marks(f, VOLUME, (0.0, most))?;
        let width = (self.bar_width * (RIGHT - LEFT)).max(1.0);
        for bar in &self.bars {
            let (x, top) = (LEFT + bar.at * (RIGHT - LEFT), y(bar.volume));
            let height = VOLUME.1 - top;
            writeln!(
                f,
                "<rect class=\"v\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
                 height=\"{height:.1}\"/>"
            )?;
        }
        Ok(())
    }

    /// What is open at each price or better, bids to the left and asks to the right.
    fn depth(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let prices = || self.bids.iter().chain(&self.asks).map(|level| level.price);
        let total = |side: &[Level]| side.iter().map(|level| level.quantity).sum::<f64>();
        let most = total(&self.bids).max(total(&self.asks));
        if most == 0.0 {
            return text(f, "", LEFT + 8.0, DEPTH.0 + 20.0, "the book is empty");
        }
        let low = prices().fold(f64::INFINITY, f64::min);
        let high = prices().fold(f64::NEG_INFINITY, f64::max);
        let across = if high > low { high - low } else { 1.0 };
        let x = |price: f64| LEFT + (price - low) / across * (RIGHT - LEFT);
        let y = scale((0.0, most), DEPTH);
        marks(f, DEPTH, (0.0, most))?;
        for (class, side, edge) in [("b", &self.bids, low), ("a", &self.asks, high)] {
            let Some(best) = side.first() else { continue };
            let mut path = format!("M{:.1} {:.1}", x(best.price), DEPTH.1);
            let mut sum = 0.0;
            for level in side {
                sum += level.quantity;
                path += &format!("H{:.1}V{:.1}", x(level.price), y(sum));
            }
            writeln!(f, "<path class=\"{class}\" d=\"{path}H{:.1}V{:.1}Z\"/>", x(edge), DEPTH.1)?;
        }
        text(f, "", LEFT, DEPTH.1 + 18.0, &low.to_string())?;
        text(f, "e", RIGHT, DEPTH.1 + 18.0, &high.to_string())
    }

    fn middle(&self, bar: &Bar) -> f64 {
        LEFT + (bar.at + self.bar_width / 2.0) * (RIGHT - LEFT)
    }
}

/// Places of values between two edges, the larger value on top.
fn scale((low, high): (f64, f64), (top, bottom): (f64, f64)) -> impl Fn(f64) -> f64 {
    let span = if high > low { high - low } else { 1.0 };
    // A single value lies in the middle.
    let lift = if high > low { 0.0 } else { 0.5 };
    move |value| bottom - ((value - low) / span + lift) * (bottom - top)
}

fn frame(f: &mut Formatter<'_>, (top, bottom): (f64, f64)) -> fmt::Result {
    let (width, height) = (RIGHT - LEFT, bottom - top);
    writeln!(
        f,
        "<rect class=\"f\" x=\"{LEFT}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"
    )
}

/// The highest and the lowest value, beside a panel.
fn marks(f: &mut Formatter<'_>, (top, bottom): (f64, f64), (low, high): (f64, f64)) -> fmt::Result {
    text(f, "e", LEFT - 6.0, top + 10.0, &high.to_string())?;
    text(f, "e", LEFT - 6.0, bottom, &low.to_string())
}

fn text(f: &mut Formatter<'_>, class: &str, x: f64, y: f64, what: &str) -> fmt::Result {
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(f, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{what}</text>")
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
