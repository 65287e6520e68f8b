//! Assets and instruments.

use super::{Spoil, coin, listed, won, written};
use crate::convert::{BadField, account, market};
use crate::v1;
use hoga_engine::account::Position;
use hoga_engine::amount::Ticks;
use hoga_engine::instrument::Asset;
use proptest::prelude::*;

#[test]
fn an_asset_comes_back() {
    for asset in [won(), coin()] {
        let read = Asset::try_from(&v1::Asset::from(&asset)).expect("well formed");
        assert_eq!(Asset { id: asset.id, ..read }, asset);
    }
}

#[test]
fn an_asset_keeps_its_rules() {
    let cases: [(Spoil<v1::Asset>, &str); 4] = [
        (|asset| asset.code = "krw".into(), "asset.code"),
        (|asset| asset.scale = 19, "asset.scale"),
        (|asset| asset.shown_scale = 9, "asset.shown_scale"),
        (|asset| asset.faucet = "faucet".into(), "asset.faucet"),
    ];
    for (spoil, field) in cases {
        let mut wire = v1::Asset::from(&won());
        spoil(&mut wire);
        match Asset::try_from(&wire) {
            Err(BadField::Malformed { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn an_instrument_comes_back() {
    let instrument = listed();
    let wire = market::shown_instrument(&instrument);
    assert_eq!(market::instrument(&wire, &coin(), &won()), Ok(instrument));
}

#[test]
fn a_rule_off_its_own_grid_is_refused() {
    let cases: [(Spoil<v1::Instrument>, &str); 5] = [
        (|i| i.quantity_min = Some(written("0.75")), "instrument.quantity_min"),
        (|i| i.base_price = Some(written("777.5")), "instrument.base_price"),
        (|i| i.band_high = None, "instrument.band_low"),
        (|i| i.tick_bands.clear(), "instrument.tick_bands"),
        (|i| i.name = "LPJ-KRW".into(), "instrument.name"),
    ];
    for (spoil, field) in cases {
        let mut wire = market::shown_instrument(&listed());
        spoil(&mut wire);
        match market::instrument(&wire, &coin(), &won()) {
            Err(BadField::Malformed { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn a_holding_is_valued_at_its_mark() {
    let won = |whole: i128| whole * 100_000_000;
    let position = Position { quantity: 300, cost: won(1_000), ..Position::default() };
    let holding = account::holding(&position, &listed(), Some(Ticks(500)));
    let text = |decimal: Option<v1::Decimal>| decimal.map(|d| d.value).unwrap_or_default();
    assert_eq!(text(holding.average_price), "333.33333333");
    assert_eq!((text(holding.value), text(holding.unrealised)), ("1500".into(), "500".into()));
    assert!(account::holding(&position, &listed(), None).value.is_none());
}

proptest! {
    /// However the bands are written, the tick divides all of them.
    #[test]
    fn tick_bands_come_back(steps in proptest::collection::vec(0usize..7, 1..6)) {
        const STEPS: [&str; 7] = ["0.5", "1", "5", "10", "50", "250", "1000"];
        let band = |(number, step): (usize, usize)| v1::TickBand {
            from: Some(written(&(number * 1_000).to_string())),
            step: Some(written(STEPS[step])),
        };
        let mut wire = market::shown_instrument(&listed());
        wire.tick_bands = steps.into_iter().enumerate().map(band).collect();
        (wire.base_price, wire.band_low, wire.band_high) = (None, None, None);
        let read = market::instrument(&wire, &coin(), &won()).expect("well formed");
        prop_assert_eq!(market::shown_instrument(&read).tick_bands, wire.tick_bands);
    }
}
