use super::{Bar, Chart, DEPTH, LEFT, Level, PRICE, RIGHT, VOLUME};

fn chart() -> Chart {
    let bar = |at, high, low, close, volume| Bar { at, high, low, close, volume };
    let level = |price, quantity| Level { price, quantity };
    Chart {
        symbol: "LPJ-KRW".into(),
        base: "LPJ".into(),
        quote: "KRW".into(),
        length: "10m".into(),
        bars: vec![bar(0.0, 110.0, 90.0, 100.0, 10.0), bar(0.5, 120.0, 100.0, 110.0, 40.0)],
        bar_width: 0.5,
        bids: vec![level(100.0, 5.0), level(90.0, 15.0)],
        asks: vec![level(110.0, 10.0)],
    }
}

#[test]
fn highest_and_lowest_touch_the_edges_of_their_panel() {
    let svg = chart().to_string();
    let (x, middle) = (LEFT + 0.75 * (RIGHT - LEFT), LEFT + 0.25 * (RIGHT - LEFT));
    let top_bar = format!("<path class=\"r\" d=\"M{x:.1} {:.1}V", PRICE.0);
    assert!(svg.contains(&top_bar), "{svg}");
    let bottom_bar = format!("<path class=\"r\" d=\"M{middle:.1} ");
    let line = svg.lines().find(|line| line.starts_with(&bottom_bar)).expect("the first bar");
    assert!(line.contains(&format!("V{:.1}\"", PRICE.1)), "{line}");
    // A quarter of the largest volume is a quarter of the panel.
    let quarter = (VOLUME.1 - VOLUME.0) / 4.0;
    assert!(svg.contains(&format!("height=\"{quarter:.1}\"/>")), "{svg}");
}

#[test]
fn depth_adds_up_away_from_the_best_price() {
    let svg = chart().to_string();
    let bids = svg.lines().find(|line| line.contains("class=\"b\"")).expect("bids");
    // All bids together are the most there is, at the lowest price.
    assert!(bids.contains(&format!("H{LEFT:.1}V{:.1}H", DEPTH.0)), "{bids}");
    let asks = svg.lines().find(|line| line.contains("class=\"a\"")).expect("asks");
    let half = (DEPTH.0 + DEPTH.1) / 2.0;
    assert!(asks.contains(&format!("H{RIGHT:.1}V{half:.1}H")), "{asks}");
}

#[test]
fn nothing_traded_is_said() {
    let empty = Chart { bars: Vec::new(), bids: Vec::new(), asks: Vec::new(), ..chart() };
    let svg = empty.to_string();
    assert!(svg.contains("nothing was traded") && svg.contains("the book is empty"), "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn a_single_price_lies_in_the_middle() {
    let mut one = chart();
    one.bars = vec![Bar { at: 0.0, high: 5.0, low: 5.0, close: 5.0, volume: 1.0 }];
    let svg = one.to_string();
    let middle = (PRICE.0 + PRICE.1) / 2.0;
    assert!(svg.contains(&format!(",{middle:.1}\"")), "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}
