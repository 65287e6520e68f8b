//! Operators at a listed instrument: halt and resume, its band, its limits.

use super::admin::Admin;
use super::desk::shown_at;
use super::failure::Refused;
use super::money::Named;
use crate::auth::Caller;
use hoga_cluster::partition::{Limits, MetaCommand};
use hoga_engine::instrument::{Instrument, Phase};
use hoga_proto::convert::{self, market as wire};
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;

/// A change that was made: the instrument as it is now, where, and whether it was made before.
type Changed = (Option<v1::Instrument>, Option<v1::Position>, bool);

impl Admin {
    pub(super) async fn halt_instrument(
        &self,
        caller: &Caller,
        message: v1::HaltInstrumentRequest,
    ) -> Result<v1::HaltInstrumentResponse, Refused> {
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let (instrument, position, repeated_answer) =
            self.set_phase(caller, named, &message.name, Phase::Halted).await?;
        Ok(v1::HaltInstrumentResponse { instrument, position, repeated_answer })
    }

    pub(super) async fn resume_instrument(
        &self,
        caller: &Caller,
        message: v1::ResumeInstrumentRequest,
    ) -> Result<v1::ResumeInstrumentResponse, Refused> {
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let (instrument, position, repeated_answer) =
            self.set_phase(caller, named, &message.name, Phase::Continuous).await?;
        Ok(v1::ResumeInstrumentResponse { instrument, position, repeated_answer })
    }

    async fn set_phase(
        &self,
        caller: &Caller,
        named: Named<'_>,
        name: &str,
        phase: Phase,
    ) -> Result<Changed, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("name", name)?;
        let command = MetaCommand::SetPhase { instrument: instrument.id, phase };
        self.change_instrument(caller, named, instrument, command).await
    }

    pub(super) async fn halt_market(
        &self,
        caller: &Caller,
        message: v1::HaltMarketRequest,
    ) -> Result<v1::HaltMarketResponse, Refused> {
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let (instruments, position, repeated_answer) =
            self.set_phases(caller, named, Phase::Halted).await?;
        Ok(v1::HaltMarketResponse { instruments, position, repeated_answer })
    }

    pub(super) async fn resume_market(
        &self,
        caller: &Caller,
        message: v1::ResumeMarketRequest,
    ) -> Result<v1::ResumeMarketResponse, Refused> {
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let (instruments, position, repeated_answer) =
            self.set_phases(caller, named, Phase::Continuous).await?;
        Ok(v1::ResumeMarketResponse { instruments, position, repeated_answer })
    }

    /// The same for every instrument, by one entry of the log.
    async fn set_phases(
        &self,
        caller: &Caller,
        named: Named<'_>,
        phase: Phase,
    ) -> Result<(Vec<v1::Instrument>, Option<v1::Position>, bool), Refused> {
        let by = caller.subject().map(AccountName::id);
        tracing::warn!(?phase, by, "an operator's change of every instrument");
        let command = MetaCommand::SetPhases { phase };
        let (at, is_repeated) = self.administer(caller, named, command).await?;
        let symbols = self.0.symbols();
        let instruments = symbols.catalogue().instruments.values().map(wire::shown_instrument);
        Ok((instruments.collect(), Some(shown_at(at)), is_repeated))
    }

    pub(super) async fn update_instrument(
        &self,
        caller: &Caller,
        message: v1::UpdateInstrumentRequest,
    ) -> Result<v1::UpdateInstrumentResponse, Refused> {
        let Some(asked) = message.instrument else {
            let rule = "is required and was not given";
            return Err(Box::new(Refusal::malformed("instrument", rule)));
        };
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("instrument.name", &asked.name)?;
        let paths = message.update_mask.unwrap_or_default().paths;
        let limits = limits(&asked, &paths, instrument)?;
        let command = MetaCommand::SetLimits { instrument: instrument.id, limits };
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let (instrument, position, repeated_answer) =
            self.change_instrument(caller, named, instrument, command).await?;
        Ok(v1::UpdateInstrumentResponse { instrument, position, repeated_answer })
    }

    async fn change_instrument(
        &self,
        caller: &Caller,
        named: Named<'_>,
        instrument: &Instrument,
        command: MetaCommand,
    ) -> Result<Changed, Refused> {
        let by = caller.subject().map(AccountName::id);
        tracing::warn!(symbol = %instrument.symbol, ?command, by, "an operator's change");
        let (at, is_repeated) = self.administer(caller, named, command).await?;
        let symbols = self.0.symbols();
        let now = symbols.listed(instrument.id).map(wire::shown_instrument);
        Ok((now, Some(shown_at(at)), is_repeated))
    }
}

/// What a mask says is to be changed.
fn limits(
    asked: &v1::Instrument,
    paths: &[String],
    instrument: &Instrument,
) -> Result<Limits, Refused> {
    let mut limits = Limits::default();
    let malformed = |rule: String| Box::new(Refusal::malformed("update_mask", rule));
    if paths.is_empty() {
        return Err(malformed("must list what is to be changed".into()));
    }
    for path in paths {
        match path.as_str() {
            "band_low" | "band_high" => limits.band = Some(wire::band(asked, instrument)?),
            "schedule" => limits.schedule = Some(wire::schedule(asked.schedule.as_ref())?),
            "volatility_interruption" => {
                let rule = asked.volatility_interruption.as_ref();
                limits.interruption = Some(wire::interruption(rule)?);
            }
            "limit_opening_first" => limits.by_size = Some(wire::by_size(asked, instrument)?),
            // A code is one of a venue's: alone it would leave the venue.
            "follow.code" if !paths.iter().any(|path| path == "follow.venue") => {
                return Err(malformed("names follow.code without follow.venue".into()));
            }
            "follow.venue" | "follow.code" => {
                let follow = asked.follow.clone().unwrap_or_default();
                let (base, quote) = (&instrument.base_code, &instrument.quote_code);
                limits.subscription = Some(convert::follow::subscription(&follow, base, quote));
            }
            "open_orders_max" => limits.open_orders_max = Some(asked.open_orders_max),
            other => {
                let known = "band_low, band_high, open_orders_max, schedule, \
                             volatility_interruption, limit_opening_first, follow.venue and \
                             follow.code can be changed";
                return Err(malformed(format!("`{other}` cannot be changed; {known}")));
            }
        }
    }
    Ok(limits)
}
