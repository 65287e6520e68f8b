//! `hoga cancel`: takes open orders out of the book.

use super::failure::Failure;
use super::{Global, actor, json, output, sentences, server};
use clap::Args;
use hoga_proto::v1;
use hoga_scenarios::grammar::OrderRef;

/// Cancel: `hoga cancel 17 --as alice`, or `cancel all`
#[derive(Args, Debug)]
pub struct Cancel {
    /// The order's number, your id for it, or `all`
    #[arg(value_name = "ORDER|all")]
    order: String,
    /// With `all`: only those in this instrument
    #[arg(long, value_name = "SYMBOL")]
    instrument: Option<String>,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

impl Cancel {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let parent = actor::account(global)?;
        let id = actor::request_id(self.id.as_ref());
        if self.order == "all" {
            return self.all(parent, &id, global);
        }
        if self.instrument.is_some() {
            return Err(Failure::usage("error: --instrument goes with `cancel all`"));
        }
        let (name, client_order_id) = reference(&parent, &self.order)?;
        let request_id = id.clone();
        let sent_at = Some(actor::sent_now());
        let request = v1::CancelOrderRequest { name, client_order_id, request_id, sent_at };
        let answer = server::talk(global, async |server| {
            let answer = server.orders().cancel_order(request).await;
            answer.map_err(|status| Failure::from(status).of_change(&id))
        })?;
        let answer = answer.into_inner();
        sentences::repeated(answer.repeated_answer);
        if global.json {
            return json::print("CancelOrderResponse", &answer);
        }
        output::say(sentences::order(&answer.order.unwrap_or_default()))
    }

    fn all(self, parent: String, id: &str, global: &Global) -> Result<(), Failure> {
        let instrument = self.instrument.as_deref().map(actor::instrument).transpose()?;
        let request = v1::CancelAllOrdersRequest {
            parent,
            instrument: instrument.unwrap_or_default(),
            request_id: id.to_owned(),
            sent_at: Some(actor::sent_now()),
        };
        let answer = server::talk(global, async |server| {
            let answer = server.orders().cancel_all_orders(request).await;
            answer.map_err(|status| Failure::from(status).of_change(id))
        })?;
        let answer = answer.into_inner();
        sentences::repeated(answer.repeated_answer);
        if global.json {
            return json::print("CancelAllOrdersResponse", &answer);
        }
        let orders = if answer.order_count == 1 { "order" } else { "orders" };
        output::say(format!("cancels sent for {} open {orders}", answer.order_count))
    }
}

/// An order as the wire names it: its resource name, and the client's id where that stands for
/// its number.
///
/// # Errors
/// The text is neither a number nor an id.
pub fn reference(account: &str, order: &str) -> Result<(String, String), Failure> {
    // The whole name, as tables and JSON show it, is welcome too.
    let order = order.strip_prefix(&format!("{account}/orders/")).unwrap_or(order);
    if order.starts_with("accounts/") {
        // Another's, or one that a token may act for: the exchange knows.
        return Ok((order.to_owned(), String::new()));
    }
    match order.parse::<OrderRef>() {
        Ok(OrderRef::Number(number)) => Ok((format!("{account}/orders/{number}"), String::new())),
        Ok(OrderRef::Client(id)) => Ok((format!("{account}/orders/-"), id.as_str().to_owned())),
        Err(error) => Err(Failure::usage(format!("error: {error}"))),
    }
}
