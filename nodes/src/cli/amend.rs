//! `hoga amend`: changes price or quantity in one step of the book.

use super::cancel::reference;
use super::failure::Failure;
use super::{Global, actor, json, output, sentences, server, wire};
use clap::Args;
use hoga_proto::v1;
use hoga_scenarios::grammar::{self, Act, OrderRef};

/// Amend: `hoga amend 17 to 5 @ 778 --as alice`
#[derive(Args, Debug)]
#[command(after_help = "The quantity is the new total, what is filled included.")]
pub struct Amend {
    /// Which order, the new total quantity, the new price: `17 to 5 @ 778`
    #[arg(required = true, allow_negative_numbers = true, value_name = "CHANGE")]
    change: Vec<String>,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

impl Amend {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let act = grammar::parse_amend_tail(&self.change)
            .map_err(|error| sentences::misread(&self.change, &error))?;
        let Act::Amend { order, quantity, price } = act else {
            return Err(Failure::usage("error: write ORDER to QUANTITY @ PRICE"));
        };
        let order = match &order {
            OrderRef::Number(number) => number.to_string(),
            OrderRef::Client(id) => id.as_str().to_owned(),
        };
        let (name, client_order_id) = reference(&actor::account(global)?, &order)?;
        let id = actor::request_id(self.id.as_ref());
        let request = v1::AmendOrderRequest {
            name,
            client_order_id,
            quantity: wire::number(quantity),
            price: wire::number(price),
            request_id: id.clone(),
            sent_at: Some(actor::sent_now()),
        };
        let answer = server::talk(global, async |server| {
            let answer = server.orders().amend_order(request).await;
            answer.map_err(|status| Failure::from(status).of_change(&id))
        })?;
        let answer = answer.into_inner();
        sentences::repeated(answer.repeated_answer);
        if global.json {
            return json::print("AmendOrderResponse", &answer);
        }
        output::say(sentences::order(&answer.order.unwrap_or_default()))
    }
}
