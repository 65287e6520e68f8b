//! Assets and instruments by the names that clients use.

use super::failure::{Refused, not_ready, rejected};
use super::meters::OrderMeters;
use hoga_cluster::runtime::Exchange;
use hoga_engine::ids::{AssetId, InstrumentId};
use hoga_engine::instrument::{Asset, Catalogue, Instrument};
use hoga_engine::reject::Reject;
use hoga_proto::names::InstrumentName;
use hoga_proto::status::Refusal;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// One state of the catalogue, by name.
pub struct Symbols {
    catalogue: Arc<Catalogue>,
    by_symbol: HashMap<Box<str>, InstrumentId>,
    meters: HashMap<InstrumentId, Arc<OrderMeters>>,
    /// What is not listed now may be in a moment.
    is_founding: bool,
}

impl Symbols {
    fn of(
        catalogue: Arc<Catalogue>,
        before: &HashMap<InstrumentId, Arc<OrderMeters>>,
        is_founding: bool,
    ) -> Symbols {
        let instruments = || catalogue.instruments.values();
        let by_symbol = instruments().map(|i| (i.symbol.clone(), i.id)).collect();
        let meter = |i: &Instrument| {
            let known = before.get(&i.id).cloned();
            (i.id, known.unwrap_or_else(|| Arc::new(OrderMeters::new(&i.symbol))))
        };
        let meters = instruments().map(meter).collect();
        Symbols { catalogue, by_symbol, meters, is_founding }
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
    /// The name breaks its rule, or nothing of that name is listed, or not yet.
    pub fn instrument(&self, field: &'static str, name: &str) -> Result<&Instrument, Refused> {
        let id = name.strip_prefix("instruments/").and_then(|symbol| self.by_symbol.get(symbol));
        if let Some(instrument) = id.and_then(|id| self.catalogue.instruments.get(id)) {
            return Ok(instrument);
        }
        // Whatever is listed keeps the rule, so it is looked at only now.
        let name = InstrumentName::parse(name)
            .map_err(|bad| Box::new(Refusal::malformed(field, bad.to_string())))?;
        if self.is_founding {
            return Err(not_ready());
        }
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
            if self.is_founding {
                return not_ready();
            }
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
    is_founding: AtomicBool,
}

impl SymbolTable {
    #[must_use]
    pub fn new(exchange: &Exchange, is_founding: bool) -> SymbolTable {
        let symbols = Symbols::of(exchange.catalogue(), &HashMap::new(), is_founding);
        let newest = RwLock::new(Arc::new(symbols));
        SymbolTable { newest, is_founding: AtomicBool::new(is_founding) }
    }

    /// The market is not founded yet: what is missing may come.
    #[must_use]
    pub fn is_founding(&self) -> bool {
        self.is_founding.load(Ordering::Acquire)
    }

    /// From now on what is missing is not there.
    pub fn founded(&self) {
        self.is_founding.store(false, Ordering::Release);
    }

    #[must_use]
    pub fn get(&self, exchange: &Exchange) -> Arc<Symbols> {
        let is_founding = self.is_founding();
        let catalogue = exchange.catalogue();
        {
            let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
            let is_same = newest.is_founding == is_founding;
            if is_same && Arc::ptr_eq(&newest.catalogue, &catalogue) {
                return newest.clone();
            }
        }
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        *newest = Arc::new(Symbols::of(catalogue, &newest.meters, is_founding));
        newest.clone()
    }
}
