//! Assets and instruments by the names that clients use.

use super::failure::{Refused, rejected};
use super::meters::OrderMeters;
use hoga_cluster::runtime::Exchange;
use hoga_engine::ids::{AssetId, InstrumentId};
use hoga_engine::instrument::{Asset, Catalogue, Instrument};
use hoga_engine::reject::Reject;
use hoga_proto::names::InstrumentName;
use hoga_proto::status::Refusal;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// One state of the catalogue, by name.
pub struct Symbols {
    catalogue: Arc<Catalogue>,
    by_symbol: HashMap<Box<str>, InstrumentId>,
    meters: HashMap<InstrumentId, Arc<OrderMeters>>,
}

impl Symbols {
    fn of(catalogue: Arc<Catalogue>, before: &HashMap<InstrumentId, Arc<OrderMeters>>) -> Symbols {
        let instruments = || catalogue.instruments.values();
        let by_symbol = instruments().map(|i| (i.symbol.clone(), i.id)).collect();
        let meter = |i: &Instrument| {
            let known = before.get(&i.id).cloned();
            (i.id, known.unwrap_or_else(|| Arc::new(OrderMeters::new(&i.symbol))))
        };
        let meters = instruments().map(meter).collect();
        Symbols { catalogue, by_symbol, meters }
    }

    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The instrument of an id that came out of the exchange, which knows it.
    #[must_use]
    pub fn listed(&self, id: InstrumentId) -> Option<&Instrument> {
        self.catalogue.instruments.get(&id)
    }

    /// The instrument of a name.
    ///
    /// # Errors
    /// The name breaks its rule, or nothing of that name is listed.
    pub fn instrument(&self, field: &'static str, name: &str) -> Result<&Instrument, Refused> {
        let id = name.strip_prefix("instruments/").and_then(|symbol| self.by_symbol.get(symbol));
        if let Some(instrument) = id.and_then(|id| self.catalogue.instruments.get(id)) {
            return Ok(instrument);
        }
        // Whatever is listed keeps the rule, so it is looked at only now.
        let name = InstrumentName::parse(name)
            .map_err(|bad| Box::new(Refusal::malformed(field, bad.to_string())))?;
        let refusal = rejected(&Reject::UnknownInstrument { symbol: name.id().into() }, "");
        Err(Box::new(refusal.field(field)))
    }

    /// An instrument that a filter names; none for an empty name.
    ///
    /// # Errors
    /// As [`Symbols::instrument`].
    pub fn instrument_if_any(
        &self,
        field: &'static str,
        name: &str,
    ) -> Result<Option<&Instrument>, Refused> {
        if name.is_empty() { Ok(None) } else { self.instrument(field, name).map(Some) }
    }

    /// The asset of a code.
    ///
    /// # Errors
    /// There is no such asset.
    pub fn asset(&self, field: &'static str, code: &str) -> Result<&Asset, Refused> {
        self.catalogue.asset_by_code(code).ok_or_else(|| {
            let shown: String = code.chars().take(16).collect();
            Box::new(rejected(&Reject::UnknownAsset { code: shown.into() }, "").field(field))
        })
    }

    /// The asset of an id that came out of the exchange.
    #[must_use]
    pub fn asset_of(&self, id: AssetId) -> Option<&Asset> {
        self.catalogue.assets.get(&id)
    }

    #[must_use]
    pub fn meters(&self, id: InstrumentId) -> Option<&OrderMeters> {
        self.meters.get(&id).map(|meters| &**meters)
    }
}

/// The newest [`Symbols`]; made anew when the catalogue has changed.
pub struct SymbolTable {
    newest: RwLock<Arc<Symbols>>,
}

impl SymbolTable {
    #[must_use]
    pub fn new(exchange: &Exchange) -> SymbolTable {
        let symbols = Symbols::of(exchange.catalogue(), &HashMap::new());
        SymbolTable { newest: RwLock::new(Arc::new(symbols)) }
    }

    #[must_use]
    pub fn get(&self, exchange: &Exchange) -> Arc<Symbols> {
        let catalogue = exchange.catalogue();
        {
            let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&newest.catalogue, &catalogue) {
                return newest.clone();
            }
        }
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        *newest = Arc::new(Symbols::of(catalogue, &newest.meters));
        newest.clone()
    }
}
