//! Assets, as operators create them.

use super::BadField;
use crate::names::AccountName;
use crate::v1;
use hoga_engine::ids::AssetId;
use hoga_engine::instrument::Asset;

/// The finest minor unit that an asset may have.
const SCALE_MAX: u32 = 18;

impl TryFrom<&v1::Asset> for Asset {
    type Error = BadField;

    /// The id is left at zero: the log gives it.
    fn try_from(wire: &v1::Asset) -> Result<Asset, BadField> {
        let is_code = |code: &str| {
            let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
            (1..=12).contains(&code.len()) && code.bytes().all(allowed)
        };
        if !is_code(&wire.code) {
            let rule = "must have 1 to 12 characters of A-Z 0-9";
            return Err(BadField::malformed("asset.code", rule));
        }
        if wire.scale > SCALE_MAX {
            let rule = format!("{} is above {SCALE_MAX} decimals", wire.scale);
            return Err(BadField::malformed("asset.scale", rule));
        }
        if wire.shown_scale > wire.scale {
            let rule = format!("{} is above the scale of {}", wire.shown_scale, wire.scale);
            return Err(BadField::malformed("asset.shown_scale", rule));
        }
        let faucet = Some(&wire.faucet).filter(|faucet| !faucet.is_empty());
        let faucet = faucet.map(|faucet| AccountName::parse(faucet)).transpose();
        let faucet = faucet.map_err(|bad| BadField::malformed("asset.faucet", bad.to_string()))?;
        Ok(Asset {
            id: AssetId(0),
            code: wire.code.as_str().into(),
            scale: wire.scale as u8,
            shown_scale: wire.shown_scale as u8,
            faucet: faucet.map(|faucet| faucet.id().into()),
        })
    }
}

impl From<&Asset> for v1::Asset {
    fn from(asset: &Asset) -> v1::Asset {
        let faucet = asset.faucet.as_ref().map(|faucet| format!("accounts/{faucet}"));
        v1::Asset {
            code: asset.code.to_string(),
            scale: asset.scale.into(),
            shown_scale: asset.shown_scale.into(),
            faucet: faucet.unwrap_or_default(),
        }
    }
}
