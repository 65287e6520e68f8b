//! Reads `flow.csv`: `seq,op,id,side,price,qty,delta,acct`, a line an operation.

use super::flow::{Kind, Operation};
use super::lines::{Fields, Lines};
use super::{ORDER_MAX, ReplayError};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::order::Side;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

const HEADER: &str = "seq,op,id,side,price,qty,delta,acct";
const FIELDS: usize = 8;
const PRICE_RULE: &str = "a price lies between 1 and 67,108,863";
const READ_BYTES: usize = 1 << 18;

/// The operations of a file, read as they are asked for.
///
/// # Errors
/// The file does not open or does not begin with the flow's header.
pub fn read(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Operation, ReplayError>>, ReplayError> {
    let name = path.display().to_string();
    let file = File::open(path);
    let file = file.map_err(|why| ReplayError::Read { name: name.clone(), why })?;
    operations(name, BufReader::with_capacity(READ_BYTES, file))
}

pub(super) fn operations(
    name: String,
    source: impl BufRead,
) -> Result<impl Iterator<Item = Result<Operation, ReplayError>>, ReplayError> {
    let mut lines = Lines::new(name, source);
    let starts_well = lines.next()?.is_some_and(|fields| fields.line == HEADER);
    if !starts_well {
        return Err(lines.place().wrong(format!("a flow begins with the line {HEADER}")));
    }
    let mut last = 0;
    Ok(std::iter::from_fn(move || {
        let operation = lines
            .next()
            .and_then(|fields| fields.map(|mut fields| operation(&mut fields, last)).transpose());
        last += 1;
        operation.transpose()
    }))
}

fn operation(fields: &mut Fields<'_>, last: u64) -> Result<Operation, ReplayError> {
    let place = fields.place;
    let sequence: u64 = fields.number("seq")?;
    if sequence != last + 1 {
        return Err(place.wrong_field("seq", sequence, format!("{} is next", last + 1)));
    }
    let kind = match fields.text("op")? {
        "A" => Kind::Limit,
        "I" => Kind::Immediate,
        "C" => Kind::Cancel,
        "M" => Kind::Amend,
        other => return Err(place.wrong_field("op", other, "it is one of A, I, C, M")),
    };
    let order = fields.number("id")?;
    if order > ORDER_MAX {
        return Err(place.wrong_field("id", order, format!("an id is at most {ORDER_MAX}")));
    }
    let side = match fields.text("side")? {
        "B" => Side::Buy,
        "S" => Side::Sell,
        other => return Err(place.wrong_field("side", other, "it is B or S")),
    };
    let price = Ticks(fields.number("price")?);
    if price == Ticks(0) || price > Ticks::MAX {
        return Err(place.wrong_field("price", price.0, PRICE_RULE));
    }
    let quantity = Lots(fields.number("qty")?);
    if quantity.is_zero() || quantity > Lots::MAX {
        return Err(place.wrong_field(
            "qty",
            quantity.0,
            format!("a quantity is above 0 and at most {}", Lots::MAX.0),
        ));
    }
    let (delta, account) = (fields.number("delta")?, fields.number("acct")?);
    fields.end(FIELDS)?;
    Ok(Operation { sequence, kind, order, side, price, quantity, delta, account })
}
